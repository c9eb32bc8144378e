/**
 * What the journal says of a run can't be followed, or only by another definition: the run stays as it is, who waits for it is
 * told why, and all others go on.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Schema } from "effect"
import { JoinStrategy } from "effect-cano"
import type * as Journal from "effect-cano/journal"
import { failed, primeClock, type Untyped } from "../kit/index.ts"
import { durableMachine, durably, inLife, inLifeForked, type Life, makeWorld, pass, passToEnd, texts } from "./kit.ts"

const simple = (wait = 50): Untyped =>
  durableMachine("w", "A", "B", "Done")
    .register("A", { run: Effect.void, next: "B" })
    .register("B", { run: Effect.sleep(wait), next: "Done" })
    .addExitStates("Done")

/** A run that one definition has begun, and another one goes on with; and one beside it that is sound. */
const handedOn = (before: () => any, after: () => any, { change, initial = "A", stopAt = 20 }: {
  readonly initial?: unknown
  readonly stopAt?: number
  /** What somebody does to the rows that are read. */
  readonly change?: (row: Journal.Row) => Journal.Row
} = {}) =>
  Effect.gen(function*() {
    yield* primeClock
    const world = yield* makeWorld
    let definition: any
    const first = yield* world.life(() => [definition = before()])
    yield* inLife(first, definition.start("r", initial))
    yield* pass(stopAt)
    yield* world.bury(first)
    const rows = yield* world.rows("r")
    const { store } = world
    if (change !== undefined) {
      Object.assign(store, {
        claim: ((claim) => (runIds: ReadonlyArray<string>, runner: string) =>
          Effect.map(claim(runIds, runner), (all) =>
            all.map((claimed) =>
              claimed._tag === "Claimed" && claimed.head.runId === "r"
                ? { ...claimed, rows: claimed.rows.map(change) }
                : claimed
            )))(
            store.claim
          )
      })
    }
    const second = yield* world.life(() => [definition = after()])
    const run = yield* inLifeForked(second, Effect.exit(definition.run("r", initial)))
    const sound = yield* inLifeForked(second, Effect.exit(durably(simple()).run("sound", "A")))
    yield* pass(500)
    const own = (run.pollUnsafe() as any)?.value as Exit.Exit<unknown, unknown> | undefined
    const head = (yield* world.store.show("r"))!
    const last = yield* world.rows("r")
    return { world, own, rows, last, head, second, sound: sound.pollUnsafe() as any, definition: () => definition }
  })

/** The run is where it was: nothing but that it was looked at is written, and whoever can may take it. */
const stays = (
  { head, last, rows }: { head: Journal.Head; last: ReadonlyArray<Journal.Row>; rows: ReadonlyArray<Journal.Row> }
) => {
  assert.notStrictEqual(head.status, "ended")
  assert.isUndefined(head.owner)
  assert.deepStrictEqual(last.slice(0, rows.length), rows)
  assert.deepStrictEqual([...new Set(last.slice(rows.length).map(({ kind }) => kind))], ["owner"])
}

