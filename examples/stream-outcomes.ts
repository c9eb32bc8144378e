/**
 * Outcomes as they arrive: a stream of them, an observer that tells of progress, and a reduction that keeps only a sum.
 */
import { Console, Effect, Stream } from "effect"
import { JoinStrategy, Split } from "effect-cano"
import * as SplitStream from "effect-cano/SplitStream"

const quote = (supplier: string, price: number, millis: number) => Effect.as(Effect.sleep(millis), { supplier, price })

const quotes = {
  north: quote("north", 120, 40),
  south: quote("south", 95, 10),
  west: Effect.andThen(Effect.sleep(25), Effect.fail("out of stock"))
}

/** Each quote is shown the moment it is there. */
const asTheyCome = SplitStream.make(quotes, { strategy: JoinStrategy.partialResults(3) }).pipe(
  Stream.runForEach((outcome) =>
    Console.log(outcome._tag === "Succeeded" ? `${outcome.name}: ${outcome.value.price}` : `${outcome.name}: none`)
  )
)

/** The split has a result as well, and an observer that tells how far it is. */
const withProgress = Effect.gen(function*() {
  let settled = 0
  const { values } = yield* Split.run(quotes, {
    strategy: JoinStrategy.partialResults(3),
    onOutcome: ({ name }) => Console.log(`${++settled} of 3: ${name}`)
  })
  yield* Console.log(`the best price is ${Math.min(...Object.values(values).map(({ price }) => price))}`)
})

/** A million readings, eight at once, of which nothing but the sum is kept. */
const readings = function*() {
  for (let i = 1; i <= 1_000_000; i++) yield Effect.succeed(i)
}

const total = Effect.gen(function*() {
  const { tally, value } = yield* Split.run(readings, {
    strategy: JoinStrategy.all,
    bulkhead: 8,
    reduce: {
      initial: () => 0,
      step: (sum, outcome) => outcome._tag === "Succeeded" ? sum + outcome.value : sum
    }
  })
  yield* Console.log(`${tally.succeeded} readings, ${value} in all`)
})

await Effect.runPromise(Effect.andThen(asTheyCome, Effect.andThen(withProgress, total)))
