/**
 * The cluster: its runners and its clients have one database, in which are the journal, the messages and the shards.
 */
import { NodeClusterSocket } from "@effect/platform-node"
import { Layer, Option } from "effect"
import * as Cluster from "effect-cano/cluster"
import * as Durable from "effect-cano/durable"
import * as Journal from "effect-cano/journal"
import * as Sqlite from "effect-cano/sqlite"
import { RunnerAddress } from "effect/cluster"

/** Shorter than usual, so that a crash is noticed within seconds. */
const shardingConfig = {
  shardsPerGroup: 12,
  shardLockExpiration: "2 seconds",
  shardLockRefreshInterval: "500 millis",
  refreshAssignmentsInterval: "200 millis",
  runnerHealthCheckInterval: "500 millis",
  entityMessagePollInterval: "200 millis"
} as const

const Engine = Cluster.layer.pipe(
  Layer.provideMerge(Journal.layerSql),
  Layer.provide(Durable.settings({ lease: "1 second", poll: "50 millis", parkAfter: 0 }))
)
const Database = Sqlite.layer({ filename: process.env["DATABASE"]! })

/** A runner drives runs, and others reach it at a port. */
export const Runner = (port: number) =>
  Engine.pipe(
    Layer.provideMerge(NodeClusterSocket.layer({
      storage: "sql",
      shardingConfig: { ...shardingConfig, runnerAddress: Option.some(RunnerAddress.make("127.0.0.1", port)) }
    })),
    Layer.provide(Database)
  )

/** A client drives none. */
export const Client = Engine.pipe(
  Layer.provideMerge(NodeClusterSocket.layer({
    clientOnly: true,
    storage: "sql",
    shardingConfig: { ...shardingConfig, runnerAddress: Option.none() }
  })),
  Layer.provide(Database)
)
