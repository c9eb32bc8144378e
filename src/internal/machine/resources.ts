/**
 * The Layers of a workflow, kept apart by the parts that were merged. They are built once for a run, in one scope and in
 * the order in which they were given, and make one set of services for each part.
 *
 * A part's own services come first, and those of the others serve where it has none. So parts that provide the same
 * service keep each its own instance, and parts that rely on one another's still find it.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

export type AnyLayer = Layer.Layer<never, unknown, unknown>

export type Resources =
  /** What is not merged: all states see the same. */
  | { readonly _tag: "One"; readonly parts: 1; readonly layer: AnyLayer }
  /** A merge. The second is built on the first. */
  | { readonly _tag: "Both"; readonly parts: number; readonly first: Resources; readonly second: Resources }
  /** A Layer that was given after a merge: it is built on the first part, and serves all of them before their own. */
  | { readonly _tag: "On"; readonly parts: number; readonly below: Resources; readonly layer: AnyLayer }

/** A further Layer is built on what is there and serves beside it. */
export const stack = (below: Resources | undefined, layer: AnyLayer): Resources =>
  below === undefined
    ? { _tag: "One", parts: 1, layer }
    : below._tag === "One"
    ? { _tag: "One", parts: 1, layer: Layer.provideMerge(layer, below.layer) }
    : { _tag: "On", parts: below.parts, below, layer }

export const merge = (first: Resources | undefined, second: Resources | undefined): Resources | undefined =>
  first === undefined || second === undefined
    ? first ?? second
    : { _tag: "Both", parts: first.parts + second.parts, first, second }

type Services = Context.Context<never>

/** What each part sees. A Layer that two parts name is built once, and shared by them, as anywhere in Effect. */
export const build = (
  self: Resources,
  memo: Layer.MemoMap,
  scope: Scope.Scope
): Effect.Effect<ReadonlyArray<Services>, unknown, unknown> => {
  switch (self._tag) {
    case "One":
      return Effect.map(Layer.buildWithMemoMap(self.layer, memo, scope), (services) => [services])
    case "On":
      return Effect.flatMap(build(self.below, memo, scope), (below) =>
        Effect.map(
          Effect.provideContext(Layer.buildWithMemoMap(self.layer, memo, scope), below[0]!),
          (services) => below.map((part) => Context.merge(part, services))
        ))
    case "Both":
      return Effect.flatMap(build(self.first, memo, scope), (first) =>
        Effect.map(
          Effect.provideContext(build(self.second, memo, scope), first[0]!),
          (second) => [
            ...first.map((part) => Context.merge(second[0]!, part)),
            ...second.map((part) => Context.merge(first[0]!, part))
          ]
        ))
  }
}

/** What the parts of the run that is going on see. */
const Parts = Context.Reference<ReadonlyArray<Services>>("effect-cano/Parts", { defaultValue: () => [] })

/** The part that the state belongs to which is going on. */
export const PartRef = Context.Reference<number>("effect-cano/Part", { defaultValue: () => 0 })

/** Serves a whole run. */
export const provide = <A, E, R>(
  states: Effect.Effect<A, E, R>,
  parts: ReadonlyArray<Services>
): Effect.Effect<A, E, R> =>
  parts.length === 1
    ? Effect.updateContext(states, (around: Context.Context<R>) => beside(around, parts[0]!))
    : Effect.provideService(states, Parts, parts.map((part, i) => Context.add(part, PartRef, i)))

/** Of so many services each is added; more are merged, which copies all that is there and has it cached anew by the fiber. */
const few = 4

/** What is there, and services before it. */
const beside = <R>(around: Context.Context<R>, services: Services): Context.Context<R> => {
  if (services.mapUnsafe.size > few) return Context.merge(around, services)
  let all = around
  services.mapUnsafe.forEach((service, key) => {
    all = Context.addUnsafe(all, key, service)
  })
  return all
}

/** Serves one state of a run whose workflow was merged of parts with Layers. */
export const inPart = <A, E, R>(task: Effect.Effect<A, E, R>, part: number): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => Effect.provideContext(task, fiber.getRef(Parts)[part]!))

/** The services of a state of some part, for who is inside of the resources of the run. */
export const servicesOf = (
  fiber: { readonly context: Services; readonly getRef: <A>(ref: Context.Reference<A>) => A },
  part: number
): Services => {
  const own = fiber.getRef(Parts)[part]
  return own === undefined ? fiber.context : Context.merge(fiber.context, own)
}
