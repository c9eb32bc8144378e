/**
 * Reads `errors.md` (programs that must not compile, each with what the compiler says to it) and asks each compiler once
 * for all of them. `npx node test/types/diagnostics.ts --update` writes what they say into the page.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { compilers } from "./machines.ts"

const root = join(import.meta.dirname, "../..")
const page = join(import.meta.dirname, "errors.md")

export interface Program {
  /** The rule that the program breaks. */
  readonly rule: string
  readonly code: string
  /** What the text has to name. */
  readonly names: ReadonlyArray<string>
  /** What its first line has to name already. */
  readonly first: ReadonlyArray<string>
  /** The same for the oldest compiler that is supported. */
  readonly firstOfOldest: ReadonlyArray<string>
  /** What the page says that the compiler says. */
  readonly expected: string
  /** The same of the oldest compiler that is supported: the first line alone, which differs in order at most. */
  readonly oldest: string
}

const words = (text: string, label: string): ReadonlyArray<string> =>
  [...(new RegExp(`^${label}: (.*)$`, "m").exec(text)?.[1] ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1]!)

export const firstLine = (text: string): string => text.slice(0, text.indexOf("\n") + 1)

const block = (text: string, language: string): string =>
  new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "ms").exec(text)?.[1] ?? ""

const read = (): { readonly preamble: string; readonly programs: ReadonlyArray<Program> } => {
  const [head, ...sections] = readFileSync(page, "utf8").split(/^## /m) as [string, ...Array<string>]
  return {
    preamble: block(head, "ts"),
    programs: sections.map((section) => ({
      rule: section.slice(0, section.indexOf("\n")),
      code: block(section, "ts"),
      names: words(section, "Names"),
      first: words(section, "First line"),
      firstOfOldest: words(section, section.includes("\nFirst line of 5.9: ") ? "First line of 5.9" : "First line"),
      expected: block(section, "text"),
      oldest: block(section, "text 5.9") || firstLine(block(section, "text"))
    }))
  }
}

/** What the compiler says to each program, by the number of the program; the lines are those of its block. */
const compile = (
  compiler: string,
  preamble: string,
  programs: ReadonlyArray<Program>
): ReadonlyArray<string> => {
  const folder = join(root, ".ci/tmp/type-errors", compiler)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: "../../../../tsconfig.json",
      // the texts as a user with plain `strict` sees them
      compilerOptions: {
        noErrorTruncation: false,
        exactOptionalPropertyTypes: false,
        noUnusedLocals: false,
        noUnusedParameters: false
      },
      include: ["*.ts"]
    })
  )
  programs.forEach(({ code }, i) => writeFileSync(join(folder, `${i}.ts`), preamble + code))
  const { error, stdout } = spawnSync(
    process.execPath,
    [join(root, "node_modules", compiler, "bin/tsc"), "-p", folder, "--pretty", "false"],
    { cwd: folder, encoding: "utf8" }
  )
  if (error !== undefined) throw error
  const offset = preamble.split("\n").length - 1
  const texts = programs.map(() => "")
  // a diagnostic begins with its place; its further lines are indented
  for (const text of stdout.split(/^(?=\S)/m)) {
    const place = /^(\d+)\.ts\((\d+),(\d+)\): error (.*)$/s.exec(text)
    if (place === null) throw new Error(`the compiler says of no program: ${text}`)
    const [, program, line, column, message] = place
    texts[Number(program)] += `${Number(line) - offset}:${column} ${message!.trimEnd()}\n`
  }
  return texts
}

export const { preamble, programs } = read()

export const actual = (compiler: string): ReadonlyArray<string> => compile(compiler, preamble, programs)

const update = (): void => {
  const newest = actual(compilers["TypeScript 7"])
  const oldest = actual(compilers["TypeScript 5.9"]).map(firstLine)
  const [head, ...sections] = readFileSync(page, "utf8").split(/^(?=## )/m) as [string, ...Array<string>]
  const written = sections.map((section, i) => {
    const program = section.replace(/\n```text.*$/ms, "").trimEnd()
    const other = oldest[i] === firstLine(newest[i]!) ? "" : `\n\`\`\`text 5.9\n${oldest[i]}\`\`\`\n`
    return `${program}\n\n\`\`\`text\n${newest[i]}\`\`\`\n${other}`
  })
  writeFileSync(page, head + written.join("\n"))
}

if (import.meta.main && process.argv.includes("--update")) update()
