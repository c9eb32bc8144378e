/**
 * A client of the cluster: it starts three orders, approves each as soon as that waits for it, and is told how they have ended.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Logger, Option, Schedule } from "effect"
import * as Durable from "effect-cano/durable"
import * as Runs from "effect-cano/Runs"
import { Client } from "./cluster.ts"
import { Approval, Orders } from "./workflow.ts"

const ids = ["order-1", "order-2", "order-3"]

const waits = (runId: string) =>
  Durable.show(runId).pipe(
    Effect.map(Option.exists(({ state, status }) => state === "Approve" && status === "waiting")),
    Effect.repeat({ until: (isWaiting) => isWaiting, schedule: Schedule.spaced("50 millis") })
  )

const program = Effect.gen(function*() {
  for (const id of ids) yield* Orders.start(id, "Ask")
  yield* Console.log(`started ${ids.join(", ")}`)
  yield* Effect.forEach(ids, waits, { concurrency: "unbounded" })
  yield* Console.log("all of them are parked until somebody approves: no runner has anything of them in memory")
  for (const id of ids) yield* Runs.signal(id, Approval, id !== "order-3")
  for (const id of ids) yield* Console.log(`${id}: ${yield* Orders.await(id)}`)
})

NodeRuntime.runMain(Effect.provide(program, Layer.provideMerge(Client, Logger.layer([]))))
