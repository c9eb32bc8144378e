/**
 * A cluster on one database, of three runners that start at once on an empty database, of which each is killed, ended, frozen and
 * woken at random; a client that waits for its runs. All of them must end as they must. It lives as long as one case.
 */
import { Effect, Layer } from "effect"
import * as Journal from "effect-cano/journal"
import { existsSync, readFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import * as databases from "../../postgres/databases.ts"
import * as server from "../../postgres/server.ts"
import * as books from "./book.ts"
import { answer, judge } from "./judge.ts"
import * as lives from "./lives.ts"
import type { ClusterOrders } from "./orders.ts"
import * as plan from "./plan.ts"
import * as random from "./random.ts"

let next = 10_000 + process.pid % 20_000

/** A port that nobody listens at, and that no connection is given: each is asked for once. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const port = next++
    const server = createServer()
    server.once("error", () => resolve(freePort()))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(port)))
  })

/** The settings of a cluster in which a crash is noticed within some seconds. */
export const quick: Pick<ClusterOrders, "settings" | "sweep"> = {
  settings: { lease: 1000, poll: 50, patience: 5000, stopWithin: 2000, pause: 20 },
  sweep: 2000
}

export const run = async (
  name: string,
  folder: string,
  worker: string,
  seed: number,
  database: "sqlite" | "postgres",
  most = 16
): Promise<lives.Report> => {
  const start = Date.now()
  const r = random.make(seed * 71 + 3)
  const seeds = [seed, seed + 1]
  const copies = 12
  const file = database === "sqlite"
    ? join(folder, `${name}.db`)
    : await Effect.runPromise(Effect.flatMap(server.shared, databases.make))
  const ledger = join(folder, `${name}.txt`)
  const wrong: Array<string> = []
  let [kills, begun] = [0, 0]
  const orders = { file, ledger, seeds, copies, paceMillis: 400, ...quick }
  const one = async () => {
    begun++
    const life = lives.live(worker, { ...orders, port: await freePort() } satisfies ClusterOrders)
    const own = { life, isOver: false, isEnding: false }
    void life.ended.then(({ code, signal }) => {
      own.isOver = true
      if (signal !== "SIGKILL" && !(own.isEnding && (code === 130 || signal === "SIGTERM"))) {
        wrong.push(`a runner has ended with ${code} ${signal}: ${life.output()}`)
      }
    })
    return own
  }
  const lines = () => existsSync(ledger) ? readFileSync(ledger, "utf8").split("\n") : []
  const until = async (condition: () => boolean) => {
    const end = Date.now() + 60_000
    while (!condition() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const crowd = [await one(), await one(), await one()]
  await until(() => lines().some((line) => line.startsWith("listening")))
  const client = lives.live(worker, { ...orders, port: undefined } satisfies ClusterOrders)
  let isDone = false
  void client.ended.then(() => isDone = true)
  for (let deeds = 0; deeds < most && !isDone; deeds++) {
    await new Promise((resolve) => setTimeout(resolve, r.int(50, 900)))
    const i = r.int(0, crowd.length - 1)
    const own = crowd[i]!
    const deed = r.of(["SIGKILL", "SIGTERM", "SIGSTOP", "SIGSTOP", "SIGCONT", "SIGCONT"] as const)
    if (own.isOver) {
      crowd[i] = await one()
      continue
    }
    if (deed === "SIGTERM") own.isEnding = true
    own.life.child.kill(deed)
    if (deed === "SIGKILL") kills++
  }
  for (const { life: { child } } of crowd) child.kill("SIGCONT")
  crowd.push(await one())
  await until(() => isDone)
  if (!isDone) {
    wrong.push(`it has not ended within 60 s: ${client.output()}`)
    for (const { life } of crowd) wrong.push(life.output().slice(0, 2000))
    client.child.kill("SIGKILL")
  }
  const { code } = await client.ended
  if (code !== 0) wrong.push(`the client has ended with ${code}: ${client.output()}`)
  for (const own of crowd) {
    own.isEnding = true
    own.life.child.kill("SIGTERM")
  }
  // the server of a socket may wait for ever for the connection of somebody who was frozen; what is ours has been closed
  const late = setTimeout(() => {
    for (const { life } of crowd) life.child.kill("SIGKILL")
  }, 5000)
  await Promise.all(crowd.map(({ life }) => life.ended))
  clearTimeout(late)
  wrong.push(...await judged(file, lines(), seeds, copies))
  return { wrong: [...new Set(wrong)], kills, lives: begun, millis: Date.now() - start }
}

/** What is wrong with the runs of some seeds, by their journals and what was executed. */
export const judged = async (
  file: string,
  lines: ReadonlyArray<string>,
  seeds: ReadonlyArray<number>,
  copies: number
): Promise<ReadonlyArray<string>> => {
  const wrong: Array<string> = []
  /** What a process has recorded itself is not done again by it. */
  const over = new Set<string>()
  for (const line of lines) {
    const [what, first, second, third] = line.split(" ")
    if (what === "rec") over.add(`${first} ${second} ${third}`)
    if (what !== "exec" && what !== "undo") continue
    const pid = line.split(" ").at(-1)!
    for (let key = first!; key.includes("/"); key = key.slice(0, key.lastIndexOf("/"))) {
      if (over.has(`${what === "exec" ? "settle" : "compensate"} ${key} ${pid}`)) {
        wrong.push(`${line}: ${key} was written`)
      }
    }
  }
  for (const seed of seeds) {
    const own = plan.make(seed)
    for (let i = 0; i < copies; i++) {
      const runId = `r${seed}-${i}`
      const book = await bookOf(file, runId)
      if (book?.status !== "ended") {
        wrong.push(`${runId} is ${book?.status}`)
        continue
      }
      const should = answer(book)
      const answers = lines.filter((line) => line.startsWith(`end ${runId} `)).map((line) => line.split(" ")[2])
      if (answers.length !== 1 || answers[0] !== should) wrong.push(`${runId}: ${answers} and not ${should}`)
      wrong.push(...judge(own, book).map((sentence) => `${runId}: ${sentence}`))
    }
  }
  return wrong
}

/** What a database says of a run. */
export const bookOf = async (file: string, runId: string): Promise<books.Book | undefined> => {
  if (!file.startsWith("postgres")) return books.readCopy(file, runId)
  const { head, rows } = await Effect.runPromise(
    Effect.gen(function*() {
      const journal = yield* Journal.Journal
      return { head: yield* journal.show(runId), rows: yield* journal.rows(runId, 0, 100_000) }
    }).pipe(Effect.provide(Journal.layerSql.pipe(Layer.provide(databases.client(file, { maxConnections: 1 })))))
  )
  return head && {
    status: head.status,
    outcome: head.outcome ?? null,
    owner: head.owner ?? null,
    last: head.n,
    rows: rows.map(({ at, data, key, kind, n }) => ({
      n,
      kind,
      key,
      at,
      data: kind === "owner" ? data : JSON.parse(data)
    }))
  }
}
