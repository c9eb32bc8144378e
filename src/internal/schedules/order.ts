/** The order of firings, whatever they are kept in. */
import * as Order from "effect/Order"
import type { Firing } from "../../schedules.ts"
import { compare } from "../journal/order.ts"

const by = (...keys: ReadonlyArray<(firing: Firing) => number>) => (a: Firing, b: Firing): number => {
  for (const key of keys) {
    const order = Order.Number(key(a), key(b))
    if (order !== 0) return order
  }
  return compare(a.runId, b.runId)
}

export const inOrder = {
  taken: by(({ takenAt }) => takenAt, ({ due }) => due),
  ended: by(({ ended }) => ended!.at, ({ due }) => due)
}
