/**
 * What a machine of the crash tests does, as plain data: made of a seed, read by the worker that runs it and by the model that
 * judges its journal. It lives as long as whoever holds it.
 */
import * as random from "./random.ts"

export type Strategy =
  | { readonly _tag: "All" | "AllFailFast" | "Any" | "PartialTimeout" }
  | { readonly _tag: "Quorum" | "PartialResults" | "Percentage" | "Weighed"; readonly n: number }

/** A branch takes so long, and then ends so. */
export interface Branch {
  readonly name: string
  readonly millis: number
  readonly end: "succeed" | "fail" | "die"
}

interface Joined {
  readonly strategy: Strategy
  readonly bulkhead: number | "shared" | undefined
  readonly losers: "interrupt" | "await"
}

export interface Split extends Joined {
  readonly kind: "split"
  readonly branches: ReadonlyArray<Branch>
  /** Whether they have names, or numbers alone. */
  readonly isRecord: boolean
  readonly timeout: number | undefined
  /** Whether they can be undone, and how losers are kept. */
  readonly compensate: "winners" | "completed" | undefined
  readonly pivot: boolean
  /** Whether the run goes on when it is not satisfied, and does not fail. */
  readonly otherwise: boolean
  /** Whether the run fails when it is satisfied. */
  readonly nextFails: boolean
}

export interface Follow extends Joined {
  readonly kind: "follow"
  readonly width: number
  /** How many splits into follow-on states lie in each other. */
  readonly depth: number
  readonly millis: number
}

export interface Task {
  readonly kind: "task"
  readonly millis: number
  readonly compensate: boolean
  readonly pivot: boolean
}

export type Stage = Split | Follow | Task | { readonly kind: "signal" }

export interface Plan {
  readonly seed: number
  readonly stages: ReadonlyArray<Stage>
  /** How it ends when all stages are done. */
  readonly end: "succeed" | "fail"
  /** Whether its runs keep what they have done, to undo it. */
  readonly isSaga: boolean
}

const strategies = [
  "All",
  "AllFailFast",
  "Any",
  "Quorum",
  "Percentage",
  "PartialResults",
  "PartialTimeout",
  "Weighed"
] as const
const bulkheads = [undefined, undefined, "shared", 1, 2] as const

/** Every strategy, bulkhead, way of losers and depth comes round with the seeds, and the rest is up to them. */
export const make = (seed: number): Plan => {
  const r = random.make(seed * 7919 + 1)
  const isSaga = seed % 2 === 0
  const strategyOf = (round: number, total: number): Strategy => {
    const _tag = strategies[round % strategies.length]!
    switch (_tag) {
      case "Quorum":
      case "PartialResults":
      case "Weighed":
        return { _tag, n: r.int(1, total) }
      case "Percentage":
        return { _tag, n: r.of([0.3, 0.5, 0.75, 1]) }
      default:
        return { _tag }
    }
  }
  const joined = (round: number, total: number): Joined => ({
    strategy: strategyOf(round, total),
    bulkhead: bulkheads[(round + r.int(0, 4)) % bulkheads.length],
    losers: r.of(["interrupt", "interrupt", "await"])
  })
  const split = (round: number): Split => {
    const branches = Array.from({ length: r.int(2, 5) }, (_, i): Branch => ({
      name: "abcde"[i]!,
      millis: r.oneIn(5) ? r.int(60, 150) : r.int(0, 30),
      end: r.oneIn(4) ? "fail" : r.oneIn(12) ? "die" : "succeed"
    }))
    const own = joined(round, branches.length)
    const compensate = isSaga && !r.oneIn(3) ? r.of(["winners", "winners", "completed"]) : undefined
    const pivot = isSaga && compensate === undefined && r.oneIn(4)
    return {
      kind: "split",
      branches,
      isRecord: r.oneIn(2),
      ...own,
      timeout: own.strategy._tag === "PartialTimeout" || r.oneIn(4) ? r.int(15, 120) : undefined,
      compensate,
      pivot,
      otherwise: !r.oneIn(3),
      nextFails: isSaga && !pivot && round !== seed && r.oneIn(4)
    }
  }
  const follow = (round: number): Follow => {
    const width = r.int(2, 3)
    const own = joined(round, width)
    return {
      kind: "follow",
      width,
      depth: r.int(1, 2),
      millis: r.int(0, 20),
      ...own,
      strategy: own.strategy._tag === "PartialTimeout" ? { _tag: "All" } : own.strategy,
      // those inside of it would wait for the places of those around them
      bulkhead: own.bulkhead === "shared" ? undefined : own.bulkhead
    }
  }
  const task = (): Task => {
    const compensate = isSaga && !r.oneIn(3)
    return { kind: "task", millis: r.int(0, 15), compensate, pivot: isSaga && !compensate && r.oneIn(4) }
  }
  const stages: Array<Stage> = [split(seed), follow(seed + 3), task(), split(seed + 5)]
  if (r.oneIn(2)) stages.splice(r.int(0, 3), 0, { kind: "signal" })
  if (isSaga) stages.unshift({ kind: "task", millis: 5, compensate: true, pivot: false })
  return { seed, stages, end: r.oneIn(isSaga ? 2 : 5) ? "fail" : "succeed", isSaga }
}
