import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Cli from "effect-cano/cli"
import { Command } from "effect/cli"
import { TestConsole } from "effect/testing"
import { execFile, spawn } from "node:child_process"
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { look } from "./pictures.ts"

const root = join(import.meta.dirname, "../..")
// inside of the package, so that `effect-cano` is what is tested
const folder = join(root, ".ci/tmp/draw")

interface Output {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const host: Cli.Host = { self: [], hasColors: false, copyOf: () => "/old/effect-cano" }

/** Runs the command here. */
const draw = (...args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const exit = yield* Effect.exit(
      Command.runWith(Cli.make(host), { version: "1" })([
        "draw",
        ...args.map((arg) => /\.\w+$/.test(arg) ? join(folder, arg) : arg)
      ])
    )
    const stdout = yield* TestConsole.logLines
    const stderr = yield* TestConsole.errorLines
    const short = (lines: ReadonlyArray<unknown>) => lines.map(String).join("\n").replaceAll(`${folder}/`, "")
    return { code: exit._tag === "Success" ? 0 : 1, stdout: short(stdout), stderr: short(stderr) }
  }).pipe(Effect.provide([NodeServices.layer, TestConsole.layer]))

const effect = (name: string, test: () => Effect.Effect<void>) => it.live(name, test)

const environment = () => ({ ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined })

/** Runs the program. */
const program = (...args: ReadonlyArray<string>) =>
  new Promise<Output>((done) =>
    execFile(
      process.execPath,
      args,
      { cwd: folder, env: environment() },
      (error, stdout, stderr) => done({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    )
  )

const bin = [`--conditions=effect-cano-source`, join(root, "bin/cano.js")]

/** What the program says of modules, asked one after another in one process, as each of them takes its time to start. */
const many = `
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { Command } from "effect/cli"
import * as Cli from "effect-cano/cli"
const said = []
console.error = (text) => said.push(text)
const host = { self: [], hasColors: false, copyOf: () => undefined }
for (const file of process.argv.slice(2)) {
  const run = Command.runWith(Cli.make(host), { version: "1" })(["draw", file])
  await Effect.runPromiseExit(Effect.provide(run, NodeServices.layer))
}
console.log(JSON.stringify(said))
`

const machine = (name: string, exported = "machine") => `
import { Effect } from "effect"
import { Workflow } from "effect-cano"
export const ${exported} = Workflow.make<"Start" | "Done">("${name}")
  .register("Start", { run: Effect.void, next: "Done" })
  .addExitStates("Done")
`

const files: { readonly [name: string]: string } = {
  "machine.ts": machine("one"),
  "aliased.ts": `${machine("one")}export { machine as again }`,
  "two.ts": `${machine("one")}${machine("two", "other").replace(/^import.*\n/gm, "")}`,
  "factory.ts": `export const make = () => 1`,
  "nobody.ts": `const a = 1\nvoid a`,
  "many.mjs": many,
  "open.ts": `${machine("open")}setInterval(() => {}, 1000)`,
  "enum.ts": `export enum Colour { Red }`,
  "parameter.ts": `export class A { constructor(readonly a: number) {} }`,
  "bare.ts": `export { machine } from "./machine"`,
  "paths.ts": `export { machine } from "@/machine"`,
  "type.ts": `import { Duration } from "./other.ts"\nexport const a = 1 as unknown as Duration`,
  "other.ts": `export type Duration = number`,
  "throws.ts": `throw new Error("no luck\\nat all")`,
  "view.tsx": `export const a = <b />`,
  "syntax.ts": `export const = 1`,
  "decorator.ts": `const mark = (of: unknown) => of\n@mark class A {}\nexport const a = new A()`,
  "package.ts": `export * from "not-installed"`,
  "common/package.json": `{ "type": "commonjs" }`,
  "common/import.ts": machine("one"),
  "common/export.ts": `export const a = 1`,
  "exits.ts": `process.exit(3)`,
  "prints.ts": `${machine("loud")}console.log("it runs")\nawait Effect.runPromise(machine.orchestrate("Start"))`,
  "foreign.ts": `export const machine = { "~effect-cano/Workflow": "~effect-cano/Workflow", name: "old" }`
}

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  mkdirSync(join(folder, "common"))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
})

