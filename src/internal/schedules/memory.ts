/**
 * A store of schedules in memory. It lives as long as whoever holds it, and each of its functions is one step that nobody comes
 * between, so that it says in few words what a store does.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Schedules from "../../schedules.ts"
import { compare } from "../journal/order.ts"
import { inOrder } from "./order.ts"

interface Flow {
  schedule: Schedules.Schedule
  readonly firings: Map<string, Schedules.Firing>
}

export const make: Effect.Effect<Schedules.Service> = Effect.sync(() => new Store().service)

class Store {
  readonly #flows = new Map<string, Flow>()
  /** Until when the lease of each scheduler lasts. */
  readonly #leases = new Map<string, number>()

  get service(): Schedules.Service {
    return {
      look: (flows) => step((now) => flows.flatMap((flow) => this.#look(flow, now))),
      commit: (change) => step((now) => this.#commit(change, now)),
      firing: (flow, runId) => step(() => this.#flows.get(flow)?.firings.get(runId)),
      history: (flow, limit) => step(() => limit === 0 ? [] : this.#ended(this.#flows.get(flow)).slice(-limit)),
      list: (limit, after) =>
        step(() =>
          Array.from(this.#flows.values(), ({ schedule }) => schedule)
            .filter(({ flow }) => after === undefined || compare(flow, after) > 0)
            .sort((a, b) => compare(a.flow, b.flow))
            .slice(0, limit)
        ),
      forget: (flow) => step(() => this.#flows.delete(flow)),
      lease: (scheduler, until) => step((now) => this.#lease(scheduler, until, now)),
      leave: (scheduler) => step(() => void this.#leases.delete(scheduler))
    }
  }

  #look(flow: string, now: number): ReadonlyArray<Schedules.View> {
    const found = this.#flows.get(flow)
    if (found === undefined) return []
    const open = [...found.firings.values()].filter(({ ended }) => ended === undefined).sort(inOrder.taken)
    return [{
      schedule: found.schedule,
      open: open.map((firing) => ({ ...firing, isHeld: (this.#leases.get(firing.scheduler) ?? -Infinity) > now }))
    }]
  }

  #commit({ drops, firings, keep, schedule }: Schedules.Change, now: number): boolean {
    const there = this.#flows.get(schedule.flow)
    if ((there?.schedule.revision ?? 0) !== schedule.revision - 1) return false
    // S2
    const cursor = Math.max(schedule.cursor, there?.schedule.cursor ?? -Infinity)
    const flow = there ?? { schedule: { ...schedule, updatedAt: now }, firings: new Map() }
    flow.schedule = { ...schedule, cursor, updatedAt: now }
    this.#flows.set(schedule.flow, flow)
    for (const runId of drops) flow.firings.delete(runId)
    for (const firing of firings) flow.firings.set(firing.runId, firing)
    if (!firings.some(({ ended }) => ended !== undefined)) return true
    const ended = this.#ended(flow)
    for (const { runId } of ended.slice(0, Math.max(0, ended.length - keep))) flow.firings.delete(runId)
    return true
  }

  #ended(flow: Flow | undefined): ReadonlyArray<Schedules.Firing> {
    return [...flow?.firings.values() ?? []].filter(({ ended }) => ended !== undefined).sort(inOrder.ended)
  }

  #lease(scheduler: string, until: number, now: number): void {
    for (const [other, end] of this.#leases) if (end <= now) this.#leases.delete(other)
    this.#leases.set(scheduler, until)
  }
}

const step = <A>(f: (now: number) => A): Effect.Effect<A> => Effect.map(Clock.currentTimeMillis, f)
