/**
 * Runs of which everything only waits: they are given up, keep nothing in any process, and go on where somebody finds that they
 * are due; nothing is lost or repeated by that.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Layer, Option, Schema } from "effect"
import { JoinStrategy, TaskResult } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Journal from "effect-cano/journal"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import * as Task from "effect-cano/Task"
import { primeClock, turns, type Untyped } from "../kit/index.ts"
import {
  durableMachine,
  durably,
  inLife,
  inLifeForked,
  letter,
  type Life,
  makeWorld,
  pass,
  passToEnd,
  quick,
  texts,
  type World
} from "./kit.ts"

const go = Signal.make("go", Schema.Int)
const settings = { ...quick, parkAfter: 1000 }
const { all } = JoinStrategy

const begin = (
  machine: (life: Life, tell: (what: string) => Effect.Effect<void>) => Untyped,
  prepare: (world: World) => void = () => {},
  own: Parameters<typeof Durable.settings>[0] = settings
) =>
  Effect.gen(function*() {
    yield* primeClock
    const world = yield* makeWorld
    prepare(world)
    const trail: Array<string> = []
    let definition: any
    const live = () =>
      world.life(
        (life) => [
          definition = durably(machine(life, (what) => life.act(() => void trail.push(`${life.number} ${what}`))))
        ],
        { settings: own }
      )
    const first = yield* live()
    yield* inLife(first, definition.start("r", "A"))
    yield* pass(50)
    const head = Effect.map(Effect.orDie(world.store.show("r")), (head) => head!)
    const handle = (life: Life) => inLife(life, Effect.map(Runs.get("r"), Option.getOrThrow))
    const isParked = Effect.map(head, ({ owner, status }) => status === "waiting" && owner === undefined)
    const signal = (life: Life, value: number) =>
      Effect.flatMap(handle(life), (handle) => inLife(life, handle.signal(go, value)))
    const run = (life: Life) => inLifeForked(life, Effect.exit(definition.run("r", "A")))
    const end = Effect.gen(function*() {
      for (const life of world.lives) yield* world.bury(life)
    })
    return { world, trail, first, live, head, handle, isParked, signal, run, end }
  })

type Tell = (what: string) => Effect.Effect<void>

/** What a process keeps of durable runs. */
const keptIn = (life: Life): number => {
  const runs = life.services.mapUnsafe.get(Runs.Runs.key) as { readonly runs: Map<string, unknown> }
  return runs.runs.size
}

const waiting = (_: Life, tell: Tell): Untyped =>
  durableMachine("w", "A", "B", "Done")
    .registerSplit("A", { a: Effect.as(tell("a"), "a") }, { strategy: all, schema: texts, next: "B" })
    .registerSignal("B", go, { next: "Done" })
    .addExitStates("Done")