describe("a run that can't be restored", () => {
  const cases: Record<string, () => ReturnType<typeof handedOn>> = {
    state: () =>
      handedOn(() => durably(simple(9000)), () =>
        durably(
          durableMachine("w", "A", "B", "C", "Done").register("A", { run: Effect.void, next: "C" })
            .register("C", { run: Effect.void, next: "Done" }).addExitStates("Done")
        )),
    encoding: () =>
      handedOn(() => durably(simple(9000)), () =>
        durably(
          durableMachine("w", "A", "C", "Done").register("A", { run: Effect.void, next: "C" })
            .register("C", { run: Effect.void, next: "Done" }).addExitStates("Done")
        )),
    row: () =>
      handedOn(() => durably(simple(9000)), () => durably(simple()), {
        change: (row) => row.kind === "enter" ? { ...row, data: "{" } : row
      }),
    compensation: () => {
      const machine = (isGone: boolean) =>
        durably(
          durableMachine("w", "A", "B", "Done")
            .register("A", {
              run: Effect.succeed("a"),
              schema: texts,
              ...(isGone ? {} : { compensate: () => Effect.void }),
              next: "B"
            })
            .register("B", { run: Effect.sleep(9000), next: "Done" })
            .addExitStates("Done").withCompensation({})
        )
      return handedOn(() => machine(false), () => machine(true))
    }
  }
  for (const [rule, make] of Object.entries(cases)) {
    it.effect(`stays as it is (${rule}), and the others go on`, () =>
      Effect.gen(function*() {
        const seen = yield* make()
        assert.isDefined(seen.own)
        const error = failed(seen.own!)
        assert.strictEqual(error._tag, "RestoreError")
        assert.strictEqual(error.rule, rule)
        assert.strictEqual(error.runId, "r")
        assert.include(error.message, "run \"r\" can't be restored")
        stays(seen)
        if (rule === "row") assert.deepStrictEqual(seen.sound?.value, Exit.succeed("Done"))
        yield* seen.world.bury(seen.second)
      }))
  }

  it.effect("stays where a branch, a step or a join of it can't be read", () =>
    Effect.gen(function*() {
      const split = () =>
        durably(
          durableMachine("w", "A", "Done").registerSplit("A", {
            a: Effect.succeed("a"),
            b: Effect.as(Effect.sleep(9000), "b")
          }, {
            strategy: JoinStrategy.all,
            schema: texts,
            next: "Done"
          }).addExitStates("Done")
        )
      for (
        const data of [
          "{",
          "7",
          "{\"i\":0}",
          "{\"i\":0,\"x\":{\"s\":7}}",
          "{\"i\":0,\"x\":{\"z\":7}}",
          "{\"x\":{\"s\":\"a\"}}"
        ]
      ) {
        const seen = yield* handedOn(split, split, { change: (row) => row.kind === "settle" ? { ...row, data } : row })
        assert.isDefined(seen.own, data)
        const error = failed(seen.own!)
        assert.strictEqual(error._tag, "RestoreError", data)
        stays(seen)
        yield* seen.world.bury(seen.second)
      }
      for (
        const data of [
          "{}",
          "{\"verdict\":\"proceed\"}",
          "{\"verdict\":\"proceed\",\"timedOut\":false,\"counted\":[1],\"started\":2,\"total\":2}"
        ]
      ) {
        const seen = yield* handedOn(split, split, {
          change: (row) => row.kind === "settle" ? { ...row, kind: "join", key: "/1/A", data } : row
        })
        assert.isDefined(seen.own, data)
        const error = failed(seen.own!)
        assert.strictEqual(error._tag, "RestoreError", data)
        stays(seen)
        yield* seen.world.bury(seen.second)
      }
    }))

  it.effect("stays where a branch that has settled has another name, or is none any more", () =>
    Effect.gen(function*() {
      const split = (...names: ReadonlyArray<string>) => () =>
        durably(
          durableMachine("w", "A", "Done").registerSplit(
            "A",
            Object.fromEntries(names.map((name) => [name, Effect.as(Effect.sleep(name === "a" ? 0 : 9000), name)])),
            { strategy: JoinStrategy.all, schema: texts, next: "Done" }
          ).addExitStates("Done")
        )
      for (const after of [["c", "b"], ["b"]]) {
        const seen = yield* handedOn(split("a", "b"), split(...after))
        assert.strictEqual(failed(seen.own!).rule, "branch")
        assert.include(failed(seen.own!).message, "branch /1/A/a has ended")
        stays(seen)
        yield* seen.world.bury(seen.second)
      }
      const longer = yield* handedOn(split("b", "a"), split("b"))
      assert.strictEqual(failed(longer.own!).rule, "branch")
      stays(longer)
    }))

  it.effect("is none where the branches of a record stand in another order", () =>
    Effect.gen(function*() {
      const ran: Array<string> = []
      const split = (...names: ReadonlyArray<string>) => () =>
        durably(
          durableMachine("w", "A", "Done").registerSplit(
            "A",
            Object.fromEntries(names.map((name) => [
              name,
              Effect.andThen(
                Effect.sync(() => void ran.push(name)),
                Effect.as(Effect.sleep(name === "a" ? 0 : 400), name)
              )
            ])),
            { strategy: JoinStrategy.all, schema: texts, next: "Done" }
          ).addExitStates("Done")
        )
      const seen = yield* handedOn(split("a", "b"), split("b", "a"))
      assert.deepStrictEqual(seen.own, Exit.succeed("Done"))
      // the last two are of the run beside it
      assert.deepStrictEqual(ran, ["a", "b", "b", "b", "a"])
      yield* seen.world.bury(seen.second)
    }))

  it.effect("is seen by who has refused it, too, when it has ended elsewhere", () =>
    Effect.gen(function*() {
      const seen = yield* handedOn(() => durably(simple(9000)), () => durably(simple(), { version: 2 }))
      assert.strictEqual(failed(seen.own!)._tag, "VersionMismatchError")
      const third = yield* seen.world.life(() => [durably(simple(9000))])
      assert.isTrue(yield* passToEnd(seen.world, "r", { most: 12_000, step: 200 }))
      const again = yield* inLifeForked(seen.second, Effect.exit(seen.definition().run("r", "A")))
      yield* pass(100)
      assert.deepStrictEqual((again.pollUnsafe() as any)?.value, Exit.succeed("Done"))
      yield* seen.world.bury(seen.second)
      yield* seen.world.bury(third)
    }))

  it.effect("stays where a run in memory has its id", () =>
    Effect.gen(function*() {
      yield* primeClock
      const world = yield* makeWorld
      let definition: any
      const life = yield* world.life(() => [definition = durably(simple())])
      const memory = yield* inLifeForked(
        life,
        durableMachine("memory", "A", "Done").register("A", { run: Effect.sleep(9000), next: "Done" })
          .addExitStates("Done").orchestrate("A", { runId: "r" })
      )
      const run = yield* inLifeForked(life, Effect.exit(definition.run("r", "A")))
      yield* pass(100)
      assert.include(String((run.pollUnsafe() as any)?.value), "a run of that id goes on")
      const head = (yield* world.store.show("r"))!
      assert.deepInclude(head, { status: "running", owner: undefined })
      yield* Fiber.interrupt(memory)
      const again = yield* inLifeForked(life, Effect.exit(definition.run("r", "A")))
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      yield* pass(50)
      assert.deepStrictEqual((again.pollUnsafe() as any)?.value, Exit.succeed("Done"))
      yield* world.bury(life)
    }))

  it.effect("goes on with a definition that can", () =>
    Effect.gen(function*() {
      const seen = yield* handedOn(() => durably(simple(200)), () =>
        durably(
          durableMachine("w", "A", "C", "Done").register("A", { run: Effect.void, next: "C" })
            .register("C", { run: Effect.void, next: "Done" }).addExitStates("Done")
        ))
      stays(seen)
      const third = yield* seen.world.life(() => [durably(simple(200))])
      assert.isTrue(yield* passToEnd(seen.world, "r", { most: 1000 }))
      assert.strictEqual((yield* seen.world.store.show("r"))!.outcome, "succeeded")
      yield* seen.world.bury(third)
    }))
})

