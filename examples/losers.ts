/**
 * What becomes of the branches that still run when a join is decided: interrupted, awaited, detached, or interrupted with
 * a grace period. Times are in milliseconds of a test clock.
 */
import { Clock, Console, Effect, Fiber, Logger } from "effect"
import { JoinStrategy, Split, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"

const tell = (what: string) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => Console.log(`${String(now).padStart(4)}  ${what}`))

const write = (replica: string, millis: number) =>
  Effect.sleep(millis).pipe(
    Effect.andThen(tell(`${replica} has written`)),
    Effect.onInterrupt(() => tell(`${replica} was interrupted`)),
    Effect.as(replica)
  )

const replicas = [write("near", 10), write("east", 20), write("west", 50)]
const strategy = JoinStrategy.quorum(2)

/** The caller has its answer after 20 ms; the third replica still gets the data. */
const store = Workflow.make<"Write" | "Answer" | "Done">("store")
  .registerSplit("Write", replicas, { strategy, losers: "detach", next: "Answer" })
  .register("Answer", { run: tell("answered"), next: "Done" })
  .addExitStates("Done")

/** A driver that cannot be interrupted. */
const stubborn = Effect.uninterruptible(Effect.andThen(Effect.sleep(900), tell("the old driver has stopped")))

const program = Effect.gen(function*() {
  yield* Console.log("interrupt")
  yield* Split.run(replicas, { strategy })

  yield* Console.log("await")
  const { outcomes } = yield* Split.run(replicas, { strategy, losers: "await" })
  yield* tell(outcomes.map(({ _tag }) => _tag).join(" "))

  yield* Console.log("detach")
  yield* store.orchestrate("Write")
  yield* tell("the run has ended")

  yield* Console.log("a grace period")
  yield* Effect.scoped(Effect.gen(function*() {
    const late = yield* Split.run([...replicas, stubborn], { strategy, losers: { grace: 100 } })
    yield* tell(late.outcomes.map(({ _tag }) => _tag).join(" "))
  }))
})

const test = Effect.gen(function*() {
  const run = yield* Effect.forkChild(program)
  yield* TestClock.adjust("2 seconds")
  yield* Fiber.join(run)
})
const log = Logger.layer([Logger.make(({ logLevel, message }) => console.log(`      ${logLevel}: ${String(message)}`))])
await Effect.runPromise(Effect.provide(test, [TestClock.layer(), log]))
