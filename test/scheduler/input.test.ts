import { assert, describe, it } from "@effect/vitest"
import { Cron, DateTime, Effect, Layer, Result } from "effect"
import type { CanoError } from "effect-cano"
import * as Scheduler from "effect-cano/Scheduler"
import { scheduled } from "./diary.ts"

const untyped = Scheduler.flow as (id: string, options: object) => Scheduler.AnyFlow
const run = Effect.void

const wrong = [
  undefined,
  null,
  Number.NaN,
  -1,
  0,
  0.5,
  Infinity,
  "soon",
  true,
  {},
  [],
  () => 1,
  Effect.void
] as const

/** Those of the values that an option takes; of the others each is to be an issue of this rule that names the option. */
const options: ReadonlyArray<
  readonly [
    name: string,
    rule: CanoError.FlowRule,
    right: ReadonlyArray<unknown>,
    make: (value: unknown) => Scheduler.AnyFlow,
    named?: string
  ]
> = [
  ["run", "flow", [wrong[11], wrong[12]], (value) => untyped("f", { run: value, when: "manual" })],
  ["when", "flow-when", [], (when) => untyped("f", { run, when })],
  ["fixedRate", "flow-interval", [], (fixedRate) => untyped("f", { run, when: { fixedRate } })],
  ["fixedDelay", "flow-interval", [], (fixedDelay) => untyped("f", { run, when: { fixedDelay } })],
  ["cron", "flow-cron", [], (cron) => untyped("f", { run, when: { cron } })],
  ["schedule", "flow-when", [], (schedule) => untyped("f", { run, when: { schedule } })],
  ["from", "flow-when", [undefined], (from) => untyped("f", { run, when: { fixedRate: 10, from } })],
  ["jitter", "flow-jitter", [undefined, 0], (jitter) => untyped("f", { run, when: { fixedRate: 10, jitter } })],
  ["missed", "flow-missed", [undefined], (missed) => untyped("f", { run, when: { fixedRate: 10, missed } })],
  [
    "catchUp",
    "flow-missed",
    [],
    (catchUp) => untyped("f", { run, when: { fixedRate: 10, missed: { catchUp } } }),
    "missed"
  ],
  [
    "within",
    "flow-missed",
    [undefined, 0],
    (within) => untyped("f", { run, when: { fixedRate: 10, missed: { catchUp: 1, within } } })
  ],
  ["after", "flow-missed", [undefined, -1, 0], (after) => untyped("f", { run, when: { fixedRate: 10, after } })],
  [
    "timeZone",
    "flow-time-zone",
    [undefined],
    (timeZone) => untyped("f", { run, when: { cron: "* * * * *", timeZone } }),
    "time zone"
  ],
  ["dst", "flow-cron", [undefined], (dst) => untyped("f", { run, when: { cron: "* * * * *", dst } })],
  ["overlap", "flow-overlap", [undefined], (overlap) => untyped("f", { run, when: "manual", overlap })],
  ["queue", "flow-overlap", [], (queue) => untyped("f", { run, when: "manual", overlap: { queue } }), "overlap"],
  ["allow", "flow-overlap", [], (allow) => untyped("f", { run, when: "manual", overlap: { allow } }), "overlap"],
  ["onFailure", "flow-failure", [undefined, wrong[9]], (onFailure) => untyped("f", { run, when: "manual", onFailure })],
  [
    "backoff",
    "flow-failure",
    [undefined],
    (backoff) => untyped("f", { run, when: "manual", onFailure: { backoff } })
  ],
  ["trip", "flow-failure", [undefined], (trip) => untyped("f", { run, when: "manual", onFailure: { trip } })],
  [
    "counts",
    "flow-failure",
    [undefined, wrong[11]],
    (counts) => untyped("f", { run, when: "manual", onFailure: { counts } })
  ],
  ["overlong", "flow-overlong", [undefined], (overlong) => untyped("f", { run, when: "manual", overlong })],
  ["history", "flow-history", [undefined, 0], (history) => untyped("f", { run, when: "manual", history })],
  [
    "layer",
    "flow",
    [],
    (layer) => Scheduler.provide(Scheduler.flow("f", { run, when: "manual" }), layer as never),
    "what it is provided with"
  ]
]

const made = (...args: Parameters<typeof Scheduler.make>) => Effect.result(Effect.scoped(Scheduler.make(...args)))

const issuesOf = (result: Result.Result<unknown, { readonly _tag: string }>) =>
  Result.isFailure(result) ? (result.failure as CanoError.ConfigurationError).issues : []

