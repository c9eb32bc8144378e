/**
 * Laws of all options together: whatever is asked of a split at once, it comes to an end, its tally adds up, nothing of it
 * runs when its scope has closed, and every place of its bulkhead is back, also when it is interrupted.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Exit, Fiber, Scope } from "effect"
import { Bulkhead, Hedge } from "effect-cano"
import { TestClock } from "effect/testing"
import {
  anyBranch,
  branch,
  bulkhead,
  deadline,
  instant,
  int,
  listOf,
  makeTrail,
  oneOf,
  optional,
  passTime,
  primeClock,
  runs,
  shape,
  standalone,
  strategy,
  toShape,
  toStrategy,
  traced
} from "../kit/index.ts"

const options = {
  strategy,
  shape,
  bulkhead,
  timeout: optional(deadline),
  losers: oneOf(["interrupt", "await", "detach", "grace"]),
  places: oneOf(["own", "shared", "hedged"]),
  observer: oneOf(["none", "quick", "slow", "failing"]),
  keeps: oneOf(["all", "tally", "reduced"]),
  tens: int(0, 30)
}

type Given = {
  readonly [K in keyof typeof options]: (typeof options)[K] extends Arbitrary.Arbitrary<infer A> ? A : never
}

/** A split with such options, and what it shares with others. */
const make = (given: Given, shared: Bulkhead.Bulkhead, budget: Hedge.Budget) => {
  const { bulkhead, keeps, losers, observer, places, strategy, tens, timeout } = given
  let told = 0
  const onOutcome = () =>
    observer === "slow"
      ? Effect.sleep(tens * 10)
      : observer === "failing" && ++told === 3
      ? Effect.fail("the observer failed")
      : Effect.void
  return {
    // partialTimeout and the deadlines of what hangs need one
    timeout: timeout ?? 2005,
    strategy: toStrategy(strategy),
    ...losers === "grace" ? { losers: { grace: tens * 10 + 3 } } : { losers },
    ...places === "own"
      ? { bulkhead }
      : places === "shared"
      ? { bulkhead: shared }
      : { hedge: { delay: tens * 10, budget } },
    ...observer === "none" ? {} : { onOutcome },
    ...keeps === "tally" ? { discard: true } : {},
    ...keeps === "reduced" ? { reduce: { initial: () => 0, step: (n: number) => n + 1 } } : {}
  }
}

const whole = Effect.fnUntraced(function*(
  { branches, places, ...given }: Given & { readonly branches: ReadonlyArray<Parameters<typeof traced>[1]> },
  interruptedAt: number | undefined
) {
  yield* primeClock
  const shared = yield* Bulkhead.make("shared", { places: 2 })
  const budget = Hedge.budget({ tokens: 3, ratio: 0.5 })
  const trail = yield* makeTrail
  const scope = yield* Scope.make()
  const split = Effect.suspend(() =>
    standalone(
      toShape(given.shape, branches.map((branch, i) => traced(trail, branch, i))),
      make({ ...given, places }, shared, budget)
    )
  ).pipe(Effect.provideService(Scope.Scope, scope))
  const fiber = yield* Effect.forkChild(split, { startImmediately: true })
  if (interruptedAt !== undefined) {
    yield* TestClock.adjust(interruptedAt)
    yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
  }
  yield* passTime()
  const exit = fiber.pollUnsafe()
  assert.isDefined(exit)
  const closing = yield* Effect.forkChild(
    Scope.close(scope, interruptedAt === undefined ? Exit.void : Exit.interrupt(fiber.id)),
    { startImmediately: true }
  )
  yield* passTime()
  assert.isDefined(closing.pollUnsafe())
  assert.strictEqual(trail.running, 0)
  assert.strictEqual(trail.finished.length, trail.started.length)
  const { inUse, waiting } = yield* shared.statistics
  assert.deepStrictEqual({ inUse, waiting }, { inUse: 0, waiting: 0 })
  if (exit !== undefined && Exit.isSuccess(exit)) {
    const { failed, interrupted, notStarted, succeeded, total } = exit.value.tally
    assert.strictEqual(succeeded + failed + interrupted + notStarted, total)
    assert.strictEqual(total - notStarted, trail.started.length)
  }
})

describe("a split with any options", () => {
  it.effect.prop(
    "comes to an end, and leaves nothing behind",
    { given: Arbitrary.all({ ...options, branches: listOf(branch, 0) }) },
    ({ given }) => whole(given, undefined),
    runs(500)
  )

  it.effect.prop(
    "leaves nothing behind when it is interrupted at any instant",
    { given: Arbitrary.all({ ...options, branches: listOf(anyBranch, 0) }), instant },
    ({ given, instant }) => whole(given, instant),
    runs(500)
  )
})
