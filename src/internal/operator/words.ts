/** How a run stands, in words. Pure. */
import type { Head } from "../../journal.ts"
import type { Because, Reason, Untaken, Wait, Wake, Why } from "../../operator.ts"
import { clip } from "../check/describe.ts"

// what is worked out of constants a bundler does not take for one
const second = 1000
const minute = 60_000
const hour = 3_600_000
const day = 86_400_000

/** How long, in the unit that says most of it. */
export const span = (millis: number): string => {
  const ms = Math.max(0, Math.round(millis))
  if (ms < second) return `${ms} ms`
  if (ms < 2 * minute) return `${Math.floor(ms / second)} s`
  if (ms < 2 * hour) return `${Math.floor(ms / minute)} min`
  return ms < 2 * day ? `${Math.floor(ms / hour)} h` : `${Math.floor(ms / day)} days`
}

export const instant = (millis: number): string =>
  Number.isFinite(millis) && Math.abs(millis) <= 8.64e15 ? new Date(millis).toISOString() : String(millis)

const quoted = (name: string): string => `"${clip(name)}"`

export const because = (reasons: ReadonlyArray<Reason>): string =>
  reasons.length === 0 ? "" : `: ${reasons.slice(0, 3).map(({ sentence }) => sentence).join("; ")}`

/** The whole of it in one or a few sentences. */
export const sentence = (head: Head, { at, because: reason, letters, wakes }: Omit<Why, "sentence">): string =>
  [
    says(head, at, reason),
    ...wakes.some(({ _tag }) => _tag === "Child") ? [children(wakes)] : [],
    ...reason._tag === "Paused" && reason.runner === undefined && wakes.some(({ _tag }) => _tag === "Runner")
      ? ["nobody has taken that yet"]
      : [],
    ...reason._tag !== "Ended" && letters.length > 0 ? [untaken(letters)] : []
  ].join("; ")

const says = (head: Head, at: number, reason: Because): string => {
  const { state, version, workflow } = head
  const place = `in state ${quoted(state)}`
  switch (reason._tag) {
    case "Ended":
      return `it has ${endings[reason.outcome]} ${span(at - reason.since)} ago` +
        (reason.outcome === "succeeded" ? "" : "; retry lets it go on from there, and rerun from a state that you name")
    case "Driven":
      return `runner ${quoted(reason.runner)} drives it; it has been ${place} for ${span(at - reason.since)}` +
        (head.status === "compensating" ? ", and undoes what it has done" : "") +
        `; its lease lasts for another ${span(reason.until - at)}`
    case "Waiting":
      return `it has waited ${place} for ${span(at - head.enteredAt)}: ${
        waits(reason.waits, reason.more, reason.until, at)
      }`
    case "Paused":
      return `it has been paused for ${span(at - reason.since)}${
        reason.note === undefined ? "" : ` (${clip(reason.note)})`
      }` +
        (reason.runner === undefined
          ? `, ${place}`
          : `; runner ${quoted(reason.runner)} holds it where state ${quoted(state)} ends`) +
        "; resume lets it go on"
    case "Due":
      return `it has been due for ${span(at - reason.since)}, ${fors[reason.for]}, and nobody has taken it: ` +
        runners(reason.runners, workflow, version)
    case "Abandoned":
      return `runner ${quoted(reason.runner)} drove it, ${place}, and has not been heard of for ${
        span(at - reason.since)
      }; it is taken by the next one that looks: ${runners(reason.runners, workflow, version)}`
    case "Stuck":
      return reason.of === "failure"
        ? `it has failed ${place} ${span(at - reason.since)} ago, and waits for an operator${because(reason.reasons)}` +
          "; retry, skip or end it"
        : `its rollback has been stuck for ${span(at - reason.since)}${because(reason.reasons)}; ${
          steps(reason.steps)
        }retry them, skip what was done by hand, or end it`
  }
}

const endings = { succeeded: "succeeded", failed: "failed", cancelled: "been cancelled" } as const

const fors = {
  start: "as it was started",
  instant: "as its instant has come",
  letter: "as it was sent a letter",
  order: "as something was ordered of it",
  release: "as who drove it has given it up"
} as const

/** Of those that there are nobody may have the definition. */
const runners = (count: number, workflow: string, version: number): string =>
  count === 0
    ? `there is no runner; start a process with the layer of workflow ${quoted(workflow)}`
    : `${count === 1 ? "there is one runner" : `there are ${count} runners`}, and one must have the layer of workflow ${
      quoted(workflow)
    }, version ${version} or one that migrates it`

const waits = (list: ReadonlyArray<Wait>, more: number, until: number | undefined, at: number): string => {
  const signals = list.filter(({ for: what }) => what === "signal").map(({ signal, signalKey }) =>
    `signal ${quoted(signal ?? "")}${signalKey === undefined ? "" : ` with key ${quoted(signalKey)}`}`
  )
  const instants = until === undefined ? [] : [`${instant(until)}, in ${span(until - at)}`]
  const first = [...new Set(signals)].slice(0, 5)
  const left = more + new Set(signals).size - first.length
  const all = [...first, ...(left > 0 ? [`${left} more`] : []), ...instants]
  return all.length === 0 ? "for a letter" : `for ${all.join(" or ")}`
}

const children = (wakes: ReadonlyArray<Wake>): string => {
  const own = wakes.filter((wake) => wake._tag === "Child")
  return `it has started ${own.length === 1 ? "a run that goes" : `${own.length} runs that go`} on: ${
    own.slice(0, 3).map(({ runId, status }) => `${clip(runId)} (${status})`).join(", ")
  }`
}

const steps = (list: ReadonlyArray<{ readonly key: string; readonly how: string | undefined }>): string => {
  const open = list.filter(({ how }) => how !== undefined)
  return open.length === 0 ? "" : `${open.slice(0, 3).map(({ how, key }) => `${clip(key)} ${how}`).join(", ")}; `
}

const untaken = (letters: ReadonlyArray<Untaken>): string =>
  `${letters.length === 1 ? "a letter is" : `${letters.length} letters are`} in its inbox: ${
    letters.slice(0, 3).map(({ kind, name }) => name === "" ? kind : `${kind} ${clip(name)}`).join(", ")
  }`
