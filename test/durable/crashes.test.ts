/**
 * What a crash leaves of a durable run: deadlines and timers that go on, what settled that counts in its order, and a way
 * back that goes on where it was.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Schema } from "effect"
import { JoinStrategy, TaskResult } from "effect-cano"
import * as Signal from "effect-cano/Signal"
import * as Task from "effect-cano/Task"
import { failed, primeClock, type Untyped } from "../kit/index.ts"
import {
  brief,
  durableMachine,
  durably,
  type Fault,
  inLife,
  inLifeForked,
  type Life,
  makeWorld,
  pass,
  passToEnd,
  passUntil,
  texts,
  type World
} from "./kit.ts"

const crash = (at: number, how: Fault["how"] = "before"): ReadonlyArray<Fault> => [{ at, how, times: 1 }]

/** A run whose first life crashes somewhere, and whose second one goes on: what is in the journal, and how it ended. */
const twice = (
  world: World,
  define: (life: Life) => Untyped,
  initial: string,
  { downtime = 0, faults = [], stopAt }: {
    readonly downtime?: number
    readonly faults?: ReadonlyArray<Fault>
    /** The instant at which the first life is cut off, if not by a fault. */
    readonly stopAt?: number
  }
) =>
  Effect.gen(function*() {
    yield* primeClock
    let definition: any
    const defineAll = (life: Life) => [definition = durably(define(life))]
    const first = yield* world.life(defineAll, { faults })
    yield* inLife(first, definition.start("r", initial))
    if (stopAt !== undefined) yield* pass(stopAt)
    else assert.isTrue(yield* passUntil(Effect.sync(() => first.isDead)))
    yield* world.bury(first)
    yield* pass(downtime)
    const second = yield* world.life(defineAll)
    const waiting = yield* inLifeForked(second, Effect.exit(definition.run("r", initial)))
    assert.isTrue(yield* passToEnd(world, "r"), JSON.stringify(yield* world.rows("r")))
    yield* pass(50)
    const seen: any = waiting.pollUnsafe()
    assert.isDefined(seen)
    const rows = yield* world.rows("r")
    yield* world.bury(second)
    return { rows, exit: seen.value as Exit.Exit<unknown, unknown> }
  })

/** How far an instant is from the first row, rounded to the polls of a test. */
const ended = (rows: ReadonlyArray<{ readonly at: number }>): number => rows.at(-1)!.at - rows[0]!.at

