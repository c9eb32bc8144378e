/**
 * What is given where a list of branches, a duration or a weight is expected, and is none: it is refused before anything
 * starts, with what was given and what would be right.
 */
import { assert, describe, it } from "@effect/vitest"
import { Data, Duration, Effect, Exit, Fiber, Layer, Schedule, Stream } from "effect"
import { CanoError, Hedge, JoinStrategy, Split, TaskResult, Workflow } from "effect-cano"
import * as SplitStream from "effect-cano/SplitStream"
import { TestClock } from "effect/testing"
import { standalone } from "../kit/index.ts"

/** The public functions without their types, as a caller from JavaScript sees them. */
const run: (branches: unknown, options?: unknown) => Effect.Effect<any, unknown> = standalone
const hedge = Hedge.run as unknown as (attempt: unknown, options: object) => Effect.Effect<any, unknown>
const { all, any, weighted } = JoinStrategy

const issuesOf = <A>(effect: Effect.Effect<A, unknown>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.instanceOf(error, CanoError.ConfigurationError)
    return (error as CanoError.ConfigurationError).issues
  })

/** The one issue of a split. */
const refused = Effect.fnUntraced(function*(branches: unknown, options: object = { strategy: all }) {
  const issues = yield* issuesOf(run(branches, options))
  assert.lengthOf(issues, 1)
  return issues[0]!
})

const throws = (): never => {
  throw new Error("hostile")
}

class Jobs {
  readonly first = Effect.void
}

describe("what is no list of branches", () => {
  const ran: Array<string> = []
  const branch = Effect.sync(() => ran.push("ran"))
  async function* stream() {
    yield branch
  }
  const cases: ReadonlyArray<readonly [what: string, given: () => unknown, text: RegExp]> = [
    [
      "an async generator",
      stream,
      /^an AsyncGenerator where a list of branches .*; it would have to be awaited: collect/
    ],
    [
      "an async iterable",
      () => ({ [Symbol.asyncIterator]: stream }),
      /^an object where .*; it would have to be awaited/
    ],
    ["a Date", () => new Date(0), /^a Date where a list .*; give an array, an iterable or a plain record of Effects$/],
    ["a RegExp", () => /./, /^a RegExp where a list/],
    ["an Error", () => new TypeError("no"), /^a TypeError where a list/],
    ["a boxed number", () => Object(5), /^a Number where a list/],
    ["a boxed boolean", () => Object(true), /^a Boolean where a list/],
    ["a boxed bigint", () => Object(5n), /^a BigInt where a list/],
    ["a string", () => "abc", /^the string abc where a list/],
    ["a very long string", () => "x".repeat(1_000_000), /^the string x{100}… where a list of branches was expected$/],
    ["a boxed string", () => Object("abc"), /^a String where a list/],
    ["a Map", () => new Map([["a", branch]]), /^a Map where a list .*; give its values, \[\.\.\.map\.values\(\)\]/],
    ["a WeakMap", () => new WeakMap(), /^a WeakMap where a list/],
    ["a WeakSet", () => new WeakSet(), /^a WeakSet where a list/],
    ["a typed array", () => new Uint8Array(3), /^an? \w+ where a list of branches was expected$/],
    ["an ArrayBuffer", () => new ArrayBuffer(3), /^an ArrayBuffer where a list/],
    ["a class instance", () => new Jobs(), /^a Jobs where a list/],
    ["an instance of a class without a name", () => new (class {})(), /^an object where a list/],
    ["an object that inherits its branches", () => Object.create({ a: branch }), /^an object where a list/],
    ["a Promise", () => Promise.resolve([branch]), /^a Promise where .*; use Effect\.promise or Effect\.tryPromise$/],
    // oxlint-disable-next-line unicorn/no-thenable
    ["a thenable", () => ({ then: () => {} }), /^an object where .*; use Effect\.promise/],
    ["a Stream", () => Stream.make(branch), /^an object where a list/],
    ["a Layer", () => Layer.empty, /^an object where a list/],
    ["a symbol", () => Symbol("s"), /^the symbol Symbol\(s\) where a list/],
    ["null", () => null, /^null where a list/],
    [
      "TaskResult.split",
      () => TaskResult.split(["A"]),
      /^an object where .*TaskResult\.split is what a branch function/
    ],
    [
      "a record with a symbol",
      () => ({ [Symbol("b")]: branch }),
      /^a record with the key Symbol\(b\); the names of branches are strings$/
    ],
    [
      "a record with a getter that throws",
      () => ({
        a: branch,
        get b() {
          return throws()
        }
      }),
      /^a record whose branch b can't be read: its getter throws$/
    ],
    [
      "a record with a value that is none",
      () => ({ a: branch, b: new Date(0) }),
      /^branch b is a Date, not an Effect$/
    ],
    // oxlint-disable-next-line no-sparse-arrays
    ["a sparse array", () => [branch, , branch], /^branch 1 is undefined, not an Effect$/],
    ["a growing split of no function", () => Split.growing(42 as never), /^Split\.growing of the number 42; give it a/]
  ]
  for (const [what, given, text] of cases) {
    it.effect(`${what} is refused, as it is and from a function`, () =>
      Effect.gen(function*() {
        const value = given()
        const late = yield* Effect.flip(run(() => given(), { strategy: all })) as Effect.Effect<any>
        assert.deepInclude(late, { _tag: "WorkflowError", rule: "invalid-branches" })
        assert.match(late.detail.replace(/^the branches are /, ""), text)
        // an iterator or a function means something else where it is given as it is
        if (what === "an async generator") return
        const { message, rule } = yield* refused(value)
        assert.strictEqual(rule, "branches")
        assert.match(message, text)
        assert.isBelow(message.length, 300)
        assert.deepStrictEqual(ran, [])
      }))
  }

  it.effect("a Proxy that throws from a function is refused or a defect, never an empty list", () =>
    Effect.gen(function*() {
      const proxy = new Proxy({}, { get: throws, has: throws })
      assert.isTrue(Exit.isFailure(yield* Effect.exit(run(() => proxy, { strategy: all }))))
      assert.match(
        (yield* refused(proxy)).message,
        /^an object that can't be read where a list of branches was expected$/
      )
    }))

  it.effect("the toString of what is given is not called", () =>
    Effect.gen(function*() {
      let called = 0
      class Hostile {
        toString = () => String(called++)
        toJSON = () => called++
        get [Symbol.toPrimitive]() {
          return () => called++
        }
      }
      Object.defineProperty(Hostile.prototype, "constructor", { get: throws })
      assert.match((yield* refused(new Hostile())).message, /^an object where a list/)
      assert.match((yield* refused([Effect.void], { strategy: new Hostile() })).message, /is no join strategy/)
      assert.match((yield* refused([Effect.void], { strategy: all, timeout: new Hostile() })).message, /is no duration/)
      assert.strictEqual(called, 0)
    }))
})

