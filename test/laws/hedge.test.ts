/**
 * Laws of hedging: `Hedge.run` does what the reference hedge says, on every plan, and budgets hold however many runs share
 * them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Cause, Clock, Duration, Effect, Exit, Fiber, Schedule } from "effect"
import { Hedge, JoinStrategy, Split } from "effect-cano"
import {
  hedgeModel as model,
  int,
  oneOf,
  optional,
  passTime,
  primeClock,
  runs,
  same,
  some,
  yieldsAtRandom
} from "../kit/index.ts"

// -----------------------------------------------------------------------------
// generators
// -----------------------------------------------------------------------------

/**
 * Delays and waits are multiples of 64 ms. Attempt i takes no time, or a multiple of 64 ms and 2^i: it starts at the sum of
 * ends of attempts before it, so that no two things happen at the same instant.
 */
const grain = 64

const attempt = Arbitrary.all({
  length: int(0, 12),
  end: oneOf(["Succeed", "Succeed", "Fail", "Fail", "Fail", "FailFatally", "Die", "InterruptSelf"]),
  waits: optional(int(0, 11)),
  cleanup: Arbitrary.map(int(0, 2), (n) => n * 100)
})

const hedge: Arbitrary.Arbitrary<model.Hedge> = Arbitrary.map(
  Arbitrary.all({
    attempts: some(attempt, 6),
    maxAttempts: optional(int(1, 6)),
    delays: some(int(0, 9), 1),
    delay: oneOf(["duration", "function", "schedule"]),
    budget: optional(Arbitrary.all({ _tag: oneOf(["budget", "throttle"]), tokens: int(1, 6) })),
    interrupted: optional(int(0, 20))
  }),
  ({ attempts, delays, interrupted, ...rest }): model.Hedge => ({
    ...rest,
    attempts: attempts.slice(0, 6).map(({ length, waits, ...attempt }, i) => ({
      ...attempt,
      // where fibers yield at random, none completes synchronously
      millis: length === 0
        ? yieldsAtRandom ? 2 ** i : 0
        : length === 12
        ? Number.POSITIVE_INFINITY
        : length * grain + 2 ** i,
      wait: waits === undefined ? undefined : waits === 11 ? Number.POSITIVE_INFINITY : waits * grain
    })),
    delays: delays.map((n) => n === 9 ? Number.POSITIVE_INFINITY : n * grain),
    interruptAt: interrupted === undefined ? undefined : interrupted * grain + 0.5
  })
)

// -----------------------------------------------------------------------------
// what is seen of a hedge
// -----------------------------------------------------------------------------

class Failure {
  readonly attempt: number
  readonly isFatal: boolean
  readonly wait: number | undefined
  constructor(attempt: number, isFatal: boolean, wait?: number) {
    this.attempt = attempt
    this.isFatal = isFatal
    this.wait = wait
  }
}

const toDelay = ({ delay, delays }: model.Hedge): Hedge.Delay => {
  switch (delay) {
    case "duration":
      return delays[0]!
    case "function":
      return (attempt) => model.of(delays, attempt - 1)
    case "schedule":
      return Schedule.modifyDelay(
        Schedule.setInputType<number>()(Schedule.recurs(delays.length)),
        ({ input }) => Effect.succeed(delays[input - 1]!)
      )
  }
}

const end = ({ end, wait }: model.Attempt, attempt: number): Effect.Effect<number, Failure> => {
  switch (end) {
    case "Succeed":
      return Effect.succeed(attempt)
    case "Fail":
      return Effect.fail(new Failure(attempt, false, wait))
    case "FailFatally":
      return Effect.fail(new Failure(attempt, true, wait))
    case "Die":
      return Effect.die(new Failure(attempt, false))
    case "InterruptSelf":
      return Effect.interrupt
  }
}

interface Observation extends model.Prediction {
  /** Attempts whose finalizers had not run when the hedge returned. */
  readonly leftRunning: number
}

const budgets = { budget: Hedge.budget, throttle: Hedge.throttle }

