/**
 * What an operator orders of durable runs, where that meets what else becomes of them: their ends, other versions of their
 * definition, limits, lists of branches, and what can be undone.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Schema } from "effect"
import { JoinStrategy, TaskResult } from "effect-cano"
import type * as Journal from "effect-cano/journal"
import { primeClock } from "../kit/index.ts"
import { durableMachine, durably, inLife, inLifeForked, makeWorld, pass, quick, texts } from "./kit.ts"
import { begin, booking, flaky, shopping } from "./ordered.ts"

const letterOf = (kind: Journal.LetterKind, data: unknown = {}): Journal.NewLetter => ({
  kind,
  name: "",
  key: undefined,
  id: undefined,
  data: JSON.stringify(data)
})

describe("an order of a run of an earlier version", () => {
  it.effect("that is stuck with a failure ends it with what that is today", () =>
    Effect.gen(function*() {
      const run = yield* begin(booking(0, 9), { operator: "failure" })
      yield* run.becomes("stuck")
      yield* run.world.bury(run.first)
      let definition: any
      const life = yield* run.world.life((life) => [
        definition = durably(booking(0, 9)(life, run.trail), {
          operator: "failure",
          version: 2,
          error: Schema.Struct({ why: Schema.String }),
          migrate: { 1: { error: (why: unknown) => ({ why }) } }
        })
      ])
      yield* run.orders("end")
      yield* run.becomes("ended")
      const fiber = yield* inLifeForked(life, Effect.exit(definition.await("r")))
      yield* pass(100)
      assert.deepStrictEqual((fiber.pollUnsafe() as any)?.value, Exit.fail({ why: "pay failed" }))
      assert.deepStrictEqual(run.trail, ["book", "pay", "undo seat", "undo"])
    }))

  it.effect("tries a state again that was entered behind what was undone, as one of the same version does", () =>
    Effect.gen(function*() {
      const run = yield* begin(booking(0, 9))
      yield* run.becomes("ended")
      yield* run.orders("rerun", { state: "B" })
      yield* run.becomes("ended")
      yield* run.orders("retry")
      yield* run.becomes("ended")
      yield* run.world.bury(run.first)
      yield* run.world.life((life) => [durably(booking(0, 0)(life, run.trail), { version: 2, migrate: { 1: {} } })])
      yield* run.orders("retry")
      yield* run.becomes("ended")
      assert.include(yield* run.head, { outcome: "succeeded" })
    }))
})

describe("an order", () => {
  it.effect("that comes as the run ends is followed by who looks next", () =>
    Effect.gen(function*() {
      const run = yield* begin((life, trail) =>
        durableMachine("w", "A", "Done")
          .register("A", { run: Effect.delay(flaky(life, trail, "a", 1), 201), next: "Done" })
          .addExitStates("Done")
      )
      yield* pass(100)
      // nobody looks for letters before it has ended
      yield* Effect.orDie(run.store.send("r", letterOf("retry")))
      yield* pass(2)
      assert.include(yield* run.head, { status: "ended", outcome: "failed" })
      yield* pass(1000)
      assert.deepStrictEqual(run.trail, ["a", "a"])
      assert.include(yield* run.head, { status: "ended", outcome: "succeeded" })
    }))

  it.effect("that takes more than may be written is refused", () =>
    Effect.gen(function*() {
      const run = yield* begin(shopping({ a: 0, b: 9 }), { operator: "failure" })
      yield* run.becomes("stuck")
      yield* run.world.bury(run.first)
      const second = yield* run.live({ ...quick, maxPayload: 1000 })
      const value = "x".repeat(2000)
      yield* run.refuses("skip", { branch: "b", value }, "and may take 1000 (maxPayload)")
      yield* run.refuses("rerun", { state: "A", value }, "and may take 1000 (maxPayload)")
      yield* run.orders("skip", { branch: "b", value: "B" })
      yield* run.becomes("ended")
      assert.deepStrictEqual(yield* run.exitIn(second), Exit.succeed("Done"))
    }))

  it.effect("names a branch by its key as well, whoever drives it", () =>
    Effect.gen(function*() {
      const run = yield* begin(shopping({ a: 0, b: 9 }), { operator: "failure" })
      yield* run.becomes("stuck")
      yield* run.refuses("skip", { branch: "r/2/A/b", value: "B" }, "has no branch \"r/2/A/b\"; it has \"a\", \"b\"")
      yield* run.orders("skip", { branch: "r/1/A/b", value: "B" })
      yield* run.becomes("ended")
      assert.deepStrictEqual(run.trail, ["a", "b", `{"a":"a","b":"B"}`])
    }))

  it.effect("is answered where the list of branches can't be read any more, or has no end", () =>
    Effect.gen(function*() {
      const lists = {
        *good() {
          yield Effect.succeed("a")
          yield Effect.fail("no")
        },
        // eslint-disable-next-line require-yield
        *throwing() {
          throw new Error("no list")
        },
        *endless() {
          while (true) yield Effect.never
        }
      }
      let list: keyof typeof lists = "good"
      const run = yield* begin((_, trail) =>
        durableMachine("w", "A", "Done")
          .registerSplit("A", () => ({ [Symbol.iterator]: () => lists[list]() }) as any, {
            strategy: JoinStrategy.all,
            schema: texts,
            next: ({ values }: any) => (trail.push(JSON.stringify(values)), "Done")
          })
          .addExitStates("Done"), { operator: "failure" })
      yield* run.becomes("stuck")
      list = "throwing"
      yield* run.refuses("skip", { branch: "x", value: "x" }, "has no branch \"x\"")
      list = "endless"
      yield* run.refuses("skip", { branch: "x", value: "x" }, "\"19\", and 9980 more")
      list = "good"
      yield* run.orders("skip", { branch: "1", value: "x" })
      yield* run.becomes("ended")
      assert.deepStrictEqual(run.trail, [`["a","x"]`])
    }))

  it.effect("skips follow-on branches, of one that is stuck and of one that goes on", () =>
    Effect.gen(function*() {
      for (const name of ["1", "r/1/A/1"]) {
        for (const goesOn of [false, true]) {
          const run = yield* begin((_, trail) =>
            durableMachine("w", "A", "B", "C", "E", "Done")
              .registerSplit("A", () => TaskResult.split(["B", "C"]) as any, {
                strategy: JoinStrategy.all,
                next: ({ values }: any) => (trail.push(JSON.stringify(values)), "Done")
              })
              .register("B", { run: Effect.void, next: "E" })
              .register("C", { run: goesOn ? Effect.never : Effect.fail("no"), next: "E" })
              .addExitStates("Done", "E"), { operator: "failure" })
          if (!goesOn) yield* run.becomes("stuck")
          yield* run.refuses("skip", { branch: name, value: "nowhere" }, "does not fit the Schema")
          yield* run.orders("skip", { branch: name, value: "E" })
          yield* run.becomes("ended")
          assert.deepStrictEqual(run.trail, [`["E","E"]`])
        }
      }
    }))
})

describe("what a run has done that an operator has led on", () => {
  it.effect("is undone with the value that was given instead, also after a crash", () =>
    Effect.gen(function*() {
      for (const crashes of [false, true]) {
        for (const own of [Effect.succeed("own"), Effect.fail("own")]) {
          const run = yield* begin((life, trail) =>
            durableMachine("w", "A", "B", "Done")
              .registerSplit("A", { a: Effect.delay(own, 500), b: Effect.succeed("b") }, {
                strategy: JoinStrategy.all,
                schema: texts,
                compensate: { a: ({ value }: any) => life.act(() => trail.push(`undo ${value}`)) },
                next: ({ values }: any) => (trail.push(JSON.stringify(values)), "B")
              })
              .register("B", { run: Effect.delay(Effect.fail("no"), 1000), next: "Done" })
              .addExitStates("Done")
          )
          yield* run.orders("skip", { branch: "a", value: "S" })
          yield* pass(600)
          if (crashes) {
            yield* run.world.bury(run.first)
            yield* run.live()
          }
          yield* run.becomes("ended")
          assert.deepStrictEqual(run.trail, [`{"a":"S","b":"b"}`, "undo S"])
        }
      }
    }))

  it.effect("in branches that have succeeded stays until it goes back, and is undone once", () =>
    Effect.gen(function*() {
      for (const crashes of [false, true]) {
        for (const operator of ["failure", "rollback"] as const) {
          const run = yield* begin((life, trail) =>
            durableMachine("w", "A", "B", "Done")
              .registerSplit("A", { a: Effect.succeed("a"), b: flaky(life, trail, "b", 1), c: Effect.die("c") }, {
                strategy: JoinStrategy.quorum(2),
                schema: texts,
                compensate: {
                  a: () => life.act(() => trail.push("undo a")),
                  b: () => life.act(() => trail.push("undo b")),
                  c: () => life.act(() => trail.push("undo c"))
                },
                next: "B"
              })
              .register("B", { run: Effect.delay(Effect.fail("no"), 200), next: "Done" })
              .addExitStates("Done"), { operator })
          const isHeld = operator === "failure"
          yield* run.becomes(isHeld ? "stuck" : "ended")
          // one that is in doubt would be done twice
          assert.deepStrictEqual(run.trail, isHeld ? ["b", "undo c"] : ["b", "undo c", "undo a"])
          run.trail.length = 0
          yield* run.orders("retry")
          yield* pass(100)
          if (crashes) {
            yield* run.world.bury(run.first)
            yield* run.live()
          }
          if (isHeld) {
            yield* run.becomes("stuck")
            yield* run.orders("end")
          }
          yield* run.becomes("ended")
          assert.deepStrictEqual(run.trail.filter((what) => what !== "undo c"), ["b", "undo b", "undo a"])
        }
      }
    }))

  it.effect("in a split that goes on where its join fails is undone before that", () =>
    Effect.gen(function*() {
      const run = yield* begin((life, trail) =>
        durableMachine("w", "A", "B", "Done")
          .registerSplit("A", { a: Effect.succeed("a"), b: flaky(life, trail, "b", 9) }, {
            strategy: JoinStrategy.all,
            schema: texts,
            compensate: { a: () => life.act(() => trail.push("undo a")) },
            next: "Done",
            otherwise: "B"
          })
          .register("B", { run: life.act(() => trail.push("without")), next: "Done" })
          .addExitStates("Done"), { operator: "failure" })
      yield* run.becomes("ended")
      assert.deepStrictEqual(run.trail, ["b", "undo a", "without"])
    }))

  it.effect("is not tried to be undone again by a cancellation, where a loser could not be", () =>
    Effect.gen(function*() {
      const run = yield* begin((life, trail) => {
        const undo = flaky(life, trail, "undo a", 9)
        return durableMachine("w", "A", "B", "Done")
          .register("A", {
            run: Effect.succeed("book"),
            schema: texts,
            compensate: () => life.act(() => trail.push("undo book")),
            next: "B"
          })
          .registerSplit("B", { a: Effect.as(Effect.sleep(10), "a"), b: Effect.succeed("b") }, {
            strategy: JoinStrategy.quorum(1),
            schema: texts,
            losers: "await",
            compensate: { a: () => undo },
            next: "Done"
          })
          .addExitStates("Done")
      }, { operator: "failure" })
      yield* run.becomes("stuck")
      assert.deepStrictEqual(run.trail, ["undo a"])
      yield* Effect.orDie(run.store.send("r", letterOf("cancel")))
      yield* pass(500)
      assert.deepStrictEqual(run.trail, ["undo a", "undo book"])
      assert.include(yield* run.head, { status: "stuck" })
      yield* run.orders("skip", { step: "/2/B/a" })
      yield* run.becomes("ended")
      assert.deepStrictEqual(run.trail, ["undo a", "undo book"])
      assert.include(yield* run.head, { outcome: "cancelled" })
    }))
})

describe("a run that another one has started", () => {
  it.effect("is cancelled if what waits for it is skipped, a state or a branch, and no other one is", () =>
    Effect.gen(function*() {
      for (const [skipped, left] of [[{ state: "B" }, []], [{ branch: "x", value: "T" }, ["p/1/A/xy"]]] as const) {
        for (const goesOn of [true, false]) {
          yield* primeClock
          const world = yield* makeWorld
          const { store } = world
          const both = () => {
            const child = durably(
              durableMachine("c", "S", "T").register("S", { run: Effect.never, next: "T" }).addExitStates("T")
            )
            const parent = durably(
              durableMachine("p", "A", "B", "Done")
                .registerSplit("A", { x: child.child("S"), xy: child.child("S") }, {
                  strategy: JoinStrategy.all,
                  schema: texts,
                  next: "B"
                })
                .register("B", { run: Effect.never, next: "Done" })
                .addExitStates("Done")
            )
            return { child, parent }
          }
          const { child, parent } = both()
          const life = yield* world.life(() => [child, parent])
          yield* inLife(life, parent.start("p", "A"))
          yield* pass(200)
          if (!goesOn) yield* world.bury(life)
          yield* Effect.orDie(store.send("p", letterOf("skip", skipped)))
          if (!goesOn) {
            const again = both()
            yield* world.life(() => [again.child, again.parent])
          }
          yield* pass(1000)
          assert.isTrue((yield* Effect.orDie(store.letter("p", 1)))!.isTaken)
          const all = yield* Effect.orDie(store.list({ parent: "p", limit: 9 }))
          assert.deepStrictEqual(
            all.filter(({ status }) => status !== "ended").map(({ runId }) => runId),
            [...left]
          )
          assert.deepStrictEqual(
            all.filter(({ status }) => status === "ended").map(({ outcome }) => outcome),
            left.length > 0 ? ["cancelled"] : ["cancelled", "cancelled"]
          )
        }
      }
    }))
})
