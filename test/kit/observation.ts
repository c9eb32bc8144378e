/**
 * One observation of a split: it is run under the test clock, and everything that can be seen of it is written down in the
 * form in which the model predicts it.
 */
import { Cause, Effect, Exit, Fiber, Option } from "effect"
import type { JoinStrategy, SplitResult } from "effect-cano"
import { passTime, primeClock } from "./clock.ts"
import * as model from "./model.ts"
import { Boom, toShape, toStrategy } from "./program.ts"
import { makeTrail, since, traced, type Trail } from "./trail.ts"
import { standalone, untyped } from "./untyped.ts"
import { yieldsAtRandom } from "./yields.ts"

type Result = SplitResult.SplitResult<unknown, unknown>

/** What a split is run with. */
export interface Options {
  readonly strategy: JoinStrategy.JoinStrategy
  readonly bulkhead?: number | undefined
  readonly timeout?: number | undefined
  readonly discard?: boolean
  readonly losers?: SplitResult.Losers
}

/** A way to run a split. */
export type Runner = (branches: unknown, options: Options, trail: Trail) => Effect.Effect<Result, unknown>

/** The same split as the only state of a workflow. */
export const registered = (branches: unknown, options: Options): Effect.Effect<Result, unknown> =>
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

/** Runs a split, and writes down what is seen of it. */
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
