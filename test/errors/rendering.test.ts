/**
 * How errors and results are shown by whatever shows them: within bounds, with what it takes to find the fault, and without
 * harm (docs/adr/0018).
 */
import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Console,
  Data,
  Duration,
  Effect,
  Equal,
  Exit,
  Fiber,
  Formatter,
  Logger,
  Redactable,
  Redacted,
  References,
  Schema,
  Tracer
} from "effect"
import { CanoError, JoinStrategy, Split, type SplitResult, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"
import assertNode from "node:assert/strict"
import { inspect } from "node:util"

const all = JoinStrategy.all

/** Joins in joins: of leaves that fail or succeed. */
const tree = (depth: number, width: number, leaf: () => Effect.Effect<unknown, unknown>): Effect.Effect<any, any> =>
  depth === 0
    ? leaf()
    : Split.run(Array.from({ length: width }, () => tree(depth - 1, width, leaf)), { strategy: all }) as Effect.Effect<
      any,
      any
    >

const failing = (depth: number, width: number, leaf: () => unknown = () => new Error("leaf")) =>
  Effect.flip(tree(depth, width, () => Effect.suspend(() => Effect.fail(leaf())))) as Effect.Effect<
    CanoError.JoinUnsatisfiedError
  >

const failed = (...failures: ReadonlyArray<unknown>) =>
  Effect.flip(Split.run(failures.map((error) => Effect.fail(error)), { strategy: all })) as Effect.Effect<
    CanoError.JoinUnsatisfiedError
  >

/** What each of Effect's loggers, and the console, makes of a value. */
const logged = (value: unknown) => {
  const lines: Array<string> = []
  const spy: Console.Console = Object.assign(Object.create(console), {
    log: (...args: ReadonlyArray<unknown>) => {
      lines.push(args.map((arg) => typeof arg === "string" ? arg : inspect(arg)).join(" "))
    }
  })
  const loggers = {
    json: Logger.consoleJson,
    pretty: Logger.consolePretty({ colors: false }),
    logfmt: Logger.consoleLogFmt,
    structured: Logger.consoleStructured,
    standard: Logger.defaultLogger
  }
  return Effect.as(
    Effect.forEach(Object.values(loggers), (logger) =>
      Effect.logError("it failed", value).pipe(
        Effect.andThen(Cause.isCause(value) ? Effect.void : Effect.logError(value)),
        Effect.provide(Logger.layer([logger]))
      )).pipe(
        Effect.provideService(Console.Console, spy),
        Effect.provideService(References.LogToStderr, false)
      ),
    lines
  )
}

/** Everything that shows an error. */
const shownAs = (error: unknown): { readonly [how: string]: () => string } => ({
  "JSON.stringify": () => JSON.stringify(error),
  "JSON.stringify, inside": () => JSON.stringify({ at: [error] }),
  "JSON of its Cause": () => JSON.stringify(Cause.fail(error)),
  "JSON of its Exit": () => JSON.stringify(Exit.fail(error)),
  "util.inspect": () => inspect(error),
  "util.inspect in full": () => inspect({ at: [error] }, { depth: Infinity }),
  "util.inspect of its Cause": () => inspect(Cause.fail(error), { depth: Infinity }),
  "String": () => String(error),
  "message": () => (error as Error).message,
  "stack": () => (error as Error).stack!,
  "Cause.pretty": () => Cause.pretty(Cause.fail(error)),
  "Cause.pretty of a defect": () => Cause.pretty(Cause.die(error)),
  "Cause.prettyErrors": () =>
    Cause.prettyErrors(Cause.fail(error), { includeCauseInStack: true }).map((shown) => shown.stack).join(),
  "Formatter.format": () => Formatter.format(error, { space: 2 }),
  "Formatter.formatJson": () => Formatter.formatJson(error, { space: 2 }),
  "Sentry": () => JSON.stringify(sentry(error))
})

const isWithin = Effect.fnUntraced(function*(what: string, error: unknown, most = 32_000) {
  for (const [how, show] of Object.entries(shownAs(error))) {
    const text = show()
    assert.isBelow(text.length, most, `${what}, ${how}`)
  }
  for (const line of yield* logged(error)) assert.isBelow(line.length, most, `${what}, a logger`)
  for (const line of yield* logged(Cause.fail(error))) assert.isBelow(line.length, most, `${what}, a logger`)
})

// -----------------------------------------------------------------------------
// what other tools do with an error
// -----------------------------------------------------------------------------

const isErrorLike = (u: any): boolean => Boolean(u) && typeof u.message === "string"

/** `pino-std-serializers`, lib/err.js, with what its helpers do. */
const pino = (err: any): any => {
  if (!isErrorLike(err)) return err
  const seen = new Set()
  const stacks: Array<string> = []
  const messages: Array<string> = []
  for (let at = err; isErrorLike(at) && !seen.has(at); at = at.cause) {
    seen.add(at)
    stacks.push(at.stack ?? "")
    messages.push(at.message)
  }
  const out: any = {
    type: Object.prototype.toString.call(err.constructor) === "[object Function]" ? err.constructor.name : err.name,
    message: messages.join(": "),
    stack: stacks.join("\ncaused by: ")
  }
  if (Array.isArray(err.errors)) out.aggregateErrors = err.errors.map(pino)
  for (const key in err) {
    if (out[key] !== undefined) continue
    const value = err[key]
    if (isErrorLike(value)) {
      if (key !== "cause") out[key] = pino(value)
    } else out[key] = value
  }
  return out
}

/** `@sentry/core`, utils/aggregate-errors.js: the errors that are linked to one, to a depth of five. */
const sentry = (
  error: unknown
): ReadonlyArray<{ readonly type: string; readonly value: string; readonly stack: string }> => {
  const found: Array<any> = []
  const visit = (at: any) => {
    found.push({ type: at.name, value: at.message, stack: at.stack ?? "" })
    if (found.length > 5) return
    if (at.cause instanceof Error) visit(at.cause)
    if (Array.isArray(at.errors)) { for (const child of at.errors) if (child instanceof Error) visit(child) }
  }
  visit(error)
  return found
}

// -----------------------------------------------------------------------------

describe("errors are shown within bounds", () => {
  for (
    const [depth, width] of [[1, 1], [2, 3], [4, 3], [7, 3], [3, 20], [12, 1], [100, 1], [199, 1]] as const
  ) {
    it.effect(`of joins ${depth} deep and ${width} wide`, () =>
      Effect.gen(function*() {
        const error = yield* failing(depth, width)
        yield* isWithin("a tree", error)
        assert.isBelow(Formatter.formatJson(pino(error)).length, 64_000)
        assert.isBelow(error.message.length, 2500)
        assert.include(error.message, "leaf")
        assert.isBelow(JSON.stringify(error).length, 16_000)
        assert.include(JSON.stringify(error), "leaf")
        assert.include(Cause.pretty(Cause.fail(error)), "Error: leaf\n")
      }))
  }

  it.effect("of a tree so large that it is not gone through", () =>
    Effect.gen(function*() {
      let error: unknown = new Error("leaf")
      for (let depth = 0; depth < 40; depth++) error = yield* failed(error, error, error)
      // 3 to the power of 40 leaves
      yield* isWithin("a large tree", error)
      for (let depth = 0; depth < 5000; depth++) error = yield* failed(error)
      yield* isWithin("a tower", error)
      assert.include(Cause.pretty(Cause.fail(error)), "Error: leaf\n")

      let read = 0
      class Counted extends Error {
        override get message(): string {
          read++
          return "leaf"
        }
      }
      const counted = yield* failing(7, 3, () => new Counted())
      for (const show of [() => counted.message, () => JSON.stringify(counted), () => inspect(counted)]) show()
      for (const show of [() => counted.errors, () => Cause.pretty(Cause.fail(counted)), () => sentry(counted)]) show()
      // of 2187 leaves
      assert.isAtMost(read, 600)
      assert.isAtLeast(read, 5)
    }))

  it.effect("of a split of 100,000 branches, in the time that one takes", () =>
    Effect.gen(function*() {
      const leaf = new Error("leaf")
      const error = yield* failing(1, 100_000, () => leaf)
      let read = 0
      // whoever goes through the failures is caught
      const failures: ReadonlyArray<unknown> = new Proxy(error.result.failures, {
        get: (target, key, receiver) => {
          if (typeof key === "string" && /^\d+$/.test(key)) read++
          return Reflect.get(target, key, receiver)
        }
      })
      const watched = new CanoError.JoinUnsatisfiedError({
        strategy: all,
        workflow: undefined,
        state: undefined,
        path: undefined,
        result: { ...error.result, failures: failures as never }
      })
      for (
        const show of [
          () => watched.message,
          () => JSON.stringify(watched),
          () => inspect(watched),
          () => watched.cause
        ]
      ) {
        show()
      }
      assert.isAtMost(read, 100)
      yield* isWithin("100,000 failures", error, 8000)
      const json = JSON.parse(JSON.stringify(error))
      assert.lengthOf(json.failures, 3)
      assert.strictEqual(json.more, 99_997)
    }))

  it.effect("whatever the length of messages, names, states and reasons", () =>
    Effect.gen(function*() {
      const long = "x".repeat(1_000_000)
      const cause = Object.assign(new Error(long, { cause: new Error(long) }), { body: long })
      for (
        const value of [
          long,
          new Error(long),
          cause,
          { message: long },
          { long },
          { [long]: 1 },
          [long],
          long.split("")
        ]
      ) {
        yield* isWithin("a long failure", yield* failed(value))
      }
      yield* isWithin(
        "a long cause",
        yield* failed(new Error("short", { cause: Array.from({ length: 100_000 }, (_, i) => new Error(String(i))) }))
      )
      const named = yield* Effect.flip(Split.run({ [long]: Effect.fail("no") }, { strategy: all }))
      yield* isWithin("a long name of a branch", named)
      const workflow = (Workflow.make(long) as any)
        .registerSplit(long, [Effect.fail("no"), tree(5, 3, () => Effect.fail("no"))], { strategy: all, next: "Done" })
        .addExitStates("Done")
      yield* isWithin("a long name of a workflow", yield* Effect.flip(workflow.orchestrate(long)) as Effect.Effect<any>)
      const strategy = JoinStrategy.make({
        name: long,
        initial: () => 0,
        onOutcome: (n) => n,
        decide: () => ({ fail: long })
      })
      const custom = yield* Effect.flip(Split.run([Effect.void], { strategy }))
      assert.instanceOf(custom, CanoError.JoinUnsatisfiedError)
      yield* isWithin("a long reason", custom)
    }))

  it.effect("of a definition with a thousand faults, and a run with a thousand states", () =>
    Effect.gen(function*() {
      let machine = Workmachine()
      for (let i = 0; i < 1000; i++) machine = machine.register(`State ${i}`, { run: Effect.void, next: "Nowhere" })
      const wrong = yield* Effect.flip(machine.addExitStates("Done").orchestrate("State 1")) as Effect.Effect<any>
      assert.lengthOf(wrong.issues, 1000)
      yield* isWithin("a thousand issues", wrong)
      assert.match(
        wrong.message,
        /^workflow "w" is misconfigured: state "State 0": next is "Nowhere", .*; and 992 more$/
      )
      assert.strictEqual(JSON.parse(JSON.stringify(wrong)).more, 992)

      let many = Workmachine()
      for (let i = 0; i < 1000; i++) {
        many = many.register(`State ${i}`, Effect.succeed(i === 999 ? "Nowhere" : `State ${i + 1}`))
      }
      const lost = yield* Effect.flip(many.addExitStates("Done").orchestrate("State 0")) as Effect.Effect<any>
      assert.strictEqual(lost.rule, "unknown-state")
      assert.match(lost.detail, /; the states are State 0, State 1, .*, State 39 and 961 more$/)
      yield* isWithin("a thousand states", lost)
    }))

  const Workmachine = (): any => Workflow.make<string>("w")

  it.effect("of runs in runs, with a path that names the outermost and the innermost", () =>
    Effect.gen(function*() {
      const nest = (n: number): Effect.Effect<any, any> =>
        n === 0
          ? Split.run([Effect.fail("no")], { strategy: all })
          : (Workflow.make<string>(`w${n}`) as any).register("A", nest(n - 1)).addExitStates("Done").orchestrate("A")
      const around = (Workflow.make<string>("top") as any)
        .register("A", nest(60))
        .registerSplit("B", [Effect.fail("no")], { strategy: all, next: "Done" })
        .addExitStates("Done")
      const inner = (n: number): Effect.Effect<any, any> =>
        n === 0
          ? around.orchestrate("B")
          : (Workflow.make<string>(`w${n}`) as any).register("A", inner(n - 1)).addExitStates("Done").orchestrate("A")
      const error = yield* Effect.flip(inner(60))
      yield* isWithin("a deep path", error)
      const { path } = JSON.parse(JSON.stringify(error))
      assert.strictEqual(path.workflow, "w60")
      assert.include(JSON.stringify(path), "\"workflow\":\"top\",\"states\":[\"B\"]")
      assert.include(JSON.stringify(path), "\"omitted\":53")
    }))

  it.effect("with errors of the user's between the joins", () =>
    Effect.gen(function*() {
      class Wrapped extends Data.TaggedError("Wrapped")<{ readonly cause: unknown; readonly inner: unknown }> {
        override get message(): string {
          return `wrapped: ${(this.cause as Error).message}`
        }
      }
      const wrap = (n: number): Effect.Effect<any, any> =>
        n === 0 ? Effect.die(new Error("root")) : Effect.mapError(
          Split.run([wrap(n - 1), wrap(n - 1)], { strategy: all }),
          (cause) => new Wrapped({ cause, inner: { cause, all: [cause, cause] } })
        )
      const error = yield* Effect.flip(Split.run([wrap(9)], { strategy: all }))
      yield* isWithin("wrapped joins", error)
      assert.isBelow(Formatter.formatJson(pino(error)).length, 64_000)
      assert.include(Cause.pretty(Cause.fail(error)), "Error: root")
    }))
})

describe("errors are shown without harm", () => {
  const throws = (): never => {
    throw new Error("hostile")
  }
  const cyclic: any = { name: "loop", n: 10n }
  cyclic.self = cyclic
  const cyclicError = Object.assign(new Error("turns"), { n: 10n })
  cyclicError.cause = cyclicError
  class Silent extends Data.TaggedError("Silent") {
    override get message(): string {
      return throws()
    }
  }
  const hostile = {
    "a bigint": 10n,
    "a bigint in an object": { n: 10n, more: [10n] },
    "a cycle": cyclic,
    "an error that is its own cause": cyclicError,
    "an error whose message throws": new Silent(),
    "an object whose message throws": {
      get message() {
        return throws()
      }
    },
    "an error whose cause throws": Object.defineProperty(new Error("no"), "cause", { get: throws }),
    "an error whose stack throws": Object.defineProperty(new Error("no"), "stack", { get: throws }),
    "an error whose toJSON throws": Object.assign(new Error("no"), { toJSON: throws }),
    "an object whose toJSON throws": { toJSON: throws },
    "an object whose toString throws": { toString: throws },
    "an object whose toString is huge": { toString: () => "x".repeat(1_000_000) },
    "a Proxy that throws": new Proxy({}, { get: throws, has: throws, getPrototypeOf: throws, ownKeys: throws }),
    "an object without a prototype": Object.create(null),
    "a Promise": Promise.resolve(1),
    "a symbol": Symbol("s"),
    "a function": () => 1,
    "nothing": undefined,
    "null": null,
    "an empty string": "",
    "a Map": new Map([[1, 10n]]),
    "bytes": new Uint8Array(1_000_000),
    "an Effect": Effect.sleep(1000),
    "an array of 1,000,000": Array.from({ length: 1_000_000 }, (_, i) => i)
  }
  for (const [what, value] of Object.entries(hostile)) {
    it.effect(`${what} that a branch fails or dies with`, () =>
      Effect.gen(function*() {
        yield* isWithin(what, yield* failed(value, value))
        assert.isBelow(Formatter.formatJson(pino(yield* failed(value, value))).length, 32_000)
        const died = yield* Effect.flip(Split.run([Effect.die(value)], { strategy: all }))
        yield* isWithin(what, died)
        yield* isWithin(what, yield* failed(new Error("outer", { cause: value })))
      }))

    it.effect(`${what} that a branch succeeds with`, () =>
      Effect.gen(function*() {
        const split = Split.run([Effect.succeed(value), Effect.succeed([value])], { strategy: all })
        const result = yield* split
        for (
          const text of [
            JSON.stringify(result),
            JSON.stringify({ result }),
            Formatter.format(result),
            Formatter.formatJson({ result })
          ]
        ) {
          assert.isBelow(text.length, 32_000)
        }
      }))
  }

  it.effect("a join that has become the cause of its own failure", () =>
    Effect.gen(function*() {
      const failure = new Error("no")
      const error = yield* failed(failure, failure)
      failure.cause = error
      assert.strictEqual(error.cause, failure)
      yield* isWithin("a cycle of causes", error)
      const own = yield* failed("no")
      ;(own.result.failures as Array<unknown>)[0] = { _tag: "Failed", index: 0, name: "0", cause: Cause.fail(own) }
      yield* isWithin("a join in itself", own)
    }))

  it.effect("a secret stays one", () =>
    Effect.gen(function*() {
      const secret = Redacted.make("hunter2")
      const error = yield* failed(secret, { secret }, Object.assign(new Error("no"), { secret }))
      const texts = [
        ...Object.values(shownAs(error)).map((show) => show()),
        ...yield* logged(error),
        JSON.stringify(error.result),
        Formatter.format(error.result),
        inspect(error.result, { depth: Infinity })
      ]
      for (const text of texts) assert.notInclude(text, "hunter2")
      // of somebody's own: a value, and an error whose message tells it
      const login = { token: "hunter2", [Redactable.symbolRedactable]: () => ({ token: "hidden" }) }
      const denied = Object.assign(new Error("not hunter2"), {
        [Redactable.symbolRedactable]: () => ({ message: "denied" })
      })
      const own = yield* failed(login, { login }, denied)
      assert.strictEqual(
        own.message,
        "all of 3: 0 succeeded, 3 failed: 0: {\"token\":\"hidden\"}; 1: {\"login\":an object}; 2: denied"
      )
      const result = yield* Split.run([Effect.succeed(login), Effect.succeed([login])], { strategy: all })
      for (const text of [JSON.stringify(own), JSON.stringify(result), JSON.stringify(own.result)]) {
        assert.notInclude(text, "hunter2")
        assert.include(text, "hidden")
      }
    }))

  it.effect("an error that is frozen has its message", () =>
    Effect.gen(function*() {
      const error = Object.freeze(yield* failed("no"))
      assert.strictEqual(error.message, "all of 1: 0 succeeded, 1 failed: 0: no")
      assert.include(inspect(error), error.message)
    }))
})

describe("what is shown of an error", () => {
  class Http extends Data.TaggedError("Http")<{ readonly status: number }> {
    override get message(): string {
      return `status ${this.status}`
    }
  }

  it.effect("in JSON: message, tag, workflow, state, path, tally, the first failures and how many more", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<"Start" | "Fetch" | "Done">("orders")
        .register("Start", Effect.succeed("Fetch" as const))
        .registerSplit("Fetch", {
          a: Effect.fail(new Http({ status: 503 })),
          b: Effect.fail({ _tag: "Plain", id: 7n }),
          c: Effect.die(new TypeError("bug")),
          d: Effect.fail("no"),
          e: Effect.succeed(1)
        }, { strategy: JoinStrategy.quorum(2), next: "Done" })
        .addExitStates("Done")
      const error = yield* Effect.flip(workflow.orchestrate("Start"))
      assert.deepStrictEqual(JSON.parse(JSON.stringify(error)), {
        _tag: "JoinUnsatisfiedError",
        message: "workflow \"orders\", state \"Fetch\": quorum(2) of 5: 0 succeeded, 4 failed, 1 not started: " +
          "a: status 503; b: Plain; c: bug; and 1 more",
        workflow: "orders",
        state: "Fetch",
        strategy: "quorum(2)",
        timedOut: false,
        tally: { total: 5, succeeded: 0, failed: 4, interrupted: 0, notStarted: 1 },
        failures: [
          { index: 0, name: "a", message: "status 503", error: { _tag: "Http", status: 503 } },
          { index: 1, name: "b", message: "Plain", error: { _tag: "Plain", id: "7n" } },
          { index: 2, name: "c", message: "bug", error: { name: "TypeError" } }
        ],
        more: 1,
        path: { workflow: "orders", states: ["Start", "Fetch"], entered: 2 }
      })
    }))

  it.effect("in JSON: of a join below it the same, and what lies innermost", () =>
    Effect.gen(function*() {
      const error = yield* failing(2, 2)
      const { failures } = JSON.parse(JSON.stringify(error))
      assert.strictEqual(failures[0].message, "all of 2: 0 succeeded, 2 failed: 0: leaf; 1: leaf")
      assert.strictEqual(failures[0].error._tag, "JoinUnsatisfiedError")
      assert.deepStrictEqual(failures[0].error.failures.map(({ message }: any) => message), ["leaf", "leaf"])
      assert.include(JSON.stringify(yield* failing(30, 1)), "\"innermost\":\"leaf\"")
    }))

  it("in JSON: every error of the library has its message", () => {
    const at = { workflow: "w", state: "A", path: undefined }
    const result: SplitResult.SplitResult<unknown, unknown> = {
      outcomes: [],
      values: [],
      failures: [],
      cancelled: [],
      settled: [],
      tally: { total: 0, succeeded: 0, failed: 0, interrupted: 0, notStarted: 0 },
      timedOut: true
    }
    for (
      const error of [
        new CanoError.ConfigurationError({ workflow: "w", issues: [] }),
        new CanoError.WorkflowError({ ...at, rule: "unknown-state", detail: "no" }),
        new CanoError.JoinUnsatisfiedError({ ...at, strategy: all, result }),
        new CanoError.JoinTimeoutError({ ...at, strategy: all, result, timeout: Duration.millis(5), reason: "late" }),
        new CanoError.WorkflowTimeoutError({ ...at, limit: Duration.millis(5) }),
        new CanoError.BulkheadFullError({ bulkhead: "db", asked: 1, waiting: 1, maxWaiting: 1 }),
        new CanoError.BulkheadReentryError({ bulkhead: "db", heldIn: undefined, askedIn: undefined }),
        new CanoError.ConfigurationError({
          workflow: undefined,
          issues: [{ state: "A", rule: "state", message: "no" }]
        })
      ]
    ) {
      const json = JSON.parse(JSON.stringify(error))
      assert.strictEqual(json._tag, error._tag)
      assert.strictEqual(json.message, error.message)
      assert.include(inspect(error), `${error._tag}: ${error.message}`)
      assert.strictEqual(String(error), `${error._tag}: ${error.message}`)
      assert.strictEqual(inspect(error, { depth: -1 }).includes(error._tag), true)
    }
    assert.deepInclude(
      JSON.parse(JSON.stringify(
        new CanoError.JoinTimeoutError({
          ...at,
          strategy: all,
          result,
          timeout: Duration.millis(5),
          reason: "late"
        })
      )),
      { timeout: "5ms", reason: "late", timedOut: true }
    )
  })

  it.effect("on a console: the message, the data and the causes with their frames", () =>
    Effect.gen(function*() {
      const text = inspect(yield* failing(2, 1, () => new Http({ status: 503 })))
      assert.match(text, /^JoinUnsatisfiedError: all of 1: 0 succeeded, 1 failed: 0: all of 1: .*status 503 \{\n/)
      assert.match(text, /\n\[cause\]: JoinUnsatisfiedError: all of 1: 0 succeeded, 1 failed: 0: status 503\n/)
      assert.match(text, /\n\[cause\]: Http: status 503\n +at .*rendering\.test\.ts/)
      assert.notInclude(text, "undefined")
    }))

  it.effect("by Effect's loggers: the message and the first failures", () =>
    Effect.gen(function*() {
      const error = yield* failed(new Http({ status: 503 }), "no")
      const lines = (yield* logged(error)).filter((line) =>
        line.includes("all of 2: 0 succeeded, 2 failed: 0: status 503; 1: no")
      )
      assert.isAtLeast(lines.length, 10)
      const spans: Array<string> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          return Object.assign(span, { event: (name: string) => spans.push(name) })
        }
      })
      yield* Effect.logError(error).pipe(
        Effect.withSpan("s"),
        Effect.provide(Logger.layer([Logger.tracerLogger])),
        Effect.withTracer(tracer)
      )
      assert.include(spans.join(), "status 503")
    }))

  it.effect("as its cause and its errors: what the first branches have failed with, as it is", () =>
    Effect.gen(function*() {
      const first = new Http({ status: 503 })
      const defect = new TypeError("bug")
      const plain = { _tag: "Plain" }
      const error = yield* Effect.flip(
        Split.run([Effect.succeed(1), Effect.fail(first), Effect.die(defect), Effect.fail(plain), Effect.fail("no")], {
          strategy: all
        })
      )
      assert.instanceOf(error, CanoError.JoinUnsatisfiedError)
      assert.strictEqual(error.cause, first)
      assert.lengthOf(error.errors, 3)
      assert.strictEqual(error.errors[0], first)
      assert.strictEqual(error.errors[1], defect)
      assert.strictEqual(error.errors[2], plain)
      assert.strictEqual(error.errors, error.errors)
      assert.notInclude(Object.keys(error), "cause")
      assert.notInclude(Object.keys(error), "errors")

      const fiber = yield* Effect.forkChild(
        Effect.flip(Split.run([Effect.fail(first), Effect.never], { strategy: all, timeout: 10 }))
      )
      yield* TestClock.adjust(10)
      const late = yield* Fiber.join(fiber)
      assert.instanceOf(late, CanoError.JoinTimeoutError)
      assert.strictEqual(late.cause, first)

      const none = yield* Effect.flip(Split.run([Effect.interrupt], { strategy: all }))
      assert.instanceOf(none, CanoError.JoinUnsatisfiedError)
      assert.isUndefined(none.cause)
      assert.deepStrictEqual(none.errors, [])
      assert.strictEqual(none.message, "all of 1: 0 succeeded, 1 failed: 0: interrupted itself")
    }))

  it.effect("as its cause: an Error that quotes what would break a printer, the same each time", () =>
    Effect.gen(function*() {
      const huge = Object.assign(new RangeError("x".repeat(100_000)), { code: 1 })
      const error = yield* failed(huge)
      assert.notStrictEqual(error.cause, huge)
      assert.strictEqual(error.cause, error.errors[0])
      assert.instanceOf(error.cause, Error)
      assert.strictEqual(error.cause.name, "RangeError")
      assert.match(error.cause.stack!, /^RangeError: x+…x+\n +at .*rendering\.test\.ts/)
      assert.strictEqual(Cause.squash(error.result.failures[0]!.cause), huge)
    }))

  it.effect("as its cause: of joins in joins the outermost and the innermost eight", () =>
    Effect.gen(function*() {
      const chain = (error: unknown): ReadonlyArray<unknown> =>
        error === undefined ? [] : [error, ...chain((error as Error).cause)]
      for (const [depth, length] of [[1, 2], [7, 8], [8, 9], [9, 9], [50, 9]] as const) {
        const errors = chain(yield* failing(depth, 1))
        assert.lengthOf(errors, length)
        assert.strictEqual((errors[length - 1] as Error).message, "leaf")
      }
    }))

  it.effect("by pino and Sentry: what has failed below it", () =>
    Effect.gen(function*() {
      const error = yield* failing(2, 2, () => new Http({ status: 503 }))
      const logged = JSON.parse(JSON.stringify(pino(error)))
      assert.match(logged.message, /^all of 2: .*: all of 2: .*: status 503$/)
      assert.match(logged.stack, /caused by: Http: status 503\n +at .*rendering\.test\.ts/)
      assert.lengthOf(logged.aggregateErrors, 2)
      assert.strictEqual(logged.result.tally.failed, 2)
      const events = sentry(error)
      assert.includeMembers(events.map(({ type }) => type), ["JoinUnsatisfiedError", "Http"])
      assert.include(events.find(({ type }) => type === "Http")!.stack, "rendering.test.ts")
    }))

  it.effect("by Cause.pretty: the line that has failed and the functions that led there, as of Effect.forEach", () =>
    Effect.gen(function*() {
      const fetchUser = Effect.fn("fetchUser")(function*() {
        return yield* new Http({ status: 503 })
      })
      const each = Effect.fn("loadAll")(function*() {
        return yield* Effect.forEach([1, 2], () => fetchUser(), { concurrency: 2 })
      })
      const joined = Effect.fn("loadAll")(function*() {
        return yield* Split.run([fetchUser(), fetchUser()], { strategy: all })
      })
      const frames = (text: string) =>
        [...text.matchAll(/at (\S+)(?: \(definition\))? \(.*rendering\.test\.ts/g)].map(([, name]) => name)
      const ofEach = Cause.pretty(yield* Effect.flip(Effect.sandbox(each())))
      const ofSplit = Cause.pretty(yield* Effect.flip(Effect.sandbox(joined())))
      const named = (text: string) => frames(text).filter((name) => name === "fetchUser" || name === "loadAll")
      assert.deepStrictEqual(named(ofEach), ["fetchUser", "fetchUser", "loadAll", "loadAll"])
      assert.deepStrictEqual(named(ofSplit), named(ofEach))
      const line = (text: string) => /Http: status 503\n\s*at .*?rendering\.test\.ts:(\d+)/.exec(text)?.[1]
      assert.isDefined(line(ofEach))
      assert.strictEqual(line(ofSplit), line(ofEach))
      // of the engine nothing is told
      assert.notMatch(ofSplit, /\/src\/internal\//)
      const at = Workflow.make<"A" | "Done">("w")
        .registerSplit("A", [fetchUser()], { strategy: all, next: "Done" })
        .addExitStates("Done")
      assert.include(Cause.pretty(yield* Effect.flip(Effect.sandbox(at.orchestrate("A")))), "at fetchUser (definition)")
    }))

  it.effect("the frames of other errors are untouched by that", () =>
    Effect.gen(function*() {
      const limit = Error.stackTraceLimit
      yield* failed("no")
      assert.strictEqual(Error.stackTraceLimit, limit)
      assert.include(new Error("after").stack!, "rendering.test.ts")
    }))
})

