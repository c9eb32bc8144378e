/**
 * Generated programs of a few runners, which use a store as they should and as they should not: at the wrong place, for a
 * letter that is not there, of a run that somebody else has. A program holds nothing; what it has seen lives as long as its
 * run on one store.
 */
import { Arbitrary, Effect } from "effect"
import type * as Journal from "effect-cano/journal"
import { TestClock } from "effect/testing"
import { int, oneOf, runs } from "../kit/index.ts"
import { all, append, claim, create, newRun, row, signal } from "./samples.ts"

const runIds = ["a", "b/1", "é"] as const
const runners = ["ada", "bob"] as const

const item = Arbitrary.all({
  runId: oneOf(runIds),
  shift: oneOf([0, 0, 0, 0, 0, 1, -1, -2]),
  rows: oneOf([1, 1, 2, 3, 0, 70]),
  change: oneOf(["none", "none", "none", "enter", "enter", "migrate", "compensate", "release", "end"]),
  takes: oneOf([0, 0, 0, 0, 0, 1, 1, 2]),
  letter: int(0, 3),
  isKept: oneOf([false, true])
})
type Item = typeof item extends Arbitrary.Arbitrary<infer A> ? A : never

export const command = Arbitrary.all({
  op: oneOf([
    "append",
    "append",
    "append",
    "claim",
    "claim",
    "send",
    "send",
    "park",
    "park",
    "create",
    "lease",
    "leave",
    "received",
    "purge"
  ]),
  items: Arbitrary.array(item, { minLength: 1, maxLength: 4 }),
  runner: oneOf(runners),
  name: oneOf(["go", "stop"]),
  id: oneOf(["", "x", "y"]),
  capacity: oneOf([9, 9, 2, 1]),
  wait: oneOf([0, 5, 10, -1]),
  isReleased: oneOf([true, false]),
  pass: oneOf([0, 0, 1, 5])
})
export type Command = typeof command extends Arbitrary.Arbitrary<infer A> ? A : never

export const program: Arbitrary.Arbitrary<ReadonlyArray<Command>> = Arbitrary.array(command, { maxLength: 40 })

/** How often, and how long. */
export const many = (count: number) => ({ arbitrary: { ...runs(count).arbitrary, size: 40 } })

/** Most runs are there from the beginning, and one of the runners has a lease that lasts for a while. */
export const begin = (store: Journal.Service) =>
  Effect.andThen(
    store.lease("ada", 20),
    Effect.forEach(runIds.slice(0, 2), (runId) => create(store, newRun(runId, { workflow: "go" })))
  )

/** What all runs are now. */
export const dump = (store: Journal.Service) => Effect.forEach(runIds, (runId) => all(store, runId))
export type Dump = Effect.Success<ReturnType<typeof dump>>

const changes: { readonly [change in Item["change"]]: Journal.HeadChange | undefined } = {
  none: undefined,
  enter: { entered: { visit: 2, state: "Pay", version: 2 } },
  migrate: { migrated: { state: "Buy", version: 3 } },
  compensate: { status: "compensating" },
  release: { isReleased: true },
  end: { status: "ended", outcome: "succeeded" }
}

/** Runs commands on one store, and answers what it has answered. */
export const user = (store: Journal.Service) => {
  const cursors = new Map<string, number>()
  const toAppend = (written: Map<string, number>) => ({ change, isKept, letter, rows, runId, shift, takes }: Item) =>
    Effect.map(store.show(runId), (head): Journal.Append => {
      // of several appends for one run each may stand behind the one before
      const n = (written.get(runId) ?? head?.n ?? -1) + 1 + shift
      written.set(runId, n + rows - 1)
      const kind = change === "enter" ? "enter" : "settle"
      const own = Array.from({ length: rows }, (_, i) => row(i === rows - 1 ? kind : "settle", `${n + i}`, isKept))
      const taken = Array.from({ length: takes }, (_, i) => ({ seq: letter + i, answer: i === 0 ? undefined : "ok" }))
      return append(runId, n, own, { head: changes[change], takes: taken })
    })

  return (command: Command): Effect.Effect<unknown, Journal.JournalError> =>
    Effect.gen(function*() {
      const { capacity, id, isReleased, items, name, op, runner, wait } = command
      const [{ letter, runId, shift }] = items as [Item]
      const now = yield* TestClock.testClockWith((clock) => clock.currentTimeMillis)
      switch (op) {
        case "create":
          return yield* create(store, newRun(runId, { workflow: name, parent: id === "" ? undefined : id }))
        case "append": {
          const appends = yield* Effect.forEach(items, toAppend(new Map()))
          return { appends, answers: yield* store.append(appends) }
        }
        case "claim":
          return yield* claim(store, runId, runner)
        case "send":
          return yield* store.send(runId, signal(name, { id: id === "" ? undefined : id, capacity, data: `${now}` }))
        case "park": {
          const head = yield* store.show(runId)
          const wakeAt = wait < 0 ? undefined : now + wait
          return yield* store.park(runId, { n: (head?.n ?? 0) + shift, seen: letter, wakeAt, isReleased, waits: name })
        }
        case "lease":
          return yield* store.lease(runner, now + wait)
        case "leave":
          return yield* store.leave(runner)
        case "purge":
          return yield* store.purge({ endedBefore: now + wait, limit: capacity, isPreview: isReleased })
        case "received": {
          const { cursor, letters } = yield* store.received(runner, cursors.get(runner) ?? 0)
          cursors.set(runner, cursor)
          return letters
        }
      }
    }).pipe(Effect.tap(() => TestClock.adjust(command.pass)))
}

/** What a store says of all runs when it is asked for them by query. */
export const queries = (store: Journal.Service) =>
  Effect.all({
    due: store.due(["go", "stop"], 9),
    first: store.due(["go", "stop"], 1),
    list: store.list({ limit: 9 }),
    waiting: store.list({ limit: 9, status: "waiting" }),
    running: store.list({ limit: 9, status: "running" }),
    parents: store.list({ limit: 9, parent: "x" }),
    old: store.list({ limit: 9, status: ["ended", "compensating"], updatedBefore: 10, createdAfter: 1 }),
    counts: store.count({}),
    standing: Effect.forEach(runIds, store.standing),
    last: Effect.forEach(runIds, (runId) => store.last(runId, ["enter", "owner"], 9, 3)),
    forgotten: store.purge({ endedBefore: 1000, limit: 2, isPreview: true }),
    letters: Effect.forEach(runIds, store.letters)
  })
