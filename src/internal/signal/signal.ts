/**
 * A signal: a typed key, inert and good for the life of a program. What was given for it is looked at when it is first used.
 */
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import { aCount, isCount } from "../check/counts.ts"
import { misfit, show } from "../check/describe.ts"
import * as schema from "../check/schema.ts"
import { TypeId } from "./typeId.ts"

const defaultCapacity = 16

type Check = (value: unknown) => string | undefined

export class SignalImpl {
  // the TypeId, written out: a bundler does not leave out a class that computes a name
  readonly "~effect-cano/Signal" = TypeId
  readonly name: string
  readonly schema: Schema.Top
  readonly capacity: number
  readonly reply: Schema.Top | undefined
  #faults: ReadonlyArray<string> | undefined
  #value: Check | undefined
  #answer: Check | undefined
  constructor(name: string, schema: Schema.Top, options: Options | undefined) {
    this.name = name
    this.schema = schema
    this.capacity = options?.capacity ?? defaultCapacity
    this.reply = options?.reply
  }
  /** What is wrong with what it was given, as sentences. */
  get faults(): ReadonlyArray<string> {
    return this.#faults ??= faultsOf(this)
  }
  /** What is wrong with a value, in the words of the Schema. */
  wrong(value: unknown): string | undefined {
    return (this.#value ??= schema.check(this.schema))(value)
  }
  /** What is wrong with a reply. */
  wrongReply(value: unknown): string | undefined {
    return this.reply === undefined ? undefined : (this.#answer ??= schema.check(this.reply))(value)
  }
}

interface Options {
  readonly capacity?: number | undefined
  readonly reply?: Schema.Top | undefined
}

const faultsOf = ({ capacity, name, reply, schema: given }: SignalImpl): ReadonlyArray<string> => {
  const faults: Array<string> = []
  if (!Predicate.isString(name) || name === "") faults.push(misfit("the name of a signal", name, "a text"))
  const whose = `signal ${show(name)}`
  if (!schema.isSchema(given)) faults.push(`the Schema of ${whose} is ${show(given)}, which is no Schema`)
  if (!isCount(capacity)) faults.push(misfit(`the capacity of ${whose}`, capacity, `${aCount}, or be left out`))
  if (reply !== undefined && !schema.isSchema(reply)) {
    faults.push(`the Schema of replies to ${whose} is ${show(reply)}, which is no Schema`)
  }
  return faults
}

export const make = (name: string, schema: Schema.Top, options?: Options): SignalImpl =>
  new SignalImpl(name, schema, options)
