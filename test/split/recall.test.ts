/**
 * A split that has been there before: what a host of its run remembers of it, and whom it tells of the decision. The laws
 * are in test/laws/recall.test.ts.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Deferred, Effect, Exit, Fiber, Option } from "effect"
import { Bulkhead, CanoError, JoinStrategy, Split, type SplitResult, TaskResult } from "effect-cano"
import * as Runs from "effect-cano/Runs"
import { TestClock } from "effect/testing"
import {
  after,
  bulkheads,
  defects,
  listenTo,
  type Recall,
  type Recorded,
  type Remembered,
  start,
  tags,
  timed,
  untyped,
  withRecall
} from "../kit/index.ts"

const { all, allFailFast, any, partialResults, partialTimeout, quorum } = JoinStrategy

type Result = SplitResult.SplitResult<any, any>

const ok = (index: number, value: unknown = `old ${index}`): Remembered => ({ index, exit: Exit.succeed(value) })
const no = (index: number): Remembered => ({ index, exit: Exit.fail(`old ${index}`) })
const cut = (index: number): Remembered => ({ index, exit: Exit.failCause(Cause.interrupt(7)) })

/** Branches that say which of them have run. */
const branches = (count: number, run: (index: number) => Effect.Effect<unknown, unknown> = Effect.succeed) => {
  const ran: Array<number> = []
  const list = Array.from({ length: count }, (_, index) =>
    Effect.suspend(() => {
      ran.push(index)
      return run(index)
    }))
  return { list, ran }
}

/** The split of a state that was there before. */
const split = (list: unknown, options: object, recall: Recall, more?: object): Effect.Effect<Result, any> =>
  Effect.map(
    withRecall(
      untyped()
        .registerSplit("S", list, { ...options, next: (result: Result) => ({ _tag: "Done", result }) })
        .addExitStates("Done")
        .orchestrate("S", { runId: "r" }),
      recall,
      more
    ),
    ({ result }) => result
  )

const lazy = (list: ReadonlyArray<Effect.Effect<unknown, unknown>>, read: Array<number> = []) => ({
  *[Symbol.iterator]() {
    for (const [index, branch] of list.entries()) {
      read.push(index)
      yield branch
    }
  }
})

const recorded = (given: Partial<Recorded>): Recorded => ({
  verdict: "proceed",
  timedOut: false,
  reason: undefined,
  counted: [],
  started: 0,
  total: 0,
  ...given
})