describe("a list of branches", () => {
  it.effect("may be a record without a prototype, or of another realm", () =>
    Effect.gen(function*() {
      const bare = Object.assign(Object.create(null), { a: Effect.succeed(1) })
      assert.deepStrictEqual((yield* run(bare, { strategy: all })).values, { a: 1 })
      const { runInNewContext } = yield* Effect.promise(() => import("node:vm"))
      const foreign = Object.assign(runInNewContext("({})"), { a: Effect.succeed(1) })
      assert.deepStrictEqual((yield* run(foreign, { strategy: all })).values, { a: 1 })
    }))

  it.effect("may be a Set, each time it is entered", () =>
    Effect.gen(function*() {
      const set = new Set([Effect.succeed(1), Effect.succeed(2)])
      const split = run(set, { strategy: all })
      assert.deepStrictEqual((yield* split).values, [1, 2])
      assert.deepStrictEqual((yield* split).values, [1, 2])
    }))

  it.effect("of a record is in the order of its keys, under its own names", () =>
    Effect.gen(function*() {
      const branches = JSON.parse(`{ "b": 3, "10": 2, "2": 1, "__proto__": 4, "constructor": 5 }`, (_, value) =>
        typeof value === "number" ? Effect.succeed(value) : value)
      const { outcomes, settled, values } = yield* run(branches, { strategy: all })
      assert.deepStrictEqual(Object.entries(values), [["2", 1], ["10", 2], ["b", 3], ["__proto__", 4], [
        "constructor",
        5
      ]])
      assert.deepStrictEqual(
        Object.entries(outcomes as Record<string, any>).map((
          [key, { index, name, value }]
        ) => [key, name, index, value]),
        [["2", "2", 0, 1], ["10", "10", 1, 2], ["b", "b", 2, 3], ["__proto__", "__proto__", 3, 4], [
          "constructor",
          "constructor",
          4,
          5
        ]]
      )
      assert.strictEqual(Object.getPrototypeOf(outcomes), Object.prototype)
      assert.deepStrictEqual(
        settled.map((outcome: any) =>
          outcome.name
        ),
        ["2", "10", "b", "__proto__", "constructor"]
      )
    }))

  it.effect("that is an iterator is refused when it is read a second time", () =>
    Effect.gen(function*() {
      const iterator = [Effect.succeed(1)].values()
      const inner = (Workflow.make<string>("w") as any)
        .registerSplit("A", Effect.succeed(iterator), {
          strategy: all,
          next: ({ values }: any) => values.length === 1 ? "A" : "Done"
        })
        .addExitStates("Done")
      const error = yield* Effect.flip(inner.orchestrate("A")) as Effect.Effect<any>
      assert.deepInclude(error, { _tag: "WorkflowError", rule: "invalid-branches", state: "A" })
      assert.match(error.detail, /an iterator that has been read before; make a new one each time$/)
      assert.strictEqual(error.path.entered, 2)
    }))

  it.effect("that is left early has its generator closed", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const branches = function*() {
        try {
          for (;;) yield Effect.succeed(1)
        } finally {
          log.push("closed")
        }
      }
      yield* run(branches, { strategy: any, bulkhead: 1 })
      assert.deepStrictEqual(log, ["closed"])
    }))

  it.effect("with options that are none is refused", () =>
    Effect.gen(function*() {
      for (const options of [undefined, null, "all", all.toString]) {
        const [issue] = yield* issuesOf(run([Effect.void], options))
        assert.strictEqual(issue!.rule, "options")
        assert.match(issue!.message, /^the options are .*; they must be \{ strategy, … \}$/)
      }
    }))

  it.effect("with options that want true or false is refused with anything else", () =>
    Effect.gen(function*() {
      for (const given of [1, 0, "yes", "", null, {}]) {
        for (const option of ["times", "discard"]) {
          const [issue, ...others] = yield* issuesOf(run([Effect.void], { strategy: all, [option]: given }))
          assert.deepStrictEqual(others, [])
          assert.strictEqual(issue!.rule, "options")
          assert.match(issue!.message, new RegExp(`^${option} is .*; it must be true or false, or be left out$`))
        }
        for (const option of ["timed", "everyBranch"]) {
          const reducer = { name: "own", initial: () => 0, onOutcome: () => 0, decide: () => "continue" as const }
          const strategy = JoinStrategy.make({ ...reducer, [option]: given })
          const messages = (yield* issuesOf(run([Effect.void], { strategy }))).map(({ message }) => message)
          assert.match(messages[0]!, new RegExp(`own: ${option} is .*; it must be true or false, or be left out$`))
        }
      }
      yield* run([Effect.void], { strategy: all, times: undefined, discard: undefined })
    }))

  it.effect("as a stream, with options that are none, is refused", () =>
    Effect.gen(function*() {
      for (const options of [undefined, null, "all"]) {
        const error = yield* Effect.flip(Stream.runDrain(SplitStream.make([Effect.void], options as never)))
        assert.match((error as CanoError.ConfigurationError).message, /the options are .*; they must be/)
      }
    }))
})

