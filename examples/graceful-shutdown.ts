/**
 * What `stop` does with runs that go on: one ends in time, one is interrupted and cleans up, and one does not listen. It takes
 * no longer than its two bounds.
 */
import { Console, Effect, Logger } from "effect"
import * as Scheduler from "effect-cano/Scheduler"

const flow = (id: string, run: Effect.Effect<void>) => Scheduler.flow(id, { run, when: { fixedRate: "1 hour" } })

const program = Effect.gen(function*() {
  const scheduler = yield* Scheduler.make([
    flow("quick", Effect.andThen(Effect.sleep("30 millis"), Console.log("quick: done"))),
    flow("endless", Effect.onInterrupt(Effect.never, () => Console.log("endless: cleaned up"))),
    flow("deaf", Effect.uninterruptible(Effect.sleep("300 millis")))
  ], { drain: "60 millis", grace: "60 millis" })
  yield* Effect.sleep("10 millis")

  const { detached, drained, interrupted } = yield* scheduler.stop
  const names = (ids: ReadonlyArray<string>) => ids.map((id) => id.split("@")[0]).join(", ")
  yield* Console.log(`drained: ${names(drained)}`)
  yield* Console.log(`interrupted: ${names(interrupted)}`)
  yield* Console.log(`left alone: ${names(detached)}`)
})

await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(Logger.layer([]))))
