import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Context, Deferred, type Duration, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { JoinStrategy, Split, SplitResult, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"
import { messages, tagsOf, timed } from "../kit/index.ts"

/** Branches that tell when they start, end and are interrupted. */
const watched = () => {
  const log: Array<string> = []
  const branch = (name: string, millis: number) =>
    Effect.suspend(() => {
      log.push(`start ${name}`)
      return Effect.sleep(millis).pipe(
        Effect.andThen(Effect.sync(() => {
          log.push(`end ${name}`)
          return name
        })),
        Effect.onInterrupt(() => Effect.sync(() => log.push(`interrupt ${name}`)))
      )
    })
  return { log, branch }
}

describe("losers: await", () => {
  it.effect("the split ends when they have ended by themselves, and keeps how", () =>
    Effect.gen(function*() {
      const { branch, log } = watched()
      const [exit, at] = yield* timed(
        Split.run([branch("a", 10), branch("b", 30), Effect.andThen(Effect.sleep(20), Effect.fail("late"))], {
          strategy: JoinStrategy.any,
          losers: "await"
        }),
        50
      )
      assert.isTrue(Exit.isSuccess(exit))
      if (!Exit.isSuccess(exit)) return
      assert.strictEqual(at, 30)
      const [first, second, third] = exit.value.outcomes
      assert.strictEqual(first._tag, "Succeeded")
      assert.isTrue(SplitResult.isLate(second) && Exit.isSuccess(second.exit) && second.exit.value === "b")
      assert.isTrue(SplitResult.isLate(third) && Exit.isFailure(third.exit) && Cause.hasFails(third.exit.cause))
      assert.deepStrictEqual(exit.value.values, ["a"])
      assert.deepStrictEqual(exit.value.tally, { total: 3, succeeded: 1, failed: 0, interrupted: 2, notStarted: 0 })
      assert.deepStrictEqual(tagsOf(exit.value.settled), ["Succeeded"])
      assert.deepStrictEqual(exit.value.cancelled, [])
      assert.deepStrictEqual(log, ["start a", "start b", "end a", "end b"])
    }))

  it.effect("queued branches do not start, and those that run behind a bulkhead are awaited", () =>
    Effect.gen(function*() {
      const { branch, log } = watched()
      const [exit, at] = yield* timed(
        Split.run(Array.from({ length: 6 }, (_, i) => branch(String(i), 10 * (i + 1))), {
          strategy: JoinStrategy.any,
          bulkhead: 3,
          losers: "await"
        }),
        "1 second"
      )
      assert.isTrue(Exit.isSuccess(exit))
      if (!Exit.isSuccess(exit)) return
      assert.strictEqual(at, 30)
      assert.deepStrictEqual(tagsOf(exit.value.outcomes), [
        "Succeeded",
        "Late",
        "Late",
        "NotStarted",
        "NotStarted",
        "NotStarted"
      ])
      assert.isFalse(log.includes("start 3"))
    }))

  it.effect("a deadline decides, and the losers are awaited all the same", () =>
    Effect.gen(function*() {
      const { branch } = watched()
      const [exit, at] = yield* timed(
        Effect.flip(Split.run([branch("a", 100)], { strategy: JoinStrategy.all, timeout: 10, losers: "await" })),
        "1 second"
      )
      assert.isTrue(Exit.isSuccess(exit))
      if (!Exit.isSuccess(exit)) return
      assert.strictEqual(at, 100)
      const error = exit.value
      assert.strictEqual(error._tag, "JoinTimeoutError")
      if (error._tag !== "JoinTimeoutError") return
      assert.deepStrictEqual(tagsOf(error.result.outcomes), ["Late"])
    }))

  it.effect("an interruption of the split interrupts them", () =>
    Effect.gen(function*() {
      const { branch, log } = watched()
      const fiber = yield* Effect.forkChild(
        Split.run([branch("a", 10), branch("b", 1000)], { strategy: JoinStrategy.any, losers: "await" })
      )
      yield* TestClock.adjust(20)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(log, ["start a", "start b", "end a", "interrupt b"])
    }))

  // whether a branch completes at once must not choose which others run
  for (const losers of ["await", "detach"] as const) {
    for (const first of [Effect.void, Effect.yieldNow, Effect.sleep(1)]) {
      it.effect(`the rest of a list starts whenever the join is decided (${losers})`, () =>
        Effect.gen(function*() {
          const written: Array<string> = []
          const write = (region: string) => Effect.andThen(Effect.yieldNow, Effect.sync(() => written.push(region)))
          const list = { first, east: write("east"), west: write("west"), now: Effect.sync(() => written.push("now")) }
          const [exit] = yield* timed(
            Effect.scoped(Split.run(list, { strategy: JoinStrategy.quorum(1), losers })),
            "1 second"
          )
          assert.isTrue(Exit.isSuccess(exit))
          assert.deepStrictEqual([...written].sort(), ["east", "now", "west"])
          if (!Exit.isSuccess(exit) || first !== Effect.void) return
          assert.deepStrictEqual(exit.value.tally, { total: 4, succeeded: 1, failed: 0, interrupted: 3, notStarted: 0 })
          const late = losers === "await" ? "Late" : "Detached"
          assert.deepStrictEqual(tagsOf(Object.values(exit.value.outcomes)), ["Succeeded", late, late, late])
        }))
    }

    it.effect(`the rest of a list of 10,000 starts, in rounds (${losers})`, () =>
      Effect.gen(function*() {
        let ran = 0
        const write = Effect.andThen(Effect.yieldNow, Effect.sync(() => void ran++))
        const branches = Array.from({ length: 10_000 }, (_, i) => i % 3 === 0 ? Effect.sync(() => void ran++) : write)
        const [exit] = yield* timed(
          Effect.scoped(Split.run(branches, { strategy: JoinStrategy.any, losers, discard: true })),
          "1 second"
        )
        assert.strictEqual(ran, 10_000)
        assert.isTrue(Exit.isSuccess(exit))
        if (!Exit.isSuccess(exit)) return
        assert.deepStrictEqual(exit.value.tally, {
          total: 10_000,
          succeeded: 1,
          failed: 0,
          interrupted: 9999,
          notStarted: 0
        })
      }))

    it.effect(`nothing more starts behind a bulkhead, or when the split is interrupted (${losers})`, () =>
      Effect.gen(function*() {
        const { branch, log } = watched()
        const list = [Effect.succeed("won"), branch("a", 10), branch("b", 10)]
        yield* timed(Effect.scoped(Split.run(list, { strategy: JoinStrategy.any, losers, bulkhead: 2 })), "1 second")
        assert.deepStrictEqual(log, [])
        let ran = 0
        const fiber = yield* Effect.forkChild(
          Effect.scoped(Effect.withFiber((self) =>
            Split.run(
              Array.from({ length: 10_000 }, (_, i) =>
                Effect.sync(() => {
                  ran++
                  if (i === 3000) self.interruptUnsafe()
                })),
              { strategy: JoinStrategy.any, losers }
            )
          ))
        )
        yield* Fiber.await(fiber)
        assert.isBelow(ran, 6000)
      }))
  }
})

describe("losers: detach", () => {
  const machine = (branch: (name: string, millis: number) => Effect.Effect<string>, log: Array<string>) =>
    Workflow.make<"Ask" | "Use" | "Done">("w")
      .registerSplit("Ask", [branch("a", 10), branch("b", 30)], {
        strategy: JoinStrategy.any,
        losers: "detach",
        next: "Use"
      })
      .register("Use", {
        run: Effect.sync(() => log.push("use")),
        next: "Done"
      })
      .addExitStates("Done")

  it.effect("the next state starts at once, and the run ends when they have ended", () =>
    Effect.gen(function*() {
      const { branch, log } = watched()
      const [exit, at] = yield* timed(machine(branch, log).orchestrate("Ask"), "1 second")
      assert.deepStrictEqual(exit, Exit.succeed("Done"))
      assert.strictEqual(at, 30)
      assert.deepStrictEqual(log, ["start a", "start b", "end a", "use", "end b"])
    }))

  it.effect("an outcome tells the end of its branch", () =>
    Effect.gen(function*() {
      const { branch } = watched()
      const { outcomes, tally } = yield* Effect.forkChild(
        Effect.scoped(Effect.gen(function*() {
          const { outcomes, tally } = yield* Split.run(
            [branch("a", 10), branch("b", 30), Effect.andThen(Effect.sleep(20), Effect.fail("late"))],
            { strategy: JoinStrategy.any, losers: "detach" }
          )
          const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
          assert.strictEqual(now, 10)
          return { outcomes, tally }
        }))
      ).pipe(Effect.tap(TestClock.adjust("1 second")), Effect.flatMap(Fiber.join))
      assert.deepStrictEqual(tally, { total: 3, succeeded: 1, failed: 0, interrupted: 2, notStarted: 0 })
      assert.deepStrictEqual(tagsOf(outcomes), ["Succeeded", "Detached", "Detached"])
      const [, second, third] = outcomes
      assert.isTrue(SplitResult.isDetached(second) && SplitResult.isDetached(third))
      if (!SplitResult.isDetached(second) || !SplitResult.isDetached(third)) return
      assert.deepStrictEqual(yield* second.exit, Exit.succeed("b"))
      assert.deepStrictEqual(yield* third.exit, Exit.fail("late"))
    }))

  it.effect("a scope that closes well waits for them, and one that does not interrupts them", () =>
    Effect.gen(function*() {
      for (const well of [true, false]) {
        const { branch, log } = watched()
        const scope = yield* Scope.make()
        const fiber = yield* Effect.forkChild(
          Split.run([branch("a", 10), branch("b", 30)], { strategy: JoinStrategy.any, losers: "detach" }).pipe(
            Effect.provideService(Scope.Scope, scope)
          )
        )
        yield* TestClock.adjust(10)
        yield* Fiber.join(fiber)
        const closing = yield* Effect.forkChild(Scope.close(scope, well ? Exit.void : Exit.fail("badly")))
        yield* TestClock.adjust(5)
        assert.strictEqual(closing.pollUnsafe() === undefined, well)
        yield* TestClock.adjust(100)
        yield* Fiber.join(closing)
        assert.strictEqual(log.at(-1), well ? "end b" : "interrupt b")
      }
    }))

  it.effect("waiting for them can be interrupted, which interrupts them", () =>
    Effect.gen(function*() {
      const { branch, log } = watched()
      const fiber = yield* Effect.forkChild(machine(branch, log).orchestrate("Ask"))
      yield* TestClock.adjust(20)
      assert.strictEqual(log.at(-1), "use")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(log.at(-1), "interrupt b")
    }))

  it.effect("a run that fails interrupts and awaits them", () =>
    Effect.gen(function*() {
      const { branch, log } = watched()
      const failing = Workflow.make<"Ask" | "Use" | "Done">("w")
        .registerSplit("Ask", [branch("a", 10), branch("b", 30)], {
          strategy: JoinStrategy.any,
          losers: "detach",
          next: "Use"
        })
        .register("Use", Effect.andThen(Effect.sleep(5), Effect.fail("broken")))
        .addExitStates("Done")
      const [exit, at] = yield* timed(failing.orchestrate("Ask"), "1 second")
      assert.isTrue(Exit.isFailure(exit))
      assert.strictEqual(at, 15)
      assert.strictEqual(log.at(-1), "interrupt b")
    }))

  it.effect("the budget of a run covers them", () =>
    Effect.gen(function*() {
      const { branch, log } = watched()
      const [exit] = yield* timed(machine(branch, log).withTimeout(20).orchestrate("Ask"), "1 second")
      assert.isTrue(Exit.isFailure(exit))
      assert.strictEqual(log.at(-1), "interrupt b")
    }))

  class Db extends Context.Service<Db, string>()("Db") {}

  it.effect("the resources of a run are released after them", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const layer = Layer.effect(
        Db,
        Effect.acquireRelease(Effect.succeed("db"), () => Effect.sync(() => log.push("release")))
      )
      const workflow = Workflow.make<"Ask" | "Done">("w")
        .registerSplit(
          "Ask",
          [
            Effect.void,
            Effect.andThen(Effect.sleep(30), Effect.map(Db, (db) => log.push(db)))
          ].reverse(),
          { strategy: JoinStrategy.any, losers: "detach", next: "Done" }
        )
        .addExitStates("Done")
        .withResources(layer)
      const [exit] = yield* timed(workflow.orchestrate("Ask"), "1 second")
      assert.deepStrictEqual(exit, Exit.succeed("Done"))
      assert.deepStrictEqual(log, ["db", "release"])
    }))

  it.effect("branches of an error are detached too", () =>
    Effect.gen(function*() {
      const { branch, log } = watched()
      const [exit, at] = yield* timed(
        Effect.scoped(Effect.flatMap(
          Effect.flip(Split.run([Effect.andThen(Effect.sleep(5), Effect.fail("no")), branch("b", 30)], {
            strategy: JoinStrategy.allFailFast,
            losers: "detach"
          })),
          (error) =>
            Effect.sync(() => {
              if (error._tag === "JoinUnsatisfiedError") log.push(...tagsOf(error.result.outcomes))
            })
        )),
        "1 second"
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(at, 30)
      assert.deepStrictEqual(log, ["start b", "Failed", "Detached", "end b"])
    }))

  it.effect("a split that is left by many branches keeps nothing in its scope", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      let finalizers = 0
      const counting = Scope.addFinalizer(scope, Effect.sync(() => finalizers++))
      yield* counting
      for (let i = 0; i < 100; i++) {
        yield* Split.run([Effect.void, Effect.yieldNow], { strategy: JoinStrategy.any, losers: "detach" }).pipe(
          Effect.provideService(Scope.Scope, scope)
        )
      }
      const { state } = scope as unknown as { readonly state: { readonly finalizers: { readonly size: number } } }
      assert.isAtMost(state.finalizers.size, 2)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(finalizers, 1)
    }))

  it.effect("a scope that has been closed keeps no branch", () =>
    Effect.gen(function*() {
      for (const used of [false, true]) {
        const { branch, log } = watched()
        const scope = yield* Scope.make()
        const run = Split.run([branch("a", 10), branch("b", 1000)], { strategy: JoinStrategy.any, losers: "detach" })
          .pipe(
            Effect.provideService(Scope.Scope, scope)
          )
        if (used) {
          yield* Split.run([Effect.void], { strategy: JoinStrategy.any, losers: "detach" }).pipe(
            Effect.provideService(Scope.Scope, scope)
          )
        }
        yield* Scope.close(scope, Exit.void)
        yield* timed(run, "1 minute")
        assert.deepStrictEqual(log, ["start a", "start b", "end a", "interrupt b"])
      }
    }))

  it("works under runSync where nothing waits", () => {
    const result = Effect.runSync(Effect.scoped(
      Split.run([Effect.succeed(1), Effect.succeed(2)], { strategy: JoinStrategy.any, losers: "detach" })
    ))
    assert.deepStrictEqual(result.values, [1])
  })

  it.effect("discard leaves them running as well", () =>
    Effect.gen(function*() {
      const { branch, log } = watched()
      const [exit, at] = yield* timed(
        Effect.scoped(
          Split.run([branch("a", 10), branch("b", 30)], { strategy: JoinStrategy.any, losers: "detach", discard: true })
        ),
        "1 second"
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(at, 30)
      assert.strictEqual(log.at(-1), "end b")
    }))

  it.effect("a branch of a follow-on state goes on in the run of its machine", () =>
    Effect.gen(function*() {
      const { branch, log } = watched()
      const gate = yield* Deferred.make<void>()
      const inner = machine(branch, log)
      const outer = Workflow.make<"Start" | "End">("outer")
        .registerSplit("Start", [
          Effect.andThen(inner.orchestrate("Ask"), Deferred.succeed(gate, undefined)),
          Effect.never
        ], { strategy: JoinStrategy.any, next: "End" })
        .addExitStates("End")
      const [exit, at] = yield* timed(outer.orchestrate("Start"), "1 second")
      assert.deepStrictEqual(exit, Exit.succeed("End"))
      assert.strictEqual(at, 30)
    }))
})

