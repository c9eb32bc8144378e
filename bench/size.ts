/**
 * What the package weighs: the time of importing it, beside that of importing the Effect modules that it stands on, and
 * the size of bundled minimal apps. The package is built for this in a temporary folder.
 */
import { type BuildOptions, buildSync } from "esbuild"
import { execFileSync } from "node:child_process"
import { copyFileSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import type { Quartiles, Section } from "./harness.ts"
import { cell, holds, median, quartiles, rounds, table, untilValid } from "./harness.ts"

const root = join(import.meta.dirname, "..")

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

interface Bundle {
  readonly name: string
  /** Bytes. */
  readonly minified: number
  readonly gzip: number
  /** Bytes over the Effect baseline, for apps that stand on Effect. */
  readonly over: { readonly minified: number; readonly gzip: number } | undefined
}

export const sections = async (): Promise<ReadonlyArray<Section>> => {
  const folder = build()
  try {
    return [showStartUp(await startUp(folder)), showBundles(bundles(folder))]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const showStartUp = ({ control, millis, modules, ratio, valid }: StartUp): Section => ({
  title: "Start-up: importing the package",
  text: table(
    ["import of", "ms", "ratio"],
    [
      [`the ${modules} Effect modules it uses`, millis.effect.toFixed(0), "1.00"],
      ["effect-cano", millis["effect-cano"].toFixed(0), valid ? cell(ratio) : "void"],
      ["control", "", cell(control)]
    ]
  ),
  measurements: [{ name: "start-up", variant: "effect-cano", base: "Effect modules", ratio: ratio[1], valid }]
})

const showBundles = (bundles: ReadonlyArray<Bundle>): Section => {
  const kilo = (bytes: number): string => (bytes / 1000).toFixed(1)
  return {
    title: "Bundles of minimal apps",
    text: table(
      ["", "minified, kB", "gzip, kB", "over Effect alone", "gzip"],
      bundles.map(({ gzip, minified, name, over }) => [
        name,
        kilo(minified),
        kilo(gzip),
        over === undefined ? "" : `+${kilo(over.minified)}`,
        over === undefined ? "" : `+${kilo(over.gzip)}`
      ])
    ),
    measurements: []
  }
}

/** A folder that is the built package, and can import itself by its name. */
const build = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "effect-cano-size-"))
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
  copyFileSync(join(root, "package.json"), join(folder, "package.json"))
  const tsc = join(root, "node_modules/typescript/bin/tsc")
  const project = join(root, "tsconfig.build.json")
  execFileSync(process.execPath, [tsc, "-p", project, "--outDir", join(folder, "dist")], { stdio: "inherit" })
  return folder
}

// -----------------------------------------------------------------------------
// start-up
// -----------------------------------------------------------------------------

const roundsOfStartUp = 21

/** Both programs are two files: one that imports, and this one, which measures it. */
const timer = (target: string): string =>
  `const start = performance.now()\nawait import("./${target}.mjs")\nconsole.log(performance.now() - start)\n`

const startUp = (folder: string): Promise<StartUp> => {
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
      (made) => made === roundsOfStartUp
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

// -----------------------------------------------------------------------------
// bundles
// -----------------------------------------------------------------------------

interface App {
  readonly source: string
  /** What it prints. */
  readonly prints: string
}

const baseline = "Effect alone"

const apps: { readonly [name: string]: App } = {
  [baseline]: {
    source: `
      import * as Effect from "effect/Effect"
      console.log(await Effect.runPromise(Effect.succeed(1)))
    `,
    prints: "1"
  },
  "Effect, forEach": {
    source: `
      import * as Effect from "effect/Effect"
      const load = (i) => Effect.sync(() => i)
      console.log(await Effect.runPromise(Effect.forEach([1, 2, 3], load, { concurrency: "unbounded" })))
    `,
    prints: "[ 1, 2, 3 ]"
  },
  "effect-cano, Split.run": {
    source: `
      import * as Effect from "effect/Effect"
      import { JoinStrategy, Split } from "effect-cano"
      const load = (i) => Effect.sync(() => i)
      const { values } = await Effect.runPromise(Split.run([load(1), load(2), load(3)], { strategy: JoinStrategy.all }))
      console.log(values)
    `,
    prints: "[ 1, 2, 3 ]"
  },
  "effect-cano, a workflow": {
    source: `
      import * as Effect from "effect/Effect"
      import { JoinStrategy, Workflow } from "effect-cano"
      const load = (i) => Effect.sync(() => i)
      const workflow = Workflow.make("app")
        .register("Start", Effect.succeed("Fanout"))
        .registerSplit("Fanout", [load(1), load(2), load(3)], { strategy: JoinStrategy.all, next: "Done" })
        .addExitState("Done")
      console.log(await Effect.runPromise(workflow.orchestrate("Start")))
    `,
    prints: "Done"
  },
  "XState, the same states": {
    source: `
      import { createActor, fromPromise, setup, toPromise } from "xstate"
      const load = async (i) => i
      const machine = setup({
        actors: {
          start: fromPromise(async () => {}),
          fanout: fromPromise(() => Promise.all([load(1), load(2), load(3)]))
        }
      }).createMachine({
        initial: "Start",
        states: {
          Start: { invoke: { src: "start", onDone: "Fanout" } },
          Fanout: { invoke: { src: "fanout", onDone: "Done" } },
          Done: { type: "final" }
        }
      })
      const actor = createActor(machine)
      actor.start()
      await toPromise(actor)
      console.log(actor.getSnapshot().value)
    `,
    prints: "Done"
  },
  "p-map": {
    source: `
      import pMap from "p-map"
      const load = async (i) => i
      console.log(await pMap([1, 2, 3], load))
    `,
    prints: "[ 1, 2, 3 ]"
  }
}

const options: BuildOptions = {
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  logLevel: "error"
}

const bundles = (folder: string): ReadonlyArray<Bundle> => {
  const sizes = Object.entries(apps).map(([name, app]) => ({ name, app, ...bundle(folder, app) }))
  const [base] = sizes as [Bundle & { app: App }]
  return sizes.map(({ app, gzip, minified, name }) => ({
    name,
    minified,
    gzip,
    over: app.source.includes("\"effect") && name !== baseline
      ? { minified: minified - base.minified, gzip: gzip - base.gzip }
      : undefined
  }))
}

const bundle = (folder: string, { prints, source }: App): Pick<Bundle, "minified" | "gzip"> => {
  const outfile = join(folder, "app.mjs")
  buildSync({ ...options, stdin: { contents: source, resolveDir: folder }, outfile })
  const printed = execFileSync(process.execPath, [outfile], { encoding: "utf8" }).trim()
  if (printed !== prints) throw new Error(`a bundled app printed ${printed} in place of ${prints}`)
  const code = readFileSync(outfile)
  return { minified: code.length, gzip: gzipSync(code, { level: 9 }).length }
}