describe("a run that waits for a signal", () => {
  it.effect("is given up, and goes on at once when somebody here sends it", () =>
    Effect.gen(function*() {
      const { end, first, handle, head, isParked, run, signal, trail, world } = yield* begin(waiting)
      assert.isTrue(yield* isParked)
      assert.strictEqual(keptIn(first), 0)
      assert.deepInclude(yield* inLife(first, Effect.flatMap(handle(first), ({ info }) => info)), {
        status: "waiting",
        waits: [],
        wakeAt: undefined
      })
      const waits = yield* run(first)
      yield* pass(10_000)
      // nobody has looked at it
      assert.isTrue(yield* isParked)
      assert.deepStrictEqual(world.claims, [0])
      const before = yield* Clock.currentTimeMillis
      assert.strictEqual(yield* signal(first, 1), "kept")
      yield* turns(200)
      assert.strictEqual(yield* Clock.currentTimeMillis, before)
      assert.strictEqual((yield* head).status, "ended")
      yield* pass(100)
      assert.deepStrictEqual((waits.pollUnsafe() as any).value, Exit.succeed("Done"))
      assert.deepStrictEqual(trail, ["0 a"])
      assert.deepStrictEqual(yield* world.store.letters("r"), [])
      yield* end
    }))

  it.effect("goes on within a poll where another process sends it, in whichever drives such runs", () =>
    Effect.gen(function*() {
      const { end, first, isParked, live, run, trail, world } = yield* begin(waiting)
      yield* world.bury(first)
      assert.isTrue(yield* isParked)
      const second = yield* live()
      const waits = yield* run(second)
      yield* pass(5000)
      assert.deepStrictEqual(world.claims, [0])
      yield* world.store.send("r", letter("go", 1))
      yield* pass(20)
      assert.strictEqual((yield* world.store.show("r"))!.status, "ended")
      yield* pass(50)
      assert.deepStrictEqual((waits.pollUnsafe() as any).value, Exit.succeed("Done"))
      assert.deepStrictEqual(world.claims, [0, 1])
      assert.deepStrictEqual(trail, ["0 a"])
      yield* end
    }))

  it.effect("is taken by a letter that it does not wait for, and parked again", () =>
    Effect.gen(function*() {
      const { end, first, isParked, signal, world } = yield* begin(waiting)
      yield* world.store.send("r", letter("other", 0))
      yield* pass(100)
      assert.isTrue(yield* isParked)
      assert.deepStrictEqual(world.claims, [0, 0])
      yield* pass(5000)
      assert.deepStrictEqual(world.claims, [0, 0])
      yield* signal(first, 1)
      assert.isTrue(yield* passToEnd(world, "r", { most: 100 }))
      yield* end
    }))

  it.effect("is cancelled while it is parked, and undoes what it has done", () =>
    Effect.gen(function*() {
      const { end, first, handle, head, isParked, trail } = yield* begin((_, tell) =>
        durableMachine("w", "A", "B", "Done")
          .register("A", { run: Effect.as(tell("a"), "a"), schema: texts, compensate: () => tell("undo"), next: "B" })
          .registerSignal("B", go, { next: "Done" })
          .addExitStates("Done")
      )
      assert.isTrue(yield* isParked)
      const cancel = yield* inLifeForked(first, (yield* handle(first)).cancel())
      yield* pass(100)
      assert.isDefined(cancel.pollUnsafe())
      assert.deepInclude(yield* head, { status: "ended", outcome: "cancelled" })
      assert.deepStrictEqual(trail, ["0 a", "0 undo"])
      yield* end
    }))

  it.effect("has no outcome by that, and its resources are there again when it goes on", () =>
    Effect.gen(function*() {
      const { end, first, isParked, signal, trail, world } = yield* begin((life, tell) =>
        waiting(life, tell).withResources(
          Layer.effectDiscard(Effect.acquireRelease(tell("acquire"), () => tell("release")))
        )
      )
      assert.isTrue(yield* isParked)
      assert.deepStrictEqual(trail, ["0 acquire", "0 a", "0 release"])
      yield* signal(first, 1)
      assert.isTrue(yield* passToEnd(world, "r", { most: 200 }))
      assert.deepStrictEqual(trail, ["0 acquire", "0 a", "0 release", "0 acquire", "0 release"])
      yield* end
    }))
})

describe("a run that waits for an instant", () => {
  it.effect("is taken within a poll of it, in any process", () =>
    Effect.gen(function*() {
      const { end, first, head, isParked, live, world } = yield* begin(() =>
        durableMachine("w", "A", "Done").register("A", { run: Task.timer(60_000), next: "Done" }).addExitStates("Done")
      )
      assert.isTrue(yield* isParked)
      assert.strictEqual((yield* head).wakeAt, 60_000)
      yield* world.bury(first)
      yield* live()
      yield* pass(59_900)
      assert.deepStrictEqual(world.claims, [0])
      yield* pass(75)
      assert.strictEqual((yield* head).status, "ended")
      assert.closeTo((yield* head).updatedAt, 60_000, 20)
      yield* end
    }))

  it.effect("is driven on where that is near", () =>
    Effect.gen(function*() {
      const { end, head, world } = yield* begin(() =>
        durableMachine("w", "A", "B", "Done")
          .register("A", { run: Task.timer(900), next: "B" })
          .registerSignal("B", go, { timeout: 900, next: "Done", otherwise: "Done" })
          .addExitStates("Done")
      )
      assert.deepInclude(yield* head, { status: "waiting", wakeAt: 900 })
      assert.isDefined((yield* head).owner)
      assert.isTrue(yield* passToEnd(world, "r", { most: 2000 }))
      assert.deepStrictEqual(world.claims, [0])
      assert.strictEqual((yield* head).updatedAt, 1800)
      yield* end
    }))

  it.effect("is driven on where nothing is to be parked", () =>
    Effect.gen(function*() {
      const { end, head } = yield* begin(waiting, undefined, quick)
      assert.isDefined((yield* head).owner)
      yield* end
    }))
})

