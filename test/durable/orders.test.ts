/**
 * What an operator orders of durable runs: of those that have failed, that could not undo what they have done, that have ended,
 * and that go on; whoever drives them, or nobody.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Logger, Schema } from "effect"
import { JoinStrategy } from "effect-cano"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import { primeClock } from "../kit/index.ts"
import { durableMachine, durably, inLife, type Life, makeWorld, pass, passUntil, quick, texts } from "./kit.ts"
import { begin, booking, flaky, shopping } from "./ordered.ts"

const go = Signal.make("go", Schema.Int)

const told: Array<string> = []
const listens = Logger.layer([Logger.make(({ logLevel, message }) => {
  if (logLevel === "Error") told.push(String(message))
})])

describe("a run whose rollback is stuck", () => {
  it.effect("waits, and says so, until an operator has it tried again", () =>
    Effect.gen(function*() {
      told.length = 0
      const run = yield* begin(booking(2, 9))
      yield* run.becomes("stuck")
      assert.deepStrictEqual(run.trail, ["book", "pay", "undo seat", "undo"])
      assert.isUndefined(yield* run.exitIn(run.first))
      assert.include(told.join(), "run \"r\" could not undo all that it has done, and waits for an operator")
      const info = yield* inLife(run.first, Effect.flatMap(Runs.get("r"), (run) => (run as any).value.info))
      assert.include(info, { status: "stuck" })
      yield* run.orders("retry")
      yield* run.becomes("stuck")
      yield* run.orders("retry")
      yield* run.becomes("ended")
      // what was undone is not undone again
      assert.deepStrictEqual(run.trail, ["book", "pay", "undo seat", "undo", "undo", "undo"])
      assert.deepStrictEqual(yield* run.exitIn(run.first), Exit.fail("pay failed"))
      assert.include(yield* run.head, { outcome: "failed" })
    }).pipe(Effect.provide(listens)))

  it.effect("goes on without a step that somebody has undone by hand", () =>
    Effect.gen(function*() {
      const run = yield* begin(booking(9, 9))
      yield* run.becomes("stuck")
      yield* run.refuses(
        "skip",
        { step: "r/9/A" },
        "there is no step \"r/9/A\" that could not be undone; there are \"/1/A\""
      )
      yield* run.refuses("skip", { step: 1 }, "there is no step 1")
      yield* run.refuses("skip", { state: "Done" }, "name the step whose compensation was done by hand")
      yield* run.orders("skip", { step: "r/1/A" })
      yield* run.becomes("ended")
      assert.deepStrictEqual(run.trail, ["book", "pay", "undo seat", "undo"])
      assert.deepStrictEqual(yield* run.exitIn(run.first), Exit.fail("pay failed"))
    }))

  it.effect("ends with what could not be undone, if that is ordered", () =>
    Effect.gen(function*() {
      const run = yield* begin(booking(9, 9))
      yield* run.becomes("stuck")
      yield* run.orders("end")
      yield* run.becomes("ended")
      assert.deepStrictEqual(run.trail, ["book", "pay", "undo seat", "undo"])
      const exit = (yield* run.exitIn(run.first))!
      const error = Exit.isFailure(exit) ? (exit.cause.reasons[0] as any).error : undefined
      assert.strictEqual(error._tag, "CompensationError")
      assert.deepStrictEqual(error.failures.map(({ key }: any) => key), ["r/1/A"])
      assert.deepStrictEqual(error.compensated, ["r/2/Seat"])
      yield* run.refuses("end", {}, "it has ended")
    }))

  it.effect("ends at once where nobody is to be waited for", () =>
    Effect.gen(function*() {
      const run = yield* begin(booking(9, 9), { operator: "never" })
      yield* run.becomes("ended")
      assert.notInclude((yield* run.keys).join(), "stuck")
    }))

  it.effect("waits also for those who come later, and in other processes", () =>
    Effect.gen(function*() {
      const run = yield* begin(booking(1, 9))
      yield* run.becomes("stuck")
      yield* run.world.bury(run.first)
      const second = yield* run.live()
      yield* pass(500)
      assert.strictEqual((yield* run.head).status, "stuck")
      assert.deepStrictEqual(run.trail.length, 4)
      yield* run.orders("retry")
      yield* run.becomes("stuck")
      yield* run.orders("retry")
      yield* run.becomes("ended")
      assert.deepStrictEqual(yield* run.exitIn(second), Exit.fail("pay failed"))
    }))

  it.effect("is not tried again by a cancellation", () =>
    Effect.gen(function*() {
      const run = yield* begin(booking(1, 9))
      yield* run.becomes("stuck")
      const store = run.store
      yield* Effect.orDie(store.send("r", { kind: "cancel", name: "", key: undefined, id: undefined, data: "{}" }))
      yield* pass(500)
      assert.include(yield* run.head, { status: "stuck" })
      assert.deepStrictEqual(yield* store.due(["w"], 9), [])
      yield* run.orders("retry")
      yield* run.becomes("ended")
      assert.include(yield* run.head, { outcome: "cancelled" })
    }))

  it.effect("in which a loser could not be undone is tried again", () =>
    Effect.gen(function*() {
      const run = yield* begin((life, trail) => {
        const undo = flaky(life, trail, "undo", 2)
        return durableMachine("w", "A", "B", "Done")
          .registerSplit("A", { a: Effect.as(Effect.sleep(10), "a"), b: Effect.succeed("b") }, {
            strategy: JoinStrategy.quorum(1),
            schema: { a: texts, b: texts },
            losers: "await",
            compensate: { a: () => undo },
            next: "B"
          })
          .register("B", { run: life.act(() => trail.push("b")), next: "Done" })
          .addExitStates("Done")
      })
      yield* run.becomes("stuck")
      yield* run.orders("retry")
      yield* run.becomes("stuck")
      yield* run.orders("retry")
      yield* run.becomes("ended")
      assert.deepStrictEqual(run.trail, ["undo", "undo", "undo"])
      assert.include(yield* run.head, { outcome: "failed" })
    }))

  it.effect("can be led to another state, with what it could not undo", () =>
    Effect.gen(function*() {
      const run = yield* begin(booking(1, 1))
      yield* run.becomes("stuck")
      yield* run.orders("rerun", { state: "B" })
      yield* run.becomes("ended")
      assert.deepStrictEqual(yield* run.exitIn(run.first), Exit.succeed("Done"))
      assert.deepStrictEqual(run.trail, ["book", "pay", "undo seat", "undo", "pay"])
    }))
})

describe("a run that fails", () => {
  it.effect("waits before anything is undone where that is asked for, and keeps what has succeeded when it is tried again", () =>
    Effect.gen(function*() {
      const run = yield* begin(shopping({ a: 0, b: 1, c: 0 }), { operator: "failure" })
      yield* run.becomes("stuck")
      assert.deepStrictEqual(run.trail, ["a", "b", "c"])
      yield* run.orders("retry")
      yield* run.becomes("ended")
      assert.deepStrictEqual(run.trail, ["a", "b", "c", "b", `{"a":"a","b":"b","c":"c"}`])
      assert.deepStrictEqual(yield* run.exitIn(run.first), Exit.succeed("Done"))
    }))

  it.effect("can be tried again as a whole", () =>
    Effect.gen(function*() {
      const run = yield* begin(shopping({ a: 0, b: 1 }), { operator: "failure" })
      yield* run.becomes("stuck")
      yield* run.refuses("retry", { branches: "some" }, "branches is \"some\"; it must be \"failed\" or \"all\"")
      yield* run.orders("retry", { branches: "all" })
      yield* run.becomes("ended")
      assert.deepStrictEqual(run.trail, ["a", "b", "a", "b", `{"a":"a","b":"b"}`])
    }))

  it.effect("can be given what a branch of it would have given, if that fits its Schema", () =>
    Effect.gen(function*() {
      const run = yield* begin(shopping({ a: 0, b: 9 }), { operator: "failure" })
      yield* run.becomes("stuck")
      yield* run.refuses("skip", { branch: "d", value: "D" }, "state \"A\" has no branch \"d\"; it has \"a\", \"b\"")
      yield* run.refuses("skip", { branch: "b", value: 1 }, "value is 1, which does not fit the Schema of branch \"b\"")
      yield* run.refuses("skip", { branch: 1, value: 1 }, "branch is 1; it must be a text")
      yield* run.orders("skip", { branch: "b", value: "B" })
      yield* run.becomes("ended")
      assert.deepStrictEqual(run.trail, ["a", "b", `{"a":"a","b":"B"}`])
    }))

  it.effect("can be led on to the state that follows", () =>
    Effect.gen(function*() {
      const run = yield* begin(shopping({ a: 9 }), { operator: "failure" })
      yield* run.becomes("stuck")
      yield* run.refuses("skip", { state: "Gone" }, "does not fit the Schema of the states")
      yield* run.orders("skip", { state: "Done" })
      yield* run.becomes("ended")
      assert.deepStrictEqual(yield* run.exitIn(run.first), Exit.succeed("Done"))
      assert.deepStrictEqual(run.trail, ["a"])
    }))

  it.effect("goes back and ends, if that is ordered", () =>
    Effect.gen(function*() {
      const run = yield* begin(booking(0, 9), { operator: "failure" })
      yield* run.becomes("stuck")
      assert.deepStrictEqual(run.trail, ["book", "pay"])
      yield* run.orders("end")
      yield* run.becomes("ended")
      assert.deepStrictEqual(run.trail, ["book", "pay", "undo seat", "undo"])
      assert.deepStrictEqual(yield* run.exitIn(run.first), Exit.fail("pay failed"))
    }))

  it.effect("ends without going back where there is nothing to undo", () =>
    Effect.gen(function*() {
      const run = yield* begin(shopping({ a: 9 }), { operator: "failure" })
      yield* run.becomes("stuck")
      yield* run.orders("end")
      yield* run.becomes("ended")
      assert.deepStrictEqual(run.trail, ["a"])
      assert.include(yield* run.head, { outcome: "failed" })
      const exit = (yield* run.exitIn(run.first))!
      assert.strictEqual(Exit.isFailure(exit) && (exit.cause.reasons[0] as any).error._tag, "JoinUnsatisfiedError")
    }))

  it.effect("undoes once what it had done before it was tried again", () =>
    Effect.gen(function*() {
      const run = yield* begin(booking(0, 2), { operator: "failure" })
      yield* run.becomes("stuck")
      yield* run.orders("retry")
      yield* run.becomes("stuck")
      yield* run.orders("end")
      yield* run.becomes("ended")
      assert.deepStrictEqual(run.trail, ["book", "pay", "pay", "undo seat", "undo"])
    }))

  it.effect("ends with its cancellation, if somebody cancels it", () =>
    Effect.gen(function*() {
      const run = yield* begin(booking(0, 9), { operator: "failure" })
      yield* run.becomes("stuck")
      yield* Effect.orDie(run.store.send("r", { kind: "cancel", name: "", key: undefined, id: undefined, data: "{}" }))
      yield* run.becomes("ended")
      assert.include(yield* run.head, { outcome: "cancelled" })
      assert.deepStrictEqual(run.trail, ["book", "pay", "undo seat", "undo"])
    }))

  it.effect("that has gone back is tried again only where it does not build on what was undone", () =>
    Effect.gen(function*() {
      const run = yield* begin(booking(0, 1))
      yield* run.becomes("ended")
      yield* run.refuses(
        "retry",
        {},
        "which was done before, has been undone: rerun enters a state that does not build on it"
      )
      yield* run.refuses("skip", { state: "Done" }, "has been undone")
      yield* run.orders("rerun", { state: "A" })
      yield* run.becomes("ended")
      assert.deepStrictEqual(run.trail, ["book", "pay", "undo seat", "undo", "book", "pay"])
      assert.deepStrictEqual(yield* run.exitIn(run.first), Exit.succeed("Done"))
    }))
})

describe("a run that has ended", () => {
  it.effect("with a failure goes on from the state in which it has failed, also when nobody was there", () =>
    Effect.gen(function*() {
      const run = yield* begin(shopping({ a: 0, b: 1 }))
      yield* run.becomes("ended")
      assert.isTrue(Exit.isFailure((yield* run.exitIn(run.first))!))
      yield* run.world.bury(run.first)
      const sent = yield* Effect.orDie(
        run.store.send("r", { kind: "retry", name: "", key: undefined, id: "1", data: "{}" })
      )
      assert.strictEqual(sent._tag, "Kept")
      const [second, third] = [yield* run.live(), yield* run.live()]
      yield* pass(500)
      yield* run.becomes("ended")
      const [b] = run.trail.filter((name) => name.startsWith("{"))
      assert.strictEqual(b ?? "b fails in its own life", "b fails in its own life")
      assert.strictEqual((yield* run.keys).filter((key) => key === "order ").length, 1)
      yield* run.orders("retry")
      yield* run.becomes("ended")
      assert.deepStrictEqual(yield* run.exitIn(second), Exit.succeed("Done"))
      assert.deepStrictEqual(yield* run.exitIn(third), Exit.succeed("Done"))
    }))

  it.effect("well enters a state again, and has nothing to undo of before", () =>
    Effect.gen(function*() {
      const run = yield* begin(booking(0, 0))
      yield* run.becomes("ended")
      yield* run.refuses("retry", {}, "it has succeeded; rerun enters a state of it again")
      yield* run.refuses("skip", { state: "Done" }, "it has succeeded")
      yield* run.refuses("rerun", { state: { _tag: "Gone" } }, "does not fit the Schema of the states")
      yield* run.orders("rerun", { state: "B" })
      yield* run.becomes("ended")
      assert.deepStrictEqual(run.trail, ["book", "pay", "pay"])
      assert.include(yield* run.head, { outcome: "succeeded", visit: 6 })
    }))

  it.effect("is asked once with one request, however often that is sent", () =>
    Effect.gen(function*() {
      const run = yield* begin(shopping({ a: 9 }))
      yield* run.becomes("ended")
      assert.deepStrictEqual(yield* run.order("retry", {}, "one"), { done: true })
      yield* run.becomes("ended")
      assert.deepStrictEqual(yield* run.order("retry", {}, "one"), { done: true })
      yield* pass(500)
      assert.deepStrictEqual(run.trail, ["a", "a"])
    }))

  it.effect("has all of its time when it goes on", () =>
    Effect.gen(function*() {
      const run = yield* begin((life, trail) =>
        durableMachine("w", "A", "Done")
          .register("A", { run: Effect.delay(flaky(life, trail, "a", 1), 200), next: "Done" })
          .addExitStates("Done")
          .withTimeout(300)
      )
      yield* run.becomes("ended")
      yield* pass(1000)
      yield* run.orders("retry")
      yield* run.becomes("ended")
      assert.deepStrictEqual(yield* run.exitIn(run.first), Exit.succeed("Done"))
    }))
})

const waiting = (life: Life, trail: Array<string>) => {
  const work = (name: string) => life.act(() => void trail.push(name))
  return durableMachine("w", "A", "B", "Done")
    .registerSplit("A", {
      quick: Effect.as(work("quick"), "q"),
      slow: Effect.andThen(work("slow"), Effect.never),
      other: Effect.as(Effect.delay(work("other"), 1000), "o")
    }, {
      strategy: JoinStrategy.all,
      schema: texts,
      next: ({ values }: any) => (trail.push(JSON.stringify(values)), "B")
    })
    .register("B", { run: Effect.andThen(work("b"), Effect.never), next: "Done" })
    .addExitStates("Done")
}

describe("a run of an earlier version", () => {
  it.effect("is migrated with what is ordered of it", () =>
    Effect.gen(function*() {
      yield* primeClock
      const world = yield* makeWorld
      const trail: Array<string> = []
      const before = (life: Life) => durably(booking(9, 9)(life, trail))
      const first = yield* world.life((life) => [before(life)])
      yield* inLife(first, before(first).start("r", "A"))
      const status = Effect.map(Effect.orDie(world.store.show("r")), (head) => head!.status)
      assert.isTrue(yield* passUntil(Effect.map(status, (status) => status === "stuck")))
      yield* world.bury(first)
      const after = (life: Life) =>
        durably(
          durableMachine("w", "Book", "Seat", "B", "Done")
            .register("Book", {
              run: Effect.succeed("a"),
              schema: texts,
              compensate: ({ value }: any) => life.act(() => trail.push(`undo ${value} of Book`)),
              next: "Seat"
            })
            .register("Seat", { run: Effect.succeed("s"), schema: texts, compensate: () => Effect.void, next: "B" })
            .register("B", { run: Effect.void, next: "Done" })
            .addExitStates("Done"),
          { version: 2, migrate: { 1: { states: { A: "Book" }, value: (value: any) => value.toUpperCase() } } }
        )
      yield* Effect.orDie(
        world.store.send("r", { kind: "retry", name: "", key: undefined, id: "1", data: "{}" })
      )
      yield* world.life((life) => [after(life)])
      assert.isTrue(yield* passUntil(Effect.map(status, (status) => status === "ended")))
      assert.deepStrictEqual(trail, ["book", "pay", "undo seat", "undo", "undo A of Book"])
      assert.include(yield* Effect.orDie(world.store.show("r")), { version: 2, outcome: "failed" })
    }))
})

describe("a run that goes on", () => {
  it.effect("is neither tried again nor ended, which is said", () =>
    Effect.gen(function*() {
      const run = yield* begin(waiting)
      for (const kind of ["retry", "rerun", "end"] as const) yield* run.refuses(kind, { state: "A" }, "it goes on")
      yield* run.refuses("skip", { step: "x" }, "its rollback is not stuck")
      assert.deepStrictEqual(run.trail, ["quick", "slow"])
    }))

  it.effect("has a branch skipped that runs, and nothing is done to the others", () =>
    Effect.gen(function*() {
      const run = yield* begin(waiting)
      yield* run.refuses("skip", { branch: "quick", value: "S" }, "there is no branch \"quick\" that runs")
      yield* run.refuses("skip", { branch: "slow", value: 1 }, "does not fit the Schema of branch \"slow\"")
      yield* run.orders("skip", { branch: "r/1/A/slow", value: "S" })
      yield* run.refuses("skip", { branch: "slow", value: "T" }, "there is no branch \"slow\" that runs")
      yield* pass(2000)
      assert.deepStrictEqual(run.trail, ["quick", "slow", "other", `{"quick":"q","slow":"S","other":"o"}`, "b"])
      assert.include((yield* run.keys).join(), "settle /1/A/slow")
    }))

  it.effect("has a branch skipped before it is taken", () =>
    Effect.gen(function*() {
      const run = yield* begin(waiting)
      yield* run.world.bury(run.first)
      const send = (branch: string, value: unknown) =>
        Effect.orDie(
          run.store.send("r", {
            kind: "skip",
            name: "",
            key: undefined,
            id: branch,
            data: JSON.stringify({ branch, value })
          })
        )
      yield* send("quick", "Q")
      yield* send("slow", "S")
      yield* run.live()
      yield* pass(2000)
      assert.deepStrictEqual(run.trail, ["quick", "slow", "other", `{"quick":"q","slow":"S","other":"o"}`, "b"])
      const letters = yield* Effect.forEach([1, 2], (seq) => Effect.orDie(run.store.letter("r", seq)))
      assert.deepStrictEqual(letters.map((letter) => letter!.answer), [
        `{"refused":"branch \\"quick\\" has ended"}`,
        `{"done":true}`
      ])
    }))

  it.effect("has a state skipped that it is in", () =>
    Effect.gen(function*() {
      const run = yield* begin(waiting)
      yield* run.refuses("skip", { state: "Gone" }, "does not fit the Schema of the states")
      yield* run.orders("skip", { state: "B" })
      yield* pass(500)
      assert.deepStrictEqual(run.trail, ["quick", "slow", "b"])
      yield* run.orders("skip", { state: "Done" })
      yield* run.becomes("ended")
      assert.deepStrictEqual(yield* run.exitIn(run.first), Exit.succeed("Done"))
    }))

  it.effect("that waits, parked, is taken for it", () =>
    Effect.gen(function*() {
      const run = yield* begin((_, trail) =>
        durableMachine("w", "A", "B", "Done")
          .registerSplit("A", { a: Signal.wait(go, { key: "a" }), b: Signal.wait(go, { key: "b" }) } as any, {
            strategy: JoinStrategy.all,
            schema: { success: Schema.Int, error: Schema.String },
            next: ({ values }: any) => (trail.push(JSON.stringify(values)), "B")
          })
          .registerSignal("B", go, { next: "Done" })
          .addExitStates("Done")
      )
      yield* run.world.bury(run.first)
      yield* run.live({ ...quick, parkAfter: 0 })
      yield* run.becomes("waiting")
      assert.isUndefined((yield* run.head).owner)
      yield* run.orders("skip", { branch: "a", value: 1 })
      yield* run.becomes("waiting")
      yield* run.orders("skip", { branch: "b", value: 2 })
      yield* pass(500)
      assert.deepStrictEqual(run.trail, [`{"a":1,"b":2}`])
      yield* run.orders("skip", { state: "Done" })
      yield* run.becomes("ended")
    }))

  it.effect("has branches of a function skipped by their names", () =>
    Effect.gen(function*() {
      const run = yield* begin((_, trail) =>
        durableMachine("w", "A", "Done")
          .registerSplit("A", () => [Effect.never, Effect.never], {
            strategy: JoinStrategy.all,
            schema: texts,
            next: ({ values }: any) => (trail.push(JSON.stringify(values)), "Done")
          })
          .addExitStates("Done")
      )
      yield* run.orders("skip", { branch: "0", value: "x" })
      yield* run.world.bury(run.first)
      yield* Effect.orDie(
        run.store.send("r", { kind: "skip", name: "", key: undefined, id: "1", data: `{"branch":"1","value":"y"}` })
      )
      yield* run.live()
      yield* run.becomes("ended")
      assert.deepStrictEqual(run.trail, [`["x","y"]`])
    }))

  it.effect("that goes back is let alone", () =>
    Effect.gen(function*() {
      const run = yield* begin((life, trail) =>
        durableMachine("w", "A", "B", "Done")
          .register("A", {
            run: Effect.succeed("a"),
            schema: texts,
            compensate: () => Effect.delay(life.act(() => trail.push("undo")), 1000),
            next: "B"
          })
          .register("B", { run: Effect.fail("no"), next: "Done" })
          .addExitStates("Done")
      )
      yield* run.becomes("compensating")
      yield* run.refuses("retry", {}, "it goes back")
      yield* run.refuses("skip", { state: "Done" }, "it goes back")
      yield* run.becomes("ended")
      assert.deepStrictEqual(run.trail, ["undo"])
    }))
})
