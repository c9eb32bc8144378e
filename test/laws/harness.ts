/**
 * What the laws have in common: generators of splits, and `observe`, which runs one under the test clock and writes down
 * everything that can be seen of it, in the form in which the model predicts it.
 */
import { assert } from "@effect/vitest"
import { Arbitrary, Cause, Clock, Effect, Exit, Fiber, Option, Schema } from "effect"
import { JoinStrategy, Split, Workflow } from "effect-cano"
import type { SplitResult } from "effect-cano"
import { TestClock } from "effect/testing"
import { yieldsAtRandom } from "../yielding/yields.ts"
import * as model from "./model.ts"

/** How often a law is tried; always on the same cases, unless LAWS_SEED asks for others, or LAWS_FACTOR for more. */
export const runs = (count: number) => ({
  arbitrary: {
    runs: count * Number(process.env["LAWS_FACTOR"] ?? 1),
    size: 8,
    seed: process.env["LAWS_SEED"] ?? "effect-cano",
    maxShrinks: 400
  }
})

// -----------------------------------------------------------------------------
// generators
// -----------------------------------------------------------------------------

export const int = (minimum: number, maximum: number): Arbitrary.Arbitrary<number> =>
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum, maximum })))

export const oneOf = <const A extends ReadonlyArray<string | number | boolean>>(values: A) =>
  Arbitrary.map(int(0, values.length - 1), (i): A[number] => values[i]!)

export const optional = <A>(arbitrary: Arbitrary.Arbitrary<A>): Arbitrary.Arbitrary<A | undefined> =>
  Arbitrary.map(
    Arbitrary.all({ there: oneOf([false, true]), value: arbitrary }),
    ({ there, value }) => there ? value : undefined
  )

/** Branches end at multiples of 10 ms, deadlines lie between them. */
const delay = Arbitrary.map(int(0, 8), (n) => n * 10)

export const deadline: Arbitrary.Arbitrary<number> = Arbitrary.map(int(0, 20), (n) => n * 10 + 5)

/** An instant of the test: between the ends of branches, or at one. */
export const instant: Arbitrary.Arbitrary<number> = Arbitrary.map(int(0, 40), (n) => n * 5)

const behaviour = {
  cleanup: Arbitrary.map(int(0, 3), (n) => n * 100),
  cleanupDies: oneOf([false, false, true]),
  stubborn: oneOf([false, false, false, true])
}

/** A branch that ends by itself, in one way or another. */
export const branch: Arbitrary.Arbitrary<model.Branch> = Arbitrary.all({
  delay,
  end: oneOf(["Succeed", "Succeed", "Succeed", "Fail", "Die", "InterruptSelf"]),
  ...behaviour
})

/** A branch that may also hang until it is interrupted. */
export const anyBranch: Arbitrary.Arbitrary<model.Branch> = Arbitrary.map(
  Arbitrary.all({ branch, hangs: int(0, 11) }),
  ({ branch, hangs }) => hangs === 11 ? { ...branch, delay: Number.POSITIVE_INFINITY, stubborn: false } : branch
)

export const succeeding: Arbitrary.Arbitrary<model.Branch> = Arbitrary.map(
  branch,
  (branch): model.Branch => ({ ...branch, end: "Succeed" })
)

export const some = <A>(item: Arbitrary.Arbitrary<A>, minLength = 1) =>
  Arbitrary.array(item, { minLength, maxLength: 8 })

/**
 * The branches of a split. Where fibers yield at random, none of them completes synchronously, and no two end at the same
 * instant, whichever of them run one after another: which one would be first is not guaranteed there.
 */
export const listOf = (item: Arbitrary.Arbitrary<model.Branch>, minLength = 1) =>
  yieldsAtRandom
    ? Arbitrary.map(some(item, minLength), (branches) =>
      // sums of different powers of 2 are different, and those of 8 branches are less than 4 ms
      branches.map((branch, i): model.Branch => ({ ...branch, delay: branch.delay + 2 ** i / 64 })))
    : some(item, minLength)

export const strategy: Arbitrary.Arbitrary<model.Strategy> = Arbitrary.map(
  Arbitrary.all({
    _tag: oneOf(["All", "AllFailFast", "Any", "Quorum", "Percentage", "PartialResults", "PartialTimeout"]),
    n: int(1, 6),
    hundredths: int(1, 100)
  }),
  ({ _tag, hundredths, n }): model.Strategy =>
    _tag === "Quorum" || _tag === "PartialResults"
      ? { _tag, n }
      : _tag === "Percentage"
      ? { _tag, hundredths }
      : { _tag }
)

export const bulkhead = optional(int(1, 5))

