/**
 * The reference hedge: it plays a hedge through on paper, instant by instant, and shares no code with `src`. Nothing that
 * it is given may end at the same instant as something else, but for what takes no time at all.
 */

/** What an attempt does when nobody stops it, and when somebody does. */
export interface Attempt {
  /** How long it takes; infinite if it runs until it is interrupted. */
  readonly millis: number
  readonly end: "Succeed" | "Fail" | "FailFatally" | "Die" | "InterruptSelf"
  /** What `retryAfter` says of its failure; infinite if there is to be no further attempt. */
  readonly wait: number | undefined
  /** How long its finalizer takes when it is interrupted. */
  readonly cleanup: number
}

/** A hedge and its attempts. */
export interface Hedge {
  /** The last one stands for all after it. */
  readonly attempts: ReadonlyArray<Attempt>
  readonly maxAttempts: number | undefined
  /** The delays before attempts 1, 2, …; the last one stands for all after it. */
  readonly delays: ReadonlyArray<number>
  readonly delay: "duration" | "function" | "schedule"
  /** Tokens that no run gives back. */
  readonly budget: { readonly _tag: "budget" | "throttle"; readonly tokens: number } | undefined
  readonly interruptAt: number | undefined
}

/** Everything about a hedge that its semantics fix. */
export interface Prediction {
  readonly verdict: "Won" | "Fatal" | "Failed" | "Interrupted" | "Pending"
  /** The attempt that won, or failed fatally; of a failure all that have failed with an error, the latest first. */
  readonly by: ReadonlyArray<number>
  readonly startedAt: ReadonlyArray<number>
  /** Which attempts were interrupted, and when. */
  readonly cut: ReadonlyArray<readonly [attempt: number, at: number]>
  /** When the result was there, with every finalizer run. */
  readonly endedAt: number
  /** What the recorder of latencies was told. */
  readonly recorded: number | undefined
  readonly tokens: number | undefined
}

/** An element of a list whose last one stands for all after it. */
export const of = <A>(list: ReadonlyArray<A>, index: number): A => list[Math.min(index, list.length - 1)]!

/** Plays a hedge through. */
export const predict = (hedge: Hedge): Prediction => {
  const most = hedge.maxAttempts ?? 2
  const steps = hedge.delay === "duration" ? Number.POSITIVE_INFINITY : hedge.delays.length
  const startedAt: Array<number> = []
  const running = new Map<number, number>()
  const failed: Array<number> = []
  let tokens = hedge.budget?.tokens ?? Number.POSITIVE_INFINITY
  let forbidden = false
  /** Since when it is known that no attempt runs and none is to be started. */
  let known = 0
  let next = Number.POSITIVE_INFINITY

  const start = (now: number) => {
    const index = startedAt.length
    running.set(index, now + of(hedge.attempts, index).millis)
    startedAt.push(now)
    // a list of delays is done after its last; that of a function goes on with it
    if (hedge.delay === "schedule" && index >= steps) forbidden = true
    next = now + of(hedge.delays, hedge.delay === "duration" ? 0 : index)
  }
  const allowed = () =>
    hedge.budget === undefined || (hedge.budget._tag === "budget"
      ? tokens >= 1
      : tokens > hedge.budget.tokens / 2)
  const tryStart = (now: number) => {
    if (!allowed()) {
      forbidden = true
      known = now
    } else {
      if (hedge.budget?._tag === "budget") tokens--
      start(now)
    }
  }
  const finish = (
    verdict: Prediction["verdict"],
    by: ReadonlyArray<number>,
    at: number,
    recorded?: number
  ): Prediction => {
    const cut = [...running.keys()].map((attempt) => [attempt, at] as const)
    const endedAt = at + Math.max(0, ...cut.map(([attempt]) => of(hedge.attempts, attempt).cleanup))
    // the caller may be interrupted while the result waits for finalizers
    const isLate = hedge.interruptAt !== undefined && hedge.interruptAt < endedAt
    return {
      verdict: isLate ? "Interrupted" : verdict,
      by: isLate ? [] : by,
      startedAt,
      cut,
      endedAt,
      recorded,
      tokens: hedge.budget === undefined ? undefined : tokens
    }
  }

  start(0)
  for (;;) {
    // what the budget forbids is not waited for, while nothing runs
    if (running.size === 0 && !allowed()) forbidden = true
    const mayStart = !forbidden && startedAt.length < most
    const [first, endsAt] = [...running].reduce((a, b) => b[1] < a[1] ? b : a, [-1, Number.POSITIVE_INFINITY])
    const startsAt = mayStart ? next : Number.POSITIVE_INFINITY
    const now = Math.min(endsAt, startsAt)
    if (running.size === 0 && startsAt === Number.POSITIVE_INFINITY) {
      return finish("Failed", failed.filter((attempt) => of(hedge.attempts, attempt).end === "Fail"), known)
    }
    if (hedge.interruptAt !== undefined && hedge.interruptAt < now) return finish("Interrupted", [], hedge.interruptAt)
    if (now === Number.POSITIVE_INFINITY) return finish("Pending", [], 0)
    if (endsAt > startsAt) {
      tryStart(now)
      continue
    }
    running.delete(first)
    const { end, wait } = of(hedge.attempts, first)
    if (end === "Succeed") {
      return finish("Won", [first], now, first === 0 ? endsAt : failed.includes(0) ? undefined : now)
    }
    if (end === "FailFatally" || end === "Die") return finish("Fatal", [first], now)
    failed.unshift(first)
    known = now
    if (hedge.budget?._tag === "throttle") tokens = Math.max(0, tokens - 1)
    const asked = end === "InterruptSelf" ? undefined : wait
    if (asked === Number.POSITIVE_INFINITY) forbidden = true
    else if (asked !== undefined) next = now + asked
    else if (mayStart) tryStart(now)
  }
}
