/**
 * A split without a machine: `Split.run` is an ordinary Effect. A tuple keeps each branch's own type, a record its names,
 * and a generator function is a list that is read as slots become free.
 */
import { Console, Effect } from "effect"
import { JoinStrategy, Split } from "effect-cano"

const program = Effect.gen(function*() {
  const tuple = yield* Split.run([Effect.succeed(1), Effect.succeed("two"), Effect.succeed(true)], {
    strategy: JoinStrategy.all
  })
  const [one, two, three] = tuple.values
  yield* Console.log(`tuple: ${one + 1}, ${two.toUpperCase()}, ${!three}`)

  const record = yield* Split.run({ user: Effect.succeed({ name: "Ada" }), orders: Effect.succeed([7, 35]) }, {
    strategy: JoinStrategy.all
  })
  yield* Console.log(`record: ${record.values.user.name} has ${record.values.orders.length} orders`)

  let pulled = 0
  const lazy = yield* Split.run(function*() {
    for (let n = 1;; n++) {
      pulled++
      yield n % 7 === 0 ? Effect.succeed(n) : Effect.fail("no multiple of 7")
    }
  }, { strategy: JoinStrategy.quorum(3), bulkhead: 4 })
  yield* Console.log(`lazy: ${lazy.values.join(", ")} after ${pulled} of infinitely many branches`)

  const many = yield* Split.run(function*() {
    for (let n = 0; n < 100_000; n++) yield Effect.sync(() => n)
  }, { strategy: JoinStrategy.all, bulkhead: 16, discard: true })
  yield* Console.log(`discard: ${many.tally.succeeded} branches, nothing kept`)
})

await Effect.runPromise(program)
