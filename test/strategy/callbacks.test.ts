/**
 * What the functions of strategies and of `reduce` may do wrong, at each place where they are called: each is a defect that
 * says who returned what, and of a split whose branches have ended.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import { JoinStrategy, Split, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"
import { standalone as run } from "../kit/index.ts"

type Branch = Effect.Effect<unknown, unknown>

/** A function that does as it should until it is armed. */
interface Callback {
  readonly name: string
  readonly places: ReadonlyArray<Place["name"]>
  /** The options of a split in which `misbehave` is called instead, as soon as there is one. */
  readonly options: (misbehave: () => (() => unknown) | undefined) => object
  readonly who: string
  readonly expected: string
  /** Besides a Promise: what it must not return. */
  readonly wrong: ReadonlyArray<readonly [value: unknown, shown: string]>
}

/** Where a function is called, and when it is armed for it. */
interface Place {
  readonly name:
    | "at open"
    | "when a branch settles at once"
    | "when a branch settles later"
    | "at the end of a lazy list"
    | "at the deadline"
    | "at the soft deadline"
    | "when nothing is left to run"
  readonly arms: "at once" | number | "by a branch"
  readonly branches: (slow: Branch, arm: () => void) => unknown
  readonly at: number
  /** How many branches run by then, and are awaited. */
  readonly awaited: number
}

const places: ReadonlyArray<Place> = [
  { name: "at open", arms: "at once", branches: (slow) => [slow, slow], at: 0, awaited: 0 },
  {
    name: "when a branch settles at once",
    arms: "by a branch",
    branches: (slow, arm) => [slow, Effect.sync(arm), slow],
    at: 5,
    awaited: 1
  },
  {
    name: "when a branch settles later",
    arms: "by a branch",
    branches: (slow, arm) => [slow, Effect.andThen(Effect.sleep(10), Effect.sync(arm)), slow],
    at: 15,
    awaited: 2
  },
  {
    name: "at the end of a lazy list",
    arms: "by a branch",
    branches: (slow, arm) =>
      function*() {
        yield slow
        yield slow
        arm()
      },
    at: 5,
    awaited: 2
  },
  { name: "at the deadline", arms: 49, branches: (slow) => [slow, slow], at: 55, awaited: 2 },
  { name: "at the soft deadline", arms: 19, branches: (slow) => [slow, slow], at: 25, awaited: 2 },
  {
    name: "when nothing is left to run",
    arms: "by a branch",
    branches: (_, arm) => [Effect.fail("no"), Effect.sync(arm)],
    at: 0,
    awaited: 0
  }
]

/** A strategy of one's own that waits for ever, with one function exchanged. */
const own = (
  part: "initial" | "onOutcome" | "decide" | "issue" | "onPassed",
  misbehave: () => (() => unknown) | undefined
): object => {
  const or = <A extends ReadonlyArray<unknown>, B>(name: typeof part, sound: (...args: A) => B) => (...args: A): B => {
    const wrong = misbehave()
    return part === name && wrong !== undefined ? wrong() as B : sound(...args)
  }
  return {
    strategy: JoinStrategy.make<unknown, unknown, number>({
      name: "own",
      initial: or("initial", () => 0),
      onOutcome: or("onOutcome", (n: number) => n + 1),
      decide: or("decide", () => "continue"),
      issue: or("issue", () => undefined),
      soft: { after: 20, onPassed: or("onPassed", (n: number) => n) }
    }),
    timeout: 50
  }
}

const settlements = ["when a branch settles at once", "when a branch settles later"] as const
const decisions = [
  "at open",
  ...settlements,
  "at the end of a lazy list",
  "at the deadline"
] as const

const noBoolean: Callback["wrong"] = [[undefined, "undefined"], [1, "1"], ["yes", "\"yes\""]]
const verdicts = `"continue", "proceed", "fail" or { fail: "the reason" }`

