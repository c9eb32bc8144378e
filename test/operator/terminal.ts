/** `cano` and programs that drive runs as processes, as in a terminal. */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { join } from "node:path"

const root = join(import.meta.dirname, "../..")

export interface Output {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const environment = (more: Record<string, string> = {}) => ({
  ...process.env,
  CANO_DB: undefined,
  FORCE_COLOR: undefined,
  NO_COLOR: "1",
  ...more
})

/** Calls the program, as a user does. */
export const cano = (args: ReadonlyArray<string>, more?: Record<string, string>, flags: ReadonlyArray<string> = []) =>
  new Promise<Output>((done) =>
    execFile(
      process.execPath,
      [...flags, "--conditions=effect-cano-source", join(root, "bin/cano.js"), ...args],
      { env: environment(more) },
      (error, stdout, stderr) => done({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    )
  )

/** A process that drives runs; `end` lets it end in an orderly way. */
export interface Driver {
  readonly child: ChildProcess
  readonly end: () => Promise<void>
}

/** Starts runs, and drives them and others, from when it has said so on. */
export const drive = (url: string, how: "sound" | "broken", starts = ""): Promise<Driver> =>
  new Promise((done, fail) => {
    const child = spawn(
      process.execPath,
      [
        "--conditions=effect-cano-source",
        join(import.meta.dirname, "program.ts"),
        url,
        how,
        ...(starts === "" ? [] : [starts])
      ],
      { stdio: ["pipe", "pipe", "inherit"], env: environment() }
    )
    const gone = new Promise<void>((done) => child.once("exit", () => done()))
    child.once("exit", (code) => fail(new Error(`it has ended, with ${code}`)))
    child.stdout.once("data", () => done({ child, end: () => (child.stdin.end(), gone) }))
  })
