/**
 * A durable run and its journal: what is written at once, a journal that fails or hangs, a run that two drive, and a Layer
 * that is closed.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, Layer, Schema, Scope } from "effect"
import { JoinStrategy } from "effect-cano"
import * as Signal from "effect-cano/Signal"
import * as Task from "effect-cano/Task"
import { failed, primeClock } from "../kit/index.ts"
import {
  brief,
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

/** All that a definition calls, by name. */
interface Called {
  readonly trail: Array<string>
}

/** A machine in which every callback that there is says that it was called. */
const telling = ({ trail }: Called, life: Life, ms = 50, answer: "ok" | "fail" = "ok") => {
  const tell = (what: string) => life.act(() => void trail.push(`${life.number} ${what}`))
  const undo = (what: string) => (done: any) => tell(`undo ${what} ${done._tag}`)
  const branch = (name: string, wait: number) =>
    Effect.onInterrupt(Effect.andThen(tell(name), Effect.as(Effect.sleep(wait), name)), () => Effect.void)
  return durableMachine("w", "Pay", "Ask", "Done", "Late")
    .register("Pay", {
      run: Effect.andThen(tell("pay"), Effect.as(Effect.sleep(10), "paid")),
      schema: texts,
      compensate: undo("pay"),
      next: () => (trail.push(`${life.number} next of pay`), "Ask")
    })
    .registerSplit("Ask", {
      a: branch("a", ms),
      b: answer === "ok" ? branch("b", 2 * ms) : Effect.andThen(branch("b", 2 * ms), Effect.fail("no"))
    }, {
      strategy: JoinStrategy.all,
      schema: texts,
      compensate: { a: undo("a") },
      onOutcome: ({ _tag, name }: any) => tell(`${name} ${_tag}`),
      next: () => (trail.push(`${life.number} next`), "Done"),
      otherwise: () => (trail.push(`${life.number} otherwise`), "Late")
    })
    .addExitStates("Done", "Late")
}

const begun = (faults: ReadonlyArray<Fault> = [], ms?: number) =>
  Effect.gen(function*() {
    yield* primeClock
    const world = yield* makeWorld
    const called: Called = { trail: [] }
    let definition: any
    const define = (life: Life) => [definition = durably(telling(called, life, ms))]
    const life = yield* world.life(define, { faults })
    const run = yield* inLifeForked(life, Effect.exit(definition.run("r", "Pay")))
    return { world, called, define, life, run: () => run.pollUnsafe() as any, definition: () => definition }
  })

const whole = [
  "pay",
  "next of pay",
  "b",
  "a",
  "a Succeeded",
  "b Succeeded",
  "next"
]

describe("what is appended in the same tick", () => {
  it.effect("is one call of append, for all branches of a split and all runs", () =>
    Effect.gen(function*() {
      yield* primeClock
      const world = yield* makeWorld
      let definition: any
      const names = Array.from({ length: 10 }, (_, i) => `b${i}`)
      const life = yield* world.life(() => [
        definition = durably(
          durableMachine("w", "Go", "Done").registerSplit(
            "Go",
            Object.fromEntries(names.map((name) => [name, Effect.succeed(name)])),
            { strategy: JoinStrategy.all, schema: texts, next: "Done" }
          ).addExitStates("Done")
        )
      ])
      const start = (id: string) => inLife(life, definition.start(id, "Go"))
      yield* Effect.forEach(["r1", "r2", "r3"], start, { concurrency: "unbounded" })
      assert.isTrue(yield* passToEnd(world, "r3"))
      const sizes = world.commits.map(({ appends }) => appends.map(({ rows }) => rows.length))
      assert.deepStrictEqual(sizes, [[10, 10, 10], [3, 3, 3]])
      assert.deepStrictEqual(brief(yield* world.rows("r1")).slice(-3), [
        "join /1/Go {\"verdict\":\"proceed\",\"timedOut\":false,\"counted\":[0,1,2,3,4,5,6,7,8,9],\"started\":10,\"total\":10}",
        "enter /2/Done \"Done\"",
        "exit  {\"x\":{\"s\":\"Done\"}}"
      ])
      yield* world.bury(life)
    }))

  it.effect("a transition is one commit", () =>
    Effect.gen(function*() {
      yield* primeClock
      const world = yield* makeWorld
      let definition: any
      const life = yield* world.life(() => [
        definition = durably(
          durableMachine("w", "A", "B", "C", "Done")
            .register("A", { run: Effect.void, next: "B" })
            .register("B", { run: Effect.succeed("b"), schema: texts, compensate: () => Effect.void, next: "C" })
            .register("C", { run: Effect.void, next: "Done" })
            .addExitStates("Done")
        )
      ])
      yield* inLife(life, definition.start("r", "A"))
      assert.isTrue(yield* passToEnd(world, "r"))
      assert.deepStrictEqual(
        world.commits.map(({ appends }) => appends[0]!.rows.map(({ key, kind }) => `${kind} ${key}`)),
        [["enter /2/B"], ["start /2/B"], ["settle /2/B", "enter /3/C"], ["enter /4/Done", "exit "]]
      )
      yield* world.bury(life)
    }))
})

