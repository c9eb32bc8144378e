/**
 * One limit for two workflows and a single query, by the name of a service. A long import does not keep a short report
 * waiting: splits take turns. Times are in milliseconds of a test clock.
 */
import { Clock, Console, Context, Effect, Fiber, Layer } from "effect"
import { Bulkhead, JoinStrategy, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"

class Db extends Context.Service<Db, Bulkhead.Bulkhead>()("app/Db") {}

const tell = (what: string) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => Console.log(`${String(now).padStart(4)}  ${what}`))

const queries = (name: string, count: number) =>
  Workflow.make<"Query" | "Done">(name)
    .registerSplit("Query", () => Array.from({ length: count }, () => Effect.sleep(10)), {
      strategy: JoinStrategy.all,
      bulkhead: Db,
      next: () => Effect.as(tell(`${name} is done`), "Done")
    })
    .addExitStates("Done")

const program = Effect.gen(function*() {
  const db = yield* Db
  const importing = yield* Effect.forkChild(queries("the import", 200).orchestrate("Query"))
  yield* Effect.sleep(25)
  const report = yield* Effect.forkChild(queries("the report", 6).orchestrate("Query"))
  const single = yield* Effect.forkChild(
    Effect.andThen(db.withPlace(Effect.sleep(10)), tell("the single query is done"))
  )
  yield* Effect.sleep(5)
  yield* tell(JSON.stringify(yield* db.statistics))
  yield* Fiber.joinAll([report, single])
  yield* db.resize(16)
  yield* tell("16 places")
  yield* Fiber.join(importing)

  const refused = yield* Effect.flip(queries("too much", 300).orchestrate("Query"))
  yield* tell(refused.message)
})

const test = Effect.gen(function*() {
  const run = yield* Effect.forkChild(program)
  yield* TestClock.adjust("10 seconds")
  yield* Fiber.join(run)
})
const layers = Layer.merge(TestClock.layer(), Bulkhead.layer(Db, { places: 4, maxWaiting: 196 }))
await Effect.runPromise(Effect.scoped(Effect.provide(test, layers)))
