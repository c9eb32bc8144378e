/**
 * What may be written of one value has a limit, in bytes: what is larger fails before it counts as done, with an error that
 * says where it was and how large.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Schema } from "effect"
import { CanoError, JoinStrategy, Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import { int, primeClock, runs } from "../kit/index.ts"
import {
  durableMachine,
  durably,
  inLife,
  inLifeForked,
  type Life,
  makeWorld,
  pass,
  passToEnd,
  texts,
  type World
} from "./kit.ts"

const limit = 100
const settings = { maxPayload: limit, parkAfter: "1 hour", poll: 20, lease: 2000, pause: 10, stopWithin: 0 } as const
const bytes = (text: string): number => new TextEncoder().encode(text).length

/** Texts of a number of bytes, which are kept as they are in JSON. */
const of = (size: number, char: string): string => {
  const text = char.repeat(Math.floor(size / bytes(char)))
  return text + "x".repeat(size - bytes(text))
}

/** A run that is driven by one definition to its end, and its end as another process reads it. */
const ended = (define: (life: Life) => any, start: unknown = "A") =>
  Effect.gen(function*() {
    yield* primeClock
    const world = yield* makeWorld
    let machine: any
    const life = yield* world.life((life) => [machine = define(life)], { settings })
    yield* inLife(life, machine.start("r", start))
    assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
    const exit = yield* inLife(life, Effect.exit(machine.await("r")))
    yield* world.bury(life)
    return { world, exit: exit as Exit.Exit<any, any>, machine }
  })

const defectOf = (exit: Exit.Exit<any, any>): unknown => {
  const cause = Exit.isFailure(exit) ? exit.cause : Cause.empty
  return cause.reasons.find(Cause.isDieReason)?.defect
}

const rowsOf = (world: World, kind: string) =>
  Effect.map(world.rows("r"), (rows) => rows.filter((row) => row.kind === kind))

describe("a branch", () => {
  const split = (value: Effect.Effect<unknown, unknown>) =>
    durably(
      durableMachine("w", "A", "Done", "Degraded").registerSplit("A", { ada: value, bob: Effect.succeed("b") }, {
        strategy: JoinStrategy.all,
        schema: texts,
        next: "Done",
        otherwise: "Degraded"
      }).addExitStates("Done", "Degraded")
    )
  const envelope = bytes("{\"i\":0,\"x\":{\"s\":\"\"}}")

  it.effect.prop(
    "gives a value of as many bytes as there may be, and none of one more, whatever its characters take",
    { more: int(-2, 2), which: int(0, 4) },
    ({ more, which }) =>
      Effect.gen(function*() {
        const value = of(limit - envelope + more, ["a", "é", "語", "😀", "x语"][which]!)
        const { exit, world } = yield* ended(() => split(Effect.succeed(value)))
        const settled = yield* rowsOf(world, "settle")
        const row = settled.find(({ key }) => key === "/1/A/ada")!
        if (more <= 0) {
          assert.deepStrictEqual(exit, Exit.succeed("Done"))
          assert.strictEqual(bytes(row.data), limit + more)
          return
        }
        assert.deepStrictEqual(exit, Exit.succeed("Degraded"))
        assert.deepStrictEqual(JSON.parse(row.data).x, {
          c: [{ l: { runId: "r", state: "A", branch: "ada", size: limit + more, limit } }]
        })
      }),
    runs(60)
  )

  it.effect("has died of it for its join and for who reads it, before anything of it is written", () =>
    Effect.gen(function*() {
      const seen: Array<Exit.Exit<unknown, unknown>> = []
      const machine = () =>
        durably(
          durableMachine("w", "A", "Done").registerSplit("A", { ada: Effect.succeed("x".repeat(200)) }, {
            strategy: JoinStrategy.all,
            schema: texts,
            onOutcome: (outcome: any) => Effect.sync(() => void seen.push(outcome.cause)),
            next: "Done"
          } as never).addExitStates("Done")
        )
      const { exit, world } = yield* ended(machine)
      const error = Exit.isFailure(exit) ? exit.cause.reasons.find(Cause.isFailReason)?.error : undefined
      assert(error instanceof CanoError.JoinUnsatisfiedError)
      const died: any = (seen[0] as any).reasons[0].defect
      assert(died instanceof Durable.PayloadTooLargeError)
      const { branch, limit: most, runId, size, state } = died
      assert.deepStrictEqual({ branch, most, runId, size, state }, {
        branch: "ada",
        most: limit,
        runId: "r",
        size: 200 + envelope,
        state: "A"
      })
      assert.strictEqual(
        died.message,
        `what branch "ada" of state "A" of run "r" has ended with takes 220 bytes, and may take 100 (maxPayload): ` +
          "keep large things outside, and a reference to them here"
      )
      const read = (error.result as any).failures[0].cause.reasons[0].defect
      assert(read instanceof Durable.PayloadTooLargeError)
      assert.strictEqual(read.message, died.message)
      assert.notInclude(JSON.stringify(yield* world.rows("r")), "xxxx")
    }))

  it.effect("whose error or defect is too large has failed all the same, with what can be said of it", () =>
    Effect.gen(function*() {
      const huge = "y".repeat(5000)
      const errors: ReadonlyArray<readonly [Effect.Effect<unknown, unknown>, RegExp]> = [
        [Effect.fail(huge), /^"y{100}…"$/],
        [Effect.die(new RangeError(huge)), /^RangeError: y{1000}…$/],
        [Effect.failCause(Cause.combine(Cause.fail("no"), Cause.die(huge))), /^"y{100}…"$/]
      ]
      for (const [work, detail] of errors) {
        const { exit, world } = yield* ended(() => split(work))
        assert.deepStrictEqual(exit, Exit.succeed("Degraded"))
        const [row] = yield* rowsOf(world, "settle")
        assert.isBelow(row!.data.length, 1500)
        const { c } = JSON.parse(row!.data).x
        assert.match(c.at(-1).l.detail, detail)
        if (c.length === 2) assert.deepStrictEqual(c[0], { e: "no" })
      }
    }))
})