const callbacks: ReadonlyArray<Callback> = [
  {
    name: "initial of a strategy",
    places: ["at open"],
    options: (wrong) => own("initial", wrong),
    who: "own: initial",
    expected: "a state that is there",
    wrong: []
  },
  {
    name: "onOutcome of a strategy",
    places: settlements,
    options: (wrong) => own("onOutcome", wrong),
    who: "own: onOutcome",
    expected: "a state that is there",
    wrong: []
  },
  {
    name: "decide of a strategy",
    places: [...decisions, "at the soft deadline", "when nothing is left to run"],
    options: (wrong) => own("decide", wrong),
    who: "own: decide",
    expected: verdicts,
    wrong: [
      [undefined, "undefined"],
      [null, "null"],
      [true, "true"],
      ["proceeed", "\"proceeed\""],
      [{ fail: 42 }, "{\"fail\":42}"],
      [{}, "{}"]
    ]
  },
  {
    name: "soft.onPassed of a strategy",
    places: ["at the soft deadline", "when nothing is left to run"],
    options: (wrong) => own("onPassed", wrong),
    who: "own: soft.onPassed",
    expected: "a state that is there",
    wrong: []
  },
  {
    name: "issue of a strategy",
    places: ["at open"],
    options: (wrong) => own("issue", wrong),
    who: "own: issue",
    expected: "a sentence, or undefined if nothing is wrong",
    wrong: [[42, "42"], [null, "null"], [false, "false"]]
  },
  {
    name: "isAccepted of accept",
    places: settlements,
    options: (wrong) => ({
      strategy: JoinStrategy.accept(JoinStrategy.all, () => (wrong() ?? (() => true))() as boolean)
    }),
    who: "accept(all): isAccepted",
    expected: "true or false",
    wrong: noBoolean
  },
  {
    name: "isRejected of reject",
    places: settlements,
    options: (wrong) => ({
      strategy: JoinStrategy.reject(JoinStrategy.all, () => (wrong() ?? (() => false))() as boolean)
    }),
    who: "reject(all): isRejected",
    expected: "true or false",
    wrong: noBoolean
  },
  {
    name: "the predicate of until",
    places: decisions,
    options: (wrong) => ({
      strategy: JoinStrategy.until(() => (wrong() ?? (() => false))() as boolean),
      timeout: 50
    }),
    who: "until: the predicate",
    expected: "true or false",
    wrong: noBoolean
  },
  {
    name: "by of agreement",
    places: settlements,
    options: (wrong) => ({ strategy: JoinStrategy.agreement(2, () => (wrong() ?? (() => 1))()) }),
    who: "agreement(2): by",
    expected: "what is the same for values that agree (null for none)",
    wrong: [[undefined, "undefined"]]
  },
  {
    name: "initial of reduce",
    places: ["at open"],
    options: (wrong) => ({
      strategy: JoinStrategy.all,
      reduce: { initial: () => (wrong() ?? (() => 0))(), step: (n: number) => n }
    }),
    who: "reduce: initial",
    expected: "a state that is there",
    wrong: []
  },
  {
    name: "step of reduce",
    places: settlements,
    options: (wrong) => ({
      strategy: JoinStrategy.all,
      reduce: { initial: () => 0, step: () => (wrong() ?? (() => 1))() }
    }),
    who: "reduce: step",
    expected: "a state that is there",
    wrong: []
  }
]

/** Ways in which a function misbehaves, and the message of the defect. */
const misbehaviours = ({ expected, who, wrong }: Callback) => [
  {
    what: "throws",
    f: (): unknown => {
      throw new Error("thrown")
    },
    message: "thrown"
  },
  ...[
    [() => Promise.resolve(true), "a Promise, for which nobody waits", "returns a Promise"] as const,
    // nobody handles its rejection, which would end the process
    [
      () => Promise.reject(new Error("rejected")),
      "a Promise, for which nobody waits",
      "returns a Promise that is rejected"
    ] as const,
    ...wrong.map(([value, shown]) => [() => value, shown, `returns ${shown}`] as const)
  ].map(([f, shown, what]) => ({
    what,
    f: (): unknown => f(),
    message: `${who} returned ${shown}; it must return ${expected}`
  }))
]

const defect = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isFailure(exit) ? exit.cause.reasons.find(Cause.isDieReason)?.defect : assert.fail("it has succeeded")

