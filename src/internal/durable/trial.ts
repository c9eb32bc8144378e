/**
 * Whether what the journal says of a run could be followed by a definition: what its steps, splits and follow-on branches would
 * find when they are entered again, found before anything runs. Functions of branches are asked for their lists, as they are
 * then; nothing else of a definition is called, and nothing is kept.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Split } from "../../Definition.ts"
import type { Letter } from "../../journal.ts"
import * as TaskResult from "../../TaskResult.ts"
import { attempt, clip, describe } from "../check/describe.ts"
import { sourceOf } from "../machine/definition.ts"
import { tagOf } from "../machine/machine.ts"
import { segment } from "../run/keys.ts"
import { isSignal } from "../signal/typeId.ts"
import type { BranchList } from "../split/branches.ts"
import * as branches from "../split/branches.ts"
import { nameIn } from "../split/record.ts"
import type { Codecs } from "./codecs.ts"
import * as definitions from "./definition.ts"
import type { RestoreError } from "./error.ts"
import type { Past } from "./past.ts"
import * as place from "./place.ts"
import { remember } from "./remember.ts"
import { stepOf, unkept } from "./restore.ts"
import * as text from "./text.ts"

export interface Fault {
  readonly rule: RestoreError["rule"]
  readonly detail: string
}

const fault = (rule: Fault["rule"], detail: string): Fault => ({ rule, detail })

/** What keeps a run from going on in a state, in its visit of some number; nothing where nothing does. */
export const faultOf = (codecs: Codecs, past: Past, visit: number, state: unknown): Fault | undefined => {
  const trial = new Trial(codecs, past, visit, state)
  // what goes back enters none of them again
  return trial.goingBack() ?? (past.why === undefined ? trial.followOns() ?? trial.splits() : undefined)
}

/** The branches of a split have ended, and the state is none any more. */
export const ofOther = (codecs: Codecs, past: Past, split: string, name: string): Fault | undefined => {
  const ended = past.outcomes.get(split)?.[0]
  return ended === undefined || codecs.stateOf(name)?.kind === "split"
    ? undefined
    : fault("branch", `branch ${split}/${ended.segment} has ended, and state "${clip(name)}" is no split any more`)
}

/** A letter that whoever waits for it can't read. Of signals that no state waits for it is not known how they are read. */
export const ofLetters = (codecs: Codecs, letters: ReadonlyArray<Letter>): Fault | undefined => {
  for (const { data, kind, name } of letters) {
    if (kind !== "signal") continue
    const own = codecs.definition.states.flatMap((state) =>
      state.kind === "signal" && state.signal === name && isSignal(state.registered.signal)
        ? [state.registered.signal.schema]
        : []
    )
    const read = own.map((schema) => Result.flatMap(text.parse(data), (json) => text.codec(schema).decode(json)))
    const [first] = read
    if (first === undefined || !Result.isFailure(first) || read.some(Result.isSuccess)) continue
    return fault("signal", `signal "${clip(name)}" that was sent to it does not fit its Schema: ${first.failure}`)
  }
  return undefined
}

/** What a split would be given. */
interface Given {
  readonly list: BranchList
  /** Of follow-on branches. */
  readonly states: ReadonlyArray<unknown> | undefined
}

/** A list of which nothing is known. */
const open: Given = { list: { _tag: "Lazy", items: [], isOneShot: false }, states: undefined }

class Trial {
  readonly #codecs: Codecs
  readonly #past: Past
  readonly #state: unknown
  readonly #own: string
  constructor(codecs: Codecs, past: Past, visit: number, state: unknown) {
    this.#codecs = codecs
    this.#past = past
    this.#state = state
    this.#own = place.visit("", visit, tagOf(state)!)
  }