describe("a state", () => {
  const State = Schema.Union([
    Schema.Literals(["A", "Done"]),
    Schema.TaggedStruct("B", { text: Schema.String })
  ])
  const envelope = bytes(`{"_tag":"B","text":""}`)
  const machine = (text: string) =>
    durably(
      (Workflow.make("w", State) as any)
        .register("A", Effect.succeed({ _tag: "B", text }))
        .register("B", Effect.succeed("Done"))
        .addExitStates("Done"),
      {}
    )

  it.effect("that is too large is an error of the run that names it, and is not entered", () =>
    Effect.gen(function*() {
      for (const more of [-1, 0, 1]) {
        const { exit, world } = yield* ended(() => machine(of(limit - envelope + more, "é")))
        if (more <= 0) {
          assert.deepStrictEqual(exit, Exit.succeed("Done"))
          continue
        }
        const error: any = yield* Effect.flip(exit)
        assert.deepInclude(error, { _tag: "WorkflowError", rule: "max-payload", state: "A" })
        assert.match(error.message, /the next state "B" takes 101 bytes, and may take 100 \(maxPayload\)/)
        assert.deepStrictEqual((yield* rowsOf(world, "enter")).map(({ key }) => key), ["/1/A"])
      }
    }))

  it.effect("of a run that is to begin is an issue of who starts it, and nothing is written", () =>
    Effect.gen(function*() {
      for (const more of [0, 1]) {
        const world = yield* makeWorld
        let made: any
        const life = yield* world.life(() => [made = machine("")], { settings })
        const start = Effect.exit(made.start("r", { _tag: "B", text: of(limit - envelope + more, "語") }))
        const exit: any = yield* inLife(life, start as Effect.Effect<Exit.Exit<unknown, unknown>>)
        if (more === 0) assert.deepStrictEqual(exit, Exit.succeed(true))
        else {
          const error: any = yield* Effect.flip(exit as Exit.Exit<unknown, unknown>)
          assert.deepInclude(error.issues[0], { rule: "initial-state", state: "B" })
          assert.match(error.message, /the initial state "B" takes 101 bytes, and may take 100/)
          assert.isUndefined(yield* world.store.show("r"))
        }
        yield* world.bury(life)
      }
    }))
})

describe("a step that can be undone", () => {
  const undone: Array<string> = []
  const machine = (work: Effect.Effect<unknown, unknown>, undo: Effect.Effect<void, unknown> = Effect.void) =>
    durably(
      durableMachine("w", "A", "B", "Done")
        .register("A", {
          run: work,
          schema: texts,
          compensate: (_: unknown, { _tag }: any) => Effect.andThen(Effect.sync(() => void undone.push(_tag)), undo),
          next: "B"
        } as never)
        .register("B", { run: Effect.fail("z".repeat(500)), next: "Done" })
        .addExitStates("Done")
        .withCompensation({}),
      { operator: "never" }
    )

  it.effect("and has done something that is too large is in doubt, and undone", () =>
    Effect.gen(function*() {
      undone.length = 0
      const { exit } = yield* ended(() => machine(Effect.succeed("x".repeat(200))))
      const died = defectOf(exit)
      assert(died instanceof Durable.PayloadTooLargeError)
      assert.deepInclude({ ...died }, { state: "A", branch: undefined, size: bytes(`{"x":{"s":""}}`) + 200 })
      assert.strictEqual(undone.length, 1)
    }))

  it.effect("goes back for a reason that is too large, and fails to with one: both are told of within the limit", () =>
    Effect.gen(function*() {
      undone.length = 0
      const { exit, world } = yield* ended(() =>
        machine(Effect.succeed("a"), Effect.fail("q".repeat(500)) as Effect.Effect<void, unknown>)
      )
      assert.isTrue(Exit.isFailure(exit))
      const rows = yield* rowsOf(world, "compensate")
      assert.deepStrictEqual(rows.map(({ data }) => /"detail":"\\"([qz])/.exec(data)?.[1]), ["z", "q"])
      for (const { data } of rows) assert.isBelow(data.length, 500)
      assert.match(String(exit), /CompensationError/)
    }))
})