describe("time goes on while nobody drives a run", () => {
  const slow = (life: Life, name: string) => Effect.andThen(life.act(() => {}), Effect.as(Effect.sleep(100_000), name))

  it.effect("the deadline of a split is an instant", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const { exit, rows } = yield* twice(
        world,
        (life) =>
          durableMachine("w", "Ask", "Done", "Late").registerSplit("Ask", { a: slow(life, "a"), b: slow(life, "b") }, {
            strategy: JoinStrategy.all,
            timeout: 1000,
            schema: texts,
            next: "Done",
            otherwise: "Late"
          }).addExitStates("Done", "Late"),
        "Ask",
        { stopAt: 400, downtime: 300 }
      )
      assert.deepStrictEqual(exit, Exit.succeed("Late"))
      assert.closeTo(ended(rows), 1000, 15)
    }))

  it.effect("a deadline that passed meanwhile decides without starting anybody", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const begun: Array<number> = []
      const { exit, rows } = yield* twice(
        world,
        (life) => {
          const own = (name: string, ms: number) =>
            Effect.andThen(life.act(() => void begun.push(life.number)), Effect.as(Effect.sleep(ms), name))
          return durableMachine("w", "Ask", "Done", "Late").registerSplit(
            "Ask",
            { a: own("a", 10), b: own("b", 9000) },
            {
              strategy: JoinStrategy.partialTimeout,
              timeout: 1000,
              schema: texts,
              next: ({ settled }: any) => settled.length === 1 ? "Done" : "Late",
              otherwise: "Late"
            }
          ).addExitStates("Done", "Late")
        },
        "Ask",
        { stopAt: 400, downtime: 3000 }
      )
      assert.deepStrictEqual(exit, Exit.succeed("Done"))
      assert.deepStrictEqual(begun, [0, 0])
      const join = rows.filter(({ kind }) => kind === "join")
      assert.strictEqual(join.length, 1)
      assert.deepInclude(JSON.parse(join[0]!.data), { timedOut: true, counted: [0] })
    }))

  for (const hasLayer of [false, true]) {
    it.effect(`withTimeout counts from the begin of the run${hasLayer ? ", and undoes what was done, with resources" : ""}`, () =>
      Effect.gen(function*() {
        const world = yield* makeWorld
        const undone: Array<string> = []
        const { exit, rows } = yield* twice(
          world,
          (life) => {
            const machine = durableMachine("w", "Pay", "Wait", "Done")
              .register("Pay", {
                run: Effect.succeed("paid"),
                schema: texts,
                compensate: (done: any) => life.act(() => void undone.push(`${life.number} ${done._tag}`)),
                next: "Wait"
              })
              .register("Wait", { run: slow(life, "w"), next: "Done" })
              .addExitStates("Done").withTimeout(1000)
            return hasLayer ? machine.withResources(Layer.effectDiscard(Effect.sleep(200))) : machine
          },
          "Pay",
          { stopAt: 400, downtime: hasLayer ? 3000 : 300 }
        )
        assert.strictEqual(failed(exit)._tag, "WorkflowTimeoutError")
        assert.deepStrictEqual(undone, ["1 Succeeded"])
        if (!hasLayer) assert.closeTo(ended(rows), 1000, 15)
      }))
  }

  it.effect("timers and waits for signals end when they would have, also in the first state of a follow-on branch", () =>
    Effect.gen(function*() {
      const go = Signal.make("go", Schema.Int)
      for (const kind of ["state", "signal", "branch", "leg", "leg that went on"] as const) {
        const world = yield* makeWorld
        const { exit, rows } = yield* twice(
          world,
          () => {
            const machine = durableMachine("w", "First", "Go", "Leg", "Early", "Done", "Late")
              .addExitStates("Done", "Late")
              .register("First", { run: Effect.sleep(100), next: "Go" })
            const split = { strategy: JoinStrategy.all, schema: texts, next: "Done" }
            const timer = Task.timer(1000)
            switch (kind) {
              case "state":
                return machine.register("Go", { run: timer, next: "Done" })
              case "signal":
                return machine.registerSignal("Go", go, { next: "Late", timeout: 1000, otherwise: "Done" })
              case "branch":
                return machine.registerSplit("Go", { a: Effect.as((timer as any).work("Go"), "a") }, split)
              case "leg":
                return machine.registerSplit("Go", () => TaskResult.split(["Leg"]), split)
                  .register("Leg", { run: timer, next: "Done" })
              case "leg that went on":
                return machine.registerSplit("Go", () => TaskResult.split(["Early"]), split)
                  .register("Early", { run: Effect.void, next: "Leg" })
                  .register("Leg", { run: timer, next: "Done" })
            }
          },
          "First",
          { stopAt: 500, downtime: 200 }
        )
        assert.deepStrictEqual(exit, Exit.succeed("Done"), kind)
        assert.closeTo(ended(rows), 1100, 25, kind)
      }
    }))
})