describe("results are shown within bounds", () => {
  for (const [depth, width] of [[1, 100_000], [8, 1], [100, 1], [4, 3], [7, 3], [2, 100]] as const) {
    for (
      const [what, leaf] of [["succeed", Effect.succeed("leaf")], ["fail", Effect.exit(Effect.fail("leaf"))]] as const
    ) {
      it.effect(`of splits ${depth} deep and ${width} wide, whose branches ${what}`, () =>
        Effect.gen(function*() {
          const result = yield* tree(depth, width, () => leaf)
          for (
            const text of [
              JSON.stringify(result),
              JSON.stringify({ at: [result] }),
              inspect(result),
              inspect(result, { depth: Infinity }),
              inspect({ at: [result] }, { depth: Infinity }),
              Formatter.format(result),
              Formatter.format({ at: [result] }, { space: 2 }),
              Formatter.formatJson(result),
              ...yield* logged(result)
            ]
          ) {
            assert.isBelow(text.length, 40_000)
          }
          const json = JSON.parse(JSON.stringify(result))
          assert.strictEqual(json.tally.total, width)
          assert.isFalse(json.timedOut)
        }))
    }
  }

  it.effect("of errors in them", () =>
    Effect.gen(function*() {
      const error = yield* failing(6, 3)
      const result = yield* Split.run([Effect.fail(error), Effect.succeed(error), Effect.succeed(1)], {
        strategy: JoinStrategy.partialResults(3)
      })
      for (const shown of [result, error.result, { ...error.result }]) {
        assert.isBelow(JSON.stringify(shown).length, 150_000)
        assert.isBelow(inspect(shown, { depth: Infinity }).length, 150_000)
      }
      assert.isBelow(JSON.stringify(result).length, 16_000)
      assert.isBelow(inspect(result, { depth: Infinity }).length, 24_000)
    }))

  it.effect("of what outcomes were reduced to", () =>
    Effect.gen(function*() {
      const result = yield* Split.run(Array.from({ length: 1000 }, (_, i) => Effect.succeed("x".repeat(i))), {
        strategy: all,
        reduce: { initial: (): ReadonlyArray<unknown> => [], step: (list, outcome) => [...list, outcome] }
      })
      assert.isBelow(JSON.stringify(result).length, 4000)
      assert.isBelow(inspect(result, { depth: Infinity }).length, 4000)
      assert.lengthOf(result.value, 1000)
    }))

  it.effect("with the counts, the first values and failures, and how many more", () =>
    Effect.gen(function*() {
      const branches = (length: number) =>
        Array.from({ length }, (_, i) => i % 2 === 0 ? Effect.succeed(BigInt(i)) : Effect.die(new Error(`no ${i}`)))
      const result = yield* Split.run(branches(5000), { strategy: JoinStrategy.partialResults(5000) })
      assert.deepStrictEqual(JSON.parse(JSON.stringify(result)), {
        tally: { total: 5000, succeeded: 2500, failed: 2500, interrupted: 0, notStarted: 0 },
        timedOut: false,
        values: ["0n", "2n", "4n", "6n", "8n", "10n", "12n", "14n"],
        failures: [
          { index: 1, name: "1", message: "no 1" },
          { index: 3, name: "3", message: "no 3" },
          { index: 5, name: "5", message: "no 5" }
        ],
        more: { values: 2492, failures: 2497 }
      })
      const record = yield* Split.run(
        Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`b${i}`, Effect.succeed(i)])),
        { strategy: all }
      )
      const json = JSON.parse(JSON.stringify(record))
      assert.deepStrictEqual(json.values, { b0: 0, b1: 1, b2: 2, b3: 3, b4: 4, b5: 5, b6: 6, b7: 7 })
      assert.deepStrictEqual(json.more, { values: 4992, failures: 0 })
    }))
})