describe("the end of a run", () => {
  it.effect("with an error that is too large is one that says so, and none of the engine is", () =>
    Effect.gen(function*() {
      const failing = () =>
        durably(
          durableMachine("w", "A", "Done").register("A", { run: Effect.fail("w".repeat(500)), next: "Done" })
            .addExitStates("Done")
        )
      const { exit } = yield* ended(failing)
      const died = defectOf(exit)
      assert(died instanceof Durable.PayloadTooLargeError)
      assert.match(died.message, /^what run "r" has ended with takes 5\d\d bytes.*; it was "w{100}…"$/)
      // what its branches have ended with was written before
      const many = () =>
        durably(
          durableMachine("w", "A", "Done").registerSplit(
            "A",
            { ada: Effect.succeed("a".repeat(70)), bob: Effect.succeed("b".repeat(70)), cyd: Effect.fail("c") },
            { strategy: JoinStrategy.quorum(3), schema: texts, next: "Done" }
          ).addExitStates("Done")
        )
      const error: any = yield* Effect.flip((yield* ended(many)).exit)
      assert(error instanceof CanoError.JoinUnsatisfiedError)
      assert.deepStrictEqual((error.result as any).outcomes.ada.value, "a".repeat(70))
    }))
})

describe("a signal", () => {
  const Note = Signal.make("note", Schema.String, { reply: Schema.String } as never) as any
  const machine = () =>
    durably(
      durableMachine("w", "A", "Done").registerSignal("A", Note, {
        next: "Done",
        reply: (text: string) => text === "long" ? "r".repeat(200) : "ok"
      } as never).addExitStates("Done")
    )

  it.effect("that is too large reaches nobody, and who sends it is told", () =>
    Effect.gen(function*() {
      yield* primeClock
      const world = yield* makeWorld
      let made: any
      const life = yield* world.life(() => [made = machine()], { settings })
      yield* inLife(life, made.start("r", "A"))
      yield* pass(50)
      const error: any = yield* inLife(life, Effect.flip(Runs.signal("r", Note, of(99, "é"))))
      assert.deepInclude(error, { _tag: "SignalError", reason: "TooLarge", runId: "r", signal: "note" })
      assert.match(error.message, /what was sent is too large: it takes 101 bytes, and may take 100/)
      assert.deepStrictEqual(yield* world.store.letters("r"), [])
      yield* inLife(life, Runs.signal("r", Note, of(98, "é")))
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      yield* world.bury(life)
    }))

  it.effect("whose reply is too large is taken, and has none", () =>
    Effect.gen(function*() {
      yield* primeClock
      for (const [text, answer] of [["short", "ok"], ["long", "NoReply"]] as const) {
        const world = yield* makeWorld
        let made: any
        const life = yield* world.life(() => [made = machine()], { settings })
        yield* inLife(life, made.start("r", "A"))
        yield* pass(50)
        const asked = yield* inLifeForked(life, Effect.exit(Runs.ask("r", Note, text)))
        assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
        yield* pass(50)
        const exit: any = (asked.pollUnsafe() as any).value
        if (answer === "ok") assert.deepStrictEqual(exit, Exit.succeed("ok"))
        else assert.deepInclude(yield* Effect.flip(exit as Exit.Exit<unknown, object>), { reason: "NoReply" })
        yield* world.bury(life)
      }
    }))
})

describe("maxPayload", () => {
  it.effect("is a whole number of bytes, or no limit", () =>
    Effect.gen(function*() {
      const taken = (maxPayload: unknown) =>
        Effect.exit(Effect.provide(Durable.Settings, Durable.settings({ maxPayload: maxPayload as number })))
      for (const wrong of [0, -1, 1.5, NaN, "1 MiB", null]) {
        assert.match(String(yield* taken(wrong)), /maxPayload is .*; it must be an integer of at least 1, in bytes/)
      }
      for (const right of [1, 2 ** 40, Infinity]) {
        assert.strictEqual((yield* yield* taken(right)).maxPayload, right)
      }
      const usual = yield* Effect.provide(Durable.Settings, Layer.empty)
      assert.strictEqual(usual.maxPayload, 1024 * 1024)
    }))
})
