/**
 * The workflow control-flow patterns of van der Aalst, ter Hofstede, Russell and others, each as a test that reads as the
 * pattern and shows what defines it. docs/PATTERNS.md lists all 43, with their limits here and the one that is declined.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Option, PubSub, Queue, Stream, SubscriptionRef } from "effect"
import { Bulkhead, type CanoError, JoinStrategy, Split, SplitResult, TaskResult, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"
import { readFileSync } from "node:fs"
import { vi } from "vitest"
import { assertPictures } from "./patternPictures.ts"

vi.mock("effect-cano", async (original) => (await import("./patternPictures.ts")).noted(original))

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
  /** Work that tells when it begins, too. */
  const task = (what: string, millis: number) => Effect.andThen(note(`${what} begins`), work(what, millis))
  return { log, note, task, work }
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
      .register("Check", Effect.sync(() => amount > 100 ? "Approve" : "Pay"), { to: ["Approve", "Pay"] })
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
          next: ({ values }) => values.length === 1 ? "Done" : "None",
          to: { next: ["Done", "None"] }
        })
        .addExitStates("Done", "None")
        .orchestrate(state)
        .pipe(play)
      assert.strictEqual(done, "Done")
    }))

  it.effect("WCP-8 Multi-Merge: what several threads lead to runs once for each of them", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const exit = yield* Workflow.make<"Start" | "Ground" | "Walls" | "Inspect" | "Inspected" | "Built">("house")
        .addExitStates("Inspected", "Built")
        .registerSplit("Start", () => TaskResult.split(["Ground", "Walls"]), {
          strategy: all,
          next: "Built",
          to: { branches: ["Ground", "Walls"] }
        })
        .register("Ground", { run: work("ground", 10), next: "Inspect" })
        .register("Walls", { run: work("walls", 25), next: "Inspect" })
        .register("Inspect", { run: work("inspect", 5), next: "Inspected" })
        .orchestrate("Start")
        .pipe(play)
      assert.strictEqual(exit, "Built")
      assert.deepStrictEqual(log, ["ground", "inspect", "walls", "inspect"])
    }))

  /** Two rounds: a join that is reset works again. The first test of the second round is there at once. */
  const discriminator = (losers: "interrupt" | "detach") =>
    Effect.gen(function*() {
      const { log, note, work } = journal()
      let rounds = 0
      const tests = () =>
        ++rounds === 1
          ? [work("breathing", 10), work("pulse", 20)]
          : [note("breathing again"), work("pulse again", 5)]
      const result = yield* Workflow.make<"Test" | "Act" | "Done">("cardiac arrest")
        .registerSplit("Test", tests, { strategy: any, losers, next: "Act" })
        .register("Act", Effect.map(work("act", 100), () => rounds === 1 ? "Test" as const : "Done" as const), {
          to: ["Done", "Test"]
        })
        .addExitStates("Done")
        .orchestrate("Test")
        .pipe(play)
      assert.strictEqual(result, "Done")
      return log
    })

  it.effect("WCP-9 Structured Discriminator: the first branch starts the next state, once; the others run on, unheard", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* discriminator("detach"),
        ["breathing", "pulse", "act", "breathing again", "pulse again", "act"]
      )
    }))

  /** A loop of two rounds, in which a branch arrives only when all branches of the round before have. */
  const blocking = (strategy: JoinStrategy.Counting, millis: ReadonlyArray<number>) =>
    Effect.gen(function*() {
      const { log, work } = journal()
      type Round = {
        readonly _tag: "Check"
        readonly n: number
        readonly before: ReadonlyArray<Effect.Effect<unknown>>
      }
      const done = yield* Workflow.make<Round | { readonly _tag: "Done" }>("w")
        .registerSplit("Check", ({ before, n }) => {
          const reset = Effect.forEach(before, (exit) => exit)
          return millis.map((ms, i) => work(`${n}.${i}`, n === 1 ? ms : i + 1).pipe(Effect.tap(() => reset)))
        }, {
          strategy,
          losers: "detach",
          next: ({ outcomes }, { n }) =>
            Effect.as(
              work(`after ${n}`),
              n === 2 ? { _tag: "Done" } as const : {
                _tag: "Check",
                n: n + 1,
                before: outcomes.filter(SplitResult.isDetached).map(({ exit }) => exit)
              } as const
            ),
          to: { next: ["Done", "Check"] }
        })
        .addExitStates("Done")
        .orchestrate({ _tag: "Check", n: 1, before: [] })
        .pipe(play)
      assert.strictEqual(done._tag, "Done")
      return log
    })

  it.effect("WCP-28 Blocking Discriminator: who arrives a second time waits until all have arrived the first time", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* blocking(any, [10, 30]), ["1.0", "after 1", "2.0", "2.1", "1.1", "after 2"])
    }))

  it.effect("WCP-29 Cancelling Discriminator: the first branch starts the next state, and the others are cancelled", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* discriminator("interrupt"),
        ["breathing", "pulse cut", "act", "breathing again", "act"]
      )
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
      // also when the n are there at once, in whatever order they stand
      const { log, note, work } = journal()
      const branches = [note("ann"), note("bob"), work("cy", 10)]
      const { settled } = yield* play(Effect.scoped(Split.run(branches, { strategy: quorum(2), losers: "detach" })))
      assert.strictEqual(settled.length, 2)
      assert.deepStrictEqual(log, ["ann", "bob", "cy"])
    }))

  it.effect("WCP-31 Blocking Partial Join: who arrives a second time waits until all have arrived the first time", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* blocking(partialResults(2), [10, 20, 40]),
        ["1.0", "1.1", "after 1", "2.0", "2.1", "2.2", "1.2", "after 2"]
      )
    }))

  it.effect("WCP-32 Cancelling Partial Join: n of m branches start the next state; the rest are cancelled", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* partialJoin("interrupt"), ["bob", "cy", "ann cut", "go on"])
    }))

  /**
   * Tasks as branches of one split, with the arrows between them as tokens. A token says true where the thread of control
   * comes along, and false where it does not: then what it leads to is passed over, as the pattern proposes.
   */
  const graph = (work: (what: string, millis: number) => Effect.Effect<string>, isExpert: boolean) =>
    Effect.gen(function*() {
      const arrow = Deferred.make<boolean>()
      const [toReview, toFix, fromReview, fromFix] = yield* Effect.all([arrow, arrow, arrow, arrow])
      const step = (
        name: string,
        millis: number,
        from: ReadonlyArray<Deferred.Deferred<boolean>>,
        to: ReadonlyArray<readonly [Deferred.Deferred<boolean>, boolean]>
      ) =>
        Effect.gen(function*() {
          const tokens = yield* Effect.forEach(from, Deferred.await)
          const isActive = from.length === 0 || tokens.includes(true)
          if (isActive) yield* work(name, millis)
          yield* Effect.forEach(to, ([each, isTaken]) => Deferred.succeed(each, isActive && isTaken), { discard: true })
        })
      return yield* Split.run({
        triage: step("triage", 10, [], [[toReview, isExpert], [toFix, true]]),
        review: step("review", 30, [toReview], [[fromReview, true]]),
        fix: step("fix", 10, [toFix], [[fromFix, true]]),
        // it merges two of three threads, so that no part of the graph is a split of its own
        merge: step("merge", 0, [fromReview, fromFix], []),
        bill: step("bill", 5, [toFix], [])
      }, { strategy: all })
    })

  it.effect("WCP-37 Local Synchronizing Merge: a merge waits for those of its branches that are active, as their tokens tell it", () =>
    Effect.gen(function*() {
      const both = journal()
      yield* play(graph(both.work, true))
      assert.deepStrictEqual(both.log, ["triage", "bill", "fix", "review", "merge"])
      const one = journal()
      yield* play(graph(one.work, false))
      assert.deepStrictEqual(one.log, ["triage", "bill", "fix", "merge"])
    }))

  it.effect("WCP-38 General Synchronizing Merge: a merge waits until a branch has arrived, or says that it never will", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const ending = (isFound: boolean) =>
        Effect.gen(function*() {
          const [left, right] = yield* Effect.all([Deferred.make<boolean>(), Deferred.make<boolean>()])
          // a loop, of which nobody knows beforehand whether it leads to the merge or elsewhere
          const search = Effect.gen(function*() {
            for (let i = 1; i <= 3; i++) yield* work(`search ${i}`, 10)
            return isFound
          }).pipe(
            Effect.tap((found) => Deferred.succeed(right, found)),
            // it will not come when it fails, either
            Effect.ensuring(Deferred.succeed(right, false))
          )
          const merge = Effect.gen(function*() {
            const arrived = yield* Effect.forEach([left, right], Deferred.await)
            yield* work(`merge of ${arrived.filter(Boolean).length}`)
          })
          const write = Effect.andThen(work("write", 5), Deferred.succeed(left, true))
          yield* Split.run([write, search, merge], { strategy: all })
        })
      yield* play(ending(true))
      assert.deepStrictEqual(log.splice(0), ["write", "search 1", "search 2", "search 3", "merge of 2"])
      yield* play(ending(false))
      assert.deepStrictEqual(log, ["write", "search 1", "search 2", "search 3", "merge of 1"])
    }))

  it.effect("WCP-41 Thread Merge: so many threads of one branch become one, and the other branches do not wait for it", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const registrations = Split.run([30, 10, 20].map((millis) => work(`vehicle ${millis}`, millis)), {
        strategy: all
      })
      const batch = Effect.andThen(registrations, work("batch", 5))
      yield* play(Split.run([batch, Effect.andThen(work("enquiry", 15), work("answer", 1))], { strategy: all }))
      assert.deepStrictEqual(log, ["vehicle 10", "enquiry", "answer", "vehicle 20", "vehicle 30", "batch"])
    }))

  it.effect("WCP-42 Thread Split: one branch becomes so many threads, each of which runs the rest of it", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const review = (n: number) => Effect.andThen(work(`read ${n}`, 10 * n), work(`judge ${n}`, 5))
      const paper = Effect.andThen(work("received"), Split.run([1, 2, 3].map(review), { strategy: all }))
      yield* play(Split.run([paper, work("venue", 12)], { strategy: all }))
      assert.deepStrictEqual(
        log,
        ["received", "read 1", "venue", "judge 1", "read 2", "judge 2", "read 3", "judge 3"]
      )
    }))
})

