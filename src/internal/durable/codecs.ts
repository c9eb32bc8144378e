/**
 * How what a definition works with is written: its states, how its branches and steps end, and how its runs do. It is made
 * once for a definition.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Definition, Split, State } from "../../Definition.ts"
import { tagOf } from "../machine/machine.ts"
import * as schemas from "../machine/schemas.ts"
import type { Step } from "../saga/step.ts"
import type { CauseCodec, Ends, ExitCodec } from "./errors.ts"
import * as errors from "./errors.ts"
import type { Migrate } from "./migration.ts"
import * as migrations from "./migration.ts"
import type { Codec } from "./text.ts"
import * as text from "./text.ts"

/** How the end of a run is read. */
export interface Reader {
  readonly end: ExitCodec
  /** How a run has ended that another version has recorded, as this one would have written it. */
  readonly ended?: (version: number, json: unknown) => text.Read<unknown>
}

export class Codecs implements Reader {
  readonly definition: Definition
  readonly state: Codec
  /** How a run ends, and a follow-on branch. */
  readonly end: ExitCodec
  readonly causes: CauseCodec
  readonly #states: ReadonlyMap<string, State>
  readonly #around: errors.Around
  readonly #run: Ends
  readonly #splits = new Map<string, Map<string, ExitCodec>>()
  readonly #migrate: Migrate | undefined
  constructor(definition: Definition, error: Schema.Top | undefined, migrate: Migrate | undefined) {
    this.#migrate = migrate
    this.definition = definition
    // there is one, by the rules
    this.state = text.codec(definition.schema!)
    this.#states = new Map(definition.states.map((state) => [state.name, state]))
    this.#run = { success: definition.schema, error }
    this.#around = {
      strategyOf: (name) => {
        const state = name === undefined ? undefined : this.#states.get(name)
        return state?.kind === "split"
          ? (state.registered.options as { readonly strategy?: unknown }).strategy
          : undefined
      },
      endsOf: (name, branch) => {
        const state = name === undefined ? undefined : this.#states.get(name)
        return state?.kind === "split" ? this.#endsOf(state, branch) : this.#run
      }
    }
    this.end = errors.exits(this.#run, this.#around)
    this.causes = errors.causesOf(error, this.#around)
  }

  ended(version: number, json: unknown): text.Read<unknown> {
    const migration = migrations.of(this.#migrate, version)
    return migration === undefined ? Result.succeed(json) : migrations.end(this, migration, version, json)
  }

  stateOf(name: string): State | undefined {
    return this.#states.get(name)
  }

  /** What follows of the name of a state that was written; nothing where it can't be read. */
  tagOf<A>(json: unknown, f: (tag: string) => A): A | undefined {
    const state = this.state.decode(json)
    const tag = Result.isSuccess(state) ? tagOf(state.success) : undefined
    return tag === undefined ? undefined : f(tag)
  }

  /** How a branch of a split ends. */
  branchEnd(name: string, branch: string): ExitCodec {
    let own = this.#splits.get(name)
    if (own === undefined) this.#splits.set(name, own = new Map())
    const state = this.#states.get(name)
    const key = state?.kind !== "split" || state.schemas === "all" ? "" : branch
    let made = own.get(key)
    if (made === undefined) own.set(key, made = errors.exits(this.#around.endsOf(name, branch), this.#around))
    return made
  }

  /** How a step ends that can be undone. */
  stepEnd(state: State, branch: Step["branch"]): ExitCodec {
    if (branch !== undefined) return this.branchEnd(state.name, branch.name)
    const own = state.kind === "exit" || state.kind === "signal" || state.kind === "split"
      ? undefined
      : schemas.ofStep(state)
    return errors.exits(own ?? nothing, this.#around)
  }

  /** A split into follow-on states has no Schemas of its own. */
  #endsOf(state: Split, branch: string): Ends {
    return schemas.ofBranch(state, branch) ?? (state.schemas.length === 0 ? this.#run : nothing)
  }
}

const nothing: Ends = { success: undefined, error: undefined }

/** Of a run whose definition is not known: what needs no Schema can be read. */
export const untyped: Reader = {
  end: errors.exits({ success: Schema.Never }, { strategyOf: () => undefined, endsOf: () => nothing })
}