describe("a split whose branches have ended before", () => {
  for (const bulkhead of bulkheads) {
    it.effect(`runs what is missing, in branch order, behind a bulkhead of ${bulkhead}`, () =>
      Effect.gen(function*() {
        const { list, ran } = branches(6)
        const result = yield* split(list, { strategy: all, bulkhead }, { outcomes: [ok(4), ok(1)] })
        assert.deepStrictEqual(ran, [0, 2, 3, 5])
        assert.deepStrictEqual(result.values, [0, "old 1", 2, 3, "old 4", 5])
        assert.deepStrictEqual(result.settled.map(({ index }) => index), [4, 1, 0, 2, 3, 5])
      }))

    it.effect(`starts nobody once they decide the join, behind a bulkhead of ${bulkhead}`, () =>
      Effect.gen(function*() {
        const decisions: Array<Recorded> = []
        for (const losers of ["interrupt", "await"] as const) {
          const { list, ran } = branches(5)
          const result = yield* split(list, { strategy: quorum(2), bulkhead, losers, timeout: 10 }, {
            outcomes: [ok(3), no(1), ok(0), ok(2)],
            onDecided: (decided) => decisions.push(decided)
          })
          assert.deepStrictEqual(ran, [])
          // what ended after the decision is a loser, and so would be what was cut off by the end of that life
          const lost = losers === "await" ? "Late" : "Interrupted"
          assert.deepStrictEqual(tags(result), ["Succeeded", "Failed", lost, "Succeeded", "NotStarted"])
          assert.deepStrictEqual({ ...result.tally }, {
            total: 5,
            succeeded: 2,
            failed: 1,
            interrupted: 1,
            notStarted: 1
          })
          if (losers === "await") assert.deepStrictEqual((result.outcomes[2] as any).exit, Exit.succeed("old 2"))
        }
        const [one, other] = decisions
        assert.deepStrictEqual(one, other)
        assert.deepStrictEqual(one, recorded({ counted: [3, 1, 0], started: 4, total: 5 }))
      }))

    it.effect(`interrupts what had started and is missing, without a word of who, behind a bulkhead of ${bulkhead}`, () =>
      Effect.gen(function*() {
        const { list, ran } = branches(5)
        const told: Array<unknown> = []
        const onOutcome = (outcome: unknown) => Effect.sync(() => void told.push((outcome as any).index))
        const result = yield* split(list, { strategy: any, bulkhead, onOutcome }, { outcomes: [no(1), ok(3)] })
        assert.deepStrictEqual(ran, [])
        assert.deepStrictEqual(tags(result), ["Interrupted", "Failed", "Interrupted", "Succeeded", "NotStarted"])
        assert.deepStrictEqual((result.outcomes[0] as any).cause, Cause.interrupt())
        assert.deepStrictEqual(told, [1, 3, 0, 2])
      }))
  }

  it.effect("counts those that it had started as such when it is decided before they start again", () =>
    Effect.gen(function*() {
      const { list, ran } = branches(6, (index) => after(10, index))
      let decided: Recorded | undefined
      const result = yield* Effect.map(
        timed(split(list, { strategy: quorum(2), bulkhead: 1 }, {
          outcomes: [ok(4)],
          onDecided: (recorded) => (decided = recorded)
        })),
        ([exit]) => (exit as any).value as Result
      )
      assert.deepStrictEqual(ran, [0])
      assert.deepStrictEqual(tags(result), [
        "Succeeded",
        "Interrupted",
        "Interrupted",
        "Interrupted",
        "Succeeded",
        "NotStarted"
      ])
      assert.deepStrictEqual(decided, recorded({ counted: [4, 0], started: 5, total: 6 }))
      const again = yield* split(list, { strategy: all, bulkhead: 1 }, { decided, outcomes: [ok(4), ok(0, 0)] })
      assert.deepStrictEqual(tags(again), tags(result))
      assert.deepStrictEqual({ ...again.tally }, { ...result.tally })
    }))

  it.effect("reads a lazy list past them, and no further than it has to", () =>
    Effect.gen(function*() {
      for (const bulkhead of [undefined, 1]) {
        const { list, ran } = branches(6)
        const read: Array<number> = []
        const result = yield* split(lazy(list, read), { strategy: quorum(4), bulkhead, maxBranches: 5 }, {
          outcomes: [ok(2), ok(0)]
        })
        assert.deepStrictEqual(ran, [1, 3])
        assert.deepStrictEqual(read, [0, 1, 2, 3])
        assert.deepStrictEqual(tags(result), ["Succeeded", "Succeeded", "Succeeded", "Succeeded"])
        const decided: Array<number> = []
        yield* split(lazy(list, decided), { strategy: any, bulkhead }, { outcomes: [ok(2)] })
        assert.deepStrictEqual(decided, [])
        const whole = yield* split(lazy(list), { strategy: all, bulkhead }, { outcomes: [ok(5), ok(4)] })
        assert.deepStrictEqual(whole.values, [0, 1, 2, 3, "old 4", "old 5"])
        // what had started counts once
        yield* split(lazy(list.slice(0, 3)), { strategy: all, bulkhead, maxBranches: 3 }, { outcomes: [ok(2)] })
        const excess = yield* Effect.flip(split(lazy(list), { strategy: all, bulkhead, maxBranches: 5 }, {
          outcomes: [ok(1)]
        }))
        assert.strictEqual(excess.rule, "max-branches")
      }
    }))

  it.effect("breaks off where a list is shorter than it was", () =>
    Effect.gen(function*() {
      const { list } = branches(2)
      for (const given of [list, lazy(list)]) {
        const exit = yield* Effect.exit(split(given, { strategy: all }, { outcomes: [ok(4)] }))
        assert.match(String(defects(exit)[0]), /branch 4 has ended before|before branch 2, which had started before/)
      }
    }))

  it.effect("is closed like any when a lazy list is left early", () =>
    Effect.gen(function*() {
      let closed = 0
      const list = {
        *[Symbol.iterator]() {
          try {
            while (true) yield Effect.void
          } finally {
            closed++
          }
        }
      }
      yield* split(list, { strategy: quorum(3) }, { outcomes: [ok(1)] })
      assert.strictEqual(closed, 1)
    }))

  it.effect("does not skip follow-on states that are missing, nor run others", () =>
    Effect.gen(function*() {
      const ran: Array<unknown> = []
      const state = (n: number) => ({ _tag: "F", n })
      const done = yield* withRecall(
        untyped()
          .registerSplit("S", () => TaskResult.split([state(0), state(1), state(2)] as any), {
            strategy: all,
            next: (result: Result) => ({ _tag: "Done", n: result.values })
          })
          .register("F", ({ n }: any) => Effect.sync(() => (ran.push(n), { _tag: "Done", n })))
          .addExitStates("Done")
          .orchestrate("S"),
        { outcomes: [ok(1, { _tag: "Done", n: "old" })] }
      )
      assert.deepStrictEqual(ran, [0, 2])
      assert.deepStrictEqual(done.n.map(({ n }: any) => n), [0, "old", 2])
    }))

  it.effect("counts in an open strategy, whose soft deadline counts from when the split was entered first", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1000)
      const strategy = JoinStrategy.relax(quorum(2), { after: 100, enough: any })
      for (const bulkhead of bulkheads) {
        const { list, ran } = branches(3, () => Effect.never)
        const outcomes = [no(2), ok(1)]
        const softened = yield* split(list, { strategy, bulkhead }, { outcomes, entered: 900 })
        assert.deepStrictEqual(tags(softened), ["Interrupted", "Succeeded", "Failed"])
        // a deadline that has passed before it decides
        const late = yield* Effect.flip(
          split(list, { strategy, bulkhead, timeout: 50 }, { outcomes, entered: 900 }, { deadline: 950 })
        )
        assert.instanceOf(late, CanoError.JoinTimeoutError)
        assert.deepStrictEqual(ran, [])
        const later = yield* start(
          split(list, { strategy, bulkhead }, { outcomes, entered: (yield* Clock.currentTimeMillis) - 90 })
        )
        yield* TestClock.adjust(9)
        assert.isUndefined(later.pollUnsafe())
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(tags(yield* Fiber.join(later)), ["Interrupted", "Succeeded", "Failed"])
      }
    }))

  it.live("does not wait for an instant that has passed, by no clock", () =>
    Effect.gen(function*() {
      const { list, ran } = branches(3, () => Effect.never)
      const strategy = JoinStrategy.relax(quorum(2), { after: 100, enough: any })
      for (const bulkhead of bulkheads) {
        yield* split(list, { strategy, bulkhead }, { outcomes: [ok(1)], entered: 0 })
        yield* split(list, { strategy: partialTimeout, bulkhead, timeout: 10 }, { outcomes: [ok(1)] }, { deadline: 10 })
      }
      assert.deepStrictEqual(ran, [])
    }))

  it.effect("is decided by a deadline that has passed, after what has ended, and starts nobody", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1000)
      const decisions: Array<Recorded> = []
      const onDecided = (decided: Recorded) => decisions.push(decided)
      for (const bulkhead of bulkheads) {
        const { list, ran } = branches(3)
        const options = { strategy: partialTimeout, timeout: 100, bulkhead }
        const partial = yield* split(list, options, { outcomes: [ok(1)], onDecided }, { deadline: 900 })
        assert.deepStrictEqual(tags(partial), ["Interrupted", "Succeeded", "NotStarted"])
        assert.isTrue(partial.timedOut)
        const late = yield* Effect.flip(
          split(list, { ...options, strategy: all }, { outcomes: [ok(1)], onDecided }, { deadline: 1000 })
        )
        assert.instanceOf(late, CanoError.JoinTimeoutError)
        const inTime = yield* split(
          list,
          { ...options, strategy: all },
          { outcomes: [ok(1), ok(0), ok(2)], onDecided },
          { deadline: 1 }
        )
        assert.isFalse(inTime.timedOut)
        assert.deepStrictEqual(ran, [])
      }
      assert.deepStrictEqual(decisions.slice(0, 2), [
        recorded({ timedOut: true, counted: [1], started: 2, total: 3 }),
        recorded({ verdict: "fail", timedOut: true, counted: [1], started: 2, total: 3 })
      ])
      assert.strictEqual(decisions.length, 3 * bulkheads.length)
      // one that has yet to come is waited for
      const { list, ran } = branches(2, () => Effect.never)
      const fiber = yield* start(
        Effect.flip(split(list, { strategy: all, timeout: 100 }, { outcomes: [ok(0)] }, { deadline: 1010 }))
      )
      yield* TestClock.adjust(9)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.instanceOf(yield* Fiber.join(fiber), CanoError.JoinTimeoutError)
      assert.deepStrictEqual(ran, [1])
    }))

  it.effect("takes no place of a shared bulkhead that is full, if nothing is missing", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("shared", { places: 1, maxWaiting: 0 } as any)
      const gate = yield* Deferred.make<void>()
      const other = yield* start(Split.run([Deferred.await(gate)], { strategy: all, bulkhead }))
      const { list, ran } = branches(2)
      const result = yield* split(list, { strategy: any, bulkhead }, { outcomes: [ok(0)] })
      assert.deepStrictEqual(tags(result), ["Succeeded", "NotStarted"])
      const exit = yield* Effect.exit(split(list, { strategy: all, bulkhead }, { outcomes: [ok(0)] }))
      assert.instanceOf((exit as any).cause.reasons[0].error, CanoError.BulkheadFullError)
      assert.deepStrictEqual(ran, [])
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(other)
    }))

  it.effect("breaks off by what a callback throws, as any does", () =>
    Effect.gen(function*() {
      const boom = new Error("boom")
      const throws = (): never => {
        throw boom
      }
      const custom = JoinStrategy.make<unknown, unknown, number>({
        name: "custom",
        initial: () => 0,
        onOutcome: throws,
        decide: () => "continue"
      })
      const asked = JoinStrategy.make<unknown, unknown, number>({
        name: "asked",
        initial: () => 0,
        onOutcome: (n) => n + 1,
        decide: (n) => n === 0 ? "continue" : throws()
      })
      for (
        const [options, recall] of [
          [{ strategy: custom }, {}],
          [{ strategy: asked }, {}],
          [{ strategy: all, reduce: { initial: () => 0, step: throws } }, {}],
          [{ strategy: any }, { onDecided: throws }],
          [{ strategy: all, reduce: { initial: () => 0, step: throws } }, {
            decided: recorded({ counted: [0], started: 3, total: 3 })
          }]
        ] as const
      ) {
        for (const bulkhead of bulkheads) {
          const { list, ran } = branches(3)
          const exit = yield* Effect.exit(
            split(list, { ...options, bulkhead }, { outcomes: [ok(0), ok(1)], ...recall })
          )
          assert.deepStrictEqual(defects(exit), [boom])
          assert.deepStrictEqual(ran, [])
        }
      }
    }))

  it.effect("breaks off by what its host throws that is told of the decision of a branch", () =>
    Effect.gen(function*() {
      const boom = new Error("boom")
      const onDecided = (): never => {
        throw boom
      }
      for (const bulkhead of bulkheads) {
        const { list } = branches(3, (index) => index === 0 ? after(10, index) : Effect.never)
        const [exit] = yield* timed(split(list, { strategy: any, bulkhead }, { outcomes: [], onDecided }))
        assert.deepStrictEqual(defects(exit), [boom])
      }
    }))

  it.effect("starts what is missing of very many, and lets others run meanwhile", () =>
    Effect.gen(function*() {
      const count = 10_000
      const outcomes = Array.from({ length: count / 2 }, (_, i) => ok(count - 1 - 2 * i, 0))
      for (const bulkhead of [...bulkheads, 5000]) {
        const { list, ran } = branches(count)
        for (const given of [list, lazy(list)]) {
          ran.length = 0
          const { tally } = yield* split(given, { strategy: all, bulkhead, discard: true }, { outcomes })
          assert.strictEqual(tally.succeeded, count)
          assert.strictEqual(ran.length, count / 2)
        }
      }
    }))

  it.effect("tells a listener of what happens now: of no branch from before, and of its decision", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const note = (sign: string) => (span: any) => {
        if (span._tag === "Branch") lines.push(`${sign} ${span.branch.index}`)
      }
      const listener = { started: note(">"), ended: note("<"), decided: () => void lines.push("decided") }
      const { list } = branches(3)
      const run = untyped().registerSplit("S", list, { strategy: all, next: "Done" }).addExitStates("Done").orchestrate(
        "S"
      )
      yield* withRecall(run, { outcomes: [ok(1)] }, undefined, listener)
      assert.deepStrictEqual(lines, ["> 0", "< 0", "> 2", "< 2", "decided"])
      lines.length = 0
      yield* withRecall(run, { outcomes: [ok(1), ok(0), ok(2)] }, undefined, listener)
      assert.deepStrictEqual(lines, ["decided"])
      lines.length = 0
      const decided = recorded({ counted: [1], started: 2, total: 3 })
      yield* withRecall(run, { decided, outcomes: [ok(1)] }, undefined, listener)
      assert.deepStrictEqual(lines, [])
    }))

  it.effect("has an observer whose time runs from the decision", () =>
    Effect.gen(function*() {
      const { list } = branches(2)
      const options = { strategy: any, onOutcome: () => Effect.never, observerTimeout: 100 }
      for (const decided of [undefined, recorded({ counted: [0], started: 1, total: 2 })]) {
        const fiber = yield* start(split(list, options, { decided, outcomes: [ok(0)] }))
        yield* TestClock.adjust(100)
        assert.deepStrictEqual(tags(yield* fiber.pollUnsafe()!), ["Succeeded", "NotStarted"])
      }
    }))

  it.effect("has branches that wait to start again, and may be cancelled through the handle of the run", () =>
    Effect.gen(function*() {
      const { list, ran } = branches(6, (index) => after(10, index))
      const run = untyped()
        .registerSplit("S", list, { strategy: all, bulkhead: 1, next: "Done", otherwise: "Done" })
        .addExitStates("Done")
        .orchestrate("S", { runId: "r" })
      const fiber = yield* start(withRecall(run, { outcomes: [ok(4), ok(1)] }))
      const handle = Option.getOrThrow(yield* Runs.get("r"))
      const { branches: shown } = yield* handle.info
      assert.deepStrictEqual(shown.map(({ name, status }) => `${name} ${status}`), [
        "0 Running",
        "2 Queued",
        "3 Queued",
        "5 Queued"
      ])
      assert.isTrue(yield* handle.cancelBranch("2"))
      assert.isFalse(yield* handle.cancelBranch("4"))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(ran, [0, 3, 5])
    }).pipe(Effect.provide(Runs.layer)))

  it.effect("tells of what is queued, starts and ends now as events, and of nothing before", () =>
    Effect.gen(function*() {
      const { list } = branches(5)
      const events = (strategy: unknown, recall: Recall) =>
        Effect.map(
          listenTo(withRecall(
            untyped()
              .registerSplit("S", list, { strategy, bulkhead: 1, next: "Done" })
              .addExitStates("Done")
              .orchestrate("S", { runId: "r" }),
            recall
          )),
          ({ lines }) => lines.filter((line) => line.includes("/S/") || line.startsWith("Join"))
        )
      assert.deepStrictEqual(yield* events(quorum(3), { outcomes: [ok(3), ok(1)] }), [
        "BranchQueued r/1/S/0",
        "BranchQueued r/1/S/2",
        "BranchQueued r/1/S/4",
        "BranchStarted r/1/S/0",
        "BranchSettled r/1/S/0 Succeeded",
        "JoinDecided r/1/S satisfied 3/0",
        "BranchLost r/1/S/2 NotStarted",
        "BranchLost r/1/S/4 NotStarted"
      ])
      const decided = recorded({ counted: [1], started: 2, total: 5 })
      assert.deepStrictEqual(yield* events(any, { decided, outcomes: [ok(1)] }), [])
    }))

  it.effect("is told of its decision in the step in which it is made, however it is made", () =>
    Effect.gen(function*() {
      const decisions: Array<Recorded> = []
      const onDecided = (decided: Recorded) => decisions.push(decided)
      const { list } = branches(3)
      yield* split(list, { strategy: all }, { outcomes: [], onDecided })
      yield* split([], { strategy: all }, { outcomes: [], onDecided })
      yield* split(() => list, { strategy: partialResults(9), otherwise: "Done" }, { outcomes: [], onDecided }).pipe(
        Effect.ignore
      )
      yield* split([Effect.fail("no"), Effect.never], { strategy: allFailFast }, { outcomes: [], onDecided }).pipe(
        Effect.ignore
      )
      // without a bulkhead losers of a known list start all the same
      const late = branches(3)
      yield* split(late.list, { strategy: any, losers: "await" }, { outcomes: [], onDecided })
      assert.deepStrictEqual(late.ran, [0, 1, 2])
      assert.deepStrictEqual(decisions, [
        recorded({ counted: [0, 1, 2], started: 3, total: 3 }),
        recorded({}),
        recorded({ verdict: "fail", total: 3 }),
        recorded({ verdict: "fail", counted: [0], started: 1, total: 2 }),
        recorded({ counted: [0], started: 3, total: 3 })
      ])
    }))

  it.effect("is refused where it hedges, grows, or what is recalled was no such split", () =>
    Effect.gen(function*() {
      const { list, ran } = branches(2)
      const cases: ReadonlyArray<readonly [unknown, object, Recall, RegExp]> = [
        [list, { strategy: any, hedge: { delay: 10 } }, { outcomes: [] }, /it hedges/],
        [Split.growing(() => list), { strategy: all }, { outcomes: [] }, /it grows/],
        [list, { strategy: all }, { outcomes: [ok(0), ok(0)] }, /branch 0 has ended twice/],
        [list, { strategy: all }, { outcomes: [ok(2)] }, /branch 2 has ended before, and there are 2/],
        [
          list,
          { strategy: all },
          { outcomes: [ok(0)], decided: recorded({ counted: [1], total: 2 }) },
          /branch 1 counted/
        ]
      ]
      for (const [given, options, recall, expected] of cases) {
        const exit = yield* Effect.exit(split(given, options, recall))
        assert.match(String(defects(exit)[0]), expected)
      }
      assert.deepStrictEqual(ran, [])
    }))

  it.effect("lets its host know what the branches have done, before they count, and undoes the losers", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const compensate = (_: unknown, { branch }: any) => Effect.sync(() => void log.push(`undo ${branch.name}`))
      const step = (index: number) => ({
        _tag: "Step",
        undo: { compensate, inDoubt: "always", part: 0 },
        value: "S",
        state: "S",
        visit: 1,
        branch: { index, name: String(index) },
        key: `r/1/S/${index}`,
        order: 0,
        done: { _tag: "Succeeded", value: index }
      })
      const context = yield* Effect.context<never>()
      for (const decided of [undefined, recorded({ counted: [2, 0], started: 4, total: 4 })]) {
        log.length = 0
        const { list, ran } = branches(4)
        const exit = yield* Effect.exit(withRecall(
          untyped()
            .registerSplit("S", list, { strategy: quorum(2), compensate, next: "T" })
            .register("T", {
              run: Effect.sync(() => log.push("T")).pipe(Effect.andThen(Effect.fail("no"))),
              next: "Done"
            })
            .addExitStates("Done")
            .orchestrate("S", { runId: "r" }),
          {
            decided,
            outcomes: [ok(2), ok(0), ok(1), cut(3)],
            onFan: (fan) => {
              for (const index of [2, 0, 1]) {
                fan.ledger(index).add({ ...step(index), context })
              }
            }
          }
        ))
        assert.isTrue(Exit.isFailure(exit))
        assert.deepStrictEqual(ran, [])
        assert.deepStrictEqual(log.slice(0, 2), ["undo 1", "T"])
        assert.deepStrictEqual(log.slice(2).sort(), ["undo 0", "undo 2"])
      }
      // a run that starts less today undoes what it has done before
      log.length = 0
      const { list, ran } = branches(4)
      const error = yield* Effect.flip(withRecall(
        untyped()
          .registerSplit("S", list, { strategy: all, compensate, next: "Done" })
          .addExitStates("Done")
          .orchestrate("S", { runId: "r", maxBranches: 3 }),
        { outcomes: [ok(2)], onFan: (fan) => fan.ledger(2).add({ ...step(2), context }) }
      ))
      assert.strictEqual((error as any).rule, "max-branches")
      assert.deepStrictEqual(log, ["undo 2"])
      assert.deepStrictEqual(ran, [])
    }))
})

