/**
 * node waits.mjs <orders as JSON>: a run that waits for a signal in a branch, and then for one in a state. The process parks
 * it and ends, or sends it a signal, or drives it to its end.
 */
import { Duration, Effect, Layer, Option, Schema } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import { appendFileSync, writeSync } from "node:fs"
import * as database from "./database.ts"
import type { WaitsOrders } from "./orders.ts"

const orders: WaitsOrders = JSON.parse(process.argv[2]!)
const tell = (...words: ReadonlyArray<string>) => appendFileSync(orders.ledger, `${words.join(" ")} ${process.pid}\n`)

const go = Signal.make("go", Schema.Int)
const State = Schema.Union([
  Schema.Literals(["Ask", "Lost"]),
  Schema.TaggedStruct("Wait", { first: Schema.Int }),
  Schema.TaggedStruct("Done", { got: Schema.Array(Schema.Int), by: Schema.Int })
])

const workflow = (Workflow.make("waits", State) as any)
  .registerSplit("Ask", {
    work: Effect.as(Effect.sync(() => tell("exec")), 0),
    go: Signal.wait(go)
  }, {
    strategy: JoinStrategy.all,
    schema: { success: Schema.Int, error: Schema.Never },
    next: ({ values }: any) => ({ _tag: "Wait", first: values.go }),
    otherwise: "Lost"
  })
  .registerSignal("Wait", go, {
    next: (n: number, { first }: any) => ({ _tag: "Done", got: [first, n], by: process.pid })
  })
  .addExitStates("Done", "Lost")

const definition = (Durable.make as any)(workflow, { version: 1 })
const { lease, patience, pause, poll, stopWithin } = orders.settings
const engine = Durable.layerSql.pipe(
  Layer.provide(database.layer(orders.file)),
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

const parked: Effect.Effect<void, any, any> = Effect.flatMap(
  Durable.show("r"),
  (head) =>
    Option.isSome(head) && head.value.status === "waiting" && head.value.owner === undefined
      ? Effect.void
      : Effect.andThen(Effect.sleep(5), Effect.suspend(() => parked))
)

const roles: Record<WaitsOrders["role"], Effect.Effect<unknown, any, any>> = {
  park: Effect.andThen(definition.start("r", "Ask"), parked),
  send: Effect.andThen(
    Effect.map(Runs.get("r"), Option.getOrThrow),
    (run) => run.signal(go, orders.value)
  ),
  drive: Effect.andThen(Effect.sync(() => tell("ready")), definition.run("r", "Ask"))
}

const layer = orders.role === "send" ? engine : Layer.provideMerge(definition.layer, engine)
const said = await Effect.runPromise(Effect.provide(roles[orders.role], layer) as Effect.Effect<unknown>)
writeSync(1, `${JSON.stringify(said ?? null)}\n`)