describe("a run of another version", () => {
  it.effect("is refused with both versions where there is no way from one to the other, and stays", () =>
    Effect.gen(function*() {
      const seen = yield* handedOn(() => durably(simple(9000)), () => durably(simple(), { version: 2 }))
      const error = failed(seen.own!)
      assert.strictEqual(error._tag, "VersionMismatchError")
      assert.deepInclude(error, { run: 1, definition: 2, runId: "r", workflow: "w" })
      // not even that it was looked at is written, however often
      const again = yield* Effect.exit(inLife(seen.second, seen.definition().run("r", "A")))
      assert.strictEqual(failed(again)._tag, "VersionMismatchError")
      yield* pass(100)
      assert.deepStrictEqual(yield* seen.world.rows("r"), seen.rows)
      yield* seen.world.bury(seen.second)
    }))

  it.effect("goes on in the state that migrate makes of its own", () =>
    Effect.gen(function*() {
      const Old = Schema.TaggedStruct("Wait", { ms: Schema.Int })
      const New = Schema.TaggedStruct("Sleep", { seconds: Schema.Finite })
      const { Workflow } = yield* Effect.promise(() => import("effect-cano"))
      const machine = (schema: any, name: string, task: any) =>
        (Workflow.make("w", Schema.Union([schema, Schema.Literal("Done")])) as any).register(name, task).addExitStates(
          "Done"
        )
      const seen = yield* handedOn(
        () => durably(machine(Old, "Wait", () => Effect.as(Effect.sleep(9000), "Done"))),
        () =>
          durably(machine(New, "Sleep", ({ seconds }: any) => Effect.as(Effect.sleep(seconds * 1000), "Done")), {
            version: 2,
            migrate: { 1: ({ ms }: any) => ({ _tag: "Sleep", seconds: ms / 1000 }) }
          }),
        { initial: { _tag: "Wait", ms: 100 } }
      )
      void seen
      assert.isTrue(yield* passToEnd(seen.world, "r", { most: 1000 }))
      assert.strictEqual(seen.head.runId, "r")
      assert.strictEqual((yield* seen.world.store.show("r"))!.outcome, "succeeded")
      yield* seen.world.bury(seen.second)
    }))

  it.effect("stays where what migrate makes does not fit the Schema of the states", () =>
    Effect.gen(function*() {
      const { Workflow } = yield* Effect.promise(() => import("effect-cano"))
      const State = Schema.Union([Schema.TaggedStruct("B", { n: Schema.Int }), Schema.Literals(["A", "Done"])])
      const next = (Workflow.make("w", State) as any).register("A", Effect.succeed("Done"))
        .register("B", Effect.succeed("Done")).addExitStates("Done")
      const migrate = { 1: () => ({ _tag: "B" }) }
      const seen = yield* handedOn(() => durably(simple(9000)), () => durably(next, { version: 2, migrate }))
      assert.deepInclude(failed(seen.own!), { _tag: "RestoreError", rule: "state" })
      assert.include(failed(seen.own!).message, "migrated from version 1")
      stays(seen)
      yield* seen.world.bury(seen.second)
    }))

  it.effect("stays where migrate throws, or makes no state", () =>
    Effect.gen(function*() {
      for (
        const migrate of [
          () => {
            throw new Error("no")
          },
          () => "Nowhere",
          () => ({
            get _tag() {
              throw new Error("no")
            }
          }),
          () => undefined
        ]
      ) {
        const seen = yield* handedOn(
          () => durably(simple(9000)),
          () => durably(simple(), { version: 2, migrate: { 1: migrate } })
        )
        assert.strictEqual(failed(seen.own!)._tag, "RestoreError")
        assert.strictEqual(failed(seen.own!).rule, "state")
        stays(seen)
        yield* seen.world.bury(seen.second)
      }
    }))
})