describe("multiple instances", () => {
  it.effect("WCP-12 Multiple Instances without Synchronization: nobody waits for them, and none stands for another", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      const mail = (to: string, millis: number) =>
        Effect.flatMap(Workflow.CurrentRun, (run) => work(`mail to ${to} of ${run.runId}`, millis))
      const exit = yield* Workflow.make<"Notify" | "Bill" | "Done">("w")
        // a branch that has nothing to do decides the join, wherever it stands
        .registerSplit("Notify", [Effect.void, mail("ann", 30), Effect.fail("no address"), mail("bob", 10)], {
          strategy: any,
          losers: "detach",
          next: "Bill"
        })
        .register("Bill", { run: work("bill", 20), next: "Done" })
        .addExitStates("Done")
        .orchestrate("Notify", { runId: "order 7" })
        .pipe(play)
      assert.strictEqual(exit, "Done")
      assert.deepStrictEqual(log, ["mail to bob of order 7", "bill", "mail to ann of order 7"])
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
      const { log, note, work } = journal()
      yield* play(Effect.scoped(Effect.gen(function*() {
        const { outcomes } = yield* Split.run(() => sensors(work), { strategy: quorum(2), losers: "detach" })
        yield* note("alarm")
        const last = outcomes[0]!
        assert.isTrue(SplitResult.isDetached(last))
        // before it is entered again one may wait for those that are left
        if (SplitResult.isDetached(last)) yield* last.exit
        yield* note("all have measured")
      })))
      assert.deepStrictEqual(log, ["sensor 10", "sensor 20", "alarm", "sensor 30", "all have measured"])
    }))

  it.effect("WCP-35 Cancelling Partial Join for Multiple Instances: n of m go on, the other instances are cancelled", () =>
    Effect.gen(function*() {
      const { log, note, work } = journal()
      yield* play(Effect.andThen(Split.run(() => sensors(work), { strategy: quorum(2) }), note("alarm")))
      assert.deepStrictEqual(log, ["sensor 10", "sensor 20", "sensor 30 cut", "alarm"])
    }))

  it.effect("WCP-36 Dynamic Partial Join for Multiple Instances: instances are added until a condition holds; those that run go on, and none is added", () =>
    Effect.gen(function*() {
      const { log, note, work } = journal()
      const shipments = Split.growing<string>((add) => {
        const ship = (name: string, millis: number, more: ReadonlyArray<Effect.Effect<string>>) =>
          work(name, millis).pipe(
            Effect.tap(() =>
              more.length === 0 ? Effect.void : Effect.flatMap(add(more), (was) => note(`added: ${was}`))
            )
          )
        return [
          ship("crane", 10, [ship("mud", 10, []), ship("drill", 30, [ship("spare", 5, [])])]),
          ship("pumps", 60, [])
        ]
      })
      const enough = JoinStrategy.until<string, never>((settled) => settled.length === 2)
      yield* play(Effect.scoped(Effect.gen(function*() {
        yield* Split.run(shipments, { strategy: enough, losers: "detach" })
        yield* note("invoice")
      })))
      assert.deepStrictEqual(log, ["crane", "added: true", "mud", "invoice", "drill", "added: false", "pumps"])
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
        .register("Wait", letter, { to: ["Answered", "Reminded"] })
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
      const { log, task } = journal()
      const room = yield* Bulkhead.make("room", { places: 1 })
      const steps = (...names: ReadonlyArray<string>) =>
        Effect.forEach(names, (name) => room.withPlace(task(name, 10)), { discard: true })
      yield* play(Split.run([steps("blood", "report"), steps("x-ray", "film")], { strategy: all }))
      assert.deepStrictEqual(
        log,
        ["blood", "x-ray", "report", "film"].flatMap((name) => [`${name} begins`, name])
      )
    }))

  it.effect("WCP-18 Milestone: a task waits until the case has come to a point, and has no chance once it is past it", () =>
    Effect.gen(function*() {
      const { log, note, work } = journal()
      const enrolment = yield* SubscriptionRef.make<"before" | "open" | "past">("before")
      // it looks at the state of the case, and does not change it
      const enrol = (name: string, arrives: number) =>
        Effect.sleep(arrives).pipe(
          Effect.andThen(
            SubscriptionRef.changes(enrolment).pipe(
              Stream.filter((state) => state !== "before"),
              Stream.runHead
            )
          ),
          Effect.flatMap((state) => Option.contains(state, "open") ? work(name) : note(`${name} is too late`))
        )
      yield* play(Split.run([
        Effect.gen(function*() {
          yield* work("open", 10)
          yield* SubscriptionRef.set(enrolment, "open")
          yield* work("close", 20)
          yield* SubscriptionRef.set(enrolment, "past")
        }),
        enrol("ann", 0),
        enrol("bob", 20),
        enrol("cy", 25),
        enrol("dee", 40)
      ], { strategy: all }))
      assert.deepStrictEqual(log, ["open", "ann", "bob", "cy", "close", "dee is too late"])
    }))

  it.effect("WCP-39 Critical Section: of two regions that run at once only one is inside at a time", () =>
    Effect.gen(function*() {
      const { log, note, work } = journal()
      const section = yield* Bulkhead.make("account", { places: 1 })
      const transfer = (name: string) => section.withPlace(Effect.andThen(note(`${name} in`), work(`${name} out`, 10)))
      yield* play(Split.run([transfer("a"), transfer("b")], { strategy: all }))
      assert.deepStrictEqual(log, ["a in", "a out", "b in", "b out"])
    }))

  it.effect("WCP-40 Interleaved Routing: a set of tasks, one at a time, in any order; then the next", () =>
    Effect.gen(function*() {
      const { log, task } = journal()
      yield* play(
        Effect.andThen(
          Split.run([task("oil", 30), task("brakes", 10)], { strategy: all, bulkhead: 1 }),
          task("bill", 1)
        )
      )
      assert.deepStrictEqual(log, ["oil begins", "oil", "brakes begins", "brakes", "bill begins", "bill"])
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

  /** Instances beside a branch that waits for somebody to say the word. */
  const until = (word: Deferred.Deferred<string>, instances: ReadonlyArray<Effect.Effect<string>>) =>
    [
      [...instances, Deferred.await(word)],
      // when the word is said, or all instances have ended, each as it did
      JoinStrategy.until<string>((settled) =>
        settled.length === instances.length || settled.some(({ index }) => index === instances.length)
      )
    ] as const

  /** Three instances in a state of a machine, and the word is said at a time. */
  const multiple = (millis: number) =>
    Effect.gen(function*() {
      const { log, note, work } = journal()
      const word = yield* Deferred.make<string>()
      const [branches, strategy] = until(word, [10, 30, 50].map((ms) => work(`sample ${ms}`, ms)))
      type State =
        | "Test"
        | { readonly _tag: "Cancelled" | "Report"; readonly values: ReadonlyArray<string> }
        | "Reported"
      const workflow = Workflow.make<State>("protein tests")
        .registerSplit("Test", branches, {
          strategy,
          next: ({ values }) => ({
            _tag: values.includes("cancel") ? "Cancelled" : "Report",
            values: values.filter((value) => value !== "cancel" && value !== "complete")
          }),
          to: { next: ["Report", "Cancelled"] }
        })
        .register("Report", ({ values }) => Effect.as(note(`report of ${values.length}`), "Reported"), {
          to: ["Reported"]
        })
        .addExitStates("Cancelled", "Reported")
      const run = yield* Effect.forkChild(workflow.orchestrate("Test"))
      yield* TestClock.adjust(millis)
      return { log, run, say: (what: string) => Deferred.succeed(word, what) }
    })

  it.effect("WCP-26 Cancel Multiple Instance Task: at any time instances that run are withdrawn, those that have ended stay, and nothing follows", () =>
    Effect.gen(function*() {
      const { log, run, say } = yield* multiple(20)
      yield* say("cancel")
      assert.deepStrictEqual(yield* Fiber.join(run), { _tag: "Cancelled", values: ["sample 10"] })
      assert.deepStrictEqual(log, ["sample 10", "sample 30 cut", "sample 50 cut"])
      // when the time is known beforehand
      const late = journal()
      const samples = [10, 30, 50].map((millis) => late.work(`sample ${millis}`, millis))
      const error = yield* play(Effect.flip(Split.run(samples, { strategy: all, timeout: 40 })))
      assert.deepStrictEqual(late.log, ["sample 10", "sample 30", "sample 50 cut"])
      assert.strictEqual(error._tag, "JoinTimeoutError")
      if (error._tag === "JoinTimeoutError") assert.deepStrictEqual(error.result.values, ["sample 10", "sample 30"])
    }))

  it.effect("WCP-27 Complete Multiple Instance Task: at any time instances that run are withdrawn, and the case goes on with the rest", () =>
    Effect.gen(function*() {
      const { log, run, say } = yield* multiple(40)
      yield* say("complete")
      assert.strictEqual(yield* Fiber.join(run), "Reported")
      assert.deepStrictEqual(log, ["sample 10", "sample 30", "sample 50 cut", "report of 2"])
      // nobody has to say it
      const whole = yield* multiple(50)
      assert.strictEqual(yield* Fiber.join(whole.run), "Reported")
      assert.deepStrictEqual(whole.log, ["sample 10", "sample 30", "sample 50", "report of 3"])
      // when the time is known beforehand
      const late = journal()
      const samples = [10, 30, 50].map((millis) => late.work(`sample ${millis}`, millis))
      const { values } = yield* play(Split.run(samples, { strategy: JoinStrategy.partialTimeout, timeout: 40 }))
      assert.deepStrictEqual(values, ["sample 10", "sample 30"])
    }))
})

describe("iteration", () => {
  it.effect("WCP-10 Arbitrary Cycles: loops may have several entries and exits", () =>
    Effect.gen(function*() {
      const { log, note } = journal()
      let turns = 0
      const machine = Workflow.make<"Draft" | "Review" | "Fix" | "Done">("paper")
        .register("Draft", { run: note("draft"), next: "Review" })
        .register("Review", Effect.map(note("review"), () => ++turns === 1 ? "Fix" : turns === 2 ? "Draft" : "Done"), {
          to: ["Fix", "Draft", "Done"]
        })
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
          ), { to: ["Done", "Count"] })
        .addExitStates("Done")
        .orchestrate({ _tag: "Count", left: 4, sum: 0 })
      assert.strictEqual(done.sum, 10)
    }))

  it.effect("WCP-22 Recursion: a workflow runs itself, down to a case that it need not, and no deeper than its limit", () =>
    Effect.gen(function*() {
      type State = { readonly _tag: "Fold"; readonly n: number } | { readonly _tag: "Done"; readonly value: number }
      type Broken = CanoError.ConfigurationError | CanoError.WorkflowError
      const fold = (n: number): Effect.Effect<number, Broken> =>
        Effect.map(factorial.orchestrate({ _tag: "Fold", n }), ({ value }) => value)
      const factorial = Workflow.make<State>("factorial")
        .register("Fold", ({ n }) =>
          n === 0
            ? Effect.succeed({ _tag: "Done", value: 1 } as const)
            : Effect.map(fold(n - 1), (value) => ({ _tag: "Done", value: n * value }) as const), { to: ["Done"] })
        .addExitStates("Done")
      assert.strictEqual(yield* fold(5), 120)
      const endless = yield* Effect.flip(factorial.orchestrate({ _tag: "Fold", n: -1 }, { maxDepth: 10 }))
      assert.strictEqual(endless._tag === "WorkflowError" && endless.rule, "max-depth")
    }))
})

