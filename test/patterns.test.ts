/**
 * The workflow control-flow patterns of van der Aalst, ter Hofstede, Russell and others, each as a test that reads as the
 * pattern. docs/PATTERNS.md lists all 43, those that are declined included.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, PubSub, Queue, Ref } from "effect"
import { Bulkhead, JoinStrategy, Split, SplitResult, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"
import { readFileSync } from "node:fs"

const { all, any, partialResults, quorum } = JoinStrategy

/** What happened, in order. */
const journal = () => {
  const log: Array<string> = []
  const note = (what: string) => Effect.sync(() => void log.push(what))
  /** A piece of work that takes its time, and tells when it ends or is cut short. */
  const work = (what: string, millis = 0) =>
    Effect.sleep(millis).pipe(
      Effect.andThen(note(what)),
      Effect.onInterrupt(() => note(`${what} cut`)),
      Effect.as(what)
    )
  return { log, note, work }
}

/** Runs an effect to its end while the clock runs on. */
const play = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })

describe("basic control flow", () => {
  it.effect("WCP-1 Sequence: a task starts when the one before has ended", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      yield* Workflow.make<"Pick" | "Pack" | "Done">("order")
        .register("Pick", { run: work("pick"), next: "Pack" })
        .register("Pack", { run: work("pack"), next: "Done" })
        .addExitStates("Done")
        .orchestrate("Pick")
        .pipe(play)
      assert.deepStrictEqual(log, ["pick", "pack"])
    }))

  it.effect("WCP-2 Parallel Split: one thread of control becomes several that run at once", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      yield* play(Split.run([work("slow", 20), work("quick", 10)], { strategy: all }))
      assert.deepStrictEqual(log, ["quick", "slow"])
    }))

  it.effect("WCP-3 Synchronization: the next state starts once, when every branch has ended", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      yield* Workflow.make<"Fork" | "Join" | "Done">("w")
        .registerSplit("Fork", [work("a", 20), work("b", 10)], { strategy: all, next: "Join" })
        .register("Join", { run: work("join"), next: "Done" })
        .addExitStates("Done")
        .orchestrate("Fork")
        .pipe(play)
      assert.deepStrictEqual(log, ["b", "a", "join"])
    }))

  const choosing = (log: Array<string>, note: (what: string) => Effect.Effect<void>, amount: number) =>
    Workflow.make<"Check" | "Approve" | "Pay" | "Done">("invoice")
      .register("Check", Effect.sync(() => amount > 100 ? "Approve" : "Pay"))
      .register("Approve", { run: note("approve"), next: "Pay" })
      .register("Pay", { run: Effect.sync(() => log.push("pay")), next: "Done" })
      .addExitStates("Done")
      .orchestrate("Check")

  it.effect("WCP-4 Exclusive Choice: a task decides which one state is next", () =>
    Effect.gen(function*() {
      const { log, note } = journal()
      yield* choosing(log, note, 50)
      assert.deepStrictEqual(log, ["pay"])
    }))

  it.effect("WCP-5 Simple Merge: alternatives lead to the same state, without synchronization", () =>
    Effect.gen(function*() {
      const { log, note } = journal()
      yield* choosing(log, note, 500)
      assert.deepStrictEqual(log, ["approve", "pay"])
    }))
})

