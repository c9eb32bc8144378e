/**
 * Durable runs whose journal is behind a codec: what is written of them, keys that are rotated, missing or given later, a codec
 * that can't be asked, and letters that can't be read.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Logger, Schema } from "effect"
import { JoinStrategy } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Journal from "effect-cano/journal"
import * as Payload from "effect-cano/payload"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import {
  durableMachine,
  durably,
  inLife,
  inLifeForked,
  letter,
  type Life,
  pass,
  passToEnd,
  passUntil,
  texts as schemas,
  World
} from "../durable/kit.ts"
import { primeClock } from "../kit/index.ts"
import { behind, Gate, texts } from "./kit.ts"

/** A world whose store is behind a codec, and the store itself. */
const makeWorld = Effect.gen(function*() {
  yield* primeClock
  const store = yield* Journal.makeMemory
  const gate = new Gate()
  const world = new World(yield* behind(store, [gate.codec]))
  return { world, store, gate }
})

/** Two branches, of which one takes its time. */
const split = (life: Life, ran: Array<string> = []) =>
  durably(
    durableMachine("w", "A", "B", "Done").registerSplit("A", {
      ada: life.act(() => {
        ran.push("ada")
        return "secret"
      }),
      bob: Effect.andThen(
        Effect.sleep(200),
        life.act(() => {
          ran.push("bob")
          return "b"
        })
      )
    }, { strategy: JoinStrategy.all, schema: schemas, next: "B" })
      .register("B", { run: Effect.void, next: "Done" })
      .addExitStates("Done")
  )

const quickly = (name: string) =>
  durably(durableMachine(name, "A", "Done").register("A", { run: Effect.void, next: "Done" }).addExitStates("Done"))

const ownersOf = (world: World, runId: string) =>
  Effect.map(world.store.rows(runId, 0, 1000), (rows) => rows.filter(({ kind }) => kind === "owner").length)

const ended = (exit: unknown): any => (exit as { readonly value: unknown }).value

/** Everything that is told to the log meanwhile. */
const told = <A, E, R>(effect: Effect.Effect<A, E, R>) => {
  const lines: Array<string> = []
  const logger = Logger.make(({ message }) => void lines.push(String(message)))
  return Effect.map(Effect.provide(effect, Logger.layer([logger])), (value) => ({ lines, value }))
}