const split = (branches: unknown, options: object = {}) => (_life?: Life, _tell?: Tell): Untyped =>
  durableMachine("w", "A", "B", "Done")
    .registerSplit("A", branches, { strategy: all, schema: texts, next: "Done", otherwise: "Done", ...options })
    .registerSignal("B", go, { next: "Done" })
    .addExitStates("Done")

const wait = Effect.as(Signal.wait(go), "took")

describe("what is parked", () => {
  const cases: Record<string, readonly [(life: Life, tell: Tell) => Untyped, until: number | undefined]> = {
    "a branch that is a wait": [split({ a: wait, b: Effect.succeed("b") }), undefined],
    "a wait for a signal with a timeout": [
      split({ a: Signal.wait(go, { timeout: 50_000 }) }, { schema: { success: Schema.Int, error: Schema.Any } }),
      50_000
    ],
    "a timer as a branch": [split({ a: Effect.as(Task.run(Task.timer(40_000)), "a"), b: wait }), 40_000],
    "what is made of a wait": [
      (_, tell) => split({ a: Effect.tap(Effect.map(wait, (text) => `${text}!`), tell("then")) })(),
      undefined
    ],
    "until the deadline of its split": [split({ a: wait }, { timeout: 30_000 }), 30_000],
    "until the soft deadline of its split": [
      split({ a: wait, b: Effect.succeed("b") }, {
        strategy: JoinStrategy.relax(all, { after: 20_000, enough: JoinStrategy.quorum(1) as any }),
        timeout: 30_000
      }),
      20_000
    ],
    "until the time of the run is up": [
      (life, tell) => waiting(life, tell).withTimeout(10_000),
      10_000
    ],
    "until a signal is too late": [
      () =>
        durableMachine("w", "A", "Done").registerSignal("A", go, { timeout: 15_000, next: "Done", otherwise: "Done" })
          .addExitStates("Done"),
      15_000
    ],
    "follow-on branches that wait": [
      () =>
        durableMachine("w", "A", "B", "C", "D", "Done")
          .registerSplit("A", () => TaskResult.split(["B", "C", "D"]), { strategy: all, next: "Done" })
          .registerSignal("B", go, { timeout: 25_000, next: "Done", otherwise: "Done" })
          .register("C", { run: Task.timer(35_000), next: "Done" })
          .registerSplit("D", { x: Effect.succeed("x"), y: wait }, { strategy: all, schema: texts, next: "Done" })
          .addExitStates("Done"),
      25_000
    ]
  }
  for (const [what, [machine, until]] of Object.entries(cases)) {
    it.effect(what, () =>
      Effect.gen(function*() {
        const { end, first, head, isParked, live, signal, world } = yield* begin(machine)
        assert.isTrue(yield* isParked)
        assert.strictEqual((yield* head).wakeAt, until)
        assert.strictEqual(keptIn(first), 0)
        yield* world.bury(first)
        const second = yield* live()
        yield* pass(5000)
        assert.deepStrictEqual(world.claims, [0])
        if (until === undefined) {
          yield* signal(second, 1)
          assert.isTrue(yield* passToEnd(world, "r", { most: 200 }))
        } else {
          // it takes up what is due then, and waits on for what is not
          yield* pass(until - 5100)
          assert.deepStrictEqual(world.claims, [0])
          yield* pass(150)
          assert.isAbove(world.claims.length, 1)
          const { status, wakeAt } = yield* head
          assert.isTrue(status === "ended" || (wakeAt ?? Infinity) > until)
        }
        yield* end
      }))
  }

  it.effect("the time of a wait goes on while it is parked, and is over with it", () =>
    Effect.gen(function*() {
      const { end, head, trail, world } = yield* begin((_, tell) =>
        split({
          a: Effect.catch(Signal.wait(go, { timeout: 5000 }), (error) => Effect.as(tell(error._tag), "late")),
          b: Effect.as(Task.run(Task.timer(2000)), "b")
        }, { schema: { success: Schema.Any, error: Schema.Any } })()
      )
      assert.strictEqual((yield* head).wakeAt, 2000)
      yield* pass(2000)
      assert.strictEqual((yield* head).wakeAt, 5000)
      assert.deepStrictEqual(world.claims, [0, 0])
      assert.isTrue(yield* passToEnd(world, "r", { most: 4000 }))
      assert.closeTo((yield* head).updatedAt, 5000, 25)
      assert.deepStrictEqual(trail, ["0 SignalTimeoutError"])
      assert.deepStrictEqual(world.claims, [0, 0, 0])
      yield* end
    }))
})

