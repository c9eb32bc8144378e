/**
 * Splits without a bulkhead start their branches in rounds, between which everybody else gets a turn.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { JoinStrategy, Split } from "effect-cano"
import { AsyncLocalStorage } from "node:async_hooks"
import { Census, start, tally } from "../kit/index.ts"

const round = 2048

type Branches = Iterable<Effect.Effect<unknown>>

const lists: ReadonlyArray<readonly [shape: string, of: (branch: Effect.Effect<unknown>, count: number) => Branches]> =
  [
    ["array", (branch, count) => Array.from({ length: count }, () => branch)],
    ["lazy list", (branch, count) => ({
      *[Symbol.iterator]() {
        for (let i = 0; i < count; i++) yield branch
      }
    })]
  ]

const splits: ReadonlyArray<readonly [how: string, split: (branches: Branches) => Effect.Effect<unknown, unknown>]> = [
  ["all", (branches) => Split.run(branches, { strategy: JoinStrategy.all })],
  ["any", (branches) => Split.run(branches, { strategy: JoinStrategy.any })],
  ["a deadline", (branches) => Split.run(branches, { strategy: JoinStrategy.all, timeout: "1 hour" })],
  ["discard", (branches) => Split.run(branches, { strategy: JoinStrategy.all, discard: true })],
  [
    "a grace",
    (branches) => Effect.scoped(Split.run(branches, { strategy: JoinStrategy.any, losers: { grace: "1 minute" } }))
  ]
]

describe("branches that wait start in rounds (semantics 7)", () => {
  for (const [shape, list] of lists) {
    for (const [how, split] of splits) {
      it.effect(`of 2,048, the first of them at once (${shape}, ${how})`, () =>
        Effect.gen(function*() {
          const census = new Census()
          const fiber = yield* start(split(list(census.count(Effect.never), 5000)))
          assert.strictEqual(census.running, round)
          yield* Effect.yieldNow
          assert.strictEqual(census.running, 2 * round)
          yield* Effect.yieldNow
          assert.strictEqual(census.running, 5000)
          yield* Fiber.interrupt(fiber)
          assert.strictEqual(census.running, 0)
        }))
    }
  }

  it.effect("an interruption between two of them is the end of it", () =>
    Effect.gen(function*() {
      for (const [shape, list] of lists) {
        const census = new Census()
        const branches = list(census.count(Effect.never), 5000)
        const fiber = yield* start(Split.run(branches, { strategy: JoinStrategy.all }))
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual([census.started, census.running], [round, 0], shape)
      }
    }))

  it.effect("a decision between two of them starts no other", () =>
    Effect.gen(function*() {
      let ran = 0
      const branches = Array.from({ length: 5000 }, (_, i) =>
        Effect.suspend(() => {
          ran++
          return i === 0 ? Effect.yieldNow : Effect.never
        }))
      const result = yield* Split.run(branches, { strategy: JoinStrategy.any })
      assert.isBelow(ran, 5000)
      assert.deepStrictEqual(result.tally, { ...tally(1, 0, ran - 1), total: 5000, notStarted: 5000 - ran })
    }))

  it.live("timers and I/O get their turn in between", () =>
    Effect.gen(function*() {
      const turns: Array<number> = []
      let started = 0
      let goesOn = true
      const look = (): void => {
        turns.push(started)
        if (goesOn) setImmediate(look)
      }
      const branch = Effect.callback<void>((resume) => {
        started++
        setTimeout(() => resume(Effect.void), 0)
      })
      setImmediate(look)
      yield* Split.run(Array.from({ length: 10 * round }, () => branch), { strategy: JoinStrategy.all, discard: true })
      goesOn = false
      const most = turns.reduce((most, at, i) => Math.max(most, at - (turns[i - 1] ?? 0)), 0)
      assert.isAtMost(most, round)
    }))

  it.live("those of later rounds have the async context of the caller", () =>
    Effect.gen(function*() {
      const storage = new AsyncLocalStorage<string>()
      const seen = new Set<string | undefined>()
      const branch = Effect.suspend(() => {
        seen.add(storage.getStore())
        return Effect.yieldNow
      })
      const split = Split.run(Array.from({ length: 3 * round }, () => branch), { strategy: JoinStrategy.all })
      // others keep the dispatcher busy, in contexts of their own
      const fibers = ["a", "b"].map((id) => storage.run(id, () => Effect.runFork(split)))
      yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual([...seen].sort(), ["a", "b"])
    }))
})