describe("follow-on states", () => {
  const machine = (answer: unknown) =>
    (Workflow.make<string>("w") as any)
      .registerSplit("A", () => answer, { strategy: all, next: "Done" })
      .register("B", Effect.succeed("Done"))
      .addExitStates("Done")
      .orchestrate("A") as Effect.Effect<unknown, any>
  const split = TaskResult.split as (states: unknown) => unknown

  const refusals: ReadonlyArray<readonly [what: string, states: () => unknown, rule: string, text: RegExp]> = [
    [
      "a generator",
      function*() {
        yield "B"
      },
      "invalid-branches",
      /^TaskResult\.split was given a Generator, not an array of states; write \[\.\.\.states\]$/
    ],
    ["an iterator", () => ["B"].values(), "invalid-branches", /^TaskResult\.split was given an Array Iterator, not an/],
    ["a Set", () => new Set(["B"]), "invalid-branches", /^TaskResult\.split was given a Set, not an array/],
    ["a string", () => "B", "invalid-branches", /^TaskResult\.split was given the string B, not an array/],
    ["a record", () => ({ a: "B" }), "invalid-branches", /^TaskResult\.split was given an object, not an array/],
    ["nothing", () => undefined, "invalid-branches", /^TaskResult\.split was given undefined, not an array/],
    [
      "an unknown state",
      () => ["B", "Nowhere"],
      "unknown-state",
      /^element 1 of .* is a state that is none: "Nowhere"/
    ],
    ["a number", () => [42], "unknown-state", /^element 0 of TaskResult\.split is 42, which is not a state/],
    // oxlint-disable-next-line no-sparse-arrays
    ["a hole", () => ["B", ,], "unknown-state", /^element 1 of TaskResult\.split is undefined, which is not a state/],
    [
      "an Effect",
      () => [Effect.succeed("B")],
      "unknown-state",
      /^element 0 of TaskResult\.split is an Effect, which is not/
    ],
    [
      "itself",
      () => [split(["B"])],
      "split-outside-split",
      /^element 0 of TaskResult\.split is TaskResult\.split, which only/
    ]
  ]
  for (const [what, states, rule, text] of refusals) {
    it.effect(`of ${what} are a WorkflowError that names the state`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(machine(split(states())))
        assert.deepInclude(error, { _tag: "WorkflowError", rule, state: "A" })
        assert.match(error.detail, text)
      }))
  }

  it.effect("may be none, which the strategy decides about", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* machine(split([])), "Done")
    }))
})

