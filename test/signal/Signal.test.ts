/**
 * Signals: who gets one, what becomes of those that nobody waits for, and what a wait ends with.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Effect, Exit, Fiber, Schema, type Scope } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import { passTime, primeClock, untyped } from "../kit/index.ts"

const Approval = Signal.make("approval", Schema.String)

const make = Workflow.make<"Ask" | "Again" | "Go" | "Yes" | "No">("w").addExitStates("Yes", "No")

const asking = make.registerSignal("Ask", Approval, {
  timeout: 100,
  next: (value) => value === "yes" ? "Yes" : "No",
  otherwise: "No"
})

/** A test with runs of its own. */
const test = (name: string, body: () => Effect.Effect<void, unknown, Runs.Runs | Scope.Scope>) =>
  it.effect(name, () => Effect.andThen(primeClock, Effect.provide(Effect.scoped(body()), Runs.layer)))

const exitOf = (run: Runs.RunHandle<unknown, unknown>) =>
  Effect.map(run.await, (exit) => Exit.isSuccess(exit) ? exit.value : exit)

describe("a state that waits", () => {
  test("goes on with the value that is sent", () =>
    Effect.gen(function*() {
      const run = yield* Runs.fork(asking, "Ask")
      assert.strictEqual(yield* run.signal(Approval, "yes"), "taken")
      assert.strictEqual(yield* exitOf(run), "Yes")
    }))

  test("takes the oldest that came before it waited", () =>
    Effect.gen(function*() {
      const workflow = make.register("Go", { run: Effect.sleep(10), next: "Ask" })
        .registerSignal("Ask", Approval, { next: (value) => value === "a" ? "Yes" : "No" })
      const run = yield* Runs.fork(workflow, "Go")
      assert.strictEqual(yield* run.signal(Approval, "a"), "kept")
      assert.strictEqual(yield* run.signal(Approval, "b"), "kept")
      yield* passTime(10)
      assert.strictEqual(yield* exitOf(run), "Yes")
    }))

  test("goes to otherwise when the time is up, and fails without one", () =>
    Effect.gen(function*() {
      const run = yield* Runs.fork(asking, "Ask")
      const late = yield* Runs.fork(
        make.registerSignal("Ask", Approval, { key: "ada", timeout: 100, next: "Yes" }),
        "Ask"
      )
      yield* passTime(99)
      assert.strictEqual((yield* run.info).status, "waiting")
      yield* passTime(1)
      assert.strictEqual(yield* exitOf(run), "No")
      const exit = yield* late.await
      assert.isTrue(Exit.isFailure(exit))
      const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      assert.instanceOf(error, Signal.SignalTimeoutError)
      assert.strictEqual(
        (error as Error).message,
        "workflow \"w\", state \"Ask\": signal \"approval\" with key \"ada\" has not come within 100ms"
      )
    }))

  test("has one winner where the signal and the deadline come at once", () =>
    Effect.gen(function*() {
      const send = Effect.delay(Effect.exit(Runs.signal("r", Approval, "yes")), 100)
      const sending = Effect.forkChild(send, { startImmediately: true })
      const answers: Array<string> = []
      for (const first of ["signal", "deadline"]) {
        // sleeps of one instant end in the order in which they were begun
        const before = first === "signal" ? yield* sending : undefined
        const run = yield* Runs.fork(asking, "Ask", { runId: "r" })
        const sent = before ?? (yield* sending)
        yield* passTime(100)
        const exit = yield* Fiber.join(sent)
        const answer = Exit.isSuccess(exit) ? exit.value : "refused"
        assert.strictEqual(yield* exitOf(run), answer === "taken" ? "Yes" : "No")
        answers.push(answer)
      }
      assert.strictEqual(answers[0], "taken")
      assert.notStrictEqual(answers[1], "taken")
    }))

  test("takes only what came since its visit began, if it says so", () =>
    Effect.gen(function*() {
      const workflow = make
        .registerSignal("Ask", Approval, { next: "Again" })
        .registerSignal("Again", Approval, { since: "visit", next: "Yes" })
      const run = yield* Runs.fork(workflow, "Ask")
      yield* run.signal(Approval, "click")
      yield* run.signal(Approval, "second click")
      yield* passTime(1)
      const { at, signals, waits } = yield* run.info
      assert.strictEqual(at?.state, "Again")
      assert.strictEqual(signals.length, 1)
      assert.deepStrictEqual(waits.map(({ wokenBy }) => wokenBy), ["signal \"approval\""])
      assert.strictEqual(yield* run.signal(Approval, "yes"), "taken")
      assert.strictEqual(yield* exitOf(run), "Yes")
    }))

  test("waits for a key that it may make of its data", () =>
    Effect.gen(function*() {
      type State = { readonly _tag: "Ask"; readonly id: string } | "Done"
      const workflow = Workflow.make<State>("w")
        .registerSignal("Ask", Approval, { key: ({ id }) => id, next: "Done" })
        .addExitStates("Done")
      const run = yield* Runs.fork(workflow, { _tag: "Ask", id: "7" })
      assert.strictEqual(yield* run.signal(Approval, "x"), "kept")
      assert.strictEqual(yield* run.signal(Approval, "x", { key: "8" }), "kept")
      assert.strictEqual(yield* run.signal(Approval, "x", { key: "7" }), "taken")
      assert.strictEqual(yield* exitOf(run), "Done")
    }))
})

