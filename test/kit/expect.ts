/**
 * What a test expects, said once. The only module of the kit that knows the runner of the tests.
 */
import { assert } from "@effect/vitest"
import { Cause, Effect, Exit, Option } from "effect"
import type { Bulkhead, RunEvent, SplitResult } from "effect-cano"
import { TestClock } from "effect/testing"
import { start } from "./clock.ts"
import { faultsOfEvents } from "./events.ts"
import { tally } from "./result.ts"

/** The value of an exit that has succeeded. */
export const succeeded = <A, E>(exit: Exit.Exit<A, E>): A => {
  if (Exit.isFailure(exit)) throw new Error(`it has not succeeded: ${Cause.pretty(exit.cause)}`)
  return exit.value
}

/** The error of an exit that has failed. */
export const failureOf = <E>(exit: Exit.Exit<unknown, E> | undefined): E => {
  assert.isTrue(exit !== undefined && Exit.isFailure(exit), "it has failed")
  return Option.getOrThrow(Cause.findErrorOption((exit as Exit.Failure<unknown, E>).cause))
}

/** The same, for a test that looks at the fields it expects of one error out of many. */
export const failed = (exit: Exit.Exit<unknown, unknown> | undefined): any => failureOf(exit)

/** Runs an effect in a fiber of its own up to a time of the test clock, and expects it to have ended by then. */
export const endsWithin = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>, millis: number) {
  const fiber = yield* start(effect)
  yield* TestClock.adjust(millis)
  const exit = fiber.pollUnsafe()
  if (exit === undefined) {
    yield* Effect.sync(() => fiber.interruptUnsafe())
    return assert.fail("it has not ended")
  }
  return exit
})

/** Runs an effect millisecond by millisecond: its exit, and when it ended. */
export const stepped = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>, most = 200) {
  const fiber = yield* start(effect)
  for (let at = 0; at <= most; at++) {
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return { at, exit }
    yield* TestClock.adjust(1)
  }
  yield* Effect.sync(() => fiber.interruptUnsafe())
  return assert.fail("it has not ended")
})

/** Nobody has a place of a bulkhead or waits for one; and what else its statistics say. */
export const isIdle = (bulkhead: Bulkhead.Bulkhead, rest: Partial<Bulkhead.Statistics> = {}): Effect.Effect<void> =>
  Effect.map(bulkhead.statistics, (statistics) => assert.deepInclude(statistics, { inUse: 0, waiting: 0, ...rest }))

/** The counts of a result add up and agree with its outcomes. */
export const assertConsistent = (result: SplitResult.SplitResult<unknown, unknown>): void => {
  const counts = { Succeeded: 0, Failed: 0, Interrupted: 0, NotStarted: 0 }
  for (const outcome of result.outcomes) counts[outcome._tag]++
  assert.deepStrictEqual(
    { ...result.tally },
    tally(counts.Succeeded, counts.Failed, counts.Interrupted, counts.NotStarted)
  )
  assert.strictEqual(result.settled.length, counts.Succeeded + counts.Failed)
  assert.strictEqual(result.cancelled.length, counts.Interrupted + counts.NotStarted)
}

/** Events keep what docs/GUARANTEES.md says of them. */
export const assertEvents = (events: ReadonlyArray<RunEvent.RunEvent>): void =>
  assert.deepStrictEqual(faultsOfEvents(events), [])

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
