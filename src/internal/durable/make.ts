/**
 * A durable definition: a workflow with what it takes to write its runs. It is inert, and good for the life of a program.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { ConfigurationError } from "../../CanoError.ts"
import type { Head } from "../../journal.ts"
import { clip, misfit } from "../check/describe.ts"
import * as issue from "../check/issue.ts"
import { JournalError } from "../journal/error.ts"
import { isOver } from "../journal/steering.ts"
import { tagOf } from "../machine/machine.ts"
import type { WorkflowImpl } from "../machine/workflow.ts"
import type { Level } from "../run/level.ts"
import type { Current } from "../run/run.ts"
import { currentOf, levelIn, Run, runOf } from "../run/run.ts"
import { cancelling } from "./children.ts"
import { Codecs } from "./codecs.ts"
import * as definitions from "./definition.ts"
import type { Driven } from "./driver.ts"
import { RestoreError, tooMany, VersionMismatchError } from "./error.ts"
import { Inbox } from "./inbox.ts"
import * as place from "./place.ts"
import type { Runner } from "./runner.ts"
import { Durable, runnerOf } from "./service.ts"
import * as size from "./size.ts"
import type { Definition as Recorded } from "./start.ts"
import * as text from "./text.ts"

/** They are of their types, once nothing is wrong with them. */
type DurableError = JournalError | VersionMismatchError | RestoreError

interface Options {
  readonly version: number
  readonly error?: Schema.Top | undefined
  readonly migrate?: Driven["migrate"]
  readonly operator?: Driven["operator"] | undefined
}

export class DurableImpl {
  readonly #workflow: WorkflowImpl
  readonly #options: Options
  #codecs: Codecs | ConfigurationError | undefined
  constructor(workflow: WorkflowImpl, options: Options) {
    this.#workflow = workflow
    this.#options = options
  }
  get name(): string {
    return this.#workflow.name
  }
  get version(): number {
    return this.#options.version
  }