/** What is seen of the attempts of a hedge, be they calls or branches, and of what it shares with others. */
const witness = Effect.fnUntraced(function*(hedge: model.Hedge) {
  yield* primeClock
  const clock = yield* Clock.Clock
  const origin = clock.currentTimeMillisUnsafe()
  const now = () => clock.currentTimeMillisUnsafe() - origin
  const startedAt: Array<number> = []
  const cut: Array<readonly [attempt: number, at: number]> = []
  let recorded: number | undefined
  const budget = hedge.budget && budgets[hedge.budget._tag]({ tokens: hedge.budget.tokens, ratio: 0 })
  const latencies: Hedge.Latencies = {
    record: (latency) =>
      Effect.sync(() => {
        recorded = Duration.toMillis(latency)
      }),
    percentile: () => Effect.succeedNone,
    count: Effect.succeed(0)
  }
  const attempt = (index: number): Effect.Effect<number, Failure> => {
    const attempt = model.of(hedge.attempts, index)
    const { cleanup, millis } = attempt
    return Effect.suspend(() => {
      startedAt.push(now())
      return millis === 0 ? Effect.void : Number.isFinite(millis) ? Effect.sleep(millis) : Effect.never
    }).pipe(
      Effect.onInterrupt(() => {
        cut.push([index, now()])
        return cleanup === 0 ? Effect.void : Effect.sleep(cleanup)
      }),
      Effect.andThen(end(attempt, index))
    )
  }
  const seen = Effect.gen(function*() {
    return {
      startedAt,
      cut: cut.toSorted(([a], [b]) => a - b),
      recorded,
      tokens: budget === undefined ? undefined : yield* budget.tokens
    }
  })
  return { attempt, now, seen, shared: { budget, latencies } }
})

const observe = (hedge: model.Hedge): Effect.Effect<Observation> =>
  Effect.gen(function*() {
    const { attempt, now, seen, shared } = yield* witness(hedge)
    let running = 0
    const call = Hedge.run((index) => {
      running++
      return Effect.ensuring(
        attempt(index),
        Effect.sync(() => {
          running--
        })
      )
    }, {
      delay: toDelay(hedge),
      maxAttempts: hedge.maxAttempts,
      isFatal: ({ isFatal }) => isFatal,
      retryAfter: ({ wait }) => wait,
      ...shared
    })

    // noted by the caller's fiber, which would itself wait for its children at its end
    let ended: { readonly endedAt: number; readonly leftRunning: number } | undefined
    const noted = Effect.onExit(call, () =>
      Effect.sync(() => {
        ended = { endedAt: now(), leftRunning: running }
      }))
    const fiber = yield* Effect.forkChild(noted, { startImmediately: true })
    let interrupted = false
    if (hedge.interruptAt !== undefined) {
      yield* passTime(hedge.interruptAt)
      interrupted = fiber.pollUnsafe() === undefined
      yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
    }
    yield* passTime()
    const exit = fiber.pollUnsafe()
    if (interrupted) assert.isTrue(exit !== undefined && Exit.hasInterrupts(exit), "the interruption is seen")
    if (exit === undefined) {
      yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* passTime()
    }
    return {
      ...(exit === undefined
        ? { verdict: "Pending", by: [] }
        : interrupted
        ? { verdict: "Interrupted", by: [] }
        : read(exit)),
      ...yield* seen,
      endedAt: ended!.endedAt,
      leftRunning: ended!.leftRunning
    }
  })

const read = (exit: Exit.Exit<Hedge.Outcome<number>, unknown>): Pick<model.Prediction, "by" | "verdict"> => {
  if (Exit.isSuccess(exit)) {
    const { attempt, hedged, started, value } = exit.value
    assert.strictEqual(value, attempt)
    assert.strictEqual(hedged, attempt > 0)
    assert.isTrue(started > attempt)
    return { verdict: "Won", by: [attempt] }
  }
  const failures = exit.cause.reasons.flatMap((reason) =>
    Cause.isInterruptReason(reason) ? [] : [Cause.isFailReason(reason) ? reason.error : reason.defect]
  ) as ReadonlyArray<Failure>
  const [first] = failures
  return {
    verdict: first?.isFatal === true || Cause.hasDies(exit.cause) ? "Fatal" : "Failed",
    by: failures.map(({ attempt }) => attempt)
  }
}

/** A hedge that never ends has started what it has started, and no more is said of it. */
const comparable = (seen: model.Prediction): Partial<model.Prediction> => {
  const { by, cut, endedAt, recorded, startedAt, tokens, verdict } = seen
  return verdict === "Pending"
    ? { verdict, startedAt, tokens }
    : { verdict, by, startedAt, cut, endedAt, recorded, tokens }
}