describe("a durable run behind codecs", () => {
  it.effect("is written by them alone, and goes on under another key, the old one being known", () =>
    Effect.gen(function*() {
      const { gate, store, world } = yield* makeWorld
      const ran: Array<string> = []
      let machine: any
      const first = yield* world.life((life) => [machine = split(life, ran)])
      yield* inLife(first, machine.start("r", "A"))
      yield* pass(50)
      yield* world.bury(first)
      gate.keys.add("k2")
      gate.current = "k2"
      const second = yield* world.life((life) => [machine = split(life, ran)])
      assert.isTrue(yield* passToEnd(world, "r", { most: 2000 }))
      assert.strictEqual(yield* inLife(second, machine.await("r")), "Done")
      assert.deepStrictEqual(ran, ["ada", "bob"])
      const rows = yield* store.rows("r", 0, 100)
      const heads = rows.filter(({ kind }) => kind !== "owner").map(({ data }) => data.split("~")[1])
      assert.deepStrictEqual([heads[0], heads.at(-1)], ["gate:k1", "gate:k2"])
      for (const { data, kind } of rows) {
        if (kind !== "owner") assert.match(data, /^~gate:k[12]~[A-Za-z0-9+/]+=*$/)
      }
      const shown = yield* inLife(second, Durable.history("r"))
      assert.include(shown.map(({ data }) => data).join(), "secret")
      yield* world.bury(second)
    }))

  it.effect("for which a key is missing stays as it is and says so, keeps no other from going on, and goes on when it is given", () =>
    Effect.gen(function*() {
      const { gate, store, world } = yield* makeWorld
      let machine: any
      let other: any
      const define = (life: Life) => [machine = split(life), other = quickly("other")]
      const first = yield* world.life(define)
      yield* inLife(first, machine.start("r", "A"))
      yield* pass(50)
      yield* world.bury(first)
      const before = yield* texts(store, "r")
      // a deploy that has the new key only
      gate.keys.delete("k1")
      gate.keys.add("k2")
      gate.current = "k2"
      const { lines } = yield* told(Effect.gen(function*() {
        const second = yield* world.life(define)
        const run = yield* inLifeForked(second, Effect.exit(machine.await("r")))
        const ends = yield* inLifeForked(second, Effect.exit(other.run("s", "A")))
        yield* pass(100)
        assert.deepStrictEqual(ended(ends.pollUnsafe()), Exit.succeed("Done"))
        const error: any = yield* Effect.flip(ended(run.pollUnsafe()) as Exit.Exit<unknown, unknown>)
        assert(error instanceof Durable.RestoreError)
        assert.strictEqual(error.rule, "payload")
        assert.strictEqual(
          error.message,
          "run \"r\" can't be restored: codec \"gate\": there is no key \"k1\"; of row 0 (\"enter\" at /1/A) of run \"r\""
        )
        const cause: any = (error.cause as Journal.JournalError).cause
        assert.include(cause, { _tag: "PayloadError", reason: "MissingKey", codec: "gate" })
        // it is tried again and again, and nothing of that is written
        yield* pass(3000)
        const rows = yield* texts(store, "r")
        assert.deepStrictEqual(rows.slice(0, -1), before)
        assert.strictEqual(yield* Effect.map(store.show("r"), (head) => head!.owner), undefined)
        gate.keys.add("k1")
        assert.isTrue(yield* passToEnd(world, "r", { most: 2000 }))
        assert.strictEqual(yield* inLife(second, machine.await("r")), "Done")
        assert.strictEqual((yield* texts(store, "r")).length, rows.length + 6)
        yield* world.bury(second)
      }))
      assert.strictEqual(lines.filter((line) => line.includes("there is no key \"k1\"")).length, 1, lines.join("\n"))
    }))

  it.effect("of which something can't be written goes on from its last row as soon as it can, and no step is run in vain", () =>
    Effect.gen(function*() {
      const { gate, store, world } = yield* makeWorld
      const ran: Array<string> = []
      let machine: any
      let isOpen = false
      const waits = durably(
        durableMachine("waits", "A", "Done").register("A", {
          run: Effect.repeat(Effect.sleep(10), { until: () => isOpen }),
          next: "Done"
        }).addExitStates("Done")
      )
      const life = yield* world.life((life) => [machine = split(life, ran), waits])
      yield* inLife(life, waits.start("other", "A"))
      yield* inLife(life, machine.start("r", "A"))
      yield* pass(100)
      gate.isDown = true
      yield* pass(1000)
      const owners = yield* ownersOf(world, "r").pipe(Effect.provide(Logger.layer([])), Effect.exit)
      assert.isTrue(Exit.isFailure(owners), "it can't be read either")
      const rows = (yield* store.rows("r", 0, 100)).map(({ kind }) => kind)
      assert.deepStrictEqual(rows, ["enter", "owner", "settle"])
      const asked = gate.asked
      yield* pass(5000)
      assert.isAbove(gate.asked, asked)
      assert.deepStrictEqual((yield* store.rows("r", 0, 100)).length, 3)
      assert.deepStrictEqual(ran, ["ada", "bob"])
      gate.isDown = false
      assert.isTrue(yield* passToEnd(world, "r", { most: 5000 }))
      assert.deepStrictEqual(ran, ["ada", "bob", "bob"])
      assert.strictEqual(yield* ownersOf(world, "r"), 2)
      // the other one was not written meanwhile, and goes on
      isOpen = true
      assert.isTrue(yield* passToEnd(world, "other", { most: 2000 }))
      yield* world.bury(life)
    }))

  it.effect("of which a codec refuses something stays before it, and the others that are written with it are", () =>
    Effect.gen(function*() {
      const { gate, store, world } = yield* makeWorld
      gate.rejects = "secret"
      let machine: any
      let other: any
      const { lines } = yield* told(Effect.gen(function*() {
        const life = yield* world.life((life) => [machine = split(life), other = quickly("other")])
        const run = yield* inLifeForked(life, Effect.exit(machine.run("r", "A")))
        const ends = yield* inLifeForked(life, Effect.exit(other.run("s", "A")))
        yield* pass(500)
        assert.deepStrictEqual(ended(ends.pollUnsafe()), Exit.succeed("Done"))
        const error: any = yield* Effect.flip(ended(run.pollUnsafe()) as Exit.Exit<unknown, unknown>)
        assert.deepInclude(error, { _tag: "RestoreError", rule: "payload" })
        assert.match(error.message, /codec "gate": it is not liked; of row 2 \("settle" at \/1\/A\/ada\) of run "r"$/)
        yield* pass(2000)
        assert.deepStrictEqual((yield* store.rows("r", 0, 100)).map(({ kind }) => kind), ["enter", "owner"])
        gate.rejects = undefined
        assert.isTrue(yield* passToEnd(world, "r", { most: 3000 }))
        yield* world.bury(life)
      }))
      assert.isAbove(lines.filter((line) => line.includes("it is not liked")).length, 0)
    }))

  it.effect("can't be begun, sent to or looked at by who can't write or read what that takes", () =>
    Effect.gen(function*() {
      const { gate, world } = yield* makeWorld
      const go = Signal.make("go", Schema.String)
      let machine: any
      const life = yield* world.life((life) => [machine = split(life)])
      gate.isDown = true
      const start: any = yield* inLife(life, Effect.flip(machine.start("r", "A")) as Effect.Effect<unknown>)
      assert.deepInclude(start, { _tag: "JournalError", reason: "Unavailable", operation: "create", runId: "r" })
      assert.match(start.message, /codec "gate": it is down; of row 0 \("enter" at \/1\/A\) of run "r"$/)
      gate.isDown = false
      yield* inLife(life, machine.start("r", "A"))
      yield* pass(50)
      gate.keys.clear()
      const history: any = yield* inLife(life, Effect.flip(Durable.history("r")))
      assert.deepInclude(history, { _tag: "JournalError", reason: "Payload", operation: "rows" })
      gate.rejects = "no"
      const sent: any = yield* inLife(life, Effect.exit(Runs.signal("r", go, "no")))
      assert.match(String(sent), /"send".*|it is not liked/)
      gate.keys.add("k1")
      yield* inLife(life, Runs.signal("r", go, "yes"))
      gate.keys.clear()
      const letters: any = yield* Effect.flip(world.store.letters("r"))
      assert.deepInclude(letters, { reason: "Payload", operation: "letters" })
      const one: any = yield* Effect.flip(world.store.letter("r", 1))
      assert.match(one.message, /there is no key "k1"; of a letter \("signal" "go"\) of run "r"$/)
      yield* world.bury(life)
    }))
})

