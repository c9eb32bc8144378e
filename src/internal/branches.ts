/**
 * What a split is given to run, brought to one form: an array of effects, known whole, or an iterable that is read as
 * slots become free. It is made when a split is entered and read once.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"

/** An effect whose channels the engine does not look into. */
export type Branch = Effect.Effect<unknown, unknown, unknown>

/** Adds branches to a split that runs; false if it takes none any more. */
export type Add = (branches: Iterable<Branch>) => Effect.Effect<boolean>

export const GrowingTypeId = "~effect-cano/Split/Growing" as const

/** Branches that may add branches. */
export interface Growing {
  readonly [GrowingTypeId]: typeof GrowingTypeId
  readonly seed: (add: Add) => Iterable<Branch>
}

export const growing = (seed: Growing["seed"]): Growing => ({ [GrowingTypeId]: GrowingTypeId, seed })

const isGrowing = (u: unknown): u is Growing => Predicate.hasProperty(u, GrowingTypeId)

/** The branches of one split. */
export type BranchList =
  | { readonly _tag: "Growing"; readonly seed: Growing["seed"] }
  | { readonly _tag: "Known"; readonly items: ReadonlyArray<Branch>; readonly names: ReadonlyArray<string> | undefined }
  | { readonly _tag: "Lazy"; readonly items: Iterable<Branch> }

/** Why a value is no list of branches. */
export interface NotBranches {
  readonly _tag: "NotBranches"
  readonly detail: string
}

const notBranches = (detail: string): NotBranches => ({ _tag: "NotBranches", detail })

/**
 * Reads a value as branches. `Effect.isEffect` is asked first: effects are iterable, and service keys are classes.
 */
export const fromUnknown = (u: unknown): BranchList | NotBranches => {
  if (Effect.isEffect(u)) {
    return notBranches("a single Effect where a list of branches was expected; wrap it in an array: [effect]")
  }
  if (Array.isArray(u)) return known(u, undefined)
  if (isGrowing(u)) return { _tag: "Growing", seed: u.seed }
  if (Predicate.isFunction(u)) {
    return notBranches("a function where a list of branches was expected; return its result instead")
  }
  if (isIterable(u)) return { _tag: "Lazy", items: u }
  if (Predicate.isPromiseLike(u)) {
    return notBranches("a Promise where a list of branches was expected; use Effect.promise or Effect.tryPromise")
  }
  if (Predicate.isObject(u)) {
    const names = Object.keys(u)
    return known(names.map((name) => u[name]), names)
  }
  return notBranches(`${describe(u)} where a list of branches was expected`)
}

/** The sentence for an element that is no Effect. */
export const notAnEffect = (name: string | number, u: unknown): string =>
  `branch ${name} is ${describe(u)}, not an Effect`

/**
 * Whether an iterable can be read only once, because it is its own iterator: empty the second time a state is entered.
 */
export const isOneShot = (items: object): boolean => "next" in items && Predicate.isFunction(items.next)

const known = (given: ReadonlyArray<unknown>, names: ReadonlyArray<string> | undefined): BranchList | NotBranches => {
  // a copy: the array is the caller's, who may change it while the split runs
  const items = given.slice()
  for (let i = 0; i < items.length; i++) {
    if (!Effect.isEffect(items[i])) return notBranches(notAnEffect(names?.[i] ?? i, items[i]))
  }
  // proved by the loop above
  return { _tag: "Known", items: items as ReadonlyArray<Branch>, names }
}

const isIterable = (u: unknown): u is Iterable<Branch> =>
  Predicate.isObjectOrArray(u) && Predicate.isFunction((u as { readonly [Symbol.iterator]?: unknown })[Symbol.iterator])

export const describe = (u: unknown): string =>
  u === null || u === undefined
    ? String(u)
    : typeof u === "object"
    ? "an object"
    : typeof u === "function"
    ? "a function"
    : `the ${typeof u} ${String(u)}`
