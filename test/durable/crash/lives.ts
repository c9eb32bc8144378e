/**
 * The lives of a worker: it is started again and again on one file, and killed in each, until its runs have ended. Between
 * two lives its journal is read, and what it executes afterwards is judged by that. It lives as long as one case.
 */
import { buildSync } from "esbuild"
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as books from "./book.ts"
import { answer, decided, judge } from "./judge.ts"
import type { Settings } from "./orders.ts"
import * as plan from "./plan.ts"
import * as random from "./random.ts"

export const settings: Settings = { lease: 250, poll: 10, patience: 20_000, stopWithin: 2000, pause: 20 }

/** A folder with the workers in one file each, so that a process starts in some 50 ms. */
export const prepare = (): {
  readonly folder: string
  readonly worker: (name: string) => string
  readonly clean: () => void
} => {
  const folder = mkdtempSync(join(tmpdir(), "effect-cano-crash-"))
  const built = new Set<string>()
  const worker = (name: string) => {
    const outfile = join(folder, `${name}.mjs`)
    if (!built.has(name)) {
      buildSync({
        entryPoints: [join(import.meta.dirname, `${name}.ts`)],
        bundle: true,
        platform: "node",
        format: "esm",
        conditions: ["effect-cano-source"],
        outfile,
        logLevel: "error"
      })
      built.add(name)
    }
    return outfile
  }
  return { folder, worker, clean: () => rmSync(folder, { recursive: true, force: true }) }
}

export interface Life {
  readonly child: ChildProcess
  readonly output: () => string
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>
}

export const live = (worker: string, orders: object): Life => {
  const child = spawn(process.execPath, [worker, JSON.stringify(orders)], {
    env: { ...process.env, NODE_COMPILE_CACHE: `${worker}.cache` },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let text = ""
  child.stdout!.on("data", (data) => text += data)
  child.stderr!.on("data", (data) => text += data)
  return {
    child,
    output: () => text,
    ended: new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal })))
  }
}

/** When a life ends: by a write of the journal, or by the time. */
export type Death = { readonly _tag: "Write"; readonly at: number; readonly when: "before" | "after" } | {
  readonly _tag: "Time"
  readonly millis: number
}

/** Everything that was found wrong, and how often it was killed. */
export interface Report {
  readonly wrong: ReadonlyArray<string>
  readonly kills: number
  readonly lives: number
  readonly millis: number
}

/** Deaths of a case: those of its seed, and none when there have been enough. */
export type Deaths = (life: number) => Death | undefined

export const atRandom = (seed: number, most = 8): Deaths => {
  const r = random.make(seed * 31 + 17)
  return (life) =>
    life >= most
      ? undefined
      : r.oneIn(2)
      ? { _tag: "Write", at: r.int(1, 14), when: r.of(["before", "after"]) }
      : { _tag: "Time", millis: r.int(60, 320) }
}

/** Each life gets one write further than the one before, or two: all writes of a run are the last one of a life. */
export const stepByStep = (when: "before" | "after", most = 40): Deaths => (life) =>
  life >= most ? undefined : { _tag: "Write", at: 3 + life % 3, when }

/** One death, with one write. */
export const at = (write: number, when: "before" | "after"): Deaths => (life) =>
  life > 0 ? undefined : { _tag: "Write", at: write, when }

export const run = async (
  name: string,
  folder: string,
  worker: string,
  seeds: ReadonlyArray<number>,
  deaths: Deaths,
  file = join(folder, `${name}.db`)
): Promise<Report> => {
  const start = Date.now()
  const ledger = join(folder, `${name}.txt`)
  const plans = seeds.map((seed) => ({ own: plan.make(seed), runId: `r${seed}` }))
  const wrong: Array<string> = []
  /** What must not be executed any more, and why. */
  const over = new Map<string, string>()
  let kills = 0
  let read = 0
  let lives = 0
  const look = () => {
    const lines = existsSync(ledger) ? readFileSync(ledger, "utf8").split("\n").slice(0, -1) : []
    // within a life what is written is over from then on, too
    for (const line of lines.slice(read)) {
      const [what, ...rest] = line.split(" ")
      const [first, second] = rest
      if (what === "rec" && (first === "settle" || first === "compensate")) {
        over.set(`${first} ${second}`, "in the same life")
      }
      if (what === "fenced") wrong.push(`fenced though nobody else was there: ${line}`)
      if (what !== "exec" && what !== "undo") continue
      for (let key = first!; key.includes("/"); key = key.slice(0, key.lastIndexOf("/"))) {
        const why = over.get(`${what === "exec" ? "settle" : "compensate"} ${key}`)
        if (why !== undefined) wrong.push(`${line}: ${key} was written before, ${why}`)
        if (what === "exec" && over.has(`decided ${key}`)) wrong.push(`${line}: ${key} was decided before`)
        if (what === "exec" && over.has(`back ${key}`)) wrong.push(`${line}: ${key} goes back`)
      }
      if (what === "exec" && over.has(`back ${first!.split("/")[0]}`)) wrong.push(`${line}: the run goes back`)
    }
    read = lines.length
    return lines
  }
  for (;;) {
    const death = deaths(lives++)
    const kill = death?._tag === "Write" ? { at: death.at, when: death.when } : undefined
    const { child, ended, output } = live(worker, { file, ledger, seeds, settings, kill })
    const timer = setTimeout(() => child.kill("SIGKILL"), death?._tag === "Time" ? death.millis : 30_000)
    const { code, signal } = await ended
    clearTimeout(timer)
    look()
    for (const { own, runId } of plans) {
      const book = await books.of(file, runId)
      if (book === undefined) continue
      for (const row of book.rows) over.set(`${row.kind} ${runId}${row.key}`, `row ${row.n}, before life ${lives + 1}`)
      for (const key of decided(own, book)) over.set(`decided ${runId}${key}`, "")
      if (book.rows.some(({ key, kind }) => kind === "compensate" && key === "")) over.set(`back ${runId}`, "")
      wrong.push(...judge(own, book).map((sentence) => `${runId} after life ${lives}: ${sentence}`))
    }
    if (signal === "SIGKILL") {
      kills++
      if (death === undefined) {
        wrong.push(`life ${lives} has not ended within 30 s: ${output()}`)
        break
      }
      continue
    }
    if (code !== 0) wrong.push(`life ${lives} has ended with ${code}: ${output().slice(0, 2000)}`)
    // a loser that dies is told to the log
    if (/ERROR/.test(output())) wrong.push(`life ${lives} has said: ${output().slice(0, 2000)}`)
    break
  }
  // who asks for it later is told the same
  if (wrong.length === 0) {
    const { ended, output } = live(worker, { file, ledger, seeds, settings, kill: undefined })
    const { code } = await ended
    if (code !== 0) wrong.push(`a later process has ended with ${code}: ${output()}`)
    const lines = look()
    for (const { own, runId } of plans) {
      const book = (await books.of(file, runId))!
      if (book.status !== "ended") wrong.push(`${runId} is ${book.status}`)
      else {
        const should = answer(book)
        const answers = lines.filter((line) => line.startsWith(`end ${runId} `)).map((line) => line.split(" ")[2])
        if (answers.length === 0 || answers.some((said) => said !== should)) {
          wrong.push(`${runId}: ${answers} and not ${should}`)
        }
        wrong.push(...judge(own, book).map((sentence) => `${runId}: ${sentence}`))
      }
    }
  }
  return { wrong: [...new Set(wrong)], kills, lives, millis: Date.now() - start }
}