describe("termination", () => {
  it.effect("WCP-11 Implicit Termination: a run ends when there is nothing left to do, by whichever thread", () =>
    Effect.gen(function*() {
      const { log, work } = journal()
      // no thread knows of another, nor that it is the last; each comes to rest in an exit of its own
      const exit = yield* Workflow.make<"Open" | "Ship" | "Thank" | "Shipped" | "Thanked" | "Closed">("order")
        .addExitStates("Shipped", "Thanked", "Closed")
        .registerSplit("Open", () => TaskResult.split(["Ship", "Thank"]), {
          strategy: all,
          next: "Closed",
          to: { branches: ["Ship", "Thank"] }
        })
        .registerSplit("Ship", [work("label", 10), work("insure", 40)], {
          strategy: any,
          losers: "detach",
          next: "Shipped"
        })
        .register("Thank", { run: work("thank", 20), next: "Thanked" })
        .orchestrate("Open")
        .pipe(Effect.tap(() => Effect.sync(() => log.push("ended"))), play)
      assert.strictEqual(exit, "Closed")
      assert.deepStrictEqual(log, ["label", "thank", "insure", "ended"])
    }))

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
          .register("Wait", Effect.map(wait, (signal) => signal === "heard" ? "Done" : "Other"), {
            to: ["Done", "Other"]
          })
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
        .register("Wait", Effect.map(Queue.take(signals), (signal) => signal === "kept" ? "Done" : "Other"), {
          to: ["Done", "Other"]
        })
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
      assert.include(["yes", "in part", "declined"], how)
      assert.strictEqual(tests.get(number!), how === "declined" ? undefined : name, `WCP-${number}`)
    }
  })

  it("shows a picture of each that has a test, drawn of the machine that the test runs", () =>
    assertPictures(
      new Map(rows.filter(([, number]) => tests.has(number!)).map(([, number, name]) => [number!, name!]))
    ))

  it("counts them as its rows do", () => {
    const count = (how: string) => rows.filter((row) => row[3] === how).length
    const [yes, part, declined] = [count("yes"), count("in part"), count("declined")]
    assert.include(read("../docs/PATTERNS.md"), `${yes} are there, ${part} in part, ${declined} declined`)
    assert.include(read("../README.md"), `${yes} of the 43 workflow patterns, ${part} more in part`)
  })
})
