// npm run example                      lists the examples
// npm run example <name>               runs examples/<name>.ts, or examples/<name>/main.ts
// npm run example -- --update [name]   writes what they print to examples/output/<name>.txt
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { lines, normalize, root, run } from "./programs.ts"

const folder = join(root, "examples")
const source = (name: string) => join(folder, `${name}.ts`)
const main = (name: string) => join(folder, name, "main.ts")
const output = (name: string) => join(folder, "output", `${name}.txt`)

/** The examples that are one file. */
export const names = (): Array<string> =>
  existsSync(folder)
    ? readdirSync(folder).filter((file) => file.endsWith(".ts")).map((file) => file.slice(0, -3)).sort()
    : []

/** Those that are several: programs that go on until somebody stops them, or that are asked for something. */
const folders = (): Array<string> => readdirSync(folder).filter((name) => existsSync(main(name))).sort()

/** Runs a program to its end; whoever stops this one stops that. */
const passOn = (file: string, args: ReadonlyArray<string>) =>
  new Promise<number>((done) => {
    const child = spawn(process.execPath, [...process.execArgv, file, ...args], { stdio: "inherit" })
    // a terminal sends Ctrl-C to both
    process.on("SIGINT", () => {})
    process.on("SIGTERM", () => child.kill("SIGTERM"))
    child.on("exit", (code) => done(code ?? 1))
  })

/** The examples that have an expected output. */
export const outputs = (): Array<string> =>
  existsSync(join(folder, "output"))
    ? readdirSync(join(folder, "output")).map((file) => file.replace(/\.txt$/, "")).sort()
    : []

/** Runs an example; what it printed has the placeholders of the expected text where they match. */
export const compare = async (name: string): Promise<{ readonly actual: string; readonly expected: string }> => {
  const expected = existsSync(output(name)) ? lines(readFileSync(output(name), "utf8")) : []
  const { code, stderr, stdout } = await run(source(name))
  if (code !== 0) {
    throw new Error(`examples/${name}.ts ended with exit code ${code}\n${stdout}${stderr}`)
  }
  return { actual: `${normalize(expected, lines(stdout)).join("\n")}\n`, expected: `${expected.join("\n")}\n` }
}

const title = (file: string): string =>
  readFileSync(file, "utf8").split("\n", 3).map((line) => line.replace(/^[/* ]+/, "").trim()).find((line) =>
    line !== ""
  ) ?? ""

const cli = async (args: ReadonlyArray<string>): Promise<number> => {
  const update = args.includes("--update")
  const [name, ...rest] = args.filter((arg) => arg !== "--update")
  const isFolder = name !== undefined && folders().includes(name)
  if (name !== undefined && !names().includes(name) && (!isFolder || update)) {
    console.error(`there is no examples/${name}.ts; there are: ${[...names(), ...folders()].join(", ")}`)
    return 1
  }
  if (update) {
    mkdirSync(join(folder, "output"), { recursive: true })
    for (const one of name === undefined ? names() : [name]) {
      const { actual, expected } = await compare(one)
      if (actual !== expected) writeFileSync(output(one), actual)
      console.log(`${actual === expected ? "same" : "written"}  examples/output/${one}.txt`)
    }
    return 0
  }
  if (name !== undefined) {
    return passOn(isFolder ? main(name) : source(name), rest)
  }
  const width = Math.max(...[...names(), ...folders()].map((one) => one.length))
  for (const one of names()) console.log(`${one.padEnd(width)}  ${title(source(one))}`)
  for (const one of folders()) console.log(`${one.padEnd(width)}  ${title(main(one))}`)
  return 0
}

if (import.meta.main) process.exitCode = await cli(process.argv.slice(2))
