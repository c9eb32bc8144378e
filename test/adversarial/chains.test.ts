/**
 * What is nested, and what was: levels that have ended are kept by nobody while those that they have started go on, and the
 * limits that hold are those of levels that have not.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Fiber, Option } from "effect"
import { type CanoError, JoinStrategy, Split, TaskResult, Workflow } from "effect-cano"
import { collectGarbage, running, turns, withYields } from "../kit/index.ts"

const { all, any } = JoinStrategy

type Work = Effect.Effect<unknown, unknown>

describe("a run that starts the next one and ends", () => {
  for (
    const [what, options] of [["without limits", undefined], ["with limits", { maxBranches: 5, maxDepth: 3 }]] as const
  ) {
    it.effect(`is kept by none of those that follow while they go on (${what})`, () =>
      Effect.gen(function*() {
        // fewer than are counted anew as too deep
        const generations = 190
        const seen: Array<WeakRef<object>> = []
        const end = yield* Deferred.make<number>()
        let generation = 0
        const next: Work = Effect.suspend(() => {
          const isLast = ++generation === generations
          const task = Effect.andThen(
            Effect.map(Workflow.CurrentRun, (run) => void seen.push(new WeakRef(run))),
            isLast
              ? Effect.andThen(
                turns(20),
                Effect.suspend(() => {
                  collectGarbage()
                  return Deferred.succeed(end, seen.filter((ref) => ref.deref() !== undefined).length)
                })
              )
              // ends when the next one stands in it
              : Effect.andThen(Effect.forkDetach(next), turns(3))
          )
          return running("poll", task).orchestrate("Go", options)
        })
        yield* Effect.forkDetach(next)
        const kept = yield* Deferred.await(end)
        assert.strictEqual(seen.length, generations)
        assert.isAtLeast(kept, 1)
        assert.isBelow(kept, 50)
      }))
  }
})

describe("the limit of depth", () => {
  const nest = (depth: number, inside: Work): Work =>
    depth === 0 ? inside : Split.run([Effect.suspend(() => nest(depth - 1, inside))], { strategy: all })

  const detailOf = (exit: Effect.Effect<unknown, unknown>) =>
    Effect.map(Effect.exit(exit), (exit): string => {
      if (exit._tag === "Success") return "success"
      const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause)) as CanoError.WorkflowError
      return String(error.detail)
    })

  it.effect("of a run that has ended gives way to that of everybody, also where it was larger", () =>
    Effect.gen(function*() {
      const [built, ended] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const found = yield* Deferred.make<string>()
      const inside = Effect.andThen(
        Effect.andThen(Deferred.succeed(built, undefined), Deferred.await(ended)),
        Effect.flatMap(
          detailOf(Split.run([Effect.void], { strategy: all })),
          (detail) => Deferred.succeed(found, detail)
        )
      )
      yield* running("large", Effect.andThen(Effect.forkDetach(nest(250, inside)), Deferred.await(built))).orchestrate(
        "Go",
        { maxDepth: 300 }
      )
      yield* Deferred.succeed(ended, undefined)
      assert.strictEqual(yield* Deferred.await(found), "splits and runs are nested deeper than 200 (maxDepth)")
    }))

  it.effect("is that of the innermost run, where two have the same", () =>
    Effect.gen(function*() {
      let found = ""
      const inner = running(
        "inner",
        nest(2, Effect.map(detailOf(nest(1, Effect.void)), (detail) => void (found = detail)))
      ).orchestrate("Go", { maxDepth: 3 })
      yield* running("outer", inner).orchestrate("Go", { maxDepth: 3 })
      assert.strictEqual(found, "splits and runs are nested deeper than 3 (maxDepth of workflow \"inner\")")
    }))
})

describe("a follow-on branch", () => {
  it.effect("has the key of the state that it belongs to, however late it comes to ask", () =>
    Effect.gen(function*() {
      for (let seed = 0; seed < 40; seed++) {
        const keys: Array<string> = []
        const note = Effect.map(Workflow.CurrentRun, ({ key }) => void keys.push(key))
        const workflow = Workflow.make<"Go" | "Slow" | "Quick" | "On" | "Done">("w")
          .registerSplit("Go", () => TaskResult.split(["Quick", "Slow", "Slow"]), {
            strategy: any,
            losers: "detach",
            next: "On"
          })
          .register("Quick", Effect.succeed("Done"))
          .register("Slow", Effect.as(note, "Done"))
          .register("On", Effect.as(turns(3), "Done"))
          .addExitStates("Done")
        const fiber = yield* Effect.forkChild(workflow.orchestrate("Go", { runId: "r" }).pipe(withYields(seed)))
        yield* Fiber.join(fiber)
        assert.deepStrictEqual(keys.sort(), ["r/1/Go/1/1/Slow", "r/1/Go/2/1/Slow"], `seed ${seed}`)
      }
    }))
})

describe("a path", () => {
  it.effect("is that of the innermost run, whatever fails besides", () =>
    Effect.gen(function*() {
      const inner = running("inner", Effect.fail("inner")).orchestrate("Go")
      const outer = running("outer", Effect.onExit(inner, () => Effect.die("outer"))).orchestrate("Go")
      const exit = yield* Effect.exit(outer)
      assert(exit._tag === "Failure")
      const paths = exit.cause.reasons.map((reason) =>
        Option.map(Workflow.path(Cause.fromReasons([reason])), ({ nested, workflow }) => [workflow, nested?.workflow])
      )
      assert.deepStrictEqual(paths, [Option.some(["outer", "inner"]), Option.some(["outer", undefined])])
    }))
})
