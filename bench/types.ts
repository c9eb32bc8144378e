/**
 * The time that compilers take to check machines of many tagged states, over the same program without one. What they make
 * and remember meanwhile is no time, and is looked at by CI: `.ci/weigh.ts`.
 */
import { baseline, compilers, machine, typecheck } from "../test/types/machines.ts"
import type { Options, Quartiles, Section } from "./harness.ts"
import { cell, quartiles, rounds, table } from "./harness.ts"

const sizes = [50, 150, 300]
const numberOfRounds = { full: 3, quick: 1 }

type Compiler = keyof typeof compilers

/** Seconds of checking. */
const seconds = (compiler: Compiler, program: string): number => {
  const text = typecheck("bench", { program }, ["--extendedDiagnostics"], compilers[compiler])
  if (text.includes("error TS")) throw new Error(text)
  return Number(/^Check time: +([\d.]+)s$/m.exec(text)![1])
}

const without = "0"

const measure = async (compiler: Compiler, { pace }: Options): Promise<ReadonlyArray<Quartiles>> => {
  const programs = { [without]: baseline, ...Object.fromEntries(sizes.map((size) => [size, machine("tagged", size)])) }
  const all = await rounds(
    Object.fromEntries(Object.entries(programs).map(([name, program]) => [name, () => seconds(compiler, program)])),
    numberOfRounds[pace],
    0
  )
  return sizes.map((size) => quartiles(all.map((round) => round[size]! - round[without]!)))
}

export const sections = async (options: Options): Promise<ReadonlyArray<Section>> => {
  const names = Object.keys(compilers) as Array<Compiler>
  const found: Array<ReadonlyArray<Quartiles>> = []
  for (const name of names) found.push(await measure(name, options))
  return [{
    title: "Type checks: seconds for a machine, over the same program without one",
    text: table(
      ["", ...names],
      sizes.map((size, i) => [`${size} tagged states`, ...found.map((of) => cell(of[i]!))])
    ),
    measurements: []
  }]
}
