/**
 * The time of importing the package, beside that of importing the Effect modules that it stands on. What a bundle of it
 * weighs is no time, and is looked at by CI: `.ci/weigh.ts`.
 */
import { execFileSync } from "node:child_process"
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { build } from "../.ci/built.ts"
import type { Measurement, Options, Quartiles, Section } from "./harness.ts"
import { cell, holds, median, quartiles, rounds, table, untilValid } from "./harness.ts"

interface StartUp {
  readonly valid: boolean
  /** How many Effect modules the package imports. */
  readonly modules: number
  /** Median milliseconds. */
  readonly millis: { readonly effect: number; readonly "effect-cano": number }
  /** The package, and the Effect modules again, to the Effect modules. */
  readonly ratio: Quartiles
  readonly control: Quartiles
}

const measure = async ({ pace }: Options): Promise<StartUp> => {
  const folder = build()
  try {
    return await startUp(folder, numberOfRounds[pace])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const measurement = ({ ratio, valid }: StartUp): Measurement => ({
  name: "start-up",
  variant: "effect-cano",
  base: "Effect modules",
  ratio: ratio[1],
  valid
})

export const one = async (options: Options): Promise<ReadonlyArray<Measurement>> => [
  measurement(await measure(options))
]

export const sections = async (options: Options): Promise<ReadonlyArray<Section>> => {
  const found = await measure(options)
  const { control, millis, modules, ratio, valid } = found
  return [{
    title: "Start-up: importing the package",
    text: table(
      ["import of", "ms", "ratio"],
      [
        [`the ${modules} Effect modules it uses`, millis.effect.toFixed(0), "1.00"],
        ["effect-cano", millis["effect-cano"].toFixed(0), valid ? cell(ratio) : "void"],
        ["control", "", cell(control)]
      ]
    ),
    measurements: [measurement(found)]
  }]
}

const numberOfRounds = { full: 21, quick: 9 }

/** What else the computer does makes a start slower, and never faster: of so many in turn the fastest is the sample. */
const startsOfASample = 3

/** Both programs are two files: one that imports, and this one, which measures it. */
const timer = (target: string): string =>
  `const start = performance.now()\nawait import("./${target}.mjs")\nconsole.log(performance.now() - start)\n`

const startUp = (folder: string, number: number): Promise<StartUp> => {
  const modules = imported(folder)
  const targets = {
    effect: modules.map((module) => `import ${JSON.stringify(module)}\n`).join(""),
    "effect-cano": `import "effect-cano"\n`
  }
  for (const [name, source] of Object.entries(targets)) {
    writeFileSync(join(folder, `import-${name}.mjs`), source)
    writeFileSync(join(folder, `time-${name}.mjs`), timer(`import-${name}`))
  }
  // neither the conditions of this process nor a compile cache
  const { NODE_COMPILE_CACHE: _, NODE_OPTIONS: __, ...inherited } = process.env
  const env = { ...inherited, NODE_DISABLE_COMPILE_CACHE: "1" }
  const start = (name: keyof typeof targets) => (): number =>
    Number(execFileSync(process.execPath, [join(folder, `time-${name}.mjs`)], { encoding: "utf8", env }))

  return untilValid(async () => {
    const starts = await rounds(
      { effect: start("effect"), "effect-cano": start("effect-cano"), control: start("effect") },
      number * startsOfASample
    )
    const all = Array.from({ length: number }, (_, i) => {
      const some = starts.slice(i * startsOfASample, (i + 1) * startsOfASample)
      const fastest = (name: keyof typeof some[number]): number => Math.min(...some.map((each) => each[name]))
      return { effect: fastest("effect"), "effect-cano": fastest("effect-cano"), control: fastest("control") }
    })
    const control = quartiles(all.map((round) => round.control / round.effect))
    return {
      valid: holds(control),
      modules: modules.length,
      millis: {
        effect: median(all.map((round) => round.effect)),
        "effect-cano": median(all.map((round) => round["effect-cano"]))
      },
      ratio: quartiles(all.map((round) => round["effect-cano"] / round.effect)),
      control
    }
  })
}

/** The Effect modules that importing the package imports: those that its main entry names, or a file that it leads to. */
const imported = (folder: string): ReadonlyArray<string> => {
  const files = [join(folder, "dist/index.js")]
  const modules = new Set<string>()
  for (const file of files) {
    const code = readFileSync(file, "utf8")
    for (const [, specifier] of code.matchAll(/^(?:(?:import|export)\b[^"]*? from |import )"([^"]+)"/gm)) {
      if (!specifier!.startsWith(".")) modules.add(specifier!)
      else if (!files.includes(join(file, "..", specifier!))) files.push(join(file, "..", specifier!))
    }
  }
  return [...modules].sort()
}
