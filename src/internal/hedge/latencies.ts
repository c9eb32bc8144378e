/**
 * The latest latencies, counted in buckets. Up to 63 µs each microsecond is a bucket; from there on every power of two has
 * 64 of them, so that a bucket is at most 1/64 wide of what is in it. A binary indexed tree over the buckets finds the one
 * of a given rank, and takes a new count, in as many steps as the number of buckets has digits.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { rounded } from "../check/counts.ts"
import { misfit, misfits } from "../check/describe.ts"
import * as returned from "../check/returned.ts"

/**
 * A recorder of latencies, shared by the runs that it is given to; made by `latencies`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Latencies {
  /** Adds a latency. In a full recorder the oldest one is forgotten. */
  readonly record: (latency: Duration.Duration) => Effect.Effect<void>
  /** The latency that the share `p` of those recorded does not exceed; nothing as long as none is. */
  readonly percentile: (p: number) => Effect.Effect<Option.Option<Duration.Duration>>
  /** How many latencies are held. */
  readonly count: Effect.Effect<number>
  /** What is wrong with its numbers: `run` refuses it then. */
  readonly issue?: string | undefined
}

/** Microseconds that are told apart: 50 days. */
const longest = 2 ** 42 - 1

/** Above this a bucket is wider than a microsecond. */
const exact = 128

export const bucketOf = (micros: number): number => {
  const value = Math.min(Math.max(Math.ceil(micros), 0), longest)
  if (value < exact) return value
  const shift = Math.floor(Math.log2(value)) - 6
  return 64 * shift + Math.floor(value / 2 ** shift)
}

/** The largest number of microseconds in a bucket. */
export const endOf = (bucket: number): number => {
  if (bucket < exact) return bucket
  const shift = Math.floor(bucket / 64) - 1
  return (bucket - 64 * shift + 1) * 2 ** shift - 1
}

const bucketsUpTo = (micros: number): number => bucketOf(micros) + 1

const buckets = bucketsUpTo(longest)

/** The largest power of two that is no larger. */
const powerBelow = (n: number): number => 2 ** Math.floor(Math.log2(n))

const top = powerBelow(buckets)

const mostHeld = 65_535

export const make = (options?: { readonly size?: number | undefined }): Latencies => {
  const asked = options?.size ?? 1000
  const sound = Number.isInteger(asked) && asked >= 1 && asked <= mostHeld
  const size = sound ? asked : 1
  /** The buckets of the latencies held, the oldest at `written % size` once it is full. */
  const ring = new Uint16Array(size)
  const tree = new Uint32Array(buckets + 1)
  let written = 0

  const count = () => Math.min(written, size)

  const add = (bucket: number, amount: number) => {
    for (let i = bucket + 1; i <= buckets; i += i & -i) tree[i]! += amount
  }

  const bucketAt = (rank: number): number => {
    let place = 0
    let left = rank
    for (let step = top; step > 0; step >>= 1) {
      const next = place + step
      if (next <= buckets && tree[next]! < left) {
        place = next
        left -= tree[next]!
      }
    }
    return place
  }

  return {
    record: (latency) =>
      Effect.sync(() => {
        // a whole number of microseconds may have become a little more
        const bucket = bucketOf(Duration.toMillis(latency) * 1000 * (1 - 2 ** -50))
        const place = written % size
        if (written >= size) add(ring[place]!, -1)
        ring[place] = bucket
        add(bucket, 1)
        written++
      }),
    percentile: (p) =>
      Effect.sync(() => {
        if (written === 0) return Option.none()
        const rank = Math.ceil(rounded(p * count()))
        return Option.some(Duration.millis(endOf(bucketAt(Math.min(Math.max(rank, 1), count()))) / 1000))
      }),
    count: Effect.sync(count),
    issue: sound ? undefined : misfit("the size of the latencies", asked, `an integer from 1 to ${mostHeld}`)
  }
}

// -----------------------------------------------------------------------------
// asking
// -----------------------------------------------------------------------------

/** Records a time, in nanoseconds, with a recorder that anybody may have made. */
export const record = (latencies: Latencies, took: bigint): Effect.Effect<void> =>
  Effect.suspend(() => returned.effect("the latencies", "record", latencies.record(Duration.nanos(took))))

/** The percentile, once so many are held. */
export const percentile = (
  latencies: Latencies,
  p: number,
  atLeast: number
): Effect.Effect<Option.Option<Duration.Duration>> =>
  Effect.flatMap(latencies.count, (count) => {
    if (!Predicate.isNumber(count)) throw returned.unexpected("the latencies", "count", count, "a number")
    if (count < atLeast) return Effect.succeedNone
    return Effect.map(returned.effect("the latencies", "percentile", latencies.percentile(p)), (found) => {
      if (Option.isOption(found) && (Option.isNone(found) || Duration.isDuration(found.value))) return found
      throw returned.unexpected("the latencies", "percentile", found, "an Effect of an Option of a Duration")
    })
  })

/** What is wrong with a recorder that somebody has given, a sentence. */
export const wrong = (u: unknown): string | undefined => {
  const { count, issue, percentile, record } = Predicate.isObject(u) ? u as Partial<Latencies> : {}
  return Predicate.isFunction(record) && Predicate.isFunction(percentile) && Effect.isEffect(count)
    ? issue
    : misfits(
      "the latencies",
      u,
      "made with Hedge.latencies, or be { record, percentile, count }: two functions and an Effect"
    )
}