describe("a journal that is gone", () => {
  for (const how of ["refuse", "lose", "hang"] as const) {
    it.effect(`is no outcome (${how}): nobody is told, and the run goes on when it is back`, () =>
      Effect.gen(function*() {
        for (let at = 1; at <= 5; at++) {
          for (const times of [1, 3]) {
            const { called, run, world } = yield* begun([{ at, how, times }])
            assert.isTrue(yield* passToEnd(world, "r"), `${at}`)
            yield* pass(50)
            assert.deepStrictEqual(run()?.value, Exit.succeed("Done"))
            const rows = yield* world.rows("r")
            assert.deepStrictEqual(rows.map(({ n }) => n), rows.map((_, n) => n))
            assert.strictEqual(rows.filter(({ kind }) => kind === "join").length, 1)
            assert.strictEqual(rows.filter(({ kind }) => kind === "compensate").length, 0)
            // each thing that it did it did again at most, in its order; and nothing else
            const trail = called.trail.map((one) => one.slice(2))
            assert.deepStrictEqual([...new Set(trail)], whole, `${at}`)
            // what can be undone does not run before it is written that it starts
            if (at === 1) assert.strictEqual(trail.filter((one) => one === "pay").length, 1)
          }
        }
      }))
  }

  it.effect("is one that dies, in whatever it is asked: all goes on when it is back", () =>
    Effect.gen(function*() {
      const operations = [
        "append",
        "claim",
        "due",
        "lease",
        "letters",
        "list",
        "park",
        "received",
        "rows",
        "show"
      ] as const
      for (const operation of operations) {
        for (const dies of [Effect.die(new Error("dead")), Effect.succeed(undefined as never)]) {
          yield* primeClock
          const world = yield* makeWorld
          const { store } = world
          const sound = store[operation] as any
          const waits = durably(
            durableMachine("w", "A", "Done")
              .registerSignal("A", Signal.make("go", Schema.Int), { next: () => "Done" }).addExitStates("Done")
          )
          const life = yield* world.life(() => [waits])
          yield* inLife(life, waits.start("r", "A"))
          yield* pass(100)
          Object.assign(store, { [operation]: () => dies })
          yield* inLife(life, waits.start("s", "A"))
          yield* pass(3000)
          Object.assign(store, { [operation]: sound })
          for (const runId of ["r", "s"]) yield* store.send(runId, letter("go", 1))
          // one that was begun elsewhere is found
          yield* store.create([
            { runId: "t", workflow: "w", version: 1, state: "A", key: "/1/A", data: "\"A\"", parent: undefined }
          ])
          yield* store.send("t", letter("go", 1))
          for (const runId of ["r", "s", "t"]) {
            assert.isTrue(yield* passToEnd(world, runId, { most: 5000, step: 20 }), `${operation}: ${runId}`)
          }
          yield* world.bury(life)
        }
      }
    }))

  it.effect("for a minute: the run waits, its wait is not told, and it goes on within a short time", () =>
    Effect.gen(function*() {
      const { called, life, run, world } = yield* begun([], 500)
      yield* pass(100)
      life.isDown = true
      yield* pass(60_000)
      assert.isUndefined(run())
      const before = [...called.trail]
      assert.notInclude(before.join(), "Failed")
      assert.notInclude(before.join(), "undo")
      life.isDown = false
      assert.isTrue(yield* passToEnd(world, "r", { most: 5000 }))
      yield* pass(300)
      assert.deepStrictEqual(run()?.value, Exit.succeed("Done"))
      assert.notInclude(called.trail.join(), "undo")
      assert.notInclude(called.trail.join(), "otherwise")
    }))

  it.effect("during a rollback: what is left is undone when it is back", () =>
    Effect.gen(function*() {
      for (let at = 6; at <= 9; at++) {
        yield* primeClock
        const world = yield* makeWorld
        const called: Called = { trail: [] }
        let definition: any
        const machine = (life: Life) =>
          durableMachine("w", "A", "B", "C", "Done").addExitStates("Done")
            .register("A", {
              run: Effect.succeed("a"),
              schema: texts,
              compensate: (done: any) => life.act(() => void called.trail.push(done.value)),
              next: "B"
            })
            .register("B", {
              run: Effect.succeed("b"),
              schema: texts,
              compensate: (done: any) => life.act(() => void called.trail.push(done.value)),
              next: "C"
            })
            .register("C", { run: Effect.fail("no"), next: "Done" })
        const life = yield* world.life((life) => [definition = durably(machine(life))], {
          faults: [{ at, how: at % 2 === 0 ? "refuse" : "lose", times: 2 }]
        })
        const run = yield* inLifeForked(life, Effect.exit(definition.run("r", "A")))
        assert.isTrue(yield* passToEnd(world, "r"))
        yield* pass(50)
        assert.strictEqual(failed((run.pollUnsafe() as any).value), "no")
        assert.deepStrictEqual([...new Set(called.trail)], ["b", "a"])
        const rows = yield* world.rows("r")
        assert.deepStrictEqual(
          rows.filter(({ kind }) => kind === "compensate").map(({ key }) => key),
          ["", "/2/B", "/1/A"]
        )
        yield* world.bury(life)
      }
    }))
})