  /** How its runs are written, or why they can't be. */
  #sound(): Result.Result<Codecs, ConfigurationError> {
    const made = this.#codecs ??= this.#make()
    return made instanceof Codecs ? Result.succeed(made) : Result.fail(made)
  }

  /** What is read of its runs, and how. */
  get recorded(): Result.Result<Recorded, ConfigurationError> {
    const { migrate, version } = this.#options
    return Result.map(this.#sound(), (codecs) => ({ codecs, migrate, version }))
  }

  #make(): Codecs | ConfigurationError {
    const { definition, name } = this.#workflow
    const issues = [
      ...this.#workflow.validate().filter(({ severity }) => severity === undefined),
      ...definitions.issues(definition, this.#options)
    ]
    if (issues.length > 0) return new ConfigurationError({ workflow: name, issues })
    const { error, migrate } = this.#options
    return new Codecs(definition, error, migrate)
  }

  #with<A>(
    f: (runner: Runner, codecs: Codecs) => Effect.Effect<A, ConfigurationError | DurableError>
  ): Effect.Effect<A, ConfigurationError | DurableError, Durable> {
    return Effect.flatMap(Durable, (durable) => {
      const runner = runnerOf(durable)
      const codecs = this.#sound()
      if (Result.isFailure(codecs)) return Exit.fail(codecs.failure)
      runner.ends.know(this.name, codecs.success)
      return f(runner, codecs.success)
    })
  }

  #create(
    runner: Runner,
    codecs: Codecs,
    runId: string,
    initial: unknown,
    parent: string | undefined
  ): Effect.Effect<{ readonly head: Head; readonly isNew: boolean }, DurableError | ConfigurationError> {
    const { version } = this
    const bad = idFault(runId)
    if (bad !== undefined) {
      return Exit.fail(new ConfigurationError({ workflow: this.name, issues: [issue.make(undefined, "run-id", bad)] }))
    }
    const tag = tagOf(initial)
    const isKnown = tag !== undefined && codecs.stateOf(tag) !== undefined
    const data = isKnown ? Result.flatMap(codecs.state.encode(initial), text.stringify) : Result.fail("it is no state")
    const { maxPayload } = runner.settings
    const large = Result.isSuccess(data) ? size.over(data.success, maxPayload) : undefined
    if (large !== undefined) {
      const sentence = `the initial state "${clip(tag ?? "")}" ${tooMany(large, maxPayload)}`
      const issues = [issue.make(tag, "initial-state", sentence)]
      return Exit.fail(new ConfigurationError({ workflow: this.name, issues }))
    }
    if (!isKnown || Result.isFailure(data)) {
      const wrong = this.#workflow.validate({ from: [initial] }).filter(({ severity }) => severity === undefined)
      if (wrong.length > 0) return Exit.fail(new ConfigurationError({ workflow: this.name, issues: wrong }))
      const why = Result.isFailure(data) ? data.failure : ""
      const sentence = `the initial state "${clip(tag ?? "")}" does not fit its Schema: ${why}`
      const issues = [issue.make(tag, "initial-state", sentence)]
      return Exit.fail(new ConfigurationError({ workflow: this.name, issues }))
    }
    const run = {
      runId,
      workflow: this.name,
      version,
      state: tag,
      key: place.visit("", 1, tag),
      data: data.success,
      parent
    }
    return Effect.flatMap(
      runner.committer.create(run),
      (created) =>
        created.head.workflow === this.name ? Effect.succeed(created) : Effect.fail(foreign(created.head, this.name))
    )
  }

  #begun(runner: Runner, codecs: Codecs, runId: string, initial: unknown, parent: string | undefined) {
    return Effect.tap(this.#create(runner, codecs, runId, initial, parent), ({ head }) => {
      const { status } = head
      // one that waits is found when it is due
      return !isOver(status) && status !== "waiting" ? runner.begin(head) : Effect.void
    })
  }

  readonly start = (runId: string, initial: unknown) => {
    return this.#with((runner, codecs) =>
      Effect.map(this.#begun(runner, codecs, runId, initial, undefined), ({ isNew }) => isNew)
    )
  }

  readonly run = (runId: string, initial: unknown) => {
    return this.#with((runner, codecs) =>
      Effect.andThen(
        this.#notWithin(runner, runId),
        Effect.flatMap(this.#begun(runner, codecs, runId, initial, undefined), () => awaited(runner, codecs, runId))
      )
    )
  }

  readonly await = (runId: string) => {
    return this.#with((runner, codecs) =>
      Effect.andThen(
        this.#notWithin(runner, runId),
        Effect.flatMap(runner.ask("show", runner.journal.show(runId), runId), (head) => {
          if (head === undefined) {
            const detail = "there is no run of this id; `run` and `start` begin one"
            return Effect.fail(new RestoreError({ runId, rule: "run", detail }))
          }
          if (head.workflow !== this.name) return Effect.fail(foreign(head, this.name))
          return Effect.andThen(
            isOver(head.status) ? Effect.void : runner.begin(head),
            awaited(runner, codecs, runId)
          )
        })
      )
    )
  }

  /** A step that waits for its own run would wait for ever. */
  #notWithin(runner: Runner, runId: string): Effect.Effect<void, ConfigurationError> {
    return Effect.withFiber((fiber) => {
      const isOwn = (id: string) => id === runId && runner.inboxOf(id) instanceof Inbox
      if (aroundOf(runOf(levelIn(currentOf(fiber))), isOwn) === undefined) return Effect.void
      const sentence = `run "${clip(runId)}" would wait for itself: a step of it asks for its end`
      return Exit.fail(
        new ConfigurationError({ workflow: this.name, issues: [issue.make(undefined, "run-id", sentence)] })
      )
    })
  }

  readonly child = (initial: unknown) => {
    return Effect.withFiber((fiber) => {
      const current = currentOf(fiber)
      const run = runOf(levelIn(current))
      if (current === undefined || run === undefined) {
        return Effect.die(
          new TypeError(
            `child of workflow "${clip(this.name)}" is for a step of a durable run; outside of one there is run`
          )
        )
      }
      const runId = current.key
      return this.#with((runner, codecs) => {
        const data = Result.getOrElse(Result.flatMap(codecs.state.encode(initial), text.stringify), () => "")
        const before = children.get(current)
        if (before?.runId === runId && (before.definition !== this || before.data !== data)) {
          const sentence = `a step has one child, whose id is the key of the step, and "${
            clip(runId)
          }" has started another one: make two branches or states of them`
          const issues = [issue.make(run.state, "durable", sentence)]
          return Exit.fail(new ConfigurationError({ workflow: this.name, issues }))
        }
        children.set(current, { runId, definition: this, data })
        const parent = aroundOf(run, (id) => runner.inboxOf(id) instanceof Inbox) ?? run.runId
        return Effect.onInterrupt(
          Effect.flatMap(
            patiently(runner, this.#begun(runner, codecs, runId, initial, parent)),
            () => patiently(runner, awaited(runner, codecs, runId))
          ),
          () => {
            // a run that is driven elsewhere, or later, finds it as it is
            const inbox = runner.inboxOf(parent)
            if (!(inbox instanceof Inbox) || inbox.isBroken) return Effect.void
            return cancelled(runner, codecs, runId)
          }
        )
      })
    })
  }

  get layer(): Layer.Layer<never, ConfigurationError, Durable> {
    return Layer.effectDiscard(Effect.gen({ self: this }, function*() {
      const runner = runnerOf(yield* Durable)
      const codecs = this.#sound()
      if (Result.isFailure(codecs)) return yield* Effect.fail(codecs.failure)
      const context = yield* Effect.context<never>()
      const registered = runner.register({
        workflow: this.#workflow,
        version: this.version,
        migrate: this.#options.migrate,
        codecs: codecs.success,
        operator: this.#options.operator ?? "rollback",
        context: Context.omit(Scope.Scope)(context) as Context.Context<never>
      })
      if (registered instanceof ConfigurationError) return yield* Effect.fail(registered)
      yield* Scope.addFinalizer(yield* Effect.scope, registered)
    })) as Layer.Layer<never, ConfigurationError, Durable>
  }
}

