/**
 * Outcomes on their way to an observer: one at a time, in the order in which the branches ended. No further branch is
 * started while too many wait, so a slow observer slows the split down instead of filling the memory. It lives as long as
 * its split.
 */
import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import * as Pull from "effect/Pull"
import * as Queue from "effect/Queue"
import type { Outcome } from "../../SplitResult.ts"
import * as returned from "../check/returned.ts"
import type { AnyFiber } from "../fibers/any.ts"
import { Bell } from "../fibers/bell.ts"
import { Line } from "../fibers/line.ts"
import { Waiter } from "../fibers/waiter.ts"
import { warn } from "../fibers/warn.ts"

type Ended = Outcome.Any<unknown, unknown>

/** Told of each branch that has ended, and in a machine of the state. */
export type Observer = (outcome: Ended, state?: unknown) => Effect.Effect<unknown, unknown, unknown>

/** Outcomes that may wait before branches do. */
const capacity = 16

export class Outbox {
  readonly observer: Observer
  readonly queue: Queue.Queue<Ended, Cause.Done>
  /** How long the observer may take for an outcome, once the join is decided. */
  readonly patience: Duration.Duration
  readonly home: AnyFiber
  /** What is made of an observer that returns no Effect. */
  readonly refuse: (detail: string) => Effect.Effect<never, unknown>
  /** How the observer's fiber is told of a branch, where a run is around. */
  tell: ((fiber: AnyFiber, services: Context.Context<never>, index: number) => void) | undefined
  /** Called when there is room again. */
  onRoom: (() => void) | undefined
  /** Fibers that wait for room. */
  readonly waiting = new Line<Waiter>()
  /** Whether the observer was given up, so that nobody is told of anything any more. */
  isClosed = false
  /** When the observer was last called, in milliseconds, while it is busy. */
  busySince: number | undefined
  /** The fiber that delivers. */
  delivering: Fiber.Fiber<unknown, unknown> | undefined
  /** Rung at the decision. */
  readonly decision: Bell
  constructor(options: Pick<Outbox, "home" | "observer" | "patience" | "queue" | "refuse">) {
    this.home = options.home
    this.observer = options.observer
    this.queue = options.queue
    this.patience = options.patience
    this.refuse = options.refuse
    this.decision = new Bell(options.home)
  }
}

export const make = (options: Pick<Outbox, "observer" | "patience" | "refuse">): Effect.Effect<Outbox> =>
  Effect.flatMap(
    Queue.unbounded<Ended, Cause.Done>(),
    (queue) => Effect.withFiber((home) => Exit.succeed(new Outbox({ ...options, queue, home })))
  )

export const offer = (self: Outbox, outcome: Ended): void => {
  if (!self.isClosed) Queue.offerUnsafe(self.queue, outcome)
}

export const isFull = ({ isClosed, queue }: Outbox): boolean => !isClosed && Queue.sizeUnsafe(queue) >= capacity

export const waitForRoom = ({ home, waiting }: Outbox): Effect.Effect<void> => {
  const waiter = new Waiter(home)
  const entry = waiting.push(waiter)
  return Effect.onInterrupt(waiter.wait, () => Effect.sync(() => waiting.remove(entry)))
}

/** Lets as many go on as have room, or all of them where there is nothing left that would need it. */
export const wake = ({ waiting }: Outbox, count = Number.POSITIVE_INFINITY): void => {
  for (let i = 0; i < count; i++) {
    const waiter = waiting.shift()
    if (waiter === undefined) return
    waiter.wake()
  }
}

/** Nothing will be added: `deliver` ends when all has been delivered. */
export const end = ({ queue }: Outbox): void => {
  Queue.endUnsafe(queue)
}

/** Delivers what is added, until its end. */
export const deliver = (self: Outbox): Effect.Effect<void, unknown, unknown> =>
  Effect.withFiber((fiber) => {
    const { observer, queue } = self
    const clock = fiber.getRef(Clock.Clock)
    const services = fiber.context
    let open = true
    const next = Effect.flatMap(
      Pull.catchDone(Queue.take(queue), () => {
        open = false
        return Effect.undefined
      }),
      (outcome) => {
        if (outcome === undefined) return Exit.void
        const size = Queue.sizeUnsafe(queue)
        if (size <= capacity / 2) {
          self.onRoom?.()
          wake(self, capacity - size)
        }
        self.busySince = clock.currentTimeMillisUnsafe()
        self.tell?.(fiber, services, outcome.index)
        const told: unknown = observer(outcome)
        return Effect.isEffect(told)
          ? told
          : self.refuse(`onOutcome returned ${returned.described(told)}; it must return an Effect`)
      }
    )
    return Effect.whileLoop({
      while: () => open,
      body: () => next,
      step: () => {
        self.busySince = undefined
      }
    })
  })

/** Waits for the decision, and from then on gives an observer up that takes too long for one outcome. */
export const limit = (self: Outbox): Effect.Effect<void> =>
  Effect.suspend(() => {
    const most = Duration.toMillis(self.patience)
    // the first look is so long after the decision that what the observer had then has had its time, too
    let left = most
    const look = Effect.flatMap(Clock.currentTimeMillis, (now) => {
      left = self.busySince === undefined ? most : self.busySince + most - now
      return left > 0 ? Exit.void : giveUp(self)
    })
    const next = Effect.flatMap(Effect.suspend(() => Effect.sleep(left)), () => look)
    return Effect.andThen(
      self.decision.rung,
      Effect.whileLoop({ while: () => !self.isClosed, body: () => next, step: constVoid })
    )
  })

const giveUp = (self: Outbox): Effect.Effect<void> => {
  self.isClosed = true
  wake(self)
  const lost = Queue.sizeUnsafe(self.queue) + 1
  const warning = warn(
    `an observer did not end within ${Duration.format(self.patience)} of the decision, and is interrupted: ${lost} ${
      lost === 1 ? "outcome was" : "outcomes were"
    } not delivered`
  )
  return Effect.map(warning, () => self.delivering?.interruptUnsafe())
}
