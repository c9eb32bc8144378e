/**
 * The reference join: a split played through on paper. One loop over simulated time, written from the semantics in
 * docs/GUARANTEES.md and from nothing else; it shares no code with the engine, not even `JoinStrategy.decide`.
 *
 * Time is in milliseconds from the moment the split is entered. Sleeps that end at the same instant end in the order in
 * which they began, which is how `TestClock` wakes them. Deadlines are generated so that no branch ends with them.
 */

/** What a branch does when nobody stops it, and when somebody does. */
export interface Branch {
  /** How long it works; 0 is a branch that completes synchronously, `Infinity` one that never ends by itself. */
  readonly delay: number
  readonly end: "Succeed" | "Fail" | "Die" | "InterruptSelf"
  /** How long its finalizer takes when it is interrupted. */
  readonly cleanup: number
  /** Whether that finalizer dies. */
  readonly cleanupDies: boolean
  /** Whether it runs in an uninterruptible region. */
  readonly stubborn: boolean
}

/** The argument of a percentage is in hundredths here, so that the model can count in integers. */
export type Strategy =
  | { readonly _tag: "All" | "AllFailFast" | "Any" | "PartialTimeout" }
  | { readonly _tag: "Quorum" | "PartialResults"; readonly n: number }
  | { readonly _tag: "Percentage"; readonly hundredths: number }

/** The shapes in which a split takes its branches. */
export type Shape = "array" | "record" | "function" | "effect" | "iterable" | "generator"

/** A split and its branches. */
export interface Split {
  readonly branches: ReadonlyArray<Branch>
  readonly strategy: Strategy
  readonly bulkhead: number | undefined
  readonly timeout: number | undefined
  readonly shape: Shape
}

/** Everything about a split that its semantics fix. */
export interface Prediction {
  readonly verdict: "Proceed" | "JoinUnsatisfiedError" | "JoinTimeoutError" | "ConfigurationError" | "Pending"
  readonly timedOut: boolean
  readonly tally: {
    readonly total: number
    readonly succeeded: number
    readonly failed: number
    readonly interrupted: number
    readonly notStarted: number
  }
  /** The tag of each outcome, in branch order. */
  readonly outcomes: ReadonlyArray<"Succeeded" | "Failed" | "Interrupted" | "NotStarted">
  /** The branches that settled before the decision, in that order. */
  readonly settled: ReadonlyArray<number>
  /** The losers whose cause holds a defect. */
  readonly diedLate: ReadonlyArray<number>
  /** Each branch that was started, with the time of its start. */
  readonly started: ReadonlyArray<readonly [index: number, at: number]>
  /** The losers that could be interrupted, with the time at which they were. */
  readonly cut: ReadonlyArray<readonly [index: number, at: number]>
  /** When the split ended, its losers included. */
  readonly endedAt: number
}

const nothing: Prediction = {
  verdict: "ConfigurationError",
  timedOut: false,
  tally: { total: 0, succeeded: 0, failed: 0, interrupted: 0, notStarted: 0 },
  outcomes: [],
  settled: [],
  diedLate: [],
  started: [],
  cut: [],
  endedAt: 0
}

/** ceil(total · p), at least 1; of no branches none is required. */
export const percentageOf = (hundredths: number, total: number): number =>
  total === 0 ? 0 : Math.max(1, Math.floor((total * hundredths + 99) / 100))

/** Whether the engine does not know how many branches there are until it has read them. */
export const isLazy = (shape: Shape): boolean => shape === "iterable" || shape === "generator"

const isStatic = (shape: Shape): boolean => shape === "array" || shape === "record"

const isMisconfigured = ({ branches, shape, strategy, timeout }: Split): boolean =>
  (strategy._tag === "PartialTimeout" && timeout === undefined) ||
  (isStatic(shape) && (strategy._tag === "Quorum" || strategy._tag === "PartialResults") &&
    strategy.n > branches.length) ||
  (isStatic(shape) && strategy._tag === "Any" && branches.length === 0)

