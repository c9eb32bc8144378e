// npm run snippets: type-checks and runs every ```ts block of README.md, docs/ and the doc comments of src/.
//
// A block is a complete program. Its comments `// => text` are the lines that it prints, in order (`{{ms}}` stands for
// a number of milliseconds). ```ts no-run is type-checked only, ```ts ignore is left alone.
import { spawnSync } from "node:child_process"
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { lines, normalize, root, run } from "./programs.ts"

export interface Snippet {
  readonly file: string
  /** The line of the file that holds the first line of the program, counted from 1. */
  readonly line: number
  readonly code: ReadonlyArray<string>
  readonly runs: boolean
}

/** A source file with all but the text of its doc comments blanked out. */
const docComments = (source: ReadonlyArray<string>): Array<string> => {
  let inside = false
  return source.map((line) => {
    if (/^\s*\/\*\*/.test(line)) inside = true
    const text = inside ? line.replace(/^\s*(\/\*\*| \*\/|\* ?)/, "") : ""
    if (line.includes("*/")) inside = false
    return text
  })
}

const extract = (file: string): Array<Snippet> => {
  const source = readFileSync(join(root, file), "utf8").split("\n")
  const text = file.endsWith(".ts") ? docComments(source) : source
  const found: Array<Snippet> = []
  let fence: string | undefined
  let block: { readonly line: number; readonly info: ReadonlyArray<string>; readonly indent: number } | undefined
  text.forEach((line, i) => {
    const mark = /^(\s*)(`{3,}|~{3,})(.*)$/.exec(line)
    if (fence === undefined && mark !== null) {
      fence = mark[2]!
      block = { line: i + 2, info: mark[3]!.trim().split(/\s+/), indent: mark[1]!.length }
    } else if (fence !== undefined && mark !== null && mark[2]!.startsWith(fence) && mark[3]!.trim() === "") {
      const { indent, info, line: first } = block!
      if ((info[0] === "ts" || info[0] === "typescript") && !info.includes("ignore")) {
        const code = text.slice(first - 1, i).map((each) => each.slice(Math.min(indent, each.search(/\S|$/))))
        found.push({ file, line: first, code, runs: !info.includes("no-run") })
      }
      fence = undefined
    }
  })
  return found
}

/** Every program, in the order of the files. */
export const snippets = (): Array<Snippet> =>
  globSync(["README.md", "docs/**/*.md", "src/**/*.ts"], { cwd: root }).sort().flatMap(extract)

/** The lines that a program prints, as its comments say. */
export const expectedLines = (code: ReadonlyArray<string>): Array<string> =>
  code.flatMap((line) => /\/\/ =>(?: (.*))?$/.exec(line)?.slice(1) ?? []).map((line) => (line ?? "").trimEnd())

const main = async (): Promise<number> => {
  const folder = join(root, ".ci/tmp/snippets")
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: "../../../tsconfig.json",
      compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
      include: ["*.ts"]
    })
  )
  const programs = snippets().map((snippet) => {
    const name = `${snippet.file.replaceAll("/", "+").replace(/\.ts$/, "")}+${snippet.line}.ts`
    // Blank lines on top, so that a message has the line number of the file the snippet stands in.
    writeFileSync(join(folder, name), "\n".repeat(snippet.line - 1) + `${snippet.code.join("\n")}\n`)
    return { ...snippet, name, path: join(folder, name), label: `${snippet.file}:${snippet.line}` }
  })
  if (programs.length === 0) {
    console.log("no snippets")
    return 0
  }

  const tsc = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], {
    cwd: folder,
    encoding: "utf8"
  })
  if (tsc.status !== 0) {
    const named = programs.reduce((text, { file, name }) => text.replaceAll(`${name}(`, `${file}(`), tsc.stdout)
    console.error(`${named}${tsc.stderr}\nsnippets that do not compile are not run`)
    return 1
  }

  let failed = 0
  const queue = programs.filter((program) => program.runs)
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const expected = expectedLines(next.code)
      const { code, stderr, stdout } = await run(next.path)
      const actual = normalize(expected, stdout === "" ? [] : lines(stdout))
      if (code !== 0) {
        failed++
        console.error(`${next.label} ended with exit code ${code}\n${stdout}${stderr}`)
      } else if (expected.length > 0 && expected.join("\n") !== actual.join("\n")) {
        failed++
        console.error(`${next.label} printed\n  ${actual.join("\n  ")}\ninstead of\n  ${expected.join("\n  ")}`)
      }
    }
  }
  await Promise.all([worker(), worker()])
  console.log(
    `${programs.length} snippets type-checked, ${programs.filter((each) => each.runs).length} run, ${failed} failed`
  )
  return failed === 0 ? 0 : 1
}

if (import.meta.main) process.exitCode = await main()
