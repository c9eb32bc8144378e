/**
 * Reads `errors.md` (programs that must not compile, each with what the compiler says to it) and asks the compiler once
 * for all of them. `npx node test/types/diagnostics.ts --update` writes what it says into the page.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "../..")
const page = join(import.meta.dirname, "errors.md")
const folder = join(root, ".ci/tmp/type-errors")

export interface Program {
  /** The rule that the program breaks. */
  readonly rule: string
  readonly code: string
  /** What the text has to name. */
  readonly names: ReadonlyArray<string>
  /** What the page says that the compiler says. */
  readonly expected: string
}

const block = (text: string, language: string): string =>
  new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "ms").exec(text)?.[1] ?? ""

const read = (): { readonly preamble: string; readonly programs: ReadonlyArray<Program> } => {
  const [head, ...sections] = readFileSync(page, "utf8").split(/^## /m) as [string, ...Array<string>]
  return {
    preamble: block(head, "ts"),
    programs: sections.map((section) => ({
      rule: section.slice(0, section.indexOf("\n")),
      code: block(section, "ts"),
      names: [...(/^Names: (.*)$/m.exec(section)?.[1] ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1]!),
      expected: block(section, "text")
    }))
  }
}

/** What the compiler says to each program, by the number of the program; the lines are those of its block. */
const compile = (preamble: string, programs: ReadonlyArray<Program>): ReadonlyArray<string> => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: "../../../tsconfig.json",
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
    [join(root, "node_modules/typescript/bin/tsc"), "-p", folder, "--pretty", "false"],
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

export const actual = (): ReadonlyArray<string> => compile(preamble, programs)

const update = (): void => {
  const texts = actual()
  const [head, ...sections] = readFileSync(page, "utf8").split(/^(?=## )/m) as [string, ...Array<string>]
  writeFileSync(
    page,
    head +
      sections.map((section, i) =>
        `${section.replace(/\n```text\n.*?^```$/ms, "").trimEnd()}\n\n\`\`\`text\n${texts[i]}\`\`\`\n`
      ).join("\n")
  )
}

if (import.meta.main && process.argv.includes("--update")) update()