describe("what is driven on", () => {
  const cases: Record<string, (life: Life, tell: Tell) => Untyped> = {
    "a branch that did something, and waits": (_, tell) => split({ a: Effect.andThen(tell("a"), wait), b: wait })(),
    "a branch that has waited before": (_, tell) =>
      split({ a: Effect.andThen(Effect.tap(Signal.wait(Signal.make("first", Schema.Int)), tell("a")), wait) })(),
    "a branch that has waited for an instant before": (_, tell) =>
      split({ a: Effect.andThen(Effect.tap(Task.run(Task.timer(10)), tell("a")), wait) })(),
    "an otherwise that waits": (_, tell) =>
      durableMachine("w", "A", "Done")
        .registerSignal("A", Signal.make("second", Schema.Int), {
          timeout: 10,
          next: "Done",
          otherwise: () => Effect.andThen(tell("a"), Effect.as(Signal.wait(go), "Done"))
        }).addExitStates("Done"),
    "a task that waits in it": (_, tell) =>
      durableMachine("w", "A", "Done")
        .register("A", { run: Effect.andThen(tell("a"), Signal.wait(go)), next: "Done" }).addExitStates("Done"),
    "a next that waits": (_, tell) =>
      durableMachine("w", "A", "Done")
        .registerSignal("A", Signal.make("first", Schema.Int), {
          next: () => Effect.andThen(tell("a"), Effect.as(Signal.wait(go), "Done"))
        }).addExitStates("Done"),
    "a branch that runs beside it": (_, tell) =>
      split({ a: wait, b: Effect.andThen(tell("a"), Effect.as(Effect.sleep(30_000), "b")) })(),
    "a branch that can be undone": (_, tell) =>
      split({ a: wait, b: Effect.as(tell("a"), "b") }, { compensate: { a: () => Effect.void } })(),
    "what an earlier state has left running": (_, tell) =>
      durableMachine("w", "A", "B", "Done")
        .register("A", {
          run: Effect.forkChild(Effect.andThen(tell("a"), Effect.sleep(50_000))) as any,
          next: "B"
        })
        .registerSignal("B", go, { next: "Done" }).addExitStates("Done"),
    "an observer that was told": (_, tell) =>
      split({ a: wait, b: Effect.succeed("b") }, { onOutcome: ({ name }: any) => tell(name === "b" ? "a" : "") })(),
    "a branch behind a bulkhead": (_, tell) => split({ a: wait, b: Effect.as(tell("a"), "b") }, { bulkhead: 2 })()
  }
  for (const [what, machine] of Object.entries(cases)) {
    it.effect(what, () =>
      Effect.gen(function*() {
        const { end, first, head, signal, trail, world } = yield* begin(machine)
        yield* world.store.send("r", letter("first", 0))
        yield* pass(2000)
        assert.isDefined((yield* head).owner)
        const claims = [...world.claims]
        yield* signal(first, 1)
        yield* signal(first, 2)
        assert.isTrue(yield* passToEnd(world, "r", { most: 60_000, step: 500 }))
        assert.deepStrictEqual(trail.filter((one) => one === "0 a"), ["0 a"])
        assert.deepStrictEqual(world.claims, claims)
        yield* end
      }))
  }
})

