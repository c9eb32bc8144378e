/**
 * Why a run waits, and what would wake it: read from the journal, by what it says of the run, of its runner and of its inbox.
 * Nothing is kept.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import type { Head, JournalError, Letter, Service as Journal, Standing } from "../../journal.ts"
import type { Because, Undone, Untaken, Wait, Wake, Why } from "../../operator.ts"
import { isOrder } from "../journal/steering.ts"
import { field, jsonOf, reasonsOf, textOf } from "./end.ts"
import * as rollback from "./rollback.ts"
import * as words from "./words.ts"

/** How many letters and children are told of. */
const most = 20

export const why = Effect.fnUntraced(function*(
  journal: Journal,
  standing: Standing,
  letters: ReadonlyArray<Letter>
): Effect.fn.Return<Why, JournalError> {
  const { head } = standing
  const { runId } = head
  const at = yield* Clock.currentTimeMillis
  const because = yield* becauseOf(journal, standing, letters, at)
  const children = because._tag === "Driven"
    ? yield* journal.list({ parent: runId, status: open, limit: most })
    : []
  const wakes = wakesOf(head, because, standing, children, at)
  const found = { runId, at, because, wakes, letters: letters.slice(0, most).map(untaken) }
  return { ...found, sentence: words.sentence(head, found) }
})

const open = ["running", "waiting", "compensating", "stuck"] as const

export const untaken = ({ at, id, key, kind, name, seq }: Letter): Untaken => ({ seq, kind, name, key, id, since: at })

const becauseOf = Effect.fnUntraced(function*(
  journal: Journal,
  { dueAt, head, leasedUntil = 0, runners, waits }: Standing,
  letters: ReadonlyArray<Letter>,
  at: number
): Effect.fn.Return<Because, JournalError> {
  const { enteredAt, outcome, owner, runId, status, updatedAt, wakeAt } = head
  const isDue = owner === undefined && dueAt !== undefined && dueAt <= at
  if (status === "ended" || status === "stuck") {
    const order = isDue ? letters.find(({ kind }) => isOrder(kind)) : undefined
    if (order !== undefined) return { _tag: "Due", since: order.at, for: "order", runners }
    if (status === "ended") return { _tag: "Ended", outcome: outcome ?? "failed", since: updatedAt }
    const [row] = yield* journal.last(runId, ["stuck"], head.n + 1, 1)
    const json = row && jsonOf(row.data)
    const rows = yield* journal.last(runId, rollback.kinds, head.n + 1, rollback.most)
    return {
      _tag: "Stuck",
      of: field(json, "of") === "failure" ? "failure" : "rollback",
      since: row?.at ?? updatedAt,
      reasons: reasonsOf(field(field(json, "x"), "c")),
      steps: rollback.of(runId, rows)?.steps.filter(isOpen) ?? []
    }
  }
  // who has died drives nothing, whatever it did
  if (owner !== undefined && leasedUntil <= at) {
    return { _tag: "Abandoned", runner: owner, since: leasedUntil === 0 ? updatedAt : leasedUntil, runners }
  }
  const pause = letters.findLast(({ kind }) => kind === "pause" || kind === "resume")
  if (pause?.kind === "pause") {
    return { _tag: "Paused", runner: owner, since: pause.at, note: textOf(field(jsonOf(pause.data), "note")) }
  }
  if (isDue) {
    const what = dueFor(head, at)
    // a letter makes a run due by the clock of who has driven it
    const since = what === "letter" ? Math.min(...letters.map(({ at }) => at)) : dueAt
    return { _tag: "Due", since: Number.isFinite(since) ? since : dueAt, for: what, runners }
  }
  if (status === "waiting") {
    const said = waits === undefined ? undefined : jsonOf(waits)
    const list = field(said, "waits")
    const more = field(said, "more")
    return {
      _tag: "Waiting",
      runner: owner,
      since: updatedAt,
      until: wakeAt,
      waits: Array.isArray(list) ? list.map(wait) : [],
      more: Predicate.isNumber(more) ? more : 0
    }
  }
  return owner === undefined
    ? { _tag: "Due", since: dueAt ?? updatedAt, for: dueFor(head, at), runners }
    : { _tag: "Driven", runner: owner, until: leasedUntil, since: enteredAt }
})

const isOpen = ({ how }: Undone): boolean => how !== undefined

const dueFor = ({ n, status, wakeAt }: Head, at: number): "start" | "instant" | "letter" | "release" =>
  n === 0 ? "start" : status !== "waiting" ? "release" : wakeAt !== undefined && wakeAt <= at ? "instant" : "letter"

const wait = (json: Schema.Json): Wait => {
  const until = field(json, "until")
  return {
    for: field(json, "for") === "timer" ? "timer" : "signal",
    signal: textOf(field(json, "signal")),
    signalKey: textOf(field(json, "signalKey")),
    key: textOf(field(json, "key")) ?? "",
    until: Predicate.isNumber(until) ? until : undefined
  }
}

const wakesOf = (
  { version, wakeAt, workflow }: Head,
  because: Because,
  { dueAt }: Standing,
  children: ReadonlyArray<Head>,
  at: number
): ReadonlyArray<Wake> => {
  const runner: Wake = { _tag: "Runner", workflow, version }
  const instant: ReadonlyArray<Wake> = wakeAt === undefined || wakeAt <= at ? [] : [{ _tag: "Instant", at: wakeAt }]
  const orders = (...kinds: ReadonlyArray<"retry" | "rerun" | "skip" | "end" | "resume">): ReadonlyArray<Wake> =>
    kinds.map((order) => ({ _tag: "Order", order }))
  switch (because._tag) {
    case "Ended":
      return because.outcome === "succeeded" ? orders("rerun") : orders("retry", "rerun", "skip")
    case "Stuck":
      return orders("retry", "skip", "end")
    case "Paused": {
      const isUnseen = because.runner === undefined && dueAt !== undefined && dueAt <= at
      return [...orders("resume"), ...instant, ...(isUnseen ? [runner] : [])]
    }
    case "Due":
    case "Abandoned":
      return [runner]
    case "Driven":
      return children.map(({ runId, status, workflow }) => ({ _tag: "Child", runId, workflow, status }))
    case "Waiting": {
      const signals = new Map<string, Wake>()
      for (const { for: what, signal, signalKey: key } of because.waits) {
        if (what === "signal") signals.set(JSON.stringify([signal, key]), { _tag: "Signal", name: signal ?? "", key })
      }
      return [...signals.values(), ...instant]
    }
  }
}
