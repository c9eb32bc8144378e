/**
 * The end of a fiber at a value that is no Effect, somewhere inside of what it runs: Effect ends it as a whole then, past
 * what catches a cause.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"

/** Stands in a cause that has been somebody's before: his fiber has ended so, and nobody else's. */
const Passed = Context.Service<true>("effect-cano/Passed")

/** Whether a fiber may have ended so: Effect has these words for it, which a test holds. */
export const isNoEffect = (cause: Cause.Cause<unknown>): boolean => {
  const [reason] = cause.reasons
  return reason !== undefined && Cause.isDieReason(reason) && typeof reason.defect === "string" &&
    reason.defect.startsWith("Fiber.runLoop: Not a valid effect") &&
    !Cause.reasonAnnotations(reason).mapUnsafe.has(Passed.key)
}

/** The cause, as what somebody else fails with. */
export const passedOn = <E>(cause: Cause.Cause<E>): Cause.Cause<E> => {
  if (!isNoEffect(cause)) return cause
  const annotation = Context.make(Passed, true as const)
  return Cause.fromReasons(cause.reasons.map((reason) => reason.annotate(annotation)))
}