  goingBack(): Fault | undefined {
    const { started, why } = this.#past
    const codecs = this.#codecs
    if (!codecs.definition.isSaga) return unkept(this.#past, codecs)
    for (const one of started.values()) {
      const step = stepOf(this.#past, codecs, one)
      if (Result.isFailure(step)) return step.failure
    }
    if (why === undefined) return undefined
    const read = codecs.causes.decode(why.cause)
    return Result.isSuccess(read)
      ? undefined
      : fault("encoding", `why the run goes back does not fit the Schema of errors: ${read.failure}`)
  }

  followOns(): Fault | undefined {
    for (const [stem, { state }] of this.#past.entered) {
      if (!this.#goesOn(stem)) continue
      const read = this.#codecs.state.decode(state)
      if (Result.isFailure(read)) {
        return fault("encoding", `the state of branch ${stem} does not fit its Schema: ${read.failure}`)
      }
      const name = tagOf(read.success)
      if (name === undefined || this.#codecs.stateOf(name) === undefined) {
        const whose = `workflow "${clip(this.#codecs.definition.name)}"`
        return fault("state", `branch ${stem} is in state "${clip(String(name))}", which ${whose} does not have`)
      }
    }
    return undefined
  }

  splits(): Fault | undefined {
    for (const split of new Set([...this.#past.outcomes.keys(), ...this.#past.joins.keys()])) {
      const found = this.#isOpen(split) ? this.#split(split) : undefined
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Whether a visit is the one that its run, or follow-on branch, is in. */
  #isOpen(visit: string): boolean {
    const stem = place.stemOf(visit)
    if (stem === "") return visit === this.#own
    return place.numberOf(visit) === (this.#past.entered.get(stem)?.visit ?? 1) && this.#goesOn(stem)
  }

  /** Whether a follow-on branch has not ended, and is still waited for. */
  #goesOn(stem: string): boolean {
    const split = place.parent(stem)
    return !this.#past.settled.has(stem) && !this.#past.joins.has(split) && this.#isOpen(split)
  }

  #split(split: string): Fault | undefined {
    const state = this.#codecs.definition.states.find(({ name }) => segment(name) === split.split("/").at(-1))
    if (state === undefined) return fault("state", `there is no state any more that split ${split} was of`)
    if (state.kind !== "split") return ofOther(this.#codecs, this.#past, split, state.name)
    const given = this.#givenTo(split, state)
    if ("rule" in given) return given
    const { list, states } = given
    const codecOf = (index: number) =>
      states === undefined ? this.#codecs.branchEnd(state.name, nameIn(list, index)) : this.#codecs.end
    const remembered = remember(this.#past, split, list, codecOf, state.isHedged)
    return Result.isSuccess(remembered) ? undefined : remembered.failure
  }

  #givenTo(split: string, state: Split): Given | Fault {
    const source = sourceOf(state)
    if (source._tag === "List") return { list: source.list, states: undefined }
    const value = source._tag === "Function" ? this.#stateAt(split) : undefined
    if (source._tag !== "Function" || value === undefined) return open
    const answered = Result.try({ try: () => source.f(value) as unknown, catch: describe })
    if (Result.isFailure(answered)) {
      return fault("branch", `the branches of state "${clip(state.name)}" are not known: it throws ${answered.failure}`)
    }
    const given = answered.success
    if (TaskResult.isSplit(given)) {
      const states: unknown = given.states
      if (!Array.isArray(states)) return open
      return { list: { _tag: "Known", items: states.map(() => Effect.void), names: undefined }, states }
    }
    const list = Effect.isEffect(given) ? undefined : branches.fromUnknown(given)
    if (list === undefined || list._tag === "NotBranches") return open
    const names = list._tag === "Known" ? branches.namesOf(list) : ["0"]
    const [issue] = definitions.ofBranches(state, names)
    return issue === undefined ? { list, states: undefined } : fault("branch", issue.message)
  }

  /** The state of a visit, where it is known. */
  #stateAt(visit: string): unknown {
    const stem = place.stemOf(visit)
    if (stem === "") return this.#state
    const entered = this.#past.entered.get(stem)
    if (entered !== undefined) return Result.getOrElse(this.#codecs.state.decode(entered.state), () => undefined)
    const around = place.parent(stem)
    const name = this.#codecs.definition.states.find(({ name }) => segment(name) === around.split("/").at(-1))
    const given = name?.kind === "split" ? this.#givenTo(around, name) : open
    return "rule" in given ? undefined : given.states?.[Number(stem.slice(around.length + 1))]
  }
}

/** What somebody has made of it may throw when it is looked at. */
export const tried = (f: () => Fault | undefined): Fault | undefined => {
  const found = attempt(() => [f()])
  return found === undefined ? fault("state", "it can't be looked at: what the definition is made of throws") : found[0]
}
