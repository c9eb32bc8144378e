/**
 * The time of importing the package, beside that of importing the Effect modules that it stands on. What a bundle of it
 * weighs is no time, and is looked at by CI: `.ci/weigh.ts`.
 */
import { execFileSync } from "node:child_process"
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs"
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
  const sample = (name: keyof typeof targets) => (): number =>
    Number(execFileSync(process.execPath, [join(folder, `time-${name}.mjs`)], { encoding: "utf8", env }))

  return untilValid(async () => {
    const all = await rounds(
      { effect: sample("effect"), "effect-cano": sample("effect-cano"), control: sample("effect") },
      number
    )
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

/** The Effect modules that the code of the package names. */
const imported = (folder: string): ReadonlyArray<string> => {
  const found = globSync("dist/**/*.js", { cwd: folder }).flatMap((file) =>
    [...readFileSync(join(folder, file), "utf8").matchAll(/^(?:import|export|\}).*from "(effect(?:\/[^"]+)?)"/gm)]
      .map((match) => match[1]!)
  )
  return [...new Set(found)].sort()
}
