// npm run weigh               compares what the package weighs with the tables of bench/README.md: a number that is more
//                             than 3 % off fails, so that whoever makes the package heavier or lighter says so
// npm run weigh -- --update   writes the tables anew
//
// Weighed is what is the same on every computer: the bytes of bundled minimal apps, and what the compilers make and
// remember for machines of many states, which is what they take their time for.
import { type BuildOptions, buildSync } from "esbuild"
import { execFileSync } from "node:child_process"
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { table } from "../bench/harness.ts"
import { baseline as noMachine, compilers, type Kind, machine, typecheck } from "../test/types/machines.ts"
import { build } from "./built.ts"
import { root } from "./programs.ts"

const slack = 0.03

interface Weighed {
  readonly title: string
  readonly head: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
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
  "the same, by its entries": {
    source: `
      import * as Effect from "effect/Effect"
      import { all } from "effect-cano/JoinStrategy"
      import * as Split from "effect-cano/Split"
      const load = (i) => Effect.sync(() => i)
      const { values } = await Effect.runPromise(Split.run([load(1), load(2), load(3)], { strategy: all }))
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
  "RxJS, forkJoin": {
    source: `
      import { defer, forkJoin, lastValueFrom } from "rxjs"
      const load = (i) => defer(async () => i)
      console.log(await lastValueFrom(forkJoin([load(1), load(2), load(3)])))
    `,
    prints: "[ 1, 2, 3 ]"
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

const bundles = (): Weighed => {
  const folder = build()
  const kilo = (bytes: number): string => (bytes / 1000).toFixed(1)
  try {
    const sizes = Object.entries(apps).map(([name, app]) => ({ name, app, ...bundle(folder, app) }))
    const [base] = sizes as [typeof sizes[number]]
    return {
      title: "Bundles of minimal apps",
      head: ["", "minified, kB", "gzip, kB", "over Effect alone", "gzip"],
      rows: sizes.map(({ app, gzip, minified, name }) => {
        const isOver = app.source.includes("\"effect") && name !== baseline
        const over = isOver ? [minified - base.minified, gzip - base.gzip].map((bytes) => `+${kilo(bytes)}`) : ["", ""]
        return [name, kilo(minified), kilo(gzip), ...over]
      })
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const bundle = (folder: string, { prints, source }: App): { readonly minified: number; readonly gzip: number } => {
  const outfile = join(folder, "app.mjs")
  buildSync({ ...options, stdin: { contents: source, resolveDir: folder }, outfile })
  const printed = execFileSync(process.execPath, [outfile], { encoding: "utf8" }).trim()
  if (printed !== prints) throw new Error(`a bundled app printed ${printed} in place of ${prints}`)
  const code = readFileSync(outfile)
  return { minified: code.length, gzip: gzipSync(code, { level: 9 }).length }
}

// -----------------------------------------------------------------------------
// types
// -----------------------------------------------------------------------------

const kinds: ReadonlyArray<Kind> = ["string", "tagged"]
const states = [50, 150]
const counted = ["Types", "Instantiations"]

const counts = (compiler: string, source: string): ReadonlyArray<number> => {
  // one checker, or a second one would make a part of it again; 5.9 has but one
  const options = ["--extendedDiagnostics", ...(compiler === compilers["TypeScript 7"] ? ["--singleThreaded"] : [])]
  const text = typecheck("weigh", { program: source }, options, compiler)
  if (text.includes("error TS")) throw new Error(text)
  return counted.map((what) => Number(new RegExp(`^${what}: +(\\d+)$`, "m").exec(text)![1]))
}

/** What machines take of the compilers over the same program without one. */
const types = (): Weighed => {
  const all = Object.values(compilers)
  const base = all.map((compiler) => counts(compiler, noMachine))
  return {
    title: "What machines take of the compilers",
    head: ["", ...Object.keys(compilers).flatMap((name) => counted.map((what) => `${what.toLowerCase()}, ${name}`))],
    rows: kinds.flatMap((kind) =>
      states.map((size) => [
        `${size} ${kind} states`,
        ...all.flatMap((compiler, i) =>
          counts(compiler, machine(kind, size)).map((count, j) => `+${(count - base[i]![j]!).toLocaleString("en")}`)
        )
      ])
    )
  }
}

// -----------------------------------------------------------------------------
// the page
// -----------------------------------------------------------------------------

const page = join(root, "bench/README.md")
const marks = ["<!-- weighed -->\n\n", "\n\n<!-- end of weighed -->"] as const

const numbers = (line: string): ReadonlyArray<number> =>
  line.split("|").slice(2).map((cell) => Number(cell.replace(/[+,]/g, "").trim()))

/** The rows whose numbers are not those of the page. */
const changed = (written: string, found: string): ReadonlyArray<string> => {
  const lines = written.split("\n")
  return found.split("\n").flatMap((line, i) => {
    const before = numbers(lines[i] ?? "")
    const isSame = line.split("|")[1]?.trim() === lines[i]?.split("|")[1]?.trim() &&
      numbers(line).every((now, j) => !(Math.abs(now - before[j]!) > slack * before[j]!))
    return isSame ? [] : [`- ${lines[i] ?? ""}`, `+ ${line}`]
  })
}

const main = (): number => {
  const text = [bundles(), types()].map(({ head, rows, title }) => `### ${title}\n\n${table(head, rows)}`).join("\n\n")
  const whole = readFileSync(page, "utf8")
  const written = whole.split(marks[0])[1]!.split(marks[1])[0]!
  console.log(text)
  if (process.argv.includes("--update")) {
    writeFileSync(page, whole.replace(written, () => text))
    return 0
  }
  const off = changed(written, text)
  if (off.length === 0) return 0
  console.error(`\nnot what bench/README.md says; if it is meant, npm run weigh -- --update\n${off.join("\n")}`)
  return 1
}

process.exitCode = main()
