import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Option, Schema } from "effect"
import { CanoError, JoinStrategy, TaskResult, Workflow } from "effect-cano"
import * as Signal from "effect-cano/Signal"
import { type Untyped, untyped } from "../kit/index.ts"

const empty = untyped()
const done = Effect.succeed("Done")
const sound = empty.register("A", done).addExitStates("Done")
const machine = (schema: unknown, options?: object) =>
  (Workflow.make as unknown as (name: string, schema: unknown, options?: object) => Untyped)("w", schema, options)
    .register("A", done).addExitStates("Done")
const split = (options: object, branches: unknown = [Effect.void]) =>
  empty.registerSplit("A", branches, { strategy: JoinStrategy.all, next: "Done", ...options }).addExitStates("Done")

const waiting = (options: object, signal: unknown = Signal.make("s", Schema.String)) =>
  empty.registerSignal("A", signal, { next: "Done", ...options }).addExitStates("Done")

const declared = (options: unknown, task: unknown = done) => (sound as any).register("B", task, options) as Untyped

const own = JoinStrategy.make({ name: "own", initial: () => {}, onOutcome: () => {}, decide: () => "proceed" })

/** What an effect fails with; a defect is no failure. */
const failure = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.map(Effect.exit(effect), (exit): unknown => {
    assert.isTrue(Exit.isFailure(exit) && !Cause.hasDies(exit.cause))
    return Option.getOrThrow(Cause.findErrorOption((exit as Exit.Failure<A, E>).cause))
  })

const undo = () => Effect.void
const undoing = (step: object, options?: object): Untyped =>
  (empty as any).register("A", { run: done, next: "Done", ...step }, options).addExitStates("Done")

