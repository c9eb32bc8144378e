/**
 * Events of runs, as a test looks at them: collected, told as lines, and held to what all of them must keep.
 */
import { Cause, Effect, Exit } from "effect"
import { RunEvent } from "effect-cano"

type Event = RunEvent.RunEvent

/** What an event is, in a line: for starts `+`, for ends `-`. */
export const line = (event: Event): string => {
  const { _tag, key } = event
  switch (_tag) {
    case "JoinDecided":
      return `${_tag} ${key} ${event.verdict} ${event.counts.succeeded}/${event.counts.failed}`
    case "BranchSettled":
    case "BranchLost":
      return `${_tag} ${key} ${event.outcome}`
    case "AttemptStarted":
      return `${_tag} ${key} ${event.attempt}`
    case "AttemptEnded":
      return `${_tag} ${key} ${event.attempt} ${event.how}`
    case "SignalReceived":
      return `${_tag} ${key} ${event.signal} ${event.answer}`
    case "RunEnded":
    case "StateLeft":
    case "SplitEnded":
      return `${_tag} ${key} ${event.how}`
    default:
      return `${_tag} ${key}`
  }
}

/** Runs something with a listener, and gives the exit with the events. */
export const listenTo = <A, E, R>(body: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const events: Array<Event> = []
    const listener: RunEvent.Listener = (event) => {
      events.push(event)
    }
    return Effect.map(
      Effect.exit(Effect.provide(body, RunEvent.layer([listener]))),
      (exit) => ({ exit, events, lines: events.map(line) })
    )
  })

const starts = new Set([
  "RunStarted",
  "StateEntered",
  "SplitStarted",
  "BranchQueued",
  "AttemptStarted",
  "WaitStarted",
  "RollbackStarted",
  "CompensationStarted"
])

/** What stands alone. */
const points = new Set(["RunPaused", "RunResumed", "SignalReceived"])

/** What ends what. */
const endOf: { readonly [tag: string]: ReadonlyArray<string> } = {
  RunEnded: ["RunStarted"],
  StateLeft: ["StateEntered"],
  SplitEnded: ["SplitStarted"],
  BranchSettled: ["BranchStarted"],
  BranchLost: ["BranchStarted", "BranchQueued"],
  AttemptEnded: ["AttemptStarted"],
  WaitEnded: ["WaitStarted"],
  RollbackEnded: ["RollbackStarted"],
  CompensationEnded: ["CompensationStarted"]
}

const isNoEffect = (event: Event): boolean =>
  event._tag === "RunEnded" && Exit.isFailure(event.exit) &&
  Cause.pretty(event.exit.cause).includes("Not a valid effect")

/** What the events of one run break of what docs/GUARANTEES.md says of them. */
const faultsOf = (events: ReadonlyArray<Event>): ReadonlyArray<string> => {
  const faults: Array<string> = []
  const must = (holds: boolean, what: string, event: Event): void => {
    if (!holds) faults.push(`${event.seq} ${line(event)}: ${what}`)
  }
  const first = events[0]!
  must(first._tag === "RunStarted", "comes first", first)
  const end = events.find(({ _tag }) => _tag === "RunEnded")
  // at a value that is no Effect the fiber of a run ends past its finalizers, and what it has detached ends later
  if (end === undefined) faults.push("the run has no end")
  else if (!isNoEffect(end)) must(events.at(-1) === end, "comes last", end)
  const open = new Map<number, Event>()
  const decided = new Set<string>()
  let at = 0
  events.forEach((event, i) => {
    must(event.seq === i + 1, `is number ${i + 1}`, event)
    must(event.at >= at, "is not before the one before", event)
    at = event.at
    if (starts.has(event._tag)) open.set(event.seq, event)
    else if (event._tag === "JoinDecided") {
      must(!decided.has(event.split), "is decided once", event)
      decided.add(event.split)
    } else if (!points.has(event._tag)) {
      // all others have a start
      const { of, since } = event as RunEvent.End
      const start = open.get(of)
      open.delete(of)
      if (start === undefined) return must(false, "has a start that has not ended", event)
      must(start.key === event.key && start.at === since, "is the end of its start", event)
      if (event._tag === "BranchStarted") {
        must(start._tag === "BranchQueued", "was queued", event)
        open.set(event.seq, event)
      } else must(endOf[event._tag]!.includes(start._tag), "is the end of its like", event)
      if (event._tag === "BranchLost") {
        must((event.outcome === "NotStarted") === (start._tag === "BranchQueued"), "has not started", event)
      }
    }
  })
  for (const event of open.values()) must(false, "has an end", event)
  return faults.length === 0 ? [] : [...faults, ...events.map((event) => `${event.seq} ${line(event)}`)]
}

/** What events break of that, each run by itself. */
export const faultsOfEvents = (events: ReadonlyArray<Event>): ReadonlyArray<string> => {
  const runs = new Map<string, Array<Event>>()
  for (const event of events) {
    const known = runs.get(event.runId)
    if (known === undefined) runs.set(event.runId, [event])
    else known.push(event)
  }
  return [...runs.values()].flatMap(faultsOf)
}
