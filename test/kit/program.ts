/**
 * What a model describes, as a program: its branches as Effects, in each shape that a split takes, and its strategy.
 */
import { Effect } from "effect"
import { JoinStrategy } from "effect-cano"
import type * as model from "./model.ts"

/** The strategy. */
export const toStrategy = (strategy: model.Strategy): JoinStrategy.Counting => {
  switch (strategy._tag) {
    case "All":
      return JoinStrategy.all
    case "AllFailFast":
      return JoinStrategy.allFailFast
    case "Any":
      return JoinStrategy.any
    case "PartialTimeout":
      return JoinStrategy.partialTimeout
    case "Quorum":
      return JoinStrategy.quorum(strategy.n)
    case "PartialResults":
      return JoinStrategy.partialResults(strategy.n)
    case "Percentage":
      return JoinStrategy.percentage(strategy.hundredths / 100)
  }
}

/** The error of a branch that fails; its defect when it dies; the defect of a finalizer that dies. */
export class Boom {
  readonly index: number
  constructor(index: number) {
    this.index = index
  }
}

const ending = ({ end }: model.Branch, index: number): Effect.Effect<number, Boom> => {
  switch (end) {
    case "Succeed":
      return Effect.succeed(index)
    case "Fail":
      return Effect.fail(new Boom(index))
    case "Die":
      return Effect.die(new Boom(index))
    case "InterruptSelf":
      return Effect.interrupt
  }
}

/** The branch as an Effect without a trail. */
export const toEffect = (branch: model.Branch, index: number, onCut = Effect.void): Effect.Effect<number, Boom> => {
  const { cleanup, cleanupDies, delay, stubborn } = branch
  const end = Effect.suspend(() => ending(branch, index))
  if (delay === 0) return end
  const work = Number.isFinite(delay) ? Effect.sleep(delay) : Effect.never
  if (stubborn) return Effect.uninterruptible(Effect.andThen(work, end))
  const finalizer = Effect.andThen(
    cleanup === 0 ? onCut : Effect.andThen(onCut, Effect.sleep(cleanup)),
    cleanupDies ? Effect.die(new Boom(index)) : Effect.void
  )
  return Effect.andThen(Effect.onInterrupt(work, () => finalizer), end)
}

/** Branches in one of the shapes a split takes. */
export const toShape = (shape: model.Shape, effects: ReadonlyArray<Effect.Effect<unknown, unknown>>): unknown => {
  const iterable = {
    *[Symbol.iterator]() {
      yield* effects
    }
  }
  switch (shape) {
    case "array":
      return effects
    case "record":
      return Object.fromEntries(effects.map((effect, index) => [`b${index}`, effect]))
    case "function":
      return () => effects
    case "effect":
      return Effect.succeed(effects)
    case "iterable":
      return iterable
    case "generator":
      return function*() {
        yield* iterable
      }
  }
}
