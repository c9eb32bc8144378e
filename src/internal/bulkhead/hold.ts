/**
 * A place of a shared bulkhead that somebody holds. It travels with the services of what runs in the place, forked fibers
 * included, so that a second place can be refused that would wait for the first, and lives until the place is given back.
 */
import * as Context from "effect/Context"
import { BulkheadReentryError, type Location } from "../../CanoError.ts"
import type { AnyFiber } from "../fibers/any.ts"
import { Nested, standing } from "../run/nested.ts"
import { CurrentRunRef } from "../run/run.ts"

/** The holds of other bulkheads are around it, as far as they have not ended. */
export class Hold extends Nested<Hold> {
  /** The bulkhead. */
  readonly of: object
  readonly by: Location | undefined
  constructor(of: object, fiber: AnyFiber) {
    super(fiber.getRef(HoldRef))
    this.of = of
    this.by = locationOf(fiber)
  }
}

export const HoldRef = Context.Reference<Hold | undefined>("effect-cano/Bulkhead/Hold", {
  defaultValue: () => undefined
})

/** The error for a place that somebody asks for who runs in another one of the same bulkhead. */
export const reentry = (
  of: { readonly name: string },
  fiber: AnyFiber
): BulkheadReentryError | undefined => {
  for (let hold = standing(fiber.getRef(HoldRef)); hold !== undefined; hold = hold.outer) {
    if (hold.of === of) {
      return new BulkheadReentryError({ bulkhead: of.name, heldIn: hold.by, askedIn: locationOf(fiber) })
    }
  }
  return undefined
}

/** Where the run stands that a fiber belongs to, if it belongs to one. */
const locationOf = (fiber: AnyFiber): Location | undefined => {
  const { state, visit, workflow } = fiber.getRef(CurrentRunRef)
  return visit === 0 ? undefined : { workflow, state }
}
