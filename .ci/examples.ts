// npm run example                      lists the examples
// npm run example <name>               runs examples/<name>.ts
// npm run example -- --update [name]   writes what they print to examples/output/<name>.txt
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { lines, normalize, root, run } from "./programs.ts"

const folder = join(root, "examples")
const source = (name: string) => join(folder, `${name}.ts`)
const output = (name: string) => join(folder, "output", `${name}.txt`)

/** The examples that are one file. */
export const names = (): Array<string> =>
  existsSync(folder)
    ? readdirSync(folder).filter((file) => file.endsWith(".ts")).map((file) => file.slice(0, -3)).sort()
    : []

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

const title = (name: string): string =>
  readFileSync(source(name), "utf8").split("\n", 3).map((line) => line.replace(/^[/* ]+/, "").trim()).find((line) =>
    line !== ""
  ) ?? ""

const main = async (args: ReadonlyArray<string>): Promise<number> => {
  const update = args.includes("--update")
  const [name, ...rest] = args.filter((arg) => arg !== "--update")
  if (name !== undefined && !names().includes(name)) {
    console.error(`there is no examples/${name}.ts; there are: ${names().join(", ")}`)
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
    return spawnSync(process.execPath, [...process.execArgv, source(name), ...rest], { stdio: "inherit" }).status ?? 1
  }
  const width = Math.max(...names().map((one) => one.length))
  for (const one of names()) console.log(`${one.padEnd(width)}  ${title(one)}`)
  return 0
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