describe("a run that is paused", () => {
  const three = (_: Life, tell: Tell): Untyped =>
    durableMachine("w", "A", "B", "Done")
      .register("A", { run: Effect.sleep(100), next: "B" })
      .register("B", { run: tell("b"), next: "Done" })
      .addExitStates("Done")

  it.effect("before a state is parked, and goes on with resume", () =>
    Effect.gen(function*() {
      const { end, first, handle, head, isParked, trail, world } = yield* begin(three)
      const paused = yield* handle(first)
      assert.isTrue(yield* inLife(first, paused.pause("lunch")))
      yield* pass(500)
      assert.isTrue(yield* isParked)
      assert.strictEqual(keptIn(first), 0)
      assert.deepInclude(yield* inLife(first, paused.info), { status: "paused" })
      yield* pass(5000)
      assert.deepStrictEqual(world.claims, [0])
      assert.strictEqual((yield* head).state, "B")
      assert.deepStrictEqual(trail, [])
      assert.isTrue(yield* inLife(first, paused.resume))
      yield* turns(200)
      assert.strictEqual((yield* head).status, "ended")
      assert.deepStrictEqual(trail, ["0 b"])
      yield* end
    }))

  it.effect("while its time runs on", () =>
    Effect.gen(function*() {
      const { end, first, handle, head, isParked, trail, world } = yield* begin((life, tell) =>
        three(life, tell).withTimeout(8000)
      )
      yield* inLife(first, (yield* handle(first)).pause())
      yield* pass(500)
      assert.isTrue(yield* isParked)
      assert.strictEqual((yield* head).wakeAt, 8000)
      assert.isTrue(yield* passToEnd(world, "r", { most: 9000, step: 100 }))
      assert.deepInclude(yield* head, { outcome: "failed" })
      assert.closeTo((yield* head).updatedAt, 8000, 25)
      assert.deepStrictEqual(trail, [])
      yield* end
    }))

  it.effect("within a state is driven on, as what that waits for goes on", () =>
    Effect.gen(function*() {
      const { end, first, handle, head, isParked, signal, world } = yield* begin(
        () =>
          durableMachine("w", "A", "B", "C", "Done")
            .register("A", { run: Effect.sleep(60), next: "B" })
            .registerSignal("B", go, { next: "C" })
            .register("C", { run: Effect.void, next: "Done" }).addExitStates("Done"),
        undefined,
        { ...settings, poll: 300 }
      )
      yield* pass(20)
      yield* inLife(first, (yield* handle(first)).pause())
      yield* pass(1000)
      assert.isDefined((yield* head).owner)
      yield* signal(first, 1)
      yield* turns(100)
      // what comes next waits for resume
      assert.strictEqual((yield* head).state, "C")
      yield* pass(1000)
      assert.isTrue(yield* isParked)
      yield* inLife(first, (yield* handle(first)).resume)
      assert.isTrue(yield* passToEnd(world, "r", { most: 400 }))
      yield* end
    }))

  it.effect("and resumed within a state is parked when that waits", () =>
    Effect.gen(function*() {
      const { end, first, handle, isParked, signal, world } = yield* begin(waiting)
      assert.isTrue(yield* isParked)
      yield* inLife(first, (yield* handle(first)).pause())
      yield* pass(100)
      assert.isTrue(yield* isParked)
      yield* inLife(first, (yield* handle(first)).resume)
      yield* pass(100)
      assert.isTrue(yield* isParked)
      assert.deepStrictEqual(yield* world.store.letters("r"), [])
      yield* signal(first, 1)
      assert.isTrue(yield* passToEnd(world, "r", { most: 100 }))
      yield* end
    }))
})

