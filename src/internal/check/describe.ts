/**
 * What is said of a value that somebody has given: short, whatever its size, and harmless, whatever its getters, its
 * `toString` and its prototype do. It reads no getter, calls no method but the one that hides a secret, and does not iterate.
 */
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Predicate from "effect/Predicate"
import * as Redactable from "effect/Redactable"
import * as Result from "effect/Result"

/** A sentence's part for a value of the wrong kind: "the number 42", "a Date". */
export const describe = (u: unknown): string =>
  u === null || u === undefined ? String(u) : isReference(u) ? kind(u) : `the ${typeof u} ${text(u)}`

/** The same without the type of a primitive: "returned 42". */
export const brief = (u: unknown): string => isReference(u) ? kind(u) : text(u)

/** Names for a sentence, of which there may be many. */
export const list = (names: Iterable<string>): string => {
  const all = [...names]
  const first = all.slice(0, mostNames).map((name) => clip(name)).join(", ")
  return all.length > mostNames ? `${first} and ${all.length - mostNames} more` : first
}

/** The value as one would write it down: `"soon"`, `{"second":5}`. */
export const show = (u: unknown): string => clip(attempt(() => written(u, 0)) ?? unreadable, mostShown)

/** The sentence for a value where something else must be. */
export const misfit = (what: string, u: unknown, expected: string): string =>
  `${what} is ${show(u)}; it must be ${expected}`

/** The same, said of several. */
export const misfits = (what: string, u: unknown, expected: string): string =>
  `${what} are ${show(u)}; they must be ${expected}`

/** No longer than `most`, whatever it is. */
export const clip = (text: string, most = mostText): string => text.length > most ? `${text.slice(0, most)}…` : text

/** Whether an object is a plain record: one that a literal makes, of this realm or another. */
export const isPlain = (u: object): u is { readonly [key: string]: unknown } => {
  const prototype: unknown = Object.getPrototypeOf(u)
  return prototype === null || prototype === Object.prototype ||
    // the prototype of another realm's literals
    (Predicate.isObject(prototype) && Object.getPrototypeOf(prototype) === null &&
      Object.hasOwn(prototype, "isPrototypeOf"))
}

/** What `f` gives; nothing if it throws, as a hostile value may make it. */
export const attempt = <A>(f: () => A): A | undefined => {
  const result = Result.try({ try: f, catch: identity })
  return Result.isSuccess(result) ? result.success : undefined
}

/** Characters of a text that are quoted, and of a value; members of a collection, and how deep they are shown. */
const mostText = 100
const mostShown = 500
const mostMembers = 8
const mostNames = 40
const mostDeep = 2

const unreadable = "an object that can't be read"

const isReference = (u: unknown): u is object => (typeof u === "object" && u !== null) || typeof u === "function"

const text = (u: unknown): string => clip(typeof u === "bigint" ? `${u}n` : String(u))

const kind = (u: object): string =>
  attempt(() => {
    if (isEffect(u)) return "an Effect"
    if (Array.isArray(u)) return "an array"
    const tag = Object.prototype.toString.call(u).slice("[object ".length, -1)
    if (typeof u === "function") return functions[tag] ?? "a function"
    const name = constructorName(u) ?? tag
    return name === "Object" ? "an object" : `${/^[aeiou]/i.test(name) ? "an" : "a"} ${clip(name)}`
  }) ?? unreadable

/** The errors of Effect are Effects that fail, and told of as errors. */
const isEffect = (u: object): boolean => Effect.isEffect(u) && !(u instanceof Error)

const functions: { readonly [tag: string]: string | undefined } = Object.assign(Object.create(null), {
  AsyncFunction: "an async function",
  GeneratorFunction: "a generator function",
  AsyncGeneratorFunction: "an async generator function"
})

/** Of the class that made an object; nothing for what no class has made. */
const constructorName = (u: object): string | undefined => {
  for (let at: unknown = Object.getPrototypeOf(u); Predicate.isObject(at); at = Object.getPrototypeOf(at)) {
    const constructor: unknown = Object.getOwnPropertyDescriptor(at, "constructor")?.value
    if (typeof constructor !== "function") continue
    const name: unknown = Object.getOwnPropertyDescriptor(constructor, "name")?.value
    return Predicate.isString(name) && name !== "" && name !== "Object" ? name : undefined
  }
  return undefined
}

const written = (u: unknown, depth: number): string => {
  if (!isReference(u)) return Predicate.isString(u) ? JSON.stringify(text(u)) : text(u)
  if (depth === mostDeep) return kind(u)
  if (Redactable.isRedactable(u)) return written(Redactable.getRedacted(u), depth + 1)
  if (isEffect(u)) return kind(u)
  if (Array.isArray(u)) {
    const length = Math.min(u.length, mostMembers)
    return `[${rest(Array.from({ length }, (_, i) => property(u, String(i), depth)), u.length)}]`
  }
  if (typeof u === "function" || !isPlain(u)) return kind(u)
  const keys = Object.keys(u)
  const members = keys.slice(0, mostMembers).map((key) => `${JSON.stringify(clip(key))}:${property(u, key, depth)}`)
  return `{${rest(members, keys.length)}}`
}

const rest = (members: ReadonlyArray<string>, length: number): string =>
  (length > members.length ? [...members, "…"] : members).join(",")

const property = (u: object, key: string, depth: number): string => {
  const found = Object.getOwnPropertyDescriptor(u, key)
  return found !== undefined && found.get !== undefined ? "a getter" : written(found?.value, depth + 1)
}