describe("advanced branching and synchronization", () => {
  interface Alarm {
    readonly fire: boolean
    readonly police: boolean
  }

  /** The branches that the state asks for. */
  const dispatch = ({ fire, police }: Alarm, work: (what: string, millis: number) => Effect.Effect<string>) => [
    ...fire ? [work("fire engine", 20)] : [],
    ...police ? [work("patrol", 10)] : []
  ]

  it.effect("WCP-6 Multi-Choice: one or several branches are chosen when the state is entered", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      yield* play(Split.run(() => dispatch({ fire: true, police: false }, work), { strategy: all }))
      yield* play(Split.run(() => dispatch({ fire: true, police: true }, work), { strategy: all }))
      assert.deepStrictEqual(log, ["fire engine", "patrol", "fire engine"])
    }))

  it.effect("WCP-7 Structured Synchronizing Merge: the join waits for the branches that were chosen, and no other", () =>
    Effect.gen(function*() {
      const { work } = journal()
      const state = { _tag: "Alarm", fire: false, police: true } as const
      const done = yield* Workflow.make<{ readonly _tag: "Alarm" } & Alarm | "Done" | "None">("emergency")
        .registerSplit("Alarm", (alarm) => dispatch(alarm, work), {
          strategy: all,
          next: ({ values }) => values.length === 1 ? "Done" : "None"
        })
        .addExitStates("Done", "None")
        .orchestrate(state)
        .pipe(play)
      assert.strictEqual(done, "Done")
    }))

  const discriminator = (losers: "interrupt" | "detach") =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const result = yield* Workflow.make<"Test" | "Act" | "Done">("cardiac arrest")
        .registerSplit("Test", [work("breathing", 10), work("pulse", 20)], { strategy: any, losers, next: "Act" })
        .register("Act", { run: work("act"), next: "Done" })
        .addExitStates("Done")
        .orchestrate("Test")
        .pipe(play)
      assert.strictEqual(result, "Done")
      return log
    })

  it.effect("WCP-9 Structured Discriminator: the first branch starts the next state, once; the others run on, unheard", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* discriminator("detach"), ["breathing", "act", "pulse"])
    }))

  it.effect("WCP-28 Blocking Discriminator: each visit has its own join, so a late branch of one is none of the next", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      let visits = 0
      yield* Workflow.make<"Check" | "Again" | "Done">("w")
        .registerSplit("Check", () => [work(`first ${++visits}`, 10), work(`second ${visits}`, 15)], {
          strategy: any,
          losers: "detach",
          next: "Again"
        })
        .register(
          "Again",
          Effect.suspend(() => Effect.as(Effect.sleep(1), visits < 2 ? "Check" as const : "Done" as const))
        )
        .addExitStates("Done")
        .orchestrate("Check")
        .pipe(play)
      assert.deepStrictEqual(log, ["first 1", "second 1", "first 2", "second 2"])
      assert.strictEqual(visits, 2)
    }))

  it.effect("WCP-29 Cancelling Discriminator: the first branch starts the next state, and the others are cancelled", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* discriminator("interrupt"), ["breathing", "pulse cut", "act"])
    }))

  const partialJoin = (losers: "interrupt" | "detach") =>
    Effect.gen(function*() {
      const { log, work } = journal()
      yield* play(Effect.scoped(Effect.gen(function*() {
        const approvals = [work("ann", 30), work("bob", 10), work("cy", 20)]
        const { settled } = yield* Split.run(approvals, { strategy: quorum(2), losers })
        assert.deepStrictEqual(settled.map(({ index }) => index), [1, 2])
        yield* work("go on")
      })))
      return log
    })

  it.effect("WCP-30 Structured Partial Join: n of m branches start the next state; the rest run on, unheard", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* partialJoin("detach"), ["bob", "cy", "go on", "ann"])
    }))

  it.effect("WCP-31 Blocking Partial Join: the next visit counts its own branches only", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const round = (n: number) =>
        Split.run([1, 2, 3].map((i) => work(`${n}.${i}`, 10 * i)), { strategy: partialResults(2), losers: "detach" })
      yield* play(Effect.scoped(Effect.andThen(round(1), round(2))))
      assert.deepStrictEqual(log, ["1.1", "1.2", "1.3", "2.1", "2.2", "2.3"])
    }))

  it.effect("WCP-32 Cancelling Partial Join: n of m branches start the next state; the rest are cancelled", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* partialJoin("interrupt"), ["bob", "cy", "ann cut", "go on"])
    }))

  it.effect("WCP-37 Local Synchronizing Merge: nested choices are joined where they were made", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const nested = (parts: ReadonlyArray<string>) =>
        Effect.tap(
          Split.run(() => parts.map((part, i) => work(part, 10 * (i + 1))), { strategy: all }),
          () => work("inner join")
        )
      yield* play(Effect.tap(Split.run([nested(["a", "b"]), work("c", 15)], { strategy: all }), () => work("join")))
      assert.deepStrictEqual(log, ["a", "c", "b", "inner join", "join"])
    }))
})

