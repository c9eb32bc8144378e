// npm run charts               compares the pictures in docs/charts, and the pages that show them, with what is drawn now
// npm run charts -- --update   writes them anew
//
// The machines are those that the README's program, the examples and the audit run: each is run here, and what it shows of
// the ways that only its functions know is drawn as seen. Those of docs/PATTERNS.md come from test/patterns.test.ts.
import { Effect } from "effect"
import { Workflow } from "effect-cano"
import * as Chart from "effect-cano/chart"
import { spawnSync } from "node:child_process"
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import { make as audit } from "../examples/dependency-audit/workflow.ts"
import type { Listener } from "../src/internal/run/listener.ts"
import { none, SeamsRef } from "../src/internal/run/seams.ts"
import { names as examples } from "./examples.ts"
import { root } from "./programs.ts"
import { snippets } from "./snippets.ts"

const folder = join(root, "docs/charts")

/** A picture by its file, without the theme and the ending. */
type Pictures = Map<string, Chart.Chart>

// -----------------------------------------------------------------------------
// what a program runs
// -----------------------------------------------------------------------------

interface Ran {
  readonly definition: Workflow.Any["definition"]
  /** The steps of its runs, from one state to the next. */
  readonly steps: Array<ReadonlyArray<string>>
}

let ran = new Map<string, Ran>()

const nameOf = (state: unknown): string => typeof state === "string" ? state : (state as { readonly _tag: string })._tag // the machine has checked that it is one

const listener = (steps: Ran["steps"]): Listener => ({
  started: () => {},
  ended: (span, exit) => {
    if (span._tag !== "State" || exit._tag !== "Success") return
    if (exit.value !== undefined) steps.push([nameOf(span.state), nameOf(exit.value)])
  }
})

/** From here on each workflow that is run is noted. */
const watch = (): void => {
  const builder: { orchestrate: (...args: Array<any>) => Effect.Effect<unknown, unknown, unknown> } = Object
    .getPrototypeOf(
      Workflow.make("any")
    )
  const orchestrate = builder.orchestrate
  builder.orchestrate = function(this: Workflow.Any, ...args) {
    const found = ran.get(this.name) ?? { definition: this.definition, steps: [] }
    ran.set(this.name, found)
    return Effect.provideService(orchestrate.apply(this, args), SeamsRef, { ...none, listener: listener(found.steps) })
  }
}

/** Runs a program, silently, and says which workflows it has run. */
const runs = async (file: string): Promise<ReadonlyMap<string, Ran>> => {
  const [log, error] = [console.log, console.error]
  ran = new Map()
  console.log = console.error = () => {}
  try {
    await import(pathToFileURL(file).href)
  } finally {
    console.log = log
    console.error = error
  }
  return ran
}

const chartOf = ({ definition, steps }: Ran): Chart.Chart => Chart.make({ definition }, { seen: steps })

// -----------------------------------------------------------------------------
// pictures
// -----------------------------------------------------------------------------

const slug = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "")

const readme = async (): Promise<Pictures> => {
  const program = join(root, ".ci/tmp/charts/readme.ts")
  mkdirSync(dirname(program), { recursive: true })
  writeFileSync(program, snippets().find(({ file }) => file === "README.md")!.code.join("\n"))
  const [found] = [...(await runs(program)).values()]
  return new Map([["readme", Chart.make({ definition: found!.definition })]])
}

const ofExamples = async (): Promise<Pictures> => {
  const pictures: Pictures = new Map()
  for (const name of examples()) {
    const found = [...await runs(join(root, `examples/${name}.ts`))]
    for (const [workflow, ran] of found) {
      pictures.set(`examples/${found.length === 1 ? name : `${name}-${slug(workflow)}`}`, chartOf(ran))
    }
  }
  pictures.set(
    "examples/dependency-audit",
    Chart.make(audit({ bulkhead: 16, timeout: "30 seconds" }), { each: { Scan: "package" } })
  )
  return pictures
}

/** The page with the pictures of all examples. */
const page = (pictures: Pictures): string =>
  [
    "# The examples as pictures",
    "",
    "Drawn by `npm run charts -- --update`, and compared in CI. [CHARTS.md](../CHARTS.md) says how to read them: here each",
    "program has been run, and ways that its functions have shown and not declared are dotted.",
    ...[...pictures].filter(([name]) => name.startsWith("examples/")).flatMap(([name, chart]) => {
      const title = basename(name)
      return ["", `## ${title}`, "", ...figure(name, chart)]
    }),
    ""
  ].join("\n")

/** As the formatter has it. */
const figure = (name: string, { name: workflow, states }: Chart.Chart): ReadonlyArray<string> => {
  const src = `src="${name}.light.svg"`
  const alt = `alt="The states of ${workflow}: ${states.map(({ name }) => name).join(", ")}"`
  const line = `  <img ${src} ${alt}>`
  return [
    "<picture>",
    `  <source media="(prefers-color-scheme: dark)" srcset="${name}.dark.svg">`,
    ...line.length > 120 ? ["  <img", `    ${src}`, `    ${alt}`, "  >"] : [line],
    "</picture>"
  ]
}

// -----------------------------------------------------------------------------
// files
// -----------------------------------------------------------------------------

const main = async (isUpdate: boolean): Promise<number> => {
  watch()
  const pictures = new Map([...await readme(), ...await ofExamples()])
  const files = new Map<string, string>()
  for (const [name, chart] of pictures) {
    for (const theme of ["light", "dark"] as const) {
      files.set(`${name}.${theme}.svg`, await Effect.runPromise(Chart.toSvg(chart, { theme, layout: "elk" })))
    }
  }
  files.set("README.md", page(pictures))

  const off: Array<string> = []
  for (const [file, text] of files) {
    const path = join(folder, file)
    if (existsSync(path) && readFileSync(path, "utf8") === text) continue
    off.push(file)
    if (!isUpdate) continue
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  const left = globSync("{.,examples}/*.{svg,md}", { cwd: folder }).filter((file) => !files.has(file))
  for (const file of left) {
    off.push(file)
    if (isUpdate) rmSync(join(folder, file))
  }
  console.log(`${files.size} files in docs/charts, ${off.length} ${isUpdate ? "written" : "differ"}`)
  if (isUpdate) {
    // those of the patterns are drawn by their tests, which compare them
    const vitest = spawnSync(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "test/patterns.test.ts"], {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, CHARTS: "update" }
    })
    return vitest.status ?? 1
  }
  if (off.length === 0) return 0
  console.error(`not what is drawn now; if it is meant, npm run charts -- --update\n${off.join("\n")}`)
  return 1
}

process.exit(await main(process.argv.includes("--update")))