describe("what is told first", () => {
  it.effect("is what has a reason, before branches that only interrupted themselves", () =>
    Effect.gen(function*() {
      const off = new Error("off")
      const branches = [Effect.interrupt, Effect.interrupt, Effect.interrupt, Effect.fail(off)]
      const error = yield* Effect.flip(Split.run(branches, { strategy: all })) as Effect.Effect<
        CanoError.JoinUnsatisfiedError
      >
      assert.strictEqual(error.cause, off)
      assert.deepStrictEqual(error.errors, [off])
      assert.include(error.message, "3: off; 0: interrupted itself; 1: interrupted itself; and 1 more")
      assert.strictEqual(JSON.parse(JSON.stringify(error)).failures[0].name, "3")
      assert.include(Cause.pretty(Cause.fail(error)), "off")
    }))

  it.effect("shows the fields of the user's errors on a console", () =>
    Effect.gen(function*() {
      class Off extends Data.TaggedError("Off")<{ readonly at: string }> {}
      assert.include(inspect(yield* failed(new Off({ at: "user1" }))), "at: 'user1'")
    }))

  it.effect("is bounded where branches fail with lists and records of join errors", () =>
    Effect.gen(function*() {
      const nested = (depth: number): Effect.Effect<any, any> =>
        depth === 0
          ? Effect.fail("x")
          : Split.run([nested(depth - 1), nested(depth - 1)], { strategy: all }).pipe(
            Effect.mapError((e) => ({ inner: e, list: [e, e] }))
          )
      const exit = yield* Effect.exit(Split.run([nested(8)], { strategy: all }))
      const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      for (
        const text of [
          String(exit),
          Formatter.format(error),
          Formatter.formatJson(error),
          inspect(error, { depth: null }),
          ...Object.values(logged(error)).flat().map(String)
        ]
      ) assert.isBelow(text.length, 40_000)
    }))
})

