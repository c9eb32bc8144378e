/**
 * Places in a run, which are what follows its id in a key: `/3/Ask` for a visit, `/3/Ask/bob` for a branch of its split, and
 * `/3/Ask/0/2/Pack` for a visit of a follow-on branch. Pure; no segment holds a slash.
 */
import { attempt } from "../check/describe.ts"
import { segment } from "../run/keys.ts"
import type { Run } from "../run/run.ts"

/** Of the visit that a run is in. */
export const of = (run: Run): string => run.key.slice(run.keyOfRun.length)

/** Of what a run is made in: empty for a run of its own, that of its branch for a follow-on one. */
export const stem = (run: Run): string => {
  const visit = run.keyAt(0, "")
  return visit.slice(run.keyOfRun.length, -"/0/".length)
}

export const visit = (stem: string, number: number, state: string): string => `${stem}/${number}/${segment(state)}`

export const branch = (split: string, name: string): string => `${split}/${segment(name)}`

/** What a segment stands for. */
export const nameOf = (segment: string): string => attempt(() => decodeURIComponent(segment)) ?? segment

/** What a place is in. */
export const parent = (place: string): string => place.slice(0, place.lastIndexOf("/"))

/** The stem of a visit. */
export const stemOf = (visit: string): string => parent(parent(visit))

/** The number of a visit. */
export const numberOf = (visit: string): number => Number(visit.split("/").at(-2))

/** Whether it is a visit, and no branch: segments come in threes. */
export const isVisit = (place: string): boolean => (place.split("/").length - 1) % 3 === 2