describe("what has settled counts in its order", () => {
  it.effect("for reduce, onOutcome and the join, and none of it runs again", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const begun: Array<string> = []
      const told: Array<string> = []
      let sum: unknown
      const { exit, rows } = yield* twice(
        world,
        (life) => {
          const own = (name: string, ms: number) =>
            Effect.andThen(
              life.act(() => void begun.push(`${life.number}${name}`)),
              Effect.as(Effect.sleep(ms), name)
            )
          return durableMachine("w", "Ask", "Done").registerSplit("Ask", {
            a: own("a", 300),
            b: own("b", 20),
            c: own("c", 10),
            d: own("d", 200)
          }, {
            strategy: JoinStrategy.all,
            schema: texts,
            reduce: { initial: () => "", step: (all: string, { value }: any) => all + value },
            onOutcome: ({ name }: any) => life.act(() => void told.push(`${life.number}${name}`)),
            next: ({ value }: any) => (sum = value, "Done")
          }).addExitStates("Done")
        },
        "Ask",
        { stopAt: 50 }
      )
      assert.deepStrictEqual(exit, Exit.succeed("Done"))
      assert.deepStrictEqual(begun, ["0a", "0b", "0c", "0d", "1a", "1d"])
      assert.deepStrictEqual(told, ["0c", "0b", "1c", "1b", "1d", "1a"])
      assert.strictEqual(sum, "cbda")
      assert.deepStrictEqual(JSON.parse(rows.find(({ kind }) => kind === "join")!.data).counted, [2, 1, 3, 0])
    }))

  it.effect("a follow-on branch goes on in its last state", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const begun: Array<string> = []
      const { exit } = yield* twice(
        world,
        (life) => {
          const own = (name: string) =>
            Effect.andThen(life.act(() => void begun.push(`${life.number}${name}`)), Effect.sleep(50))
          return durableMachine("w", "Go", "A", "B", "C", "Done")
            .registerSplit("Go", () => TaskResult.split(["A", "B"]), { strategy: JoinStrategy.all, next: "Done" })
            .register("A", { run: own("A"), next: "B" })
            .register("B", { run: own("B"), next: "C" })
            .register("C", { run: own("C"), next: "Done" })
            .addExitStates("Done")
        },
        "Go",
        { stopAt: 75 }
      )
      assert.deepStrictEqual(exit, Exit.succeed("Done"))
      assert.deepStrictEqual(begun, ["0A", "0B", "0B", "0C", "1B", "1C", "1C"])
    }))

  it.effect("resources are built again in each life", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const Db = Context.Service<number>("test/Db")
      const seen: Array<number> = []
      const built: Array<number> = []
      const { exit } = yield* twice(
        world,
        (life) =>
          durableMachine("w", "A", "B", "Done")
            .register("A", { run: Effect.flatMap(Db, (n) => life.act(() => void seen.push(n))), next: "B" })
            .register("B", {
              run: Effect.flatMap(Db, (n) => Effect.andThen(life.act(() => void seen.push(n)), Effect.sleep(100))),
              next: "Done"
            })
            .addExitStates("Done")
            .withResources(Layer.effect(Db)(life.act(() => (built.push(life.number), life.number)))),
        "A",
        { stopAt: 50 }
      )
      assert.deepStrictEqual(exit, Exit.succeed("Done"))
      assert.deepStrictEqual(built, [0, 1])
      assert.deepStrictEqual(seen, [0, 0, 1])
    }))
})

