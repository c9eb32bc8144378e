/**
 * What a split is given to run, brought to one form: an array of effects, known whole, or an iterable that is read as
 * slots become free. It is made when a split is entered and read once.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as TaskResult from "../TaskResult.ts"
import { attempt, clip, describe, isPlain } from "./describe.ts"

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
  | { readonly _tag: "Lazy"; readonly items: Iterable<Branch>; readonly isOneShot: boolean }

/** Why a value is no list of branches. */
export interface NotBranches {
  readonly _tag: "NotBranches"
  readonly detail: string
}

const notBranches = (detail: string): NotBranches => ({ _tag: "NotBranches", detail })

/** Reads a value as branches. What cannot even be looked at, a hostile Proxy, is none. */
export const fromUnknown = (u: unknown): BranchList | NotBranches =>
  attempt(() => read(u)) ?? notBranches(`${describe(u)} where a list of branches was expected`)

/** `Effect.isEffect` is asked first: effects are iterable, and service keys are classes. */
const read = (u: unknown): BranchList | NotBranches => {
  if (Effect.isEffect(u)) {
    return notBranches("a single Effect where a list of branches was expected; wrap it in an array: [effect]")
  }
  if (Array.isArray(u)) return known(u, undefined)
  if (isGrowing(u)) {
    return Predicate.isFunction(u.seed)
      ? { _tag: "Growing", seed: guardedSeed(u.seed) }
      : notBranches(`Split.growing of ${describe(u.seed)}; give it a function of add that returns the first branches`)
  }
  if (Predicate.isFunction(u)) {
    return notBranches("a function where a list of branches was expected; return its result instead")
  }
  if (!Predicate.isObject(u)) return notBranches(`${describe(u)} where a list of branches was expected`)
  const instead = insteadOf(u)
  if (instead !== undefined) {
    return notBranches(`${describe(u)} where a list of branches was expected${instead}`)
  }
  if (isIterable(u)) {
    const isOneShot = "next" in u && Predicate.isFunction(u.next)
    return { _tag: "Lazy", items: new Guarded(u, isOneShot), isOneShot }
  }
  return record(u)
}

/** What to write instead of an object that is no list of branches, though it may look like one. */
const insteadOf = (u: object): string | undefined => {
  if (TaskResult.isSplit(u)) return "; TaskResult.split is what a branch function of a state, or an Effect, answers"
  if (u instanceof Map) return "; give its values, [...map.values()], or a record, Object.fromEntries(map)"
  if (u instanceof String || ArrayBuffer.isView(u)) return ""
  if (isIterable(u)) return undefined
  if (Predicate.hasProperty(u, Symbol.asyncIterator)) {
    return "; it would have to be awaited: collect it into an array, in an Effect of branches"
  }
  if (Predicate.isPromiseLike(u)) return "; use Effect.promise or Effect.tryPromise"
  return isPlain(u) ? undefined : "; give an array, an iterable or a plain record of Effects"
}

const record = (u: { readonly [name: string]: unknown }): BranchList | NotBranches => {
  const symbol = Object.getOwnPropertySymbols(u).find((key) => Object.prototype.propertyIsEnumerable.call(u, key))
  if (symbol !== undefined) {
    return notBranches(`a record with the key ${clip(String(symbol))}; the names of branches are strings`)
  }
  const names = Object.keys(u)
  const items: Array<unknown> = []
  for (const name of names) {
    const item = attempt(() => [u[name]])
    if (item === undefined) return notBranches(`a record whose branch ${clip(name)} can't be read: its getter throws`)
    items.push(item[0])
  }
  return known(items, names)
}

/** The sentence for an element that is no Effect. */
export const notAnEffect = (name: string | number, u: unknown): string =>
  u instanceof NotAnAnswer ? u.sentence : `branch ${clip(String(name))} is ${describe(u)}, not an Effect`

