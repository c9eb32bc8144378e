/**
 * What a workflow is made of, as data: its states in order, what is registered for each, and where they lead. A
 * definition is read from a workflow, `workflow.definition`, holds nothing of a run, and never changes.
 *
 * Pictures, versions and tools stand on it, and the engine runs nothing but what stands in it.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Schema from "effect/Schema"
import type { Doubt } from "./Saga.ts"

/**
 * What a workflow is made of.
 *
 * **Details**
 *
 * All of it is plain data, frozen, which can be compared, cloned and written as JSON, with two exceptions that are kept by
 * reference: the `schema`, and under `registered` what each state was registered with, of which records are copies.
 * Durations are those of Effect. It says the same of a workflow that is merged of parts or made by `fromEntries`.
 *
 * A definition that breaks rules can be read, too: what has no meaning is left out of it, and `validate` tells of it.
 *
 * **Example** (A list of all ways)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { JoinStrategy, Workflow } from "effect-cano"
 *
 * type State = "Start" | "Fetch" | "Save" | "Done" | "Failed"
 *
 * const workflow = Workflow.make<State>("pages")
 *   .register("Start", { run: Effect.void, next: "Fetch" })
 *   .registerSplit("Fetch", [Effect.void, Effect.void], {
 *     strategy: JoinStrategy.quorum(1),
 *     next: "Save",
 *     otherwise: "Failed"
 *   })
 *   .register("Save", () => Effect.succeed("Done"))
 *   .addExitStates("Done", "Failed")
 *
 * for (const { kind, name, ways } of workflow.definition.states) {
 *   console.log(kind, name, ...ways.map(({ by, to }) => `${by}: ${to.join() || "?"}`))
 * }
 * // => run Start next: Fetch
 * // => split Fetch next: Save otherwise: Failed
 * // => function Save task: ?
 * // => exit Done
 * // => exit Failed
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export interface Definition {
  readonly name: string
  /** The Schema of the states, where one was given. */
  readonly schema: Schema.Top | undefined
  /** Which states are checked against the Schema: the one that a run starts in, or each that is entered. */
  readonly validate: "initial" | "transitions"
  /** In the order in which they were added. A state that was registered twice is there twice. */
  readonly states: ReadonlyArray<State>
  /** Whether Layers are built for each run. */
  readonly hasResources: boolean
  /** The time of a run; `undefined` where it has no limit. */
  readonly timeout: Duration.Duration | undefined
  /** Whether a run keeps what it has done, to undo it if it goes back. */
  readonly isSaga: boolean
}

/**
 * One state, by what is registered for it.
 *
 * @category models
 * @since 0.1.0
 */
export type State = Task | Split | Signal | Exit

/**
 * A state that runs one task.
 *
 * @category models
 * @since 0.1.0
 */
export interface Task {
  /** `"run"` is a `{ run, next }`; `"none"` what is no task, of which `validate` tells. */
  readonly kind: "effect" | "function" | "run" | "none"
  readonly name: string
  /** Where it leads: one way, by `"task"` or by `"next"`. */
  readonly ways: ReadonlyArray<Way>
  /** The part of a merge whose Layers serve it first, counted from 0; 0 unless several parts have Layers. */
  readonly part: number
  /** What kind of work `run` is, where it says so. */
  readonly work: Work | undefined
  /** Which ends of it are undone: of those that are in doubt; `undefined` where it has no compensation. */
  readonly compensates: Doubt | undefined
  /** Whether its success makes a run only go forward. */
  readonly isPivot: boolean
  /** Whether there are Schemas of what it gives: `registered.task` has them, as `schema`. */
  readonly hasSchemas: boolean
  /** What was given to `register`: no plain data. */
  readonly registered: { readonly task: unknown; readonly options: unknown }
}

/**
 * What kind of work a state does, where it says so: what a task of `effect-cano/Task` was given, as far as it is data. What
 * has no meaning is `undefined`, and `validate` tells of it.
 *
 * @category models
 * @since 0.1.0
 */
export type Work = Poll | Timer | Stream | Retry | SubWorkflow

/**
 * Asks until there is an answer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Poll {
  readonly _tag: "Poll"
  /** What charts call it; left out, they say what it is. */
  readonly label: string | undefined
  /** The time between polls; `undefined` where a `Schedule` says it. */
  readonly every: Duration.Duration | undefined
  readonly within: Duration.Duration | undefined
  /** How many failures in a row are no failure yet; `Infinity` for all. */
  readonly failures: number | undefined
}

/**
 * Waits for an instant. Where neither is known, a function of the state says it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Timer {
  readonly _tag: "Timer"
  readonly label: string | undefined
  readonly duration: Duration.Duration | undefined
  /** In milliseconds of the Clock. */
  readonly instant: number | undefined
}

/**
 * Takes what a stream gives, window by window.
 *
 * @category models
 * @since 0.1.0
 */
