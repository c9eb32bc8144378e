/**
 * What becomes of a value that an earlier version of a definition has recorded: a state, or how something has ended. Worked out
 * when a run is taken, or its end is read; nothing is kept but what a version says of the one before.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import { attempt, clip, describe } from "../check/describe.ts"
import * as returned from "../check/returned.ts"
import { tagOf } from "../machine/machine.ts"
import * as schemas from "../machine/schemas.ts"
import type { Codecs } from "./codecs.ts"
import type { ExitCodec } from "./errors.ts"
import type { Read } from "./text.ts"

/** Of which state and branch something is recorded, by the names that they had; of none for a run as a whole. */
export interface Where {
  readonly state: string | undefined
  readonly branch: string | undefined
}

type Names = { readonly [before: string]: string | null }

/** What a version says of an earlier one. */
export interface Migration {
  readonly state?: ((state: unknown) => unknown) | undefined
  readonly states?: Names | undefined
  readonly branches?: { readonly [state: string]: Names } | undefined
  readonly value?: ((value: unknown, where: Where) => unknown) | undefined
  readonly error?: ((error: unknown, where: Where) => unknown) | undefined
}

export type Migrate = { readonly [version: number]: ((state: unknown) => unknown) | Migration }

/** What is said of a version; nothing where there is no way from it. */
export const of = (migrate: Migrate | undefined, version: number): Migration | undefined => {
  const own = migrate !== undefined && Object.hasOwn(migrate, version) ? migrate[version] : undefined
  return Predicate.isFunction(own) ? { state: own } : own
}

/** Why something can't be migrated: thrown where it shows, and caught where the whole is worked out. */
export class Misfit extends TypeError {
  readonly rule: "state" | "encoding"
  constructor(rule: Misfit["rule"], detail: string) {
    super(detail)
    this.rule = rule
  }
}

/** How it has ended, with which Schemas: as a state where its branch is one. */
interface Ends {
  readonly codec: ExitCodec | undefined
  readonly isState: boolean
}

type Json = { readonly [field: string]: any }

export class Values {
  readonly #codecs: Codecs
  readonly #migration: Migration
  readonly #from: number
  constructor(codecs: Codecs, migration: Migration, from: number) {
    this.#codecs = codecs
    this.#migration = migration
    this.#from = from
  }

  // ---------------------------------------------------------------------------
  // names
  // ---------------------------------------------------------------------------

