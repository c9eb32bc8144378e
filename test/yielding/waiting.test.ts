/**
 * Laws of waiting: whoever waits for a place, for room in an outbox, for losers or for an attempt is woken, wherever fibers
 * yield. They run in the project "yields" only; the bulkhead is looked at whenever nothing is left that could happen.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Scope } from "effect"
import { Arbitrary, Cause, Clock, Effect, Exit, Fiber } from "effect"
import { Bulkhead, Hedge, JoinStrategy, Split } from "effect-cano"
import { TestClock } from "effect/testing"
import {
  int,
  oneOf,
  optional,
  primeClock,
  runs,
  standalone,
  strategy,
  toShape,
  toStrategy,
  untyped
} from "../kit/index.ts"

// -----------------------------------------------------------------------------
// generators
// -----------------------------------------------------------------------------

/** A list of any length up to the greatest, each as likely: an array has few elements in most cases. */
const several = <A>(item: Arbitrary.Arbitrary<A>, least: number, most: number): Arbitrary.Arbitrary<ReadonlyArray<A>> =>
  Arbitrary.map(
    Arbitrary.all({ length: int(least, most), all: Arbitrary.array(item, { minLength: most, maxLength: most }) }),
    ({ all, length }) => all.slice(0, length)
  )

/** Until an instant of the clock, and so many rounds of the scheduler more. */
interface Wait {
  readonly millis: number
  readonly rounds: number
}

/**
 * The test clock wakes one fiber after another and lets each come to rest, so that only in rounds many things happen at
 * the same time.
 */
const wait: Arbitrary.Arbitrary<Wait> = Arbitrary.all({
  millis: oneOf([0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 10, 20]),
  rounds: int(0, 5)
})

const now: Wait = { millis: 0, rounds: 0 }

const later = ({ millis, rounds }: Wait): Effect.Effect<void> => {
  const inRounds = rounds === 0 ? Effect.void : Effect.asVoid(Effect.repeat(Effect.yieldNow, { times: rounds - 1 }))
  return millis === 0 ? inRounds : Effect.andThen(Effect.sleep(millis), inRounds)
}

/** What a branch or an effect does. */
const work = Arbitrary.all({
  takes: wait,
  hangs: Arbitrary.map(int(0, 9), (n) => n === 9),
  end: oneOf(["Succeed", "Succeed", "Succeed", "Fail", "Die", "InterruptSelf"]),
  cleanup: oneOf([0, 0, 7]),
  /** So that its slot is replaced. */
  leavesChildren: oneOf([false, false, true])
})

type Work = (typeof work) extends Arbitrary.Arbitrary<infer A> ? A : never

const places = int(1, 4)

/** How many places there are later on. */
const resizes = several(Arbitrary.all({ at: wait, places }), 0, 3)

type Resizes = (typeof resizes) extends Arbitrary.Arbitrary<infer A> ? A : never

// -----------------------------------------------------------------------------
// running
// -----------------------------------------------------------------------------

const ends = {
  Succeed: Effect.void,
  Fail: Effect.fail("failed"),
  Die: Effect.die("died"),
  InterruptSelf: Effect.interrupt
}

/** Counts bodies, from their first operation to the end of their finalizers. */
class Census {
  begun = 0
  running = 0
  most = 0
  readonly ended: Array<number> = []
  body({ cleanup, end, hangs, leavesChildren, takes }: Work, index = 0): Effect.Effect<unknown, string> {
    const body = Effect.andThen(
      Effect.onInterrupt(
        hangs ? Effect.never : later(takes),
        () => cleanup === 0 ? Effect.void : Effect.sleep(cleanup)
      ),
      Effect.suspend((): Effect.Effect<unknown, string> => ends[end])
    )
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        this.begun++
        this.most = Math.max(this.most, ++this.running)
      }),
      () => leavesChildren ? Effect.andThen(Effect.forkChild(Effect.never, { startImmediately: true }), body) : body,
      () =>
        Effect.sync(() => {
          this.running--
          this.ended.push(index)
        })
    )
  }
}

type User = Effect.Effect<unknown, unknown>

type Users = ReadonlyArray<Fiber.Fiber<unknown, unknown>>

/**
 * Starts somebody, now or later, and who interrupts them. Not as a child, which would be waited for at the end of a test,
 * also where it waits for ever.
 */