describe("multiple instances", () => {
  it.effect("WCP-12 Multiple Instances without Synchronization: the next state does not wait for them", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const mails = ["ann", "bob"].map((name) => work(`mail to ${name}`, 30))
      yield* Workflow.make<"Notify" | "Done">("w")
        .registerSplit("Notify", [Effect.void, ...mails].reverse(), {
          strategy: any,
          losers: "detach",
          next: () => Effect.as(work("go on"), "Done" as const)
        })
        .addExitStates("Done")
        .orchestrate("Notify")
        .pipe(play)
      assert.deepStrictEqual(log, ["go on", "mail to bob", "mail to ann"])
    }))

  it.effect("WCP-13 Multiple Instances with a Priori Design-Time Knowledge: three signatures, as the definition says", () =>
    Effect.gen(function*() {
      const { work } = journal()
      const { values } = yield* play(
        Split.run([work("one", 10), work("two", 20), work("three", 5)], { strategy: all })
      )
      assert.deepStrictEqual(values, ["one", "two", "three"])
    }))

  it.effect("WCP-14 Multiple Instances with a Priori Run-Time Knowledge: as many as the state says when it is entered", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      yield* Workflow.make<{ readonly _tag: "Order"; readonly lines: number } | { readonly _tag: "Done" }>("order")
        .registerSplit("Order", ({ lines }) => Array.from({ length: lines }, (_, i) => work(`line ${i}`)), {
          strategy: all,
          next: { _tag: "Done" }
        })
        .addExitStates("Done")
        .orchestrate({ _tag: "Order", lines: 3 })
        .pipe(play)
      assert.strictEqual(log.length, 3)
    }))

  /** Witnesses name further witnesses. */
  const witnesses = (work: (what: string, millis: number) => Effect.Effect<string>) =>
    Split.growing<string>((add) => {
      const named: Record<string, ReadonlyArray<string>> = { ann: ["bob", "cy"], bob: ["dee"], cy: [], dee: [] }
      const hear = (name: string): Effect.Effect<string> =>
        Effect.tap(work(name, 10), () => add(named[name]!.map(hear)))
      return [hear("ann")]
    })

  it.effect("WCP-15 Multiple Instances without a Priori Run-Time Knowledge: instances are added while others run", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const { values } = yield* play(Split.run(witnesses(work), { strategy: all }))
      assert.deepStrictEqual(values, ["ann", "bob", "cy", "dee"])
      assert.deepStrictEqual(log, ["ann", "bob", "cy", "dee"])
    }))

  const sensors = (work: (what: string, millis: number) => Effect.Effect<string>) =>
    [30, 10, 20].map((millis) => work(`sensor ${millis}`, millis))

  it.effect("WCP-34 Static Partial Join for Multiple Instances: n of m go on, the other instances end unheard", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const { outcomes } = yield* play(
        Effect.scoped(Split.run(() => sensors(work), { strategy: quorum(2), losers: "detach" }))
      )
      assert.deepStrictEqual(log, ["sensor 10", "sensor 20", "sensor 30"])
      assert.isTrue(SplitResult.isDetached(outcomes[0]!))
    }))

  it.effect("WCP-35 Cancelling Partial Join for Multiple Instances: n of m go on, the other instances are cancelled", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      yield* play(Split.run(() => sensors(work), { strategy: quorum(2) }))
      assert.deepStrictEqual(log, ["sensor 10", "sensor 20", "sensor 30 cut"])
    }))

  it.effect("WCP-36 Dynamic Partial Join for Multiple Instances: instances are added until a condition over results holds", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const enough = JoinStrategy.until<string, never>((settled) =>
        settled.some((outcome) => outcome._tag === "Succeeded" && outcome.value === "cy")
      )
      yield* play(Split.run(witnesses(work), { strategy: enough }))
      assert.deepStrictEqual(log, ["ann", "bob", "cy", "dee cut"])
    }))
})

describe("state-based", () => {
  it.effect("WCP-16 Deferred Choice: the environment chooses; whatever comes first withdraws the alternatives", () =>
    Effect.gen(function*() {
      const answer = yield* Deferred.make<string>()
      const letter = Effect.race(
        Effect.as(Deferred.await(answer), "Answered" as const),
        Effect.as(Effect.sleep("14 days"), "Reminded" as const)
      )
      const waiting = Workflow.make<"Wait" | "Answered" | "Reminded">("letter")
        .register("Wait", letter)
        .addExitStates("Answered", "Reminded")
        .orchestrate("Wait")
      const reminded = yield* Effect.forkChild(waiting)
      yield* TestClock.adjust("14 days")
      assert.strictEqual(yield* Fiber.join(reminded), "Reminded")
      yield* Deferred.succeed(answer, "yes")
      assert.strictEqual(yield* waiting, "Answered")
    }))

  it.effect("WCP-17 Interleaved Parallel Routing: branches keep their order, and no two of their steps run at once", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const room = yield* Bulkhead.make("room", { places: 1 })
      const steps = (...names: ReadonlyArray<string>) =>
        Effect.forEach(names, (name) => room.withPlace(work(name, 10)), { discard: true })
      yield* play(Split.run([steps("blood", "report"), steps("x-ray", "film")], { strategy: all }))
      assert.deepStrictEqual(log, ["blood", "x-ray", "report", "film"])
    }))

  it.effect("WCP-18 Milestone: a task may run only while the case is in a given state", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const open = yield* Ref.make(true)
      const change = Effect.flatMap(Ref.get(open), (isOpen) => isOpen ? work("changed") : work("too late"))
      yield* play(Split.run([
        Effect.andThen(work("ticket", 15), Ref.set(open, false)),
        Effect.andThen(Effect.sleep(10), change),
        Effect.andThen(Effect.sleep(20), change)
      ], { strategy: all }))
      assert.deepStrictEqual(log, ["changed", "ticket", "too late"])
    }))

  it.effect("WCP-39 Critical Section: of two regions that run at once only one is inside at a time", () =>
    Effect.gen(function*() {
      const { log, note, work } = journal()
      const section = yield* Bulkhead.make("account", { places: 1 })
      const transfer = (name: string) => section.withPlace(Effect.andThen(note(`${name} in`), work(`${name} out`, 10)))
      yield* play(Split.run([transfer("a"), transfer("b")], { strategy: all }))
      assert.deepStrictEqual(log, ["a in", "a out", "b in", "b out"])
    }))

  it.effect("WCP-40 Interleaved Routing: a set of tasks, one at a time, in any order", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      yield* play(Split.run([work("oil", 30), work("brakes", 10)], { strategy: all, bulkhead: 1 }))
      assert.deepStrictEqual(log, ["oil", "brakes"])
    }))
})

