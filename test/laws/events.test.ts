/**
 * Laws of run events: whatever a machine does and whoever ends it, each start has exactly one end, in the numbers of its run,
 * and listening changes nothing.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Exit, Fiber } from "effect"
import { Hedge, RunEvent, TaskResult } from "effect-cano"
import {
  anySplit,
  assertEvents,
  branch,
  bulkhead,
  deadline,
  instant,
  int,
  line,
  listOf,
  model,
  observe,
  oneOf,
  optional,
  passTime,
  predicted,
  primeClock,
  registered,
  runs,
  same,
  shape,
  standalone,
  strategy,
  toEffect,
  toShape,
  toStrategy,
  untyped
} from "../kit/index.ts"

type Event = RunEvent.RunEvent

const noEffect: Effect.Effect<never> = Effect.flatMap(Effect.void, () => 42 as never)

/** What a task or a branch does besides. */
const deed = oneOf(["nothing", "split", "hedge", "run", "not an Effect", "fork"])

const behaviour = Arbitrary.all({ branch, deed })
type Behaviour = typeof behaviour extends Arbitrary.Arbitrary<infer A> ? A : never

const losers = oneOf(["interrupt", "await", "detach", "grace"])

const state = Arbitrary.all({
  kind: oneOf(["task", "task", "split", "split", "follow-on"]),
  task: behaviour,
  branches: listOf(branch),
  deeds: Arbitrary.array(deed, { minLength: 8, maxLength: 8 }),
  strategy,
  bulkhead,
  timeout: optional(deadline),
  losers,
  shape
})
type State = typeof state extends Arbitrary.Arbitrary<infer A> ? A : never

const inner = untyped("inner")
  .register("I", { run: Effect.sleep(15), next: "Done" })
  .addExitStates("Done")
  .orchestrate("I")

const doing = ({ branch, deed }: Behaviour, index: number): Effect.Effect<unknown, unknown> => {
  const work = toEffect(branch, index)
  switch (deed) {
    case "nothing":
      return work
    case "split":
      return standalone([work, Effect.sleep(20)], { strategy: toStrategy({ _tag: "Any" }) })
    case "hedge":
      return Hedge.run(() => work, { delay: 15 })
    case "run":
      return Effect.andThen(inner, work)
    case "not an Effect":
      return Effect.andThen(work, noEffect)
    case "fork":
      return Effect.andThen(Effect.forkChild(Effect.sleep(25), { startImmediately: true }), work)
  }
}

const machineOf = (states: ReadonlyArray<State>, timeout: number | undefined) => {
  const start = states.reduce((workflow, state, i) => {
    const next = i + 1 < states.length ? `S${i + 1}` : "Done"
    if (state.kind === "task") return workflow.register(`S${i}`, { run: doing(state.task, i), next })
    const branches = state.kind === "follow-on"
      ? () => TaskResult.split(["F", "F", `S${i + 1}`].filter((name) => i + 1 < states.length || name === "F"))
      : toShape(state.shape, state.branches.map((branch, j) => doing({ branch, deed: state.deeds[j]! }, j)))
    return workflow.registerSplit(`S${i}`, branches, {
      strategy: toStrategy(state.strategy),
      bulkhead: state.bulkhead,
      timeout: state.timeout ?? (state.strategy._tag === "PartialTimeout" ? 45 : undefined),
      losers: state.losers === "grace" ? { grace: 25 } : state.losers,
      next,
      otherwise: next
    })
  }, untyped().register("F", { run: Effect.sleep(10), next: "Done" }).addExitStates("Done"))
  return timeout === undefined ? start : start.withTimeout(timeout)
}

describe("events", () => {
  it.effect.prop("have exactly one end for each start, whatever a machine does and whoever interrupts it", {
    states: Arbitrary.array(state, { minLength: 1, maxLength: 4 }),
    timeout: optional(deadline),
    cut: optional(instant)
  }, ({ cut, states, timeout }) =>
    Effect.gen(function*() {
      yield* primeClock
      const events: Array<Event> = []
      const machine = machineOf(states, timeout)
      const run = Effect.provide(machine.orchestrate("S0"), RunEvent.layer([(event) => void events.push(event)]))
      const fiber = yield* Effect.forkDetach(run, { startImmediately: true })
      if (cut !== undefined) {
        yield* passTime(cut)
        yield* Effect.sync(() => fiber.interruptUnsafe())
      }
      yield* passTime()
      yield* passTime()
      const exit = fiber.pollUnsafe()
      assert.isDefined(exit, "it has ended")
      assertEvents(events)
      const end = events.findLast((event) => event._tag === "RunEnded")
      if (end !== undefined && Exit.isSuccess(exit!)) assert.deepStrictEqual(end.exit, exit)
    }), runs(400))

  it.effect.prop(
    "of a split say what the model says, and listening changes nothing",
    { split: anySplit },
    ({ split }) =>
      Effect.gen(function*() {
        const events: Array<Event> = []
        const layer = RunEvent.layer([(event) => void events.push(event)])
        const seen = yield* observe(split, (branches, options) => Effect.provide(registered(branches, options), layer))
        const prediction = model.predict(split)
        same(predicted(seen), predicted(prediction))
        if (events.length === 0 || seen.verdict === "Pending") return
        assertEvents(events)
        const ended = new Map(
          events.flatMap((event) =>
            event._tag === "BranchSettled" || event._tag === "BranchLost" ? [[event.index, event.outcome] as const] : []
          )
        )
        const isTold = events.some(({ _tag }) => _tag === "SplitStarted")
        if (!isTold) return
        assert.deepStrictEqual(
          [...ended].sort(([a], [b]) => a - b).map(([, outcome]) => outcome),
          [...prediction.outcomes],
          events.map(line).join("\n")
        )
        const settled = events.filter(({ _tag }) => _tag === "BranchSettled").map((event) => (event as any).index)
        assert.deepStrictEqual(settled, [...prediction.settled])
      }),
    runs(300)
  )

  it.effect.prop("are the same for each of several listeners, whatever one of them does", {
    branches: listOf(branch),
    fault: oneOf(["throws", "rejects", "Effect"]),
    at: int(1, 12)
  }, ({ at, branches, fault }) =>
    Effect.gen(function*() {
      const one: Array<Event> = []
      const two: Array<Event> = []
      const harmful = (event: Event): unknown => {
        one.push(event)
        if (event.seq < at) return undefined
        if (fault === "throws") throw new Error("no")
        return fault === "rejects" ? Promise.reject(new Error("no")) : Effect.die("no")
      }
      const effects = branches.map((branch, i) => toEffect(branch, i))
      const fiber = yield* Effect.forkChild(
        Effect.provide(
          registered(effects, { strategy: toStrategy({ _tag: "All" }) }),
          RunEvent.layer([harmful as RunEvent.Listener, (event) => void two.push(event)])
        ),
        { startImmediately: true }
      )
      yield* passTime()
      yield* Fiber.await(fiber)
      assert.deepStrictEqual(one, two)
      assertEvents(one)
    }), runs(100))
})
