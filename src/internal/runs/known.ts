/**
 * What is known of one run while it goes on: where it is, which branches run or wait, and what it waits for. It is told as a
 * listener is, and lives as long as its run; what a handle shows is made of it when somebody asks.
 */
import type * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import type { BranchInfo, RunInfo, WaitInfo } from "../../Runs.ts"
import { clip } from "../check/describe.ts"
import { segment } from "../run/keys.ts"
import type { Ended, Span, SplitSpan, WaitSpan } from "../run/listener.ts"
import type { Current, SplitLevel } from "../run/run.ts"
import { Run } from "../run/run.ts"
import type { Join } from "../split/join.ts"

interface Seen {
  readonly status: BranchInfo["status"]
  readonly since: number
}

/** A split that has not ended, or whose branches have not. */
export interface Page {
  readonly level: SplitLevel
  readonly join: Join
  /** Whether settled branches are shown: where the split keeps their outcomes. */
  readonly keeps: boolean
  /** How many branches are known. */
  queued: number
  /** Since when the newest of them are. */
  since: number
  started: number
  isOver: boolean
  running: number
  readonly branches: Map<number, Seen>
}

/** A branch by what it can be addressed with. */
export interface Address {
  readonly page: Page
  readonly index: number
  readonly name: string
  readonly key: string
}

export class Known {
  readonly #clock: Clock.Clock
  readonly pages = new Map<SplitLevel, Page>()
  readonly #waits = new Map<WaitSpan, number>()
  #at: RunInfo["at"]
  constructor(clock: Clock.Clock) {
    this.#clock = clock
  }

  get now(): number {
    return this.#clock.currentTimeMillisUnsafe()
  }

  started(span: Span): void {
    switch (span._tag) {
      case "State": {
        const { run, visit } = span
        // a follow-on branch is told of as a branch
        if (run.root === run) this.#at = { state: run.state, visit, since: this.now }
        return
      }
      case "Split":
        return this.#splitStarted(span)
      case "Branch": {
        const { index, level } = span.branch
        const page = this.pages.get(level)
        if (page === undefined) return
        // one that is started again is one of the first
        page.started = Math.max(page.started, index + 1)
        page.queued = Math.max(page.queued, page.started)
        page.running++
        page.branches.set(index, { status: "Running", since: this.now })
        return
      }
      case "Wait":
        this.#waits.set(span, this.now)
        return
      default:
    }
  }

  ended(span: Span, ended: Ended): void {
    switch (span._tag) {
      case "Split": {
        const page = this.pages.get(span.level)
        if (page === undefined) return
        page.isOver = true
        if (page.running === 0) this.pages.delete(span.level)
        return
      }
      case "Branch": {
        const { index, level } = span.branch
        const page = this.pages.get(level)
        if (page === undefined) return
        page.running--
        if (page.keeps && !page.isOver) page.branches.set(index, { status: ended ?? "Failed", since: this.now })
        else page.branches.delete(index)
        if (page.isOver && page.running === 0) this.pages.delete(level)
        return
      }
      case "Wait":
        this.#waits.delete(span)
        return
      default:
    }
  }

  added(level: SplitLevel, count: number): void {
    const page = this.pages.get(level)
    if (page === undefined) return
    page.queued += count
    page.since = this.now
  }

  /** The run has ended. */
  close(): void {
    this.pages.clear()
    this.#waits.clear()
  }

