/**
 * Laws of going back: whatever a machine does, wherever it fails and whoever interrupts it, what has taken effect is undone
 * exactly once, in reverse order, and nothing else is.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Cause, Effect, Exit } from "effect"
import { CanoError, RunEvent, type Saga, TaskResult } from "effect-cano"
import * as Task from "effect-cano/Task"
import {
  assertEvents,
  instant,
  int,
  oneOf,
  optional,
  passTime,
  primeClock,
  runs,
  type Untyped,
  untyped
} from "../kit/index.ts"

const step = Arbitrary.all({
  delay: Arbitrary.map(int(0, 4), (n) => n * 10),
  /** Where it ends: before it takes effect, or after; a part of it may be interruptible. */
  end: oneOf(["ok", "ok", "ok", "ok", "open", "fail", "die", "die after", "interrupt after", "not an Effect"]),
  undoes: oneOf(["at once", "in time", "fails", "not"])
})
type Step = typeof step extends Arbitrary.Arbitrary<infer A> ? A : never

const state = Arbitrary.all({
  kind: oneOf(["task", "task", "split", "split", "follow-on", "nested", "child", "pivot"]),
  task: step,
  branches: Arbitrary.array(step, { minLength: 1, maxLength: 4 }),
  strategy: oneOf(["all", "any", "quorum", "allFailFast"]),
  bulkhead: optional(oneOf([1, 2])),
  losers: oneOf(["interrupt", "await", "detach"]),
  keep: oneOf(["winners", "completed"]),
  otherwise: oneOf([true, false])
})
type State = typeof state extends Arbitrary.Arbitrary<infer A> ? A : never

/** What is seen of the world. */
interface World {
  /** What has taken effect and has not been undone, in order. */
  readonly applied: Array<string>
  /** All that was undone, in order; and what could not be. */
  readonly undone: Array<string>
  readonly stuck: Set<string>
  readonly faults: Array<string>
  /** The plain steps that were done when the run had passed a pivot. */
  readonly safe: Set<string>
  hasPivoted: boolean
}

const world = (): World => ({
  applied: [],
  undone: [],
  stuck: new Set(),
  faults: [],
  safe: new Set(),
  hasPivoted: false
})

/** A step that takes effect in one moment. */
const work = (self: World, name: string, { delay, end }: Step): Effect.Effect<string, string> => {
  const apply = Effect.sync(() => void self.applied.push(name))
  const wait = Effect.sleep(delay)
  switch (end) {
    case "ok":
      return wait.pipe(Effect.andThen(apply), Effect.as(name))
    case "open":
      return Effect.interruptible(wait).pipe(Effect.andThen(apply), Effect.as(name))
    case "fail":
      return wait.pipe(Effect.andThen(Effect.fail("declined")))
    case "die":
      return wait.pipe(Effect.andThen(Effect.die("bug")))
    case "die after":
      return wait.pipe(Effect.andThen(apply), Effect.andThen(Effect.die("bug")))
    case "interrupt after":
      return wait.pipe(Effect.andThen(apply), Effect.andThen(Effect.interrupt as Effect.Effect<never>))
    case "not an Effect":
      return wait.pipe(Effect.andThen(apply), Effect.flatMap((): Effect.Effect<never> => 42 as never))
  }
}

const undo =
  (self: World, { undoes }: Step, name: string) => (done: Saga.Done<unknown>, { key }: Saga.Step<unknown>) => {
    const run = Effect.suspend(() => {
      if (self.undone.includes(name)) self.faults.push(`${name} is undone twice (${key})`)
      if (done._tag === "Succeeded" && done.value !== name) self.faults.push(`${name} is told the value of another`)
      self.undone.push(name)
      if (undoes === "fails") {
        self.stuck.add(name)
        return Effect.fail("stuck")
      }
      const at = self.applied.lastIndexOf(name)
      if (at >= 0) self.applied.splice(at, 1)
      else if (done._tag === "Succeeded") self.faults.push(`${name} was not done`)
      return Effect.void
    })
    return undoes === "in time" ? Effect.andThen(Effect.interruptible(Effect.sleep(7)), run) : run
  }

/** What a leg does after its first step. */
const second = (branches: ReadonlyArray<Step>, j: number): Step => branches[(j + 1) % branches.length]!

const undoing = (self: World, given: Step, name: string) =>
  compensated(given) ? { compensate: undo(self, given, name) } : {}

const compensated = (given: Step): boolean => given.undoes !== "not"

const strategies = {
  all: { _tag: "All", n: 0 },
  any: { _tag: "Any", n: 0 },
  quorum: { _tag: "Quorum", n: 2 },
  allFailFast: { _tag: "AllFailFast", n: 0 }
} as const