/** The two middle columns of the table of strategies. `total` is undefined as long as nobody knows it. */
const judge = (
  strategy: Strategy,
  succeeded: number,
  failed: number,
  total: number | undefined
): "satisfied" | "impossible" | "open" => {
  const settled = succeeded + failed
  const among = (needed: number | undefined): "satisfied" | "impossible" | "open" => {
    if (needed !== undefined && succeeded >= needed) return "satisfied"
    if (needed !== undefined && total !== undefined && total - failed < needed) return "impossible"
    return "open"
  }
  switch (strategy._tag) {
    case "All":
      if (settled !== total) return "open"
      return failed === 0 ? "satisfied" : "impossible"
    case "AllFailFast":
      if (failed > 0) return "impossible"
      return succeeded === total ? "satisfied" : "open"
    case "Any":
      return among(1)
    case "Quorum":
      return among(strategy.n)
    case "Percentage":
      return among(total === undefined ? undefined : percentageOf(strategy.hundredths, total))
    case "PartialResults":
      if (settled >= strategy.n) return "satisfied"
      return total !== undefined && total < strategy.n ? "impossible" : "open"
    case "PartialTimeout":
      return settled === total ? "satisfied" : "open"
  }
}

/** Plays a split through. */
export const predict = (split: Split): Prediction => {
  if (isMisconfigured(split)) return nothing
  const { branches, strategy, timeout } = split
  const width = split.bulkhead ?? Number.POSITIVE_INFINITY
  let now = 0
  let decision: { readonly verdict: Prediction["verdict"]; readonly timedOut: boolean } | undefined
  let sawEnd = !isLazy(split.shape)
  let succeeded = 0
  let failed = 0
  const started: Array<readonly [number, number]> = []
  const settled: Array<number> = []
  // in the order of their starts, so that the first of the earliest is the next to end
  const running: Array<{ readonly index: number; readonly endsAt: number }> = []

  const decide = (): void => {
    const answer = judge(strategy, succeeded, failed, sawEnd ? branches.length : undefined)
    if (answer === "satisfied") decision = { verdict: "Proceed", timedOut: false }
    if (answer === "impossible") decision = { verdict: "JoinUnsatisfiedError", timedOut: false }
  }
  const settle = (index: number): void => {
    settled.push(index)
    if (branches[index]!.end === "Succeed") succeeded++
    else failed++
    decide()
  }
  const fill = (): void => {
    while (decision === undefined && running.length < width) {
      const index = started.length
      if (index === branches.length) {
        // only a lazy list has to be asked to know that it is at its end
        if (sawEnd) return
        sawEnd = true
        decide()
        return
      }
      started.push([index, now])
      const { delay } = branches[index]!
      if (delay === 0) settle(index)
      else running.push({ index, endsAt: now + delay })
    }
  }

  decide()
  fill()
  while (decision === undefined) {
    const endsAt = Math.min(...running.map((branch) => branch.endsAt))
    if (timeout !== undefined && timeout < endsAt) {
      now = timeout
      const proceeds = strategy._tag === "PartialTimeout" && settled.length > 0
      decision = { verdict: proceeds ? "Proceed" : "JoinTimeoutError", timedOut: true }
    } else if (endsAt === Number.POSITIVE_INFINITY) {
      decision = { verdict: "Pending", timedOut: false }
    } else {
      now = endsAt
      const [next] = running.splice(running.findIndex((branch) => branch.endsAt === endsAt), 1)
      settle(next!.index)
      fill()
    }
  }

  // the losers
  const total = sawEnd ? branches.length : started.length
  const losers = running.map((branch) => ({ ...branches[branch.index]!, ...branch })).sort((a, b) => a.index - b.index)
  const ends = losers.map((loser) => loser.stubborn ? loser.endsAt : now + loser.cleanup)
  const isLoser = (index: number) => losers.some((loser) => loser.index === index)
  return {
    verdict: decision.verdict,
    timedOut: decision.timedOut,
    tally: { total, succeeded, failed, interrupted: losers.length, notStarted: total - started.length },
    outcomes: branches.slice(0, total).map((branch, index) => {
      if (index >= started.length) return "NotStarted"
      if (isLoser(index)) return "Interrupted"
      return branch.end === "Succeed" ? "Succeeded" : "Failed"
    }),
    settled,
    diedLate: losers.filter((loser) => loser.stubborn ? loser.end === "Die" : loser.cleanupDies).map(({ index }) =>
      index
    ),
    started,
    cut: losers.filter((loser) => !loser.stubborn).map((loser) => [loser.index, now] as const),
    endedAt: Math.max(now, ...ends)
  }
}
