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
import * as Result from "effect/Result"
import type { Issue, WorkflowError } from "../../CanoError.ts"
import { ConfigurationError, WorkflowTimeoutError } from "../../CanoError.ts"
import type { RunOptions } from "../../Workflow.ts"
import { list, show } from "../check/describe.ts"
import type { Level } from "../run/level.ts"
import { standing } from "../run/nested.ts"
import * as nursery from "../run/nursery.ts"
import { levelOf, Run, runOf, within } from "../run/run.ts"
import { mayDetach } from "../split/config.ts"
import { workflowError } from "../split/frame.ts"
import * as rules from "../split/options.ts"
import * as graph from "./graph.ts"
import type { Handler, Machine } from "./machine.ts"
import { advance, isKnown, namesOf, splitHandler, tagOf, taskHandler } from "./machine.ts"
import * as resources from "./resources.ts"
import * as schema from "./schema.ts"

type AnyEffect = Effect.Effect<unknown, unknown, unknown>

/** The options of `registerSplit`. */
export interface SplitOptions extends rules.SplitInput {
  readonly next: unknown
  readonly otherwise?: unknown
}

/** What one `register` or `registerSplit` adds. */
type Entry =
  | { readonly _tag: "Task"; readonly state: string; readonly task: unknown; readonly part: number }
  | {
    readonly _tag: "Split"
    readonly state: string
    readonly branches: unknown
    readonly options: SplitOptions
    readonly part: number
  }

/** The Schema of the states, and which of them are checked against it. */
interface States {
  readonly schema: unknown
  readonly validate: unknown
}

interface Definition {
  readonly name: string
  readonly states: States | undefined
  readonly entries: ReadonlyArray<Entry>
  readonly exits: ReadonlyArray<string>
  readonly resources: resources.Resources | undefined
  /** What `withResources` was given and is no Layer. */
  readonly notLayers: ReadonlyArray<unknown>
  readonly timeouts: ReadonlyArray<Duration.Input>
}

