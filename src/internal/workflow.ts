/**
 * The builder: an immutable definition that each method copies with one thing added, checked and compiled on its first
 * run.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { pipeArguments } from "effect/Pipeable"
import * as Predicate from "effect/Predicate"
import * as Random from "effect/Random"
import type { Issue } from "../CanoError.ts"
import { ConfigurationError, WorkflowError, WorkflowTimeoutError } from "../CanoError.ts"
import type { RunOptions } from "../Workflow.ts"
import { levelOf, Run, runOf, within } from "./currentRun.ts"
import type { Level } from "./depth.ts"
import type { Handler, Machine } from "./machine.ts"
import { advance, isKnown, splitHandler, tagOf, taskHandler } from "./machine.ts"
import { standing } from "./nested.ts"
import * as nursery from "./nursery.ts"
import * as rules from "./rules.ts"
import { isParting } from "./split.ts"

type AnyEffect = Effect.Effect<unknown, unknown, unknown>
type AnyLayer = Layer.Layer<never, unknown, unknown>

/** The options of `registerSplit`. */
export interface SplitOptions extends rules.SplitInput {
  readonly next: unknown
  readonly otherwise?: unknown
}

/** What one `register` or `registerSplit` adds. */
type Entry =
  | { readonly _tag: "Task"; readonly state: string; readonly task: unknown }
  | { readonly _tag: "Split"; readonly state: string; readonly branches: unknown; readonly options: SplitOptions }

interface Definition {
  readonly name: string
  readonly schema: unknown
  readonly entries: ReadonlyArray<Entry>
  readonly exits: ReadonlyArray<string>
  readonly layer: AnyLayer | undefined
  readonly timeouts: ReadonlyArray<Duration.Input>
}

/** A definition with what has been made of it. */
interface Compiled {
  readonly machine: Machine
  readonly issues: ReadonlyArray<Issue>
  readonly timeout: Duration.Duration | undefined
}

export const TypeId = "~effect-cano/Workflow" as const

export class WorkflowImpl {
  readonly [TypeId] = TypeId
  readonly #definition: Definition
  #compiled: Compiled | undefined
  constructor(definition: Definition) {
    this.#definition = definition
  }
  get name(): string {
    return this.#definition.name
  }
  get schema(): unknown {
    return this.#definition.schema
  }
  pipe() {
    return pipeArguments(this, arguments)
  }
  #with(change: Partial<Definition>): WorkflowImpl {
    return new WorkflowImpl({ ...this.#definition, ...change })
  }
  register(state: string, task: unknown): WorkflowImpl {
    return this.#with({ entries: [...this.#definition.entries, { _tag: "Task", state, task }] })
  }
  registerSplit(state: string, branches: unknown, options: SplitOptions): WorkflowImpl {
    return this.#with({ entries: [...this.#definition.entries, { _tag: "Split", state, branches, options }] })
  }
  addExitStates(...states: ReadonlyArray<string>): WorkflowImpl {
    return this.#with({ exits: [...this.#definition.exits, ...states] })
  }
  addExitState(state: string): WorkflowImpl {
    return this.addExitStates(state)
  }
  withResources(layer: AnyLayer): WorkflowImpl {
    return this.#with({ layer: stack(this.#definition.layer, layer) })
  }
  withTimeout(duration: Duration.Input): WorkflowImpl {
    return this.#with({ timeouts: [...this.#definition.timeouts, duration] })
  }
  merge(that: WorkflowImpl): WorkflowImpl {
    const one = this.#definition
    const other = that.#definition
    return this.#with({
      entries: [...one.entries, ...other.entries],
      exits: [...one.exits, ...other.exits],
      layer: other.layer === undefined ? one.layer : stack(one.layer, other.layer),
      timeouts: [...one.timeouts, ...other.timeouts]
    })
  }
  validate(): ReadonlyArray<Issue> {
    return this.#compile().issues
  }
  #compile(): Compiled {
    return this.#compiled ??= compile(this.#definition, () => this.#compile().machine)
  }
  orchestrate(initial: unknown, options?: RunOptions): AnyEffect {
    return Effect.withFiber((fiber) => {
      const { issues, machine, timeout } = this.#compile()
      const startable = options === undefined && isKnown(machine, initial)
      if (!startable || issues.length > 0) {
        const all = [...issues, ...startIssues(machine, initial, options)]
        if (all.length > 0) return Exit.fail(new ConfigurationError({ workflow: machine.name, issues: all }))
      }
      if (machine.exits.has(tagOf(initial)!)) return Exit.succeed(initial)
      return start(fiber, machine, this.#definition.layer, timeout, initial, options)
    })
  }
}