describe("a duration", () => {
  class Seconds {
    readonly seconds = 5
  }
  const hostile = {
    get seconds() {
      return throws()
    }
  }
  const hostileProxy = new Proxy({}, { get: throws, has: throws, ownKeys: throws })
  /** Those that Effect takes for 0 among them. */
  const wrong: ReadonlyArray<readonly [given: unknown, text: string]> = [
    [
      { second: 5 },
      `is no duration: {"second":5}; write for example "5 seconds" or 5000 (milliseconds)`
    ],
    [{ seconds: 5, minute: 1 }, `is no duration: {"seconds":5,"minute":1}`],
    [{}, "is no duration: {}"],
    [{ seconds: undefined }, `is no duration: {"seconds":undefined}`],
    [{ seconds: "5" }, `is no duration: {"seconds":"5"}`],
    [{ seconds: 5n }, `is no duration: {"seconds":5n}`],
    [{ months: 1, seconds: 5 }, "is no duration"],
    [Object.create({ months: 1, seconds: 5 }), "is no duration"],
    [hostile, `is no duration: {"seconds":a getter}`],
    [Promise.resolve(5), "is no duration: a Promise"],
    [new Date(5), "is no duration: a Date"],
    [new Map([["seconds", 5]]), "is no duration: a Map"],
    [new Set([5]), "is no duration: a Set"],
    [Object(5), "is no duration: a Number"],
    [Object("5 seconds"), "is no duration: a String"],
    [() => 5, "is no duration: a function"],
    [Effect.succeed(5), "is no duration: an Effect"],
    [Schedule.spaced("5 seconds"), "is no duration"],
    [[5], "is no duration: [5]"],
    [[1, 2, 3], "is no duration: [1,2,3]"],
    [["5", 0], `is no duration: ["5",0]`],
    // oxlint-disable-next-line no-sparse-arrays
    [[, 5], "is no duration: [undefined,5]"],
    ["5 secondz", `is no duration: "5 secondz"`],
    ["", `is no duration: ""`],
    ["5", `is no duration: "5"`],
    [true, "is no duration: true"],
    [null, "is no duration: null"],
    [Symbol("5"), "is no duration: Symbol(5)"],
    [hostileProxy, "is no duration: an object that can't be read"],
    [Number.NaN, "is not a number: NaN"],
    [[Number.NaN, 0], "is not a number: [NaN,0]"],
    [{ seconds: Number.NaN }, `is not a number: {"seconds":NaN}`],
    [-1, "is negative: -1"],
    [-1n, "is negative: -1n"],
    [Number.NEGATIVE_INFINITY, "is negative: -Infinity"],
    ["-Infinity", `is negative: "-Infinity"`],
    ["-5 seconds", `is negative: "-5 seconds"`],
    [{ seconds: -5 }, `is negative: {"seconds":-5}`],
    [[-1, 0], "is negative: [-1,0]"],
    [Duration.seconds(-5), "is negative: -5s"]
  ]

  const options: { readonly [option: string]: (given: unknown) => Effect.Effect<unknown, unknown> } = {
    "the timeout": (timeout) => run([Effect.void], { strategy: all, timeout }),
    "the grace period of the losers": (grace) => run([Effect.void], { strategy: all, losers: { grace } }),
    "the soft deadline of relax(all, any)": (after) =>
      run([Effect.void], { strategy: JoinStrategy.relax(all, { after: after as never, enough: any }) }),
    "the timeout of the workflow": (timeout) =>
      (Workflow.make<string>("w") as any).register("A", Effect.succeed("Done")).addExitStates("Done").withTimeout(
        timeout
      )
        .orchestrate("A"),
    "the delay": (delay) => hedge(Effect.void, { delay }),
    "the delay of attempt 1": (delay) => hedge(Effect.never, { delay: () => delay }),
    "the fallback of the percentile": (fallback) =>
      hedge(Effect.void, { delay: Hedge.percentile(0.9, Hedge.latencies(), { fallback: fallback as never }) })
  }
  for (const [what, option] of Object.entries(options)) {
    it.effect(`that is none is refused as ${what}`, () =>
      Effect.gen(function*() {
        for (const [given, text] of wrong) {
          // these mean something else there
          if (
            what === "the delay" &&
            (typeof given === "function" || given === hostileProxy || Schedule.isSchedule(given))
          ) {
            continue
          }
          if (what === "the fallback of the percentile" && given === null) continue
          // a defect: see test/hedge/Hedge.test.ts
          if (what === "the delay of attempt 1" && text === "is no duration: a Promise") continue
          const [issue] = yield* issuesOf(option(given))
          assert.include(issue!.message, `${what} ${text}`)
          assert.isBelow(issue!.message.length, 300)
        }
      }))
  }

  it.effect("may be written in every way of Effect, and with inherited units", () =>
    Effect.gen(function*() {
      const sound: ReadonlyArray<unknown> = [
        5000,
        5_000_000_000n,
        "5 seconds",
        [5, 0],
        { seconds: 5 },
        { seconds: 5, minutes: undefined },
        { milliseconds: 5000 },
        Duration.seconds(5),
        new Seconds()
      ]
      for (const timeout of sound) {
        const fiber = yield* Effect.forkChild(Effect.flip(run([Effect.never], { strategy: all, timeout })))
        yield* TestClock.adjust(4999)
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(1)
        assert.instanceOf(yield* Fiber.join(fiber), CanoError.JoinTimeoutError)
      }
      yield* run([Effect.void], { strategy: all, timeout: "Infinity" })
      yield* run([Effect.void], { strategy: all, timeout: Number.POSITIVE_INFINITY })
    }))
})