describe("a hedge", () => {
  it.effect.prop(
    "starts what the reference hedge starts, when it does, and ends as it does",
    { hedge },
    ({ hedge }) =>
      Effect.gen(function*() {
        same(comparable(yield* observe(hedge)), comparable(model.predict(hedge)))
      }),
    runs(1500)
  )

  it.effect.prop(
    "has no attempt running when it returns",
    { hedge },
    ({ hedge }) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* observe(hedge)).leftRunning, 0)
      }),
    runs(300)
  )

  const sound = Arbitrary.map(hedge, (hedge): model.Hedge => ({ ...hedge, interruptAt: undefined }))
  const alone = (hedge: model.Hedge): model.Hedge => ({ ...hedge, maxAttempts: 1 })

  it.effect.prop(
    "of one attempt is that attempt, whatever the delay",
    { hedge: sound },
    ({ hedge }) =>
      Effect.gen(function*() {
        const seen = yield* observe(alone(hedge))
        assert.deepStrictEqual(seen.startedAt, [0])
        const { end, millis } = hedge.attempts[0]!
        assert.strictEqual(
          seen.verdict,
          millis === Number.POSITIVE_INFINITY
            ? "Pending"
            : end === "Succeed"
            ? "Won"
            : end === "FailFatally" || end === "Die"
            ? "Fatal"
            : "Failed"
        )
        assert.isTrue(seen.verdict === "Pending" || seen.endedAt === millis)
      }),
    runs(200)
  )

  it.effect.prop(
    "a duration, a function and a Schedule that say the same are the same delay",
    { hedge: sound },
    ({ hedge }) =>
      Effect.gen(function*() {
        const delays = Array.from({ length: 9 }, () => hedge.delays[0]!)
        const [first, ...others] = yield* Effect.forEach(
          ["duration", "function", "schedule"] as const,
          (delay) => observe({ ...hedge, delay, delays })
        )
        for (const other of others) same(comparable(other), comparable(first!))
      }),
    runs(150)
  )
})

// -----------------------------------------------------------------------------
// splits
// -----------------------------------------------------------------------------

describe("a hedged split", () => {
  /** What only `Hedge.run` knows is left out: fatal failures, and services that say when to come back. */
  const alternatives = Arbitrary.map(hedge, (hedge): model.Hedge => ({
    ...hedge,
    interruptAt: undefined,
    attempts: hedge.attempts.map((attempt) => ({
      ...attempt,
      wait: undefined,
      end: attempt.end === "Succeed" || attempt.end === "InterruptSelf" ? attempt.end : "Fail"
    }))
  }))

  const observeSplit = (hedge: model.Hedge, lazy: boolean) =>
    Effect.gen(function*() {
      const { attempt, now, seen, shared } = yield* witness(hedge)
      let endedAt = 0
      const branches = Array.from({ length: hedge.maxAttempts ?? 2 }, (_, index) => attempt(index))
      const list = lazy
        ? function*() {
          yield* branches
        }
        : branches
      const split = Split.run(list, {
        strategy: JoinStrategy.any,
        hedge: { delay: toDelay(hedge), ...shared }
      })
      const noted = Effect.onExit(split, () =>
        Effect.sync(() => {
          endedAt = now()
        }))
      const fiber = yield* Effect.forkChild(noted, { startImmediately: true })
      yield* passTime()
      const exit = fiber.pollUnsafe()
      const { startedAt, tokens, ...rest } = yield* seen
      if (exit === undefined) {
        yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
        yield* passTime()
        return { verdict: "Pending" as const, startedAt, tokens }
      }
      const verdict: model.Prediction["verdict"] = Exit.isSuccess(exit) ? "Won" : "Failed"
      return { verdict, startedAt, tokens, ...rest, endedAt }
    })

  it.effect.prop(
    "of any of its branches is a hedge over them: it starts, pays, records and ends as the reference hedge does",
    { hedge: alternatives, lazy: oneOf([false, true]) },
    ({ hedge, lazy }) =>
      Effect.gen(function*() {
        const { by: _, ...predicted } = comparable(model.predict(hedge))
        same<Partial<model.Prediction>>(yield* observeSplit(hedge, lazy), predicted)
      }),
    runs(1000)
  )
})

// -----------------------------------------------------------------------------
// budgets
// -----------------------------------------------------------------------------

/** Runs that share a budget, each with the time that passes until the next one starts. */
const crowd = some(Arbitrary.all({ hedge, gap: Arbitrary.map(int(0, 9), (n) => n * 40) }), 4)

const shared = Arbitrary.all({ crowd, tokens: int(1, 5), thousandths: int(0, 1500) })