describe("while a run is being parked", () => {
  /** Something happens before the journal parks it, or after that, before it answers. */
  const around = (world: World, when: "before" | "after", what: Effect.Effect<unknown, any>) => {
    const { park } = world.store
    let times = 0
    Object.assign(world.store, {
      park: (runId: string, parked: Journal.Parked) =>
        Effect.suspend(() => {
          if (!parked.isReleased || times++ > 0) return park(runId, parked)
          return when === "before"
            ? Effect.andThen(what, park(runId, parked))
            : Effect.tap(park(runId, parked), () => what)
        })
    })
  }

  for (const when of ["before", "after"] as const) {
    it.effect(`a letter that comes ${when} that is not lost, nor taken twice`, () =>
      Effect.gen(function*() {
        const { end, head, trail, world } = yield* begin(
          (_, tell) => split({ a: Effect.tap(wait, tell("took")), b: wait })(),
          (world) =>
            around(
              world,
              when,
              Effect.andThen(world.store.send("r", letter("go", 1)), Effect.sleep(100))
            )
        )
        yield* pass(500)
        assert.deepStrictEqual(world.claims, when === "before" ? [0] : [0, 0])
        yield* pass(500)
        yield* world.store.send("r", letter("go", 2))
        assert.isTrue(yield* passToEnd(world, "r", { most: 200 }))
        assert.strictEqual((yield* head).outcome, "succeeded")
        assert.deepStrictEqual(trail, ["0 took"])
        assert.deepStrictEqual(yield* world.store.letters("r"), [])
        yield* end
      }))

    it.effect(`a signal that somebody here sends ${when} that has it go on at once`, () =>
      Effect.gen(function*() {
        let isSent = false
        const sent: Array<Effect.Effect<unknown, unknown>> = []
        const { end, first, head, signal, world } = yield* begin(
          waiting,
          (world) =>
            around(
              world,
              when,
              Effect.sleep(100).pipe(
                Effect.andThen(Effect.suspend(() => sent[0]!)),
                Effect.tap(Effect.sync(() => isSent = true))
              )
            )
        )
        sent.push(signal(first, 1))
        while (!isSent) yield* pass(1)
        yield* turns(300)
        assert.strictEqual((yield* head).status, "ended")
        assert.deepStrictEqual(world.claims, when === "before" ? [0] : [0, 0])
        yield* end
      }))
  }

  it.effect("a deadline that passes writes nothing behind it", () =>
    Effect.gen(function*() {
      const { end, head, world } = yield* begin(
        () =>
          durableMachine("w", "A", "B", "Done")
            .register("A", { run: Task.timer(1100), next: "B" })
            .register("B", { run: Effect.void, next: "Done" }).addExitStates("Done"),
        (world) => around(world, "after", Effect.sleep(1500)),
        { ...settings, patience: 5000 }
      )
      yield* pass(1400)
      assert.deepInclude(yield* head, { state: "A", n: 1, owner: undefined, status: "waiting" })
      assert.isTrue(yield* passToEnd(world, "r", { most: 500 }))
      assert.deepStrictEqual((yield* world.rows("r")).map(({ kind }) => kind), [
        "enter",
        "owner",
        "owner",
        "enter",
        "enter",
        "exit"
      ])
      yield* end
    }))

  it.effect("a deadline that passes is written where it is not given up", () =>
    Effect.gen(function*() {
      const { end, world } = yield* begin(
        () =>
          durableMachine("w", "A", "B", "Done")
            .register("A", { run: Task.timer(1100), next: "B" })
            .register("B", { run: Effect.void, next: "Done" }).addExitStates("Done"),
        (world) => around(world, "before", Effect.andThen(world.store.send("r", letter("go", 1)), Effect.sleep(1500))),
        { ...settings, patience: 5000 }
      )
      assert.isTrue(yield* passToEnd(world, "r", { most: 2000 }))
      assert.deepStrictEqual(world.claims, [0])
      yield* end
    }))

  for (const how of ["refused", "lost", "hanging"] as const) {
    it.effect(`a journal whose answer is ${how} has it taken again, and go on`, () =>
      Effect.gen(function*() {
        let faults = 2
        const fail = Effect.fail(
          new Journal.JournalError({ runId: "r", reason: "Unavailable", operation: "park", detail: "it is down" })
        )
        const { end, first, head, isParked, signal, trail, world } = yield* begin(waiting, ({ store }) => {
          const { park } = store
          Object.assign(store, {
            park: (runId: string, parked: Journal.Parked) =>
              Effect.suspend(() => {
                if (faults-- <= 0) return park(runId, parked)
                if (how === "hanging") return Effect.never
                return how === "refused" ? fail : Effect.andThen(park(runId, parked), fail)
              })
          })
        })
        yield* pass(1000)
        assert.isTrue(yield* isParked)
        assert.strictEqual(keptIn(first), 0)
        yield* signal(first, 1)
        assert.isTrue(yield* passToEnd(world, "r", { most: 200 }))
        assert.strictEqual((yield* head).outcome, "succeeded")
        assert.deepStrictEqual(trail, ["0 a"])
        yield* end
      }))
  }
})

