/**
 * The callbacks of a machine and of a list of branches, each answering what it must not: it throws, returns a Promise,
 * returns nothing, or returns a value of the wrong type. Every row ends in a `WorkflowError` that names the state and the
 * callback, or in the defect it threw, with every branch that was started ended and the resources released.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Layer, Option } from "effect"
import { type CanoError, JoinStrategy, Split, TaskResult } from "effect-cano"
import { TestClock } from "effect/testing"
import { type Untyped, untyped } from "../kit/index.ts"

const boom = new Error("boom")
const throws = (): never => {
  throw boom
}
const promise = () => Promise.resolve("Done")

/** Who is there: resources and branches come and go. */
class Census {
  here = 0
  came = 0
  readonly branch = <A>(body: Effect.Effect<A>): Effect.Effect<A> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        this.here++
        this.came++
      }),
      () => body,
      () => Effect.sync(() => this.here--)
    )
  readonly layer = Layer.effectDiscard(Effect.acquireRelease(
    Effect.sync(() => this.here++),
    () => Effect.sync(() => this.here--)
  ))
}

type Build = (callback: unknown, census: Census) => Untyped

const empty = untyped().addExitStates("Done")
const { all, any } = JoinStrategy

/** Branches of which one is in the middle of its work. */
const fan = ({ branch }: Census) => [branch(Effect.void), branch(Effect.sleep("1 second"))]

const callbacks: { readonly [name: string]: Build } = {
  task: (f) => empty.register("A", f),
  run: (f) => empty.register("A", { run: f, next: "Done" }),
  "next of { run, next }": (f) => empty.register("A", { run: Effect.void, next: f }),
  "next of a split": (f, census) => empty.registerSplit("A", fan(census), { strategy: all, next: f }),
  "next of a split that interrupts": (f, census) => empty.registerSplit("A", fan(census), { strategy: any, next: f }),
  "otherwise of a split": (f, { branch }) =>
    empty.registerSplit("A", [branch(Effect.fail("no") as never), branch(Effect.void)], {
      strategy: all,
      next: "Done",
      otherwise: f
    }),
  branches: (f) => empty.registerSplit("A", f, { strategy: all, next: "Done" }),
  "iterator of a lazy list": (f) => empty.registerSplit("A", { [Symbol.iterator]: f }, { strategy: all, next: "Done" }),
  "next of a lazy list": (f, census) =>
    empty.registerSplit("A", { [Symbol.iterator]: () => ending(fan(census), f) }, { strategy: all, next: "Done" }),
  "next of a lazy list behind a bulkhead": (f, census) =>
    empty.registerSplit("A", { [Symbol.iterator]: () => ending(fan(census), f) }, {
      strategy: all,
      bulkhead: 2,
      next: "Done"
    }),
  "seed of Split.growing": (f) => empty.registerSplit("A", Split.growing(f as never), { strategy: all, next: "Done" }),
  "what add is given": (f, census) =>
    empty.registerSplit(
      "A",
      Split.growing((add) => [
        ...fan(census),
        census.branch(Effect.asVoid(Effect.suspend(() => add((f as () => never)()))))
      ]),
      { strategy: JoinStrategy.allFailFast, next: "Done" }
    )
}

/** An iterator that gives branches, and then what `f` answers. */
const ending = (branches: ReadonlyArray<unknown>, f: unknown) => {
  let next = 0
  return { next: () => next < branches.length ? { value: branches[next++] } : (f as () => unknown)() }
}

/** A defect, the rule and the sentence of a `WorkflowError`, or a satisfied run. */
type Expected = "thrown" | "of the branch" | TypeError | readonly [rule: CanoError.WorkflowRule, detail: RegExp]

interface Row {
  readonly callback: string
  readonly misbehaviour: string
  readonly answer: unknown
  readonly expected: Expected
}

const row = (callback: string, misbehaviour: string, answer: unknown, expected: Expected): Row => ({
  callback,
  misbehaviour,
  answer,
  expected
})

const known = "the states are A, Done$"

