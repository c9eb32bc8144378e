import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Duration, Effect, Schema } from "effect"
import { CanoError, JoinStrategy, type SplitResult } from "effect-cano"

class Named extends Data.TaggedError("Named")<{ readonly n: number }> {}

const failed = (causes: ReadonlyArray<Cause.Cause<unknown>>): SplitResult.SplitResult<unknown, unknown> => {
  const failures = causes.map((cause, index) => ({ _tag: "Failed" as const, index, name: `b${index}`, cause }))
  return {
    outcomes: failures,
    values: [],
    failures,
    cancelled: [],
    settled: failures,
    tally: { total: causes.length, succeeded: 0, failed: causes.length, interrupted: 0, notStarted: 0 },
    timedOut: false
  }
}

const nowhere = { workflow: undefined, state: undefined, path: undefined }

const unsatisfied = (...causes: ReadonlyArray<Cause.Cause<unknown>>) =>
  new CanoError.JoinUnsatisfiedError({ ...nowhere, strategy: JoinStrategy.quorum(3), result: failed(causes) })

describe("messages", () => {
  it("give the numbers and the first three reasons in branch order", () => {
    const error = unsatisfied(...["a", "b", "c", "d", "e"].map((text) => Cause.fail(text)))
    assert.strictEqual(error.message, "quorum(3) of 5: 0 succeeded, 5 failed: b0: a; b1: b; b2: c; and 2 more")
  })

  for (
    const [what, cause, text] of [
      ["an error's message", Cause.fail(new Error("boom")), "boom"],
      ["a tag where there is no message", Cause.fail(new Named({ n: 1 })), "Named"],
      ["a tagged value", Cause.fail({ _tag: "Plain" }), "Plain"],
      ["the name of an error without a message", Cause.die(new TypeError()), "TypeError"],
      ["a value as it is", Cause.fail({ code: 42 }), "{\"code\":42}"],
      ["nothing", Cause.fail(undefined), "undefined"],
      ["an interruption", Cause.interrupt(1), "interrupted itself"],
      ["an empty cause", Cause.empty, "interrupted itself"],
      ["an object without a prototype", Cause.fail(Object.create(null)), "{}"]
    ] as const
  ) {
    it(`quote ${what}`, () => {
      assert.strictEqual(unsatisfied(cause).message, `quorum(3) of 1: 0 succeeded, 1 failed: b0: ${text}`)
    })
  }

  it("name the workflow and the state where there are any", () => {
    const at = { path: undefined, rule: "max-depth" as const, detail: "too deep" }
    assert.strictEqual(
      new CanoError.WorkflowError({ ...at, workflow: undefined, state: undefined }).message,
      "too deep"
    )
    assert.strictEqual(
      new CanoError.WorkflowError({ ...at, workflow: "w", state: undefined }).message,
      "workflow \"w\": too deep"
    )
    assert.strictEqual(
      new CanoError.WorkflowError({ ...at, workflow: "w", state: "A" }).message,
      "workflow \"w\", state \"A\": too deep"
    )
  })

  it("of a timeout give the time; of a configuration every issue", () => {
    const late = new CanoError.JoinTimeoutError({
      ...nowhere,
      strategy: JoinStrategy.all,
      timeout: Duration.seconds(2),
      result: failed([])
    })
    assert.strictEqual(late.message, "no decision within 2s: all of 0: 0 succeeded, 0 failed")
    const issues = [
      { state: "A", rule: "bulkhead" as const, message: "one" },
      { state: undefined, rule: "no-exit" as const, message: "two" }
    ]
    assert.strictEqual(
      new CanoError.ConfigurationError({ workflow: "w", issues }).message,
      "workflow \"w\" is misconfigured: one; two"
    )
    assert.strictEqual(
      new CanoError.ConfigurationError({ workflow: undefined, issues }).message,
      "the split is misconfigured: one; two"
    )
    assert.strictEqual(
      new CanoError.WorkflowTimeoutError({
        limit: Duration.minutes(1),
        workflow: "w",
        state: undefined,
        path: undefined
      })
        .message,
      "workflow \"w\": the run did not end within 1m"
    )
  })
})

describe("isCanoError", () => {
  it.effect("tells the engine's failures from a task's", () =>
    Effect.gen(function*() {
      assert.isTrue(CanoError.isCanoError(unsatisfied()))
      for (const other of [new Error("no"), { _tag: "WorkflowError" }, null, Schema.String]) {
        assert.isFalse(CanoError.isCanoError(other))
      }
      const effect: Effect.Effect<never, Named | CanoError.JoinUnsatisfiedError<unknown>> = Effect.fail(unsatisfied())
      const caught: Effect.Effect<string, Named> = effect.pipe(
        Effect.catchIf(CanoError.isCanoError, (error) => Effect.succeed(error._tag))
      )
      assert.strictEqual(yield* caught, "JoinUnsatisfiedError")
    }))
})
