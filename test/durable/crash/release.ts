/**
 * node release.mjs <orders as JSON>: a process of one of two releases of a workflow, whose runs wait for a signal in a branch,
 * and then for one in a state. The second one has other names and another Schema, and migrates what the first has written.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Duration, Effect, Layer, Option, Schema } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import * as Sqlite from "effect-cano/sqlite"
import { appendFileSync, writeSync } from "node:fs"
import type { ReleaseOrders } from "./orders.ts"

const orders: ReleaseOrders = JSON.parse(process.argv[2]!)
const { release } = orders
const tell = (...words: ReadonlyArray<string>) => appendFileSync(orders.ledger, `${words.join(" ")} ${process.pid}\n`)

const go = Signal.make("go", Schema.Int)
const Done = Schema.TaggedStruct("Done", { got: Schema.Array(Schema.Int), by: Schema.Int })
const ask = release === 1 ? "Ask" : "Quote"
const State = Schema.Union([
  Schema.Literals([ask, "Lost"]),
  release === 1
    ? Schema.TaggedStruct("Wait", { first: Schema.Int })
    : Schema.TaggedStruct("Wait", { all: Schema.Array(Schema.Int) }),
  Done
])

const workflow = (Workflow.make("tender", State as never) as any)
  .registerSplit(ask, {
    work: Effect.flatMap(
      Workflow.CurrentRun as any,
      ({ runId }: any) => Effect.as(Effect.sync(() => tell("exec", runId)), 0)
    ),
    [release === 1 ? "go" : "gone"]: Signal.wait(go)
  }, {
    strategy: JoinStrategy.all,
    schema: { success: Schema.Int, error: Schema.Never },
    next: ({ values }: any) =>
      release === 1 ? { _tag: "Wait", first: values.go } : { _tag: "Wait", all: [values.gone] },
    otherwise: "Lost"
  })
  .registerSignal("Wait", go, {
    next: (n: number, { all, first }: any) => ({ _tag: "Done", got: [...(all ?? [first]), n], by: release })
  })
  .addExitStates("Done", "Lost")

const migrate = {
  1: {
    states: { Ask: "Quote" },
    branches: { Ask: { go: "gone" } },
    state: (state: any) =>
      state === "Ask" ? "Quote" : state._tag === "Wait" ? { _tag: "Wait", all: [state.first] } : state
  }
}
const definition = (Durable.make as any)(workflow, release === 1 ? { version: 1 } : { version: 2, migrate })
const { lease, patience, pause, poll, stopWithin } = orders.settings
const engine = Durable.layerSql.pipe(
  Layer.provide(Sqlite.layer({ filename: orders.file, synchronous: "normal", busyTimeout: "20 seconds" })),
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

const say = (said: unknown) => Effect.sync(() => writeSync(1, `${JSON.stringify(said)}\n`))
const each = (f: (runId: string) => Effect.Effect<unknown, any, any>) => Effect.forEach(orders.runIds, f)
const driven = Effect.flatMap(
  Durable.Durable,
  ({ runner }) => Effect.sync(() => tell("runner", String(release), runner))
)

const roles: Record<ReleaseOrders["role"], Effect.Effect<unknown, any, any>> = {
  drive: Effect.andThen(driven, Effect.andThen(each((runId) => definition.start(runId, ask)), Effect.never)),
  send: Effect.flatMap(
    each((runId) => Effect.flatMap(Effect.map(Runs.get(runId), Option.getOrThrow), (run) => run.signal(go, release))),
    say
  ),
  report: Effect.flatMap(Durable.report(definition), ({ refusals: _, ...report }) => say(report)),
  await: Effect.andThen(driven, Effect.flatMap(each((runId) => definition.await(runId)), say))
}

const layer = orders.role === "drive" || orders.role === "await" ? Layer.provideMerge(definition.layer, engine) : engine
NodeRuntime.runMain(Effect.provide(roles[orders.role], layer as Layer.Layer<any>) as Effect.Effect<unknown>)