describe("a journal that fails as it parks a run", () => {
  const down = new Journal.JournalError({
    runId: "r",
    reason: "Unavailable",
    operation: "park",
    detail: "it is down"
  })

  it.effect("does not have a letter taken before that is known", () =>
    Effect.gen(function*() {
      const sent: Array<Effect.Effect<unknown, any>> = []
      const { end, first, signal, trail, world } = yield* begin(
        (_, tell) => split({ a: Effect.tap(wait, tell("took")) })(),
        ({ store }) => {
          const { park } = store
          let times = 0
          Object.assign(store, {
            park: (runId: string, parked: Journal.Parked) =>
              times++ > 0 ? park(runId, parked) : Effect.sleep(50).pipe(
                Effect.andThen(Effect.suspend(() => sent[0]!)),
                Effect.andThen(Effect.sleep(20)),
                Effect.andThen(Effect.fail(down))
              )
          })
        }
      )
      sent.push(signal(first, 1))
      assert.isTrue(yield* passToEnd(world, "r", { most: 500 }))
      assert.deepStrictEqual(trail, ["0 took"])
      yield* end
    }))

  it.effect("does not lose a letter that comes before that is known", () =>
    Effect.gen(function*() {
      const { end, world } = yield* begin(waiting, ({ store }) => {
        const { park } = store
        let times = 0
        Object.assign(store, {
          park: (runId: string, parked: Journal.Parked) =>
            times++ > 0 ? park(runId, parked) : park(runId, parked).pipe(
              Effect.andThen(store.send(runId, letter("go", 1))),
              Effect.andThen(Effect.fail(down))
            )
        })
      })
      assert.isTrue(yield* passToEnd(world, "r", { most: 500 }))
      yield* end
    }))
})

describe("branches of a run that is parked", () => {
  it.effect("can be cancelled, and their split be ended, where such runs are driven", () =>
    Effect.gen(function*() {
      const { end, first, handle, head, isParked, world } = yield* begin(
        split({ a: wait, b: wait, c: Effect.succeed("c") }, { strategy: JoinStrategy.tolerate({ maxFailures: 1 }) })
      )
      assert.isTrue(yield* isParked)
      const own = yield* handle(first)
      const cancel = yield* inLifeForked(first, own.cancelBranch("a"))
      yield* pass(50)
      assert.isTrue((cancel.pollUnsafe() as any).value)
      yield* pass(2000)
      // which is written with the join
      assert.isFalse(yield* isParked)
      const settle = yield* inLifeForked(first, own.settle())
      yield* pass(100)
      assert.isTrue((settle.pollUnsafe() as any).value)
      assert.strictEqual((yield* head).status, "ended")
      assert.isTrue((yield* world.rows("r")).some(({ key, kind }) => kind === "settle" && key === "/1/A/a"))
      yield* end
    }))
})

describe("many runs that are parked", () => {
  it.effect("keep nothing in the process", () =>
    Effect.gen(function*() {
      yield* primeClock
      const world = yield* makeWorld
      let definition: any
      const life = yield* world.life(
        (life) => [definition = durably(waiting(life, () => Effect.void))],
        { settings }
      )
      const many = 2000
      for (let i = 0; i < many; i++) yield* inLife(life, definition.start(`r${i}`, "A"))
      for (let i = 0; i < 20; i++) yield* pass(20)
      const heads = yield* world.store.list({ status: "waiting", limit: 100_000 })
      assert.strictEqual(heads.filter(({ owner }) => owner === undefined).length, many)
      assert.strictEqual(keptIn(life), 0)
      const runner = life.services.mapUnsafe.get(Durable.Durable.key) as {
        readonly inboxOf: (runId: string) => unknown
      }
      for (let i = 0; i < many; i++) assert.isUndefined(runner.inboxOf(`r${i}`))
      yield* world.bury(life)
    }))
})
