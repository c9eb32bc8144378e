/**
 * What nobody has any more: firings of a scheduler whose lease has run out, those of this one whose answer was lost, and those
 * that the flow has left behind that had the name before. Decided as they are read, and done when that is written; nothing
 * outlives the attempt.
 */
import type { Open } from "../../schedules.ts"
import type { Lane } from "../scheduler/lane.ts"
import type { Draft } from "./draft.ts"
import type { Peers } from "./peers.ts"

export interface Swept {
  readonly own: ReadonlyArray<Open>
  readonly adopted: ReadonlyArray<Open>
  readonly abandoned: ReadonlyArray<Open>
}

export const apply = (
  draft: Draft,
  lane: Lane,
  now: number,
  sweeps: boolean,
  isKnown: (runId: string) => boolean
): Swept => {
  const own: Array<Open> = []
  const adopted: Array<Open> = []
  const abandoned: Array<Open> = []
  const { lasting } = lane.definition.flow
  for (const firing of lane.closed === undefined ? [...draft.open.values()] : []) {
    if (firing.scheduler === draft.scheduler) {
      if (!isKnown(firing.runId)) own.push(firing)
    } else if (!firing.isHeld && sweeps) {
      if (lasting === undefined) {
        abandoned.push(firing)
        draft.end(firing, { at: now, outcome: "lost", detail: undefined })
      } else {
        adopted.push(firing)
        const { isHeld: _, ...rest } = firing
        draft.put({ ...rest, scheduler: draft.scheduler })
      }
    }
  }
  return { own, adopted, abandoned }
}

export const done = ({ abandoned, adopted, own }: Swept, peers: Peers, know: (runId: string) => void): void => {
  for (const firing of [...own, ...adopted]) {
    know(firing.runId)
    // what has not been started waits until it may
    if (firing.isStarted) peers.adopt(firing)
    else peers.offer(firing)
  }
  for (const firing of abandoned) peers.abandoned(firing)
}