describe("branches that wait", () => {
  const wait = Signal.wait(Approval)

  test("join as a strategy says: two of three", () =>
    Effect.gen(function*() {
      const workflow = make.registerSplit("Ask", [wait, wait, wait], {
        strategy: JoinStrategy.quorum(2),
        next: ({ values }) => values.join() === "a,b" ? "Yes" : "No"
      })
      const run = yield* Runs.fork(workflow, "Ask")
      assert.strictEqual(yield* run.signal(Approval, "a"), "taken")
      assert.strictEqual(yield* run.signal(Approval, "b"), "taken")
      assert.strictEqual(yield* exitOf(run), "Yes")
    }))

  test("give back what was on its way to a loser", () =>
    Effect.gen(function*() {
      const workflow = make
        .registerSplit("Ask", [wait, wait, wait], { strategy: JoinStrategy.quorum(2), next: "Again" })
        .registerSignal("Again", Approval, { next: (value) => value === "c" ? "Yes" : "No" })
      const run = yield* Runs.fork(workflow, "Ask")
      for (const value of ["a", "b", "c"]) assert.strictEqual(yield* run.signal(Approval, value), "taken")
      assert.strictEqual(yield* run.signal(Approval, "d"), "kept")
      assert.strictEqual(yield* exitOf(run), "Yes")
    }))

  test("fail by themselves when their time is up", () =>
    Effect.gen(function*() {
      const workflow = make.registerSplit("Ask", { ada: Signal.wait(Approval, { timeout: 10 }), bob: wait }, {
        strategy: JoinStrategy.any,
        next: ({ failures }) => failures.length === 1 ? "Yes" : "No"
      })
      const run = yield* Runs.fork(workflow, "Ask")
      yield* passTime(10)
      assert.deepStrictEqual(
        (yield* run.info).branches.map(({ name, status }) => [name, status]),
        [["ada", "Failed"], ["bob", "Running"]]
      )
      yield* run.signal(Approval, "x")
      assert.strictEqual(yield* exitOf(run), "Yes")
    }))

  test("give what was on its way to one that waits", () =>
    Effect.gen(function*() {
      let waiting: Fiber.Fiber<unknown> | undefined
      const ada = Effect.gen(function*() {
        waiting = yield* Effect.forkChild(wait, { startImmediately: true })
        yield* Fiber.await(waiting)
        return yield* Effect.never
      })
      const workflow = make.registerSplit("Ask", { ada, bob: wait }, {
        strategy: JoinStrategy.any,
        next: ({ outcomes }) => outcomes.bob._tag === "Succeeded" ? "Yes" : "No"
      })
      const run = yield* Runs.fork(workflow, "Ask")
      assert.strictEqual(yield* run.signal(Approval, "a"), "taken")
      // before it goes on
      waiting!.interruptUnsafe()
      assert.strictEqual(yield* exitOf(run), "Yes")
    }))

  for (const keys of [[undefined, "k"], ["k", undefined]]) {
    test(`are served in the order in which they wait, with a key or without one: ${keys.join()}`, () =>
      Effect.gen(function*() {
        const workflow = make.registerSplit("Ask", keys.map((key) => Signal.wait(Approval, { key })), {
          strategy: JoinStrategy.any,
          next: ({ outcomes }) => outcomes[0]?._tag === "Succeeded" ? "Yes" : "No"
        })
        const run = yield* Runs.fork(workflow, "Ask")
        assert.strictEqual(yield* run.signal(Approval, "a", { key: "k" }), "taken")
        assert.strictEqual(yield* exitOf(run), "Yes")
      }))
  }

  test("stop their clocks when they have what they wait for", () =>
    Effect.gen(function*() {
      let running = 0
      const clock: Clock.Clock = Object.create(yield* Clock.Clock, {
        sleep: {
          value: () => {
            running++
            return Effect.onExit(Effect.never, () => Effect.sync(() => running--))
          }
        }
      })
      const run = yield* Effect.provideService(Runs.fork(asking, "Ask"), Clock.Clock, clock)
      assert.strictEqual(running, 1)
      yield* run.signal(Approval, "yes")
      assert.strictEqual(yield* exitOf(run), "Yes")
      assert.strictEqual(running, 0)
    }))

  it.effect("have nobody to wait for outside of a run, which is a defect that says so", () =>
    Effect.gen(function*() {
      const outside = yield* Effect.exit(Effect.provide(wait, Runs.layer))
      assert.match(
        String(Exit.isFailure(outside) && Cause.squash(outside.cause)),
        /is for the branches and tasks of a run/
      )
      const unknown = make.register("Go", { run: Effect.provide(wait, Runs.layer), next: "Yes" })
      const exit = yield* Effect.exit(unknown.orchestrate("Go"))
      assert.match(String(Exit.isFailure(exit) && Cause.squash(exit.cause)), /the run was started outside of Runs/)
    }))
})

