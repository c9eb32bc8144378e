/**
 * Laws of handles: whatever is done to a run, it ends, once, with its events in order, and nothing of it is left.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Exit, Fiber } from "effect"
import { Bulkhead, RunEvent, TaskResult } from "effect-cano"
import * as Runs from "effect-cano/Runs"
import {
  assertEvents,
  deadline,
  instant,
  int,
  type model,
  oneOf,
  optional,
  passTime,
  primeClock,
  runs,
  some,
  soundSplit,
  toEffect,
  toShape,
  toStrategy,
  untyped
} from "../kit/index.ts"

const deed = Arbitrary.all({
  at: instant,
  what: oneOf(["pause", "resume", "cancelBranch", "cancelBranch", "settle", "cancel", "cut", "info"]),
  branch: int(0, 7)
})

const losers = oneOf(["interrupt", "await", "detach", "grace"])

/** How a split is run besides. Alternatives do not go with a bulkhead, nor with what wants every branch. */
const more = (way: string, shared: Bulkhead.Bulkhead, { bulkhead, strategy }: model.Split): object => {
  if (way === "shared") return { bulkhead: shared }
  if (way === "observed") return { bulkhead, onOutcome: () => Effect.sleep(5) }
  const isHedged = way === "hedge" && (strategy._tag === "Any" || strategy._tag === "Quorum")
  return isHedged ? { hedge: { delay: 15 } } : { bulkhead }
}

describe("a run that is steered", () => {
  it.effect.prop("ends once, with its events in order and its branches accounted for, and leaves nothing", {
    splits: Arbitrary.array(
      Arbitrary.all({
        split: soundSplit,
        losers,
        isFollowOn: oneOf([false, false, true]),
        way: oneOf(["own", "shared", "hedge", "observed"])
      }),
      {
        minLength: 1,
        maxLength: 3
      }
    ),
    deeds: some(deed, 0),
    timeout: optional(deadline)
  }, ({ deeds, splits, timeout }) =>
    Effect.gen(function*() {
      yield* primeClock
      const events: Array<RunEvent.RunEvent> = []
      const tallies: Array<any> = []
      const shared = yield* Bulkhead.make("shared", { places: 2 })
      const machine = splits.reduce((workflow, { isFollowOn, losers, split, way }, i) => {
        const next = i + 1 < splits.length ? `S${i + 1}` : "Done"
        const to = (found: any) => {
          tallies.push(found.tally ?? found.result.tally)
          return next
        }
        const branches = isFollowOn
          ? () => TaskResult.split(split.branches.map(() => "F"))
          : toShape(split.shape, split.branches.map((branch, j) => toEffect(branch, j)))
        return workflow.registerSplit(`S${i}`, branches, {
          strategy: toStrategy(split.strategy),
          ...more(way, shared, split),
          timeout: split.timeout,
          losers: losers === "grace" ? { grace: 25 } : losers,
          next: to,
          otherwise: to
        })
      }, untyped().register("F", { run: Effect.sleep(15), next: "Done" }).addExitStates("Done"))
      const timed = timeout === undefined ? machine : machine.withTimeout(timeout)
      const own = Effect.provide(
        timed.orchestrate("S0", { runId: "r" }),
        RunEvent.layer([(event) => void events.push(event)])
      )
      const fiber = yield* Effect.forkDetach(own, { startImmediately: true })
      const found = yield* Runs.list
      const handle = found[0]
      let now = 0
      for (const { at, branch, what } of [...deeds].sort((a, b) => a.at - b.at)) {
        yield* passTime(at - now)
        now = at
        if (what === "cut") yield* Effect.sync(() => fiber.interruptUnsafe())
        if (handle === undefined) continue
        const info = yield* handle.info
        const isOver = fiber.pollUnsafe() !== undefined
        if (what === "pause") yield* handle.pause("so")
        if (what === "resume") yield* handle.resume
        if (what === "settle") yield* handle.settle()
        if (what === "cancel") yield* Effect.forkDetach(handle.cancel(), { startImmediately: true })
        if (what === "cancelBranch") {
          const one = info.branches[branch]
          if (one === undefined) continue
          const isCancelled = yield* Effect.exit(handle.cancelBranch(one.key))
          assert.isTrue(Exit.isSuccess(isCancelled), "a key is not ambiguous")
        }
        if (isOver) assert.strictEqual(info.status, "ended")
      }
      if (handle !== undefined) {
        yield* passTime()
        yield* handle.resume
      }
      yield* passTime()
      yield* passTime()
      assert.isDefined(fiber.pollUnsafe(), "it has ended")
      const exit = yield* Fiber.await(fiber)
      assertEvents(events)
      assert.deepStrictEqual(yield* Runs.list, [])
      const { inUse, waiting } = yield* shared.statistics
      assert.deepStrictEqual([inUse, waiting], [0, 0])
      for (const { failed, interrupted, notStarted, succeeded, total, ...more } of tallies) {
        const late = (more.late ?? 0) + (more.detached ?? 0)
        assert.strictEqual(succeeded + failed + interrupted + notStarted + late, total)
      }
      if (handle !== undefined && !deeds.some(({ what }) => what === "cut")) {
        assert.strictEqual((yield* handle.info).status, "ended")
        assert.deepStrictEqual(yield* handle.await, exit)
      }
    }).pipe(Effect.provide(Runs.layer)), runs(400))
})