describe("a result is plain data all the same", () => {
  const split = Split.run({ a: Effect.succeed(1), b: Effect.succeed({ date: new Date(0), list: [1, null] }) }, {
    strategy: all
  })

  it.effect("that is compared, spread, cloned and sent as its fields", () =>
    Effect.gen(function*() {
      const result = yield* split
      const fields = {
        tally: { total: 2, succeeded: 2, failed: 0, interrupted: 0, notStarted: 0 },
        timedOut: false,
        values: { a: 1, b: { date: new Date(0), list: [1, null] } },
        outcomes: {
          a: { _tag: "Succeeded", index: 0, name: "a", value: 1 },
          b: { _tag: "Succeeded", index: 1, name: "b", value: { date: new Date(0), list: [1, null] } }
        },
        failures: [],
        cancelled: [],
        settled: [
          { _tag: "Succeeded", index: 0, name: "a", value: 1 },
          { _tag: "Succeeded", index: 1, name: "b", value: { date: new Date(0), list: [1, null] } }
        ]
      }
      assertNode.deepStrictEqual(result, fields)
      assertNode.deepStrictEqual(fields, result)
      assertNode.deepStrictEqual({ ...result }, fields)
      assertNode.deepStrictEqual(structuredClone(result), fields)
      assertNode.deepStrictEqual(Object.keys(result), Object.keys(fields))
      assert.strictEqual(Object.getPrototypeOf(result), Object.prototype)
      assert.isTrue(Equal.equals(result, yield* split))
      assert.strictEqual(JSON.stringify(result), JSON.stringify(fields))
      assert.strictEqual(inspect(result), inspect(fields))
      assert.strictEqual(inspect({ result }, { depth: 0 }), "{ result: [Object] }")
    }))

  it.effect("that is sent as a whole by its fields, whatever its size", () =>
    Effect.gen(function*() {
      const result = yield* Split.run(Array.from({ length: 5000 }, (_, i) => Effect.succeed(i)), { strategy: all })
      assert.lengthOf(JSON.parse(JSON.stringify({ ...result })).values, 5000)
      assert.lengthOf(JSON.parse(JSON.stringify(result.values)), 5000)
      assert.lengthOf(structuredClone(result).outcomes, 5000)
    }))

  it.effect("that fits the Schema of its fields", () =>
    Effect.gen(function*() {
      const schema = Schema.Struct({ values: Schema.Array(Schema.Number), timedOut: Schema.Boolean })
      const result = yield* Split.run([Effect.succeed(1)], { strategy: all })
      assert.deepStrictEqual(yield* Schema.decodeUnknownEffect(schema)(result), { values: [1], timedOut: false })
    }))
})