describe("what is sent", () => {
  const waiting = make.register("Go", { run: Effect.never, next: "Ask" }).registerSignal("Ask", Approval, {
    next: "Yes"
  })

  test("is a signal, or refused with a sentence, whether the run goes on or not", () =>
    Effect.gen(function*() {
      const run = yield* Runs.fork(waiting, "Go", { runId: "here" })
      for (const runId of ["here", "nowhere"]) {
        for (const given of ["go", undefined, { name: 5 }]) {
          const error = yield* Effect.flip(Runs.signal(runId, given as never, "yes" as never))
          assert.strictEqual(error.reason, "InvalidValue")
          assert.include(error.message, `to run "${runId}": what was sent does not fit: `)
          assert.match(error.message, /is no signal; make one with Signal\.make$/)
          assert.notInclude(error.message, "\"\"")
        }
      }
      yield* run.cancel()
    }))

  test("is checked, and refused with a reason", () =>
    Effect.gen(function*() {
      const Few = Signal.make("few", Schema.Int, { capacity: 2 })
      const run = yield* Runs.fork(waiting, "Go", { runId: "r" })
      const reason = <A>(sending: Effect.Effect<A, Signal.SignalError, Runs.Runs>) =>
        Effect.map(Effect.flip(sending), ({ message, reason }) => `${reason} ${message}`)
      assert.strictEqual(
        yield* reason(run.signal(Few, 1.5)),
        "InvalidValue signal \"few\" to run \"r\": what was sent does not fit: Expected an integer"
      )
      yield* run.signal(Few, 1)
      yield* run.signal(Few, 2)
      assert.strictEqual(
        yield* reason(run.signal(Few, 3, { id: "3" })),
        "Full signal \"few\" to run \"r\": the run keeps no more of them: 2 wait already"
      )
      assert.match(yield* reason(run.signal(Few, 3, { id: 3 as never })), /^InvalidValue .* id is 3; it must be a text/)
      assert.match(yield* reason(run.signal("few" as never, 3 as never)), /^InvalidValue .* "few" is no signal/)
      assert.match(yield* reason(Runs.signal("s", Few, 3)), /^NoSuchRun signal "few" to run "s": no run of this id/)
      yield* run.cancel()
      assert.match(yield* reason(run.signal(Few, 3)), /^Ended/)
      assert.match(yield* reason(Runs.signal("r", Few, 3)), /^NoSuchRun/)
    }))

  test("counts once for an id, and one that was refused may come again", () =>
    Effect.gen(function*() {
      const One = Signal.make("one", Schema.Int, { capacity: 1 })
      const run = yield* Runs.fork(waiting, "Go")
      assert.strictEqual(yield* run.signal(One, 1, { id: "a" }), "kept")
      assert.strictEqual(yield* run.signal(One, 1, { id: "a" }), "duplicate")
      yield* Effect.flip(run.signal(One, 2, { id: "b" }))
      yield* Effect.flip(run.signal(One, 2, { id: "b" }))
      assert.deepStrictEqual((yield* run.info).signals, [{ signal: "one", key: undefined, id: "a", since: 0 }])
    }))

  test("is forgotten with its run: one of the same id sees nothing of it", () =>
    Effect.gen(function*() {
      const first = yield* Runs.fork(waiting, "Go", { runId: "r" })
      yield* first.signal(Approval, "x", { id: "a" })
      yield* first.cancel()
      const second = yield* Runs.fork(waiting, "Ask", { runId: "r" })
      assert.strictEqual((yield* second.info).status, "waiting")
      assert.strictEqual(yield* second.signal(Approval, "x", { id: "a" }), "taken")
      assert.strictEqual(yield* exitOf(second), "Yes")
      assert.strictEqual((yield* first.info).status, "ended")
    }))
})

