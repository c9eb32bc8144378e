/**
 * A flow as a value: what was given for it, as it was given. It is looked at when it is added to a scheduler, holds nothing of
 * a run, and lives as long as somebody has it.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scheduler from "../../Scheduler.ts"
import type { AnyEffect } from "../fibers/any.ts"
import type { Lasting } from "./lasting.ts"

export const TypeId = "~effect-cano/Scheduler/Flow" as const

export type AnyLayer = Layer.Layer<unknown, unknown, unknown>

export class FlowValue implements Scheduler.Flow<unknown, unknown, unknown> {
  // the TypeId, written out: a bundler does not leave out a class that computes a name
  readonly "~effect-cano/Scheduler/Flow" = TypeId
  readonly id: string
  readonly options: unknown
  /** What all runs share one instance of. */
  readonly layer: AnyLayer | undefined
  /** Where its runs outlive whoever starts them. */
  readonly lasting: Lasting | undefined
  constructor(id: string, options: unknown, layer?: AnyLayer, lasting?: Lasting) {
    this.id = id
    this.options = options
    this.layer = layer
    this.lasting = lasting
  }
  readonly run = (fire: Scheduler.Fire): AnyEffect => {
    const { run } = this.options as Scheduler.FlowOptions<unknown, unknown, unknown>
    return Effect.isEffect(run) ? run : run(fire)
  }
}

export const make = (id: string, options: unknown): FlowValue => new FlowValue(id, options)

/** What is provided later is outside of what was provided before, and serves it too. What is no flow is found when it is added. */
export const provide = (flow: FlowValue, layer: AnyLayer): FlowValue =>
  !(flow instanceof FlowValue)
    ? flow
    : new FlowValue(
      flow.id,
      flow.options,
      flow.layer === undefined ? layer : Layer.provideMerge(flow.layer, layer),
      flow.lasting
    )