describe("numbers of strategies", () => {
  it.effect("that only read as numbers are refused", () =>
    Effect.gen(function*() {
      const { percentage, tolerate } = JoinStrategy as any
      for (
        const [strategy, text] of [
          [percentage("0.5"), /^percentage\("0\.5"\): the share must be a number/],
          [percentage(Object(0.5)), /^percentage\(a Number\): the share must be a number/],
          [tolerate({ maxFailureRate: "0.5" }), /maxFailureRate must be a number from 0 to 1$/],
          [(weighted as any)({ a: 1 }, "1"), /the threshold must be a number above 0$/],
          [(weighted as any)({ a: "1" }, 1), /the weight of branch "a" is "1"; it must be a number of at least 0$/],
          [(weighted as any)({ a: 1n }, 1), /the weight of branch "a" is 1n; it must/],
          [(weighted as any)(new Map([["a", 1]]), 1), /the weights are a Map; they must be a record of numbers/],
          [(weighted as any)([1], 1), /the weights are \[1\]; they must be a record/],
          [(weighted as any)(null, 1), /the weights are null; they must be a record/]
        ] as const
      ) {
        const { message, rule } = yield* refused({ a: Effect.void }, { strategy })
        assert.oneOf(rule, ["strategy", "percentage"])
        assert.match(message, text)
      }
    }))

  it.effect("are looked up under the own names of the weights", () =>
    Effect.gen(function*() {
      for (const name of ["constructor", "toString", "hasOwnProperty", "__proto__"]) {
        const branches = Object.fromEntries([["a", Effect.void], [name, Effect.void]])
        const { message } = yield* refused(branches, { strategy: weighted({ a: 1 }, 1) })
        assert.strictEqual(message, `branch "${name}" has no weight`)
        const weights = Object.fromEntries([["a", 1], [name, 2]])
        const { tally } = yield* run(branches, { strategy: weighted(weights, 3) })
        assert.strictEqual(tally.succeeded, 2)
      }
    }))

  it.effect("are those that were given, whatever becomes of the object", () =>
    Effect.gen(function*() {
      const weights = { a: 1, b: 1 }
      const strategy = weighted(weights, 2)
      weights.b = 0
      const { tally } = yield* run({ a: Effect.void, b: Effect.void }, { strategy })
      assert.strictEqual(tally.succeeded, 2)
    }))
})

