/**
 * What would be undone, in words. Nothing is kept.
 */
import type { Planned } from "../../Saga.ts"
import { clip } from "../check/describe.ts"

const words = {
  Succeeded: "was done",
  InDoubt: "may have been done",
  Running: "runs; in doubt if it is stopped in the middle"
} as const

export const format = (plan: ReadonlyArray<Planned>): string =>
  plan.length === 0
    ? "nothing to undo"
    : plan.map(({ branch, done, key, state }, i) => {
      const what = branch === undefined ? clip(state) : `${clip(state)}, branch ${clip(branch)}`
      return `${i + 1}. ${what} (${clip(key, 200)}): ${words[done]}`
    }).join("\n")
