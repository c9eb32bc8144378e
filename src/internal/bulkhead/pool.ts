/**
 * The places that several splits share, and the line of those who wait for one. A split that waits is one entry in the
 * line however many branches it has, and is given one place at a time, so that splits take turns; single effects wait in
 * the same line. Nobody is given a place past the line.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Bulkhead from "../../Bulkhead.ts"
import type { BulkheadReentryError, Issue } from "../../CanoError.ts"
import { BulkheadFullError, ConfigurationError } from "../../CanoError.ts"
import { isCount, isWhole } from "../check/counts.ts"
import { clip, show } from "../check/describe.ts"
import type { Entry } from "../fibers/line.ts"
import { Line } from "../fibers/line.ts"
import { Waiter } from "../fibers/waiter.ts"
import * as hold from "./hold.ts"

export const TypeId = "~effect-cano/Bulkhead" as const

/** Somebody who may wait for places. */
export interface Client {
  /** Whether there is something to do for one more place. */
  readonly wants: () => boolean
  /** A place is given. Nothing is run by it: whoever gives it back is not to wait for that. */
  readonly take: () => void
  /** Where it stands in the line, while it does. */
  entry: Entry<Client> | undefined
}

export class Pool implements Bulkhead.Bulkhead {
  // the TypeId, written out: a bundler does not leave out a class that computes a name
  readonly "~effect-cano/Bulkhead" = TypeId
  readonly name: string
  readonly maxWaiting: number
  places: number
  inUse = 0
  started = 0
  rejected = 0
  /** Branches and effects that wait, counted by those who are in the line as it changes. */
  waiting = 0
  /** In the order in which they are served; who has been served and wants more goes to its end. */
  readonly line = new Line<Client>()
  constructor(name: string, places: number, maxWaiting: number) {
    this.name = name
    this.places = places
    this.maxWaiting = maxWaiting
  }

  readonly statistics = Effect.sync((): Bulkhead.Statistics => {
    const { inUse, places, rejected, started, waiting } = this
    return { places, inUse, waiting, started, rejected }
  })

  readonly resize = (places: number): Effect.Effect<void, ConfigurationError> =>
    Effect.suspend(() => {
      const issues = check(this.name, { places })
      if (issues.length > 0) return Exit.fail(new ConfigurationError({ workflow: undefined, issues }))
      this.places = places
      this.serve()
      return Exit.void
    })

  readonly withPlace = <A, E, R>(
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | BulkheadFullError | BulkheadReentryError, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(
        Effect.suspend(() => this.enter(restore)),
        () => this.occupy(restore(effect))
      )
    )

  /** Waits for a place, in the line if none is free. */
  enter(
    restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  ): Effect.Effect<void, BulkheadFullError | BulkheadReentryError> {
    const fiber = Fiber.getCurrent()!
    const reentry = hold.reentry(this, fiber)
    if (reentry !== undefined) return Exit.fail(reentry)
    if (this.claim()) return Exit.void
    const full = this.refuses(1)
    if (full !== undefined) return Exit.fail(full)
    const waiter = new Waiter(fiber)
    const client: Client = {
      wants: () => true,
      take: () => {
        this.waiting--
        waiter.wake()
      },
      entry: undefined
    }
    this.queue(client)
    this.waiting++
    return Effect.onInterrupt(restore(waiter.wait), () =>
      Effect.sync(() => {
        if (waiter.isWoken) return this.giveBack(1)
        this.leave(client)
        this.waiting--
      }))
  }

  /** Runs an effect in a place that has been given, and gives it back. */
  occupy<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.withFiber((fiber) => {
      this.started++
      const held = new hold.Hold(this, fiber)
      const end = () => {
        if (held.ended) return
        held.end()
        this.giveBack(1)
      }
      // at a value that is no Effect a fiber ends without its finalizers
      const forget = fiber.addObserver(end)
      return Effect.onExit(Effect.provideService(effect, hold.HoldRef, held), () =>
        Effect.sync(() => {
          forget()
          end()
        }))
    })
  }

  /** The error for so many branches or effects more than the line may hold. */
  refuses(count: number): BulkheadFullError | undefined {
    const { inUse, line, maxWaiting, name, places, waiting } = this
    const asked = count - (line.size > 0 ? 0 : Math.max(places - inUse, 0))
    if (waiting + asked <= maxWaiting) return undefined
    this.rejected += count
    return new BulkheadFullError({ bulkhead: name, asked, waiting, maxWaiting })
  }

  /** Takes a place, if one is free and nobody waits for it. */
  claim(): boolean {
    if (this.line.size > 0 || this.inUse >= this.places) return false
    this.inUse++
    return true
  }

  /** Whether there are fewer places than are in use. */
  get isOverfull(): boolean {
    return this.inUse > this.places
  }

  othersWait(client: Client): boolean {
    return this.line.size > (client.entry === undefined ? 0 : 1)
  }

  queue(client: Client): void {
    client.entry ??= this.line.push(client)
  }

  leave(client: Client): void {
    if (client.entry === undefined) return
    this.line.remove(client.entry)
    client.entry = undefined
  }

  giveBack(count: number): void {
    this.inUse -= count
    this.serve()
  }

  serve(): void {
    while (this.inUse < this.places) {
      const client = this.line.shift()
      if (client === undefined) return
      client.entry = undefined
      if (!client.wants()) continue
      this.inUse++
      client.take()
    }
  }
}

export const isPool = (u: unknown): u is Pool => u instanceof Pool

const check = (name: string, { maxWaiting, places }: { readonly places: number; readonly maxWaiting?: number }) => {
  const issues: Array<Issue> = []
  const subject = `bulkhead "${clip(name)}"` as const
  const add = (message: string) => issues.push({ state: undefined, rule: "bulkhead", subject, message })
  if (!isCount(places)) {
    add(`the places of bulkhead "${clip(name)}" are ${show(places)}; they must be an integer of at least 1`)
  }
  if (maxWaiting !== undefined && !isWhole(maxWaiting)) {
    add(`maxWaiting of bulkhead "${clip(name)}" is ${show(maxWaiting)}; it must be an integer of at least 0`)
  }
  return issues
}

export const make = (
  name: string,
  options: { readonly places: number; readonly maxWaiting?: number | undefined }
): Effect.Effect<Bulkhead.Bulkhead, ConfigurationError> =>
  Effect.suspend(() => {
    const { maxWaiting = Number.MAX_SAFE_INTEGER, places } = options
    const issues = check(name, { places, maxWaiting })
    return issues.length > 0
      ? Exit.fail(new ConfigurationError({ workflow: undefined, issues }))
      : Exit.succeed(new Pool(name, places, maxWaiting))
  })