describe("letters behind codecs", () => {
  const word = Signal.make("word", Schema.String)
  const said: Array<string> = []
  const machine = (life: Life) => {
    const take = (next: string) => (value: string) => {
      if (!life.isDead) said.push(value)
      return next
    }
    return durably(
      durableMachine("w", "A", "B", "C", "Done")
        .registerSignal("A", word, { next: take("B") } as never)
        .registerSignal("B", word, { next: take("C") } as never)
        .registerSignal("C", word, { next: take("Done") } as never)
        .addExitStates("Done")
    )
  }
  const parking = { lease: 2000, poll: 20, patience: 200, stopWithin: 0, pause: 10, parkAfter: 1000 } as const

  it.effect("are given to their run in their order: one that can't be read yet holds back those behind it, and the run is not parked", () =>
    Effect.gen(function*() {
      said.length = 0
      const { gate, store, world } = yield* makeWorld
      let made: any
      const { lines } = yield* told(Effect.gen(function*() {
        const life = yield* world.life((life) => [made = machine(life)], { settings: parking })
        yield* inLife(life, made.start("r", "A"))
        yield* inLife(life, made.start("other", "A"))
        yield* passUntil(Effect.map(Effect.orDie(store.show("r")), (head) => head?.status === "waiting"))
        // a client that has the new key before the workers have
        gate.current = "k2"
        yield* world.store.send("r", letter("word", "one"))
        gate.current = "k1"
        yield* world.store.send("r", letter("word", "two"))
        yield* world.store.send("other", letter("word", "else"))
        yield* pass(500)
        assert.deepStrictEqual(said, ["else"])
        const head = (yield* store.show("r"))!
        assert.notStrictEqual(head.owner, undefined)
        assert.strictEqual(head.status, "running")
        yield* world.store.send("r", letter("word", "three"))
        yield* pass(500)
        assert.deepStrictEqual(said, ["else"])
        gate.keys.add("k2")
        assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
        assert.deepStrictEqual(said, ["else", "one", "two", "three"])
        yield* world.bury(life)
      }))
      assert.strictEqual(lines.filter((line) => line.startsWith("not delivered yet")).length, 1, lines.join("\n"))
    }))

  it.effect("that can't be read are there for who takes the run next", () =>
    Effect.gen(function*() {
      said.length = 0
      const { gate, world } = yield* makeWorld
      let made: any
      const first = yield* world.life((life) => [made = machine(life)], { settings: parking })
      yield* inLife(first, made.start("r", "A"))
      yield* pass(50)
      gate.current = "k2"
      for (const value of ["one", "two"]) yield* world.store.send("r", letter("word", value))
      yield* pass(100)
      yield* world.bury(first)
      const second = yield* world.life((life) => [made = machine(life)], { settings: parking })
      yield* pass(100)
      yield* world.store.send("r", letter("word", "three"))
      yield* pass(100)
      assert.deepStrictEqual(said, [])
      gate.keys.add("k2")
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      assert.deepStrictEqual(said, ["one", "two", "three"])
      yield* world.bury(second)
    }))

  it.effect("and their answers pass through them", () =>
    Effect.gen(function*() {
      const { store, world } = yield* makeWorld
      const ask = Signal.make("ask", Schema.String, { reply: Schema.String } as never) as any
      let made: any
      const life = yield* world.life(() => [
        made = durably(
          durableMachine("w", "A", "Done").registerSignal("A", ask, {
            next: "Done",
            reply: (text: string) => `${text}!`
          } as never).addExitStates("Done")
        )
      ])
      yield* inLife(life, made.start("r", "A"))
      yield* pass(50)
      const asked = yield* inLifeForked(life, Effect.exit(Runs.ask("r", ask, "hello")))
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      yield* pass(50)
      assert.deepStrictEqual(ended(asked.pollUnsafe()), Exit.succeed("hello!"))
      const kept = (yield* store.letter("r", 1))!
      assert.match(kept.data, /^~gate:k1~/)
      assert.match(kept.answer!, /^~gate:k1~/)
      yield* world.bury(life)
    }))
})

