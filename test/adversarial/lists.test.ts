import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Context, Effect, Exit } from "effect"
import { JoinStrategy, Split, Workflow } from "effect-cano"
import { bulkheads, Census, defects, endsWithin, failed, slowToEnd, succeeded, tags, tally } from "../kit/index.ts"

/** An iterable whose iterators note what is asked of them. */
const noted = (
  trail: Array<string>,
  next: (i: number) => Effect.Effect<unknown, unknown> | undefined,
  atReturn: () => void = () => {}
): Iterable<Effect.Effect<unknown, unknown>, void> => ({
  [Symbol.iterator]: () => {
    let i = 0
    return {
      next: () => {
        const value = next(i++)
        return value === undefined ? { done: true, value: undefined } : { done: false, value }
      },
      return: () => {
        trail.push("return")
        atReturn()
        return { done: true, value: undefined }
      }
    }
  }
})

/** What the types would not let pass. */
const untyped = (list: unknown): Iterable<Effect.Effect<unknown, unknown>, void> => list as never

describe("lists that throw (semantics 5 and 9; I3, I4)", () => {
  for (const bulkhead of bulkheads) {
    // two branches that wait keep a third from being pulled
    for (const place of bulkhead === 2 ? [0, 1] : [0, 1, 2]) {
      it.effect(`in next(), at ${place}: a defect, after the running branches were awaited (bulkhead ${bulkhead})`, () =>
        Effect.gen(function*() {
          const trail: Array<string> = []
          const census = new Census()
          const error = new Error("list")
          const list = noted(trail, (i) => {
            if (i === place) throw error
            return census.count(bulkhead === 1 ? Effect.succeed(i) : slowToEnd(trail, `${i}`, 10))
          })
          const exit = yield* endsWithin(Split.run(list, { strategy: JoinStrategy.all, bulkhead }), 10)
          assert.deepStrictEqual(defects(exit), [error])
          assert.strictEqual(census.running, 0)
          assert.strictEqual(trail.length, bulkhead === 1 ? 0 : place)
        }))
    }

    it.effect(`when the iterator is made: a defect (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const error = new Error("iterator")
        const list = untyped({
          [Symbol.iterator]: () => {
            throw error
          }
        })
        assert.deepStrictEqual(
          defects(yield* Effect.exit(Split.run(list, { strategy: JoinStrategy.all, bulkhead }))),
          [error]
        )
      }))

    it.effect(`an iterator whose next() gives no object is a defect, with nobody left running (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const census = new Census()
        let i = 0
        const list = untyped({
          [Symbol.iterator]: () => ({
            next: () => i++ === 0 ? { done: false, value: census.count(Effect.sleep(10)) } : undefined
          })
        })
        const exit = yield* endsWithin(Split.run(list, { strategy: JoinStrategy.all, bulkhead }), 10)
        assert.strictEqual(defects(exit).length, 1)
        assert.strictEqual(census.running, 0)
      }))

    it.effect(`a value that is no Effect in the middle is a WorkflowError that names it (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        for (const [value, text] of [[42, "the number 42"], [undefined, "undefined"], [{}, "an object"]] as const) {
          const trail: Array<string> = []
          const census = new Census()
          let i = 0
          const list = untyped({
            [Symbol.iterator]: () => {
              i = 0
              return {
                next: () => ({ done: false, value: i++ === 1 ? value : census.count(Effect.sleep(10)) }),
                return: () => {
                  trail.push("return")
                  return { done: true }
                }
              }
            }
          })
          const exit = yield* endsWithin(Split.run(list, { strategy: JoinStrategy.all, bulkhead }), 10)
          assert.deepInclude(failed(exit), { _tag: "WorkflowError", rule: "invalid-branches" })
          assert.include(failed(exit).message, `branch 1 is ${text}, not an Effect`)
          assert.deepStrictEqual(trail, ["return"])
          assert.strictEqual(census.running, 0)
        }
      }))
  }
})

describe("closing a list (semantics 4)", () => {
  for (const bulkhead of bulkheads) {
    it.effect(`return() is called once when it is left early, and never when it was read to its end (${bulkhead})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        yield* Split.run(noted(trail, (i) => Effect.succeed(i)), { strategy: JoinStrategy.quorum(3), bulkhead })
        assert.deepStrictEqual(trail, ["return"])
        trail.length = 0
        yield* Split.run(noted(trail, (i) => i < 3 ? Effect.succeed(i) : undefined), {
          strategy: JoinStrategy.all,
          bulkhead
        })
        assert.deepStrictEqual(trail, [])
      }))

    it.effect(`so it is where an observer is told, or branches may be left behind (${bulkhead})`, () =>
      Effect.gen(function*() {
        for (
          const options of [
            { onOutcome: () => Effect.void },
            { losers: "detach" },
            { losers: { grace: 10 }, onOutcome: () => Effect.void }
          ] as const
        ) {
          const trail: Array<string> = []
          yield* Split.run(noted(trail, (i) => Effect.succeed(i)), {
            strategy: JoinStrategy.quorum(3),
            bulkhead,
            ...options
          })
          assert.deepStrictEqual(trail, ["return"])
        }
      }))

    it.effect(`a list that is left by a failure or a deadline is closed after its branches have ended (${bulkhead})`, () =>
      Effect.gen(function*() {
        for (const timeout of [undefined, 20]) {
          const trail: Array<string> = []
          const list = noted(
            trail,
            (i) =>
              i === 0 && timeout === undefined && bulkhead !== 1
                ? Effect.andThen(Effect.sleep(20), Effect.fail("no"))
                : i > 100
                ? undefined
                : timeout === undefined && bulkhead === 1
                ? Effect.fail("no")
                : slowToEnd(trail, "branch", 10)
          )
          const exit = yield* endsWithin(Split.run(list, { strategy: JoinStrategy.allFailFast, bulkhead, timeout }), 30)
          assert.isTrue(Exit.isFailure(exit))
          // without a bulkhead, or behind a wide one, the list is read to its end or stays open
          if (bulkhead !== undefined) assert.strictEqual(trail.at(-1), "return")
          assert.isAtMost(trail.filter((line) => line === "return").length, 1)
        }
      }))

    it.effect(`a return() that throws is a defect of the run, after its branches have ended (${bulkhead})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        const census = new Census()
        const error = new Error("return")
        const list = noted(trail, (i) => census.count(Effect.succeed(i)), () => {
          throw error
        })
        const exit = yield* Effect.exit(Split.run(list, { strategy: JoinStrategy.any, bulkhead }))
        assert.deepStrictEqual(defects(exit), [error])
        assert.strictEqual(census.running, 0)
        assert.deepStrictEqual(trail, ["return"])
      }))
  }
})

describe("endless and lazy lists (semantics 4, 7 and 8)", () => {
  function* forever(census: Census, pulled: { count: number }): Generator<Effect.Effect<number, string>, void, never> {
    for (let i = 0;; i++) {
      pulled.count++
      yield census.count(Effect.andThen(Effect.sleep(10), i % 2 === 0 ? Effect.succeed(i) : Effect.fail("odd")))
    }
  }

  it.effect("an endless list is joined by any, quorum, partialResults, allFailFast and a deadline; no more is pulled than run", () =>
    Effect.gen(function*() {
      const cases: ReadonlyArray<readonly [JoinStrategy.JoinStrategy, number | undefined]> = [
        [JoinStrategy.any, undefined],
        [JoinStrategy.quorum(5), undefined],
        [JoinStrategy.partialResults(7), undefined],
        [JoinStrategy.allFailFast, undefined],
        [JoinStrategy.partialTimeout, 35],
        [JoinStrategy.percentage(0.5), 35]
      ]
      for (const bulkhead of [1, 2, 64]) {
        for (const [strategy, timeout] of cases) {
          const census = new Census()
          const pulled = { count: 0 }
          const exit = yield* endsWithin(
            Split.run(() => forever(census, pulled), { strategy, timeout, bulkhead }),
            200
          )
          const result = Exit.isSuccess(exit) ? exit.value : failed(exit).result
          assert.strictEqual(pulled.count, census.started)
          assert.strictEqual(result.tally.total, census.started)
          assert.strictEqual(result.tally.notStarted, 0)
          assert.strictEqual(census.running, 0)
          assert.isAtMost(census.most, bulkhead)
        }
      }
    }))

  it.effect("a percentage of a lazy list is decided once its length is known", () =>
    Effect.gen(function*() {
      for (const bulkhead of bulkheads) {
        const list = function*() {
          for (let i = 0; i < 100; i++) yield i < 7 ? Effect.succeed(i) : Effect.fail("no")
        }
        const seven = yield* Split.run(list, { strategy: JoinStrategy.percentage(0.07), bulkhead })
        assert.deepStrictEqual(seven.tally, tally(7, 93))
        const eight = yield* Effect.exit(Split.run(list, { strategy: JoinStrategy.percentage(0.0701), bulkhead }))
        assert.deepStrictEqual(failed(eight).result.tally, tally(7, 93))
        const empty = yield* Split.run(function*() {}, { strategy: JoinStrategy.percentage(0.5), bulkhead })
        assert.deepStrictEqual(empty.tally, tally(0))
      }
    }))

  it.effect("a lazy percentage whose list ends while branches wait is decided by the last that is needed", () =>
    Effect.gen(function*() {
      const exit = yield* endsWithin(
        Split.run(function*() {
          for (let i = 1; i <= 4; i++) yield Effect.as(Effect.sleep(i * 10), i)
        }, { strategy: JoinStrategy.percentage(0.5) }),
        20
      )
      assert.deepStrictEqual(succeeded(exit).tally, tally(2, 0, 2))
    }))

  it.effect("an empty lazy list is judged like an empty array, under every strategy and bulkhead", () =>
    Effect.gen(function*() {
      const strategies: ReadonlyArray<JoinStrategy.JoinStrategy> = [
        JoinStrategy.all,
        JoinStrategy.allFailFast,
        JoinStrategy.any,
        JoinStrategy.quorum(1),
        JoinStrategy.percentage(1),
        JoinStrategy.partialResults(1),
        JoinStrategy.partialTimeout
      ]
      for (const strategy of strategies) {
        for (const bulkhead of bulkheads) {
          const options = { strategy, bulkhead, timeout: 10 }
          const lazy = yield* Effect.exit(Split.run(function*() {}, options))
          const array = yield* Effect.exit(Split.run((): ReadonlyArray<Effect.Effect<never>> => [], options))
          assert.strictEqual(lazy._tag, array._tag, strategy._tag)
          const [one, two] = [lazy, array].map((exit) => Exit.isSuccess(exit) ? exit.value : failed(exit).result)
          assert.deepStrictEqual(one.tally, two.tally)
        }
      }
    }))
})

describe("inputs of odd kinds (semantics 9)", () => {
  it.effect("a Set of effects is read anew by each run", () =>
    Effect.gen(function*() {
      const split = Split.run(new Set([Effect.succeed(1), Effect.succeed(2)]), { strategy: JoinStrategy.all })
      assert.deepStrictEqual((yield* split).values, [1, 2])
      assert.deepStrictEqual((yield* split).values, [1, 2])
    }))

  it.effect("frozen branches and options are as good as others", () =>
    Effect.gen(function*() {
      const options = Object.freeze({ strategy: JoinStrategy.all, bulkhead: 1, timeout: Object.freeze({ seconds: 1 }) })
      const list = yield* Split.run(Object.freeze([Effect.succeed(1), Effect.succeed(2)]), options)
      assert.deepStrictEqual(list.values, [1, 2])
      const record = yield* Split.run(Object.freeze({ a: Effect.succeed(1) }), options)
      assert.deepStrictEqual(record.values, { a: 1 })
    }))

  it.effect("a hole in an array is no Effect", () =>
    Effect.gen(function*() {
      const sparse = [Effect.void, Effect.void, Effect.void]
      delete sparse[1]
      assert.match(
        failed(yield* Effect.exit(Split.run(sparse, { strategy: JoinStrategy.all }))).message,
        /branch 1 is undefined/
      )
      assert.match(
        failed(yield* Effect.exit(Split.run(() => sparse, { strategy: JoinStrategy.all }))).message,
        /branch 1 is undefined/
      )
    }))

  it.effect("names of a record that objects have anyway are names like others", () =>
    Effect.gen(function*() {
      const record = Object.fromEntries(
        ["constructor", "__proto__", "toString", "1"].map((name) => [name, Effect.succeed(name)])
      )
      const result = yield* Split.run(record, { strategy: JoinStrategy.all })
      assert.deepStrictEqual(Object.entries(result.values).map(([name, value]) => name === value), [
        true,
        true,
        true,
        true
      ])
      assert.deepStrictEqual(result.settled.map((outcome) => outcome.name), [
        "1",
        "constructor",
        "__proto__",
        "toString"
      ])
    }))

  it.effect("service keys and Config are effects, and good branches", () =>
    Effect.gen(function*() {
      class Answer extends Context.Service<Answer, number>()("test/Answer") {}
      for (const bulkhead of bulkheads) {
        const result = yield* Split.run([Answer, Config.String("NAME"), Exit.succeed("exit")], {
          strategy: JoinStrategy.all,
          bulkhead
        }).pipe(
          Effect.provideService(Answer, 42),
          Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ NAME: "cano" })))
        )
        assert.deepStrictEqual(result.values, [42, "cano", "exit"])
      }
    }))

  it.effect("one effect given several times is several branches", () =>
    Effect.gen(function*() {
      let n = 0
      const one = Effect.sync(() => ++n)
      const result = yield* Split.run([one, one, one], { strategy: JoinStrategy.all })
      assert.deepStrictEqual(result.values, [1, 2, 3])
    }))

  const answers: ReadonlyArray<readonly [string, () => unknown, RegExp]> = [
    ["undefined", () => undefined, /undefined where a list/],
    ["null", () => null, /null where a list/],
    ["a number", () => 7, /the number 7/],
    ["a text", () => "list", /the string list/],
    ["a function", () => () => [], /a function where a list/],
    ["a Promise", () => Promise.resolve([]), /a Promise where a list/],
    ["an Effect of an Effect", () => Effect.succeed(Effect.void), /a single Effect/],
    ["an Effect of a Promise", () => Effect.succeed<unknown>(Promise.resolve([])), /a Promise where a list/],
    ["an array with a Promise", () => [Effect.void, Promise.resolve()], /branch 1 is a Promise, not an Effect/],
    ["a record with a number", () => ({ a: Effect.void, b: 1 }), /branch b is the number 1/]
  ]
  for (const [what, answer, text] of answers) {
    it.effect(`a branch function that returns ${what} is a WorkflowError that names its state`, () =>
      Effect.gen(function*() {
        const workflow = Workflow.make<"Fan" | "Done">("odd").registerSplit("Fan", answer as () => [], {
          strategy: JoinStrategy.all,
          next: "Done"
        }).addExitStates("Done")
        const error = failed(yield* Effect.exit(workflow.orchestrate("Fan")))
        assert.deepInclude(error, { _tag: "WorkflowError", rule: "invalid-branches", state: "Fan" })
        assert.match(error.message, text)
        const alone = failed(yield* Effect.exit(Split.run(answer as () => [], { strategy: JoinStrategy.all })))
        assert.match(alone.message, text)
      }))
  }

  it.effect("a branch function that returns a service key is asked for the service", () =>
    Effect.gen(function*() {
      class List extends Context.Service<List, ReadonlyArray<Effect.Effect<number>>>()("test/List") {}
      const result = yield* Effect.provideService(
        Split.run(() => List, { strategy: JoinStrategy.all }),
        List,
        [Effect.succeed(1)]
      )
      assert.deepStrictEqual(result.values, [1])
    }))

  it.effect("a branch function that throws is a defect, and one whose Effect fails is that error", () =>
    Effect.gen(function*() {
      const bug = new Error("bug")
      const throwing = (): ReadonlyArray<Effect.Effect<number>> => {
        throw bug
      }
      assert.deepStrictEqual(defects(yield* Effect.exit(Split.run(throwing, { strategy: JoinStrategy.all }))), [bug])
      const failing: Effect.Effect<ReadonlyArray<Effect.Effect<number>>, string> = Effect.fail("no list")
      assert.strictEqual(failed(yield* Effect.exit(Split.run(failing, { strategy: JoinStrategy.all }))), "no list")
      assert.strictEqual(
        failed(yield* Effect.exit(Split.run(() => failing, { strategy: JoinStrategy.all }))),
        "no list"
      )
    }))

  it.effect("a branch that throws while it is built, or in its generator, is Failed with that defect", () =>
    Effect.gen(function*() {
      const bug = new Error("bug")
      const throwing = Effect.fnUntraced(function*() {
        throw bug
      })
      for (const bulkhead of bulkheads) {
        const branches: ReadonlyArray<Effect.Effect<number>> = [
          Effect.suspend(() => {
            throw bug
          }),
          Effect.gen(function*() {
            yield* Effect.yieldNow
            throw bug
          }),
          throwing(),
          Effect.sync(() => {
            throw bug
          }),
          Effect.callback(() => {
            throw bug
          }),
          Effect.succeed(1)
        ]
        const error = failed(yield* Effect.exit(Split.run(branches, { strategy: JoinStrategy.all, bulkhead })))
        assert.deepStrictEqual(error.result.tally, tally(1, 5))
        for (const failure of error.result.failures) {
          assert.deepStrictEqual(defects(Exit.failCause(failure.cause)), [bug])
        }
        assert.deepStrictEqual(tags(error.result).at(-1), "Succeeded")
      }
    }))
})

describe("a list without an end", () => {
  /** Throws when it is read much further than any limit allows. */
  const endless = function*() {
    for (let i = 0; i < 1000; i++) yield Effect.void
    throw new Error("it was read on")
  }
  const lists = {
    "given at first": Split.growing<void>(() => endless()),
    "added later": Split.growing<void>((add) => [Effect.asVoid(Effect.suspend(() => add(endless())))])
  }
  for (const [when, list] of Object.entries(lists)) {
    it.effect(`that grows is read no further than the run allows (${when})`, () =>
      Effect.gen(function*() {
        const workflow = Workflow.make<"Fan" | "Done">("endless")
          .registerSplit("Fan", list, { strategy: JoinStrategy.all, next: "Done" })
          .addExitStates("Done")
        const error = failed(yield* Effect.exit(workflow.orchestrate("Fan", { maxBranches: 10 })))
        assert.strictEqual(error.rule, "max-branches")
        assert.strictEqual(error.detail, "the run starts more than 10 branches (maxBranches)")
      }))
  }
})

describe("an iterator that answers with what is no result", () => {
  for (const given of [undefined, null, 5]) {
    for (const hedge of [undefined, { delay: 0 }]) {
      it.effect(`is a defect that says so (${given}, hedge ${JSON.stringify(hedge)})`, () =>
        Effect.gen(function*() {
          let i = 0
          const next = () => i++ === 0 ? { done: false, value: Effect.fail("first") } : given
          const list = untyped({ [Symbol.iterator]: () => ({ next }) })
          const exit = yield* Effect.exit(Split.run(list, { strategy: JoinStrategy.any, hedge }))
          assert.match(
            String(defects(exit)),
            /^TypeError: next of the branches' iterator returned .*, not \{ done, value \}$/
          )
        }))
    }
  }
})
