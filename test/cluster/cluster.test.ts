/**
 * Runs of a cluster: what is to be done for them is told by messages, to the runner of their shard, and found where nobody was
 * told; runners come and go, and nothing is lost or done twice by that.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Logger, Option, Schema, Scope } from "effect"
import { JoinStrategy } from "effect-cano"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import * as Task from "effect-cano/Task"
import { TestClock } from "effect/testing"
import { durableMachine, durably, letter, texts } from "../durable/kit.ts"
import { makeWorld, type Runner, settings, within, type World } from "./kit.ts"

const Go = Signal.make("go", Schema.String)
const Other = Signal.make("other", Schema.String)
const Ask = Signal.make("ask", Schema.String, { reply: Schema.String })

/** Waits a second, and ends. */
const nap = durably(
  durableMachine("nap", "Nap", "Done").register("Nap", Effect.as(Effect.sleep("1 second"), "Done")).addExitStates(
    "Done"
  )
)

/** Waits for a signal. */
const ear = durably(
  durableMachine("ear", "Wait", "Done").registerSignal("Wait", Go, { next: "Done" }).addExitStates("Done")
)

/** Waits for five minutes. */
const clock = durably(
  durableMachine("clock", "Wait", "Done").register("Wait", { run: Task.timer("5 minutes"), next: "Done" })
    .addExitStates("Done")
)

const start = (runner: Runner, definition: any, runId: string, state: string) =>
  within<boolean, unknown>(runner, definition.start(runId, state))

const statusOf = (world: World, runId: string) =>
  Effect.map(Effect.orDie(world.journal.show(runId)), (head) => head?.status)

const kinds = (world: World, runId: string) =>
  Effect.map(Effect.orDie(world.journal.rows(runId, 0, 1000)), (rows) => rows.map(({ kind }) => kind).join(" "))

/** What is logged as a warning or worse. */
const warnings = () => {
  const said: Array<string> = []
  const layer = Logger.layer([Logger.make(({ logLevel, message }) => {
    if (logLevel !== "Info" && logLevel !== "Debug") said.push(String(message))
  })])
  return { said, layer }
}