describe("a run that two drive", () => {
  it.effect("belongs to the second: the first writes nothing behind it, and calls nothing once it has noticed", () =>
    Effect.gen(function*() {
      let taken = 0
      for (let at = 0; at <= 150; at += 10) {
        const { called, define, life: first, world } = yield* begun()
        yield* pass(at)
        const head = (yield* world.store.show("r"))!
        if (head.status === "ended") continue
        first.isForgotten = true
        yield* world.store.leave(first.runner)
        const second = yield* world.life(define)
        yield* pass(40)
        const owner = (yield* world.rows("r")).findLast(({ kind }) => kind === "owner")!
        // it had ended before anybody came
        if (owner.data === first.runner) continue
        assert.strictEqual(owner.data, second.runner)
        taken++
        assert.isTrue(yield* passToEnd(world, "r"))
        yield* pass(500)
        const rows = yield* world.rows("r")
        assert.deepStrictEqual(rows.at(-1)!.data, "{\"x\":{\"s\":\"Done\"}}")
        assert.strictEqual(rows.filter(({ kind }) => kind === "join").length, 1)
        assert.strictEqual(rows.filter(({ kind }) => kind === "compensate").length, 0)
        const lost = world.commits.flatMap(({ appends, life, written }) =>
          life === 0 ? appends.flatMap(({ n }, i) => written[i] === true ? [n] : []) : []
        )
        for (const n of lost) assert.isBelow(n, owner.n)
        // the first one goes on until its first row is refused: of what came after that there is nothing
        const refused = world.commits.findIndex(({ life, written }) => life === 0 && written.includes(false))
        const own = called.trail.filter((one) => one.startsWith("0"))
        assert.notInclude(own.join(), "undo")
        assert.notInclude(own.join(), "otherwise")
        assert.notInclude(own.join(), "Failed")
        if (refused >= 0 && !rows.some(({ kind, n }) => kind === "join" && n < owner.n)) {
          assert.notInclude(own, "0 next")
        }
        yield* world.bury(first)
        yield* world.bury(second)
      }
      assert.isAbove(taken, 7)
    }))

  it.effect("is taken by a second only when the lease of the first has run out", () =>
    Effect.gen(function*() {
      const { define, life: first, world } = yield* begun([], 20_000)
      yield* pass(100)
      const second = yield* world.life(define)
      yield* pass(10_000)
      assert.deepStrictEqual(world.claims, [0])
      first.isForgotten = true
      yield* pass(2500)
      assert.deepStrictEqual(world.claims.slice(0, 2), [0, 1])
      yield* world.bury(first)
      yield* world.bury(second)
    }))

  it.effect("who can't keep its lease stops before somebody else may begin", () =>
    Effect.gen(function*() {
      const { called, life, world } = yield* begun([], 1500)
      yield* pass(500)
      life.isDown = true
      // a wins nothing meanwhile
      yield* pass(1900)
      assert.deepStrictEqual(called.trail.filter((one) => one.includes("Succeeded")), [])
      assert.strictEqual((yield* world.rows("r")).filter(({ kind }) => kind === "settle").length, 1)
    }))

  it.effect("and what it runs is cut off by then", () =>
    Effect.gen(function*() {
      yield* primeClock
      const world = yield* makeWorld
      const cut: Array<number> = []
      let definition: any
      const life = yield* world.life(() => [
        definition = durably(
          durableMachine("w", "A", "Done").register("A", {
            run: Effect.onInterrupt(
              Effect.sleep(60_000),
              () => Effect.map(Clock.currentTimeMillis, (now) => void cut.push(now))
            ),
            next: "Done"
          }).addExitStates("Done")
        )
      ])
      yield* inLife(life, definition.start("r", "A"))
      yield* pass(500)
      life.isDown = true
      for (let i = 0; i < 50; i++) yield* pass(50)
      assert.strictEqual(cut.length, 1)
      // the lease is of two seconds
      assert.isBelow(cut[0]!, 2500)
      yield* world.bury(life)
    }))
})