/** A definition with what has been made of it. */
interface Compiled {
  readonly machine: Machine
  readonly issues: ReadonlyArray<Issue>
  readonly timeout: Duration.Duration | undefined
  /** What the Schema says of a state. */
  readonly unfit: Machine["unfit"]
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
    return this.#definition.states?.schema
  }
  pipe() {
    return pipeArguments(this, arguments)
  }
  #with(change: Partial<Definition>): WorkflowImpl {
    return new WorkflowImpl({ ...this.#definition, ...change })
  }
  register(state: string, task: unknown): WorkflowImpl {
    return this.#with({ entries: [...this.#definition.entries, { _tag: "Task", state, task, part: 0 }] })
  }
  registerSplit(state: string, branches: unknown, options: SplitOptions): WorkflowImpl {
    return this.#with({ entries: [...this.#definition.entries, { _tag: "Split", state, branches, options, part: 0 }] })
  }
  addExitStates(...states: ReadonlyArray<string>): WorkflowImpl {
    return this.#with({ exits: [...this.#definition.exits, ...states] })
  }
  addExitState(state: string): WorkflowImpl {
    return this.addExitStates(state)
  }
  withResources(layer: resources.AnyLayer): WorkflowImpl {
    const { notLayers, resources: below } = this.#definition
    return Layer.isLayer(layer)
      ? this.#with({ resources: resources.stack(below, layer) })
      : this.#with({ notLayers: [...notLayers, layer] })
  }
  withTimeout(duration: Duration.Input): WorkflowImpl {
    return this.#with({ timeouts: [...this.#definition.timeouts, duration] })
  }
  merge(that: WorkflowImpl): WorkflowImpl {
    const one = this.#definition
    const other = that.#definition
    const merged = resources.merge(one.resources, other.resources)
    // the parts of the second come after those of the first, where both have Layers
    const before = one.resources === undefined || other.resources === undefined ? 0 : one.resources.parts
    return this.#with({
      states: one.states ?? other.states,
      entries: [...one.entries, ...other.entries.map((entry) => ({ ...entry, part: entry.part + before }))],
      exits: [...one.exits, ...other.exits],
      resources: merged,
      notLayers: [...one.notLayers, ...other.notLayers],
      timeouts: [...one.timeouts, ...other.timeouts]
    })
  }
  validate(options?: { readonly from?: unknown }): ReadonlyArray<Issue> {
    const { issues, machine } = this.#compile()
    const from = options?.from
    if (from === undefined) return issues
    if (!Array.isArray(from)) {
      const sentence = `from is ${show(from)}; it must be an array of the states in which runs start`
      return [...issues, rules.make(undefined, "initial-state", sentence)]
    }
    const broken = [...issues, ...from.flatMap((state) => initialIssues(machine, state, undefined))]
    // a state may be given by its name or as it is
    return broken.length > 0 ? broken : graph.findings(graphOf(this.#definition), machine.exits, from.map(nameOf))
  }
  #compile(): Compiled {
    return this.#compiled ??= compile(this.#definition, () => this.#compile().machine)
  }
  orchestrate(initial: unknown, options?: RunOptions): AnyEffect {
    return Effect.withFiber((fiber) => {
      const { issues, machine, timeout, unfit } = this.#compile()
      const refused = unfit?.(initial)
      const startable = options === undefined && refused === undefined && isKnown(machine, initial)
      if (!startable || issues.length > 0) {
        const all = [...issues, ...limitIssues(options), ...initialIssues(machine, initial, refused)]
        if (all.length > 0) return Exit.fail(new ConfigurationError({ workflow: machine.name, issues: all }))
      }
      if (machine.exits.has(tagOf(initial)!)) return Exit.succeed(initial)
      return start(fiber, machine, this.#definition.resources, timeout, initial, options)
    })
  }
}

export const make = (
  name: string,
  schema?: unknown,
  options?: { readonly validate?: unknown }
): WorkflowImpl =>
  new WorkflowImpl({
    name,
    states: schema === undefined && options === undefined
      ? undefined
      : { schema, validate: options?.validate ?? "initial" },
    entries: [],
    exits: [],
    resources: undefined,
    notLayers: [],
    timeouts: []
  })

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

// -----------------------------------------------------------------------------
// checking
// -----------------------------------------------------------------------------

const compile = (definition: Definition, machine: () => Machine): Compiled => {
  const { entries, name, timeouts } = definition
  const issues: Array<Issue> = []
  const exits = new Set(definition.exits)
  const handlers = new Map<string, Handler>()
  const known = new Set([...entries.map((entry) => entry.state), ...exits].filter(Predicate.isString))
  const isMerged = definition.resources !== undefined && definition.resources.parts > 1
  if (entries.length === 0) issues.push(rules.make(undefined, "no-handler", "no state is registered"))
  if (exits.size === 0) issues.push(rules.make(undefined, "no-exit", "there is no exit state; call addExitStates"))
  for (const exit of exits) {
    if (!Predicate.isString(exit)) issues.push(nameIssue("addExitStates", exit))
  }
  const twice = new Set<string>()
  let parting = false
  const handle = ({ part, state }: Entry, handler: Handler) =>
    handlers.set(state, isMerged ? (current, run) => resources.inPart(handler(current, run), part) : handler)
  for (const entry of entries) {
    if (!Predicate.isString(entry.state)) {
      issues.push(nameIssue(entry._tag === "Task" ? "register" : "registerSplit", entry.state))
      continue
    }
    if (handlers.has(entry.state)) twice.add(entry.state)
    issues.push(...targetIssues(entry, known))
    const handler = entry._tag === "Task" ? taskHandler(entry.task) : undefined
    if (entry._tag === "Task" && handler === undefined) {
      issues.push(
        rules.make(entry.state, "task", "the task must be an Effect, a function of the state, or { run, next }")
      )
    }
    const parsed = entry._tag === "Split" ? rules.parse(entry.state, entry.branches, entry.options) : undefined
    if (parsed !== undefined && Result.isFailure(parsed)) issues.push(...parsed.failure)
    // an entry with issues is never run
    handle(entry, handler ?? (() => Effect.void))
    if (entry._tag === "Split" && parsed !== undefined && Result.isSuccess(parsed)) {
      parting ||= mayDetach(parsed.success.config)
      handle(
        entry,
        splitHandler(machine, {
          ...parsed.success,
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
  for (const given of definition.notLayers) {
    issues.push(rules.make(undefined, "resources", `withResources was given ${show(given)}; it must be a Layer`))
  }
  const unfit = definition.states === undefined ? undefined : checkOf(definition.states, issues)
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
  const checked = definition.states?.validate === "transitions" ? unfit : undefined
  const byNext = new Set(
    entries.filter((entry) => entry._tag === "Task" && targetsOf(entry).some(Predicate.isFunction)).map((entry) =>
      entry.state
    )
  )
  return { machine: { name, handlers, exits, parting, byNext, unfit: checked }, issues, timeout, unfit }
}

const nameIssue = (method: string, given: unknown): Issue =>
  rules.make(undefined, "state", `${method} was given ${show(given)} as a state; its name must be a string`)

/** The check of the states, if there is nothing wrong with the Schema. */
const checkOf = ({ schema: given, validate }: States, issues: Array<Issue>): Machine["unfit"] => {
  if (validate !== "initial" && validate !== "transitions") {
    const sentence = `validate is ${show(validate)}; it must be "initial" or "transitions", or be left out`
    issues.push(rules.make(undefined, "schema", sentence))
  }
  if (schema.isSchema(given)) return schema.check(given)
  issues.push(rules.make(undefined, "schema", `the Schema of the states is ${show(given)}, which is no Schema`))
  return undefined
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
      }; the states are ${list(known)}`
    ))
  }
  if (entry._tag === "Split") {
    // what is no record of options is told of as such
    if (!Predicate.isObject(entry.options)) return issues
    check("unknown-next", "next", entry.options.next)
    if (entry.options.otherwise !== undefined) check("unknown-otherwise", "otherwise", entry.options.otherwise)
  } else if (!Effect.isEffect(entry.task) && Predicate.isObject(entry.task) && "next" in entry.task) {
    check("unknown-next", "next", entry.task.next)
  }
  return issues
}

const limitIssues = (options: RunOptions | undefined): ReadonlyArray<Issue> => [
  ...rules.limit(options?.maxTransitions, 0, "max-transitions"),
  ...rules.limit(options?.maxBranches, 0, "max-branches"),
  ...rules.limit(options?.maxDepth, 1, "max-depth")
]

/** A run can start in the states of its machine, if the Schema has nothing against it. */
const initialIssues = (machine: Machine, initial: unknown, refused: string | undefined): ReadonlyArray<Issue> => {
  const known = isKnown(machine, initial)
  if (known && refused === undefined) return []
  const tag = tagOf(initial)
  const what = tag === undefined ? "the initial state is not a state" : `the initial state "${tag}" is not registered`
  return [
    rules.make(
      tag,
      "initial-state",
      known ? `the initial state does not fit its Schema: ${refused}` : `${what}; the states are ${namesOf(machine)}`
    )
  ]
}

/** Of a known state. */
const nameOf = (state: unknown): string => tagOf(state)!

/** Where the states lead, as far as the definition says. It has no issues. */
const graphOf = ({ entries }: Definition): graph.Graph =>
  new Map(entries.map((entry) => {
    const written = targetsOf(entry)
    const tags = written.filter((to) => !Predicate.isFunction(to)).map(tagOf).filter(Predicate.isString)
    return [entry.state, {
      next: tags,
      anywhere: written.length === 0 || tags.length < written.length,
      branches: entry._tag === "Split" && (Effect.isEffect(entry.branches) || Predicate.isFunction(entry.branches))
    }]
  }))

/** What a definition says of where a state leads; nothing for a task that answers it. */
const targetsOf = (entry: Entry): ReadonlyArray<unknown> =>
  entry._tag === "Split"
    ? [entry.options.next, entry.options.otherwise].filter((to) => to !== undefined)
    : Predicate.isObject(entry.task) && !Effect.isEffect(entry.task)
    ? [entry.task.next]
    : []

// -----------------------------------------------------------------------------
// running
// -----------------------------------------------------------------------------

/** Why a run does not start in a task of another one. It is an error of that one: nothing of the first is there yet. */
const tooDeep = (machine: Machine, outer: Run): WorkflowError | undefined => {
  const sentence = outer.tooDeep()
  if (sentence === undefined) return undefined
  return workflowError(outer, "max-depth", `workflow "${machine.name}" does not start: ${sentence}`)
}

const start = (
  fiber: Fiber.Fiber<unknown, unknown>,
  machine: Machine,
  layers: resources.Resources | undefined,
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
  let open = true
  const advanced = advance(machine, run, initial)
  const states = run.nursery === undefined
    ? advanced
    : Effect.onExit(advanced, (exit) => {
      // what goes on now are branches that have left their split
      open = false
      run.isExpired = false
      return nursery.close(run.nursery!, exit)
    })
  if (timeout === undefined) {
    return within(run, layers === undefined ? states : provideLocal(states, layers))
  }
  let ended = false
  const mark = (body: AnyEffect): AnyEffect =>
    Effect.onExit(body, () => {
      ended = true
      return Effect.void
    })
  let late: Pick<WorkflowTimeoutError, "state" | "path"> | undefined
  const budget = Effect.flatMap(Effect.sleep(timeout), () => {
    // a run that has ended keeps its result, however long the release of its resources takes
    if (ended) return Effect.never
    late = { state: run.state, path: run.path }
    run.isExpired = open
    return Effect.void
  })
  const body = layers === undefined ? mark(states) : provideLocal(states, layers, mark)
  return within(
    run,
    // the split that is open has told what it has when the run has been awaited
    Effect.flatMap(Effect.raceAllFirst([budget, body]), (exit) =>
      late === undefined
        ? Exit.succeed(exit)
        : Exit.fail(
          new WorkflowTimeoutError({ limit: timeout, workflow: machine.name, ...late, result: run.unfinished })
        ))
  )
}

/**
 * `Effect.provide(states, layer, { local: true })`, with a place for what belongs to building and running, but not to
 * the release.
 */
const provideLocal = (
  states: AnyEffect,
  layers: resources.Resources,
  around: (body: AnyEffect) => AnyEffect = (body) => body
): AnyEffect =>
  Effect.scopedWith((scope) =>
    around(Effect.flatMap(
      resources.build(layers, Layer.makeMemoMapUnsafe(), scope),
      (parts) => resources.provide(states, parts)
    ))
  )