/** What a journal, or a definition, can't do now is tried again: it is nothing that a step of a run has come to. */
const patiently = <A, E>(runner: Runner, effect: Effect.Effect<A, E>): Effect.Effect<A, Exclude<E, DurableError>> =>
  Effect.catchIf(
    effect,
    (error): error is Extract<E, DurableError> =>
      error instanceof JournalError || error instanceof RestoreError || error instanceof VersionMismatchError,
    () => Effect.andThen(Effect.sleep(runner.settings.poll), Effect.suspend(() => patiently(runner, effect)))
  ) as Effect.Effect<A, Exclude<E, DurableError>>

/** The end of a run, as the journal has it. */
const awaited = (runner: Runner, codecs: Codecs, runId: string): Effect.Effect<unknown, DurableError> =>
  // of the types of its definition
  Effect.flatten(runner.ends.awaited(codecs, runId)) as Effect.Effect<unknown, DurableError>

const foreign = ({ runId, workflow }: Head, name: string): RestoreError =>
  new RestoreError({
    runId,
    rule: "workflow",
    detail: `it is a run of workflow "${clip(workflow)}", and not of "${clip(name)}"; give each run an id of its own`
  })

/** What a step has started as its child: a second one of the same id would be the first. */
const children = new WeakMap<
  Current,
  { readonly runId: string; readonly definition: DurableImpl; readonly data: string }
>()

/** The first of a run and those around it of which something holds: durable ones may have others inside, which run again with a step. */
const aroundOf = (run: Run | undefined, holds: (runId: string) => boolean): string | undefined => {
  for (let at: Level | undefined = run; at !== undefined; at = at.outer) {
    if (at instanceof Run && holds(at.runId)) return at.runId
  }
  return undefined
}

const cancelled = (runner: Runner, codecs: Codecs, runId: string): Effect.Effect<void> =>
  Effect.ignore(Effect.flatMap(
    runner.ask(
      "send",
      runner.journal.send(runId, cancelling),
      runId
    ),
    (sent) => Effect.andThen(runner.wake(runId, sent), runner.ends.awaited(codecs, runId))
  ))

export const make = (workflow: WorkflowImpl, options: Options): DurableImpl => new DurableImpl(workflow, options)

/** Texts are kept as they are given, in a database: what is no Unicode would come back as something else. */
const idFault = (runId: unknown): string | undefined =>
  Predicate.isString(runId) && runId !== "" && text.isWhole(runId)
    ? undefined
    : misfit("runId", runId, "a text that is not empty, of whole characters and without NUL")
