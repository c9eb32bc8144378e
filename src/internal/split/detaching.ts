/**
 * How branches are detached: the effect of a decided split ends, at once or after a grace, while its worker goes on with
 * the branches that run. It is made when such a split starts, and is done with when the worker has ended.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { SplitResult } from "../../SplitResult.ts"
import { clip } from "../check/describe.ts"
import type { AnyFiber } from "../fibers/any.ts"
import { later } from "../fibers/dispatcher.ts"
import { warn } from "../fibers/warn.ts"
import * as nursery from "../run/nursery.ts"
import { concluded } from "./ending.ts"
import type { Detachment, Join } from "./join.ts"
import * as record from "./record.ts"
import { halt, isBreak } from "./settling.ts"

export class Detaching implements Detachment {
  isDone = false
  readonly #join: Join
  readonly #resume: (ending: Effect.Effect<SplitResult<unknown, unknown>, unknown>) => void
  #isDecided = false
  #worker: AnyFiber | undefined
  #grace: AnyFiber | undefined
  constructor(
    join: Join,
    resume: (ending: Effect.Effect<SplitResult<unknown, unknown>, unknown>) => void
  ) {
    this.#join = join
    this.#resume = resume
  }

  /** The first branches may decide before the worker is known. */
  watch(worker: AnyFiber): void {
    this.#worker = worker
    worker.addObserver(() => this.#grace?.interruptUnsafe())
  }

  decided(): void {
    if (this.#isDecided) return
    this.#isDecided = true
    const { config: { grace }, crew, home } = this.#join
    // not on the stack of the branch that has decided, nor on that of the timer
    const detach = () => later(home, () => this.#detach())
    if (grace === undefined) detach()
    else this.#grace = Effect.runForkWith(crew.context!)(Effect.map(Effect.sleep(grace), detach))
  }

  #detach(): void {
    const join = this.#join
    const worker = this.#worker
    if (join.decision.isHalted || worker === undefined || worker.pollUnsafe() !== undefined) return
    const { busy } = join.crew
    // what has yet to end is no branch: an observer has a limit of its own, and children end with the split
    if (busy.length === 0) return
    const { grace } = join.config
    this.isDone = true
    join.record.detach(join.cursor.started)
    nursery.adopt(join.frame.nursery!, { worker, interrupt: () => halt(join) })
    const ended = concluded(join, Exit.void)
    this.#resume(grace === undefined ? ended : Effect.andThen(reportStubborn(join, busy, grace), ended))
  }
}

/** Branches that a warning names. */
const mostNamed = 16

const reportStubborn = (
  { list }: Join,
  busy: ReadonlyArray<number>,
  grace: Duration.Duration
): Effect.Effect<void> => {
  const names = busy.slice(0, mostNamed).map((index) => clip(record.nameIn(list, index))).join(", ")
  const who = busy.length > mostNamed ? `${names} and ${busy.length - mostNamed} more` : names
  const [noun, verb] = busy.length === 1 ? ["branch", "goes"] : ["branches", "go"]
  return warn(
    `${noun} ${who} did not stop within ${Duration.format(grace)} of the interruption, and ${verb} on detached`
  )
}

/** Nobody looks at how a split ends that its caller has left, but somebody may wait for a branch that broke it. */
export const reportBroken = (join: Join, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> => {
  const { decision: { phase }, detaching } = join
  const own = phase._tag === "Broken" ? phase.cause : undefined
  const cause = own ?? (Exit.isFailure(exit) && isBreak(exit.cause) ? exit.cause : undefined)
  if (detaching?.isDone !== true || cause === undefined) return Exit.void
  join.record.abandon(cause)
  return warn("a split broke off after it had been decided", cause)
}
