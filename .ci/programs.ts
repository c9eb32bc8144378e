// Runs one TypeScript program against src/ and compares what it prints; shared by examples and snippets.
import { execFile } from "node:child_process"
import { resolve } from "node:path"

export const root = resolve(import.meta.dirname, "..")

export interface Output {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program with this Node, or another runtime that strips the types, and with "effect-cano" standing for src/. */
export const run = (
  file: string,
  options: { readonly cwd?: string; readonly condition?: boolean; readonly runtime?: ReadonlyArray<string> } = {},
  more: ReadonlyArray<string> = []
) =>
  new Promise<Output>((done) => {
    const [runtime, ...before] = options.runtime ?? [process.execPath]
    const args = [...before, ...options.condition === false ? [] : ["--conditions=effect-cano-source"], file, ...more]
    const { FORCE_COLOR: _, ...env } = process.env
    execFile(runtime ?? process.execPath, args, {
      cwd: options.cwd ?? root,
      env: { ...env, NO_COLOR: "1" },
      timeout: 60_000,
      maxBuffer: 16 * 1024 * 1024
    }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : null
      done({ code, stdout, stderr: code === null ? `${stderr}\nkilled: it ran for more than 60 s` : stderr })
    })
  })

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/** Whether a printed line is the expected one, where `{{ms}}` stands for any number of milliseconds. */
export const matches = (expected: string, actual: string): boolean =>
  expected === actual
  || (expected.includes("{{ms}}")
    && new RegExp(`^${expected.split("{{ms}}").map(escape).join("\\d+(\\.\\d+)?\\s?ms")}$`).test(actual))

/** The printed lines, each replaced by the expected line that it matches: equal texts mean equal output. */
export const normalize = (expected: ReadonlyArray<string>, actual: ReadonlyArray<string>): Array<string> =>
  actual.map((line, i) => {
    const wanted = expected[i]
    return wanted !== undefined && matches(wanted, line) ? wanted : line
  })

export const lines = (text: string): Array<string> => text.replace(/\n$/, "").split("\n").map((line) => line.trimEnd())