const machineOf = (self: World, states: ReadonlyArray<State>, isAtOnce: boolean): Untyped => {
  const all = states.reduce((workflow, state, i) => {
    const next = i + 1 < states.length ? `S${i + 1}` : "Done"
    const { task } = state
    const name = `S${i}`
    // at a value that is no Effect a plain state ends the fiber of its run, which has tests of its own
    const own: Step = task.end === "not an Effect" ? { ...task, end: "die after" } : task
    if (state.kind === "task") {
      return workflow.register(name, { run: work(self, name, own), next, ...undoing(self, own, name) })
    }
    if (state.kind === "pivot") {
      const run = Effect.sync(() => {
        self.hasPivoted = true
        // losers that go on detached are undone all the same
        for (const done of self.applied) if (!done.includes("-")) self.safe.add(done)
      })
      return workflow.register(name, { run, next }, { pivot: true })
    }
    const options = {
      strategy: strategies[state.strategy],
      bulkhead: state.bulkhead,
      losers: state.losers,
      next,
      otherwise: state.otherwise ? next : undefined
    }
    if (state.kind === "follow-on" || state.kind === "nested") {
      // each leg does one thing, and then another, or two at once
      const legs = state.branches.map((_, j) => `${name}-${j}`)
      const withLegs = state.branches.reduce((workflow, given, j) => {
        const leg = legs[j]!
        const more = `${leg}+`
        const other = second(state.branches, j)
        const first = workflow.register(leg, { run: work(self, leg, given), next: more, ...undoing(self, given, leg) })
        return state.kind === "follow-on"
          ? first.register(more, { run: work(self, more, other), next: "Done", ...undoing(self, other, more) })
          : first.registerSplit(more, { x: work(self, more, other), y: Effect.sleep(15) }, {
            strategy: strategies.all,
            next: "Done",
            ...compensated(other) ? { compensate: { x: undo(self, other, more) } } : {}
          })
      }, workflow)
      return withLegs.registerSplit(name, () => TaskResult.split(legs), { ...options, keep: state.keep })
    }
    if (state.kind === "child") {
      const steps = state.branches.map((given) =>
        given.end === "not an Effect" ? { ...given, end: "die after" as const } : given
      )
      const child = steps.reduce((child, given, j) =>
        child.register(`C${j}`, {
          run: work(self, `${name}-${j}`, given),
          next: j + 1 < steps.length ? `C${j + 1}` : "Done",
          ...undoing(self, given, `${name}-${j}`)
        }), untyped("child").addExitStates("Done"))
      return workflow.register(name, { run: Task.workflow(child as never, "C0" as never), next })
    }
    const branches = Object.fromEntries(state.branches.map((given, j) => [`b${j}`, work(self, `${name}-b${j}`, given)]))
    const compensate = Object.fromEntries(
      state.branches.flatMap((given, j) => compensated(given) ? [[`b${j}`, undo(self, given, `${name}-b${j}`)]] : [])
    )
    return workflow.registerSplit(name, branches, { ...options, compensate, keep: state.keep })
  }, untyped().addExitStates("Done"))
  return all.withCompensation({ branches: isAtOnce ? "at once" : "in order" })
}

/** What can be undone of a state, each thing with the branch that it belongs to. */
const thingsOf = ({ branches, kind, task }: State, i: number): ReadonlyArray<readonly [string, number]> => {
  const of = (given: Step, name: string, j: number) => compensated(given) ? [[name, j] as const] : []
  switch (kind) {
    case "task":
      return of(task, `S${i}`, 0)
    case "pivot":
      return []
    case "split":
      return branches.flatMap((given, j) => of(given, `S${i}-b${j}`, j))
    case "child":
      return branches.flatMap((given, j) => of(given, `S${i}-${j}`, 0))
    default:
      return branches.flatMap((given, j) => [
        ...of(given, `S${i}-${j}`, j),
        ...of(second(branches, j), `S${i}-${j}+`, j)
      ])
  }
}

const undoable = (states: ReadonlyArray<State>): ReadonlySet<string> =>
  new Set(states.flatMap((state, i) => thingsOf(state, i).map(([name]) => name)))

