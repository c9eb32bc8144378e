/**
 * When a fiber may be used for something else that could have had one of its own.
 */
import type { AnyFiber } from "./any.ts"

/** Whether a share of the operations is used up after which Effect makes the fiber yield. */
export const isTired = (fiber: AnyFiber, share: number): boolean =>
  !fiber.cache.preventYield && fiber.currentOpCount * share >= fiber.cache.maxOpsBeforeYield

/**
 * Whether something has left children behind, which end with their fiber. The field is not public; without it they would
 * live as long as the fiber.
 */
export const hasChildren = (fiber: AnyFiber): boolean => {
  const children = (fiber as { readonly _children?: ReadonlySet<unknown> | undefined })._children
  return children !== undefined && children.size > 0
}
