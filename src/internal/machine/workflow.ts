/**
 * The builder: an immutable draft that each method copies with one thing added. Its definition is made when it is asked
 * for, and compiled on the first run.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { pipeArguments } from "effect/Pipeable"
import * as Predicate from "effect/Predicate"
import type { Issue } from "../../CanoError.ts"
import { ConfigurationError } from "../../CanoError.ts"
import type { Definition } from "../../Definition.ts"
import type { RunOptions } from "../../Workflow.ts"
import { attempt, isPlain, show } from "../check/describe.ts"
import { make as issue } from "../check/issue.ts"
import * as schema from "../check/schema.ts"
import { SeamsRef } from "../run/seams.ts"
import * as policy from "../saga/policy.ts"
import { source } from "../split/branches.ts"
import { compile, splitsOf } from "./compile.ts"
import type { Draft, SplitOptions } from "./definition.ts"
import * as definitions from "./definition.ts"
import * as graph from "./graph.ts"
import * as issues from "./issues.ts"
import type { AnyEffect, Check } from "./machine.ts"
import { isKnown, tagOf } from "./machine.ts"
import * as resources from "./resources.ts"
import type { Nesting, Ready } from "./start.ts"
import { start } from "./start.ts"

/** What has been made of a draft. */
interface Compiled {
  readonly issues: ReadonlyArray<Issue>
  readonly names: ReadonlySet<string>
  /** What the Schema says of a state. */
  readonly unfit: Check | undefined
  /** What runs; nothing where there are issues. */
  readonly ready: Ready | undefined
}

export const TypeId = "~effect-cano/Workflow" as const