describe("cancellation and force completion", () => {
  it.effect("WCP-19 Cancel Task: one task is withdrawn, and the case goes on", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const cancel = yield* Deferred.make<void>()
      const run = yield* Effect.forkChild(
        Workflow.make<"Assess" | "Next" | "Done">("w")
          .register("Assess", { run: Effect.raceFirst(work("assess", 100), Deferred.await(cancel)), next: "Next" })
          .register("Next", { run: work("next"), next: "Done" })
          .addExitStates("Done")
          .orchestrate("Assess")
      )
      yield* TestClock.adjust(10)
      yield* Deferred.succeed(cancel, undefined)
      assert.strictEqual(yield* Fiber.join(run), "Done")
      assert.deepStrictEqual(log, ["assess cut", "next"])
    }))

  it.effect("WCP-20 Cancel Case: the whole run ends, with everything that runs in it", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const run = yield* Effect.forkChild(
        Workflow.make<"Fork" | "Done">("mortgage")
          .registerSplit("Fork", [work("offer", 100), work("check", 100)], { strategy: all, next: "Done" })
          .addExitStates("Done")
          .orchestrate("Fork")
      )
      yield* TestClock.adjust(10)
      yield* Fiber.interrupt(run)
      assert.deepStrictEqual(log, ["offer cut", "check cut"])
    }))

  it.effect("WCP-25 Cancel Region: what belongs together is withdrawn together, and the rest goes on", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const region = Split.run([work("draft", 100), work("review", 100)], { strategy: all, timeout: 20 })
      yield* play(Split.run([Effect.ignore(region), work("payroll", 50)], { strategy: all }))
      assert.deepStrictEqual(log, ["draft cut", "review cut", "payroll"])
    }))

  it.effect("WCP-26 Cancel Multiple Instance Task: instances that run are withdrawn, those that have ended stay", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const tests = [10, 30, 50].map((millis) => work(`test ${millis}`, millis))
      const error = yield* play(Effect.flip(Split.run(tests, { strategy: all, timeout: 20 })))
      assert.deepStrictEqual(log, ["test 10", "test 30 cut", "test 50 cut"])
      assert.strictEqual(error._tag, "JoinTimeoutError")
    }))

  it.effect("WCP-27 Complete Multiple Instance Task: instances that run are withdrawn, and the case goes on with the rest", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const surveys = [10, 30, 50].map((millis) => work(`survey ${millis}`, millis))
      const { values } = yield* play(Split.run(surveys, { strategy: JoinStrategy.partialTimeout, timeout: 40 }))
      assert.deepStrictEqual(log, ["survey 10", "survey 30", "survey 50 cut"])
      assert.deepStrictEqual(values, ["survey 10", "survey 30"])
    }))
})