const enter = (at: Wait, cut: Wait | undefined, user: User) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkDetach(Effect.andThen(later(at), user), { startImmediately: true })
    if (cut !== undefined) {
      yield* Effect.forkDetach(Effect.andThen(later(cut), Fiber.interrupt(fiber)), { startImmediately: true })
    }
    return fiber
  })

const resize = (bulkhead: Bulkhead.Bulkhead, resizes: Resizes) =>
  Effect.forEach(resizes, ({ at, places }) => enter(at, undefined, bulkhead.resize(places)))

const mostPlaces = (places: number, resizes: Resizes) => Math.max(places, ...resizes.map(({ places }) => places))

/**
 * A clock of which every reading is later than the one before, as on a slow machine: within a millisecond a place is kept
 * for several branches, whoever waits.
 */
const hurried = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Clock.Clock, (clock) => {
    let ticks = 0
    const currentTimeMillisUnsafe = () => clock.currentTimeMillisUnsafe() + ticks++
    return Effect.provideService(effect, Clock.Clock, Object.assign(Object.create(clock), { currentTimeMillisUnsafe }))
  })

/** The watchdog: names those who wait for ever, instead of waiting with them. */
const haveEnded = (users: Users, who: string) => {
  const waiting = users.flatMap((fiber, i) => fiber.pollUnsafe() === undefined ? [i] : [])
  assert.deepStrictEqual(waiting, [], `${who} ${waiting.join(", ")} of ${users.length} waits for ever`)
}

const haveSucceeded = (users: Users) => {
  for (const user of users) {
    const exit = user.pollUnsafe()!
    if (Exit.isFailure(exit)) assert.fail(Cause.pretty(exit.cause))
  }
}

/** Lets all time pass, and sees to it that nobody waits for a place that is free. */
const watch = (bulkhead: Bulkhead.Bulkhead) =>
  Effect.gen(function*() {
    for (let at = 0; at <= 100; at += 5) {
      yield* TestClock.adjust(at === 0 ? 0 : 5)
      const { inUse, places, waiting } = yield* bulkhead.statistics
      if (waiting > 0 && inUse < places) {
        assert.fail(`at ${at} ms ${waiting} wait, although ${places - inUse} of ${places} places are free`)
      }
    }
    yield* TestClock.adjust("1 hour")
  })

/** Nobody has a place or waits for one, and whoever comes now finds all of them. */
const isWhole = (bulkhead: Bulkhead.Bulkhead) =>
  Effect.gen(function*() {
    const { inUse, places, waiting } = yield* bulkhead.statistics
    assert.deepStrictEqual({ inUse, waiting }, { inUse: 0, waiting: 0 }, "places in use and waited for at the end")
    const census = new Census()
    const body = census.body({ takes: now, hangs: true, end: "Succeed", cleanup: 0, leavesChildren: false })
    const users = yield* Effect.forEach(
      Array.from({ length: places + 1 }),
      () => enter(now, undefined, bulkhead.withPlace(body))
    )
    yield* TestClock.adjust(0)
    assert.strictEqual(census.running, places, "places that can be taken at the end")
    yield* Effect.forEach(users, (user) => enter(now, undefined, Fiber.interrupt(user)))
    yield* TestClock.adjust(0)
    haveEnded(users, "user")
  })

// -----------------------------------------------------------------------------
// places
// -----------------------------------------------------------------------------

const single = Arbitrary.all({ at: wait, cut: optional(wait), work })

type Single = (typeof single) extends Arbitrary.Arbitrary<infer A> ? A : never

/** Whoever hangs is interrupted in the end. */
const cutOf = ({ cut, work }: Single): Wait | undefined => cut ?? (work.hangs ? { millis: 60, rounds: 0 } : undefined)