export class WorkflowImpl {
  // the TypeId, written out: a bundler does not leave out a class that computes a name
  readonly "~effect-cano/Workflow" = TypeId
  readonly #draft: Draft
  #definition: Definition | undefined
  #compiled: Compiled | undefined
  constructor(draft: Draft) {
    this.#draft = draft
  }
  get name(): string {
    return this.#draft.name
  }
  get schema(): unknown {
    return this.#draft.states?.schema
  }
  get definition(): Definition {
    return this.#definition ??= definitions.make(this.#draft)
  }
  pipe() {
    return pipeArguments(this, arguments)
  }
  #with(change: Partial<Draft>): WorkflowImpl {
    return new WorkflowImpl({ ...this.#draft, ...change })
  }
  #add(...entries: ReadonlyArray<definitions.Entry>): WorkflowImpl {
    return this.#with({ entries: [...this.#draft.entries, ...entries] })
  }
  register(state: string, task: unknown, options?: unknown): WorkflowImpl {
    return this.#add({ _tag: "Task", state, task: copied(task), options: copied(options), part: 0 })
  }
  registerSplit(state: string, branches: unknown, options: SplitOptions): WorkflowImpl {
    return this.#add({ _tag: "Split", state, branches, source: source(branches), options: copied(options), part: 0 })
  }
  registerSignal(state: string, signal: unknown, options: unknown): WorkflowImpl {
    return this.#add({ _tag: "Signal", state, signal, options: copied(options), part: 0 })
  }
  addExitStates(...states: ReadonlyArray<string>): WorkflowImpl {
    return this.#add(...states.map((state) => ({ _tag: "Exit", state }) as const))
  }
  addExitState(state: string): WorkflowImpl {
    return this.addExitStates(state)
  }
  withResources(layer: resources.AnyLayer): WorkflowImpl {
    const { notLayers, resources: below } = this.#draft
    return Layer.isLayer(layer)
      ? this.#with({ resources: resources.stack(below, layer) })
      : this.#with({ notLayers: [...notLayers, layer] })
  }
  withTimeout(duration: Duration.Input): WorkflowImpl {
    return this.#with({ timeouts: [...this.#draft.timeouts, duration] })
  }
  withCompensation(policy: unknown): WorkflowImpl {
    return this.#with({ compensations: [...this.#draft.compensations, copied(policy)] })
  }
  merge(that: WorkflowImpl): WorkflowImpl {
    return new WorkflowImpl(definitions.merge(this.#draft, that.#draft))
  }
  validate(options?: { readonly from?: unknown }): ReadonlyArray<Issue> {
    const { issues: found, names } = this.#compile()
    const from = options?.from
    if (from === undefined) return found
    if (!Array.isArray(from)) {
      const sentence = `from is ${show(from)}; it must be an array of the states in which runs start`
      return [...found, issue(undefined, "initial-state", sentence)]
    }
    const broken = [...found, ...from.flatMap((state) => issues.ofInitial(names, state, undefined))]
    // a state may be given by its name or as it is
    return broken.length > 0 ? broken : graph.findings(this.definition, from.map((state) => tagOf(state)!))
  }
  #compile(): Compiled {
    return this.#compiled ??= compiled(this.definition, this.#draft)
  }
  /** A run in another one may be given a key, which is its id as it is. */
  orchestrate(initial: unknown, options?: RunOptions, nesting?: Nesting): AnyEffect {
    return Effect.withFiber((fiber) => {
      const { issues: found, names, ready, unfit } = this.#compile()
      const refused = unfit?.(initial)
      const startable = ready !== undefined && options === undefined && refused === undefined &&
        isKnown(ready.machine, initial)
      if (!startable) {
        const all = [...found, ...issues.ofRun(options), ...issues.ofInitial(names, initial, refused)]
        if (ready === undefined || all.length > 0) {
          return Exit.fail(new ConfigurationError({ workflow: this.name, issues: all }))
        }
      }
      const isOver = ready.machine.exits.has(tagOf(initial)!)
      if (isOver && fiber.getRef(SeamsRef).host?.isBack !== true) return Exit.succeed(initial)
      return start(fiber, ready, initial, options, nesting)
    })
  }
}

/** What is registered stays what it was, whatever becomes of the object that it was given as. */
const copied = <A>(given: A): A =>
  attempt(() => Predicate.isObject(given) && isPlain(given) && !Effect.isEffect(given) ? { ...given } : given) ?? given

const compiled = (definition: Definition, draft: Draft): Compiled => {
  const splits = splitsOf(definition)
  const found = issues.of(definition, splits, draft)
  const unfit = definition.schema === undefined ? undefined : schema.check(definition.schema)
  const layers = draft.resources
  return {
    issues: found,
    names: issues.namesOf(definition),
    unfit,
    ready: found.length > 0
      ? undefined
      : {
        machine: compile(definition, splits, layers, unfit),
        layers,
        timeout: definition.timeout,
        policy: definition.isSaga ? policy.resolve(draft.compensations.at(-1)) : undefined
      }
  }
}

export const make = (
  name: string,
  schema?: unknown,
  options?: { readonly validate?: unknown }
): WorkflowImpl =>
  new WorkflowImpl(definitions.empty(
    name,
    schema === undefined && options === undefined ? undefined : { schema, validate: options?.validate ?? "initial" }
  ))

const isRecord = (u: unknown): u is { readonly [key: string]: unknown } => Predicate.isObject(u) && !Effect.isEffect(u)

/** The states are told apart by `branches`, which only a split has, and by `signal`. */
export const fromEntries = (
  name: string,
  options: { readonly states: { readonly [state: string]: unknown }; readonly exits: ReadonlyArray<string> }
): WorkflowImpl =>
  Object.entries(options.states).reduce(
    (self, [state, entry]) =>
      isRecord(entry) && "branches" in entry
        // the options stand beside the branches; the rules look at them
        ? self.registerSplit(state, entry.branches, entry as unknown as SplitOptions)
        : isRecord(entry) && "signal" in entry
        ? self.registerSignal(state, entry.signal, entry)
        // and so do `to` and `pivot` beside the work
        : self.register(state, entry, isRecord(entry) ? besides(entry) : undefined),
    make(name)
  ).addExitStates(...options.exits)

const besides = ({ pivot, to }: { readonly [key: string]: unknown }): unknown =>
  to === undefined && pivot === undefined ? undefined : { to, pivot }