/** A callback that answers a state. */
const ofState = (callback: string, whose: string): ReadonlyArray<Row> => [
  row(callback, "throws", throws, "thrown"),
  row(callback, "returns a Promise", promise, [
    "unknown-state",
    new RegExp(`^${whose} returned a Promise, which is not a state; wrap it in Effect.*; ${known}`)
  ]),
  row(callback, "returns nothing", () => {}, [
    "unknown-state",
    new RegExp(`^${whose} returned undefined, which is not a state; ${known}`)
  ]),
  row(callback, "returns a number", () => 42, [
    "unknown-state",
    new RegExp(`^${whose} returned 42, which is not a state; ${known}`)
  ]),
  row(callback, "returns an object", () => ({ tag: "Done" }), [
    "unknown-state",
    new RegExp(`^${whose} returned an object without a _tag, which is not a state; ${known}`)
  ]),
  row(callback, "returns the name of no state", () => "Nowhere", [
    "unknown-state",
    new RegExp(`^${whose} returned a state that is none: "Nowhere" is neither registered nor an exit state; ${known}`)
  ]),
  row(callback, "returns TaskResult.split", () => TaskResult.split(["Done"]), [
    "split-outside-split",
    new RegExp(`^${whose} returned TaskResult.split, which only the branch function of a split may answer$`)
  ])
]

/** A callback that may answer an Effect of a state too. */
const ofTarget = (callback: string, whose: string): ReadonlyArray<Row> => [
  ...ofState(callback, whose),
  row(callback, "is an async function", async () => "Done", ["unknown-state", /a Promise, which is not a state/]),
  row(callback, "returns an Effect of a Promise", () => Effect.sync((): unknown => promise()), [
    "unknown-state",
    new RegExp(`^the Effect of ${whose} gave a Promise, which is not a state`)
  ]),
  row(callback, "returns an Effect of nothing", () => Effect.void, [
    "unknown-state",
    new RegExp(`^the Effect of ${whose} gave undefined, which is not a state; ${known}`)
  ]),
  row(callback, "returns an Effect of an Effect", () => Effect.succeed(Effect.succeed("Done")), [
    "unknown-state",
    new RegExp(`^the Effect of ${whose} gave an Effect, which is not a state; ${known}`)
  ]),
  row(callback, "returns an Effect that dies", () => Effect.die(boom), "thrown")
]

/** A callback that answers an Effect. */
const ofWork = (callback: string, whose: string): ReadonlyArray<Row> => [
  row(callback, "throws", throws, "thrown"),
  row(callback, "returns a Promise", promise, ["invalid-task", new RegExp(`^${whose} returned a Promise; wrap it in`)]),
  row(callback, "returns nothing", () => {}, [
    "invalid-task",
    new RegExp(`^${whose} returned undefined, not an Effect`)
  ]),
  row(callback, "returns a state", () => "Done", [
    "invalid-task",
    new RegExp(`^${whose} returned Done, not an Effect`)
  ]),
  row(callback, "returns an object with a next", () => ({ next: () => "Done" }), [
    "invalid-task",
    new RegExp(`^${whose} returned an object, not an Effect`)
  ]),
  row(
    callback,
    "is an async generator function",
    async function*() {
      yield Effect.void
    },
    ["invalid-task", new RegExp(`^${whose} returned an AsyncGenerator, not an Effect`)]
  ),
  row(
    callback,
    "is a generator function that throws",
    function*() {
      throws()
    },
    "thrown"
  ),
  row(
    callback,
    "is a generator function that yields a Promise",
    function*() {
      yield Promise.resolve()
    },
    ["invalid-task", new RegExp(`^${whose} yielded a Promise, not an Effect; wrap it in`)]
  ),
  row(
    callback,
    "is a generator function that yields a number, later",
    function*() {
      yield Effect.yieldNow
      yield 42
    },
    ["invalid-task", new RegExp(`^${whose} yielded 42, not an Effect$`)]
  ),
  row(callback, "returns an iterator of no Effects", () => [1].values(), [
    "invalid-task",
    new RegExp(`^${whose} yielded 1, not an Effect$`)
  ])
]

const hostile = new Proxy({}, { get: throws, has: throws, getPrototypeOf: throws, ownKeys: throws })

