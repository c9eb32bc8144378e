/**
 * The branches of a split that nobody hears of any more, as they were told of in an earlier life of it: those that have
 * ended, or all where the join was decided. Nothing is kept.
 */
import { constFalse, constTrue } from "effect/Function"
import type { Config } from "./config.ts"

export const past = ({ recall }: Config): (index: number) => boolean => {
  if (recall === undefined) return constFalse
  if (recall.decided !== undefined) return constTrue
  const known = new Set(recall.outcomes.map(({ index }) => index))
  return (index) => known.has(index)
}
