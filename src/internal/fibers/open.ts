/**
 * What is open on a fiber. At a value that is no Effect a fiber ends without its finalizers; with it ends what is open on it,
 * from the inside outwards. It is kept with the fiber, and forgotten when it is closed.
 */
import type * as Exit from "effect/Exit"
import type { AnyFiber } from "./any.ts"

export type End = (exit: Exit.Exit<unknown, unknown>) => void

const openOn = new WeakMap<AnyFiber, Array<End>>()

/** Something is open on a fiber from now on, and ended with it; to close it before answers whether it was open still. */
export const open = (fiber: AnyFiber, end: End): () => boolean => {
  let all = openOn.get(fiber)
  if (all === undefined) {
    const ends: Array<End> = all = []
    openOn.set(fiber, ends)
    fiber.addObserver((exit) => {
      while (ends.length > 0) ends.pop()!(exit)
    })
  }
  const ends = all
  ends.push(end)
  return () => {
    const place = ends.lastIndexOf(end)
    if (place < 0) return false
    ends.splice(place, 1)
    return true
  }
}
