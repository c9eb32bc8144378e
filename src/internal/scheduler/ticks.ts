/**
 * The ticks of a flow that are known ahead: instants, found one from another, so that nothing adds up. What says where they
 * are lives as long as the definition of the flow.
 */
import type { Pattern } from "./cron.ts"

export interface Ticks {
  /** The first instant later than this one; nothing where there is none. */
  readonly after: (instant: number) => number | undefined
  /** How many there are later than the first instant and not later than the second; nothing where that is not known. */
  readonly between: (from: number, to: number) => number | undefined
}

/** At `anchor + k · interval`, where k is at least 0. */
export const grid = (interval: number, anchor: number): Ticks => {
  const steps = (instant: number) => instant < anchor ? 0 : Math.floor((instant - anchor) / interval) + 1
  return {
    after: (instant) => anchor + steps(instant) * interval,
    between: (from, to) => steps(to) - steps(from)
  }
}

export const ofPattern = (pattern: Pattern): Ticks => ({
  after: (instant) => pattern.after(instant),
  between: () => undefined
})

/**
 * The newest ticks later than the first instant and not later than the second, at most so many, in order. It looks back from
 * the end, twice as far each time, and so finds few that it does not give, however many there are, and wherever they pause.
 */
export const lastOf = (ticks: Ticks, from: number, to: number, most: number): Array<number> => {
  let found: Array<number> = []
  let end = to
  for (let span = leastSpan; end > from && found.length < most; span *= 2) {
    const begin = Math.max(from, end - span)
    found = [...newestIn(ticks, begin, end, most - found.length), ...found]
    end = begin
  }
  return found
}

/** Milliseconds that are looked at first. */
const leastSpan = 1000

const newestIn = (ticks: Ticks, from: number, to: number, most: number): ReadonlyArray<number> => {
  const list: Array<number> = []
  let due = ticks.after(from)
  for (; due !== undefined && due <= to && list.length <= most; due = ticks.after(due)) list.push(due)
  if (due === undefined || due > to) return list.slice(-most)
  // it holds more: those of its second half, and what these leave room for
  const middle = Math.floor((from + to) / 2)
  const late = newestIn(ticks, middle, to, most)
  return late.length === most ? late : [...newestIn(ticks, from, middle, most - late.length), ...late]
}

/** A share of `most` that is always the same for a flow and an instant. */
export const jitter = (flow: string, instant: number, most: number): number => {
  if (most === 0) return 0
  // FNV-1a, and at its end a mix, since texts that differ in their last digits differ in few bits
  let hash = 0x811c9dc5
  const text = `${flow}@${instant}`
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return Math.floor(((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32 * (most + 1))
}