describe("iteration", () => {
  it.effect("WCP-10 Arbitrary Cycles: loops may have several entries and exits", () =>
    Effect.gen(function*() {
      const { log, note } = journal()
      let turns = 0
      const machine = Workflow.make<"Draft" | "Review" | "Fix" | "Done">("paper")
        .register("Draft", { run: note("draft"), next: "Review" })
        .register("Review", Effect.map(note("review"), () => ++turns === 1 ? "Fix" : turns === 2 ? "Draft" : "Done"))
        .register("Fix", { run: note("fix"), next: "Review" })
        .addExitStates("Done")
      yield* machine.orchestrate("Fix")
      assert.deepStrictEqual(log, ["fix", "review", "fix", "review", "draft", "review"])
    }))

  it.effect("WCP-21 Structured Loop: a state is entered again until a condition holds", () =>
    Effect.gen(function*() {
      const done = yield* Workflow.make<
        { readonly _tag: "Count"; readonly left: number; readonly sum: number } | {
          readonly _tag: "Done"
          readonly sum: number
        }
      >("loop")
        .register("Count", ({ left, sum }) =>
          Effect.succeed(
            left > 0 ? { _tag: "Count", left: left - 1, sum: sum + left } as const : { _tag: "Done", sum } as const
          ))
        .addExitStates("Done")
        .orchestrate({ _tag: "Count", left: 4, sum: 0 })
      assert.strictEqual(done.sum, 10)
    }))

  it.effect("WCP-22 Recursion: a workflow runs itself", () =>
    Effect.gen(function*() {
      type State = { readonly _tag: "Fold"; readonly n: number } | { readonly _tag: "Done"; readonly value: number }
      const fold = (n: number): Effect.Effect<number, unknown> =>
        Workflow.make<State>("factorial")
          .register("Fold", ({ n }) =>
            n === 0
              ? Effect.succeed({ _tag: "Done", value: 1 } as const)
              : Effect.map(fold(n - 1), (value) => ({ _tag: "Done", value: n * value }) as const))
          .addExitStates("Done")
          .orchestrate({ _tag: "Fold", n })
          .pipe(Effect.map(({ value }) => value))
      assert.strictEqual(yield* fold(5), 120)
    }))
})

describe("termination", () => {
  it.effect("WCP-43 Explicit Termination: a run ends when it enters an exit state, and nothing of it runs on", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const exit = yield* Workflow.make<"Fork" | "Won" | "Lost">("w")
        .registerSplit("Fork", [work("quick", 10), work("slow", 100)], { strategy: any, next: "Won" })
        .addExitStates("Won", "Lost")
        .orchestrate("Fork")
        .pipe(play)
      assert.strictEqual(exit, "Won")
      assert.deepStrictEqual(log, ["quick", "slow cut"])
    }))
})

describe("triggers", () => {
  it.effect("WCP-23 Transient Trigger: a signal is lost unless a task waits for it", () =>
    Effect.gen(function*() {
      const signals = yield* PubSub.unbounded<string>()
      const wait = Effect.scoped(Effect.flatMap(PubSub.subscribe(signals), PubSub.take))
      yield* PubSub.publish(signals, "lost")
      const run = yield* Effect.forkChild(
        Workflow.make<"Wait" | "Done" | "Other">("alarm")
          .register("Wait", Effect.map(wait, (signal) => signal === "heard" ? "Done" : "Other"))
          .addExitStates("Done", "Other")
          .orchestrate("Wait")
      )
      yield* TestClock.adjust(1)
      assert.isUndefined(run.pollUnsafe())
      yield* PubSub.publish(signals, "heard")
      assert.strictEqual(yield* Fiber.join(run), "Done")
    }))

  it.effect("WCP-24 Persistent Trigger: a signal is kept until a task takes it", () =>
    Effect.gen(function*() {
      const signals = yield* Queue.unbounded<string>()
      yield* Queue.offer(signals, "kept")
      const exit = yield* Workflow.make<"Wait" | "Done" | "Other">("alarm")
        .register("Wait", Effect.map(Queue.take(signals), (signal) => signal === "kept" ? "Done" : "Other"))
        .addExitStates("Done", "Other")
        .orchestrate("Wait")
      assert.strictEqual(exit, "Done")
    }))
})

describe("docs/PATTERNS.md", () => {
  const read = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8")
  const rows = [...read("../docs/PATTERNS.md").matchAll(/^\| WCP-(\d+) +\| (.+?) +\| (.+?) +\|/gm)]
  const tests = new Map(
    [...read("./patterns.test.ts").matchAll(/it\.effect\("WCP-(\d+) (.+?): /g)].map((
      [, number, name]
    ) => [number, name])
  )

  it("has each of the 43 patterns once", () => {
    const numbers = rows.map(([, number]) => Number(number)).sort((a, b) => a - b)
    assert.deepStrictEqual(numbers, Array.from({ length: 43 }, (_, i) => i + 1))
  })

  it("has a test of that name for each pattern that it does not decline", () => {
    for (const [, number, name, how] of rows) {
      assert.strictEqual(tests.get(number!), how === "declined" ? undefined : name, `WCP-${number}`)
    }
  })
})