describe("losers: a grace period", () => {
  const stubborn = (millis: number, log: Array<string>) =>
    Effect.uninterruptible(Effect.andThen(Effect.sleep(millis), Effect.sync(() => log.push(`stopped ${millis}`))))

  it.effect("losers that stop within it are awaited, the others detached and reported", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const warnings: Array<string> = []
      const [exit, at] = yield* timed(
        Effect.scoped(Effect.gen(function*() {
          const result = yield* Split.run([
            Effect.as(Effect.sleep(10), "won"),
            Effect.onInterrupt(
              Effect.never,
              () => Effect.andThen(Effect.sleep(40), Effect.sync(() => log.push("tidy")))
            ),
            stubborn(500, log)
          ], { strategy: JoinStrategy.any, losers: { grace: 100 } })
          assert.strictEqual(yield* Effect.clockWith((clock) => clock.currentTimeMillis), 110)
          return result
        })).pipe(Effect.provide(messages(warnings))),
        "1 second"
      )
      assert.strictEqual(at, 500)
      assert.isTrue(Exit.isSuccess(exit))
      if (!Exit.isSuccess(exit)) return
      assert.deepStrictEqual(tagsOf(exit.value.outcomes), ["Succeeded", "Interrupted", "Detached"])
      assert.deepStrictEqual(log, ["tidy", "stopped 500"])
      assert.deepStrictEqual(warnings, [
        "branch 2 did not stop within 100ms of the interruption, and goes on detached"
      ])
    }))

  it.effect("a split whose losers all stop in time does not wait for its end", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const [exit, at] = yield* timed(
        Effect.scoped(Split.run([Effect.sleep(10), stubborn(50, log)], {
          strategy: JoinStrategy.any,
          losers: { grace: 100 }
        })),
        "1 second"
      )
      assert.isTrue(Exit.isSuccess(exit))
      if (!Exit.isSuccess(exit)) return
      assert.strictEqual(at, 50)
      assert.deepStrictEqual(tagsOf(exit.value.outcomes), ["Succeeded", "Interrupted"])
    }))

  it.effect("losers of a split that is interrupted meanwhile are awaited, and nobody is left", () =>
    Effect.gen(function*() {
      const warnings: Array<string> = []
      const failing = Effect.uninterruptible(Effect.andThen(Effect.sleep(500), Effect.fail("late")))
      const fiber = yield* Effect.forkChild(
        Effect.scoped(Split.run([Effect.sleep(10), failing], { strategy: JoinStrategy.any, losers: { grace: 100 } }))
          .pipe(
            Effect.provide(messages(warnings))
          )
      )
      yield* TestClock.adjust(50)
      fiber.interruptUnsafe()
      yield* TestClock.adjust(440)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(10)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      assert.deepStrictEqual(warnings, [])
    }))

  it.effect("no timer is left behind when they have stopped in time", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      let sleeping = 0
      const counting: Clock.Clock = Object.assign(Object.create(clock), {
        sleep: (duration: Duration.Duration) =>
          Effect.suspend(() => {
            sleeping++
            return Effect.ensuring(clock.sleep(duration), Effect.sync(() => sleeping--))
          })
      })
      const [exit] = yield* timed(
        Effect.scoped(Split.run([Effect.sleep(10), Effect.never], {
          strategy: JoinStrategy.any,
          losers: { grace: "1 hour" }
        })).pipe(Effect.provideService(Clock.Clock, counting)),
        "1 second"
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(sleeping, 0)
    }))
})
