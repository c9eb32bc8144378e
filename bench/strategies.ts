/**
 * The strategies that leave losers behind, against `Effect.raceAll`, against what one would write by hand (forked branches
 * that report to a `Ref` and a `Deferred`, or to a `Queue`, and are interrupted and awaited at the end), and against p-any
 * and p-some, which cancel nothing. Every branch is one hop through a promise.
 */
import { JoinStrategy, Split } from "effect-cano"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Ref from "effect/Ref"
import pAny from "p-any"
import pSome from "p-some"
import type { Case, Group } from "./harness.ts"
import { bothForms } from "./harness.ts"

type Branches = ReadonlyArray<Effect.Effect<number>>
type Values = ReadonlyArray<number>

const makePromises = (n: number): ReadonlyArray<() => Promise<number>> =>
  Array.from({ length: n }, (_, i) => () => Promise.resolve(i))

const majority = (n: number): number => Math.floor(n / 2) + 1

/** The values 0 to n - 1: branches end in the order in which they start. */
const first = (n: number): Values => Array.from({ length: n }, (_, i) => i)

const split = (branches: Branches, strategy: JoinStrategy.JoinStrategy): Effect.Effect<Values, unknown> =>
  Effect.map(Split.run(branches, { strategy }), (result) => result.values)

const only = (value: number): Values => [value]

// -----------------------------------------------------------------------------
// by hand: generator functions that are made once, as making one takes longer than a small join
// -----------------------------------------------------------------------------

/** Ends with `needed` successes, or as soon as these can no longer be had. */
const quorumByHand = Effect.fnUntraced(function*(branches: Branches, needed: number) {
  const counts = yield* Ref.make({ succeeded: 0, failed: 0 })
  const decided = yield* Deferred.make<Values, "unsatisfied">()
  const values: Array<number> = []
  const settle = (exit: Exit.Exit<number>) =>
    Effect.flatMap(
      Ref.updateAndGet(
        counts,
        ({ failed, succeeded }) =>
          Exit.isSuccess(exit) ? { succeeded: succeeded + 1, failed } : { succeeded, failed: failed + 1 }
      ),
      ({ failed, succeeded }) => {
        if (Exit.isSuccess(exit) && succeeded <= needed) values.push(exit.value)
        return succeeded === needed
          ? Deferred.succeed(decided, values)
          : failed > branches.length - needed
          ? Deferred.fail(decided, "unsatisfied")
          : Effect.void
      }
    )
  const fibers = yield* Effect.forEach(
    branches,
    (branch) => Effect.forkChild(Effect.flatMap(Effect.exit(branch), settle), { startImmediately: true })
  )
  return yield* Effect.ensuring(Deferred.await(decided), Fiber.interruptAll(fibers))
})

/** Ends with the first `needed` exits. */
const partialByHand = Effect.fnUntraced(function*(branches: Branches, needed: number) {
  const exits = yield* Queue.unbounded<Exit.Exit<number>>()
  const report = (exit: Exit.Exit<number>) => Queue.offer(exits, exit)
  const fibers = yield* Effect.forEach(
    branches,
    (branch) => Effect.forkChild(Effect.flatMap(Effect.exit(branch), report), { startImmediately: true })
  )
  return yield* Effect.ensuring(takeValues(exits, needed), Fiber.interruptAll(fibers))
})

const takeValues = Effect.fnUntraced(function*(exits: Queue.Queue<Exit.Exit<number>>, needed: number) {
  const values: Array<number> = []
  for (let i = 0; i < needed; i++) {
    const exit = yield* Queue.take(exits)
    if (Exit.isSuccess(exit)) values.push(exit.value)
  }
  return values
})

// -----------------------------------------------------------------------------
// cases
// -----------------------------------------------------------------------------

const any = (n: number): Case => {
  const promises = makePromises(n)
  const branches = promises.map((make) => Effect.promise(make))
  return {
    size: n,
    variants: {
      raceAll: () => Effect.map(Effect.raceAll(branches), only),
      "hand-written": () => quorumByHand(branches, 1),
      "p-any": () => Effect.map(Effect.promise(() => pAny(promises.map((make) => make()))), only),
      "Promise.any": () => Effect.map(Effect.promise(() => Promise.any(promises.map((make) => make()))), only),
      "Split.run": () => split(branches, JoinStrategy.any)
    },
    against: [["Split.run", "hand-written"], ["Split.run", "p-any"]],
    answer: first(1)
  }
}

const quorum = (n: number): Case => {
  const promises = makePromises(n)
  const branches = promises.map((make) => Effect.promise(make))
  const count = majority(n)
  return {
    size: n,
    variants: {
      "hand-written": () => quorumByHand(branches, count),
      "p-some": () => Effect.promise(() => pSome(promises.map((make) => make()), { count })),
      "Split.run": () => split(branches, JoinStrategy.quorum(count))
    },
    against: [["Split.run", "p-some"]],
    answer: first(count)
  }
}

const partial = (n: number): Case => {
  const branches = makePromises(n).map((make) => Effect.promise(make))
  const count = Math.ceil(n / 2)
  return {
    size: n,
    variants: {
      "hand-written": () => partialByHand(branches, count),
      "Split.run": () => split(branches, JoinStrategy.partialResults(count))
    },
    answer: first(count)
  }
}

const cases = (name: string, make: (n: number) => Case): Group["cases"] =>
  Object.fromEntries([3, 10, 100, 1000].map((n) => [`${name} n=${n}`, () => make(n)]))

export const groups: ReadonlyArray<Group> = [
  { title: "Any, against Effect.raceAll, by hand and p-any", forms: bothForms, cases: cases("any", any) },
  { title: "Quorum, against by hand and p-some", forms: bothForms, cases: cases("quorum", quorum) },
  { title: "The first half, against by hand", forms: bothForms, cases: cases("partialResults", partial) }
]
