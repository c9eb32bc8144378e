/**
 * A flow that fails: it backs off, trips after three failures in a row, and fires again once somebody has reset it. Nothing of
 * it is silent, and nothing of it ends the scheduler or the flow beside it.
 */
import { Console, Data, Effect, Fiber, Logger, Schedule, Stream } from "effect"
import * as Scheduler from "effect-cano/Scheduler"

class Unreachable extends Data.TaggedError("Unreachable")<{}> {}

const program = Effect.gen(function*() {
  let isUp = false
  const sync = Scheduler.flow("sync", {
    run: Effect.suspend(() => isUp ? Effect.succeed("in sync") : Effect.fail(new Unreachable())),
    when: { fixedDelay: "5 millis" },
    onFailure: { backoff: Schedule.exponential("20 millis"), trip: 3 }
  })

  const scheduler = yield* Scheduler.make([])
  const told = yield* scheduler.events.pipe(
    Stream.filter((event) => event._tag === "Ended" || event._tag === "StatusChanged"),
    Stream.takeUntil((event) => event._tag === "StatusChanged" && event.status._tag === "Tripped"),
    Stream.runForEach((event) =>
      Console.log(event._tag === "Ended" ? `run: ${event.ended.exit._tag}` : `status: ${event.status._tag}`)
    ),
    Effect.forkChild({ startImmediately: true })
  )
  yield* scheduler.add(sync)
  yield* Fiber.join(told)

  yield* Effect.flip(scheduler.trigger(sync)).pipe(Effect.flatMap(({ message }) => Console.log(message)))
  isUp = true
  yield* scheduler.reset(sync)
  const exit = yield* scheduler.trigger(sync)
  yield* Console.log(exit._tag === "Success" ? exit.value : exit.cause)
})

await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(Logger.layer([]))))