describe("an option of a flow (S11)", () => {
  for (const [name, rule, right, make, named = name] of options) {
    it.effect(`${name}: every value that it cannot have is an issue that names flow, option and what would be right`, () =>
      Effect.gen(function*() {
        for (const value of wrong) {
          // nothing is provided where nothing is given
          if (name === "layer" && value === undefined) continue
          const issues = issuesOf(yield* made([make(value)]))
          const what = `${name}: ${String(typeof value === "object" ? JSON.stringify(value) : value)}`
          if (right.includes(value)) assert.deepStrictEqual(issues, [], what)
          else {
            assert.lengthOf(issues, 1, what)
            assert.deepStrictEqual([issues[0]!.rule, issues[0]!.subject], [rule, `flow "f"`], what)
            assert.include(issues[0]!.message, named, what)
          }
        }
      }))
  }

  it.effect("a zone is looked at beside a Cron that has its own", () =>
    Effect.gen(function*() {
      const cron = Result.getOrThrow(Cron.parse("0 0 * * *", "Europe/Berlin"))
      const f = Scheduler.flow("f", { run, when: { cron, timeZone: "Europe/Berln" } })
      assert.deepStrictEqual(issuesOf(yield* made([f])).map(({ rule }) => rule), ["flow-time-zone"])
    }))

  it.effect("a cron with what other crons know is told what would be right here", () =>
    Effect.gen(function*() {
      const sentence = (cron: string) =>
        Effect.map(made([Scheduler.flow("f", { run, when: { cron } })]), (result) => issuesOf(result)[0]!.message)
      assert.strictEqual(
        yield* sentence("@Hourly"),
        `flow "f": its cron "@Hourly" is a nickname, which is not known; write "0 * * * *"`
      )
      for (const foreign of ["L", "LW", "15W", "5L", "friL", "fri#2", "2#1", "?", "L-3"]) {
        const pattern = `0 0 1,${foreign} * *`
        assert.strictEqual(
          yield* sentence(pattern),
          `flow "f": its cron "${pattern}" has "${foreign}", and L, W, # and ? are not known; write a range of days, ` +
            `for example "0 0 28-31 * *" for the last day of a month, and look in the run which day it is`
        )
      }
      for (const other of ["0 0 32 * *", "@every 5m", "0 0 * jully wend", "constructor"]) {
        assert.match(yield* sentence(other), /cannot be read \(.*\); write for example/)
      }
    }))

  it.effect("an instant that no calendar has is none", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run, when: { fixedRate: "1 day", from: "epoch", after: 9e15 } })
      assert.deepStrictEqual(issuesOf(yield* made([f])).map(({ message }) => message), [
        `flow "f": after is 9000000000000000; it must be an instant: whole milliseconds, or a DateTime`
      ])
    }))
})

describe("an option of a scheduler (S11)", () => {
  const right: { readonly [option: string]: ReadonlyArray<unknown> } = {
    drain: [undefined, 0, 0.5, Infinity],
    grace: [undefined, 0, 0.5, Infinity],
    tolerance: [undefined, 0, 0.5, Infinity],
    listeners: [undefined, wrong[10]],
    claim: [undefined, wrong[11]]
  }
  for (const [name, values] of Object.entries(right)) {
    it.effect(`${name}: every value that it cannot have is an issue that names it`, () =>
      Effect.gen(function*() {
        for (const value of wrong) {
          const issues = issuesOf(yield* made([], { [name]: value }))
          assert.lengthOf(issues, values.includes(value) ? 0 : 1, `${name}: ${String(value)}`)
          if (issues.length > 0) assert.include(issues[0]!.message, name)
        }
      }))
  }
})

describe("what is asked of a scheduler", () => {
  it.effect("what is no flow is an issue, also with a Layer, and in each function that takes one", () =>
    Effect.scoped(Effect.gen(function*() {
      const { scheduler } = yield* scheduled([])
      for (const value of [undefined, null, 5, "f", {}, { id: "f", run }]) {
        const none = value as unknown as Scheduler.AnyFlow
        const asked = [none, Scheduler.provide(none, Layer.empty)].flatMap((flow) => [
          Scheduler.make([flow]),
          scheduler.add(flow),
          scheduler.change(flow),
          Scheduler.explain(flow, 0, 1)
        ])
        for (const ask of asked) {
          const [issue] = issuesOf(yield* Effect.result(ask as ReturnType<typeof Scheduler.explain>))
          assert.match(issue!.message, /^a flow is .*; it must be made by Scheduler.flow$/)
        }
      }
    })))

  it.effect("change: another cursor, or an option that it does not have, is an issue, and changes nothing", () =>
    Effect.scoped(Effect.gen(function*() {
      const f = Scheduler.flow("f", { run, when: "manual" })
      const { of, scheduler } = yield* scheduled([f])
      for (const options of [{ cursor: "rest" }, { cursr: "reset" }, null, "reset"]) {
        const result = yield* Effect.result(scheduler.change(f, options as never))
        assert.match(
          issuesOf(result)[0]!.message,
          /^what change is given is .*; it must be \{ cursor \}, "keep" or "reset"$/
        )
      }
      assert.deepStrictEqual(of("Changed"), [])
    })))

  it.effect("explain: every value that from, to and its options cannot have is an issue", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run, when: { fixedRate: "1 day", from: "epoch" } })
      const explain = Scheduler.explain as (...args: ReadonlyArray<unknown>) => ReturnType<typeof Scheduler.explain>
      const messages = (...args: ReadonlyArray<unknown>) =>
        Effect.map(Effect.result(explain(f, ...args)), (result) => issuesOf(result).map(({ message }) => message))
      for (const value of [undefined, null, Number.NaN, 0.5, Infinity, 9e15, "0", {}]) {
        assert.match((yield* messages(value, 1)).join(), /^from is .* it must be an instant/)
        assert.match((yield* messages(1, value)).join(), /^to is .* it must be an instant/)
      }
      assert.deepStrictEqual(yield* messages(0, DateTime.makeUnsafe(1)), [])
      assert.deepStrictEqual(yield* messages(0, 1, { mots: 5 }), [
        "explain has no option \"mots\"; there are most and takes"
      ])
      assert.deepStrictEqual(yield* messages(0, 1, null), ["options is null; it must be an object"])
      assert.match((yield* messages(0, 1, { most: 0 })).join(), /^most is 0/)
      assert.match((yield* messages(0, 1, { takes: -1 })).join(), /^takes is negative/)
    }))
})
