/**
 * What tasks are given: bad input is told of before anything starts, with the definition it stands in or on its own. And what
 * they say of themselves, as data.
 */
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Layer, Option, Schedule, Stream } from "effect"
import { CanoError, type Definition, Workflow } from "effect-cano"
import * as Task from "effect-cano/Task"

type AnyTask = Task.Task<unknown, unknown, unknown, never>

// whatever somebody without types may write
const { poll, retry, stream, timer, workflow } = Task as unknown as {
  readonly [name: string]: (...args: ReadonlyArray<unknown>) => AnyTask
}

const asked = Effect.succeed(Option.some(1))
const flush = () => Effect.void
const sound = Workflow.make<"A" | "B">("child").register("A", { run: Effect.void, next: "B" }).addExitStates("B")

/** A mistake, and what is said of it. */
const mistakes: ReadonlyArray<readonly [name: string, task: AnyTask, ...sentences: ReadonlyArray<string>]> = [
  ["a poll without options", poll!(), "the options are undefined; they must be { poll, every, within, … }"],
  [
    "a poll of which everything is wrong",
    poll!({ poll: 7, every: -1, within: "soon", failures: 0.5, label: 1 }),
    "poll is 7; it must be an Effect, or a function of the state to one",
    "every is negative: -1",
    "within is no duration: \"soon\"; write for example \"5 seconds\" or 5000 (milliseconds)",
    "failures is 0.5; it must be an integer of at least 0, or Infinity, or be left out",
    "label is 1; it must be a string, or be left out"
  ],
  [
    "a poll without an end",
    poll!({ poll: asked, every: 1, within: Duration.infinity }),
    "within is infinite; a poll has an end"
  ],
  [
    "a poll without a bound",
    poll!({ poll: asked, every: 1 }),
    "within is no duration: undefined; write for example \"5 seconds\" or 5000 (milliseconds)"
  ],
  [
    "a timer of no time",
    timer!("soon"),
    "the time of the timer is no duration: \"soon\"; write for example \"5 seconds\" or 5000 (milliseconds)"
  ],
  ["a timer with another option", timer!(5, 7), "the options are 7; they must be { label }, or be left out"],
  ["a timer with another label", timer!(5, { label: 7 }), "label is 7; it must be a string, or be left out"],
  ["a stream without options", stream!(null), "the options are null; they must be { open, count, flush, … }"],
  [
    "a stream of which everything is wrong",
    stream!({ open: [1], count: 0, within: NaN, flush: Effect.void, drain: -1 }),
    "open is [1]; it must be a Stream, or a function of the state to one",
    "count is 0; it must be an integer of at least 1",
    "within is not a number: NaN",
    "flush is an Effect; it must be a function of a window to an Effect",
    "drain is negative: -1"
  ],
  [
    "a retry of nothing, without options",
    retry!(7),
    "the work is 7; it must be an Effect, or a function of the state to one",
    "the options are undefined; they must be { schedule, … }"
  ],
  [
    "a retry of which everything is wrong",
    retry!(Effect.void, { schedule: 3, attemptTimeout: {} }),
    "schedule is 3; it must be a Schedule",
    "attemptTimeout is no duration: {}; write for example \"5 seconds\" or 5000 (milliseconds)"
  ],
  ["a workflow that is none", workflow!({}, "A"), "Task.workflow was given {}; it must be a workflow"],
  [
    "a workflow from a state that it has not",
    workflow!(sound, "C"),
    "workflow \"child\": state \"C\": the initial state \"C\" is not registered; the states are A, B"
  ],
  [
    "a workflow with another option",
    workflow!(sound, "A", 7),
    "the options are 7; they must be { label }, or be left out"
  ]
]

