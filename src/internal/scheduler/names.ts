/**
 * What runs are called: for a tick by flow and instant, so that it is the same in every process. Names outlive everybody.
 */
import type * as Random from "effect/Random"
import { randomId } from "../run/run.ts"

export const runIdOf = (flow: string, due: number): string => `${flow}@${new Date(due).toISOString()}`

/** Of a trigger to which whoever asks has given an id. */
export const requestId = (flow: string, id: string): string => `${flow}!${id}`

export const triggerId = (flow: string, random: typeof Random.Random.Service): string =>
  `${flow}@trigger-${randomId(random)}`