describe("usage", () => {
  it.effect("says under which keys runs are that have not ended, or all", () =>
    Effect.gen(function*() {
      const { gate, store, world } = yield* makeWorld
      gate.keys.add("k2")
      const never = durably(
        durableMachine("never", "A", "B", "Done").register("A", { run: Effect.void, next: "B" })
          .register("B", { run: Effect.never, next: "Done" }).addExitStates("Done")
      )
      const once = quickly("once")
      const life = yield* world.life(() => [never, once])
      yield* inLife(life, once.start("ended", "A"))
      yield* store.create([{
        runId: "plain",
        workflow: "elsewhere",
        version: 1,
        state: "A",
        key: "/1/A",
        data: "\"A\"",
        parent: undefined
      }])
      yield* inLife(life, never.start("a", "A"))
      yield* pass(50)
      gate.current = "k2"
      yield* world.store.send("a", letter("word", "one"))
      yield* inLife(life, never.start("b", "A"))
      yield* pass(50)
      const report = yield* Effect.provideService(Durable.report([never, once]), Journal.Journal, world.store)
      assert.include(report, { runs: 2, continues: 2 })
      gate.keys.delete("k1")
      const refused = yield* Effect.provideService(Durable.report([never, once]), Journal.Journal, world.store)
      assert.include(refused, { runs: 2, continues: 1, refused: 1 })
      assert.include(refused.refusals[0], { rule: "payload", count: 1 })
      assert.match(refused.refusals[0]!.example.message, /there is no key "k1"/)
      gate.keys.add("k1")
      const of = (filter?: Parameters<typeof Payload.usage>[0]) =>
        Effect.map(
          Effect.provideService(Payload.usage(filter), Journal.Journal, world.store),
          (all) => Object.fromEntries(all.map(({ codec, info, runs }) => [`${codec} ${info}`, runs]))
        )
      assert.deepStrictEqual(yield* of(), { "gate k1": ["a"], "gate k2": ["a", "b"], "undefined ": ["plain"] })
      assert.deepStrictEqual(yield* of({ workflow: "once" }), {})
      assert.deepStrictEqual(yield* of({ workflow: "once", isAll: true }), { "gate k1": ["ended"] })
      // of very many runs, too
      const many = Array.from({ length: 1500 }, (_, i) => ({
        runId: `many/${i}`,
        workflow: "many",
        version: 1,
        state: "A",
        key: "/1/A",
        data: "\"A\"",
        parent: undefined
      }))
      yield* store.create(many)
      assert.strictEqual((yield* of({ workflow: "many" }))["undefined "]!.length, 1500)
      // a journal without codecs has none
      const plain = yield* Effect.provideService(Payload.usage(), Journal.Journal, yield* Journal.makeMemory)
      assert.deepStrictEqual(plain, [])
      yield* world.bury(life)
    }))
})