/** A callback that answers a list of branches. */
const ofList = (callback: string, whose: string, ofHostile: Row["expected"]): ReadonlyArray<Row> => [
  row(callback, "throws", throws, "thrown"),
  row(callback, "returns a Promise", promise, ["invalid-branches", new RegExp(`^${whose} a Promise where a list of`)]),
  row(callback, "returns nothing", () => {}, ["invalid-branches", new RegExp(`^${whose} undefined where a list of`)]),
  row(callback, "returns a number", () => 42, ["invalid-branches", new RegExp(`^${whose} the number 42 where a list`)]),
  row(callback, "returns a single Effect", () => Effect.void, ["invalid-branches", /Effect/]),
  row(callback, "returns an array with a Promise", () => [Promise.resolve()], [
    "invalid-branches",
    /branch \d is a Promise, not an Effect$/
  ]),
  row(callback, "returns a hostile Proxy", () => hostile, ofHostile)
]

const ofNext = (callback: string): ReadonlyArray<Row> => [
  row(callback, "throws", throws, "thrown"),
  row(callback, "returns a Promise", promise, [
    "invalid-branches",
    /^next of the branches' iterator returned a Promise, not \{ done, value \}$/
  ]),
  row(
    callback,
    "returns nothing",
    () => {},
    new TypeError("next of the branches' iterator returned undefined, not { done, value }")
  ),
  row(
    callback,
    "returns a number",
    () => 42,
    new TypeError("next of the branches' iterator returned the number 42, not { done, value }")
  ),
  row(callback, "returns an object without a value", () => ({}), [
    "invalid-branches",
    /^branch 2 is undefined, not an Effect$/
  ]),
  row(callback, "gives a Promise", () => ({ done: false, value: Promise.resolve() }), [
    "invalid-branches",
    /^branch 2 is a Promise, not an Effect$/
  ]),
  row(
    callback,
    "answers with a getter that throws",
    () => ({
      get done() {
        return throws()
      }
    }),
    "thrown"
  )
]

const rows: ReadonlyArray<Row> = [
  ...ofWork("task", "the task"),
  ...ofWork("run", "run"),
  row("task", "is a generator function that returns nothing", function*() {}, [
    "unknown-state",
    /^the task returned undefined, which is not a state/
  ]),
  row("task", "returns an Effect of nothing", () => Effect.void, [
    "unknown-state",
    /^the task returned undefined, which/
  ]),
  row("task", "returns an Effect of an Effect", () => Effect.succeed(Effect.succeed("Done")), [
    "unknown-state",
    /^the task returned an Effect, which is not a state/
  ]),
  ...ofState("next of { run, next }", "next"),
  row("next of { run, next }", "returns an Effect", () => Effect.succeed("Done"), [
    "unknown-state",
    /^next returned an Effect, which is not a state/
  ]),
  ...ofTarget("next of a split", "next"),
  ...ofTarget("next of a split that interrupts", "next"),
  ...ofTarget("otherwise of a split", "otherwise"),
  ...ofList("branches", "the branch function returned", "thrown"),
  row("branches", "returns an Effect of a Promise", () => Effect.sync((): unknown => promise()), [
    "invalid-branches",
    /^the Effect of the branch function gave a Promise where a list/
  ]),
  row("branches", "is an Effect of a number", Effect.succeed(42), [
    "invalid-branches",
    /^the Effect of branches gave the number 42 where a list/
  ]),
  row("branches", "is an async function", async () => [Effect.void], ["invalid-branches", /a Promise where a list/]),
  row(
    "branches",
    "is an async generator function",
    async function*() {
      yield Effect.void
    },
    ["invalid-branches", /an AsyncGenerator where a list of branches was expected; it would have to be awaited/]
  ),
  row(
    "branches",
    "is a generator function that throws",
    function*() {
      yield Effect.void
      throws()
    },
    "thrown"
  ),
  row("branches", "is an Effect that dies", Effect.die(boom), "thrown"),
  row("iterator of a lazy list", "throws", throws, "thrown"),
  row("iterator of a lazy list", "returns a Promise", promise, [
    "invalid-branches",
    /^the branches answer Symbol\.iterator with a Promise, not with an iterator$/
  ]),
  row("iterator of a lazy list", "returns nothing", () => {}, ["invalid-branches", /with undefined, not with an/]),
  row("iterator of a lazy list", "returns an object without next", () => ({}), ["invalid-branches", /with an object/]),
  ...ofNext("next of a lazy list"),
  ...ofNext("next of a lazy list behind a bulkhead"),
  ...ofList("seed of Split.growing", "the function of Split.growing returned", [
    "invalid-branches",
    /^the function of Split\.growing returned an object that can't be read where a list of/
  ]),
  ...ofList("what add is given", "add was given", [
    "invalid-branches",
    /^add was given an object that can't be read where a list of/
  ]).map((row) => row.expected === "thrown" ? { ...row, expected: "of the branch" as const } : row)
]

