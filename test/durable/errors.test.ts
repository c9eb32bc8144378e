/**
 * The errors with which durable runs and their branches end, as whoever reads the journal finds them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Option, Schema } from "effect"
import { CanoError, JoinStrategy } from "effect-cano"
import * as MemoryStore from "effect-cano/MemoryStore"
import * as Signal from "effect-cano/Signal"
import * as Task from "effect-cano/Task"
import { primeClock } from "../kit/index.ts"
import { durableMachine, durably, inLife, inLifeForked, type Life, makeWorld, pass, passToEnd } from "./kit.ts"

const place = { workflow: "w", state: "A", path: undefined }
const nowhere = { workflow: undefined, state: undefined, path: undefined }

const errors: ReadonlyArray<{ readonly _tag: string; readonly message: string }> = [
  new Signal.SignalTimeoutError({ ...place, signal: "go", key: "k", limit: Duration.seconds(3) }),
  new Signal.SignalTimeoutError({ ...nowhere, signal: "go", key: undefined, limit: Duration.infinity }),
  new Signal.SignalError({ runId: "r", signal: "go", reason: "Full", detail: "10 wait" }),
  new Signal.SignalError({ runId: "r", signal: "go", reason: "Ended", detail: undefined }),
  new MemoryStore.StoreError({ key: "k", reason: "Missing", detail: "no value" }),
  new CanoError.BulkheadFullError({ bulkhead: "db", asked: 1, waiting: 2, maxWaiting: 2 }),
  new CanoError.BulkheadReentryError({ bulkhead: "db", heldIn: undefined, askedIn: { workflow: "w", state: "A" } }),
  new CanoError.WorkflowError({ ...nowhere, rule: "unknown-state", detail: "no such state" } as never),
  new CanoError.ConfigurationError({ workflow: "w", issues: [] }),
  new CanoError.WorkflowTimeoutError({ workflow: "w", state: undefined, path: undefined, limit: Duration.seconds(1) }),
  new Task.PollTimeoutError({
    ...place,
    reason: "Late",
    within: Duration.seconds(1),
    polls: 3,
    failed: 1,
    running: true,
    error: Option.some("busy")
  }),
  new Task.PollTimeoutError({
    ...nowhere,
    reason: "Exhausted",
    within: Duration.infinity,
    polls: 1,
    failed: 0,
    running: false,
    error: Option.none()
  } as never),
  new CanoError.CompensationError({
    workflow: "w",
    path: undefined,
    original: Cause.combine(Cause.fail("first"), Cause.die(new Error("lost"))),
    compensated: ["A"],
    failures: [
      { key: "r/B", state: "B", branch: undefined, how: "failed", cause: Cause.fail("no") },
      { key: "r/C/x", state: "C", branch: "x", how: "timed out", cause: Cause.interrupt(1) }
    ]
  })
]

describe("an error of the engine", () => {
  it.effect.each(errors.map((error, i) => [`${error._tag} ${i}`, error] as const))(
    "is the same for who reads it: %s",
    ([, error]) =>
      Effect.gen(function*() {
        yield* primeClock
        const world = yield* makeWorld
        let machine: any
        const define = (_: Life) => [
          machine = durably(
            durableMachine("w", "A", "Done").register("A", { run: Effect.fail(error), next: "Done" })
              .addExitStates("Done"),
            { error: Schema.String }
          )
        ]
        const first = yield* world.life(define)
        yield* inLife(first, machine.start("r", "A"))
        assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
        yield* world.bury(first)
        const second = yield* world.life(define)
        const read = yield* inLifeForked(second, Effect.flip(machine.run("r", "A")))
        yield* pass(100)
        const found = (read.pollUnsafe() as any).value
        assert.strictEqual(Object.getPrototypeOf(found), Object.getPrototypeOf(error))
        assert.strictEqual(found.message, error.message)
        assert.deepStrictEqual(JSON.parse(JSON.stringify(found)), JSON.parse(JSON.stringify(error)))
        yield* world.bury(second)
      })
  )

  it.effect("has the outcomes of its split, of each kind, also in a record", () =>
    Effect.gen(function*() {
      const branches = {
        good: Effect.succeed("yes"),
        bad: Effect.fail("no"),
        broken: Effect.die(new Error("lost")),
        slow: Effect.never,
        late: Effect.succeed("never asked")
      }
      const ends = (
        given: typeof branches | ReadonlyArray<Effect.Effect<string, string>>,
        bulkhead: number | undefined
      ) =>
        Effect.gen(function*() {
          yield* primeClock
          const world = yield* makeWorld
          let machine: any
          const define = () => [
            machine = durably(
              durableMachine("w", "A", "Done").registerSplit("A", given as any, {
                strategy: JoinStrategy.quorum(3),
                bulkhead,
                timeout: 500,
                schema: { success: Schema.String, error: Schema.String },
                next: "Done"
              } as any).addExitStates("Done"),
              { error: Schema.String }
            )
          ]
          const first = yield* world.life(define)
          const told = yield* inLifeForked(first, Effect.exit(machine.run("r", "A")))
          assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
          yield* pass(50)
          yield* world.bury(first)
          const second = yield* world.life(define)
          const read = yield* inLifeForked(second, Effect.exit(machine.run("r", "A")))
          yield* pass(100)
          const [a, b] = [told, read].map((fiber) => (fiber.pollUnsafe() as any).value as Exit.Exit<never, any>)
          assert.isTrue(Exit.isFailure(a!) && Exit.isFailure(b!))
          const of = (exit: Exit.Exit<never, any>) => {
            const { message, result } = Option.getOrThrow(Exit.findErrorOption(exit)) as any
            const tags = Object.values(result.outcomes as object).map(({ _tag }) => _tag)
            return { message, tags, isRecord: !Array.isArray(result.outcomes), tally: result.tally }
          }
          assert.deepStrictEqual(of(b!), of(a!))
          yield* world.bury(second)
          return of(b!)
        })
      const record = yield* ends(branches, undefined)
      assert.isTrue(record.isRecord)
      assert.includeMembers(record.tags, ["Succeeded", "Failed", "Interrupted"])
      const list = yield* ends([branches.good, branches.slow, branches.late] as never, 2)
      assert.isFalse(list.isRecord)
    }))
})