describe("a budget that runs share", () => {
  /** Starts the runs one after the other, beside each other, and notes what the budget was told and has said. */
  const run = (runs: ReadonlyArray<{ readonly hedge: model.Hedge; readonly gap: number }>, budget: Hedge.Budget) =>
    Effect.gen(function*() {
      yield* primeClock
      const seen = { hedges: 0, successes: 0, failures: 0, runs: [] as Array<Hedge.Outcome<number> | undefined> }
      const trail: Array<{ readonly what: "hedge" | "refused" | "success" | "failure"; readonly tokens: number }> = []
      const note = (what: (typeof trail)[number]["what"]) =>
        Effect.map(budget.tokens, (tokens) => {
          trail.push({ what, tokens })
        })
      const watched: Hedge.Budget = {
        tokens: budget.tokens,
        take: Effect.tap(budget.take, (taken) => note(taken ? "hedge" : "refused")),
        succeeded: Effect.andThen(budget.succeeded, note("success")),
        failed: Effect.andThen(budget.failed, note("failure"))
      }
      const fibers: Array<Fiber.Fiber<Hedge.Outcome<number>, unknown>> = []
      for (const { gap, hedge } of runs) {
        const call = Hedge.run((index) => {
          if (index > 0) seen.hedges++
          const attempt = model.of(hedge.attempts, index)
          const { millis } = attempt
          return Effect.andThen(
            millis === 0 ? Effect.void : Number.isFinite(millis) ? Effect.sleep(millis) : Effect.never,
            end(attempt, index)
          )
        }, {
          delay: toDelay(hedge),
          maxAttempts: hedge.maxAttempts ?? 6,
          isFatal: ({ isFatal }) => isFatal,
          retryAfter: ({ wait }) => wait,
          budget: watched
        })
        fibers.push(yield* Effect.forkChild(call, { startImmediately: true }))
        yield* passTime(gap)
      }
      yield* passTime()
      for (const fiber of fibers) {
        const exit = fiber.pollUnsafe()
        if (exit !== undefined && Exit.isSuccess(exit)) seen.successes++
        yield* Fiber.interrupt(fiber)
      }
      return { ...seen, trail }
    })

  it.effect.prop(
    "has as many hedges started as tokens taken, and at most its tokens and the ratio of the successes",
    { shared },
    ({ shared: { crowd, thousandths, tokens } }) =>
      Effect.gen(function*() {
        const ratio = thousandths / 1000
        const budget = Hedge.budget({ tokens, ratio })
        const { hedges, successes, trail } = yield* run(crowd, budget)
        const counts = { hedge: 0, refused: 0, success: 0, failure: 0 }
        let thousandthsLeft = tokens * 1000
        for (const { tokens: left, what } of trail) {
          counts[what]++
          if (what === "refused") assert.isTrue(thousandthsLeft < 1000)
          if (what === "hedge") thousandthsLeft -= 1000
          if (what === "success") thousandthsLeft = Math.min(tokens * 1000, thousandthsLeft + thousandths)
          assert.strictEqual(Math.round(left * 1e6), thousandthsLeft * 1000)
          assert.isTrue(thousandthsLeft >= 0)
          assert.isTrue(counts.hedge * 1000 <= tokens * 1000 + thousandths * counts.success)
        }
        assert.strictEqual(counts.hedge, hedges)
        assert.strictEqual(counts.success, successes)
      }),
    runs(400)
  )

  it.effect.prop(
    "that is a throttle starts hedges while more than half of its tokens are there, and only failures take them",
    { shared },
    ({ shared: { crowd, thousandths, tokens } }) =>
      Effect.gen(function*() {
        const { trail } = yield* run(crowd, Hedge.throttle({ tokens, ratio: thousandths / 1000 }))
        let left = tokens * 1000
        for (const { tokens: now, what } of trail) {
          if (what === "hedge") assert.isTrue(left > tokens * 500)
          if (what === "refused") assert.isTrue(left <= tokens * 500)
          if (what === "failure") left = Math.max(0, left - 1000)
          if (what === "success") left = Math.min(tokens * 1000, left + thousandths)
          assert.strictEqual(Math.round(now * 1e6), left * 1000)
        }
      }),
    runs(300)
  )
})

describe("a recorder of latencies", () => {
  it.effect.prop(
    "has the percentile of a sorted list of the last ones, or at most 1/64 or 1 µs more",
    {
      size: int(1, 20),
      micros: Arbitrary.array(int(0, 5_000_000), { minLength: 1, maxLength: 60 }),
      hundredths: int(1, 100)
    },
    ({ hundredths, micros, size }) =>
      Effect.gen(function*() {
        const latencies = Hedge.latencies({ size })
        for (const one of micros) yield* latencies.record(Duration.micros(BigInt(one)))
        const last = micros.slice(-size).toSorted((a, b) => a - b)
        const exact = last[Math.ceil(Math.round(hundredths * last.length) / 100) - 1]!
        const found = yield* latencies.percentile(hundredths / 100)
        const seen = Duration.toMillis(found._tag === "Some" ? found.value : Duration.infinity) * 1000
        assert.strictEqual(yield* latencies.count, last.length)
        assert.isTrue(Math.round(seen) >= exact && seen <= Math.max(exact * 65 / 64, exact + 1), `${seen}, ${exact}`)
      }),
    runs(500)
  )
})
