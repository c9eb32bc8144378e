/**
 * The hand of a scheduler's clock: one fiber that sleeps until the first of all flows is due, and wakes it. It lives until the
 * scheduler is stopped.
 *
 * It looks at the wall clock once a minute at least, since a sleep is a duration: a clock that is set forward, or a computer
 * that slept, is noticed by then. So is one that is set back, since the monotonic clock goes on.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { Bell } from "../fibers/bell.ts"

/** Who is woken. */
export interface Sleeper {
  /** When it wants to be woken next; nothing if not at all. */
  readonly wakesAt: () => number | undefined
  readonly wake: (now: number) => void
  /** Counts the times that it was asked: who was entered before the last one is not woken. */
  turn: number
}

interface Entry {
  readonly at: number
  readonly number: number
  readonly sleeper: Sleeper
  readonly turn: number
}

const longest = 60_000

const fewest = 64

/** From how many milliseconds on a clock was set back, and has not only been adjusted. */
const leastStep = 1000

export class Hand {
  readonly clock: Clock.Clock
  /** A heap: the first is the one with the least instant, and of these the one that was entered first. */
  readonly #entries: Array<Entry> = []
  #entered = 0
  #bell: Bell | undefined
  /** Until when it sleeps. */
  #target = -Infinity
  /** The two clocks when it last looked at them. */
  #seen: number
  #elapsed: bigint
  readonly #setBack: (by: number, now: number) => void
  /** How many entries there may be before those are looked for that nobody is woken by any more. */
  #most = fewest
  /** `setBack` is told of a clock that was set back, before anybody is told the time. */
  constructor(clock: Clock.Clock, setBack: (by: number, now: number) => void) {
    this.clock = clock
    this.#setBack = setBack
    this.#seen = clock.currentTimeMillisUnsafe()
    this.#elapsed = clock.monotonicTimeNanosUnsafe()
  }

  get now(): number {
    const now = this.clock.currentTimeMillisUnsafe()
    const elapsed = this.clock.monotonicTimeNanosUnsafe()
    const by = Math.round(this.#seen + Number(elapsed - this.#elapsed) / 1e6 - now)
    this.#seen = now
    this.#elapsed = elapsed
    if (by >= leastStep) this.#setBack(by, now)
    return now
  }

  /** Asks somebody anew when to be woken. */
  set(sleeper: Sleeper): void {
    const turn = ++sleeper.turn
    const at = sleeper.wakesAt()
    if (at === undefined) return
    this.#push({ at, number: this.#entered++, sleeper, turn })
    if (at < this.#target) this.#bell?.ring()
  }

  readonly run: Effect.Effect<never> = Effect.withFiber((fiber) => {
    const bell = this.#bell = new Bell(fiber)
    return Effect.forever(
      Effect.suspend(() => {
        this.#target = -Infinity
        const { now } = this
        for (let first = this.#entries[0]; first !== undefined && first.at <= now; first = this.#entries[0]) {
          this.#pop()
          if (first.turn !== first.sleeper.turn) continue
          first.sleeper.wake(now)
          this.set(first.sleeper)
        }
        const next = this.#entries[0]
        this.#target = next?.at ?? Infinity
        // who has no time to wait for waits for somebody to be entered
        return next === undefined
          ? bell.rung
          : Effect.raceFirst(this.clock.sleep(Duration.millis(Math.min(next.at - now, longest))), bell.rung)
      }),
      { disableYield: true }
    )
  })

  /** Forgets entries that nobody is woken by: each call of `set` leaves one behind, and it may be due in a year. */
  #tidy(): void {
    const live = this.#entries.filter(({ sleeper, turn }) => turn === sleeper.turn)
    this.#entries.length = 0
    this.#most = Math.max(fewest, 2 * live.length)
    for (const entry of live) this.#push(entry)
  }

  #push(entry: Entry): void {
    const heap = this.#entries
    if (heap.length >= this.#most) this.#tidy()
    let at = heap.length
    heap.push(entry)
    for (let up = (at - 1) >> 1; at > 0 && before(entry, heap[up]!); at = up, up = (at - 1) >> 1) heap[at] = heap[up]!
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#entries
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (let down = 1; down < heap.length; at = down, down = 2 * at + 1) {
      if (down + 1 < heap.length && before(heap[down + 1]!, heap[down]!)) down++
      if (!before(heap[down]!, last)) break
      heap[at] = heap[down]!
    }
    heap[at] = last
  }
}

const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.number < b.number)