describe("a definition that breaks a rule", () => {
  interface Broken {
    readonly workflow: Untyped
    readonly state?: string
    readonly text: RegExp
    readonly initial?: unknown
    readonly options?: Workflow.RunOptions
  }
  // the type asks for a case of each rule
  // the id of another run is seen where there are two: see test/runs; and what can't be durable by runs that are: see test/durable
  const cases: {
    readonly [Rule in Exclude<CanoError.ConfigurationRule, "run-id" | "durable">]: ReadonlyArray<Broken>
  } = {
    "no-handler": [{ workflow: empty.addExitStates("Done"), initial: "Done", text: /^no state is registered$/ }],
    "no-exit": [{ workflow: empty.register("A", Effect.succeed("A")), text: /call addExitStates/ }],
    "initial-state": [
      {
        workflow: sound,
        initial: "Nowhere",
        state: "Nowhere",
        text: /"Nowhere" is not registered; the states are A, Done$/
      },
      { workflow: sound, initial: undefined, text: /the initial state is not a state/ },
      { workflow: sound, initial: { tag: "A" }, text: /the initial state is not a state/ },
      {
        workflow: machine(Schema.Literals(["B", "Done"])),
        initial: "A",
        state: "A",
        text: /the initial state does not fit its Schema: Expected "B" \| "Done"$/
      }
    ],
    schema: [
      { workflow: machine({ fields: {} }), text: /the Schema of the states is \{"fields":\{\}\}, which is no Schema/ },
      { workflow: machine(undefined, {}), text: /the Schema of the states is undefined/ },
      {
        workflow: machine(Schema.Literals(["A", "Done"]), { validate: "always" }),
        text: /validate is "always"; it must be "initial" or "transitions", or be left out/
      },
      {
        workflow: split({ schema: Schema.Void }),
        state: "A",
        text: /schema is .*; it must be \{ success, error \}, each a Schema, .*, or one such pair for each branch$/
      },
      {
        workflow: split({ schema: { success: "text" } }),
        state: "A",
        text: /success in schema is "text"; it must be a Schema$/
      },
      {
        workflow: split({ schema: { success: Schema.Void, error: 3 } }),
        state: "A",
        text: /error in schema is 3; it must be a Schema, or be left out$/
      },
      {
        workflow: split({ schema: { success: Schema.Void, errors: Schema.Void } }),
        state: "A",
        text: /schema: there is no option "errors"; there are success, error$/
      },
      { workflow: split({ schema: [] }), state: "A", text: /schema does not name branch "0"$/ },
      {
        workflow: split({ schema: [{ success: Schema.Void }, { success: Schema.Void }] }),
        state: "A",
        text: /schema names branch "1", which there is not; the branches are 0$/
      },
      {
        workflow: split({ schema: { success: { success: Schema.Void }, a: 1 } }, { success: done, a: done }),
        state: "A",
        text: /schema of branch "a" is 1; it must be \{ success, error \}/
      },
      {
        workflow: split(
          { schema: { success: Schema.Void }, to: { branches: ["A"] } },
          () => TaskResult.split(["A"])
        ),
        state: "A",
        text: /follow-on states are written with the Schema of the states; leave schema out$/
      },
      {
        workflow: undoing({ schema: { error: Schema.Void } }),
        state: "A",
        text: /schema is .*; it must be \{ success/
      },
      {
        workflow: undoing({ compensate: undo, schema: { success: Schema.Void, error: null } }),
        state: "A",
        text: /error in schema is null/
      }
    ],
    resources: [
      { workflow: sound.withResources(Promise.resolve()), text: /withResources was given a Promise; .* a Layer/ },
      { workflow: sound.withResources(Effect.void), text: /withResources was given an Effect; .* a Layer/ }
    ],
    state: [
      { workflow: sound.register(42 as never, done), text: /register was given 42 as a state; .* a string/ },
      {
        workflow: sound.registerSplit(Symbol("B") as never, [done], { strategy: JoinStrategy.all, next: "Done" }),
        text: /registerSplit was given Symbol\(B\) as a state/
      },
      { workflow: sound.addExitStates(["End"] as never), text: /addExitStates was given \["End"\] as a state/ }
    ],
    options: [
      {
        workflow: waiting({ key: 1 }),
        state: "A",
        text: /key is 1; it must be a text, a function of the state to one/
      },
      { workflow: waiting({ since: "now" }), state: "A", text: /since is "now"; it must be "run" or "visit"/ },
      { workflow: waiting({ reply: "yes" }), state: "A", text: /reply is "yes"; it must be a function of the value/ },
      {
        workflow: empty.registerSignal("A", Signal.make("s", Schema.String)).addExitStates("Done"),
        state: "A",
        text: /the options are undefined; they must be \{ next, timeout/
      },
      { workflow: sound, options: { runId: 7 as never }, text: /runId is 7; it must be a string/ },
      { workflow: sound, options: "r" as never, text: /the options of a run are "r"; they must be \{ runId, … \}/ },
      { workflow: declared(42), state: "B", text: /the options are 42; they must be \{ to: \[…\] \}/ },
      {
        workflow: declared({ schema: { success: Schema.Void } }, { run: done, next: "Done" }),
        state: "B",
        text: /schema stands in the options; it belongs beside run and next: \{ run, schema, next \}$/
      },
      {
        workflow: empty.registerSplit("A", [done], undefined as never).addExitStates("Done"),
        state: "A",
        text: /the options are undefined; they must be \{ strategy/
      },
      {
        workflow: empty.registerSplit("A", [done], JoinStrategy.all.toString as never).addExitStates("Done"),
        state: "A",
        text: /the options are a function/
      }
    ],
    "registered-twice": [
      { workflow: sound.register("A", done), state: "A", text: /more than once/ },
      {
        workflow: sound.registerSplit("A", [done], { strategy: JoinStrategy.all, next: "Done" }),
        state: "A",
        text: /more than once/
      },
      { workflow: sound.register("A", done).register("A", done), state: "A", text: /more than once/ }
    ],
    "registered-and-exit": [{ workflow: sound.addExitStates("A", "A"), state: "A", text: /can be only one/ }],
    "unknown-next": [
      { workflow: split({ next: "Nowhere" }), state: "A", text: /next is "Nowhere".*the states are A, Done$/ },
      { workflow: split({ next: { _tag: "Nowhere" } }), state: "A", text: /"Nowhere"/ },
      { workflow: split({ next: undefined }), state: "A", text: /next is not a state/ },
      {
        workflow: empty.register("A", { run: done, next: "B" }).addExitStates("Done"),
        state: "A",
        text: /next is "B"/
      }
    ],
    "unknown-otherwise": [
      { workflow: split({ otherwise: "Nowhere" }), state: "A", text: /otherwise is "Nowhere"/ },
      { workflow: split({ otherwise: null }), state: "A", text: /otherwise is not a state/ }
    ],
    to: [
      { workflow: declared({ to: ["Done", "Nowhere"] }), state: "B", text: /to names "Nowhere", which is neither/ },
      { workflow: declared({ to: "Done" }), state: "B", text: /to is "Done"; it must be an array of the names/ },
      { workflow: declared({ to: [] }), state: "B", text: /to is empty; it must name where the state leads/ },
      // eslint-disable-next-line no-sparse-arrays
      { workflow: declared({ to: [, "Done"] }), state: "B", text: /it must be an array of the names/ },
      { workflow: declared({ to: ["Done", 42] }), state: "B", text: /to is \["Done",42\]; it must be an array/ },
      {
        workflow: declared({ to: ["A", "Done"] }, { run: Effect.void, next: "Done" }),
        state: "B",
        text: /to names "A", to which next never leads/
      },
      {
        workflow: declared({ to: [] }, { run: Effect.void, next: "Done" }),
        state: "B",
        text: /to does not name "Done", to which next leads/
      },
      {
        workflow: split({ to: ["Done"] }),
        state: "A",
        text: /to is \["Done"\]; it must be \{ next, otherwise, branches/
      },
      { workflow: split({ to: { next: [] } }), state: "A", text: /to\.next does not name "Done"/ },
      { workflow: split({ to: { otherwise: ["Done"] } }), state: "A", text: /but there is no otherwise/ },
      { workflow: split({ to: { branches: ["Done"] } }), state: "A", text: /but its branches are no states/ },
      {
        workflow: split({ to: { branches: ["Nowhere"] } }, () => TaskResult.split(["Done"])),
        state: "A",
        text: /to\.branches names "Nowhere"/
      }
    ],
    task: [
      { workflow: sound.register("B", "Done"), state: "B", text: /an Effect, a function/ },
      { workflow: sound.register("B", { run: done }), state: "B", text: /\{ run, next \}/ },
      { workflow: sound.register("B", null), state: "B", text: /\{ run, next \}/ }
    ],
    branches: [
      { workflow: split({}, { a: Effect.void, b: 42 }), state: "A", text: /branch b is the number 42, not an Effect/ },
      { workflow: split({}, [Effect.void, {}]), state: "A", text: /branch 1 is an object, not an Effect/ },
      { workflow: split({}, [() => done]), state: "A", text: /branch 0 is a function, not an Effect/ },
      { workflow: split({}, null), state: "A", text: /null where a list of branches was expected/ },
      { workflow: split({}, "abc"), state: "A", text: /the string abc where/ }
    ],
    "one-shot-iterable": [
      { workflow: split({}, new Set([done]).values()), state: "A", text: /empty the second time/ },
      {
        workflow: split(
          {},
          (function*() {
            yield done
          })()
        ),
        state: "A",
        text: /empty the second time/
      }
    ],
    strategy: [
      { workflow: split({ strategy: undefined }), state: "A", text: /undefined is no join strategy/ },
      { workflow: split({ strategy: { _tag: "Custom", name: "mine" } }), state: "A", text: /mine is no join strategy/ },
      {
        workflow: split({ strategy: { ...own, name: undefined } }),
        state: "A",
        text: /the name of a strategy is undefined/
      },
      ...["initial", "onOutcome", "decide", "issue"].map((part) => ({
        workflow: split({ strategy: { ...own, reducer: { ...own.reducer, [part]: 42 } } }),
        state: "A",
        text: new RegExp(`own: ${part} is 42; it must be a function$`)
      })),
      {
        workflow: split({ strategy: { ...own, reducer: { ...own.reducer, soft: { after: 1 } } } }),
        state: "A",
        text: /own: soft\.onPassed is undefined; it must be a function$/
      },
      ...[
        [JoinStrategy.accept(JoinStrategy.all, 42 as never), "accept(all): isAccepted"],
        [JoinStrategy.reject(JoinStrategy.all, 42 as never), "reject(all): isRejected"],
        [JoinStrategy.until(42 as never), "until: the predicate"],
        [JoinStrategy.agreement(1, 42 as never), "agreement(1): by"]
      ].map(([strategy, what]) => ({
        workflow: split({ strategy }),
        state: "A",
        text: new RegExp(`${what}`.replaceAll(/[()]/g, "\\$&") + " is 42; it must be a function$")
      })),
      // what holds for a strategy holds for one inside another
      ...[
        [JoinStrategy.quorum(0), "the count is 0; it must be an integer of at least 1"],
        [JoinStrategy.quorum(1.5), "the count is 1.5; it must be an integer of at least 1"],
        [JoinStrategy.partialResults(Number.NaN), "the count is NaN; it must be an integer of at least 1"],
        [JoinStrategy.percentage(0), "the share is 0; it must be a number above 0 and at most 1"],
        [JoinStrategy.percentage(1.5), "the share is 1.5; it must be a number above 0 and at most 1"],
        [JoinStrategy.agreement(1) as never, "a strategy inside another one must be one that goes by counts"]
      ].flatMap(([inner, what]) =>
        [
          JoinStrategy.accept(inner as never, () => true),
          JoinStrategy.reject(inner as never, () => false),
          JoinStrategy.optional(inner as never, ["a"]),
          JoinStrategy.relax(inner as never, { after: 1, enough: JoinStrategy.any }),
          JoinStrategy.relax(JoinStrategy.all, { after: 1, enough: inner as never })
        ].map((strategy) => ({ workflow: split({ strategy }), state: "A", text: new RegExp(`: ${what}$`) }))
      )
    ],
    count: [
      {
        workflow: split({ strategy: JoinStrategy.partialResults(0) }),
        state: "A",
        text: /partialResults\(0\): .*at least 1/
      },
      {
        workflow: split({ strategy: JoinStrategy.quorum(Number.NaN) }),
        state: "A",
        text: /quorum\(NaN\): .*at least 1/
      },
      {
        workflow: split({ strategy: JoinStrategy.quorum(3) }),
        state: "A",
        text: /quorum\(3\) waits for 3 branches, but there are only 1/
      },
      { workflow: split({ strategy: JoinStrategy.any }, {}), state: "A", text: /any waits for 1 branch/ },
      {
        workflow: split({ strategy: JoinStrategy.agreement(3) }),
        state: "A",
        text: /agreement\(3\) waits for 3 branches, but there are only 1$/
      },
      {
        workflow: split({ strategy: JoinStrategy.accept(JoinStrategy.quorum(2), () => true) }),
        state: "A",
        text: /accept\(quorum\(2\)\) waits for 2 branches, but there are only 1$/
      },
      {
        workflow: split({ strategy: { ...own, reducer: { ...own.reducer, least: 0.5 } } }),
        state: "A",
        text: /own: least is 0\.5; it must be an integer of at least 0, or be left out$/
      }
    ],
    percentage: [-0.5, 0, 1.5, Number.NaN].map((p) => ({
      workflow: split({ strategy: JoinStrategy.percentage(p) }),
      state: "A",
      text: new RegExp(`percentage\\(${p}\\): .*above 0 and at most 1`)
    })),
    bulkhead: [0, -1, 1.5, Number.POSITIVE_INFINITY, Number.NaN].map((bulkhead) => ({
      workflow: split({ bulkhead }),
      state: "A",
      text: new RegExp(`the bulkhead is ${bulkhead}; it must be an integer of at least 1, or be left out`)
    })).concat([
      {
        workflow: split({ bulkhead: "db" }),
        state: "A",
        text: /it must be a number, a Bulkhead or the key of one, or be/
      }
    ]),
    losers: [
      { workflow: split({ losers: "cancel" }), state: "A", text: /losers is .*cancel.*"await", "detach" or \{ grace/ },
      { workflow: split({ losers: {} }), state: "A", text: /it must be "interrupt"/ },
      {
        workflow: split({ losers: { grace: -1 } }),
        state: "A",
        text: /the grace period of the losers is negative: -1/
      },
      { workflow: split({ losers: { grace: "soon" } }), state: "A", text: /is no duration/ }
    ],
    observer: [
      { workflow: split({ onOutcome: Effect.void }), state: "A", text: /onOutcome is .*; it must be a function/ },
      { workflow: split({ reduce: 0 }), state: "A", text: /reduce is 0; it must be \{ initial/ },
      { workflow: split({ reduce: { initial: 0, step: () => 0 } }), state: "A", text: /it must be \{ initial/ }
    ],
    timeout: [
      { workflow: waiting({ timeout: -1 }), state: "A", text: /timeout is negative: -1/ },
      {
        workflow: waiting({ otherwise: "Done" }),
        state: "A",
        text: /otherwise is given, but no timeout after which it is taken; give one, or leave otherwise out$/
      },
      { workflow: split({ timeout: -1 }), state: "A", text: /negative/ },
      { workflow: split({ timeout: Number.NaN }), state: "A", text: /not a number/ }
    ],
    "partial-timeout": [
      { workflow: split({ strategy: JoinStrategy.partialTimeout }), state: "A", text: /needs a timeout/ }
    ],
    "workflow-timeout": [
      { workflow: sound.withTimeout(-1), text: /the timeout of the workflow is negative: -1/ },
      { workflow: sound.withTimeout("1 second").withTimeout("soon"), text: /is no duration/ },
      { workflow: sound.withTimeout({ minutes: Number.NaN }), text: /not a number/ }
    ],
    "max-transitions": [
      { workflow: sound, options: { maxTransitions: 0.5 }, text: /maxTransitions is 0\.5/ },
      { workflow: sound, options: { maxTransitions: Number.POSITIVE_INFINITY }, text: /or be left out/ }
    ],
    "max-branches": [
      { workflow: sound, options: { maxBranches: -1 }, text: /maxBranches is -1; .*at least 0/ },
      { workflow: split({ maxBranches: 0 }), state: "A", text: /maxBranches is 0; .*at least 1/ },
      {
        workflow: split({ maxBranches: 1 }, [Effect.void, Effect.void]),
        state: "A",
        text: /there are 2 branches, more than the 1 of maxBranches/
      }
    ],
    signal: [
      { workflow: waiting({}, "approval"), state: "A", text: /"approval" is no signal; make one with Signal.make$/ },
      {
        workflow: waiting({}, Signal.make("", Schema.String)),
        state: "A",
        text: /the name of a signal is ""; it must be a text/
      },
      {
        workflow: waiting({}, Signal.make("s", Schema.String, { capacity: 0 })),
        state: "A",
        text: /the capacity of signal "s" is 0; it must be an integer of at least 1, or be left out$/
      },
      {
        workflow: waiting({}, (Signal.make as (...args: ReadonlyArray<unknown>) => unknown)("s", String)),
        state: "A",
        text: /the Schema of signal "s" is .*, which is no Schema$/
      },
      {
        workflow: waiting({}, Signal.make("s", Schema.String, { reply: Schema.String })),
        state: "A",
        text: /signal "s" has replies, and there is no reply that answers; give one$/
      }
    ],
    "max-depth": [{ workflow: sound, options: { maxDepth: 0 }, text: /maxDepth is 0; .*at least 1/ }],
    compensate: [
      { workflow: undoing({ compensate: 7 }), state: "A", text: /compensate is 7; it must be a function of what was/ },
      {
        workflow: undoing({ compensate: undo, inDoubt: "maybe" }),
        state: "A",
        text: /inDoubt is "maybe"; it must be unexpected, always, skip, or be left out$/
      },
      { workflow: split({ compensate: 7 }), state: "A", text: /compensate is 7; .* or one for each branch$/ },
      {
        workflow: split({ compensate: { b: undo } }, { a: done }),
        state: "A",
        text: /compensate names branch "b", which there is not; the branches are a$/
      },
      { workflow: split({ compensate: [7] }), state: "A", text: /compensate of branch "0" is 7; .* a function/ },
      {
        workflow: split({ compensate: undo, inDoubt: { a: 1 } }, { a: done }),
        state: "A",
        text: /inDoubt of branch "a" is 1/
      },
      {
        workflow: split({ compensate: undo, inDoubt: { b: "skip" } }, { a: done }),
        state: "A",
        text: /inDoubt names branch "b", which there is not/
      },
      { workflow: split({ compensate: undo, inDoubt: 1 }), state: "A", text: /inDoubt is 1; .*, or one for each/ },
      { workflow: split({ keep: "all" }), state: "A", text: /keep is "all"; it must be "winners" or "completed"/ },
      {
        workflow: split({ compensate: undo, strategy: JoinStrategy.any, hedge: { delay: 1 } }),
        state: "A",
        text: /its branches are hedged, .* a step that is undone runs once$/
      }
    ],
    pivot: [
      { workflow: undoing({}, { pivot: 1 }), state: "A", text: /pivot is 1; it must be true or false, or be left out/ },
      {
        workflow: undoing({ compensate: undo }, { pivot: true }),
        state: "A",
        text: /it is a pivot, and has a compensation/
      }
    ],
    compensation: [
      { workflow: sound.withCompensation(7), text: /withCompensation was given 7; it must be \{ timeout, … \}/ },
      { workflow: sound.withCompensation(undefined), text: /withCompensation was given undefined/ },
      { workflow: sound.withCompensation({ timeout: -1 }), text: /timeout of the compensations is negative: -1/ },
      { workflow: sound.withCompensation({ within: "soon" }), text: /within of the compensations is no duration/ },
      {
        workflow: sound.withCompensation({ retry: 3 }),
        text: /retry of the compensations is 3; it must be a Schedule/
      },
      { workflow: sound.withCompensation({ branches: true }), text: /branches is true; it must be "in order" or/ },
      { workflow: sound.withCompensation({ on: "defect" }), text: /on is "defect"; it must be an array of failure, / },
      { workflow: sound.withCompensation({ most: 0 }), text: /most is 0; it must be an integer of at least 1/ },
      {
        workflow: sound.withCompensation({ retries: 3 }),
        text: /withCompensation has no option "retries"; there are timeout, within, grace, retry, branches, on, most/
      }
    ]
  }

  for (const [rule, broken] of Object.entries(cases)) {
    it.effect(`is refused for "${rule}", before anything is built or started`, () =>
      Effect.gen(function*() {
        for (const { initial, options, state, text, workflow } of broken) {
          let built = 0
          const counting = workflow.withResources(Layer.effectDiscard(Effect.sync(() => built++)))
          // undefined is one of the initial states to be refused
          const from = rule === "initial-state" ? initial : initial ?? "A"
          const error = (yield* failure(counting.orchestrate(from, options))) as CanoError.ConfigurationError
          assert.instanceOf(error, CanoError.ConfigurationError)
          assert.strictEqual(error.workflow, "w")
          assert.deepStrictEqual(error.issues.map((issue) => [issue.rule as string, issue.state]), [[rule, state]])
          assert.match(error.issues[0]!.message.replace(/^state "\w+": /, ""), text)
          assert.strictEqual(error.message, `workflow "w" is misconfigured: ${error.issues[0]!.message}`)
          assert.strictEqual(built, 0)
        }
      }))
  }
})

describe("a run that breaks a rule", () => {
  // The type asks for a case of each rule. A split that is nested too deep is a branch of another one, so its error is
  // found in an outcome: see "maxDepth" in Workflow.test.ts. And what is kept to be compensated takes several visits: see test/saga.
  const cases: {
    readonly [Rule in Exclude<CanoError.WorkflowRule, "max-depth" | "max-compensations" | "max-payload">]:
      ReadonlyArray<
        readonly [workflow: Untyped, text: RegExp, options?: Workflow.RunOptions]
      >
  } = {
    "unknown-state": [
      [
        empty.register("A", Effect.succeed("Nowhere")).addExitStates("Done"),
        /"Nowhere" is neither registered nor an exit state; the states are A, Done$/
      ],
      [empty.register("A", Effect.void).addExitStates("Done"), /the task returned undefined, which is not a state/],
      [
        empty.register("A", Effect.succeed({ n: 1 })).addExitStates("Done"),
        /an object without a _tag, which is not a state/
      ],
      [split({ next: () => Effect.succeed("Nowhere") }), /"Nowhere"/],
      [split({ next: "Done", otherwise: () => "Nowhere" }, [Effect.fail("no")]), /"Nowhere"/],
      [
        empty.register("A", { run: done, next: () => done }).addExitStates("Done"),
        /next returned an Effect, which is not/
      ],
      [split({}, () => TaskResult.split([42])), /element 0 of TaskResult\.split is 42, which is not a state/],
      [split({}, () => TaskResult.split(["Done", "Nowhere"])), /"Nowhere"/]
    ],
    "undeclared-state": [
      [
        (empty as any).register("A", done, { to: ["A"] }).addExitStates("Done"),
        /the task returned "Done", which to does not name: A$/
      ],
      [split({ next: () => "Done", to: { next: ["A"] } }), /next returned "Done", which to does not name: A$/]
    ],
    "invalid-state": [
      [
        machine(Schema.Literals(["A", "B"]), { validate: "transitions" }),
        /the next state "Done" does not fit its Schema: Expected "A" \| "B"$/
      ]
    ],
    "invalid-task": [
      [empty.register("A", () => undefined).addExitStates("Done"), /returned undefined, not an Effect/],
      [empty.register("A", () => Promise.resolve("Done")).addExitStates("Done"), /wrap it in Effect\.tryPromise/],
      [empty.register("A", { run: () => 42, next: "Done" }).addExitStates("Done"), /returned 42, not an Effect/]
    ],
    strategy: [
      [
        split({ strategy: JoinStrategy.allOf("a", "b") as never }, () => ({ a: Effect.void, c: Effect.void })),
        /there is no branch "b"; the branches are a, c$/
      ],
      [
        split({ strategy: JoinStrategy.weighted({ a: 1 }, 1) as never }, () => []),
        /there is no branch "a"; there are none$/
      ]
    ],
    "invalid-branches": [
      [split({}, () => 42), /the branch function returned the number 42 where a list of branches was expected$/],
      [split({}, () => Effect.succeed(Effect.void)), /a single Effect where .*wrap it in an array/],
      [split({}, () => [Effect.void, {}]), /branch 1 is an object, not an Effect/],
      [split({}, Effect.succeed([() => {}])), /branch 0 is a function, not an Effect/],
      [
        split({}, function*() {
          yield Effect.void
          yield 42
        }),
        /branch 1 is the number 42, not an Effect/
      ]
    ],
    "invalid-observer": [
      [split({ onOutcome: () => Promise.resolve() }), /onOutcome returned .*; it must return an Effect$/],
      [split({ onOutcome: () => {} }), /onOutcome returned undefined; it must return an Effect$/]
    ],
    "split-outside-split": [
      [empty.register("A", () => Effect.succeed(TaskResult.split(["A"]))).addExitStates("Done"), /use registerSplit/]
    ],
    "max-branches": [
      [split({}, [Effect.void, Effect.void]), /the run starts more than 1 branches \(maxBranches\)/, {
        maxBranches: 1
      }],
      [split({ maxBranches: 1 }, () => [Effect.void, Effect.void]), /is given 2 branches, more than 1 \(maxBranches\)/],
      [
        split({ maxBranches: 1 }, function*() {
          yield Effect.void
          yield Effect.void
        }),
        /is given more than 1 branches \(maxBranches\)/
      ]
    ],
    "max-transitions": [[sound, /the run has made 0 transitions \(maxTransitions\)/, { maxTransitions: 0 }]]
  }

  for (const [rule, broken] of Object.entries(cases)) {
    it.effect(`fails with WorkflowError for "${rule}"`, () =>
      Effect.gen(function*() {
        for (const [workflow, text, options] of broken) {
          const error = (yield* failure(workflow.orchestrate("A", options))) as CanoError.WorkflowError
          assert.instanceOf(error, CanoError.WorkflowError)
          assert.deepInclude(error, { rule: rule as CanoError.WorkflowRule, workflow: "w", state: "A" })
          assert.deepStrictEqual(error.path, { workflow: "w", states: ["A"], entered: 1, nested: undefined })
          assert.match(error.detail, text)
          assert.strictEqual(error.message, `workflow "w", state "A": ${error.detail}`)
        }
      }))
  }
})
