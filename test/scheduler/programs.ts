/**
 * Generated programs of who writes schedules, as he should and as he should not: by an old revision, with a cursor that goes
 * back, of a firing that is there already. A program holds nothing.
 */
import { Arbitrary, Effect } from "effect"
import type * as Schedules from "effect-cano/schedules"
import { TestClock } from "effect/testing"
import { int, oneOf, runs } from "../kit/index.ts"
import { change, ended, firing, schedule } from "./contract.ts"

const flows = ["a", "b", "é"] as const

export const command = Arbitrary.all({
  op: oneOf(["commit", "commit", "commit", "commit", "commit", "lease", "leave", "forget"]),
  flow: oneOf(flows),
  shift: oneOf([1, 1, 1, 1, 0, 2]),
  cursor: int(-3, 9),
  due: int(0, 5),
  count: int(0, 3),
  end: oneOf(["none", "none", "succeeded", "failed", "lost"]),
  drops: oneOf([0, 0, 0, 1, 2]),
  keep: int(0, 3),
  isPaused: oneOf([false, false, true]),
  scheduler: oneOf(["ada", "bob"]),
  wait: oneOf([0, 5, 10]),
  now: int(0, 20)
})
export type Command = typeof command extends Arbitrary.Arbitrary<infer A> ? A : never

export const program: Arbitrary.Arbitrary<ReadonlyArray<Command>> = Arbitrary.array(command, { maxLength: 40 })

/** How often, and how long. */
export const many = (count: number) => ({ arbitrary: { ...runs(count).arbitrary, size: 40 } })

/** Runs a command on a store, and answers what that has answered. */
export const use = (
  store: Schedules.Service,
  { count, cursor, drops, due, end, flow, isPaused, keep, now, op, scheduler, shift, wait }: Command
): Effect.Effect<unknown, unknown> =>
  Effect.gen(function*() {
    yield* TestClock.setTime(now)
    switch (op) {
      case "lease":
        return yield* store.lease(scheduler, now + wait)
      case "leave":
        return yield* store.leave(scheduler)
      case "forget":
        return yield* store.forget(flow)
      case "commit": {
        const [view] = yield* store.look([flow])
        const at = schedule(flow, (view?.schedule.revision ?? 0) + shift, {
          cursor,
          streak: count,
          paused: isPaused ? { since: now, note: end, cursor } : undefined,
          trippedAt: end === "failed" ? now : undefined
        })
        const firings = Array.from({ length: count }, (_, i) =>
          firing(flow, due + i, {
            scheduler,
            takenAt: due,
            isStarted: isPaused,
            ...(end === "none" ? {} : ended(now, end, isPaused ? "é" : undefined))
          }))
        const dropped = Array.from({ length: drops }, (_, i) => `${flow}@${due + 4 + i}`)
        return yield* store.commit(change(at, firings, { drops: dropped, keep }))
      }
    }
  })

/** All that is in a store. */
export const dump = (store: Schedules.Service) =>
  Effect.all({
    views: store.look(flows),
    list: store.list(2, "a"),
    history: Effect.forEach(flows, (flow) => store.history(flow, 9)),
    one: store.firing("a", "a@3")
  })
