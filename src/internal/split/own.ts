/**
 * Places of one split alone: as many slots as its bulkhead has places, or as there are branches that grow. What they wait
 * for is room for their outcomes. They live as long as their split.
 */
import type { AnyEffect } from "../fibers/any.ts"
import type { Cursor } from "./cursor.ts"
import type { Decision } from "./decision.ts"
import * as outbox from "./outbox.ts"
import type { Places } from "./places.ts"
import type { Slots } from "./slots.ts"

export class Own implements Places {
  readonly most: number
  readonly #outbox: outbox.Outbox | undefined
  readonly #cursor: Cursor
  readonly #crew: Slots
  readonly #decision: Decision
  constructor(most: number, to: outbox.Outbox | undefined, cursor: Cursor, crew: Slots, decision: Decision) {
    this.most = most
    this.#outbox = to
    this.#cursor = cursor
    this.#crew = crew
    this.#decision = decision
  }

  readonly beside: undefined

  open(): void {}

  /** Of a list that grows. */
  isDue(): boolean {
    // slots that would only wait for room are not started
    if (this.#outbox !== undefined && outbox.isFull(this.#outbox)) return false
    const { seeking } = this.#crew
    return seeking < this.most && this.#cursor.backlog!.waiting > seeking - this.#decision.running
  }

  claim(): undefined {}

  admit(): AnyEffect | undefined {
    const to = this.#outbox
    if (to === undefined) return undefined
    if (outbox.isFull(to)) return outbox.waitForRoom(to)
    // whoever finds room tells two others, so that all are told soon, and few without need
    outbox.wake(to, 2)
    return undefined
  }

  started(): void {}
  ended(): void {}
  vacate(): void {}

  request(): void {
    this.#crew.poke()
  }

  release(): void {
    if (this.#outbox !== undefined) outbox.wake(this.#outbox)
  }

  leave(): void {}

  close(): void {}

  concluded(): undefined {}
}