export interface Stream {
  readonly _tag: "Stream"
  readonly label: string | undefined
  /** The elements of a full window. */
  readonly count: number | undefined
  /** How long a window stays open. */
  readonly within: Duration.Duration | undefined
  readonly drain: Duration.Duration | undefined
}

/**
 * Tries again after a failure.
 *
 * @category models
 * @since 0.1.0
 */
export interface Retry {
  readonly _tag: "Retry"
  readonly label: string | undefined
  readonly attemptTimeout: Duration.Duration | undefined
}

/**
 * Runs another workflow.
 *
 * @category models
 * @since 0.1.0
 */
export interface SubWorkflow {
  readonly _tag: "Workflow"
  readonly label: string | undefined
  readonly workflow: string | undefined
  /** The name of the state that it starts in; `undefined` where a function of the state says it. */
  readonly initial: string | undefined
  /** What it is made of. */
  readonly definition: Definition | undefined
}

/**
 * A state that is split into branches.
 *
 * @category models
 * @since 0.1.0
 */
export interface Split {
  readonly kind: "split"
  readonly name: string
  /** Where it leads: by `"next"`, by `"otherwise"` where that is given, and by `"branches"` if these may be states. */
  readonly ways: ReadonlyArray<Way>
  /** The part of a merge whose Layers serve it first, counted from 0; 0 unless several parts have Layers. */
  readonly part: number
  readonly branches: Branches
  /** The strategy as its text: `quorum(2)`. */
  readonly strategy: string
  readonly timeout: Duration.Duration | undefined
  /** A number of its own, or the name of a shared bulkhead or of the service that is one. */
  readonly bulkhead: number | string | undefined
  readonly maxBranches: number | undefined
  readonly losers: "interrupt" | "await" | "detach" | { readonly grace: Duration.Duration }
  /** Whether the branches are alternatives, started one after another. */
  readonly isHedged: boolean
  /** Whether each outcome is told to an observer. */
  readonly isObserved: boolean
  /** What is kept of the outcomes: all of them, the tally, or what they are reduced to. */
  readonly keeps: "outcomes" | "tally" | "reduced"
  /** Which branches are undone: all of them, or those of these names. */
  readonly compensates: "all" | ReadonlyArray<string>
  /** Which branches of a satisfied join stay done. */
  readonly staysDone: "winners" | "completed"
  /** Whether its success makes a run only go forward. */
  readonly isPivot: boolean
  /** Of which branches there are Schemas: all of them, or those of these names. `registered.options` has them, as `schema`. */
  readonly schemas: "all" | ReadonlyArray<string>
  /** What was given to `registerSplit`: no plain data. */
  readonly registered: { readonly branches: unknown; readonly options: unknown }
}

/**
 * A state that waits for a signal.
 *
 * @category models
 * @since 0.1.0
 */
export interface Signal {
  readonly kind: "signal"
  readonly name: string
  /** Where it leads: by `"next"`, and by `"otherwise"` where that is given. */
  readonly ways: ReadonlyArray<Way>
  /** The part of a merge whose Layers serve it first, counted from 0; 0 unless several parts have Layers. */
  readonly part: number
  /** The name of the signal. */
  readonly signal: string
  /** The key that the signal is to have, where it is the same in each run. */
  readonly key: string | undefined
  readonly timeout: Duration.Duration | undefined
  /** Whether a signal counts that came before the visit began. */
  readonly since: "run" | "visit"
  /** Whether who asks is answered. */
  readonly isAnswered: boolean
  /** What was given to `registerSignal`: no plain data. */
  readonly registered: { readonly signal: unknown; readonly options: unknown }
}

/**
 * A state in which a run ends.
 *
 * @category models
 * @since 0.1.0
 */
export interface Exit {
  readonly kind: "exit"
  readonly name: string
  /** There are none. */
  readonly ways: ReadonlyArray<never>
}

/**
 * The branches of a split, as far as they are known before it is entered.
 *
 * **Details**
 *
 * Those of a tuple or record are `"static"`, and have names. All others are `"dynamic"`: they are known when a function or
 * an Effect has answered, an iterable has been read, or nobody is left who adds one.
 *
 * @category models
 * @since 0.1.0
 */
export type Branches =
  | { readonly kind: "static"; readonly names: ReadonlyArray<string> }
  | { readonly kind: "dynamic"; readonly from: "function" | "effect" | "iterable" | "growing" }

/**
 * How a state leads to others.
 *
 * @category models
 * @since 0.1.0
 */
export interface Way {
  /** What leads there: the task, an option, or branches that are follow-on states. */
  readonly by: "task" | "next" | "otherwise" | "branches"
  /** The names of the states. */
  readonly to: ReadonlyArray<string>
  /**
   * Whether the state is written down, or those are named by the option `to` that a function, an Effect or a branch
   * function may answer; where it is `"unknown"` they may answer any, and `to` is empty.
   */
  readonly source: "written" | "declared" | "unknown"
}