describe("bad input of tasks", () => {
  for (const [name, task, ...sentences] of mistakes) {
    it.effect(`${name}: is a ConfigurationError of Task.run, and an issue of the state that it stands in`, () =>
      Effect.gen(function*() {
        let built = 0
        const outer = Workflow.make<"Go" | "End">("outer")
          .register("Go", { run: task, next: "End" })
          .addExitStates("End")
          .withResources(Layer.effectDiscard(Effect.sync(() => built++)))
        const rules = ["task", "options"]
        const found = outer.validate()
        assert.deepStrictEqual(found.map(({ message }) => message), sentences.map((text) => `state "Go": ${text}`))
        assert.isTrue(found.every(({ rule, state }) => state === "Go" && rules.includes(rule)))
        const refused = yield* Effect.flip(outer.orchestrate("Go"))
        assert.deepStrictEqual((refused as CanoError.ConfigurationError).issues, found)
        assert.strictEqual(built, 0)
        const alone = yield* Effect.flip(Task.run(task))
        assert.instanceOf(alone, CanoError.ConfigurationError)
        const { issues, message } = alone as CanoError.ConfigurationError
        assert.deepStrictEqual(issues.map(({ message }) => message), sentences)
        assert.strictEqual(message, `the task is misconfigured: ${sentences.join("; ")}`)
      }))
  }

  it.effect("what is no task is refused by Task.run", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Task.run({ work: () => Effect.void } as any)) as Effect.Effect<Error>
      assert.include(error.message, "it must be made by a function of effect-cano/Task")
    }))

  it("a task without next is told of, and that it is a run", () => {
    const issues = Workflow.make<"Go" | "End">("w").register("Go", timer!(5) as any).addExitStates("End").validate()
    assert.deepStrictEqual(issues.map(({ message }) => message), [
      "state \"Go\": the task must be an Effect, a function of the state, or { run, next }; what it is given is a run without next"
    ])
  })

  it("what looks like a task is none", () => {
    for (const task of [{ "~effect-cano/Task": "~effect-cano/Task", work: () => Effect.void }, null, 7]) {
      assert.isFalse(Task.isTask(task))
      const issues = Workflow.make<"Go" | "End">("w")
        .register("Go", { run: task as any, next: "End" })
        .addExitStates("End")
        .validate()
      assert.strictEqual(issues[0]!.rule, "task")
    }
    assert.isTrue(Task.isTask(timer!(5)))
  })
})

describe("tasks as data", () => {
  const workOf = (run: AnyTask): Definition.Work | undefined => {
    const { definition } = Workflow.make<"Go" | "End">("w").register("Go", { run, next: "End" }).addExitStates("End")
    return (definition.states[0] as Definition.Task).work
  }

  it("a definition says what kind of work a state does, frozen", () => {
    const at = DateTime.makeUnsafe(5000)
    const works: ReadonlyArray<readonly [AnyTask, Definition.Work]> = [
      [
        poll!({ poll: asked, every: "1 second", within: "1 minute", failures: 2, label: "ask the bank" }),
        {
          _tag: "Poll",
          label: "ask the bank",
          every: Duration.seconds(1),
          within: Duration.minutes(1),
          failures: 2
        }
      ],
      [
        poll!({ poll: asked, every: Schedule.spaced(1), within: 5 }),
        { _tag: "Poll", label: undefined, every: undefined, within: Duration.millis(5), failures: 0 }
      ],
      [timer!("3 days"), { _tag: "Timer", label: undefined, duration: Duration.days(3), instant: undefined }],
      [timer!(at), { _tag: "Timer", label: undefined, duration: undefined, instant: 5000 }],
      [
        timer!(() => at, { label: "until due" }),
        { _tag: "Timer", label: "until due", duration: undefined, instant: undefined }
      ],
      [
        stream!({ open: Stream.make(1), count: 5, flush }),
        { _tag: "Stream", label: undefined, count: 5, within: undefined, drain: Duration.seconds(30) }
      ],
      [
        stream!({ open: Stream.make(1), count: 5, flush, within: "1 second", drain: 7 }),
        { _tag: "Stream", label: undefined, count: 5, within: Duration.seconds(1), drain: Duration.millis(7) }
      ],
      [
        retry!(Effect.void, { schedule: Schedule.recurs(1) }),
        { _tag: "Retry", label: undefined, attemptTimeout: undefined }
      ],
      [
        retry!(Effect.void, { schedule: Schedule.recurs(1), attemptTimeout: 5 }),
        { _tag: "Retry", label: undefined, attemptTimeout: Duration.millis(5) }
      ],
      [
        workflow!(sound, "A"),
        { _tag: "Workflow", label: undefined, workflow: "child", initial: "A", definition: sound.definition }
      ]
    ]
    for (const [task, work] of works) {
      assert.deepStrictEqual(task.kind, work)
      assert.strictEqual(workOf(task), task.kind)
      assert.isTrue(Object.isFrozen(task.kind))
    }
  })

  it("other work is of no kind, and what has no meaning is left out", () => {
    const { definition } = Workflow.make<"Go" | "On" | "End">("w")
      .register("Go", { run: Effect.void, next: "On" })
      .register("On", () => Effect.succeed("End"))
      .addExitStates("End")
    assert.deepStrictEqual(definition.states.slice(0, 2).map((state) => (state as Definition.Task).work), [
      undefined,
      undefined
    ])
    assert.deepStrictEqual(workOf(poll!({ every: "soon", failures: -1 })), {
      _tag: "Poll",
      label: undefined,
      every: undefined,
      within: undefined,
      failures: undefined
    })
  })
})
