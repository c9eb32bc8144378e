/**
 * Plays the split of a vector with the engine, and writes down what can be seen of it in the words of the vectors. It is
 * written from the README of this folder, and shares nothing with the generator but the types of the format.
 */
import { Cause, Clock, Effect, Exit, Fiber, Option } from "effect"
import { JoinStrategy, Split } from "effect-cano"
import type { SplitResult } from "effect-cano"
import { TestClock } from "effect/testing"
import type * as format from "./generate.ts"

type Times = Array<readonly [index: number, at: number]>

/** All of an expectation but `decidedAt`, which shows only in the interruptions of losers. */
export interface Seen extends Omit<format.Expectation, "decidedAt"> {
  /** The branches that were interrupted, and when, in branch order. */
  readonly interrupted: Times
}

type Result = SplitResult.SplitResult<unknown, unknown, ReadonlyArray<SplitResult.Outcome.Any<unknown, unknown>>>

const toStrategy = (strategy: format.Strategy): JoinStrategy.JoinStrategy => {
  switch (strategy.kind) {
    case "all":
      return JoinStrategy.all
    case "all-fail-fast":
      return JoinStrategy.allFailFast
    case "any":
      return JoinStrategy.any
    case "quorum":
      return JoinStrategy.quorum(strategy.n)
    case "percentage":
      return JoinStrategy.percentage(strategy.percent / 100)
    case "partial-results":
      return JoinStrategy.partialResults(strategy.n)
    case "partial-timeout":
      return JoinStrategy.partialTimeout
  }
}

const ending = (end: format.Branch["end"]): Effect.Effect<string, string> => {
  switch (end) {
    case "succeed":
      return Effect.succeed("done")
    case "fail":
      return Effect.fail("failed")
    case "die":
      return Effect.die("died")
    case "interrupt-self":
      return Effect.interrupt
  }
}

const toBranch = (
  { delay, end, finalizer = 0, finalizerDies = false, interruptible = true }: format.Branch,
  onStart: Effect.Effect<void>,
  onInterrupt: Effect.Effect<void>
): Effect.Effect<string, string> => {
  const work = delay === null ? Effect.never : delay === 0 ? Effect.void : Effect.sleep(delay)
  const cleanUp = Effect.andThen(
    finalizer === 0 ? onInterrupt : Effect.andThen(onInterrupt, Effect.sleep(finalizer)),
    finalizerDies ? Effect.die("died in its finalizer") : Effect.void
  )
  const body = interruptible
    ? Effect.andThen(Effect.onInterrupt(work, () => cleanUp), ending(end))
    : Effect.uninterruptible(Effect.andThen(work, ending(end)))
  return Effect.andThen(onStart, body)
}

const toList = (list: format.Split["list"], branches: ReadonlyArray<Effect.Effect<string, string>>): unknown => {
  switch (list) {
    case "static":
      return branches
    case "dynamic":
      return () => branches
    case "lazy":
      return function*() {
        yield* branches
      }
  }
}

/** `Split.run` without its types, which refuse some of the vectors. */
const run = Split.run as unknown as (branches: unknown, options: object) => Effect.Effect<Result, unknown>

/** Longer than any vector takes. */
const longest = "1 minute"

/** Lets the clock run on, and everything that it wakes. */
const passTime = TestClock.adjust(longest).pipe(Effect.andThen(Effect.repeat(Effect.yieldNow, { times: 8 })))

export const observe = (split: format.Split): Effect.Effect<Seen> =>
  Effect.gen(function*() {
    // the first sleep of a test clock is special, and should not be that of a finalizer
    yield* TestClock.adjust(0)
    const epoch = yield* Clock.currentTimeMillis
    const now = Effect.map(Clock.currentTimeMillis, (at) => at - epoch)
    const starts: Times = []
    const interrupted: Times = []
    const note = (times: Times, index: number) =>
      Effect.map(now, (at) => {
        times.push([index, at])
      })

    const branches = split.branches.map((branch, index) =>
      toBranch(branch, note(starts, index), note(interrupted, index))
    )
    let ended: { readonly exit: Exit.Exit<Result, unknown>; readonly at: number } | undefined
    const running = Effect.gen(function*() {
      const exit = yield* Effect.exit(run(toList(split.list, branches), {
        strategy: toStrategy(split.strategy),
        bulkhead: split.bulkhead ?? undefined,
        timeout: split.timeout ?? undefined,
        losers: split.losers.kind === "grace" ? { grace: split.losers.grace } : split.losers.kind
      }))
      ended = { exit, at: yield* now }
    })
    // the scope is that of detached branches, which end before it
    const fiber = yield* Effect.forkChild(Effect.scoped(running), { startImmediately: true })
    yield* passTime
    const seen = describe(split, ended, starts, interrupted)
    if (fiber.pollUnsafe() === undefined) {
      yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* passTime
    }
    return seen
  })

const describe = (
  split: format.Split,
  ended: { readonly exit: Exit.Exit<Result, unknown>; readonly at: number } | undefined,
  started: Times,
  interrupted: Times
): Seen => {
  const startOf = new Map(started)
  const { result, verdict } = ended === undefined
    ? { verdict: "undecided" as const, result: undefined }
    : read(ended.exit)
  return {
    endedAt: ended?.at ?? null,
    interrupted: [...interrupted].sort(([a], [b]) => a - b),
    lateDefects: result?.outcomes.flatMap((outcome) => isLateDefect(outcome) ? [outcome.index] : []) ?? null,
    outcomes: result?.outcomes.map((outcome) => tags[outcome._tag]) ?? null,
    settled: result?.settled.map(({ index }) => index) ?? null,
    starts: split.branches.map((_, index) => startOf.get(index) ?? null),
    tally: result === undefined ? null : { ...result.tally },
    timedOut: result?.timedOut ?? false,
    verdict
  }
}

const tags = {
  Succeeded: "succeeded",
  Failed: "failed",
  Interrupted: "interrupted",
  NotStarted: "not-started",
  Late: "late",
  Detached: "detached"
} as const

const isLateDefect = (outcome: SplitResult.Outcome.Any<unknown, unknown>): boolean =>
  outcome._tag === "Interrupted"
    ? Cause.hasDies(outcome.cause)
    : outcome._tag === "Late" && Exit.isFailure(outcome.exit) && Cause.hasDies(outcome.exit.cause)

const verdicts = {
  JoinUnsatisfiedError: "unsatisfiable",
  JoinTimeoutError: "late",
  ConfigurationError: "misconfigured"
} as const

interface Reported {
  readonly _tag: keyof typeof verdicts
  readonly result?: Result
}

const read = (
  exit: Exit.Exit<Result, unknown>
): { readonly verdict: format.Expectation["verdict"]; readonly result: Result | undefined } => {
  if (Exit.isSuccess(exit)) return { verdict: "satisfied", result: exit.value }
  // a defect is thrown here, and ends the test
  const error = Option.getOrThrowWith(
    Cause.findErrorOption(exit.cause),
    () => new Error(`the split ended without an error of its own: ${Cause.pretty(exit.cause)}`)
  ) as Reported
  return { verdict: verdicts[error._tag], result: error.result }
}
