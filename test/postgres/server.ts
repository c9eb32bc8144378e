/**
 * PostgreSQL servers of the tests. `shared` is one for all test files of a run, started by the first that asks for it; `own`
 * one that can be stopped, killed and started again, and lives as long as its Scope. Neither outlives who it is kept for, also
 * if that is killed: see `keeper.ts`.
 */
import { Effect, type Scope } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"

const keeper = join(import.meta.dirname, "keeper.ts")

/** What stands in a file of a keeper's folder, as soon as it does. */
const said = async (folder: string): Promise<string> => {
  for (;;) {
    if (existsSync(join(folder, "error"))) throw new Error(readFileSync(join(folder, "error"), "utf8"))
    if (existsSync(join(folder, "url"))) return readFileSync(join(folder, "url"), "utf8")
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const one = async (): Promise<string> => {
  // of the process that has started this one, as vitest.config.ts says
  const name = process.env["POSTGRES_FOR"] || `${process.pid}-${Date.now()}`
  const folder = join(tmpdir(), `effect-cano-postgres-${name}`)
  try {
    mkdirSync(folder)
  } catch {
    return said(folder)
  }
  spawn(process.execPath, [keeper, folder, name.split("-")[0]!], { detached: true, stdio: "ignore" }).unref()
  return said(folder)
}
let started: Promise<string> | undefined

/** The URL of a server, without a database, which all test files of a run have together. */
export const shared: Effect.Effect<string> = Effect.promise(() => started ??= one())

export interface Server {
  readonly url: string
  /** It ends in an orderly way, and cuts off who is connected. */
  readonly stop: Effect.Effect<void>
  /** It is killed with all that it runs. */
  readonly kill: Effect.Effect<void>
  readonly start: Effect.Effect<void>
  /** It stands still, and answers nobody, until it is let go on. */
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
}

export const own: Effect.Effect<Server, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.promise(async () => {
      const folder = mkdtempSync(join(tmpdir(), "effect-cano-postgres-"))
      const child = spawn(process.execPath, [keeper, folder], { stdio: ["pipe", "pipe", "inherit"] })
      return { child, url: await said(folder) }
    }),
    ({ child }) =>
      Effect.promise(async () => {
        const ended = new Promise((resolve) => child.on("close", resolve))
        child.stdin.end()
        await ended
      })
  ),
  ({ child, url }): Server => {
    const lines = createInterface({ input: child.stdout })
    const order = (text: string) => Effect.promise(() => ordered(child, lines, text))
    return {
      url,
      stop: order("stop"),
      kill: order("kill"),
      start: order("start"),
      freeze: order("freeze"),
      thaw: order("thaw")
    }
  }
)

const ordered = (
  child: ChildProcess,
  lines: ReturnType<typeof createInterface>,
  text: string
): Promise<void> =>
  new Promise((resolve, reject) => {
    lines.once("line", (line) => line === "done" ? resolve() : reject(new Error(line)))
    child.stdin!.write(`${text}\n`)
  })