export const make = (name: string, schema?: unknown): WorkflowImpl =>
  new WorkflowImpl({ name, schema, entries: [], exits: [], layer: undefined, timeouts: [] })

/** The states are told apart by `branches`, which only a split has. */
export const fromEntries = (
  name: string,
  options: { readonly states: { readonly [state: string]: unknown }; readonly exits: ReadonlyArray<string> }
): WorkflowImpl =>
  Object.entries(options.states).reduce(
    (self, [state, entry]) =>
      Predicate.isObject(entry) && !Effect.isEffect(entry) && "branches" in entry
        // the options stand beside the branches; the rules look at them
        ? self.registerSplit(state, entry.branches, entry as unknown as SplitOptions)
        : self.register(state, entry),
    make(name).addExitStates(...options.exits)
  )

/** A second Layer is built on the first and serves beside it. */
const stack = (below: AnyLayer | undefined, layer: AnyLayer): AnyLayer =>
  below === undefined ? layer : Layer.provideMerge(layer, below)

// -----------------------------------------------------------------------------
// checking
// -----------------------------------------------------------------------------

const compile = (definition: Definition, machine: () => Machine): Compiled => {
  const { entries, name, timeouts } = definition
  const issues: Array<Issue> = []
  const exits = new Set(definition.exits)
  const handlers = new Map<string, Handler>()
  const known = new Set([...entries.map((entry) => entry.state), ...exits])
  if (entries.length === 0) issues.push(rules.make(undefined, "no-handler", "no state is registered"))
  if (exits.size === 0) issues.push(rules.make(undefined, "no-exit", "there is no exit state; call addExitStates"))
  const twice = new Set<string>()
  let parting = false
  for (const entry of entries) {
    if (handlers.has(entry.state)) twice.add(entry.state)
    issues.push(...targetIssues(entry, known))
    const handler = entry._tag === "Task" ? taskHandler(entry.task) : undefined
    if (entry._tag === "Task" && handler === undefined) {
      issues.push(
        rules.make(entry.state, "task", "the task must be an Effect, a function of the state, or { run, next }")
      )
    }
    const broken = entry._tag === "Split" ? rules.split(entry.state, entry.branches, entry.options) : []
    issues.push(...broken)
    // an entry with issues is never run
    handlers.set(entry.state, handler ?? (() => Effect.void))
    if (entry._tag === "Split" && broken.length === 0) {
      const config = rules.toConfig(entry.options)
      parting ||= isParting(config)
      handlers.set(
        entry.state,
        splitHandler(machine, {
          branches: entry.branches,
          config,
          next: entry.options.next,
          otherwise: entry.options.otherwise
        })
      )
    }
  }
  for (const state of twice) issues.push(rules.make(state, "registered-twice", "it is registered more than once"))
  for (const state of exits) {
    if (handlers.has(state)) {
      issues.push(rules.make(state, "registered-and-exit", "it is registered and an exit state; it can be only one"))
    }
  }
  const before = issues.length
  for (const timeout of timeouts) {
    rules.duration(
      timeout,
      "workflow-timeout",
      "the timeout of the workflow",
      (rule, sentence) => issues.push(rules.make(undefined, rule, sentence))
    )
  }
  const timeout = timeouts.length === 0 || issues.length > before
    ? undefined
    : timeouts.map((input) => Duration.fromInputUnsafe(input)).reduce((a, b) => Duration.min(a, b))
  return { machine: { name, handlers, exits, parting }, issues, timeout }
}