describe("messages", () => {
  /** What a failed branch is quoted with. */
  const quoted = Effect.fnUntraced(function*(error: unknown) {
    const failed = yield* Effect.flip(run([Effect.fail(error)], { strategy: all })) as Effect.Effect<any>
    return (failed as Error).message
  })

  it.effect("quote hostile values without harm", () =>
    Effect.gen(function*() {
      const cyclic: { self?: unknown } = {}
      cyclic.self = cyclic
      class Silent extends Data.TaggedError("Silent") {
        override get message(): string {
          return throws()
        }
      }
      for (
        const [error, text] of [
          [cyclic, `{"self":{"self":an object}}`],
          [{
            get message() {
              return throws()
            }
          }, `{"message":a getter}`],
          [new Silent(), "a Silent"],
          [new Proxy({}, { get: throws, has: throws, getPrototypeOf: throws }), "an object that can't be read"],
          [
            function*() {
              for (;;) yield 1
            }(),
            "a Generator"
          ],
          [Symbol("s"), "Symbol(s)"],
          [{ a: Array.from({ length: 1000 }, (_, i) => i) }, `{"a":[0,1,2,3,4,5,6,7,…]}`]
        ] as const
      ) {
        assert.strictEqual(yield* quoted(error), `all of 1: 0 succeeded, 1 failed: 0: ${text}`)
      }
    }))

  it.effect("are of bounded length", () =>
    Effect.gen(function*() {
      for (const error of ["x".repeat(1_000_000), new Error("x".repeat(1_000_000)), { x: "x".repeat(1_000_000) }]) {
        assert.isBelow((yield* quoted(error)).length, 2500)
      }
      const name = "n".repeat(1_000_000)
      const error = yield* Effect.flip(
        (Workflow.make<string>("w") as any)
          .register("A", Effect.succeed(name)).addExitStates("Done").orchestrate("A")
      ) as Effect.Effect<Error>
      assert.isBelow(error.message.length, 500)
    }))
})

describe("what is given and read", () => {
  it.effect("is an array as it was when the split was entered", () =>
    Effect.gen(function*() {
      const branches: Array<Effect.Effect<unknown>> = []
      const change = Effect.sync(() => {
        branches[1] = "text" as never
        branches.push("more" as never)
      })
      branches.push(change, Effect.void)
      const { tally } = yield* Split.run(() => branches, { strategy: JoinStrategy.all, bulkhead: 1 })
      assert.strictEqual(tally.succeeded, 2)
    }))

  it.effect("is no Promise of an element", () =>
    Effect.gen(function*() {
      const list = { [Symbol.iterator]: () => ({ next: () => Promise.resolve({ done: false, value: Effect.void }) }) }
      const exit = yield* Effect.exit(Split.run((() => list) as never, { strategy: JoinStrategy.all }))
      assert.match(String(exit), /next of the branches' iterator returned a Promise, not \{ done, value \}/)
    }))

  it.effect("are branches in an Effect, from a function or not", () =>
    Effect.gen(function*() {
      const branches = Effect.succeed([Effect.succeed(1), Effect.succeed(2)])
      for (const given of [branches, () => branches]) {
        const { values } = yield* Split.run(given, { strategy: JoinStrategy.all })
        assert.deepStrictEqual(values, [1, 2])
      }
    }))

  it.effect("is a pair of seconds and nanoseconds, and no longer list of numbers", () =>
    Effect.gen(function*() {
      const run = (timeout: unknown) =>
        Effect.exit(Split.run([Effect.void], { strategy: JoinStrategy.all, timeout: timeout as never }))
      assert.match(String(yield* run([1, 2, 3])), /the timeout is no duration: \[1,2,3\]/)
      assert.strictEqual((yield* run([1, 2]))._tag, "Success")
    }))

  it.effect("is a share of up to 1, and a strategy whose parts are functions", () =>
    Effect.gen(function*() {
      const run = (strategy: unknown) => Effect.exit(Split.run([Effect.void], { strategy: strategy as never }))
      assert.strictEqual((yield* run(JoinStrategy.percentage(1)))._tag, "Success")
      const broken = JoinStrategy.make({ name: "broken", initial: 1, onOutcome: () => 1, decide: 2 } as never)
      assert.match(String(yield* run(broken)), /broken: initial is 1; it must be a function.*broken: decide is 2/s)
    }))
})
