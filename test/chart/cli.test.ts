import { assert, beforeAll, describe, it } from "@effect/vitest"
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

const environment = () => ({ ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined })

const node = (args: ReadonlyArray<string>) =>
  new Promise<Output>((done) =>
    execFile(
      process.execPath,
      args,
      { cwd: folder, env: environment() },
      (error, stdout, stderr) => done({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    )
  )

const bin = [`--conditions=effect-cano-source`, join(root, "bin/cano.js")]
const draw = (...args: ReadonlyArray<string>) => node([...bin, "draw", ...args])

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
  "runs.ts": `console.log("running")`,
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
  "foreign.ts": `export const machine = { "~effect-cano/Workflow": "~effect-cano/Workflow", name: "old" }`
}

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
})

const text = "  ●\n  │\n╭──▼────╮\n│ Start │\n╰─┬─────╯\n  │\n  ◎ Done\n"

describe("cano draw", () => {
  it("draws the workflow of a module, as a text unless it is told otherwise", async () => {
    const [plain, asked, svg, mermaid, dot] = await Promise.all([
      draw("machine.ts"),
      draw("machine.ts", "--text"),
      draw("machine.ts", "--svg", "--theme", "dark", "--layout", "column"),
      draw("machine.ts", "--mermaid"),
      draw("machine.ts", "--dot")
    ])
    assert.deepStrictEqual(plain, { code: 0, stdout: text, stderr: "" })
    assert.deepStrictEqual(asked, plain)
    assert.include(look(svg!.stdout).texts, "Start")
    assert.include(svg!.stdout, "cano-dark")
    assert.match(mermaid!.stdout, /^flowchart TD\n/)
    assert.match(dot!.stdout, /^digraph "one" \{\n/)
  })

  it("writes a file", async () => {
    const { code, stderr, stdout } = await draw("machine.ts", "--svg", "--out", "machine.svg")
    assert.deepStrictEqual([code, stdout, stderr], [0, "", ""])
    assert.include(look(readFileSync(join(folder, "machine.svg"), "utf8")).texts, "Done")
    assert.include(
      (await draw("machine.ts", "--out", "nowhere/machine.txt")).stderr,
      "nowhere/machine.txt can't be written"
    )
  })

  it("draws each workflow of several, or the one that is asked for", async () => {
    const [all, one, svg, none, same] = await Promise.all([
      draw("two.ts"),
      draw("two.ts", "--svg", "--export", "other"),
      draw("two.ts", "--svg"),
      draw("two.ts", "--export", "third"),
      draw("aliased.ts")
    ])
    assert.match(all!.stdout, /^machine\n\n {2}●[^]*\nother\n\n {2}●/)
    assert.include(one!.stdout, "<title>two</title>")
    assert.include(svg!.stderr, "exports several workflows, machine, other; --export says which one to draw")
    assert.include(none!.stderr, "exports no third; it exports machine, other")
    assert.strictEqual(same!.stdout, text)
  })

  const sentences: { readonly [file: string]: string } = {
    "nothing.ts": "there is no nothing.ts",
    "factory.ts": "no export of factory.ts is a workflow; it exports make. A function that makes a workflow is none",
    "runs.ts": "it exports nothing. A module that runs when it is imported does run",
    "enum.ts":
      "enum.ts can't be loaded: TypeScript enum is not supported in strip-only mode. Node strips types and compiles",
    "parameter.ts": "Node strips types and compiles nothing, so enums, parameter properties",
    "bare.ts": "Node wants relative imports with their extension",
    "paths.ts": "and knows no paths of a tsconfig.json",
    "type.ts": "A type has to be imported as one: import type",
    "throws.ts": "throws.ts can't be loaded: no luck\n",
    "view.tsx": "Node reads no JSX",
    "syntax.ts": "syntax.ts can't be loaded:",
    "foreign.ts": "machine of foreign.ts is a workflow of another copy of effect-cano"
  }

  it("says in a sentence why a module can't be drawn", async () => {
    const said = await Promise.all(Object.keys(sentences).map((file) => draw(file)))
    Object.values(sentences).forEach((sentence, i) => {
      assert.include(said[i]!.stderr, sentence)
      assert.strictEqual(said[i]!.code, 1)
      assert.notMatch(said[i]!.stderr, /^ +at /m)
    })
    const both = await draw("machine.ts", "--svg", "--dot")
    assert.include(both.stderr, "--svg and --dot are several forms; take one of them")
  })

  it("ends when it has drawn, whatever the module has left open", async () => {
    assert.strictEqual((await draw("open.ts")).stdout, text)
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

  it("says what is missing where there is no @effect/platform-node", async () => {
    const alone = join(folder, "alone")
    mkdirSync(join(alone, "bin"), { recursive: true })
    // outside of the tree of this repository, where nothing is installed
    const hook = `data:text/javascript,${
      encodeURIComponent(
        `import { registerHooks } from "node:module"
         registerHooks({ resolve: (name, context, next) => {
           if (name.startsWith("@effect/platform-node")) {
             throw Object.assign(new Error("Cannot find package '@effect/platform-node'"), { code: "ERR_MODULE_NOT_FOUND" })
           }
           return next(name, context)
         } })`
      )
    }`
    const { code, stderr } = await node(["--import", hook, ...bin, "draw", "machine.ts"])
    assert.strictEqual(code, 1)
    assert.strictEqual(
      stderr,
      "cano needs @effect/platform-node, which is not installed: npm install @effect/platform-node\n"
    )
  })

  it("draws in a column where there is no elkjs, and says how to get it where it is asked for", async () => {
    const hook = `data:text/javascript,${
      encodeURIComponent(
        `import { registerHooks } from "node:module"
         registerHooks({ resolve: (name, context, next) => {
           if (name.startsWith("elkjs")) {
             throw Object.assign(new Error("Cannot find package 'elkjs'"), { code: "ERR_MODULE_NOT_FOUND" })
           }
           return next(name, context)
         } })`
      )
    }`
    const [asked, left, column] = await Promise.all([
      node(["--import", hook, ...bin, "draw", "machine.ts", "--svg", "--layout", "elk"]),
      node(["--import", hook, ...bin, "draw", "machine.ts", "--svg"]),
      draw("machine.ts", "--svg", "--layout", "column")
    ])
    assert.include(asked!.stderr, "cano draw: elkjs can't be loaded, npm install elkjs: Cannot find package 'elkjs'")
    assert.strictEqual(left!.stdout, column!.stdout)
  })
})