const known = (given: ReadonlyArray<unknown>, names: ReadonlyArray<string> | undefined): BranchList | NotBranches => {
  // a copy: the array is the caller's, who may change it while the split runs
  const items = given.slice()
  for (let i = 0; i < items.length; i++) {
    if (!Effect.isEffect(items[i])) return notBranches(notAnEffect(names?.[i] ?? i, items[i]))
  }
  // proved by the loop above
  return { _tag: "Known", items: items as ReadonlyArray<Branch>, names }
}

const isIterable = (u: object): u is Iterable<Branch> =>
  Predicate.isFunction((u as { readonly [Symbol.iterator]?: unknown })[Symbol.iterator])

// -----------------------------------------------------------------------------
// what users' code answers while a split runs
// -----------------------------------------------------------------------------

/** Stands where a branch should be, and is refused like anything that is no Effect, with a sentence of its own. */
class NotAnAnswer {
  readonly sentence: string
  constructor(sentence: string) {
    this.sentence = sentence
  }
}

/** It is given to whoever looks at each branch, and refuses this one. */
const answer = (sentence: string): Branch => new NotAnAnswer(sentence) as unknown as Branch

/** Iterators that have been read: a second reading would find them empty, and a join of nothing may be satisfied. */
const alreadyRead = new WeakSet<object>()

/** A lazy list whose iterator is not trusted to answer as an iterator does. */
class Guarded implements Iterable<Branch> {
  readonly list: Iterable<Branch>
  readonly isOneShot: boolean
  constructor(list: Iterable<Branch>, isOneShot: boolean) {
    this.list = list
    this.isOneShot = isOneShot
  }
  [Symbol.iterator](): Iterator<Branch> {
    const { isOneShot, list } = this
    if (isOneShot) {
      if (alreadyRead.has(list)) {
        return refusing("the branches are an iterator that has been read before; make a new one each time")
      }
      alreadyRead.add(list)
    }
    const iterator: unknown = list[Symbol.iterator]()
    return Predicate.isObject(iterator) && Predicate.isFunction(iterator.next)
      // the rest of what an iterator is, is looked at as it is read
      ? new Reading(iterator as unknown as Iterator<Branch>)
      : refusing(`the branches answer Symbol.iterator with ${describe(iterator)}, not with an iterator`)
  }
}

const refusing = (sentence: string): Iterator<Branch> => [answer(sentence)].values()

class Reading implements Iterator<Branch> {
  readonly iterator: Iterator<Branch>
  constructor(iterator: Iterator<Branch>) {
    this.iterator = iterator
  }
  next(): IteratorResult<Branch> {
    const given: unknown = this.iterator.next()
    // the slot that pulls looks at the value
    return isResult(given) ? given : odd(given)
  }
  return(): IteratorResult<Branch> {
    this.iterator.return?.()
    return { done: true, value: undefined }
  }
}

const isResult = (u: unknown): u is IteratorResult<Branch> => {
  if (typeof u !== "object" || u === null) return false
  const { done, value } = u as { readonly done?: unknown; readonly value?: unknown }
  return done === true || (!done && value !== undefined)
}

/** What is no result, or one without a branch. */
const odd = (given: unknown): IteratorResult<Branch> => {
  // a defect, as in a `for` loop
  if (!Predicate.isObject(given)) throw new TypeError(noResult(given))
  if (Predicate.isPromiseLike(given)) return { done: false, value: answer(noResult(given)) }
  // any value that is true ends a list
  return { done: Boolean(given.done), value: given.value as Branch }
}

const noResult = (given: unknown): string =>
  `next of the branches' iterator returned ${describe(given)}, not { done, value }`

/** A seed whose list, and an `add` whose lists, are looked at before they are read. */
const guardedSeed = (seed: Growing["seed"]): Growing["seed"] => (add) =>
  listOf(seed((branches) => add(listOf(branches, "add was given"))), "the function of Split.growing returned")

const listOf = (u: unknown, whence: string): Iterable<Branch> =>
  Predicate.isObjectOrArray(u) && !Effect.isEffect(u) && isIterable(u)
    ? u
    : [answer(`${whence} ${describe(u)} where a list of branches was expected`)]