describe("effects that wait for a place", () => {
  it.effect.prop(
    "are all served, and give every place back",
    { effects: several(single, 1, 6), maxWaiting: optional(int(0, 6)), places, resizes },
    ({ effects, maxWaiting, places, resizes }) =>
      Effect.gen(function*() {
        yield* primeClock
        const bulkhead = yield* Bulkhead.make("shared", { places, maxWaiting })
        const census = new Census()
        const users = yield* Effect.forEach(
          effects,
          (effect) => enter(effect.at, cutOf(effect), bulkhead.withPlace(census.body(effect.work)))
        )
        yield* resize(bulkhead, resizes)
        yield* watch(bulkhead)
        haveEnded(users, "effect")
        assert.strictEqual(census.running, 0)
        assert.isAtMost(census.most, mostPlaces(places, resizes))
        const { rejected, started } = yield* bulkhead.statistics
        const refused = users.filter((user) => {
          const exit = user.pollUnsafe()!
          return Exit.isFailure(exit) &&
            exit.cause.reasons.some((reason) =>
              Cause.isFailReason(reason) && (reason.error as { readonly _tag?: string })._tag === "BulkheadFullError"
            )
        }).length
        if (effects.every((effect) => cutOf(effect) === undefined)) {
          assert.deepStrictEqual({ rejected, started }, { rejected: refused, started: census.begun })
          assert.strictEqual(rejected + started, effects.length)
        } else {
          // who is interrupted with the answer in hands may not have come to use it
          assert.isAtLeast(rejected, refused)
          assert.isAtLeast(started, census.begun)
          assert.isAtMost(rejected + started, effects.length)
        }
        yield* isWhole(bulkhead)
      }),
    runs(300)
  )
})

/** Branches that add others: the first all of them, or each the next one. */
const growing = (branches: ReadonlyArray<User>, oneByOne: boolean) =>
  Split.growing<unknown, unknown>((add) => {
    const from = (i: number): User => {
      const rest = i + 1 === branches.length
        ? []
        : oneByOne
        ? [from(i + 1)]
        : i === 0
        ? branches.slice(1)
        : []
      return rest.length === 0 ? branches[i]! : Effect.andThen(add(rest), branches[i]!)
    }
    return branches.length === 0 ? [] : [from(0)]
  })

const shape = oneOf(["array", "record", "iterable", "generator", "growing", "chain"])

const inShape = (
  kind: (typeof shape) extends Arbitrary.Arbitrary<infer A> ? A : never,
  branches: ReadonlyArray<User>
) =>
  kind === "growing" || kind === "chain"
    ? growing(branches, kind === "chain")
    : kind === "iterable"
    ? () => toShape(kind, branches)
    : toShape(kind, branches)

const split = Arbitrary.all({
  at: wait,
  cut: optional(wait),
  works: several(work, 1, 8),
  shape,
  strategy,
  timeout: oneOf([3, 12, 30, 55]),
  losers: oneOf(["interrupt", "interrupt", "await", "detach", "grace"]),
  told: optional(wait)
})

type Given = (typeof split) extends Arbitrary.Arbitrary<infer A> ? A : never

/** A split, in a scope of its own for what it detaches. Losers that hang would be waited for. */
const onBulkhead = (
  { losers, shape, strategy, told, timeout, works }: Given,
  bulkhead: Bulkhead.Bulkhead,
  census: Census
): User => {
  const branches = works.map((work, i) =>
    census.body(losers === "await" || losers === "detach" ? { ...work, hangs: false } : work, i)
  )
  return hurried(Effect.scoped(standalone(inShape(shape, branches), {
    strategy: toStrategy(strategy),
    timeout,
    losers: losers === "grace" ? { grace: 4 } : losers,
    bulkhead,
    ...told === undefined ? {} : { onOutcome: () => later(told) }
  })))
}

describe("splits that wait for a place", () => {
  it.effect.prop(
    "are all served, beside effects, and give every place back",
    { splits: several(split, 1, 5), effects: several(single, 0, 4), places, resizes },
    ({ effects, places, resizes, splits }) =>
      Effect.gen(function*() {
        yield* primeClock
        const bulkhead = yield* Bulkhead.make("shared", { places })
        const census = new Census()
        const users = yield* Effect.forEach(
          splits,
          (split) => enter(split.at, split.cut, onBulkhead(split, bulkhead, census))
        )
        const alone = yield* Effect.forEach(
          effects,
          (effect) => enter(effect.at, cutOf(effect), bulkhead.withPlace(census.body(effect.work)))
        )
        yield* resize(bulkhead, resizes)
        yield* watch(bulkhead)
        haveEnded(users, "split")
        haveEnded(alone, "effect")
        assert.strictEqual(census.running, 0)
        assert.isAtMost(census.most, mostPlaces(places, resizes))
        yield* isWhole(bulkhead)
      }),
    runs(400)
  )

  it.effect.prop(
    "run every branch once, where all are waited for",
    { splits: several(split, 1, 4), places, resizes, kind: oneOf(["shared", "own", "none"]) },
    ({ kind, places, resizes, splits }) =>
      Effect.gen(function*() {
        yield* primeClock
        const shared = yield* Bulkhead.make("shared", { places })
        const censuses = splits.map(() => new Census())
        const users = yield* Effect.forEach(splits, ({ at, shape, told, works }, i) => {
          const branches = works.map((work, j) => censuses[i]!.body({ ...work, hangs: false }, j))
          return enter(
            at,
            undefined,
            standalone(inShape(shape, branches), {
              strategy: JoinStrategy.all,
              ...kind === "none" ? {} : { bulkhead: kind === "shared" ? shared : places },
              ...told === undefined ? {} : { onOutcome: () => later(told) }
            }) as User
          )
        })
        yield* resize(shared, resizes)
        yield* watch(shared)
        haveEnded(users, "split")
        for (const [i, { works }] of splits.entries()) {
          assert.deepStrictEqual(
            censuses[i]!.ended.sort((a, b) => a - b),
            works.map((_, index) => index),
            `branches of split ${i} that have run`
          )
        }
        yield* isWhole(shared)
      }),
    runs(300)
  )
})