describe("a split that was decided before", () => {
  it.effect("is what it was: verdict, reason, order and total", () =>
    Effect.gen(function*() {
      const { list, ran } = branches(3)
      const read: Array<number> = []
      const outcomes = [ok(2), no(0), ok(1)]
      const proceed = recorded({ counted: [2, 0], started: 4, total: 5 })
      for (const given of [list, lazy(list, read), Object.fromEntries(list.map((branch, i) => [`b${i}`, branch]))]) {
        for (const bulkhead of bulkheads) {
          const result = yield* split(given, { strategy: allFailFast, bulkhead, maxBranches: 3 }, {
            decided: proceed,
            outcomes
          })
          const own: Array<SplitResult.Outcome<unknown, unknown>> = Object.values(result.outcomes)
          own.sort((a, b) => a.index - b.index)
          assert.deepStrictEqual(own.map(({ _tag }) => _tag), [
            "Failed",
            "Interrupted",
            "Succeeded",
            "Interrupted",
            "NotStarted"
          ])
          assert.deepStrictEqual(result.settled.map(({ index }) => index), [2, 0])
          assert.deepStrictEqual({ ...result.tally }, {
            total: 5,
            succeeded: 1,
            failed: 1,
            interrupted: 2,
            notStarted: 1
          })
        }
      }
      const fail = recorded({ verdict: "fail", reason: "because", counted: [0], started: 1, total: 3 })
      const error = yield* Effect.flip(split(list, { strategy: any }, { decided: fail, outcomes: [ok(0)] }))
      assert.instanceOf(error, CanoError.JoinUnsatisfiedError)
      assert.strictEqual(error.reason, "because")
      const timedOut = { ...fail, timedOut: true }
      const late = yield* Effect.flip(
        split(list, { strategy: any, timeout: 5 }, { decided: timedOut, outcomes: [ok(0)] })
      )
      assert.instanceOf(late, CanoError.JoinTimeoutError)
      assert.deepStrictEqual(ran, [])
      assert.deepStrictEqual(read, [])
    }))

  it.effect("reduces what counted, and tells of all that has ended", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const { list, ran } = branches(4)
      const result: any = yield* split(list, {
        strategy: any,
        reduce: { initial: () => "", step: (all: string, { value }: any) => `${all}${value};` },
        onOutcome: ({ _tag, index }: any) => Effect.sync(() => void told.push(`${index} ${_tag}`))
      }, { decided: recorded({ counted: [3, 1], started: 4, total: 4 }), outcomes: [ok(3), ok(1), ok(0)] })
      assert.strictEqual(result.value, "old 3;old 1;")
      assert.deepStrictEqual(told, ["3 Succeeded", "1 Succeeded", "0 Interrupted", "2 Interrupted"])
      assert.deepStrictEqual(ran, [])
    }))
})
