// Runs, rows and letters of the tests: where one does not matter, it is as it is here.
import { Effect } from "effect"
import type * as Journal from "effect-cano/journal"

export const newRun = (runId: string, run: Partial<Journal.NewRun> = {}): Journal.NewRun => ({
  runId,
  workflow: "order",
  version: 1,
  state: "Ask",
  key: "/1/Ask",
  data: `{"_tag":"Ask"}`,
  parent: undefined,
  ...run
})

export const row = (kind: Journal.Kind, data = kind as string, kept = false): Journal.NewRow => ({
  kind,
  key: `/1/${kind}`,
  data,
  kept
})

/** Rows behind row `n - 1`. */
export const append = (
  runId: string,
  n: number,
  rows: ReadonlyArray<Journal.NewRow>,
  rest: Partial<Journal.Append> = {}
): Journal.Append => ({ runId, n, rows, head: undefined, takes: [], ...rest })

export const signal = (name: string, rest: Partial<Journal.NewLetter> = {}): Journal.NewLetter => ({
  kind: "signal",
  name,
  key: undefined,
  id: undefined,
  data: "null",
  ...rest
})

/** All that a store says of a run. */
export const all = (store: Journal.Service, runId: string) =>
  Effect.all({
    head: store.show(runId),
    rows: store.rows(runId, 0, 1000),
    letters: Effect.flatMap(
      store.show(runId),
      (head) =>
        Effect.forEach(Array.from({ length: head?.sent ?? 0 }, (_, i) => i + 1), (seq) => store.letter(runId, seq))
    )
  })

/** Makes one run. */
export const create = (store: Journal.Service, run: Journal.NewRun) =>
  Effect.map(store.create([run]), ([made]) => made!)

/** Takes one run; one that can't be read is a failure. */
export const claim = (store: Journal.Service, runId: string, runner: string) =>
  Effect.flatMap(
    store.claim([runId], runner),
    ([claimed]) => claimed!._tag === "Corrupt" ? Effect.fail(claimed!.error) : Effect.succeed(claimed!)
  )