describe.each(callbacks.map((callback) => [callback.name, callback] as const))("%s", (_, callback) => {
  for (const place of places.filter(({ name }) => callback.places.includes(name))) {
    for (const { f, message, what } of misbehaviours(callback)) {
      for (const options of [{}, { bulkhead: 3 }, { losers: "await" }, { losers: "detach" }]) {
        it.effect(`${what} ${place.name}: ${JSON.stringify(options)}`, () =>
          Effect.scoped(Effect.gen(function*() {
            // a clock whose first sleep is in the finalizer of an interrupted branch would cut it short
            yield* TestClock.adjust(0)
            let armed = place.arms === "at once"
            let running = 0
            let finalized = 0
            const slow = Effect.onExit(
              Effect.andThen(Effect.sync(() => running++), Effect.never),
              () =>
                Effect.andThen(
                  Effect.sleep(5),
                  Effect.sync(() => {
                    running--
                    finalized++
                  })
                )
            )
            const arm = () => {
              armed = true
            }
            const split = run(place.branches(slow, arm), {
              ...callback.options(() => armed ? f : undefined),
              ...options
            })
            const fiber = yield* Effect.forkChild(split, { startImmediately: true })
            let at = 0
            while (fiber.pollUnsafe() === undefined && at < 100) {
              if (at === place.arms) armed = true
              yield* TestClock.adjust(1)
              at++
            }
            const exit = fiber.pollUnsafe()
            fiber.interruptUnsafe()
            yield* TestClock.adjust(10)
            const error = defect(exit ?? assert.fail("it has not ended"))
            assert.strictEqual((error as Error).message, message)
            if (what !== "throws") assert.instanceOf(error, TypeError)
            assert.deepStrictEqual({ at, running, finalized }, { at: place.at, running: 0, finalized: place.awaited })
          })))
      }
    }
  }
})

describe("a strategy that breaks at open", () => {
  const broken = JoinStrategy.make<unknown>({
    name: "broken",
    initial: () => {},
    onOutcome: () => {},
    decide: () => {
      throw new Error("at once")
    }
  })

  it.effect("closes a lazy list and starts none of its branches", () =>
    Effect.gen(function*() {
      let open = 0
      const list = {
        [Symbol.iterator]: () => {
          open++
          return {
            next: () => assert.fail("it is not read"),
            return: () => {
              open--
              return { done: true, value: undefined }
            }
          }
        }
      }
      const initial = JoinStrategy.make({
        ...broken.reducer,
        initial: () => {
          throw new Error("at once")
        }
      })
      for (const strategy of [broken, initial]) {
        for (const options of [{}, { bulkhead: 1 }, { hedge: { delay: 10 } }]) {
          assert.strictEqual(
            (defect(yield* Effect.exit(run(list, { strategy, ...options }))) as Error).message,
            "at once"
          )
          assert.strictEqual(open, 0)
        }
      }
    }))

  it.effect("starts nothing of a list that is known, grows or is hedged", () =>
    Effect.gen(function*() {
      let started = 0
      const branch = Effect.sync(() => started++)
      const lists = [[branch], { a: branch }, [], Split.growing(() => [branch]), Split.growing(() => [])]
      for (const list of lists) {
        assert.strictEqual((defect(yield* Effect.exit(run(list, { strategy: broken }))) as Error).message, "at once")
      }
      const hedged = run([branch], { strategy: broken, hedge: { delay: 10 } })
      assert.strictEqual((defect(yield* Effect.exit(hedged)) as Error).message, "at once")
      assert.strictEqual(started, 0)
    }))

  it("is a defect under runSync, too", () => {
    const exit = Effect.runSync(Effect.exit(run([Effect.void], { strategy: broken })))
    assert.strictEqual((defect(exit) as Error).message, "at once")
  })

  it.effect("is a defect of the run, past otherwise", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<"Split" | "Done" | "Degraded">("w")
        .registerSplit("Split", [Effect.void], { strategy: broken, next: "Done", otherwise: "Degraded" })
        .addExitStates("Done", "Degraded")
      assert.strictEqual((defect(yield* Effect.exit(workflow.orchestrate("Split"))) as Error).message, "at once")
    }))
})

describe("a state that is undefined", () => {
  it.effect("is one like any other, of a strategy and of reduce", () =>
    Effect.gen(function*() {
      const strategy = JoinStrategy.make<unknown, unknown, number | undefined>({
        name: "own",
        initial: () => 1,
        onOutcome: () => undefined,
        decide: (state, { succeeded }) => state === undefined && succeeded === 2 ? "proceed" : "continue"
      })
      const { value } = yield* Split.run([Effect.void, Effect.void], {
        strategy,
        reduce: { initial: (): number | undefined => 1, step: () => undefined }
      })
      assert.isUndefined(value)
    }))
})