describe("a durable run of a cluster", () => {
  it.effect("that a client starts is driven by a runner, and the client reads of its end in the journal", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const client = yield* world.runner(undefined, [])
      yield* world.runner(1, [nap])
      const fiber = yield* Effect.forkChild(within(client, nap.run("r", "Nap")))
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "Done")
      assert.strictEqual(yield* kinds(world, "r"), "enter owner enter exit")
      assert.strictEqual(world.driver.journal.length, 1, "one message is all that it takes")
    }))

  it.effect("is started before any runner listens, and driven when one does", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const client = yield* world.runner(undefined, [])
      assert.isTrue(yield* start(client, nap, "r", "Nap"))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* kinds(world, "r"), "enter")
      yield* world.runner(1, [nap])
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* statusOf(world, "r"), "ended")
    }))

  it.effect("is sent signals, asked, paused, resumed and cancelled by a client", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const client = yield* world.runner(undefined, [])
      yield* world.runner(1, [ear, asked])
      for (const runId of ["driven", "parked", "paused", "cancelled"]) yield* start(client, ear, runId, "Wait")
      yield* start(client, asked, "asked", "Wait")
      yield* TestClock.adjust("300 millis")
      assert.strictEqual(yield* within(client, Runs.signal("driven", Go, "now")), "kept")
      const answer = yield* Effect.forkChild(within(client, Runs.ask("asked", Ask, "well?")))
      yield* within(client, Effect.flatMap(handleOf("paused"), (handle) => handle.pause("tea")))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* statusOf(world, "driven"), "ended")
      assert.strictEqual(yield* Fiber.join(answer), "well")
      assert.strictEqual((yield* world.journal.show("parked"))?.owner, undefined, "it is parked")
      yield* within(client, Runs.signal("parked", Go, "later"))
      yield* within(client, Runs.signal("paused", Go, "kept"))
      const cancelled = yield* Effect.forkChild(within(client, Runs.cancel("cancelled")))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* statusOf(world, "parked"), "ended")
      assert.strictEqual((yield* world.journal.show("cancelled"))?.outcome, "cancelled")
      yield* Fiber.await(cancelled)
      assert.notStrictEqual(yield* statusOf(world, "paused"), "ended")
      yield* within(client, Effect.flatMap(handleOf("paused"), (handle) => handle.resume))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* statusOf(world, "paused"), "ended")
    }))

  it.effect("goes on at its instant, by a message that was sent when it was parked, on another runner", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const first = yield* world.runner(1, [clock])
      yield* start(first, clock, "r", "Wait")
      yield* TestClock.adjust("2 seconds")
      assert.include(yield* world.journal.show("r"), { status: "waiting", owner: undefined, wakeAt: 300_000 })
      assert.strictEqual(world.driver.journal.length, 2)
      yield* first.end
      yield* world.runner(2, [clock], { settings: { ...settings, sweep: "1 day" } })
      yield* TestClock.adjust("4 minutes")
      assert.strictEqual(yield* kinds(world, "r"), "enter owner")
      yield* TestClock.adjust("61 seconds")
      assert.strictEqual(yield* statusOf(world, "r"), "ended")
    }))

  it.effect("goes on at its instant also if its runner was gone as soon as that was written, and nobody told of it", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const first: Runner = yield* world.runner(1, [clock], {
        journal: {
          park: (runId, parked) =>
            Effect.tap(world.journal.park(runId, parked), () => Effect.sync(() => first.freeze(true)))
        }
      })
      yield* start(first, clock, "r", "Wait")
      yield* TestClock.adjust("2 seconds")
      assert.include(yield* world.journal.show("r"), { status: "waiting", owner: undefined })
      assert.strictEqual(world.driver.journal.length, 1)
      yield* world.runner(2, [clock], { settings: { ...settings, sweep: "1 day" } })
      yield* TestClock.adjust("20 seconds")
      assert.strictEqual(world.driver.journal.length, 2)
      assert.strictEqual(yield* kinds(world, "r"), "enter owner", "nobody has taken it for that")
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(yield* statusOf(world, "r"), "ended")
    }))

  it.effect("is left to the next runner when its own ends in order, and the message is delivered again", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const ran: Array<string> = []
      const long = durably(
        durableMachine("long", "A", "B", "Done")
          .register("A", Effect.as(Effect.sync(() => ran.push("a")), "B"))
          .register("B", Effect.as(Effect.andThen(Effect.sync(() => ran.push("b")), Effect.sleep("1 minute")), "Done"))
          .addExitStates("Done")
      )
      const first = yield* world.runner(1, [long])
      yield* start(first, long, "r", "A")
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(ran, ["a", "b"])
      const ended = yield* Effect.forkChild(first.end)
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(ended)
      assert.strictEqual((yield* world.journal.show("r"))?.owner, undefined, "it has given up what it drove")
      // nobody sweeps
      yield* world.runner(2, [long], { settings: { ...settings, sweep: "1 day" } })
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(ran, ["a", "b", "b"])
      assert.strictEqual(yield* statusOf(world, "r"), "ended")
      assert.strictEqual(world.driver.journal.length, 1)
    }))

  it.effect("moves to a runner that joins with its shard, and its steps that have ended stay done", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const ran: Array<string> = []
      const long = durably(
        durableMachine("long", "Ask", "Done").registerSplit("Ask", {
          quick: Effect.sync(() => (ran.push("quick"), "q")),
          slow: Effect.as(Effect.andThen(Effect.sync(() => ran.push("slow")), Effect.sleep("1 minute")), "s")
        }, { strategy: JoinStrategy.all, schema: texts, next: "Done" }).addExitStates("Done")
      )
      const first = yield* world.runner(1, [long])
      const ids = Array.from({ length: 12 }, (_, i) => `r${i}`)
      for (const id of ids) yield* start(first, long, id, "Ask")
      yield* TestClock.adjust("2 seconds")
      yield* world.runner(2, [long], { settings: { ...settings, sweep: "1 day" } })
      yield* TestClock.adjust("20 seconds")
      const owners = new Set<string | undefined>()
      for (const id of ids) owners.add((yield* world.journal.show(id))?.owner)
      assert.strictEqual(owners.size, 2, "each has some of them")
      assert.isFalse(owners.has(undefined))
      yield* TestClock.adjust("2 minutes")
      for (const id of ids) assert.strictEqual(yield* statusOf(world, id), "ended")
      assert.strictEqual(ran.filter((what) => what === "quick").length, ids.length)
      assert.isAbove(ran.length, 2 * ids.length)
      assert.isBelow(ran.length, 3 * ids.length, "those whose shard stayed were not touched")
    }))

  it.effect("has children on several runners, where its branches are those of one", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const branches = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`c${i}`, nap.child("Nap")]))
      const parent = durably(
        durableMachine("parent", "All", "Done").registerSplit("All", branches, {
          strategy: JoinStrategy.all,
          schema: texts,
          next: "Done"
        }).addExitStates("Done")
      )
      yield* world.runner(1, [nap, parent])
      const second = yield* world.runner(2, [nap, parent])
      yield* TestClock.adjust("5 seconds")
      const fiber = yield* Effect.forkChild(within(second, parent.run("r", "All")))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "Done")
      const owners = new Set<string>()
      for (const child of Object.keys(branches)) {
        const rows = yield* world.journal.rows(`r/1/All/${child}`, 0, 100)
        for (const { data, kind } of rows) if (kind === "owner") owners.add(data)
      }
      assert.strictEqual(owners.size, 2)
      const own = (yield* world.journal.rows("r", 0, 100)).filter(({ kind }) => kind === "owner")
      assert.strictEqual(own.length, 1)
    }))
})