/** States that are named in a definition must exist. */
const targetIssues = (entry: Entry, known: ReadonlySet<string>): ReadonlyArray<Issue> => {
  const issues: Array<Issue> = []
  const check = (rule: "unknown-next" | "unknown-otherwise", option: string, to: unknown) => {
    if (Predicate.isFunction(to)) return
    const tag = tagOf(to)
    if (tag !== undefined && known.has(tag)) return
    issues.push(rules.make(
      entry.state,
      rule,
      `${option} is ${
        tag === undefined ? "not a state" : `"${tag}", which is neither registered nor an exit state`
      }; the states are ${[...known].join(", ")}`
    ))
  }
  if (entry._tag === "Split") {
    check("unknown-next", "next", entry.options.next)
    if (entry.options.otherwise !== undefined) check("unknown-otherwise", "otherwise", entry.options.otherwise)
  } else if (!Effect.isEffect(entry.task) && Predicate.isObject(entry.task) && "next" in entry.task) {
    check("unknown-next", "next", entry.task.next)
  }
  return issues
}

const startIssues = (machine: Machine, initial: unknown, options: RunOptions | undefined): ReadonlyArray<Issue> => {
  const tag = tagOf(initial)
  const issues = [
    ...rules.limit(options?.maxTransitions, 0, "max-transitions"),
    ...rules.limit(options?.maxBranches, 0, "max-branches"),
    ...rules.limit(options?.maxDepth, 1, "max-depth")
  ]
  if (tag !== undefined && (machine.handlers.has(tag) || machine.exits.has(tag))) return issues
  const what = tag === undefined ? "the initial state is not a state" : `the initial state "${tag}" is not registered`
  issues.push(rules.make(
    tag,
    "initial-state",
    `${what}; the states are ${[...machine.handlers.keys(), ...machine.exits].join(", ")}`
  ))
  return issues
}

// -----------------------------------------------------------------------------
// running
// -----------------------------------------------------------------------------

/** Why a run does not start in a task of another one. It is an error of that one: nothing of the first is there yet. */
const tooDeep = (machine: Machine, outer: Run): WorkflowError | undefined => {
  const sentence = outer.tooDeep()
  if (sentence === undefined) return undefined
  const { path, state, workflow } = outer
  const detail = `workflow "${machine.name}" does not start: ${sentence}`
  return new WorkflowError({ rule: "max-depth", detail, workflow, state, path })
}

const start = (
  fiber: Fiber.Fiber<unknown, unknown>,
  machine: Machine,
  layer: AnyLayer | undefined,
  timeout: Duration.Duration | undefined,
  initial: unknown,
  options: RunOptions | undefined
): AnyEffect => {
  const current = levelOf(fiber)
  const outer = standing<Level>(current)
  const refused = outer instanceof Run ? tooDeep(machine, outer) : undefined
  if (refused !== undefined) return Exit.fail(refused)
  const run = new Run({
    workflow: machine.name,
    options,
    random: fiber.getRef(Random.Random),
    outer,
    budget: runOf(current)?.budget,
    stem: undefined,
    nursery: machine.parting ? nursery.make() : undefined
  })
  const advanced = advance(machine, run, initial)
  const states = run.nursery === undefined
    ? advanced
    : Effect.onExit(advanced, (exit) => nursery.close(run.nursery!, exit))
  if (timeout === undefined) {
    return within(run, layer === undefined ? states : provideLocal(states, layer))
  }
  let ended = false
  const mark = (body: AnyEffect): AnyEffect =>
    Effect.onExit(body, () => {
      ended = true
      return Effect.void
    })
  const budget = Effect.flatMap(Effect.sleep(timeout), () =>
    // a run that has ended keeps its result, however long the release of its resources takes
    ended ? Effect.never : Effect.fail(
      new WorkflowTimeoutError({ limit: timeout, workflow: machine.name, state: run.state, path: run.path })
    ))
  const body = layer === undefined ? mark(states) : provideLocal(states, layer, mark)
  return within(run, Effect.raceAllFirst([budget, body]))
}

/**
 * `Effect.provide(states, layer, { local: true })`, with a place for what belongs to building and running, but not to
 * the release.
 */
const provideLocal = (
  states: AnyEffect,
  layer: AnyLayer,
  around: (body: AnyEffect) => AnyEffect = (body) => body
): AnyEffect =>
  Effect.scopedWith((scope) =>
    around(Effect.flatMap(
      Layer.buildWithMemoMap(layer, Layer.makeMemoMapUnsafe(), scope),
      (context) => Effect.provideContext(states, context)
    ))
  )
