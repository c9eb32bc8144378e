/**
 * The coordinator of a hedge, which runs on the fiber of the caller: it starts attempts as its children, waits for one of
 * them to end or for the delay, and decides. What it reads and writes is one `Race`, dropped when the hedge ends.
 *
 * Invariants:
 *
 *  H1  Only the coordinator decides, in the order in which the attempts ended; their observers but report.
 *  H2  Every attempt is in `fibers` until it has ended, and the hedge ends after the last of them.
 *  H3  One step of the delay is taken for each attempt that may be started, whether it is waited for or not.
 *  H4  An attempt that has not been started is no fiber; of the delays at most one is slept through.
 *
 * The coordinator is interruptible only where it waits, so that no fiber it has just started is forgotten.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { ConfigurationError, type Issue } from "../../CanoError.ts"
import { misfit } from "../check/describe.ts"
import * as issue from "../check/issue.ts"
import * as returned from "../check/returned.ts"
import { Bell } from "../fibers/bell.ts"
import { dispatcherOf, DispatcherRef, isSync } from "../fibers/dispatcher.ts"
import { warn } from "../fibers/warn.ts"
import * as attempts from "../run/attempts.ts"
import * as delays from "./delays.ts"
import type { Options } from "./options.ts"
import * as rules from "./options.ts"
import * as tokens from "./tokens.ts"

/**
 * What a hedge succeeds with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outcome<out A> {
  readonly value: A
  /** The index of the attempt that won; 0 is the first. */
  readonly attempt: number
  /** How many attempts were started, the first included. */
  readonly started: number
  /** Whether another attempt than the first won. */
  readonly hedged: boolean
}

export const run = <A, E, R, R2>(
  attempt: Effect.Effect<A, E, R> | ((attempt: number) => Effect.Effect<A, E, R>),
  options: Options<E, R2>
): Effect.Effect<Outcome<A>, E | ConfigurationError, R | R2> => {
  const make = Effect.isEffect(attempt) ? () => attempt : attempt
  let issues: ReadonlyArray<Issue> | undefined
  return Effect.suspend(() => {
    issues ??= [...check(attempt), ...rules.check(undefined, options)]
    if (issues.length > 0) return Exit.fail(new ConfigurationError({ workflow: undefined, issues }))
    return Effect.uninterruptibleMask((restore) =>
      Effect.withFiber((fiber) => {
        const race = new Race(make, options, fiber)
        const ended = Effect.onExit(conduct(race, restore), () => close(race))
        return isSync(fiber) ? Effect.provideService(ended, DispatcherRef, dispatcherOf(fiber)) : ended
      })
    )
  })
}

const check = (attempt: unknown): ReadonlyArray<Issue> => {
  if (Effect.isEffect(attempt) || Predicate.isFunction(attempt)) return []
  const sentence = misfit("the attempt", attempt, "an Effect, or a function of its index to one")
  return [issue.make(undefined, "hedge-attempt", sentence, "hedge")]
}

// -----------------------------------------------------------------------------
// the race
// -----------------------------------------------------------------------------

interface Ended<A, E> {
  readonly attempt: number
  readonly exit: Exit.Exit<A, E>
  /** When, in nanoseconds of the monotonic clock. */
  readonly at: bigint
}

class Race<A, E, R, R2> {
  readonly make: (attempt: number) => Effect.Effect<A, E, R>
  readonly options: Options<E, R2>
  readonly maxAttempts: number
  readonly home: Fiber.Fiber<unknown, unknown>
  readonly fibers = new Set<Fiber.Fiber<unknown, unknown>>()
  /** Attempts that have ended since all of them had been looked at, the first one first. */
  readonly ended: Array<Ended<A, E>> = []
  /** How many of them have been looked at. */
  seen = 0
  /** Why attempts have failed, the latest last. */
  readonly causes: Array<Cause.Cause<E>> = []
  started = 0
  running = 0
  /** No further attempt, whatever `maxAttempts` says. */
  sealed = false
  /** Between the start of an attempt and that of the next; zero when it has passed. */
  delay: Duration.Duration | undefined
  /** Failures that start an attempt at once. */
  hurried = 0
  /** When the first attempt was started. */
  startedAt = 0n
  firstFailed = false
  /** Rung when an attempt has ended. */
  readonly bell: Bell

  constructor(
    make: (attempt: number) => Effect.Effect<A, E, R>,
    options: Options<E, R2>,
    home: Fiber.Fiber<unknown, unknown>
  ) {
    this.make = make
    this.home = home
    this.bell = new Bell(home)
    this.options = options
    this.maxAttempts = options.maxAttempts ?? defaultAttempts
  }

  /** Whether another attempt may be started, as far as it is known. */
  get isOpen(): boolean {
    return !this.sealed && this.started < this.maxAttempts
  }

  /** The next one that has ended. */
  look(): Ended<A, E> | undefined {
    if (this.seen < this.ended.length) return this.ended[this.seen++]
    this.ended.length = this.seen = 0
    return undefined
  }

  /** Why all of them have failed, the last one first. */
  get cause(): Cause.Cause<E> {
    return Cause.fromReasons(this.causes.toReversed().flatMap(({ reasons }) => reasons))
  }
}

/** The first attempt and one hedge. */
const defaultAttempts = 2

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

