/**
 * node clustered.mjs <orders as JSON>: a runner of a cluster on one database, which drives the runs of seeds until it is ended; or a
 * client, which starts those runs, sends their signals, and waits until all of them have ended. What is executed is told a
 * ledger, one line for each.
 */
import { NodeClusterSocket, NodeRuntime } from "@effect/platform-node"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Duration, Effect, Exit, Fiber, Layer, Option, Redacted } from "effect"
import * as Cluster from "effect-cano/cluster"
import * as Durable from "effect-cano/durable"
import * as Journal from "effect-cano/journal"
import * as Runs from "effect-cano/Runs"
import * as Sqlite from "effect-cano/sqlite"
import { RunnerAddress } from "effect/cluster"
import { appendFileSync } from "node:fs"
import * as machine from "./machine.ts"
import type { ClusterOrders } from "./orders.ts"
import * as plan from "./plan.ts"

const orders: ClusterOrders = JSON.parse(process.argv[2]!)
const tell = (...words: ReadonlyArray<string>) => appendFileSync(orders.ledger, `${words.join(" ")} ${process.pid}\n`)

const watched = (journal: Journal.Service): Journal.Service => ({
  ...journal,
  append: (appends) =>
    Effect.tap(journal.append(appends), (written) =>
      Effect.sync(() =>
        appends.forEach(({ rows, runId }, i) => {
          for (const { key, kind } of rows) tell(written[i] ? "rec" : "fenced", kind, `${runId}${key}`)
        })
      ))
})

const definitions = orders.seeds.map((seed) => {
  const own = plan.make(seed)
  // what it is made of shows when it runs
  return { own, definition: (Durable.make as any)(machine.make(own, tell), { version: 1, error: machine.Bad }) }
})

const { lease, patience, pause, poll, stopWithin } = orders.settings
const settings = Durable.settings({
  lease: Duration.millis(lease),
  poll: Duration.millis(poll),
  patience: Duration.millis(patience),
  stopWithin: Duration.millis(stopWithin),
  pause: Duration.millis(pause),
  sweep: Duration.millis(orders.sweep)
})

const shardingConfig = {
  runnerAddress: orders.port === undefined ? Option.none() : Option.some(RunnerAddress.make("127.0.0.1", orders.port)),
  shardsPerGroup: 12,
  shardLockExpiration: "2 seconds",
  shardLockRefreshInterval: "500 millis",
  refreshAssignmentsInterval: "200 millis",
  runnerHealthCheckInterval: "500 millis",
  entityMessagePollInterval: "100 millis",
  entityTerminationTimeout: "5 seconds"
} as const

const database = orders.file.startsWith("postgres")
  ? PgClient.layer({ url: Redacted.make(orders.file), maxConnections: 5 })
  : Sqlite.layer({ filename: orders.file, synchronous: "normal", busyTimeout: "20 seconds" })

const engine = Cluster.layer.pipe(
  Layer.provideMerge(
    orders.port === undefined
      ? NodeClusterSocket.layer({ clientOnly: true, storage: "sql", shardingConfig })
      : NodeClusterSocket.layer({ storage: "sql", shardingConfig })
  ),
  Layer.provideMerge(
    Layer.effect(Journal.Journal, Effect.map(Journal.Journal, watched)).pipe(
      Layer.provideMerge(Journal.layerSql)
    )
  ),
  Layer.provideMerge(machine.places),
  Layer.provide(database),
  Layer.provideMerge(settings)
)

const runner = Effect.gen(function*() {
  tell("listening")
  return yield* Effect.never
}).pipe(
  Effect.provide(
    Layer.mergeAll(...definitions.map(({ definition }) => definition.layer) as [Layer.Layer<never>]).pipe(
      Layer.provideMerge(engine)
    )
  )
)

/** Signals are sent with an id, until the run has ended. */
const signals = (runId: string, stages: ReadonlyArray<plan.Stage>) =>
  Effect.gen(function*() {
    for (const [i, stage] of stages.entries()) {
      if (stage.kind !== "signal") continue
      yield* Effect.ignore(Runs.signal(runId, machine.Go, i, { id: `go-${i}` }))
    }
  })

const client = Effect.gen(function*() {
  const all = definitions.flatMap(({ definition, own }) =>
    Array.from({ length: orders.copies }, (_, i) => ({ definition, own, runId: `r${own.seed}-${i}` }))
  )
  yield* Effect.forEach(all, ({ definition, own, runId }) =>
    Effect.gen(function*() {
      // they begin one after another, whatever happens to the runners
      yield* Effect.sleep(Number(runId.split("-")[1]) * orders.paceMillis)
      yield* definition.start(runId, { _tag: "S0", got: "" })
      const waiting = yield* Effect.forkChild(Effect.exit(definition.run(runId, { _tag: "S0", got: "" })))
      yield* signals(runId, own.stages)
      const exit = (yield* Fiber.join(waiting)) as Exit.Exit<any, any>
      const said = Exit.isSuccess(exit)
        ? { _tag: exit.value._tag, got: exit.value.got }
        : exit.cause.reasons.map(({ defect, error }: any) =>
          error?._tag === "Bad" ? error.why : error?._tag ?? String(error ?? defect)
        )
      tell("end", runId, JSON.stringify(said).replaceAll(" ", "_"))
    }), { concurrency: "unbounded" })
}).pipe(Effect.provide(engine))

NodeRuntime.runMain((orders.port === undefined ? client : runner) as Effect.Effect<void>)