describe("a runner", () => {
  it.effect("that stood still, and whose shards others have, writes nothing behind them and starts nothing", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const ran: Array<string> = []
      const definition = (name: string) =>
        durably(
          durableMachine("long", "A", "B", "Done")
            .register(
              "A",
              Effect.as(Effect.andThen(Effect.sync(() => ran.push(`${name} a`)), Effect.sleep("10 seconds")), "B")
            )
            .register("B", Effect.as(Effect.sync(() => ran.push(`${name} b`)), "Done"))
            .addExitStates("Done")
        )
      const first = yield* world.runner(1, [definition("first")])
      yield* start(first, definition("first"), "r", "A")
      yield* TestClock.adjust("5 seconds")
      first.freeze(true)
      const second = yield* world.runner(2, [definition("second")], { settings: { sweep: "1 day" } })
      yield* TestClock.adjust("30 seconds")
      first.freeze(false)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(ran.filter((what) => what !== "first b"), ["first a", "second a", "second b"])
      assert.strictEqual(yield* kinds(world, "r"), "enter owner owner enter enter exit")
      // it is a runner like the others again
      yield* Effect.forkChild(second.end)
      yield* TestClock.adjust("10 seconds")
      yield* start(first, definition("first"), "s", "A")
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* statusOf(world, "s"), "ended")
    }))

  it.effect("that has no journal for a while keeps its messages, and goes on when it is back", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const client = yield* world.runner(undefined, [])
      const runner = yield* world.runner(1, [nap])
      yield* TestClock.adjust("2 seconds")
      runner.cut(true)
      yield* start(client, nap, "r", "Nap")
      yield* TestClock.adjust("25 seconds")
      assert.strictEqual(yield* kinds(world, "r"), "enter")
      runner.cut(false)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(yield* statusOf(world, "r"), "ended")
    }))

  it.effect("whose definition goes away gives up its runs, and goes on with them when that is back", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const runner = yield* world.runner(1, [ear])
      const put = Effect.gen(function*() {
        const scope = yield* Scope.make()
        yield* within<unknown, unknown>(runner, Layer.buildWithScope(scope)(nap.layer as Layer.Layer<never>))
        return scope
      })
      const scope = yield* put
      yield* start(runner, nap, "r", "Nap")
      yield* TestClock.adjust("500 millis")
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(closing)
      assert.strictEqual((yield* world.journal.show("r"))?.owner, undefined)
      yield* put
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* statusOf(world, "r"), "ended")
    }))

  it.effect("acts on branches of a run that is parked and its own, and a client does not", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const both = durably(
        durableMachine("both", "Both", "Done").registerSplit("Both", { a: Signal.wait(Go), b: Signal.wait(Other) }, {
          strategy: JoinStrategy.allFailFast,
          schema: texts,
          next: "Done",
          otherwise: "Done"
        }).addExitStates("Done")
      )
      const client = yield* world.runner(undefined, [])
      const runner = yield* world.runner(1, [both])
      yield* start(client, both, "r", "Both")
      yield* TestClock.adjust("2 seconds")
      assert.include(yield* world.journal.show("r"), { status: "waiting", owner: undefined })
      const cancelBranch = Effect.flatMap(handleOf("r"), (handle) => handle.cancelBranch("a"))
      assert.isFalse(yield* within(client, cancelBranch))
      const fiber = yield* Effect.forkChild(within(runner, cancelBranch))
      yield* TestClock.adjust("3 seconds")
      assert.isTrue(yield* Fiber.join(fiber))
      assert.strictEqual(yield* statusOf(world, "r"), "ended")
    }))

  it.effect("hears of a letter that comes as it parks the run: before that, after it, and before it is done with it", () =>
    Effect.gen(function*() {
      for (const when of ["before", "after", "told"] as const) {
        const world = yield* makeWorld
        const { park, show } = world.journal
        let isParked = false
        const slow = {
          park: (runId: string, parked: Parameters<typeof park>[1]) =>
            when === "before"
              ? Effect.andThen(Effect.sleep("1 second"), park(runId, parked))
              : Effect.tap(park(runId, parked), () => {
                isParked = true
                return when === "after" ? Effect.sleep("1 second") : Effect.void
              }),
          // as it looks for the instant that it would tell of
          show: (runId: string) => {
            const isNext = isParked && when === "told"
            isParked = false
            return isNext ? Effect.delay(show(runId), "1 second") : show(runId)
          }
        }
        const client = yield* world.runner(undefined, [])
        yield* world.runner(1, [ear], { journal: slow, settings: { sweep: "1 day" } })
        yield* TestClock.adjust("2 seconds")
        yield* start(client, ear, "r", "Wait")
        yield* TestClock.adjust("500 millis")
        yield* within(client, Runs.signal("r", Go, "x"))
        yield* TestClock.adjust("5 seconds")
        assert.strictEqual(yield* statusOf(world, "r"), "ended", when)
      }
    }))
})