describe("a reply", () => {
  const Price = Signal.make("price", Schema.Number, { reply: Schema.String })
  const pricing = make.registerSignal("Ask", Price, { reply: (n) => `${n} it is`, next: "Again" })
    .registerSignal("Again", Approval, { next: "Yes" })

  test("is given to who asks, and the same to who asks again", () =>
    Effect.gen(function*() {
      const run = yield* Runs.fork(pricing, "Ask", { runId: "r" })
      const asked = yield* Effect.all([run.ask(Price, 5, { id: "a" }), Runs.ask("r", Price, 6, { id: "a" })], {
        concurrency: 2
      })
      assert.deepStrictEqual(asked, ["5 it is", "5 it is"])
      assert.strictEqual(yield* run.ask(Price, 7, { id: "a" }), "5 it is")
    }))

  test("is none where the run ends before", () =>
    Effect.gen(function*() {
      const run = yield* Runs.fork(pricing, "Again")
      const asking = yield* Effect.forkChild(Effect.flip(run.ask(Price, 5)), { startImmediately: true })
      yield* run.signal(Approval, "x")
      assert.strictEqual((yield* Fiber.join(asking)).reason, "Ended")
    }))

  test("that throws, or does not fit, is a defect of the run, and told to who asks", () =>
    Effect.gen(function*() {
      for (
        const reply of [() => {
          throw new Error("no price")
        }, () => 5 as never]
      ) {
        const run = yield* Runs.fork(make.registerSignal("Ask", Price, { reply, next: "Yes" }), "Ask")
        const error = yield* Effect.flip(run.ask(Price, 5))
        assert.strictEqual(error.reason, "NoReply")
        const exit = yield* run.await
        assert.match(String(Exit.isFailure(exit) && Cause.squash(exit.cause)), /no price|does not fit: Expected string/)
      }
    }))
})

describe("two definitions of one name", () => {
  const Text = Signal.make("approval", Schema.Literals(["yes", "no"]))

  test("are one signal, and what does not fit who waits is a defect that says so", () =>
    Effect.gen(function*() {
      const workflow = make.registerSignal("Ask", Text, { next: (value) => value === "yes" ? "Yes" : "No" })
      const run = yield* Runs.fork(workflow, "Ask")
      assert.strictEqual(yield* run.signal(Approval, "yes"), "taken")
      assert.strictEqual(yield* exitOf(run), "Yes")
      const other = yield* Runs.fork(workflow, "Ask")
      yield* other.signal(Approval, "perhaps")
      const exit = yield* other.await
      assert.match(
        String(Exit.isFailure(exit) && Cause.squash(exit.cause)),
        /signal "approval" was sent by another definition of it, with a value that does not fit: Expected "yes" \| "no"/
      )
    }))
})

describe("where a state leads that waits", () => {
  const at = (options: object, timeout?: number) =>
    Effect.gen(function*() {
      const workflow = (untyped() as any).addExitStates("Yes", "No")
        .registerSignal("Ask", Approval, { next: "Yes", timeout, ...options })
      const run = yield* Runs.fork(workflow as typeof make, "Ask" as never)
      if (timeout === undefined) yield* run.signal(Approval, "yes")
      else yield* passTime(timeout)
      return String(yield* exitOf(run).pipe(Effect.map((exit) => Exit.isExit(exit) ? message(exit) : exit)))
    })
  const message = (exit: Exit.Exit<unknown, unknown>): string =>
    Exit.isFailure(exit) ? (Cause.squash(exit.cause) as Error).message : ""

  test("is one of the states, and one that it has declared", () =>
    Effect.gen(function*() {
      assert.match(yield* at({ next: () => "Nowhere" }), /next returned a state that is none: "Nowhere"/)
      assert.match(
        yield* at({ next: () => "No", to: { next: ["Yes"] } }),
        /next returned "No", which to does not name: Yes/
      )
      assert.match(
        yield* at({ otherwise: () => "No", to: { otherwise: ["Yes"] } }, 10),
        /otherwise returned "No", which to does not name: Yes/
      )
      assert.strictEqual(
        yield* at({ otherwise: ({ limit }: Signal.SignalTimeoutError) => limit ? "No" : "Yes" }, 10),
        "No"
      )
    }))

  test("is looked for again by who has a key that is none: a defect", () =>
    Effect.gen(function*() {
      assert.match(yield* at({ key: () => 5 }, 1), /key.*5|5.*key/)
    }))
})
