/**
 * A runner of the cluster, until it is ended.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Layer, Logger } from "effect"
import { Runner } from "./cluster.ts"
import { Orders } from "./workflow.ts"

const Process = Orders.layer.pipe(
  Layer.provideMerge(Runner(Number(process.env["PORT"]))),
  Layer.provide(Logger.layer([]))
)

NodeRuntime.runMain(Layer.launch(Process))
