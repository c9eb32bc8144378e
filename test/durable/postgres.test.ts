/**
 * Races that only a client shows whose answers come later: what is sent, parked, taken and written at the same time, through
 * the pools of several runners, on one PostgreSQL server.
 */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Logger, Option, Schema } from "effect"
import { Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import * as databases from "../postgres/databases.ts"
import * as server from "../postgres/server.ts"

const step = Signal.make("step", Schema.Int)

/** Four signals in a row, each asked for by a state of its own, which takes the one that was sent first. */
const State = Schema.Union(
  ["A", "B", "C", "D", "Done"].map((name) => Schema.TaggedStruct(name, { got: Schema.Array(Schema.Int) }))
)
const steps = (() => {
  let workflow: any = Workflow.make("steps", State as any)
  for (const [from, to] of ["AB", "BC", "CD"].map((pair) => [...pair]) as Array<[string, string]>) {
    workflow = workflow.registerSignal(from, step, {
      next: (n: number, { got }: any) => ({ _tag: to, got: [...got, n] })
    })
  }
  return workflow
    .registerSignal("D", step, { next: (n: number, { got }: any) => ({ _tag: "Done", got: [...got, n] }) })
    .addExitStates("Done")
})()

const settings = Durable.settings({
  lease: "30 seconds",
  poll: "20 millis",
  patience: "30 seconds",
  // each wait gives its run up
  parkAfter: Duration.zero
})

/** Until nobody has a run. */
const parked = (runId: string): Effect.Effect<void, unknown, any> =>
  Effect.flatMap(
    Durable.show(runId),
    (head) =>
      Option.isSome(head) && head.value.status === "waiting" && head.value.owner === undefined
        ? Effect.void
        : Effect.andThen(Effect.sleep(10), Effect.suspend(() => parked(runId)))
  )

describe("runs in PostgreSQL", () => {
  it.live("wait for a server that answers nobody, and go on by themselves when it does", () =>
    Effect.gen(function*() {
      const { freeze, thaw, url } = yield* server.own
      const said: Array<string> = []
      let times = 0
      const workflow: any = Workflow.make("jobs", Schema.Literals(["A", "B", "C", "Done"]))
        // its end can't be written, so that it is run again
        .register("A", Effect.suspend(() => times++ === 0 ? Effect.as(freeze, "B") : Effect.succeed("B")))
        .register("B", Effect.succeed("C"))
        .register("C", Effect.succeed("Done"))
        .addExitStates("Done")
      const definition = (Durable.make as any)(workflow, { version: 1 })
      const layer = definition.layer.pipe(
        Layer.provideMerge(Durable.layerSql),
        Layer.provide(databases.client(yield* databases.make(url), { maxConnections: 1 })),
        Layer.provide(Durable.settings({ lease: "1 minute", patience: "300 millis", pause: "20 millis" })),
        Layer.provideMerge(Logger.layer([Logger.make(({ message }) => void said.push(String(message)))]))
      ) as Layer.Layer<any, unknown>
      const context = yield* Layer.build(layer)
      const ending = yield* Effect.forkChild(
        Effect.provideContext(definition.run("r", "A"), context) as Effect.Effect<any, any>
      )
      while (!said.some((line) => /waits for its journal/.test(line))) yield* Effect.sleep(10)
      assert.isUndefined(ending.pollUnsafe())
      yield* thaw
      assert.strictEqual(yield* Fiber.join(ending), "Done")
      assert.strictEqual(times, 2)
    }))

  it.live("that are parked, woken and driven by several runners at once lose no signal, and take each once", () =>
    Effect.gen(function*() {
      const url = yield* databases.shared
      const many = 80
      const runner = Effect.gen(function*() {
        const definition = (Durable.make as any)(steps, { version: 1 })
        const engine = Durable.layerSql.pipe(
          Layer.provide(databases.client(url, { maxConnections: 4 })),
          Layer.provide(settings)
        )
        const context = yield* Layer.build(Layer.provideMerge(definition.layer, engine) as Layer.Layer<any, unknown>)
        return {
          definition,
          within: Effect.provideContext(context) as <A, E>(self: Effect.Effect<A, E, any>) => Effect.Effect<A, E>
        }
      })
      const runners = [yield* runner, yield* runner]
      const sender = yield* Layer.build(
        Durable.layerSql.pipe(Layer.provide(databases.client(url, { maxConnections: 4 })), Layer.provide(settings))
      )
      const send = (runId: string, n: number) =>
        Effect.gen(function*() {
          const run = Option.getOrThrow(yield* Runs.get(runId))
          yield* run.signal(step, n, { id: `${n}` })
        })
      const ends = yield* Effect.forEach(
        Array.from({ length: many }, (_, i) => `r${i}`),
        (runId, i) =>
          Effect.gen(function*() {
            const { definition, within } = runners[i % 2]!
            yield* within(definition.start(runId, { _tag: "A", got: [] }))
            const ending = yield* Effect.forkChild(within(definition.run(runId, { _tag: "A", got: [] })))
            for (let n = 1; n <= 4; n++) {
              // as it comes: while the run is taken, waits or is given up; of some when it is parked
              yield* i % 4 === 0 ? within(parked(runId)) : Effect.sleep((i * 7 + n * 13) % 60)
              // of who drives it, of who does not, and of somebody who drives nothing
              const by = (i + n) % 3
              yield* by === 2 ? Effect.provideContext(send(runId, n), sender) : runners[by]!.within(send(runId, n))
            }
            return yield* Fiber.join(ending)
          }),
        { concurrency: "unbounded" }
      )
      for (const end of ends) assert.deepStrictEqual(end, { _tag: "Done", got: [1, 2, 3, 4] })
      const client = yield* databases.connect(url, { maxConnections: 1 })
      const [owners] = yield* client`SELECT COUNT(*) AS n FROM cano_journal WHERE kind = 'owner'`
      assert.isAtLeast(Number(owners!["n"]), many + many / 4, "those that were parked were taken again")
    }))
})