const text = "  ●\n  │\n╭──▼────╮\n│ Start │\n╰─┬─────╯\n  │\n  ◎ Done"

describe("cano draw", () => {
  effect("draws the workflow of a module, as a text unless it is told otherwise", () =>
    Effect.gen(function*() {
      const plain = yield* draw("machine.ts")
      assert.deepStrictEqual(plain, { code: 0, stdout: text, stderr: "" })
      assert.deepStrictEqual(yield* draw("machine.ts", "--text"), plain)
      const svg = (yield* draw("machine.ts", "--svg", "--theme", "dark", "--layout", "column")).stdout
      assert.include(look(svg).texts, "Start")
      assert.include(svg, "cano-dark")
      assert.match((yield* draw("machine.ts", "--mermaid")).stdout, /^flowchart TD\n/)
      assert.match((yield* draw("machine.ts", "--dot")).stdout, /^digraph "one" \{\n/)
    }))

  effect("writes a file", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* draw("machine.ts", "--svg", "--out", "machine.svg"), {
        code: 0,
        stdout: "",
        stderr: ""
      })
      assert.include(look(readFileSync(join(folder, "machine.svg"), "utf8")).texts, "Done")
      assert.include((yield* draw("machine.ts", "--out", "nowhere/a.txt")).stderr, "nowhere/a.txt can't be written")
    }))

  effect("draws each workflow of several, or the one that is asked for", () =>
    Effect.gen(function*() {
      assert.match((yield* draw("two.ts")).stdout, /^machine\n\n {2}●[^]*\nother\n\n {2}●/)
      assert.include((yield* draw("two.ts", "--svg", "--export", "other")).stdout, "<title>two</title>")
      assert.include(
        (yield* draw("two.ts", "--svg")).stderr,
        "exports several workflows, machine, other; --export says which one to draw"
      )
      assert.include((yield* draw("two.ts", "--export", "third")).stderr, "exports no third; it exports machine, other")
      assert.strictEqual((yield* draw("aliased.ts")).stdout, text)
      assert.include(
        (yield* draw("machine.ts", "--svg", "--dot")).stderr,
        "--svg and --dot are several forms; take one of them"
      )
    }))

  const sentences: { readonly [file: string]: string } = {
    "nothing.ts": "there is no nothing.ts",
    "factory.ts": "no export of factory.ts is a workflow; it exports make. A function that makes a workflow is none",
    "nobody.ts": "it exports nothing. A module that runs when it is imported does run",
    "foreign.ts":
      "machine of foreign.ts is a workflow of another copy of effect-cano, /old/effect-cano, which this one can't"
  }
  for (const [file, sentence] of Object.entries(sentences)) {
    effect(`says in a sentence why a module can't be drawn: ${file}`, () =>
      Effect.gen(function*() {
        const { code, stderr } = yield* draw(file)
        assert.include(stderr, sentence)
        assert.strictEqual(code, 1)
        assert.notMatch(stderr, /^ +at /m)
      }))
  }

  const refusals: { readonly [file: string]: string } = {
    "enum.ts":
      "enum.ts can't be loaded: TypeScript enum is not supported in strip-only mode. Node strips types and compiles",
    "parameter.ts": "Node strips types and compiles nothing, so enums, parameter properties",
    "bare.ts": "Node wants relative imports with their extension",
    "paths.ts": "and knows no paths of a tsconfig.json",
    "type.ts": "A type has to be imported as one: import type",
    "throws.ts": "throws.ts can't be loaded: no luck",
    "view.tsx": "Node reads no JSX",
    "decorator.ts": "namespaces and decorators are refused. Or load it with a compiler",
    "package.ts": "Install it; where it is a path of a tsconfig.json",
    "common/import.ts": `write "type": "module" there, or name it .mts`,
    "common/export.ts": `write "type": "module" there, or name it .mts`,
    "common": "common is a folder: name a module in it",
    "syntax.ts": "syntax.ts can't be loaded:"
  }
  it("says in a sentence what Node refuses to load, and what to do", async () => {
    const files = Object.keys(refusals)
    // Node warns on its own of what is CommonJS
    const flags = ["--no-warnings", "--conditions=effect-cano-source"]
    const { stderr, stdout } = await program(...flags, join(folder, "many.mjs"), ...files)
    assert.strictEqual(stderr, "")
    const said: ReadonlyArray<string> = JSON.parse(stdout)
    assert.strictEqual(said.length, files.length)
    Object.values(refusals).forEach((sentence, i) => {
      assert.include(said[i], sentence)
      assert.notMatch(said[i]!, /^ +at /m)
    })
    assert.notInclude(said.at(-1), "strips types", "a slip of the pen is none of what would need a compiler")
  })

  it("says that a module has ended the program, where it has", async () => {
    const { code, stderr } = await program(...bin, "draw", "exits.ts")
    assert.strictEqual(code, 3)
    assert.include(stderr, "what was loaded has ended the program: draw a module that only exports workflows")
  })

  it("is the program cano, which ends when it has drawn, whatever the module has left open", async () => {
    assert.deepStrictEqual(await program(...bin, "draw", "open.ts"), { code: 0, stdout: `${text}\n`, stderr: "" })
  })

  it("keeps what the module prints out of the picture", async () => {
    const printed = { code: 0, stdout: `${text}\n`, stderr: "it runs\n" }
    assert.deepStrictEqual(await program(...bin, "draw", "prints.ts"), printed)
  })

  it("draws again when the module has changed", async () => {
    const watched = join(folder, "watched")
    mkdirSync(watched)
    cpSync(join(folder, "machine.ts"), join(watched, "machine.ts"))
    const child = spawn(process.execPath, [...bin, "draw", "watched/machine.ts", "--watch", "--mermaid"], {
      cwd: folder,
      env: environment()
    })
    let seen = ""
    const until = (what: RegExp) =>
      new Promise<void>((done, fail) => {
        const timer = setInterval(() => what.test(seen) && (clearInterval(timer), done()), 50)
        child.on("exit", () => fail(new Error(`it has ended: ${seen}`)))
      })
    child.stdout.on("data", (chunk) => seen += chunk)
    child.stderr.on("data", (chunk) => seen += chunk)
    await until(/\("Start"\)/)
    // the watcher is there a moment after the first picture
    const changes = setInterval(() => {
      writeFileSync(join(watched, "machine.ts"), machine("one").replaceAll("Start", "Begin"))
    }, 500)
    await until(/\("Begin"\)/)
    clearInterval(changes)
    child.removeAllListeners("exit")
    child.kill("SIGINT")
  })

  /** Node without a package. */
  const without = (missing: string): ReadonlyArray<string> => [
    "--import",
    `data:text/javascript,${
      encodeURIComponent(
        `import { registerHooks } from "node:module"
         registerHooks({ resolve: (name, context, next) => {
           if (!name.startsWith("${missing}")) return next(name, context)
           throw Object.assign(new Error("Cannot find package '${missing}'"), { code: "ERR_MODULE_NOT_FOUND" })
         } })`
      )
    }`
  ]

  it("says what is missing where there is no @effect/platform-node", async () => {
    const { code, stderr } = await program(...without("@effect/platform-node"), ...bin, "draw", "machine.ts")
    assert.strictEqual(code, 1)
    assert.strictEqual(
      stderr,
      "cano needs @effect/platform-node, which is not installed: npm install @effect/platform-node\n"
    )
  })

  it("draws in a column where there is no elkjs, and says how to get it where it is asked for", async () => {
    const svg = [...without("elkjs"), ...bin, "draw", "machine.ts", "--svg"]
    const [asked, left, column] = await Promise.all([
      program(...svg, "--layout", "elk"),
      program(...svg),
      program(...svg, "--layout", "column")
    ])
    assert.include(asked!.stderr, "cano draw: elkjs can't be loaded, npm install elkjs: Cannot find package 'elkjs'")
    assert.strictEqual(left!.stdout, column!.stdout)
    assert.include(left!.stderr, "cano draw: drawn in a column, as elkjs can't be loaded, npm install elkjs")
    assert.strictEqual(column!.stderr, "")
  })
})