export const shape: Arbitrary.Arbitrary<model.Shape> = oneOf([
  "array",
  "record",
  "function",
  "effect",
  "iterable",
  "generator"
])

/** Any split at all, broken ones included. */
export const anySplit: Arbitrary.Arbitrary<model.Split> = Arbitrary.map(
  Arbitrary.all({ branches: listOf(anyBranch, 0), strategy, bulkhead, timeout: optional(deadline), shape }),
  (split): model.Split => yieldsAtRandom && endsTooEarly(split) ? { ...split, shape: "function" } : split
)

/**
 * Whether the end of a lazy list decides at the instant in which its branches are started. Where fibers yield at random
 * it is open which of them have begun by then.
 */
const endsTooEarly = ({ branches, shape, strategy }: model.Split): boolean =>
  (shape === "iterable" || shape === "generator") && "n" in strategy && strategy.n > branches.length

/** A split that is sound, has branches and comes to an end. */
export const soundSplit: Arbitrary.Arbitrary<model.Split> = Arbitrary.map(
  Arbitrary.all({ branches: listOf(branch), strategy, bulkhead, timeout: optional(deadline), shape, spare: deadline }),
  ({ spare, strategy, timeout, ...rest }): model.Split => ({
    ...rest,
    strategy: "n" in strategy ? { ...strategy, n: Math.min(strategy.n, rest.branches.length) } : strategy,
    timeout: strategy._tag === "PartialTimeout" ? timeout ?? spare : timeout
  })
)

/** A split without a deadline. */
export const untimed = (split: model.Split): model.Split => ({
  ...split,
  strategy: split.strategy._tag === "PartialTimeout"
    ? { _tag: "PartialResults", n: split.branches.length }
    : split.strategy,
  timeout: undefined
})

export const toStrategy = (strategy: model.Strategy): JoinStrategy.Counting => {
  switch (strategy._tag) {
    case "All":
      return JoinStrategy.all
    case "AllFailFast":
      return JoinStrategy.allFailFast
    case "Any":
      return JoinStrategy.any
    case "PartialTimeout":
      return JoinStrategy.partialTimeout
    case "Quorum":
      return JoinStrategy.quorum(strategy.n)
    case "PartialResults":
      return JoinStrategy.partialResults(strategy.n)
    case "Percentage":
      return JoinStrategy.percentage(strategy.hundredths / 100)
  }
}

// -----------------------------------------------------------------------------
// branches that leave a trail
// -----------------------------------------------------------------------------

/** What the branches of one split did, in order, with times from its start. */
export interface Trail {
  readonly startedAt: number
  readonly started: Array<readonly [index: number, at: number]>
  readonly finished: Array<readonly [index: number, at: number]>
  readonly cut: Array<readonly [index: number, at: number]>
  running: number
  mostRunning: number
}

export const makeTrail: Effect.Effect<Trail> = Effect.map(Clock.currentTimeMillis, (startedAt) => ({
  startedAt,
  started: [],
  finished: [],
  cut: [],
  running: 0,
  mostRunning: 0
}))

const since = (trail: Trail): Effect.Effect<number> =>
  Effect.map(Clock.currentTimeMillis, (now) => now - trail.startedAt)

/** The error of a branch that fails; its defect when it dies; the defect of a finalizer that dies. */
export class Boom {
  readonly index: number
  constructor(index: number) {
    this.index = index
  }
}

const ending = ({ end }: model.Branch, index: number): Effect.Effect<number, Boom> => {
  switch (end) {
    case "Succeed":
      return Effect.succeed(index)
    case "Fail":
      return Effect.fail(new Boom(index))
    case "Die":
      return Effect.die(new Boom(index))
    case "InterruptSelf":
      return Effect.interrupt
  }
}

/** The branch as an Effect without a trail. */
export const toEffect = (branch: model.Branch, index: number, onCut = Effect.void): Effect.Effect<number, Boom> => {
  const { cleanup, cleanupDies, delay, stubborn } = branch
  const end = Effect.suspend(() => ending(branch, index))
  if (delay === 0) return end
  const work = Number.isFinite(delay) ? Effect.sleep(delay) : Effect.never
  if (stubborn) return Effect.uninterruptible(Effect.andThen(work, end))
  const finalizer = Effect.andThen(
    cleanup === 0 ? onCut : Effect.andThen(onCut, Effect.sleep(cleanup)),
    cleanupDies ? Effect.die(new Boom(index)) : Effect.void
  )
  return Effect.andThen(Effect.onInterrupt(work, () => finalizer), end)
}