describe("a layer that is closed", () => {
  it.effect("stops at the next row, gives its runs up, and the next life goes on at once", () =>
    Effect.gen(function*() {
      yield* primeClock
      const world = yield* makeWorld
      const called: Called = { trail: [] }
      let definition: any
      const define = (life: Life) => [definition = durably(telling(called, life))]
      const settings = { ...quick, stopWithin: Duration.seconds(5) }
      const life = yield* world.life(define, { settings })
      yield* inLife(life, definition.start("r", "Pay"))
      yield* pass(30)
      const closing = yield* Effect.forkDetach(Scope.close(life.scope, Exit.void), { startImmediately: true })
      yield* pass(40)
      // a has settled, which was written
      assert.isDefined(closing.pollUnsafe())
      assert.strictEqual(brief(yield* world.rows("r")).at(-1), "settle /2/Ask/a {\"i\":0,\"x\":{\"s\":\"a\"}}")
      assert.isUndefined((yield* world.store.show("r"))!.owner)
      const next = yield* world.life(define)
      assert.isTrue(yield* passToEnd(world, "r", { most: 500 }))
      assert.deepStrictEqual(called.trail, [
        "0 pay",
        "0 next of pay",
        // what can be undone starts when that is written
        "0 b",
        "0 a",
        "1 a Succeeded",
        "1 b",
        "1 b Succeeded",
        "1 next"
      ])
      yield* world.bury(next)
    }))

  it.effect("waits no longer than stopWithin, and undoes nothing", () =>
    Effect.gen(function*() {
      yield* primeClock
      const world = yield* makeWorld
      const called: Called = { trail: [] }
      let definition: any
      const define = (life: Life) => [definition = durably(telling(called, life, 20_000))]
      const settings = { ...quick, stopWithin: Duration.seconds(1) }
      const life = yield* world.life(define, { settings })
      yield* inLife(life, definition.start("r", "Pay"))
      yield* pass(100)
      const closing = yield* Effect.forkDetach(Scope.close(life.scope, Exit.void), { startImmediately: true })
      yield* pass(900)
      assert.isUndefined(closing.pollUnsafe())
      yield* pass(1300)
      assert.isDefined(closing.pollUnsafe())
      assert.notInclude(called.trail.join(), "undo")
      assert.isFalse((yield* world.rows("r")).some(({ kind }) => kind === "compensate" || kind === "exit"))
    }))

  const alone = (life: Life, definition: any) =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      yield* Effect.orDie(inLife(life, Layer.buildWithMemoMap(definition.layer, Layer.makeMemoMapUnsafe(), scope)))
      return Scope.close(scope, Exit.void)
    })

  for (
    const moment of ["takes the run", "runs a step that takes longer", "is parked, and the journal is gone for a while"]
  ) {
    it.effect(`of a definition gives its runs up, though the process goes on, also while it ${moment}`, () =>
      Effect.gen(function*() {
        yield* primeClock
        const world = yield* makeWorld
        const define = (ms: number) =>
          durably(
            durableMachine("w", "A", "Done").register("A", { run: Task.timer(ms), next: "Done" }).addExitStates("Done")
          )
        const Slow = define(moment.startsWith("runs") ? 600 : 300)
        const life = yield* world.life(() => [], { settings: { ...quick, lease: Duration.minutes(10) } })
        const { store } = world
        const { claim } = store
        if (moment.startsWith("takes")) {
          // interrupted or not, it is done
          Object.assign(store, {
            claim: (...given: Parameters<typeof claim>) =>
              Effect.uninterruptible(Effect.andThen(Effect.sleep(100), claim(...given)))
          })
        }
        const close = yield* alone(life, Slow)
        yield* inLife(life, Slow.start("r", "A"))
        yield* pass(50)
        Object.assign(store, { claim })
        if (moment.startsWith("is")) life.isDown = true
        const closing = yield* Effect.forkDetach(close, { startImmediately: true })
        yield* pass(50)
        life.isDown = false
        yield* pass(100)
        assert.isDefined(closing.pollUnsafe())
        assert.isUndefined((yield* store.show("r"))!.owner)
        const next = yield* world.life(() => [Slow])
        assert.isTrue(yield* passToEnd(world, "r", { most: 1500 }))
        yield* world.bury(next)
        yield* world.bury(life)
      }))
  }
})
