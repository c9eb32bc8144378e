/**
 * What a split is given to run, brought to one form: an array of effects, known whole, or an iterable that is read as
 * branches may start. It is made when a split is entered and read once.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as TaskResult from "../../TaskResult.ts"
import { attempt, clip, describe, isPlain } from "../check/describe.ts"
import * as returned from "../check/returned.ts"

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
  | Lazy

/** The branches of a list that is known whole. */
export type Known = Extract<BranchList, { readonly _tag: "Known" }>

/** What its branches are called: by their place in the list, if by nothing else. */
export const namesOf = ({ items, names }: Known): ReadonlyArray<string> => names ?? items.map((_, i) => String(i))

/** A list that is read as branches may start. */
export interface Lazy {
  readonly _tag: "Lazy"
  readonly items: Iterable<Branch>
  /** Whether it is its own iterator, and so empty the second time. */
  readonly isOneShot: boolean
}

/** What a split is given as its branches: a list, or what gives one when the split is entered. */
export type Source =
  | { readonly _tag: "List"; readonly list: BranchList }
  | { readonly _tag: "Effect"; readonly effect: Branch }
  | { readonly _tag: "Function"; readonly f: Function }

/** Why a value is no list of branches. */
export interface NotBranches {
  readonly _tag: "NotBranches"
  readonly detail: string
}

const notBranches = (detail: string): NotBranches => ({ _tag: "NotBranches", detail })

/** Reads a value as branches. What cannot even be looked at, a hostile Proxy, is none. */
export const fromUnknown = (u: unknown): BranchList | NotBranches =>
  attempt(() => read(u)) ?? notBranches(`${describe(u)} where a list of branches was expected`)

/** Reads a value as branches, or as what gives them. */
export const source = (u: unknown): Source | NotBranches => {
  if (attempt(() => Effect.isEffect(u)) === true) return { _tag: "Effect", effect: u as Branch }
  if (Predicate.isFunction(u)) return { _tag: "Function", f: u }
  const list = fromUnknown(u)
  return list._tag === "NotBranches" ? list : { _tag: "List", list }
}

/** `Effect.isEffect` is asked first: effects are iterable, and service keys are classes. */
const read = (u: unknown): BranchList | NotBranches => {
  if (Effect.isEffect(u)) {
    return notBranches("a single Effect where a list of branches was expected; wrap it in an array: [effect]")
  }
  if (Array.isArray(u)) return known(u, undefined)
  if (isGrowing(u)) {
    return Predicate.isFunction(u.seed)
      ? { _tag: "Growing", seed: u.seed }
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
    return { _tag: "Lazy", items: u, isOneShot: "next" in u && Predicate.isFunction(u.next) }
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
  if (returned.isPromise(u)) return "; use Effect.promise or Effect.tryPromise"
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
  `branch ${clip(String(name))} is ${returned.described(u)}, not an Effect`

const known = (given: ReadonlyArray<unknown>, names: ReadonlyArray<string> | undefined): BranchList | NotBranches => {
  // a copy: the array is the caller's, who may change it while the split runs
  const items = given.slice()
  for (let i = 0; i < items.length; i++) {
    if (!Effect.isEffect(items[i])) {
      // of many Promises the first is named, and nobody looks at the others
      items.forEach(returned.isPromise)
      return notBranches(notAnEffect(names?.[i] ?? i, items[i]))
    }
  }
  // proved by the loop above
  return { _tag: "Known", items: items as ReadonlyArray<Branch>, names }
}

const isIterable = (u: object): u is Iterable<Branch> =>
  Predicate.isFunction((u as { readonly [Symbol.iterator]?: unknown })[Symbol.iterator])

/**
 * Reads branches that are added behind others, from a place on. Of more than `most` not all are read: the list may have no
 * end.
 */
export const added = (
  given: unknown,
  from: number,
  most: number,
  whence: string
): ReadonlyArray<Branch> | string => {
  const list = Array.isArray(given) ? given : iterable(given, whence)
  if (typeof list === "string") return list
  const items: Array<Branch> = []
  for (const item of list) {
    if (!Effect.isEffect(item)) return notAnEffect(from + items.length, item)
    items.push(item as Branch)
    if (items.length > most) break
  }
  return items
}

const iterable = (given: unknown, whence: string): Iterable<unknown> | string => {
  const list = fromUnknown(given)
  return list._tag === "Lazy" ? list.items : `${whence} ${describe(given)} where a list of branches was expected`
}

/** Iterators that have been read: a second reading would find them empty, and a join of nothing may be satisfied. */
const alreadyRead = new WeakSet<object>()

/** The iterator of a lazy list; a sentence where it can't be read. */
export const iterate = ({ isOneShot, items }: Lazy): Iterator<Branch> | string => {
  if (isOneShot) {
    if (alreadyRead.has(items)) {
      return "the branches are an iterator that has been read before; make a new one each time"
    }
    alreadyRead.add(items)
  }
  const iterator: unknown = items[Symbol.iterator]()
  return Predicate.isObject(iterator) && Predicate.isFunction(iterator.next)
    // the rest of what an iterator is, is looked at as it is read
    ? iterator as unknown as Iterator<Branch>
    : `the branches answer Symbol.iterator with ${returned.described(iterator)}, not with an iterator`
}

/** The sentence for what a list gave in the place of a branch; `given` is the whole answer of its iterator. */
export const notABranch = (index: number, given: IteratorResult<Branch>): string =>
  Predicate.isPromiseLike(given) ? noResult(given) : notAnEffect(index, given.value)

/** What `next` answers that is no result at all: a defect, as in a `for` loop. */
export const noResult = (given: unknown): string =>
  `next of the branches' iterator returned ${returned.described(given)}, not { done, value }`