describe("a callback that misbehaves", () => {
  for (const { answer, callback, expected, misbehaviour } of rows) {
    it.effect(`${callback}: ${misbehaviour}`, () =>
      Effect.gen(function*() {
        const census = new Census()
        const workflow = callbacks[callback]!(answer, census).withResources(census.layer)
        const fiber = yield* Effect.forkChild(workflow.orchestrate("A"))
        yield* TestClock.adjust("1 second")
        const exit = yield* Fiber.await(fiber)
        assert.strictEqual(census.here, 0)
        assert.isTrue(Exit.isFailure(exit))
        const { cause } = exit as Exit.Failure<unknown, unknown>
        if (expected === "thrown") return assert.strictEqual(Cause.squash(cause), boom)
        const error = Option.getOrUndefined(Cause.findErrorOption(cause)) as CanoError.CanoError | undefined
        if (expected === "of the branch") {
          assert.strictEqual(error?._tag, "JoinUnsatisfiedError")
          assert.match(error!.message, /boom/)
        } else if (expected instanceof TypeError) {
          assert.deepStrictEqual(Cause.squash(cause), expected)
        } else {
          assert.strictEqual(error?._tag, "WorkflowError")
          const { detail, rule, state } = error as CanoError.WorkflowError
          assert.strictEqual(rule, expected[0])
          assert.strictEqual(state, "A")
          assert.match(detail, expected[1])
        }
      }))
  }
})

describe("a Promise that is refused", () => {
  const places: { readonly [where: string]: (f: () => unknown) => Effect.Effect<unknown, unknown> } = {
    ...Object.fromEntries(
      Object.entries(callbacks).map(([name, build]) => [name, (f) => build(f, new Census()).orchestrate("A")] as const)
    ),
    onOutcome: (f) => Split.run([Effect.void], { strategy: all, onOutcome: f as never }),
    "an element of an array": (f) => Split.run((() => [f(), f()]) as never, { strategy: all }),
    "an element of a generator": (f) =>
      Split.run(
        function*() {
          yield f()
        } as never,
        { strategy: all }
      ),
    "what an Effect of branches gives": (f) => Split.run(Effect.sync(f) as never, { strategy: all }),
    "what TaskResult.split is given": (f) =>
      empty.registerSplit("A", () => TaskResult.split(f() as never), { strategy: all, next: "Done" }).orchestrate("A"),
    "what a generator of a task yields": (f) =>
      empty.register("A", function*() {
        yield f()
      }).orchestrate("A")
  }
  for (const [where, build] of Object.entries(places)) {
    it.effect(`does not end the process when it rejects: ${where}`, () =>
      Effect.gen(function*() {
        const unhandled: Array<unknown> = []
        const onUnhandled = (reason: unknown) => unhandled.push(reason)
        process.on("unhandledRejection", onUnhandled)
        let calls = 0
        const fiber = yield* Effect.forkChild(build(() => {
          calls++
          return Promise.reject(boom)
        }))
        yield* TestClock.adjust("1 second")
        const exit = yield* Fiber.await(fiber)
        // a rejection is noticed when the tasks of this turn are done
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        process.off("unhandledRejection", onUnhandled)
        assert.isAbove(calls, 0)
        assert.isTrue(Exit.isFailure(exit))
        assert.deepStrictEqual(unhandled, [])
      }))
  }
})