const contest = Arbitrary.all({
  rounds: several(int(0, 1), 3, 5),
  fails: int(0, 2),
  strategy: oneOf(["Any", "Any", "Quorum", "PartialResults"]),
  losers: oneOf(["await", "detach", "await", "detach", "grace", "interrupt"]),
  shape: oneOf(["array", "iterable", "growing"]),
  at: int(0, 1)
})

describe("splits that are decided while places change hands", () => {
  it.effect.prop(
    "come to an end, and give every place back",
    {
      contests: several(contest, 2, 3),
      places: int(1, 3),
      resizes: several(Arbitrary.all({ at: wait, places }), 0, 1)
    },
    ({ contests, places, resizes }) =>
      Effect.gen(function*() {
        yield* primeClock
        const bulkhead = yield* Bulkhead.make("shared", { places })
        const census = new Census()
        const users = yield* Effect.forEach(contests, ({ at, fails, losers, rounds, shape, strategy }) => {
          const works = rounds.map((rounds, i): Work => ({
            takes: { millis: 0, rounds },
            hangs: false,
            end: i < fails ? "Fail" : "Succeed",
            cleanup: 0,
            leavesChildren: false
          }))
          const given: Given = {
            at: now,
            cut: undefined,
            works,
            shape,
            strategy: strategy === "Any" ? { _tag: strategy } : { _tag: strategy, n: 2 },
            timeout: 55,
            losers,
            told: undefined
          }
          return enter({ millis: 0, rounds: at }, undefined, onBulkhead(given, bulkhead, census))
        })
        yield* resize(bulkhead, resizes)
        yield* watch(bulkhead)
        haveEnded(users, "split")
        assert.strictEqual(census.running, 0)
        yield* isWhole(bulkhead)
      }),
    runs(1000)
  )
})

// -----------------------------------------------------------------------------
// room for outcomes
// -----------------------------------------------------------------------------

describe("splits with an observer that takes its time", () => {
  it.effect.prop(
    "come to an end, and tell it of every branch",
    {
      sizes: several(int(17, 50), 1, 3),
      works: several(work, 1, 4),
      told: several(wait, 1, 4),
      kind: oneOf(["shared", "own", "none"]),
      shape,
      places,
      resizes
    },
    ({ kind, places, resizes, shape, sizes, told, works }) =>
      Effect.gen(function*() {
        yield* primeClock
        const shared = yield* Bulkhead.make("shared", { places })
        const seen = sizes.map((): Array<number> => [])
        const census = new Census()
        const users = yield* Effect.forEach(sizes, (size, i) => {
          const branches = Array.from(
            { length: size },
            (_, j) => census.body({ ...works[j % works.length]!, hangs: false }, j)
          )
          return enter(
            now,
            undefined,
            standalone(inShape(shape, branches), {
              strategy: JoinStrategy.tolerate({ maxFailures: 1e9 }),
              ...kind === "none" ? {} : { bulkhead: kind === "shared" ? shared : places },
              onOutcome: ({ index }: { readonly index: number }) =>
                Effect.andThen(later(told[index % told.length]!), Effect.sync(() => seen[i]!.push(index)))
            }) as User
          )
        })
        yield* resize(shared, resizes)
        yield* TestClock.adjust("1 hour")
        haveEnded(users, "split")
        haveSucceeded(users)
        for (const [i, size] of sizes.entries()) {
          assert.deepStrictEqual(
            seen[i]!.sort((a, b) => a - b),
            Array.from({ length: size }, (_, index) => index),
            `branches of split ${i} that its observer was told of`
          )
        }
        yield* isWhole(shared)
      }),
    runs(60)
  )
})

