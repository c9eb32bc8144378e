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

  it("count the branches that were interrupted or never started", () => {
    const result = {
      ...failed([Cause.fail("no")]),
      tally: { total: 9, succeeded: 1, failed: 1, interrupted: 3, notStarted: 4 }
    }
    assert.strictEqual(
      new CanoError.JoinUnsatisfiedError({ ...nowhere, strategy: JoinStrategy.allFailFast, result }).message,
      "allFailFast of 9: 1 succeeded, 1 failed, 3 interrupted, 4 not started: b0: no"
    )
  })

  it("of a join name the workflow and the state", () => {
    const at = { workflow: "orders", state: "Fetch", path: undefined, result: failed([]) }
    assert.strictEqual(
      new CanoError.JoinUnsatisfiedError({ ...at, strategy: JoinStrategy.any }).message,
      "workflow \"orders\", state \"Fetch\": any of 0: 0 succeeded, 0 failed"
    )
    assert.strictEqual(
      new CanoError.JoinTimeoutError({
        ...at,
        strategy: JoinStrategy.partialTimeout,
        timeout: Duration.millis(1500)
      }).message,
      "workflow \"orders\", state \"Fetch\": no decision within 1s 500ms: partialTimeout of 0: 0 succeeded, 0 failed"
    )
  })

  it("of a join quote the message of the join below it", () => {
    const inner = unsatisfied(Cause.fail("a"), Cause.fail("b"))
    assert.strictEqual(
      unsatisfied(Cause.fail(inner)).message,
      "quorum(3) of 1: 0 succeeded, 1 failed: b0: quorum(3) of 2: 0 succeeded, 2 failed: b0: a; b1: b"
    )
  })

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

describe("the errors", () => {
  const all: { readonly [Tag in CanoError.CanoError["_tag"]]: CanoError.CanoError } = {
    ConfigurationError: new CanoError.ConfigurationError({ workflow: undefined, issues: [] }),
    WorkflowError: new CanoError.WorkflowError({ ...nowhere, rule: "unknown-state", detail: "" }),
    JoinUnsatisfiedError: unsatisfied(),
    JoinTimeoutError: new CanoError.JoinTimeoutError({
      ...nowhere,
      strategy: JoinStrategy.all,
      timeout: Duration.zero,
      result: failed([])
    }),
    WorkflowTimeoutError: new CanoError.WorkflowTimeoutError({ ...nowhere, workflow: "w", limit: Duration.zero }),
    BulkheadFullError: new CanoError.BulkheadFullError({ bulkhead: "db", asked: 2, waiting: 1, maxWaiting: 2 }),
    BulkheadReentryError: new CanoError.BulkheadReentryError({ bulkhead: "db", heldIn: undefined, askedIn: undefined }),
    CompensationError: new CanoError.CompensationError({
      workflow: "w",
      original: Cause.fail("no"),
      compensated: [],
      failures: [],
      path: undefined
    })
  }

  for (const [tag, error] of Object.entries(all)) {
    it.effect(`${tag} has its name as its tag, and can be caught by it`, () =>
      Effect.gen(function*() {
        assert.strictEqual(error._tag as string, tag)
        assert.strictEqual(error.name, tag)
        assert.instanceOf(error, Error)
        assert.isTrue(CanoError.isCanoError(error))
        const failing: Effect.Effect<never, CanoError.CanoError> = Effect.fail(error)
        assert.strictEqual(
          yield* Effect.catchTag(failing, error._tag, (caught: CanoError.CanoError) => Effect.succeed(caught)),
          error
        )
      }))
  }
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