export const traced = (trail: Trail, branch: model.Branch, index: number): Effect.Effect<number, Boom> => {
  const note = (list: Array<readonly [number, number]>) =>
    Effect.map(since(trail), (at) => {
      list.push([index, at])
    })
  const start = Effect.andThen(
    note(trail.started),
    Effect.sync(() => {
      trail.running++
      trail.mostRunning = Math.max(trail.mostRunning, trail.running)
    })
  )
  const finish = Effect.andThen(
    note(trail.finished),
    Effect.sync(() => {
      trail.running--
    })
  )
  // a branch that is interrupted between the two notes has not begun
  return Effect.uninterruptibleMask((restore) =>
    Effect.andThen(start, Effect.ensuring(restore(toEffect(branch, index, note(trail.cut))), finish))
  )
}

/** Branches in one of the shapes a split takes. */
export const toShape = (shape: model.Shape, effects: ReadonlyArray<Effect.Effect<unknown, unknown>>): unknown => {
  const iterable = {
    *[Symbol.iterator]() {
      yield* effects
    }
  }
  switch (shape) {
    case "array":
      return effects
    case "record":
      return Object.fromEntries(effects.map((effect, index) => [`b${index}`, effect]))
    case "function":
      return () => effects
    case "effect":
      return Effect.succeed(effects)
    case "iterable":
      return iterable
    case "generator":
      return function*() {
        yield* iterable
      }
  }
}

// -----------------------------------------------------------------------------
// running
// -----------------------------------------------------------------------------

type Result = SplitResult.SplitResult<unknown, unknown>

export interface Options {
  readonly strategy: JoinStrategy.JoinStrategy
  readonly bulkhead?: number | undefined
  readonly timeout?: number | undefined
  readonly discard?: boolean
  readonly losers?: SplitResult.Losers
}

/** A way to run a split. */
export type Runner = (branches: unknown, options: Options, trail: Trail) => Effect.Effect<Result, unknown>

/** `Split.run`, as a caller from JavaScript sees it. */
export const standalone = Split.run as unknown as (
  branches: unknown,
  options: Options
) => Effect.Effect<Result, unknown>

/** A workflow without its types. */
export interface Untyped {
  readonly register: (state: string, task: unknown) => Untyped
  readonly registerSplit: (state: string, branches: unknown, options: object) => Untyped
  readonly addExitStates: (...states: ReadonlyArray<string>) => Untyped
  readonly withResources: (layer: unknown) => Untyped
  readonly withTimeout: (duration: number) => Untyped
  readonly merge: (that: Untyped) => Untyped
  readonly validate: () => ReadonlyArray<unknown>
  readonly orchestrate: (initial: unknown, options?: object) => Effect.Effect<any, unknown>
}

export const untyped = (name = "laws"): Untyped => Workflow.make<string>(name) as unknown as Untyped

/** The same split as the only state of a workflow. */
export const registered: Runner = (branches, options) =>
  Effect.map(
    untyped()
      .registerSplit("Split", branches, { ...options, next: (result: Result) => ({ _tag: "Done", result }) })
      .addExitStates("Done")
      .orchestrate("Split"),
    (exit): Result => exit.result
  )

/** What was seen of a split: what the model predicts, and more. */
export interface Observation extends model.Prediction {
  readonly values: ReadonlyArray<unknown>
  readonly failures: ReadonlyArray<number>
  readonly cancelled: ReadonlyArray<number>
  readonly names: ReadonlyArray<string>
  readonly finished: ReadonlyArray<readonly [index: number, at: number]>
  readonly mostRunning: number
  /** Branches whose finalizers had not run when the split returned. */
  readonly leftRunning: number
  /** Values in causes that no branch put there. */
  readonly foreign: ReadonlyArray<unknown>
}

/** Time enough for every generated split to end. */
export const aLongTime = "1 minute"

/** Lets everything that can happen at this instant happen. */
const settleDown: Effect.Effect<void> = Effect.repeat(Effect.yieldNow, { times: 8 }).pipe(Effect.asVoid)

/** Lets the clock run on, and everything it wakes. */
export const passTime = (duration: number | typeof aLongTime = aLongTime): Effect.Effect<void> =>
  Effect.andThen(settleDown, Effect.andThen(TestClock.adjust(duration), settleDown))

/**
 * The first sleep of a test clock that has not been moved yet enters an interruptible region, to start the clock's
 * warning; in the finalizer of an interrupted fiber that cuts the finalizer off. Once the clock was moved it does not.
 */
export const primeClock: Effect.Effect<void> = TestClock.adjust(0)