describe("a run that goes back", () => {
  const trip = (undone: Array<string>, fail = true) => (life: Life) => {
    const own = (name: string) => ({
      run: Effect.succeed(name),
      schema: texts,
      compensate: (done: any, { key }: any) =>
        Effect.andThen(Effect.sleep(20), life.act(() => void undone.push(`${life.number} ${key} ${done.value}`)))
    })
    return durableMachine("w", "A", "B", "C", "D", "Done")
      .register("A", { ...own("a"), next: "B" })
      .registerSplit("B", { x: Effect.as(Effect.sleep(5), "x"), y: Effect.as(Effect.sleep(10), "y") }, {
        strategy: JoinStrategy.all,
        schema: texts,
        compensate: own("").compensate,
        next: "C"
      })
      .register("C", { ...own("c"), next: "D" })
      .register("D", { run: fail ? Effect.fail("no") : Effect.void, next: "Done" })
      .addExitStates("Done")
  }

  it.effect("goes on where it was, with what is left, for the same reason", () =>
    Effect.gen(function*() {
      // the rows that it writes are of: start a, enter B, starts, x, y, enter C, start c, enter D, why, and four ways back
      for (let at = 10; at <= 14; at++) {
        for (const how of ["before", "after"] as const) {
          const world = yield* makeWorld
          const undone: Array<string> = []
          const { exit, rows } = yield* twice(world, trip(undone), "A", { faults: crash(at, how) })
          assert.strictEqual(failed(exit), "no")
          const back = rows.slice(rows.findIndex(({ key, kind }) => kind === "compensate" && key === ""))
          assert.deepStrictEqual(
            back.filter(({ kind }) => kind === "compensate").map(({ key }) => key),
            ["", "/3/C", "/2/B/y", "/2/B/x", "/1/A"],
            `${at} ${how}`
          )
          // what ran and was not written runs once more, and nothing else does
          const keys = undone.map((one) => one.split(" ").slice(1).join(" "))
          assert.deepStrictEqual([...new Set(keys)], ["r/3/C c", "r/2/B/y y", "r/2/B/x x", "r/1/A a"])
          assert.isAtMost(undone.length, 5)
          if (how === "after") assert.strictEqual(undone.length, 4)
        }
      }
    }))

  it.effect("undoes as in doubt what had started when it crashed, if that does not run again", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const seen: Array<string> = []
      const { exit, rows } = yield* twice(
        world,
        (life) =>
          durableMachine("w", "Book", "Done", "Late").registerSplit("Book", {
            a: Effect.as(Effect.sleep(10), "a"),
            b: Effect.as(Effect.sleep(5000), "b")
          }, {
            strategy: JoinStrategy.any,
            schema: texts,
            compensate: (done: any, { branch }: any) =>
              life.act(() => void seen.push(`${life.number} ${branch.name} ${done._tag}`)),
            next: "Done",
            otherwise: "Late"
          }).addExitStates("Done", "Late"),
        "Book",
        // both start; then a settles, which is written and not answered
        { faults: crash(2, "after") }
      )
      assert.deepStrictEqual(exit, Exit.succeed("Done"))
      assert.deepStrictEqual(seen, ["1 b InDoubt"])
      assert.deepStrictEqual(rows.filter(({ kind }) => kind === "compensate").map(({ key }) => key), ["/1/Book/b"])
    }))

  it.effect("undoes the losers of a join once, also if it crashes in between, and then goes on", () =>
    Effect.gen(function*() {
      for (let at = 3; at <= 6; at++) {
        const world = yield* makeWorld
        const seen: Array<string> = []
        const { exit, rows } = yield* twice(
          world,
          (life) =>
            durableMachine("w", "Book", "Done", "Late").registerSplit("Book", {
              a: Effect.as(Effect.sleep(5), "a"),
              b: Effect.as(Effect.sleep(10), "b"),
              c: Effect.andThen(Effect.sleep(20), Effect.fail("no"))
            }, {
              strategy: JoinStrategy.all,
              schema: texts,
              compensate: (_: any, { branch }: any) =>
                Effect.andThen(Effect.sleep(10), life.act(() => void seen.push(branch.name))),
              next: "Done",
              otherwise: "Late"
            }).addExitStates("Done", "Late"),
          "Book",
          { faults: crash(at) }
        )
        assert.deepStrictEqual(exit, Exit.succeed("Late"))
        // of c it was not written that it has failed, and it may have been done in the first life
        const undone = at <= 4 ? ["c", "b", "a"] : ["b", "a"]
        assert.deepStrictEqual([...new Set(seen)], undone)
        assert.isAtMost(seen.length, undone.length + 1)
        assert.strictEqual(rows.filter(({ kind }) => kind === "join").length, 1)
        assert.deepStrictEqual(
          rows.filter(({ kind }) => kind === "compensate").map(({ key }) => key),
          undone.map((name) => `/1/Book/${name}`)
        )
      }
    }))

  it.effect("a step that has ended does not run again where what comes after it was not written", () =>
    Effect.gen(function*() {
      for (const [x, state] of [[{ s: "paid" }, "Done"], [{ c: [{ e: "declined" }] }, undefined]] as const) {
        yield* primeClock
        const world = yield* makeWorld
        const ran: Array<string> = []
        const { store } = world
        yield* store.create([{
          runId: "r",
          workflow: "w",
          version: 1,
          state: "Pay",
          key: "/1/Pay",
          data: "\"Pay\"",
          parent: undefined
        }])
        const start = JSON.stringify({ state: "Pay", name: "Pay", visit: 1 })
        yield* store.append([{
          runId: "r",
          n: 1,
          head: undefined,
          takes: [],
          rows: [
            { kind: "start", key: "/1/Pay", data: start, kept: true },
            { kind: "settle", key: "/1/Pay", data: JSON.stringify({ x }), kept: true }
          ]
        }])
        const life = yield* world.life(() => [
          durably(
            durableMachine("w", "Pay", "Done").register("Pay", {
              run: Effect.sync(() => (ran.push("pay"), "paid twice")),
              schema: texts,
              compensate: (done: any) => Effect.sync(() => ran.push(`undo ${done._tag}`)),
              next: (value: unknown) => (ran.push(String(value)), "Done")
            }).addExitStates("Done")
          )
        ])
        assert.isTrue(yield* passToEnd(world, "r"))
        assert.deepStrictEqual(ran, state === undefined ? [] : ["paid"])
        assert.strictEqual((yield* store.show("r"))!.outcome, state === undefined ? "failed" : "succeeded")
        yield* world.bury(life)
      }
    }))

  it.effect("a pivot of a follow-on branch lets go what that branch has done, and nothing else", () =>
    Effect.gen(function*() {
      for (const stopAt of [20, 60, 110]) {
        const world = yield* makeWorld
        const undone: Array<string> = []
        const { exit } = yield* twice(
          world,
          (life) => {
            const own = (name: string) => ({
              run: Effect.succeed(name),
              schema: texts,
              compensate: () => life.act(() => void undone.push(name))
            })
            return durableMachine("w", "Pay", "Go", "A", "B", "Point", "Late", "Wait", "Fail", "Done")
              .register("Pay", { ...own("pay"), next: "Go" })
              .registerSplit("Go", () => TaskResult.split(["A", "B"]), { strategy: JoinStrategy.all, next: "Fail" })
              .register("A", { ...own("a"), next: "Point" })
              .register("Point", { run: Effect.void, next: "Late" }, { pivot: true })
              // what comes after a pivot is not undone either
              .register("Late", {
                ...own("late"),
                run: Effect.as(Effect.interruptible(Effect.sleep(40)), "late"),
                next: "Wait"
              })
              .register("B", { ...own("b"), next: "Wait" })
              .register("Wait", { run: Effect.sleep(50), next: "Done" })
              .register("Fail", { run: Effect.andThen(Effect.sleep(50), Effect.fail("no")), next: "Done" })
              .addExitStates("Done")
          },
          "Pay",
          { stopAt }
        )
        assert.strictEqual(failed(exit), "no")
        assert.deepStrictEqual(undone, ["b", "pay"], `${stopAt}`)
      }
    }))

  it.effect("goes on also where it has ended well, and failed as its resources were released", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const undone: Array<string> = []
      const { exit } = yield* twice(
        world,
        (life) => {
          const own = (name: string) => ({
            run: Effect.succeed(name),
            schema: texts,
            compensate: () => Effect.andThen(Effect.sleep(50), life.act(() => void undone.push(name)))
          })
          return durableMachine("w", "A", "B", "Done")
            .register("A", { ...own("a"), next: "B" })
            .register("B", { ...own("b"), next: "Done" })
            .addExitStates("Done")
            .withResources(Layer.effectDiscard(Effect.addFinalizer(() => Effect.die(new Error("no release")))))
        },
        "A",
        { stopAt: 75 }
      )
      assert.isTrue(Exit.isFailure(exit))
      assert.deepStrictEqual(undone, ["b", "a"])
      assert.strictEqual((yield* world.store.show("r"))!.outcome, "failed")
    }))

  it.effect("a run that ends well undoes nothing, wherever it crashes", () =>
    Effect.gen(function*() {
      for (let at = 1; at <= 9; at++) {
        const world = yield* makeWorld
        const undone: Array<string> = []
        const { exit, rows } = yield* twice(world, trip(undone, false), "A", {
          faults: crash(at, at % 2 ? "before" : "after")
        })
        assert.deepStrictEqual(exit, Exit.succeed("Done"), brief(rows).join("\n"))
        assert.deepStrictEqual(undone, [])
      }
    }))
})
