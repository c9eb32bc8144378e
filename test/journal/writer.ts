// node writer.ts <file> <runner> <own run> <shared run> <times>: appends to a run of its own and to one that others append
// to, which it takes anew when it was fenced; it prints how often it was.
import { Effect, Layer } from "effect"
import * as Journal from "effect-cano/journal"
import * as Sqlite from "effect-cano/sqlite"
import { append, claim, create, newRun, row, signal } from "./samples.ts"

const [filename, runner, own, shared, times] = process.argv.slice(2) as [string, string, string, string, string]
const program = Effect.gen(function*() {
  const store = yield* Journal.Journal
  const take = Effect.fnUntraced(function*(runId: string) {
    yield* create(store, newRun(runId))
    const claimed = yield* claim(store, runId, runner)
    return claimed._tag === "Claimed" ? claimed.head.n + 1 : 0
  })
  let [n, there] = [yield* take(own), yield* take(shared)]
  let fenced = 0
  for (let i = 0; i < Number(times); i++) {
    const rows = [row("settle", `${runner} ${i}`), row("settle", `${runner} ${i}`)]
    yield* store.send(shared, signal("go", { id: `${i}`, data: runner }))
    const answers = yield* store.append([append(own, n, rows), append(shared, there, rows)])
    if (!answers[0]) throw new Error("nobody else appends to it")
    n += 2
    if (answers[1]) there += 2
    else {
      fenced++
      // with no lease of its own it is free for the others, too
      there = yield* take(shared)
    }
  }
  console.log(fenced)
})
const client = Layer.orDie(Sqlite.layer({ filename, synchronous: "normal", busyTimeout: "30 seconds" }))
await Effect.runPromise(program.pipe(Effect.provide(Journal.layerSql.pipe(Layer.provide(client)))))
