/**
 * Whether it is known that something was not done which has ended badly. A typed failure is the word of whoever has failed with
 * it; what cuts it off, and what the engine has to say, is not. Nothing is kept but a mark in a cause.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Predicate from "effect/Predicate"
import { BulkheadFullError, BulkheadReentryError, ConfigurationError, isCanoError } from "../../CanoError.ts"

/** Travels in a cause behind which there is another one that leaves it open. */
const Mark = Context.Service<true>("effect-cano/Unsure")

/** Whether what has ended so may have been done all the same. */
export const isUnsure = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some((reason) =>
    !Cause.isFailReason(reason) || isNoWord(reason.error) ||
    Context.getOrUndefined(Cause.reasonAnnotations(reason) as Context.Context<true>, Mark) === true
  )

/** A cause that says no more than that: what came before it may have been done. */
export const unsure = <E>(cause: Cause.Cause<E>): Cause.Cause<E> =>
  Cause.fromReasons(cause.reasons.map((reason) => reason.annotate(Context.make(Mark, true))))

/** Errors of waiting, and of the engine, unless nothing has started. */
const isNoWord = (error: unknown): boolean =>
  Cause.isTimeoutError(error) || Predicate.isTagged(error, "PollTimeoutError") ||
  Predicate.isTagged(error, "SignalTimeoutError") ||
  (isCanoError(error) &&
    !(error instanceof ConfigurationError || error instanceof BulkheadFullError ||
      error instanceof BulkheadReentryError))