const conduct = Effect.fnUntraced(function*<A, E, R, R2>(
  race: Race<A, E, R, R2>,
  restore: Restore
): Effect.fn.Return<Outcome<A>, E | ConfigurationError, R | R2> {
  const { budget, isFatal } = race.options
  const clock = yield* Clock.Clock
  const step = yield* restore(delays.steps(race.options.delay))
  race.startedAt = clock.monotonicTimeNanosUnsafe()
  yield* start(race, clock)
  for (;;) {
    const end = race.look()
    let cause: Cause.Cause<E> | undefined
    if (end !== undefined) {
      if (Exit.isSuccess(end.exit)) return yield* restore(won(race, end, end.exit.value))
      cause = end.exit.cause
      if (cause.reasons.some((reason) => isFatalReason(reason, isFatal))) return yield* Exit.failCause(cause)
      race.causes.push(cause)
      if (end.attempt === 0) race.firstFailed = true
      if (budget !== undefined) yield* restore(budget.failed)
    }
    if (race.isOpen && race.delay === undefined) {
      const delay = yield* restore(step(race.started))
      if (delay === undefined) race.sealed = true
      race.delay = delay
    }
    if (cause !== undefined) {
      react(race, cause)
      // another one that has ended may have won
      continue
    }
    const waits = race.isOpen && race.delay !== undefined
    if (waits && (race.hurried > 0 || !Duration.isPositive(race.delay!))) {
      if (race.hurried > 0) race.hurried--
      race.delay = undefined
      if (yield* restore(tokens.take(budget))) yield* start(race, clock)
      else race.sealed = true
      continue
    }
    const timed = waits && Duration.isFinite(race.delay!)
    // nothing runs that could still succeed, so what the budget forbids is not waited for
    if (race.running === 0 && !(timed && (yield* restore(tokens.allows(budget))))) {
      return yield* Exit.failCause(race.cause)
    }
    if (!timed) yield* restore(race.bell.rung)
    else if (yield* restore(passes(race.delay!, race.bell))) race.delay = Duration.zero
  }
})

/** Defects are fatal: they are mistakes, which another attempt would make too. */
const isFatalReason = <E>(reason: Cause.Reason<E>, isFatal: ((error: E) => boolean) | undefined): boolean =>
  Cause.isDieReason(reason) || (
    Cause.isFailReason(reason) && isFatal !== undefined &&
    returned.boolean("the hedge", "isFatal", isFatal(reason.error))
  )

/** Starts the next attempt, on the current tick. */
const start = <A, E, R, R2>(race: Race<A, E, R, R2>, clock: Clock.Clock): Effect.Effect<void, never, R> =>
  Effect.suspend(() => {
    const attempt = race.started++
    race.running++
    const told = attempts.started(race.home, race, attempt)
    return Effect.map(
      Effect.forkChild(
        Effect.suspend(() => returned.effect("the hedge", "the function of its attempts", race.make(attempt))),
        { startImmediately: true }
      ),
      (fiber) => {
        race.fibers.add(fiber)
        fiber.addObserver((exit) => {
          race.fibers.delete(fiber)
          told?.(exit)
          race.running--
          race.ended.push({ attempt, exit, at: clock.monotonicTimeNanosUnsafe() })
          race.bell.ring()
        })
      }
    )
  })

/** Whether a delay passes before the bell rings: an attempt that has ended starts the next, moves it or ends the hedge. */
const passes = (delay: Duration.Duration, bell: Bell): Effect.Effect<boolean> =>
  Effect.raceFirst(Effect.as(bell.rung, false), Effect.as(Effect.sleep(delay), true))

/** An attempt has failed, and not fatally. */
const react = <A, E, R, R2>(race: Race<A, E, R, R2>, cause: Cause.Cause<E>): void => {
  const { retryAfter } = race.options
  const error = Cause.findErrorOption(cause)
  const wait = retryAfter === undefined || Option.isNone(error) ? undefined : delays.pushback(retryAfter(error.value))
  if (wait === undefined) {
    race.hurried++
    return
  }
  // nothing starts earlier than the latest failure allows
  race.hurried = 0
  if (Duration.isFinite(wait)) race.delay = wait
  else race.sealed = true
}

const won = <A, E, R, R2>(
  race: Race<A, E, R, R2>,
  { at, attempt }: Ended<A, E>,
  value: A
): Effect.Effect<Outcome<A>> => {
  const { firstFailed, options, started, startedAt } = race
  // if the first attempt has lost, it would have taken longer than this
  const told = delays.succeeded(options, firstFailed ? undefined : at - startedAt)
  return Effect.as(told, { value, attempt, started, hedged: attempt > 0 })
}

/** Interrupts what still runs and waits for it. Nobody looks at how a loser has ended, so its defects go to the log. */
const close = <A, E, R, R2>(race: Race<A, E, R, R2>): Effect.Effect<void> =>
  Effect.andThen(
    Fiber.interruptAll([...race.fibers]),
    Effect.suspend(() =>
      Effect.forEach(
        race.ended.slice(race.seen).filter(({ exit }) => Exit.isFailure(exit) && Cause.hasDies(exit.cause)),
        ({ attempt, exit }) =>
          warn(
            `attempt ${attempt} died after its hedge had been decided or interrupted`,
            (exit as Exit.Failure<A, E>).cause
          ),
        { discard: true }
      )
    )
  )
