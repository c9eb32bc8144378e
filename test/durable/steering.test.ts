/**
 * What is done to a durable run from outside, wherever it is driven, or while nobody drives it: signals, cancelling, pausing;
 * and runs that a step of it has started.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Logger, Option, Schema, Scope } from "effect"
import { JoinStrategy } from "effect-cano"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import * as Task from "effect-cano/Task"
import { primeClock, type Untyped } from "../kit/index.ts"
import {
  durableMachine,
  durably,
  type Fault,
  inLife,
  inLifeForked,
  letter,
  type Life,
  makeWorld,
  pass,
  passToEnd,
  quick,
  texts
} from "./kit.ts"

const go = Signal.make("go", Schema.Int)
const quote = Signal.make("quote", Schema.Int, { reply: Schema.String })

const begin = (
  machine: (life: Life, trail: Array<string>) => Untyped | ReadonlyArray<any>,
  initial = "A",
  faults: ReadonlyArray<Fault> = []
) =>
  Effect.gen(function*() {
    yield* primeClock
    const world = yield* makeWorld
    const trail: Array<string> = []
    let definitions: ReadonlyArray<any>
    const define = (life: Life) => {
      const made = machine(life, trail)
      return definitions = Array.isArray(made) ? made : [durably(made as Untyped)]
    }
    const live = (faults: ReadonlyArray<Fault> = []) => world.life(define, { faults })
    const first = yield* live(faults)
    yield* inLife(first, definitions![0].start("r", initial))
    yield* pass(30)
    const handle = (life: Life) => inLife(life, Effect.map(Runs.get("r"), Option.getOrThrow))
    const exitIn = (life: Life) =>
      Effect.gen(function*() {
        const fiber = yield* inLifeForked(life, Effect.exit(definitions[0].run("r", initial)))
        yield* pass(100)
        return (fiber.pollUnsafe() as any)?.value as Exit.Exit<unknown, unknown> | undefined
      })
    return { world, trail, first, live, handle, exitIn }
  })

const waiting = (life: Life, trail: Array<string>): Untyped => {
  const tell = (what: string) => life.act(() => void trail.push(`${life.number} ${what}`))
  return durableMachine("w", "A", "B", "C", "Done")
    .register("A", {
      run: Effect.as(tell("a"), "a"),
      schema: texts,
      compensate: (done: any) => tell(`undo a ${done._tag}`),
      next: "B"
    })
    .registerSignal("B", go, { next: "C" })
    .register("C", { run: tell("c"), next: "Done" })
    .addExitStates("Done")
}

describe("signals", () => {
  it.effect("whose value does not fit reach nobody: they are refused, and the run goes on waiting", () =>
    Effect.gen(function*() {
      const { exitIn, first, trail, world } = yield* begin(waiting)
      for (const data of ["\"one\"", "null", "no JSON"]) {
        yield* Effect.orDie(world.store.send("r", { ...letter("go", 1), data }))
      }
      yield* pass(500)
      assert.isUndefined(yield* exitIn(first))
      for (const seq of [1, 2, 3]) {
        const sent = (yield* Effect.orDie(world.store.letter("r", seq)))!
        assert.isTrue(sent.isTaken)
        assert.match(sent.answer!, /^\{"refused":"signal \\"go\\" has a value that does not fit its Schema: /)
      }
      const run = yield* inLife(first, Effect.map(Runs.get("r"), Option.getOrThrow))
      yield* run.signal(go, 1)
      yield* pass(100)
      assert.deepStrictEqual(yield* exitIn(first), Exit.succeed("Done"))
      assert.deepStrictEqual(trail, ["0 a", "0 c"])
    }))

  it.effect("sent early, or in another life, or while nobody drives the run, are there; a second one of an id is not", () =>
    Effect.gen(function*() {
      const { exitIn, first, live, trail, world } = yield* begin((life, trail) => {
        return durableMachine("w", "A", "B", "C", "Done")
          .register("A", { run: Effect.sleep(200), next: "B" })
          .registerSignal("B", go, { next: (n: number) => (trail.push(`${life.number} took ${n}`), "C") })
          .registerSignal("C", go, { next: (n: number) => (trail.push(`${life.number} took ${n}`), "Done") })
          .addExitStates("Done")
      })
      const handle = yield* inLife(first, Effect.map(Runs.get("r"), Option.getOrThrow))
      assert.strictEqual(yield* inLife(first, handle.signal(go, 1, { id: "one" })), "kept")
      yield* world.bury(first)
      assert.deepStrictEqual(yield* world.store.send("r", letter("go", 1, { id: "one" })), {
        _tag: "Duplicate",
        seq: 1
      })
      assert.deepStrictEqual(yield* world.store.send("r", letter("go", 2, { id: "two" })), { _tag: "Kept", seq: 2 })
      const second = yield* live()
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      assert.deepStrictEqual(yield* exitIn(second), Exit.succeed("Done"))
      assert.deepStrictEqual(trail, ["1 took 1", "1 took 2"])
      assert.deepStrictEqual(yield* world.store.letters("r"), [])
    }))

  it.effect("that were taken before a crash are there again, unless the row of who took them was written", () =>
    Effect.gen(function*() {
      for (const how of ["before", "after"] as const) {
        const { exitIn, first, live, trail, world } = yield* begin(
          (life, trail) =>
            durableMachine("w", "A", "Done").registerSplit("A", {
              a: Effect.tap(Signal.wait(go), (n) => life.act(() => void trail.push(`${life.number} took ${n}`))).pipe(
                Effect.as("a")
              ),
              b: Effect.as(Effect.sleep(500), "b")
            }, { strategy: JoinStrategy.all, schema: texts, next: "Done" }).addExitStates("Done"),
          "A",
          [{ at: 1, how, times: 1 }]
        )
        yield* world.store.send("r", letter("go", 7))
        yield* pass(50)
        assert.isTrue(first.isDead)
        assert.deepStrictEqual(trail, ["0 took 7"])
        yield* world.bury(first)
        const second = yield* live()
        assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
        assert.deepStrictEqual(yield* exitIn(second), Exit.succeed("Done"))
        assert.deepStrictEqual(trail, how === "before" ? ["0 took 7", "1 took 7"] : ["0 took 7"])
        assert.deepStrictEqual(yield* world.store.letters("r"), [])
      }
    }))

  it.effect("that one branch has taken are not taken with the row of another one", () =>
    Effect.gen(function*() {
      const { first, live, trail, world } = yield* begin((life, trail) =>
        durableMachine("w", "A", "Done").registerSplit("A", {
          a: Effect.tap(Signal.wait(go), (n) => life.act(() => void trail.push(`${life.number} took ${n}`))).pipe(
            Effect.andThen(Effect.sleep(500)),
            Effect.as("a")
          ),
          b: Effect.as(Effect.sleep(60), "b")
        }, { strategy: JoinStrategy.all, schema: texts, next: "Done" }).addExitStates("Done")
      )
      yield* world.store.send("r", letter("go", 7))
      yield* pass(70)
      assert.strictEqual((yield* world.rows("r")).at(-1)!.key, "/1/A/b")
      yield* world.bury(first)
      const second = yield* live()
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      assert.deepStrictEqual(trail, ["0 took 7", "1 took 7"])
      yield* world.bury(second)
    }))

  it.effect("that come as the run is about to be parked wake it, also in the next life", () =>
    Effect.gen(function*() {
      // it waits from 25 ms on, the letter comes at 35 ms, and the runner looks each 20 ms
      const { first, live, trail, world } = yield* begin(
        (life, trail) =>
          durableMachine("w", "A", "B", "Done")
            .register("A", { run: Effect.sleep(25), next: "B" })
            .registerSignal("B", go, { next: (n: number) => (trail.push(`${life.number} took ${n}`), "Done") })
            .addExitStates("Done"),
        "A",
        [{ at: 2, how: "before", times: 1 }]
      )
      yield* pass(5)
      yield* world.store.send("r", letter("go", 7))
      yield* pass(50)
      assert.isTrue(first.isDead)
      yield* world.bury(first)
      const second = yield* live()
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      assert.deepStrictEqual(trail, ["0 took 7", "1 took 7"])
      yield* world.bury(second)
    }))

  it.effect("that come while the run is being taken are not lost", () =>
    Effect.gen(function*() {
      const { first, live, trail, world } = yield* begin(waiting)
      yield* world.bury(first)
      const { claim } = world.store
      Object.assign(world.store, {
        claim: (runIds: ReadonlyArray<string>, runner: string) =>
          Effect.tap(claim(runIds, runner), () => Effect.sleep(100))
      })
      yield* world.store.send("r", letter("other", 0))
      const second = yield* live()
      yield* pass(50)
      assert.deepStrictEqual(world.claims, [0])
      yield* world.store.send("r", letter("go", 1))
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      assert.deepStrictEqual(trail, ["0 a", "1 c"])
      yield* world.bury(second)
    }))

  it.effect("of since: \"visit\" count from the visit on, in each life", () =>
    Effect.gen(function*() {
      const { first, live, trail, world } = yield* begin((life, trail) =>
        durableMachine("w", "A", "B", "Done")
          .register("A", { run: Effect.sleep(100), next: "B" })
          .registerSignal("B", go, {
            since: "visit",
            next: (n: number) => (trail.push(`${life.number} took ${n}`), "Done")
          }).addExitStates("Done")
      )
      yield* world.store.send("r", letter("go", 1))
      yield* pass(200)
      assert.strictEqual((yield* world.store.show("r"))!.state, "B")
      yield* world.bury(first)
      const second = yield* live()
      yield* pass(100)
      assert.deepStrictEqual(trail, [])
      yield* world.store.send("r", letter("go", 2))
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      assert.deepStrictEqual(trail, ["1 took 2"])
      yield* world.bury(second)
    }))

  it.effect("are answered when what has taken them is written, across a crash", () =>
    Effect.gen(function*() {
      const { first, live, world } = yield* begin(
        () =>
          durableMachine("w", "A", "B", "Done")
            .registerSignal("A", quote, { reply: (n: number) => `got ${n}`, next: "B" })
            .register("B", { run: Effect.sleep(50), next: "Done" }).addExitStates("Done"),
        "A",
        [{ at: 1, how: "before", times: 1 }]
      )
      yield* world.store.send("r", letter("quote", 7))
      yield* pass(50)
      assert.isTrue(first.isDead)
      yield* world.bury(first)
      const second = yield* live()
      const handle = yield* inLife(second, Effect.map(Runs.get("r"), Option.getOrThrow))
      const asked = yield* inLifeForked(second, Effect.exit(handle.ask(quote, 8)))
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      yield* pass(100)
      assert.strictEqual((yield* world.store.letter("r", 1))!.answer, "{\"value\":\"got 7\"}")
      // the second one is not taken by anybody
      assert.isTrue(Exit.isFailure((asked.pollUnsafe() as any).value))
    }))

  it.effect("that can't be sent are refused, and say why", () =>
    Effect.gen(function*() {
      const few = Signal.make("few", Schema.Int, { capacity: 1 })
      const { first, handle, world } = yield* begin(() =>
        durableMachine("w", "A", "B", "Done")
          .register("A", { run: Effect.sleep(100), next: "B" })
          .registerSignal("B", few, { next: () => "Done" }).addExitStates("Done")
      )
      const run = yield* handle(first)
      const reasons: Array<string> = []
      const refused = (sent: Effect.Effect<unknown, Signal.SignalError>) =>
        Effect.map(inLife(first, Effect.flip(sent)), ({ reason }) => void reasons.push(reason))
      yield* refused(run.signal(few, "one" as never))
      yield* refused(run.signal(few, 1, { id: "half \ud800" }))
      yield* refused(run.signal(few, 1, { key: "nul \0" }))
      assert.strictEqual(yield* inLife(first, run.signal(few, 1, { id: "i" })), "kept")
      assert.strictEqual(yield* inLife(first, run.signal(few, 2, { id: "i" })), "duplicate")
      yield* refused(run.signal(few, 2))
      const asked = yield* inLifeForked(first, Effect.flip(run.ask(quote, 1)))
      yield* pass(300)
      yield* refused(run.signal(few, 3))
      yield* refused(run.ask(quote, 3))
      yield* refused(Runs.signal("nobody", few, 1) as never)
      reasons.push((asked.pollUnsafe() as any).value.reason)
      assert.deepStrictEqual(reasons, [
        "InvalidValue",
        "InvalidValue",
        "InvalidValue",
        "Full",
        "Ended",
        "Ended",
        "NoSuchRun",
        "Ended"
      ])
      yield* world.bury(first)
    }))
})

describe("cancelling", () => {
  for (const compensate of [true, false]) {
    const ends = compensate ? "undoes what was done" : "leaves what was done"
    const expected = compensate ? ["0 a", "N undo a Succeeded"] : ["0 a"]
    const check = (trail: ReadonlyArray<string>, number: number) =>
      assert.deepStrictEqual(trail, expected.map((one) => one.replace("N", String(number))))

    it.effect(`a run that is driven here ${ends}`, () =>
      Effect.gen(function*() {
        const { exitIn, first, trail, world } = yield* begin(waiting)
        const handle = yield* inLife(first, Effect.map(Runs.get("r"), Option.getOrThrow))
        const cancel = yield* inLifeForked(first, handle.cancel({ compensate }))
        yield* pass(100)
        assert.isDefined(cancel.pollUnsafe())
        const head = (yield* world.store.show("r"))!
        assert.deepInclude(head, { status: "ended", outcome: "cancelled" })
        const exit = (yield* exitIn(first))!
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause))
        check(trail, 0)
        assert.deepStrictEqual(yield* world.store.letters("r"), [])
        yield* world.bury(first)
      }))

    for (const hasLayer of [false, true]) {
      it.effect(`a run that nobody drives ${ends}: it is resumed for that, and starts nothing${hasLayer ? ", with resources" : ""}`, () =>
        Effect.gen(function*() {
          const { first, live, trail, world } = yield* begin((life, trail) => {
            const tell = (what: string) => life.act(() => void trail.push(`${life.number} ${what}`))
            const machine = durableMachine("w", "A", "B", "Done")
              .register("A", {
                run: Effect.as(tell("a"), "a"),
                schema: texts,
                compensate: (done: any) => tell(`undo a ${done._tag}`),
                next: "B"
              })
              .register("B", {
                run: Effect.andThen(life.number === 0 ? Effect.void : tell("b"), Effect.sleep(90_000)),
                next: "Done"
              })
              .addExitStates("Done")
            return hasLayer ? machine.withResources(Layer.effectDiscard(Effect.sleep(10))) : machine
          })
          yield* world.bury(first)
          yield* world.store.send("r", { ...letter("", { compensate }), kind: "cancel", id: "cancel" })
          const second = yield* live()
          assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
          assert.strictEqual((yield* world.store.show("r"))!.outcome, "cancelled")
          check(trail, 1)
          yield* world.bury(second)
        }))
    }

    it.effect(`a run that crashes as it ends ${ends}`, () =>
      Effect.gen(function*() {
        for (let at = 3; at <= (compensate ? 5 : 3); at++) {
          const { first, live, trail, world } = yield* begin(waiting, "A", [{ at, how: "before", times: 1 }])
          yield* world.store.send("r", { ...letter("", { compensate }), kind: "cancel", id: "cancel" })
          yield* pass(50)
          assert.isTrue(first.isDead, `${at}`)
          yield* world.bury(first)
          const second = yield* live()
          assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
          assert.strictEqual((yield* world.store.show("r"))!.outcome, "cancelled")
          assert.deepStrictEqual(
            [...new Set(trail.map((one) => one.slice(2)))],
            compensate ? ["a", "undo a Succeeded"] : ["a"]
          )
          yield* world.bury(second)
        }
      }))
  }

  it.effect("one that waits in a split undoes what was done in it, though it is not entered again", () =>
    Effect.gen(function*() {
      const { first, live, trail, world } = yield* begin((life, trail) => {
        const tell = (what: string) => life.act(() => void trail.push(`${life.number} ${what}`))
        return durableMachine("w", "A", "Done").registerSplit("A", {
          a: Effect.as(tell("a"), "a"),
          b: Effect.as(Effect.interruptible(Effect.sleep(90_000)), "b")
        }, {
          strategy: JoinStrategy.all,
          schema: texts,
          compensate: (done: any, { branch }: any) => tell(`undo ${branch.name} ${done._tag}`),
          next: "Done"
        }).addExitStates("Done").withResources(Layer.effectDiscard(Effect.sleep(10)))
      })
      yield* world.bury(first)
      yield* world.store.send("r", { ...letter("", { compensate: true }), kind: "cancel", id: "cancel" })
      const second = yield* live()
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      assert.deepStrictEqual(
        trail,
        ["0 a", "1 undo a Succeeded", "1 undo b InDoubt"].sort((x, y) => trail.indexOf(x) - trail.indexOf(y))
      )
      assert.strictEqual(trail.length, 3)
      yield* world.bury(second)
    }))

  it.effect("one that goes back already does not stop that", () =>
    Effect.gen(function*() {
      const { first, live, trail, world } = yield* begin((life, trail) => {
        const tell = (what: string) => life.act(() => void trail.push(`${life.number} ${what}`))
        return durableMachine("w", "A", "B", "Done")
          .register("A", {
            run: Effect.succeed("a"),
            schema: texts,
            compensate: () => Effect.andThen(Effect.sleep(100), tell("undo")),
            next: "B"
          })
          .register("B", { run: Effect.fail("no"), next: "Done" })
          .addExitStates("Done")
      })
      assert.strictEqual((yield* world.store.show("r"))!.status, "compensating")
      yield* world.store.send("r", { ...letter("", { compensate: false }), kind: "cancel", id: "cancel" })
      yield* world.bury(first)
      const second = yield* live()
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      assert.deepStrictEqual(trail, ["1 undo"])
      yield* world.bury(second)
    }))
})

describe("pausing", () => {
  it.effect("holds across a crash, before a signal that came later, and ends with resume", () =>
    Effect.gen(function*() {
      const { first, live, trail, world } = yield* begin((life, trail) => {
        const tell = (what: string) => life.act(() => void trail.push(`${life.number} ${what}`))
        return durableMachine("w", "A", "B", "Done")
          .register("A", { run: Effect.sleep(100), next: "B" })
          .register("B", { run: tell("b"), next: "Done" })
          .addExitStates("Done")
      })
      const handle = yield* inLife(first, Effect.map(Runs.get("r"), Option.getOrThrow))
      assert.isTrue(yield* inLife(first, handle.pause("lunch")))
      yield* world.store.send("r", letter("go", 1))
      yield* pass(200)
      assert.strictEqual((yield* world.store.show("r"))!.state, "B")
      assert.deepStrictEqual(trail, [])
      yield* world.bury(first)
      const second = yield* live()
      yield* pass(500)
      assert.deepStrictEqual(trail, [])
      const again = yield* inLife(second, Effect.map(Runs.get("r"), Option.getOrThrow))
      const info = yield* inLife(second, again.info)
      assert.strictEqual(info.status, "paused")
      assert.strictEqual(info.paused?.note, "lunch")
      assert.isTrue(yield* inLife(second, again.resume))
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      assert.deepStrictEqual(trail, ["1 b"])
      yield* world.bury(second)
    }))
})

describe("a run that waits", () => {
  it.effect("waits again when it was paused and resumed: those letters are taken at once", () =>
    Effect.gen(function*() {
      const { first, handle, world } = yield* begin(waiting)
      yield* pass(100)
      const own = yield* handle(first)
      yield* inLife(first, own.pause("lunch"))
      yield* pass(100)
      yield* inLife(first, own.resume)
      yield* pass(100)
      assert.deepStrictEqual(yield* world.store.letters("r"), [])
      assert.strictEqual((yield* world.store.show("r"))!.status, "waiting")
      yield* world.bury(first)
    }))

  it.effect("is parked, is found by who does not drive it, and shows what it waits for where it is driven", () =>
    Effect.gen(function*() {
      const { first, live, world } = yield* begin(waiting)
      yield* pass(100)
      assert.strictEqual((yield* world.store.show("r"))!.status, "waiting")
      const info = yield* inLife(
        first,
        Effect.flatMap(Effect.map(Runs.get("r"), Option.getOrThrow), ({ info }) => info)
      )
      assert.deepInclude(info, { runId: "r", workflow: "w", status: "waiting" })
      assert.deepInclude(info.at, { state: "B", visit: 2 })
      assert.strictEqual(info.waits[0]?.signal, "go")
      const second = yield* live()
      const list = yield* inLife(second, Runs.list)
      assert.deepStrictEqual(list.map(({ runId }) => runId), ["r"])
      const elsewhere = yield* inLife(second, list[0]!.info)
      assert.deepInclude(elsewhere, { runId: "r", workflow: "w", status: "waiting" })
      assert.deepInclude(elsewhere.at, { state: "B", visit: 2 })
      assert.strictEqual(yield* inLife(second, list[0]!.signal(go, 1)), "kept")
      const awaited = yield* inLifeForked(second, list[0]!.await)
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      yield* pass(100)
      assert.deepStrictEqual((awaited.pollUnsafe() as any).value, Exit.succeed("Done"))
      assert.deepStrictEqual(world.claims, [0])
      assert.deepStrictEqual(yield* inLife(second, Runs.list), [])
      // the journal has it, and nobody else
      const after = Option.getOrThrow(yield* inLife(second, Runs.get("r")))
      assert.strictEqual((yield* inLife(second, after.info)).status, "ended")
      assert.include(yield* inLife(second, Effect.flip(after.signal(go, 2))), { reason: "Ended" })
      assert.deepStrictEqual(yield* inLife(second, Runs.get("s")), Option.none())
      yield* world.bury(first)
      yield* world.bury(second)
    }))

  it.effect("and has ended before it was marked, behind another one, leaves all else as it was", () =>
    Effect.gen(function*() {
      yield* primeClock
      const world = yield* makeWorld
      const { store } = world
      const { park } = store
      const parked: Array<string> = []
      Object.assign(store, {
        park: (...given: Parameters<typeof park>) =>
          Effect.andThen(
            Effect.sync(() => void parked.push(given[0])),
            Effect.andThen(Effect.sleep(100), park(...given))
          )
      })
      const lines: Array<unknown> = []
      const logger = Logger.layer([Logger.make(({ message }) => void lines.push(message))])
      const waits = durably(
        durableMachine("w", "A", "Done").registerSignal("A", go, { next: () => "Done" }).addExitStates("Done")
      )
      yield* Effect.gen(function*() {
        const life = yield* world.life(() => [waits])
        for (const runId of ["a", "b"]) yield* inLife(life, waits.start(runId, "A"))
        yield* pass(30)
        assert.deepStrictEqual(parked, ["a"])
        yield* inLife(life, Runs.signal("b", go, 1))
        yield* pass(200)
        assert.deepStrictEqual(parked, ["a"])
        assert.strictEqual((yield* store.show("b"))!.status, "ended")
        yield* world.bury(life)
      }).pipe(Effect.provide(logger))
      assert.deepStrictEqual(lines, [])
    }))

  it.effect("until an instant goes on at it, also if its driver has died in between", () =>
    Effect.gen(function*() {
      const { first, live, world } = yield* begin(() =>
        durableMachine("w", "A", "Done").register("A", { run: Task.timer(10_000), next: "Done" }).addExitStates("Done")
      )
      yield* pass(100)
      assert.deepInclude(yield* world.store.show("r"), { status: "waiting", wakeAt: 10_000 })
      yield* world.bury(first)
      const second = yield* live()
      yield* pass(9000)
      assert.deepInclude(yield* world.store.show("r"), { status: "waiting", wakeAt: 10_000 })
      assert.isTrue(yield* passToEnd(world, "r", { most: 2000 }))
      assert.closeTo((yield* world.store.show("r"))!.updatedAt, 10_000, 100)
      yield* world.bury(second)
    }))

  // only its driver knows all that a run was about to do by itself
  it.effect.each([
    [
      "of the run",
      () =>
        durableMachine("w", "A", "Done").registerSignal("A", go, { next: () => "Done" }).addExitStates("Done")
          .withTimeout(5000)
    ],
    [
      "of its split",
      () =>
        durableMachine("w", "A", "Done").registerSplit("A", [
          Effect.asVoid(Signal.wait(go)),
          Effect.asVoid(Signal.wait(go))
        ], {
          strategy: JoinStrategy.quorum(1),
          timeout: 5000,
          schema: { success: Schema.Void },
          next: "Done"
        } as any).addExitStates("Done")
    ],
    [
      "of a step of its own",
      () =>
        durableMachine("w", "A", "Done").register("A", {
          run: Effect.timeoutOption(Signal.wait(go), 5000),
          next: "Done"
        })
          .addExitStates("Done")
    ]
  ] as ReadonlyArray<readonly [string, () => Untyped]>)(
    "for a signal keeps the deadline %s if its driver has died",
    ([, machine]) =>
      Effect.gen(function*() {
        const { first, live, world } = yield* begin(machine)
        yield* pass(100)
        assert.deepInclude(yield* world.store.show("r"), { status: "waiting" })
        yield* world.bury(first)
        const second = yield* live()
        assert.isTrue(yield* passToEnd(world, "r", { most: 7000 }))
        assert.isAtLeast((yield* world.store.show("r"))!.updatedAt, 5000)
        yield* world.bury(second)
      })
  )
})

describe("a run that a step of another one has started", () => {
  const family = (life: Life, trail: Array<string>) => {
    const tell = (what: string) => life.act(() => void trail.push(`${life.number} ${what}`))
    const child = durably(
      durableMachine("child", "A", "B", "Done")
        .register("A", {
          run: Effect.as(tell("child a"), "a"),
          schema: texts,
          compensate: () => tell("undo child a"),
          next: "B"
        })
        .register("B", { run: Effect.andThen(tell("child b"), Effect.sleep(200)), next: "Done" })
        .addExitStates("Done")
    )
    const parent = durably(
      durableMachine("w", "A", "Done")
        .register("A", { run: Effect.suspend(() => child.child("A")), next: "Done" })
        .addExitStates("Done")
    )
    return [parent, child]
  }

  it.effect("is the same run after a crash, and is not cancelled by that", () =>
    Effect.gen(function*() {
      const { exitIn, first, live, trail, world } = yield* begin(family)
      const [child] = yield* world.store.list({ parent: "r", limit: 10 })
      assert.strictEqual(child!.runId, "r/1/A")
      yield* world.bury(first)
      const second = yield* live()
      yield* pass(100)
      assert.notStrictEqual((yield* world.store.show("r/1/A"))!.status, "ended")
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      assert.deepStrictEqual(yield* exitIn(second), Exit.succeed("Done"))
      assert.deepStrictEqual(trail, ["0 child a", "0 child b", "1 child b"])
      assert.strictEqual((yield* world.store.show("r/1/A"))!.outcome, "succeeded")
      assert.deepStrictEqual(yield* world.store.letters("r/1/A"), [])
      yield* world.bury(second)
    }))

  it.effect("is cancelled with the other one, which waits for that", () =>
    Effect.gen(function*() {
      const { first, trail, world } = yield* begin(family)
      const handle = yield* inLife(first, Effect.map(Runs.get("r"), Option.getOrThrow))
      const cancel = yield* inLifeForked(first, handle.cancel())
      yield* pass(150)
      assert.isDefined(cancel.pollUnsafe())
      assert.strictEqual((yield* world.store.show("r"))!.outcome, "cancelled")
      assert.strictEqual((yield* world.store.show("r/1/A"))!.outcome, "cancelled")
      assert.deepStrictEqual(trail, ["0 child a", "0 child b", "0 undo child a"])
      yield* world.bury(first)
    }))

  it.effect("is cancelled with the other one also if nobody drives that, before anything else of it is undone", () =>
    Effect.gen(function*() {
      const { first, live, trail, world } = yield* begin((life, trail) => {
        const [, child] = family(life, trail)
        const tell = (what: string) => life.act(() => void trail.push(`${life.number} ${what}`))
        const parent = durably(
          durableMachine("w", "A", "B", "Done")
            .register("A", { run: Effect.succeed("a"), schema: texts, compensate: () => tell("undo a"), next: "B" })
            .register("B", { run: Effect.suspend(() => child.child("A")), next: "Done" })
            .addExitStates("Done")
        )
        return [parent, child]
      })
      yield* world.bury(first)
      yield* world.store.send("r", { ...letter("", { compensate: true }), kind: "cancel", id: "cancel" })
      const second = yield* live()
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      assert.strictEqual((yield* world.store.show("r/2/B"))!.outcome, "cancelled")
      assert.deepStrictEqual(trail.filter((one) => one.includes("undo")), ["1 undo child a", "1 undo a"])
      yield* world.bury(second)
    }))

  it.effect("is cancelled where its branch has lost, and that crashed before it could say so", () =>
    Effect.gen(function*() {
      const { first, live, world } = yield* begin(
        (life, trail) => {
          const [, child] = family(life, trail)
          const parent = durably(
            durableMachine("w", "A", "Done").registerSplit("A", {
              a: Effect.as(Effect.sleep(20), "a"),
              b: Effect.suspend(() => child.child("A")) as Effect.Effect<string>
            }, { strategy: JoinStrategy.any, schema: texts, next: "Done" }).addExitStates("Done")
          )
          return [parent, child]
        },
        "A",
        // of the child two states, and of its parent the first branch: that is written, and not answered
        [{ at: 3, how: "after", times: 1 }]
      )
      yield* pass(20)
      assert.isTrue(first.isDead)
      assert.isTrue((yield* world.rows("r")).some(({ kind }) => kind === "settle"))
      yield* world.bury(first)
      const second = yield* live()
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      assert.strictEqual((yield* world.store.show("r/1/A/b"))!.outcome, "cancelled")
      yield* world.bury(second)
    }))

  it.effect("goes on where the other one is stopped at its next row, in a later life of it", () =>
    Effect.gen(function*() {
      yield* primeClock
      const world = yield* makeWorld
      let definitions: ReadonlyArray<any>
      const live = () =>
        world.life((life) => {
          const [, child] = family(life, [])
          const parent = durably(
            durableMachine("w", "A", "Done").registerSplit("A", {
              a: Effect.as(Effect.sleep(100), "a"),
              b: Effect.suspend(() => child.child("A")) as Effect.Effect<string>
            }, { strategy: JoinStrategy.all, schema: texts, next: "Done" }).addExitStates("Done")
          )
          // the last one is closed first
          return definitions = [child, parent]
        }, { settings: { ...quick, stopWithin: 1000 } })
      const first = yield* live()
      yield* inLife(first, definitions![1].start("r", "A"))
      yield* pass(50)
      yield* world.bury(first)
      const second = yield* live()
      yield* pass(50)
      assert.deepStrictEqual(new Set(world.claims), new Set([0, 1]))
      yield* Effect.forkDetach(Scope.close(second.scope, Exit.void), { startImmediately: true })
      yield* pass(200)
      assert.isTrue((yield* world.rows("r")).some(({ key }) => key === "/1/A/a"))
      assert.deepStrictEqual(yield* world.store.letters("r/1/A/b"), [])
      const third = yield* live()
      assert.isTrue(yield* passToEnd(world, "r", { most: 2000 }))
      assert.strictEqual((yield* world.store.show("r/1/A/b"))!.outcome, "succeeded")
      yield* world.bury(third)
    }))

  it.effect("goes on where the Layer of the other one is closed, or its journal is gone", () =>
    Effect.gen(function*() {
      const { first, live, trail, world } = yield* begin(family)
      first.isDown = true
      yield* pass(100)
      first.isDown = false
      yield* pass(50)
      assert.notStrictEqual((yield* world.store.show("r"))!.status, "ended")
      yield* Effect.forkDetach(Scope.close(first.scope, Exit.void), { startImmediately: true })
      yield* pass(50)
      assert.deepStrictEqual(yield* world.store.letters("r/1/A"), [])
      yield* world.bury(first)
      const second = yield* live()
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      assert.strictEqual((yield* world.store.show("r/1/A"))!.outcome, "succeeded")
      assert.notInclude(trail.join(), "undo")
      yield* world.bury(second)
    }))

  for (const by of ["Task.workflow", "orchestrate"]) {
    it.effect(`is that run's also where another one is in between, by ${by}`, () =>
      Effect.gen(function*() {
        const { first, handle, world } = yield* begin(() => {
          const child = durably(
            durableMachine("child", "A", "Done").register("A", { run: Effect.never, next: "Done" })
              .addExitStates("Done")
          )
          const between = durableMachine("between", "I", "O")
            .register("I", { run: Effect.suspend(() => child.child("A")), next: "O" }).addExitStates("O")
          const run = by === "orchestrate"
            ? Effect.suspend(() => between.orchestrate("I"))
            : (Task.workflow as any)(between, "I")
          return [
            durably(durableMachine("w", "A", "Done").register("A", { run, next: "Done" }).addExitStates("Done")),
            child
          ]
        })
        yield* pass(50)
        const open = yield* world.store.list({ parent: "r", limit: 10 })
        assert.deepStrictEqual(open.map(({ workflow }) => workflow), ["child"])
        const own = yield* handle(first)
        yield* inLifeForked(first, own.cancel())
        assert.isTrue(yield* passToEnd(world, open[0]!.runId, { most: 1000 }))
        assert.strictEqual((yield* world.store.show(open[0]!.runId))!.outcome, "cancelled")
        yield* world.bury(first)
      }))
  }

  it.effect("is the one of its step: another one would have the end of the first, and is an error", () =>
    Effect.gen(function*() {
      const { exitIn, first, world } = yield* begin(() => {
        const child = durably(
          durableMachine("child", "A", "B", "Done").register("A", { run: Effect.void, next: "Done" })
            .register("B", { run: Effect.void, next: "Done" }).addExitStates("Done")
        )
        const run = Effect.suspend(() =>
          Effect.andThen(child.child("A"), Effect.andThen(child.child("A"), child.child("B")))
        )
        return [
          durably(durableMachine("w", "A", "Done").register("A", { run, next: "Done" }).addExitStates("Done")),
          child
        ]
      })
      assert.include(String(yield* exitIn(first)), "a step has one child")
      yield* world.bury(first)
    }))

  it.effect("can't be the run that waits for it", () =>
    Effect.gen(function*() {
      const { exitIn, first, world } = yield* begin(() => {
        const own: any = durably(
          durableMachine("w", "A", "Done").register("A", { run: Effect.suspend(() => own.run("r", "A")), next: "Done" })
            .addExitStates("Done")
        )
        return [own]
      })
      assert.include(String(yield* exitIn(first)), "would wait for itself")
      yield* world.bury(first)
    }))
})