describe("what does not fit its Schema", () => {
  const run = (machine: (life: Life) => Untyped, initial: unknown = "A") =>
    Effect.gen(function*() {
      yield* primeClock
      const world = yield* makeWorld
      let definition: any
      const life = yield* world.life((life) => [definition = durably(machine(life))])
      const fiber = yield* inLifeForked(life, Effect.exit(definition.run("r", initial)))
      yield* pass(200)
      const exit = (fiber.pollUnsafe() as any)?.value as Exit.Exit<unknown, any>
      return { exit, head: yield* world.store.show("r") }
    })

  it.effect("of a branch is its failure, of a step that can be undone its defect", () =>
    Effect.gen(function*() {
      const branch = yield* run(() =>
        durableMachine("w", "A", "Done", "Late").registerSplit("A", { a: Effect.succeed(7) }, {
          strategy: JoinStrategy.all,
          schema: texts,
          next: "Done",
          otherwise: "Late"
        }).addExitStates("Done", "Late")
      )
      assert.deepStrictEqual(branch.exit, Exit.succeed("Late"))
      const undone: Array<string> = []
      const step = yield* run((life) =>
        durableMachine("w", "A", "Done")
          .register("A", {
            run: Effect.succeed(7),
            schema: texts,
            compensate: (done: any) => life.act(() => void undone.push(done._tag)),
            next: "Done"
          }).addExitStates("Done")
      )
      assert.isTrue(Exit.isFailure(step.exit))
      assert.include(Cause.pretty((step.exit as Exit.Failure<unknown, unknown>).cause), "does not fit its Schema")
      assert.deepStrictEqual(undone, ["InDoubt"])
    }))

  it.effect("of the error of a run is a defect that tells it, and a state is an error that names it", () =>
    Effect.gen(function*() {
      const error = yield* run(() =>
        durableMachine("w", "A", "Done").register("A", { run: Effect.fail({ no: "text" }), next: "Done" })
          .addExitStates("Done")
      )
      assert.strictEqual(error.head!.outcome, "failed")
      assert.include(
        Cause.pretty((error.exit as Exit.Failure<unknown, unknown>).cause),
        "does not fit the Schema of errors"
      )
      const initial = yield* run(() => simple(), { _tag: "A" })
      assert.isTrue(Exit.isFailure(initial.exit))
      assert.isUndefined(initial.head)
    }))
})