export const observe = (split: model.Split, run: Runner = standalone): Effect.Effect<Observation> =>
  Effect.gen(function*() {
    yield* primeClock
    const trail = yield* makeTrail
    const { branches, bulkhead, shape, strategy, timeout } = split
    const effects = branches.map((branch, index) => traced(trail, branch, index))
    const running = Effect.gen(function*() {
      const exit = yield* Effect.exit(
        run(toShape(shape, effects), { strategy: toStrategy(strategy), bulkhead, timeout }, trail)
      )
      return { exit, endedAt: yield* since(trail), leftRunning: trail.running }
    })
    const fiber = yield* Effect.forkChild(running, { startImmediately: true })
    yield* passTime()
    const done = fiber.pollUnsafe()
    if (done === undefined) {
      yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* passTime()
    }
    const ended = done === undefined ? undefined : yield* done
    return describe(trail, ended)
  })

const describe = (
  trail: Trail,
  ended:
    | { readonly exit: Exit.Exit<Result, unknown>; readonly endedAt: number; readonly leftRunning: number }
    | undefined
): Observation => {
  // where fibers yield at random, the order of what happens at one instant is not guaranteed
  const inOrder = (list: ReadonlyArray<readonly [index: number, at: number]>) =>
    yieldsAtRandom ? [...list].sort(([i, at], [j, then]) => at - then || i - j) : list
  const seen = {
    started: inOrder(trail.started),
    finished: inOrder(trail.finished),
    mostRunning: trail.mostRunning,
    cut: [...trail.cut].sort(([a], [b]) => a - b),
    endedAt: ended?.endedAt ?? 0,
    leftRunning: ended?.leftRunning ?? trail.running
  }
  const { result, verdict } = ended === undefined
    ? { verdict: "Pending", result: undefined } as const
    : read(ended.exit)
  if (result?.outcomes === undefined) {
    return {
      ...seen,
      verdict,
      // under discard there are counts, and nothing else
      timedOut: result?.timedOut ?? false,
      tally: result?.tally ?? { total: 0, succeeded: 0, failed: 0, interrupted: 0, notStarted: 0 },
      outcomes: [],
      settled: [],
      diedLate: [],
      values: [],
      failures: [],
      cancelled: [],
      names: [],
      foreign: []
    }
  }
  const outcomes: ReadonlyArray<SplitResult.Outcome<unknown, unknown>> = Object.values(result.outcomes)
  const causes = outcomes.flatMap((outcome) => "cause" in outcome ? [outcome.cause] : [])
  return {
    ...seen,
    verdict,
    timedOut: result.timedOut,
    tally: { ...result.tally },
    outcomes: outcomes.map((outcome) => outcome._tag),
    settled: result.settled.map((outcome) => outcome.index),
    diedLate: outcomes.filter((outcome) => outcome._tag === "Interrupted" && Cause.hasDies(outcome.cause)).map((
      outcome
    ) => outcome.index),
    values: Object.values(result.values),
    failures: result.failures.map((outcome) => outcome.index),
    cancelled: result.cancelled.map((outcome) => outcome.index),
    names: outcomes.map((outcome) => outcome.name),
    foreign: causes.flatMap((cause) =>
      cause.reasons.flatMap((reason) =>
        Cause.isInterruptReason(reason) ? [] : [Cause.isFailReason(reason) ? reason.error : reason.defect]
      )
    ).filter((value) => !(value instanceof Boom))
  }
}

const read = (
  exit: Exit.Exit<Result, unknown>
): { readonly verdict: model.Prediction["verdict"]; readonly result: Result | undefined } => {
  if (Exit.isSuccess(exit)) return { verdict: "Proceed", result: exit.value }
  const error: any = Option.getOrThrowWith(
    Cause.findErrorOption(exit.cause),
    () => new Error(`the split ended without an error of its own: ${Cause.pretty(exit.cause)}`)
  )
  return { verdict: error._tag, result: error.result }
}

/** The part of an observation that the model predicts, in the form it predicts it. */
export const predicted = (seen: model.Prediction): model.Prediction => {
  const { cut, diedLate, endedAt, outcomes, settled, started, tally, timedOut, verdict } = seen
  // what is left of a split that never ends is what was started
  return verdict === "Pending"
    ? { ...model.predict(never), verdict, started }
    : { verdict, timedOut, tally, outcomes, settled, diedLate, started, cut, endedAt }
}

const never: model.Split = {
  branches: [],
  strategy: { _tag: "Any" },
  bulkhead: undefined,
  timeout: undefined,
  shape: "array"
}

/** Asserts that two observations are equal, and names the first thing in which they are not. */
export const same = <A extends object>(actual: A, expected: A): void => {
  for (const key of Object.keys(expected) as Array<keyof A & string>) {
    assert.deepStrictEqual(
      actual[key],
      expected[key],
      `${key}: ${JSON.stringify(actual[key])} is not ${JSON.stringify(expected[key])}`
    )
  }
}
