/**
 * node bench/clustered.ts <database> <port> <mode>: a runner of the cluster that `bench/cluster.ts` measures, until it is ended; what
 * that starts is here, too.
 */
import { NodeClusterSocket, NodeRuntime } from "@effect/platform-node"
import * as PgClient from "@effect/sql-pg/PgClient"
import { Duration, Effect, Layer, Logger, Option, Redacted, Schema } from "effect"
import { Workflow } from "effect-cano"
import * as Cluster from "effect-cano/cluster"
import * as Durable from "effect-cano/durable"
import * as Journal from "effect-cano/journal"
import * as Signal from "effect-cano/Signal"
import * as Sqlite from "effect-cano/sqlite"
import { RunnerAddress } from "effect/cluster"

export const Go = Signal.make("go", Schema.Int)

/** Four visits, each of which does a millisecond of work. */
export const Work = Durable.make(
  Workflow.make("work", Schema.Literals(["A", "B", "C", "D", "Done"]))
    .register("A", Effect.as(Effect.sleep(1), "B"))
    .register("B", Effect.as(Effect.sleep(1), "C"))
    .register("C", Effect.as(Effect.sleep(1), "D"))
    .register("D", Effect.as(Effect.sleep(1), "Done"))
    .addExitStates("Done"),
  { version: 1 }
)

/** Waits for a signal, and ends. */
export const Wait = Durable.make(
  Workflow.make("wait", Schema.Literals(["Wait", "Done"])).registerSignal("Wait", Go, { next: "Done" }).addExitStates(
    "Done"
  ),
  { version: 1 }
)

/** Takes an hour, unless its runner is gone. */
export const Long = Durable.make(
  Workflow.make("long", Schema.Literals(["Work", "Done"]))
    .register("Work", Effect.as(Effect.sleep("1 hour"), "Done"))
    .addExitStates("Done"),
  { version: 1 }
)

/** Whether what waits is parked, and whether so many runs are waited for that it is seldom looked for their ends. */
export type Mode = "one" | "parking" | "many"

/** A cluster that notices a crash within seconds. */
export const engine = (database: string, port: number | undefined, mode: Mode) => {
  const shardingConfig = {
    runnerAddress: port === undefined ? Option.none() : Option.some(RunnerAddress.make("127.0.0.1", port)),
    shardsPerGroup: 32,
    shardLockExpiration: "5 seconds",
    shardLockRefreshInterval: "1 second",
    refreshAssignmentsInterval: "500 millis",
    runnerHealthCheckInterval: "1 second",
    entityMessagePollInterval: "500 millis"
  } as const
  const sharding = port === undefined
    ? NodeClusterSocket.layer({ clientOnly: true, storage: "sql", shardingConfig })
    : NodeClusterSocket.layer({ storage: "sql", shardingConfig })
  return Cluster.layer.pipe(
    Layer.provideMerge(Journal.layerSql),
    Layer.provide(Durable.settings({
      poll: mode === "many" ? "250 millis" : "20 millis",
      parkAfter: mode === "parking" ? 0 : Duration.infinity,
      stopWithin: "100 millis"
    })),
    Layer.provide(sharding),
    Layer.provide(
      database.startsWith("postgres")
        ? PgClient.layer({ url: Redacted.make(database), maxConnections: 10 })
        : Sqlite.layer({ filename: database })
    ),
    Layer.provideMerge(Logger.layer([]))
  )
}

if (import.meta.main) {
  const [database, port, mode] = process.argv.slice(2)
  const all = Layer.mergeAll(Work.layer, Wait.layer, Long.layer)
  NodeRuntime.runMain(Layer.launch(Layer.provide(all, engine(database!, Number(port), mode as Mode))))
}
