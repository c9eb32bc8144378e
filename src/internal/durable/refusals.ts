/**
 * The runs that a runner can't drive, and why: each is told once. It lives as long as the runner, and keeps those that are due.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import type { Refusal } from "./ends.ts"
import { RestoreError, VersionMismatchError } from "./error.ts"

interface Refused {
  readonly error: Refusal
  readonly since: number
  /** When it was refused last. */
  readonly at: number
  /** Whether it is tried again. */
  isTried: boolean
}

export class Refusals {
  readonly #clock: Clock.Clock
  /**
   * How long another release has to take a run of its version, before who waits for it is told that nobody does; and how long it
   * is until what may pass is tried again.
   */
  readonly #grace: number
  readonly #refused = new Map<string, Refused>()
  /** The versions that have been told of. */
  readonly #versions = new Set<string>()
  constructor(clock: Clock.Clock, patience: Duration.Duration) {
    this.#clock = clock
    this.#grace = 2 * Duration.toMillis(patience)
  }

  get size(): number {
    return this.#refused.size
  }

  get all(): ReadonlyArray<string> {
    return [...this.#refused.keys()]
  }

  has(runId: string): boolean {
    return this.#refused.has(runId)
  }

  /** Whether it is not tried again by itself just now: payloads that can't be read may be, once there is the key. */
  isLeft(runId: string): boolean {
    const own = this.#refused.get(runId)
    if (own === undefined) return false
    const { at, error } = own
    const mayPass = error instanceof RestoreError && error.rule === "payload"
    return !mayPass || this.#clock.currentTimeMillisUnsafe() - at < this.#grace
  }

  /** Why a run is not driven, for who waits for it. */
  of(runId: string): Refusal | undefined {
    const own = this.#refused.get(runId)
    if (own === undefined || own.isTried) return undefined
    const { error, since } = own
    // in a rolling deploy there are others whose version it is
    return error instanceof VersionMismatchError && this.#clock.currentTimeMillisUnsafe() - since < this.#grace
      ? undefined
      : error
  }

  /** A run can't be driven; whether that is to be told. */
  refuse(runId: string, error: Refusal): boolean {
    const before = this.#refused.get(runId)
    const isSame = before?.error.message === error.message
    const at = this.#clock.currentTimeMillisUnsafe()
    this.#refused.set(runId, { error, since: isSame ? before.since : at, at, isTried: false })
    if (isSame) return false
    if (!(error instanceof VersionMismatchError)) return true
    // one of a version tells of all of them
    const version = `${error.run} ${error.workflow}`
    const isNew = !this.#versions.has(version)
    this.#versions.add(version)
    return isNew
  }

  /** Somebody wants it to be tried again. */
  tries(runId: string): void {
    const own = this.#refused.get(runId)
    if (own !== undefined) own.isTried = true
  }

  /** It has been tried, and is refused no more unless it has been again. */
  tried(runId: string): void {
    if (this.#refused.get(runId)?.isTried === true) this.#refused.delete(runId)
  }

  /** Of some runs those are kept that are due: somebody else drives the others, or they wait, or have ended. */
  keep(refused: ReadonlyArray<string>, due: ReadonlySet<string>): void {
    for (const runId of refused) if (!due.has(runId)) this.#refused.delete(runId)
  }

  /** Another definition may be the right one. */
  clear(): void {
    this.#refused.clear()
    this.#versions.clear()
  }
}
