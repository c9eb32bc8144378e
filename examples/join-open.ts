/**
 * Strategies that look at more than counts: by value, with tolerance, by weight, by name, and one of your own. Each line
 * tells which branches had settled when the join was decided.
 */
import { Console, Effect } from "effect"
import { JoinStrategy, Split } from "effect-cano"

const { accept, agreement, all, allOf, any, anyOf, optional, reject, tolerate, weighted } = JoinStrategy

const answer = <A>(value: A, millis: number) => Effect.as(Effect.sleep(millis), value)
const outage = (millis: number) => Effect.andThen(Effect.sleep(millis), Effect.fail("outage"))

const caches = { near: answer({ age: 90 }, 10), far: answer({ age: 5 }, 30), origin: answer({ age: 0 }, 60) }
const replicas = { r1: answer("v1", 10), r2: answer("v2", 30), r3: answer("v2", 60) }
const sources = { cache: outage(10), left: answer(1, 30), right: answer(2, 60) }

/** Enough when the parts add up. */
const stock = (needed: number) =>
  JoinStrategy.make<number, unknown, number>({
    name: `stock(${needed})`,
    initial: () => 0,
    onOutcome: (sum, outcome) => outcome._tag === "Succeeded" ? sum + outcome.value : sum,
    decide: (sum, { failed, succeeded, total }) =>
      sum >= needed ? "proceed" : succeeded + failed === total ? { fail: `only ${sum} in stock` } : "continue"
  })

const show = (
  what: string,
  split: Effect.Effect<{ readonly settled: ReadonlyArray<{ readonly name: string }> }, Error>
) =>
  split.pipe(
    Effect.map(({ settled }) => settled.map(({ name }) => name).join(", ")),
    Effect.catch((error) => Effect.succeed(error.message)),
    Effect.flatMap((text) => Console.log(`${what}: ${text}`))
  )

const isFresh = ({ age }: { readonly age: number }) => age < 60
const isNewest = (outcome: { readonly _tag: string; readonly value?: unknown }) => outcome.value === "v2"

const program = Effect.gen(function*() {
  yield* show("the first that is not stale", Split.run(caches, { strategy: accept(any, isFresh) }))
  yield* show("two answers that agree", Split.run(replicas, { strategy: agreement(2) }))
  yield* show("nobody may say v2", Split.run(replicas, { strategy: reject(all, isNewest) }))
  yield* show("one failure is tolerated", Split.run(sources, { strategy: tolerate({ maxFailures: 1 }) }))
  yield* show("the cache may fail", Split.run(sources, { strategy: optional(all, ["cache"]) }))
  yield* show("cache, or left and right", Split.run(sources, { strategy: anyOf("cache", allOf("left", "right")) }))
  yield* show("a weight of 3", Split.run(replicas, { strategy: weighted({ r1: 1, r2: 2, r3: 1 }, 3) }))
  yield* show("3 in stock", Split.run({ left: answer(1, 10), right: answer(1, 20) }, { strategy: stock(3) }))
})

await Effect.runPromise(program)