describe("messages", () => {
  it.effect("that come twice, or for what is done, find nothing to do", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const runner = yield* world.runner(1, [nap, ear, clock])
      yield* start(runner, nap, "r", "Nap")
      yield* TestClock.adjust("3 seconds")
      assert.isFalse(yield* start(runner, nap, "r", "Nap"))
      yield* start(runner, ear, "e", "Wait")
      yield* TestClock.adjust("3 seconds")
      yield* within(runner, Runs.signal("e", Go, "x", { id: "1" }))
      yield* TestClock.adjust("3 seconds")
      const before = yield* kinds(world, "e")
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(within(runner, Runs.signal("e", Go, "x", { id: "1" })))))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* kinds(world, "r"), "enter owner enter exit")
      assert.strictEqual(yield* kinds(world, "e"), before)
    }))

  it.effect("that nobody has sent are found missing: a run that was not told of, letters to what waits and to what is driven", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const runner = yield* world.runner(1, [nap, ear])
      yield* TestClock.adjust("5 seconds")
      // as whoever died between the two has left them
      const run = { version: 1, parent: undefined }
      yield* world.journal.create([
        { ...run, runId: "r", workflow: "nap", state: "Nap", key: "/1/Nap", data: `"Nap"` },
        { ...run, runId: "e", workflow: "ear", state: "Wait", key: "/1/Wait", data: `"Wait"` }
      ])
      yield* TestClock.adjust("22 seconds")
      assert.strictEqual(yield* statusOf(world, "r"), "ended")
      assert.strictEqual(yield* statusOf(world, "e"), "waiting")
      yield* world.journal.send("e", letter("go", "x"))
      yield* TestClock.adjust("22 seconds")
      assert.strictEqual(yield* statusOf(world, "e"), "ended")
      // one that has something to do beside its wait is not parked, and has an owner
      const busy = durably(
        durableMachine("busy", "Both", "Done").registerSplit("Both", {
          wait: Effect.as(Signal.wait(Go), "w"),
          work: Effect.as(Effect.sleep("10 minutes"), "x")
        }, { strategy: JoinStrategy.any, schema: texts, next: "Done" }).addExitStates("Done")
      )
      yield* runner.end
      const third = yield* world.runner(3, [busy])
      yield* start(third, busy, "b", "Both")
      yield* TestClock.adjust("5 seconds")
      yield* world.journal.send("b", letter("go", "x"))
      yield* TestClock.adjust("12 seconds")
      assert.strictEqual(yield* statusOf(world, "b"), "ended")
    }))

  it.effect("that nobody sends of what an operator orders in the journal are found missing, and the order is followed once", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      let left = 1
      const flaky = durably(
        durableMachine("flaky", "Pay", "Done")
          .register("Pay", {
            run: Effect.suspend(() => left-- > 0 ? Effect.fail("no money") : Effect.void),
            next: "Done"
          })
          .addExitStates("Done")
      )
      const runner = yield* world.runner(1, [flaky])
      yield* start(runner, flaky, "r", "Pay")
      yield* TestClock.adjust("2 seconds")
      assert.include(yield* world.journal.show("r"), { status: "ended", outcome: "failed" })
      const order = { kind: "retry", name: "", key: undefined, id: "1", data: "{}" } as const
      const sent = yield* world.journal.send("r", order)
      assert.include(sent, { _tag: "Kept" })
      yield* TestClock.adjust("25 seconds")
      assert.include(yield* world.journal.show("r"), { status: "ended", outcome: "succeeded" })
      const before = yield* kinds(world, "r")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* kinds(world, "r"), before)
    }))

  it.effect("that can't be sent keep nobody from going on, are told of in the log, and found missing", () => {
    const { layer, said } = warnings()
    return Effect.gen(function*() {
      const world = yield* makeWorld
      const client = yield* world.runner(undefined, [])
      yield* world.runner(1, [nap])
      yield* TestClock.adjust("2 seconds")
      for (const isDeaf of ["hangs", "fails"] as const) {
        world.isDeaf = isDeaf
        const fiber = yield* Effect.forkChild(within(client, nap.run(isDeaf, "Nap")))
        yield* TestClock.adjust("5 seconds")
        assert.strictEqual(yield* kinds(world, isDeaf), "enter")
        assert.include(said.splice(0).join("\n"), `nobody could be told of run "${isDeaf}", which is found later`)
        world.isDeaf = false
        yield* TestClock.adjust("30 seconds")
        assert.strictEqual(yield* Fiber.join(fiber), "Done")
      }
    }).pipe(Effect.provide(layer))
  })

  it.effect("of a workflow that the runner does not have are held for a while, told of, and nothing is lost", () => {
    const { layer, said } = warnings()
    return Effect.gen(function*() {
      const world = yield* makeWorld
      const old = yield* world.runner(1, [ear])
      yield* start(old, nap, "r", "Nap")
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(said, [
        `run "r" waits: the runner that is to drive it does not have the layer of workflow "nap"`
      ])
      assert.strictEqual(yield* kinds(world, "r"), "enter")
      yield* old.end
      yield* world.runner(2, [ear, nap])
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* statusOf(world, "r"), "ended")
    }).pipe(Effect.provide(layer))
  })

  it.effect("of a run of another version are refused once, and again where that fits", () => {
    const { layer, said } = warnings()
    return Effect.gen(function*() {
      const world = yield* makeWorld
      const client = yield* world.runner(undefined, [])
      yield* start(client, nap, "r", "Nap")
      const newer = durably(
        durableMachine("nap", "Nap", "Done").register("Nap", Effect.succeed("Done")).addExitStates("Done"),
        { version: 2 }
      )
      const second = yield* world.runner(1, [newer])
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(said.length, 1)
      assert.match(said[0]!, /recorded by version 1/)
      yield* second.end
      yield* world.runner(2, [nap])
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* statusOf(world, "r"), "ended")
    }).pipe(Effect.provide(layer))
  })

  it.effect("of a run that somebody outside of the cluster drives wait until he has gone", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const client = yield* world.runner(undefined, [])
      yield* start(client, nap, "r", "Nap")
      yield* world.journal.lease("stranger", 30_000)
      yield* world.journal.claim(["r"], "stranger")
      yield* world.runner(1, [nap], { settings: { sweep: "1 day" } })
      yield* TestClock.adjust("25 seconds")
      assert.strictEqual((yield* world.journal.show("r"))?.owner, "stranger")
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* kinds(world, "r"), "enter owner owner enter exit")
    }))

  it.effect("to runs of long ids, and of ids with any characters, arrive", () =>
    Effect.gen(function*() {
      const world = yield* makeWorld
      const runner = yield* world.runner(1, [nap])
      const long = "x".repeat(300)
      const ids = [long, `${long}y`, "a/b", "ü ñ\n%", "1".repeat(1000)]
      for (const id of ids) yield* start(runner, nap, id, "Nap")
      yield* TestClock.adjust("5 seconds")
      for (const id of ids) assert.strictEqual(yield* statusOf(world, id), "ended", id)
      for (const { address } of world.driver.journal as ReadonlyArray<any>) {
        assert.isAtMost(address.entityId.length, 255)
      }
    }))
})

const asked = durably(
  durableMachine("asked", "Wait", "Done").registerSignal("Wait", Ask, {
    next: () => "Done",
    reply: (question: string) => question.slice(0, -1)
  } as never).addExitStates("Done")
)

const handleOf = (runId: string) => Effect.map(Runs.get(runId), Option.getOrThrow)