  /** The name of a state today; `null` where nothing of it counts. */
  nameOf(state: string): string | null {
    return ownOf(this.#migration.states, state)
  }

  branchOf(state: string, branch: string): string | null {
    const { branches } = this.#migration
    return ownOf(branches !== undefined && Object.hasOwn(branches, state) ? branches[state] : undefined, branch)
  }

  /** How a branch, or a step, of a state ends, by its names of today. */
  endsOf(state: string, branch: string | undefined): Ends {
    const own = this.#codecs.stateOf(state)
    if (own === undefined || own.kind === "exit" || own.kind === "signal") return unknown
    if (own.kind !== "split") {
      return branch === undefined ? { codec: this.#codecs.stepEnd(own, undefined), isState: false } : unknown
    }
    return branch === undefined ? unknown : {
      codec: this.#codecs.branchEnd(state, branch),
      isState: own.schemas.length === 0 && schemas.ofBranch(own, branch) === undefined
    }
  }

  // ---------------------------------------------------------------------------
  // values
  // ---------------------------------------------------------------------------

  /** A state, of which `whose` says which one it is. */
  state(json: unknown, whose: string): { readonly json: unknown; readonly name: string } {
    const { state } = this.#migration
    const codec = this.#codecs.state
    const value = state === undefined
      ? this.#given(codec.decode(this.#renamed(json)), "state", whose)
      : this.#called(() => state(json), "state", whose)
    const name = attempt(() => tagOf(value))
    if (name === undefined || this.#codecs.stateOf(name) === undefined) {
      const what = name === undefined ? returned.described(value) : `state "${clip(name)}"`
      const has = `which workflow "${clip(this.#codecs.definition.name)}" does not have`
      throw this.#misfit("state", whose, `it would be in ${what}, ${has}`)
    }
    return { json: this.#given(codec.encode(value), "state", whose), name }
  }

  /** How something has ended. */
  exit(json: unknown, where: Where, { codec, isState }: Ends, whose: string): unknown {
    const { value } = this.#migration
    if (Predicate.hasProperty(json, "c")) return { c: this.causes(json.c, where, codec, whose) }
    if (!Predicate.hasProperty(json, "s")) return json
    if (isState) return { s: this.state(json.s, whose).json }
    if (value === undefined || codec === undefined) return json
    const answered = this.#called(() => value(json.s, where), "encoding", whose)
    return this.#given(codec.encode(Exit.succeed(answered)), "encoding", whose)
  }

  /** The end of a run. */
  end(json: unknown): unknown {
    return this.exit(json, nowhere, { codec: this.#codecs.end, isState: true }, "its end")
  }

  /** Why a run goes back, or could not. */
  causes(json: unknown, where: Where, codec: ExitCodec | undefined, whose: string): unknown {
    const { error } = this.#migration
    if (!Array.isArray(json)) return json
    return json.map((reason: unknown) => {
      if (Predicate.hasProperty(reason, "f")) return { f: this.#engine(reason.f as Json, where, codec, whose) }
      if (!Predicate.hasProperty(reason, "e") || error === undefined || codec === undefined) return reason
      const answered = this.#called(() => error(reason.e, where), "encoding", whose)
      const [encoded] = (this.#given(codec.encode(Exit.fail(answered)), "encoding", whose) as Json)["c"]
      // what does not fit is written as a defect
      if (Predicate.hasProperty(encoded, "d")) {
        throw this.#misfit("encoding", whose, `${describe(answered)} does not fit the Schema of errors`)
      }
      return encoded
    })
  }

  /** An error of the engine, which has names and errors of others in it. */
  #engine(f: Json, where: Where, codec: ExitCodec | undefined, whose: string): Json {
    const { error, failures, original, result } = f
    const state: string | undefined = f["state"]
    const own = state === undefined ? undefined : this.nameOf(state) ?? state
    return {
      ...f,
      ...(own === undefined ? {} : { state: own }),
      ...(result === undefined || own === undefined ? {} : {
        result: {
          ...result,
          outcomes: result.outcomes.map(({ name, x, ...outcome }: Json) => {
            const branch = this.branchOf(state!, name) ?? name as string
            const of = { state, branch: name as string }
            return { ...outcome, name: branch, x: x && this.exit(x, of, this.endsOf(own, branch), whose) }
          })
        }
      }),
      ...(original === undefined ? {} : {
        original: this.causes(original, where, codec, whose),
        failures: failures.map((one: Json) => ({
          ...one,
          state: this.nameOf(one["state"]) ?? one["state"],
          cause: this.causes(one["cause"], where, codec, whose)
        }))
      }),
      ...(error === undefined ? {} : { error: this.causes(error, where, codec, whose) })
    }
  }

  /** A state whose data is what it was. */
  #renamed(json: unknown): unknown {
    const name = tagOf(json)
    const own = name === undefined ? null : this.nameOf(name)
    return own === null ? json : Predicate.isString(json) ? own : { ...json as Json, _tag: own }
  }

  #called(f: () => unknown, rule: Misfit["rule"], whose: string): unknown {
    const tried = Result.try({ try: f, catch: thrown })
    const answered = this.#given(tried, rule, whose)
    if (!returned.isPromise(answered) && !Effect.isEffect(answered)) return answered
    throw this.#misfit(rule, whose, `its function has answered ${describe(answered)}, and must answer at once`)
  }

  #given<A>(read: Result.Result<A, string>, rule: Misfit["rule"], whose: string): A {
    if (Result.isSuccess(read)) return read.success
    throw this.#misfit(rule, whose, read.failure)
  }

  #misfit(rule: Misfit["rule"], whose: string, why: string): Misfit {
    return new Misfit(rule, `${whose} was not migrated from version ${this.#from}: ${why}`)
  }
}

/** The end of a run that has ended with another version. */
export const end = (codecs: Codecs, migration: Migration, version: number, json: unknown): Read<unknown> =>
  Result.try({
    try: () => new Values(codecs, migration, version).end(json),
    catch: (thrown) => thrown instanceof Misfit ? thrown.message : describe(thrown)
  })

export const nowhere: Where = { state: undefined, branch: undefined }

const unknown: Ends = { codec: undefined, isState: false }

const ownOf = (names: Names | undefined, name: string): string | null =>
  names !== undefined && Object.hasOwn(names, name) ? names[name]! : name

/** A function that throws says why in its own words. */
const thrown = (u: unknown): string =>
  attempt(() => u instanceof Error ? `it throws ${clip(`${u.name}: ${u.message}`, 500)}` : undefined) ??
    `it throws ${describe(u)}`
