/**
 * node jobs.mjs <orders as JSON>: one run of four jobs, one after another, each of which says who has done it. With SIGTERM it
 * stops. It lives until the run has ended, here or elsewhere.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Deferred, Duration, Effect, Exit, Layer, Schema } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import { appendFileSync, writeSync } from "node:fs"
import * as database from "./database.ts"
import type { JobsOrders } from "./orders.ts"

const orders: JobsOrders = JSON.parse(process.argv[2]!)
const tell = (...words: ReadonlyArray<string>) => appendFileSync(orders.ledger, `${words.join(" ")} ${process.pid}\n`)

const job = (name: string) =>
  Effect.andThen(
    Effect.sync(() => tell("exec", name)),
    Effect.as(Effect.sleep(orders.jobMillis), process.pid)
  )

const State = Schema.Union([
  Schema.Literals(["Jobs", "Lost"]),
  Schema.TaggedStruct("Tail", { by: Schema.Array(Schema.Int) }),
  Schema.TaggedStruct("Done", { by: Schema.Array(Schema.Int) })
])

const workflow = (Workflow.make("jobs", State) as any)
  .registerSplit("Jobs", { a: job("a"), b: job("b"), c: job("c"), d: job("d") }, {
    strategy: JoinStrategy.all,
    bulkhead: 1,
    schema: { success: Schema.Int, error: Schema.Never },
    next: ({ values }: any) => ({ _tag: "Tail", by: Object.values(values) }),
    otherwise: () => Effect.as(Effect.sync(() => tell("otherwise")), "Lost")
  })
  .register("Tail", ({ by }: any) => Effect.map(job("tail"), (pid) => ({ _tag: "Done", by: [...by, pid] })))
  .addExitStates("Done", "Lost")

const definition = (Durable.make as any)(workflow, { version: 1 })

const { lease, patience, pause, poll, stopWithin } = orders.settings
const layer = definition.layer.pipe(
  Layer.provideMerge(Durable.layerSql),
  Layer.provide(database.layer(orders.file, orders.busyMillis)),
  Layer.provide(
    Durable.settings({
      lease: Duration.millis(lease),
      poll: Duration.millis(poll),
      patience: Duration.millis(patience),
      stopWithin: Duration.millis(stopWithin),
      pause: Duration.millis(pause)
    })
  )
)

const program = Effect.gen(function*() {
  const stop = yield* Deferred.make<void>()
  if (orders.term === "handler") process.once("SIGTERM", () => Deferred.doneUnsafe(stop, Exit.void))
  tell("ready")
  const ended = Effect.map(
    Effect.forEach(orders.runIds, (runId) => definition.run(runId, "Jobs"), { concurrency: "unbounded" }),
    (ends) => void writeSync(1, `${JSON.stringify(ends)}\n`)
  )
  // the Layers are closed next
  yield* Effect.ensuring(Effect.raceFirst(ended, Deferred.await(stop)), Effect.sync(() => tell("stopping")))
}).pipe(Effect.provide(layer)) as Effect.Effect<void>

if (orders.term === "handler") await Effect.runPromise(program)
else NodeRuntime.runMain(program)