const tried = (states: ReadonlyArray<State>, cut: number | undefined, second: number | undefined, isAtOnce: boolean) =>
  Effect.gen(function*() {
    yield* primeClock
    const self = world()
    const events: Array<RunEvent.RunEvent> = []
    const run = Effect.provide(
      machineOf(self, states, isAtOnce).orchestrate("S0", { runId: "r" }),
      RunEvent.layer([(event) => void events.push(event)])
    )
    const fiber = yield* Effect.forkDetach(run, { startImmediately: true })
    if (cut !== undefined) {
      yield* passTime(cut)
      yield* Effect.sync(() => fiber.interruptUnsafe())
    }
    if (second !== undefined) {
      yield* passTime(second)
      yield* Effect.sync(() => fiber.interruptUnsafe())
    }
    yield* passTime()
    const exit = fiber.pollUnsafe()
    assert.isDefined(exit)
    assert.deepStrictEqual(self.faults, [])
    return { self, exit: exit!, events }
  })

describe("a run that goes back", () => {
  it.effect.prop("undoes all that has taken effect, exactly once, and nothing else", {
    states: Arbitrary.array(state, { minLength: 1, maxLength: 5 }),
    cut: optional(instant),
    second: optional(instant),
    isAtOnce: oneOf([true, false])
  }, ({ cut, isAtOnce, second, states }) =>
    Effect.gen(function*() {
      const { events, exit, self } = yield* tried(states, cut, second, isAtOnce)
      assertEvents(events)
      const mayBeUndone = undoable(states)
      if (Exit.isFailure(exit) && !self.hasPivoted) {
        const left = self.applied.filter((name) => mayBeUndone.has(name) && !self.stuck.has(name))
        assert.deepStrictEqual(left, [])
        // who has seen what could not be undone knows of it
        const error = exit.cause.reasons.filter(Cause.isFailReason).map(({ error }) => error)
          .find((error) => error instanceof CanoError.CompensationError) as CanoError.CompensationError | undefined
        assert.strictEqual(error !== undefined, self.stuck.size > 0)
        assert.strictEqual(error?.failures.length ?? 0, self.stuck.size)
      }
      // what a pivot has let go is never undone
      for (const name of self.undone) assert.isFalse(self.safe.has(name), name)
      assert.strictEqual(new Set(self.undone).size, self.undone.length)
      // of one leg what came last is undone first
      for (const [at, name] of self.undone.entries()) {
        if (name.endsWith("+")) assert.notInclude(self.undone.slice(0, at), name.slice(0, -1))
      }
      for (const name of self.undone) assert.isTrue(mayBeUndone.has(name))
    }), runs(600))

  it.effect.prop("undoes the steps of states that follow each other in reverse order", {
    steps: Arbitrary.array(step, { minLength: 1, maxLength: 8 }),
    cut: optional(instant)
  }, ({ cut, steps }) =>
    Effect.gen(function*() {
      const plain = steps.map((task): State => ({
        kind: "task",
        task: { ...task, undoes: task.undoes === "not" ? "at once" : task.undoes },
        branches: [],
        strategy: "all",
        bulkhead: undefined,
        losers: "interrupt",
        keep: "winners",
        otherwise: false
      }))
      const { exit, self } = yield* tried(plain, cut, undefined, false)
      if (Exit.isSuccess(exit)) return assert.deepStrictEqual(self.undone, [])
      const numbers = self.undone.map((name) => Number(name.slice(1)))
      assert.deepStrictEqual(numbers, [...numbers].sort((a, b) => b - a))
      assert.deepStrictEqual(numbers.slice().reverse(), numbers.map((_, i) => i))
    }), runs(300))

  it.effect.prop("undoes, where it succeeds, what its joins do not keep, and nothing else", {
    states: Arbitrary.array(state, { minLength: 1, maxLength: 4 }),
    isAtOnce: oneOf([true, false])
  }, ({ isAtOnce, states }) =>
    Effect.gen(function*() {
      const { events, exit, self } = yield* tried(states, undefined, undefined, isAtOnce)
      if (Exit.isFailure(exit)) return
      states.forEach((given, i) => {
        const { keep, kind } = given
        const state = `S${i}`
        const isSplit = kind === "split" || kind === "follow-on" || kind === "nested"
        const isSatisfied = events.some((event) =>
          event._tag === "JoinDecided" && event.state === state && event.verdict === "satisfied"
        )
        for (const [name, index] of thingsOf(given, i)) {
          if (self.stuck.has(name)) continue
          const isKept = !isSplit || (isSatisfied && events.some((event) =>
            event._tag === "BranchSettled" && event.state === state && event.index === index &&
            event.outcome === "Succeeded"
          ))
          if (isKept) {
            assert.notInclude(self.undone, name)
          } else if (!(isSatisfied && keep === "completed")) {
            assert.notInclude(self.applied, name)
          }
        }
      })
    }), runs(300))
})