// -----------------------------------------------------------------------------
// losers
// -----------------------------------------------------------------------------

describe("a scope that closes", () => {
  it.effect.prop(
    "waits for the branches that were left in it, or ends them, and none is left",
    {
      splits: several(split, 1, 4),
      cut: optional(wait),
      close: oneOf(["success", "failure"]),
      owner: oneOf(["scope", "run"]),
      joined: oneOf([true, false])
    },
    ({ close, cut, joined, owner, splits }) =>
      Effect.gen(function*() {
        yield* primeClock
        const census = new Census()
        /** The last branch of a split is the next split, which may be left behind in turn. */
        const parting = (i: number): Effect.Effect<unknown, unknown, Scope.Scope> => {
          const given = splits[i]
          if (given === undefined) return Effect.void
          const branches = given.works.map((work) => census.body({ ...work, hangs: false }))
          return Effect.andThen(
            later(given.at),
            standalone([...branches, parting(i + 1)], {
              strategy: toStrategy(given.strategy),
              timeout: given.timeout,
              losers: given.losers === "detach" ? "detach" : { grace: 4 },
              ...given.told === undefined ? {} : { onOutcome: () => later(given.told!) }
            })
          )
        }
        const all = Effect.forEach([0, ...splits.keys()], (i) => Effect.ignore(parting(i)), {
          concurrency: "unbounded"
        })
        const given = Effect.andThen(
          // splits may also be decided while the scope closes
          joined ? all : Effect.andThen(Effect.forkChild(all), Effect.sleep(1)),
          close === "failure" ? Effect.fail("closed") : Effect.void
        )
        const whole: User = owner === "scope"
          ? Effect.scoped(given)
          : Effect.scoped(
            untyped().register("Split", Effect.as(given, "Done")).addExitStates("Done").orchestrate("Split")
          )
        let left = 0
        const noted = Effect.onExit(whole, () =>
          Effect.sync(() => {
            left = census.running
          }))
        const user = yield* enter(now, cut, noted)
        yield* TestClock.adjust("1 hour")
        haveEnded([user], "scope")
        assert.strictEqual(census.running, 0)
        // children of a fiber end with it, not with a scope
        if (joined) assert.strictEqual(left, 0, "branches that run when the scope has closed")
      }),
    runs(200)
  )
})

// -----------------------------------------------------------------------------
// hedges
// -----------------------------------------------------------------------------

describe("hedges", () => {
  it.effect.prop(
    "come to an end with every attempt that they have started, and keep to their budget",
    {
      hedges: several(
        Arbitrary.all({
          at: wait,
          cut: optional(wait),
          works: several(work, 1, 6),
          delay: oneOf([0, 1, 5, 10, 1e9]),
          shape: oneOf(["array", "iterable", "generator"]),
          kind: oneOf(["split", "effect"]),
          told: optional(wait)
        }),
        1,
        4
      ),
      tokens: int(1, 5)
    },
    ({ hedges, tokens }) =>
      Effect.gen(function*() {
        yield* primeClock
        const budget = Hedge.budget({ tokens, ratio: 0.5 })
        const census = new Census()
        const users = yield* Effect.forEach(hedges, ({ at, cut, delay, kind, shape, told, works }) => {
          const bodies = works.map((work) => census.body(work))
          const hedge: User = kind === "split"
            ? standalone(inShape(shape, bodies), {
              strategy: JoinStrategy.any,
              hedge: { delay, budget },
              ...told === undefined ? {} : { onOutcome: () => later(told) }
            }) as User
            : Hedge.run((i) => bodies[i % bodies.length]!, { delay, maxAttempts: bodies.length, budget })
          // ends what hangs
          return enter(at, cut, Effect.timeout(hedge, 60))
        })
        yield* TestClock.adjust("1 hour")
        haveEnded(users, "hedge")
        assert.strictEqual(census.running, 0)
        const left = yield* budget.tokens
        assert.isAtLeast(left, 0)
        assert.isAtMost(left, tokens)
      }),
    runs(200)
  )
})
