/**
 * The strategies that leave losers behind, against what one would write by hand (forked branches that report to a `Ref`
 * and a `Deferred`, or to a `Queue`, and are interrupted and awaited at the end), and against p-any and p-some, which
 * cancel nothing. Every branch is one hop through a promise.
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

type Branches = ReadonlyArray<Effect.Effect<number>>
type Values = ReadonlyArray<number>

const makePromises = (n: number): ReadonlyArray<() => Promise<number>> =>
  Array.from({ length: n }, (_, i) => () => Promise.resolve(i))

const makeBranches = (n: number): Branches => makePromises(n).map((make) => Effect.promise(make))

const majority = (n: number): number => Math.floor(n / 2) + 1

/** The values 0 to n - 1: branches end in the order in which they start. */
const first = (n: number): Values => Array.from({ length: n }, (_, i) => i)

const split = (branches: Branches, strategy: JoinStrategy.JoinStrategy): Effect.Effect<Values, unknown> =>
  Effect.map(Split.run(branches, { strategy }), (result) => result.values)

// -----------------------------------------------------------------------------
// by hand
// -----------------------------------------------------------------------------

/** Ends with `needed` successes, or as soon as these can no longer be had. */
const quorumByHand = (branches: Branches, needed: number) =>
  Effect.gen(function*() {
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
const partialByHand = (branches: Branches, needed: number) =>
  Effect.gen(function*() {
    const exits = yield* Queue.unbounded<Exit.Exit<number>>()
    const report = (exit: Exit.Exit<number>) => Queue.offer(exits, exit)
    const fibers = yield* Effect.forEach(
      branches,
      (branch) => Effect.forkChild(Effect.flatMap(Effect.exit(branch), report), { startImmediately: true })
    )
    const take = Effect.gen(function*() {
      const values: Array<number> = []
      for (let i = 0; i < needed; i++) {
        const exit = yield* Queue.take(exits)
        if (Exit.isSuccess(exit)) values.push(exit.value)
      }
      return values
    })
    return yield* Effect.ensuring(take, Fiber.interruptAll(fibers))
  })

const byHand = (
  name: string,
  n: number,
  needed: number,
  hand: (branches: Branches, needed: number) => Effect.Effect<Values, unknown>,
  strategy: JoinStrategy.JoinStrategy
): Case => {
  const branches = makeBranches(n)
  return {
    name: `${name} n=${n}`,
    size: n,
    variants: { "hand-written": hand(branches, needed), "Split.run": split(branches, strategy) },
    answer: first(needed)
  }
}

// -----------------------------------------------------------------------------
// peers
// -----------------------------------------------------------------------------

const any = (n: number): Case => {
  const promises = makePromises(n)
  return {
    name: `any n=${n}`,
    size: n,
    variants: {
      "p-any": Effect.map(Effect.promise(() => pAny(promises.map((make) => make()))), (value) => [value]),
      "Split.run": split(makeBranches(n), JoinStrategy.any),
      "Promise.any": Effect.map(Effect.promise(() => Promise.any(promises.map((make) => make()))), (value) => [value])
    },
    answer: first(1)
  }
}

const quorum = (n: number): Case => {
  const promises = makePromises(n)
  const count = majority(n)
  return {
    name: `quorum n=${n}`,
    size: n,
    variants: {
      "p-some": Effect.promise(() => pSome(promises.map((make) => make()), { count })),
      "Split.run": split(makeBranches(n), JoinStrategy.quorum(count))
    },
    answer: first(count)
  }
}

const handSizes = [10, 100, 1000]
const peerSizes = [3, 10, 100, 1000]

export const groups = (): ReadonlyArray<Group> => [
  {
    title: "Any, quorum and partial results, against hand-written ones",
    cases: [
      ...handSizes.map((n) => () => byHand("any", n, 1, quorumByHand, JoinStrategy.any)),
      ...handSizes.map((n) => () => byHand("quorum", n, majority(n), quorumByHand, JoinStrategy.quorum(majority(n)))),
      ...handSizes.map((n) => () =>
        byHand("partialResults", n, n / 2, partialByHand, JoinStrategy.partialResults(n / 2))
      )
    ]
  },
  { title: "Any, against p-any", cases: peerSizes.map((n) => () => any(n)) },
  { title: "Quorum, against p-some", cases: peerSizes.map((n) => () => quorum(n)) }
]