  #splitStarted({ config, join, known, level }: SplitSpan): void {
    this.pages.set(level, {
      level,
      join,
      keeps: config.discard !== true && config.reduce === undefined,
      queued: known,
      since: this.now,
      started: join.cursor.started,
      isOver: false,
      running: 0,
      branches: new Map()
    })
  }

  // ---------------------------------------------------------------------------
  // what is asked for
  // ---------------------------------------------------------------------------

  get at(): RunInfo["at"] {
    return this.#at
  }

  /** The branches that run or wait and have a name, or the one that has a key. */
  addressed(name: string): ReadonlyArray<Address> {
    const found: Array<Address> = []
    for (const page of this.pages.values()) {
      const { branches, isOver, level, queued, started } = page
      const split = `${level.key}/`
      const look = (index: number): void => {
        const own = nameIn(level, index)
        const isNamed = own === name
        const key = isNamed || name.startsWith(split) ? `${split}${segment(own)}` : undefined
        if (key !== undefined && (isNamed || key === name)) found.push({ page, index, name: own, key })
      }
      branches.forEach(({ status }, index) => {
        if (status === "Running") look(index)
      })
      if (isOver || !page.join.decision.isOpen) continue
      for (const index of page.join.cursor.again ?? []) look(index)
      for (let index = started; index < queued; index++) look(index)
    }
    return found.some(({ key }) => key === name) ? found.filter(({ key }) => key === name) : found
  }

  /** The join that is open and has a key, or of all that are open the outermost. */
  openJoin(key: string | undefined): Join | undefined {
    let found: Page | undefined
    for (const page of this.pages.values()) {
      if (page.isOver || !page.join.decision.isOpen) continue
      if (key === undefined ? found === undefined || isAround(page.level, found.level) : page.level.key === key) {
        found = page
      }
    }
    return found?.join
  }

  get branches(): ReadonlyArray<BranchInfo> {
    const all: Array<BranchInfo> = []
    for (const { branches, isOver, join, level, queued, since, started } of this.pages.values()) {
      const split = level.key
      const add = (index: number, { since, status }: Seen): void => {
        const name = nameIn(level, index)
        all.push({ name, key: `${split}/${segment(name)}`, split, status, since })
      }
      for (const index of [...branches.keys()].sort((a, b) => a - b)) add(index, branches.get(index)!)
      const status = join.decision.isOpen ? "Queued" : "NotStarted"
      if (isOver) continue
      for (const index of join.cursor.again?.toReversed() ?? []) add(index, { status, since })
      for (let index = started; index < queued; index++) add(index, { status, since })
    }
    return all
  }

  get waits(): ReadonlyArray<WaitInfo> {
    return [...this.#waits].map(([{ current, signal, signalKey, until, waits }, since]) => ({
      for: waits,
      signal,
      signalKey,
      key: current.key,
      since,
      until,
      wokenBy: wokenBy(signal, signalKey, until)
    }))
  }

  /** The first instant at which a wait is over, if one is. */
  get wakesAt(): number | undefined {
    let first: number | undefined
    for (const { until } of this.#waits.keys()) {
      if (until !== undefined && !(first !== undefined && first <= until)) first = until
    }
    return first
  }

  /** Whether everything waits, as far as there are branches: whatever runs has a wait in it. */
  get isWaiting(): boolean {
    if (this.#waits.size === 0) return false
    const within = new Set<string>()
    const note = (key: string): void => {
      const parts = key.split("/")
      for (let i = parts.length; i > 0; i--) within.add(parts.slice(0, i).join("/"))
    }
    for (const { current } of this.#waits.keys()) note(current.key)
    for (const { level } of this.pages.values()) note(level.key)
    return !this.branches.some(({ key, status }) => status === "Running" && !within.has(key))
  }
}

const nameIn = ({ names }: SplitLevel, index: number): string => names?.[index] ?? String(index)

const isAround = (outer: SplitLevel, inner: SplitLevel): boolean => {
  for (let at = inner.outer; at !== undefined; at = at.outer) if (at === outer) return true
  return false
}

const wokenBy = (signal: string | undefined, key: string | undefined, until: number | undefined): string => {
  const ways: Array<string> = []
  if (signal !== undefined) {
    ways.push(`signal "${clip(signal)}"${key === undefined ? "" : ` with key "${clip(key)}"`}`)
  }
  if (until !== undefined) ways.push(`the instant ${instant(until)}`)
  return ways.join(", or ")
}

const instant = (millis: number): string => {
  const at = DateTime.make(millis)
  return at._tag === "Some" ? DateTime.formatIso(at.value) : String(millis)
}

/** Where a wait counts from: what came before the visit that it belongs to does not count for all. */
export class Visits {
  readonly #runs = new WeakMap<Run, number>()
  readonly #splits = new WeakMap<SplitLevel, number>()
  entered(run: Run, received: number): void {
    this.#runs.set(run, received)
  }
  split(level: SplitLevel): void {
    // a branch that is left behind stands in the visit in which its split has started
    if (level.run !== undefined) this.#splits.set(level, this.#runs.get(level.run) ?? 0)
  }
  /** How many signals had come when the visit began that somebody stands in. */
  of(current: Current): number {
    const level = "level" in current ? current.level : current
    return (level instanceof Run ? this.#runs.get(level) : this.#splits.get(level)) ?? 0
  }
}
