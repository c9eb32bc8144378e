/** A journal in memory and its operator, under TestClock: runs are written there as who drives them would. */
import { Effect, Fiber, Layer, Option, Stream } from "effect"
import * as Journal from "effect-cano/journal"
import * as Operator from "effect-cano/operator"
import { TestClock } from "effect/testing"
import { append, claim, create, newRun, row } from "../journal/samples.ts"
import { primeClock } from "../kit/index.ts"

export interface World {
  readonly store: Journal.Service
  readonly operator: Operator.Service
}

export const world: Effect.Effect<World> = Effect.gen(function*() {
  const store = yield* Journal.makeMemory
  const operator = yield* Effect.provide(
    Operator.Operator,
    Operator.layer.pipe(Layer.provide(Layer.succeed(Journal.Journal)(store)))
  )
  return { store, operator }
})

/** A run that ada drives, whose lease lasts until 10,000. */
export const driven = (store: Journal.Service, runId: string, run: Partial<Journal.NewRun> = {}) =>
  Effect.gen(function*() {
    yield* store.lease("ada", 10_000)
    yield* create(store, newRun(runId, run))
    yield* claim(store, runId, "ada")
  })

/** It was parked, and nobody drives it. */
export const parked = (store: Journal.Service, runId: string, rest: Partial<Journal.Parked> = {}) =>
  Effect.gen(function*() {
    const head = (yield* store.show(runId))!
    yield* store.park(runId, { n: head.n, seen: head.sent, wakeAt: undefined, isReleased: true, ...rest })
  })

/** It has ended, by the row of its exit. */
export const ended = (
  store: Journal.Service,
  runId: string,
  outcome: Journal.Outcome = "succeeded",
  data = `{"x":{"s":1}}`
) =>
  Effect.gen(function*() {
    const { n } = (yield* store.show(runId))!
    yield* store.append([append(runId, n + 1, [row("exit", data)], { head: { status: "ended", outcome } })])
  })

/** Whoever drives a run takes a letter, and answers. */
export const answer = (store: Journal.Service, runId: string, seq: number, answer: string | undefined) =>
  Effect.gen(function*() {
    const { n } = (yield* store.show(runId))!
    yield* store.append([append(runId, n + 1, [], { takes: [{ seq, answer }] })])
  })

/** What an effect comes to that waits, as the time passes. */
export const inTime = <A, E>(effect: Effect.Effect<A, E>, meanwhile: Effect.Effect<unknown, unknown> = Effect.void) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    yield* primeClock
    yield* Effect.orDie(meanwhile)
    yield* TestClock.adjust("1 minute")
    return yield* Fiber.join(fiber)
  })

export const whyOf = ({ operator }: World, runId: string) => Effect.map(operator.why(runId), Option.getOrThrow)
export const idsOf = <E>(stream: Stream.Stream<Journal.Head, E>) =>
  Effect.map(Stream.runCollect(stream), (heads) => heads.map(({ runId }) => runId))
