/**
 * What runs are called: for a tick by flow and instant, so that it is the same in every process. Names outlive everybody.
 */
import type * as Random from "effect/Random"

export const runIdOf = (flow: string, due: number): string => `${flow}@${new Date(due).toISOString()}`

export const triggerId = (flow: string, random: typeof Random.Random.Service): string => {
  const part = () => Math.abs(random.nextIntUnsafe()).toString(36).padStart(11, "0")
  return `${flow}@trigger-${part()}${part()}`
}
