/**
 * A journal in memory. It lives as long as whoever holds it, and each of its functions is one step that nobody comes between,
 * so that it says in few words what a store does.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Journal from "../../journal.ts"
import { beginning, byCount, compare, endOf } from "./order.ts"
import { holds } from "./selection.ts"
import { isOrder, isOrderFor, isOver } from "./steering.ts"

interface Run {
  head: Journal.Head
  /** What it does when it does not wait. */
  doing: Exclude<Journal.Status, "waiting">
  /** The instant from which on somebody is to drive it; none for one that has ended, or waits for a letter. */
  dueAt: number | undefined
  /** What it waited for when it was parked last. */
  waits: string | undefined
  readonly rows: Array<Journal.Row>
  readonly letters: Array<Journal.Letter>
}

export const make: Effect.Effect<Journal.Service> = Effect.sync(() => new Store().service)

class Store {
  readonly #runs = new Map<string, Run>()
  /** Until when the lease of each runner lasts. */
  readonly #runners = new Map<string, number>()
  /** The letters of all runs, in the order in which they came. */
  readonly #sent: Array<readonly [run: Run, seq: number]> = []

  get service(): Journal.Service {
    return {
      create: (runs) => step((now) => runs.map((run) => this.#create(run, now))),
      append: (appends) => step((now) => appends.map((append) => this.#append(append, now))),
      claim: (runIds, runner) => step((now) => runIds.map((runId) => this.#claim(runId, runner, now))),
      send: (runId, letter) => step((now) => this.#send(runId, letter, now)),
      received: (runner, after) => step(() => this.#received(runner, after)),
      letter: (runId, seq) => step(() => this.#runs.get(runId)?.letters[seq - 1]),
      park: (runId, parked) => step((now) => this.#park(runId, parked, now)),
      lease: (runner, until) => step((now) => this.#lease(runner, until, now)),
      leave: (runner) => step(() => this.#leave(runner)),
      due: (workflows, limit) => step((now) => this.#due(workflows, limit, now)),
      show: (runId) => step(() => this.#runs.get(runId)?.head),
      list: (filter) => step(() => this.#list(filter)),
      rows: (runId, from, limit) =>
        step(() => this.#runs.get(runId)?.rows.filter(({ n }) => n >= from).slice(0, limit) ?? []),
      last: (runId, kinds, before, limit) => step(() => this.#last(runId, kinds, before, limit)),
      letters: (runId) => step(() => untaken(this.#runs.get(runId))),
      count: (selection) => step(() => this.#count(selection)),
      standing: (runId) => step((now) => this.#standing(runId, now)),
      purge: (which) => step((now) => this.#purge(which, now))
    }
  }

  #create(run: Journal.NewRun, now: number) {
    const there = this.#runs.get(run.runId)
    if (there !== undefined) return { head: there.head, isNew: false }
    const { data, key, parent, runId, state, version, workflow } = run
    const head: Journal.Head = {
      runId,
      workflow,
      version,
      status: "running",
      outcome: undefined,
      n: 0,
      entered: 0,
      visit: 1,
      state,
      owner: undefined,
      sent: 0,
      wakeAt: undefined,
      parent,
      createdAt: now,
      enteredAt: now,
      updatedAt: now
    }
    const first: Journal.Row = { n: 0, kind: "enter", key, data, at: now, kept: false }
    this.#runs.set(runId, { head, doing: "running", dueAt: now, waits: undefined, rows: [first], letters: [] })
    return { head, isNew: true }
  }

  /** The run of an id, unless another one is meant that was there before. */
  #meant(runId: string, createdAt: number | undefined): Run | undefined {
    const run = this.#runs.get(runId)
    return createdAt === undefined || run?.head.createdAt === createdAt ? run : undefined
  }

  #append({ createdAt, head: change, n, rows, runId, takes }: Journal.Append, now: number): boolean {
    const run = this.#meant(runId, createdAt)
    if (run === undefined || run.head.n !== n - 1 || isOver(run.doing) !== (change?.isOrdered === true)) return false
    if (takes.some(({ seq }) => run.letters[seq - 1]?.isTaken !== false)) return false
    rows.forEach(({ data, key, kept, kind }, i) => run.rows.push({ n: n + i, kind, key, data, at: now, kept }))
    for (const { answer, seq } of takes) {
      run.letters[seq - 1] = { ...run.letters[seq - 1]!, isTaken: true, answer }
    }
    const { entered, isOrdered, isReleased, migrated, outcome, status } = change ?? {}
    goOn(run, now)
    run.doing = status ?? run.doing
    const hasEnded = isOver(run.doing)
    // an order may have come that its owner has not seen
    if (status === "ended") run.dueAt = untaken(run).some(({ kind }) => isOrder(kind)) ? now : undefined
    else if (status === "stuck" || (isOrdered === true && status !== undefined)) run.dueAt = now
    run.head = {
      ...run.head,
      n: n + rows.length - 1,
      status: run.doing,
      outcome: isOrdered === true && !hasEnded ? undefined : outcome ?? run.head.outcome,
      owner: hasEnded || isReleased === true ? undefined : run.head.owner,
      // when it has ended stays
      updatedAt: isOrdered === true && status === undefined ? run.head.updatedAt : now,
      ...migrated,
      ...(entered === undefined ? {} : { ...entered, entered: beginning(n, rows), enteredAt: now })
    }
    return true
  }

  #claim(runId: string, runner: string, now: number): Journal.Claim {
    const run = this.#runs.get(runId)
    if (run === undefined) return { _tag: "NoSuchRun" }
    const { head } = run
    if (isOver(run.doing)) return { _tag: "Ended", head }
    if (head.owner !== undefined && head.owner !== runner) {
      const until = this.#runners.get(head.owner)
      if (until !== undefined && until > now) return { _tag: "Held", owner: head.owner, until }
    }
    const n = head.n + 1
    run.rows.push({ n, kind: "owner", key: "", data: runner, at: now, kept: false })
    goOn(run, now)
    run.head = { ...run.head, n, owner: runner, updatedAt: now }
    const rows = run.rows.filter((row) => row.n >= head.entered || row.kept)
    return { _tag: "Claimed", head: run.head, rows, letters: untaken(run) }
  }

  #send(runId: string, { capacity, ...letter }: Journal.NewLetter, now: number): Journal.Sent {
    const run = this.#runs.get(runId)
    if (run === undefined) return { _tag: "NoSuchRun" }
    const like = run.letters.filter(({ kind, name }) => kind === letter.kind && name === letter.name)
    const first = letter.id === undefined ? undefined : like.find(({ id }) => id === letter.id)
    const isOrder = isOrderFor(run.doing, letter.kind)
    if (first !== undefined) {
      // it may have come when nobody looked any more
      if (isOrder && !first.isTaken) run.dueAt = run.head.updatedAt
      return { _tag: "Duplicate", seq: first.seq }
    }
    if (run.doing === "ended" && !isOrder) return { _tag: "Ended" }
    if (capacity !== undefined && like.filter(({ isTaken }) => !isTaken).length >= capacity) return { _tag: "Full" }
    const seq = run.letters.length + 1
    run.letters.push({ ...letter, seq, at: now, n: run.head.n, isTaken: false, answer: undefined })
    this.#sent.push([run, seq])
    run.head = { ...run.head, sent: seq }
    // since it waits, by the clock of who has driven it: that of the sender may be ahead
    if (run.head.status === "waiting" || isOrder) run.dueAt = run.head.updatedAt
    return { _tag: "Kept", seq }
  }

  #received(runner: string, after: number) {
    const letters = this.#sent.slice(after).flatMap(([run, seq]) => {
      const letter = run.letters[seq - 1]
      return letter === undefined || letter.isTaken || run.head.owner !== runner
        ? []
        : [{ ...letter, runId: run.head.runId }]
    })
    return { cursor: this.#sent.length, letters }
  }

  #park(runId: string, { createdAt, isReleased, n, seen, waits, wakeAt }: Journal.Parked, now: number): boolean {
    const run = this.#meant(runId, createdAt)
    if (run === undefined || run.head.n !== n || run.head.sent > seen) return false
    // until an order comes nobody need look at it
    if (isOver(run.doing) && isReleased) run.dueAt = undefined
    if (isOver(run.doing)) return false
    run.dueAt = isReleased ? wakeAt : now
    run.waits = waits
    const owner = isReleased ? undefined : run.head.owner
    run.head = { ...run.head, status: "waiting", wakeAt, owner, updatedAt: now }
    return true
  }

  #lease(runner: string, until: number, now: number): void {
    this.#runners.set(runner, until)
    const owners = new Set(Array.from(this.#runs.values(), ({ head }) => head.owner))
    // of a runner that has crashed nothing is left when others have what it drove
    for (const [other, until] of this.#runners) {
      if (until <= now && other !== runner && !owners.has(other)) this.#runners.delete(other)
    }
  }

  #leave(runner: string): void {
    this.#runners.delete(runner)
    for (const run of this.#runs.values()) {
      if (run.head.owner === runner) run.head = { ...run.head, owner: undefined }
    }
  }

  #due(workflows: ReadonlyArray<string> | undefined, limit: number, now: number): ReadonlyArray<string> {
    const found: Array<readonly [dueAt: number, runId: string]> = []
    for (const { dueAt, head: { owner, runId, workflow } } of this.#runs.values()) {
      if (dueAt === undefined || dueAt > now || workflows?.includes(workflow) === false) continue
      if (owner === undefined || (this.#runners.get(owner) ?? 0) <= now) found.push([dueAt, runId])
    }
    return found.sort((a, b) => a[0] - b[0] || compare(a[1], b[1])).slice(0, limit).map(([, runId]) => runId)
  }

  #list({ after, limit, ...selection }: Journal.Filter): ReadonlyArray<Journal.Head> {
    return this.#heads(after).filter((head) => holds(selection, head)).slice(0, limit)
  }

  /** In the order of their ids. */
  #heads(after: string | undefined): ReadonlyArray<Journal.Head> {
    return Array.from(this.#runs.values(), ({ head }) => head)
      .filter(({ runId }) => after === undefined || compare(runId, after) > 0)
      .sort((a, b) => compare(a.runId, b.runId))
  }

  #last(runId: string, kinds: ReadonlyArray<Journal.Kind>, before: number, limit: number) {
    const rows = this.#runs.get(runId)?.rows ?? []
    return rows.filter(({ kind, n }) => n < before && kinds.includes(kind)).reverse().slice(0, limit)
  }

  #count(selection: Journal.Selection): ReadonlyArray<Journal.Count> {
    const counts = new Map<string, Journal.Count>()
    for (const { head } of this.#runs.values()) {
      if (!holds(selection, head)) continue
      const { outcome, status, workflow } = head
      const key = JSON.stringify([workflow, status, outcome])
      counts.set(key, { workflow, status, outcome, runs: (counts.get(key)?.runs ?? 0) + 1 })
    }
    return [...counts.values()].sort(byCount)
  }

  #standing(runId: string, now: number): Journal.Standing | undefined {
    const run = this.#runs.get(runId)
    if (run === undefined) return undefined
    const { owner } = run.head
    return {
      head: run.head,
      leasedUntil: owner === undefined ? undefined : this.#runners.get(owner) ?? 0,
      dueAt: run.dueAt,
      waits: run.head.status === "waiting" ? run.waits : undefined,
      runners: [...this.#runners.values()].filter((until) => until > now).length
    }
  }

  #purge({ after, endedBefore, isPreview = false, limit, ...selection }: Journal.Purge, now: number): Journal.Purged {
    const before = Math.min(endedBefore, now)
    const isOpen = (head: Journal.Head) => head.status !== "ended" || head.updatedAt >= before
    const open = [...this.#runs.values()].filter(({ head }) => isOpen(head))
    const around = new Set(open.map(({ head }) => head.parent))
    const isNeeded = ({ parent, runId }: Journal.Head): boolean => {
      const of = parent === undefined ? undefined : this.#runs.get(parent)
      return around.has(runId) || (of !== undefined && isOpen(of.head)) || this.#runs.get(runId)?.dueAt !== undefined
    }
    const heads = this.#heads(after).filter((head) => !isOpen(head) && !isNeeded(head) && holds(selection, head))
      .slice(0, limit)
    const batch = heads.slice(0, endOf(heads))
    const runs = batch.map((head) => ({ head, letters: this.#runs.get(head.runId)!.letters.length }))
    for (const { runId } of isPreview ? [] : batch) {
      // the letters of all runs have its own among them
      this.#runs.get(runId)!.letters.length = 0
      this.#runs.delete(runId)
    }
    const isAll = heads.length < limit && batch.length === heads.length
    return { runs, next: isAll ? undefined : batch.at(-1)?.runId }
  }
}

const step = <A>(f: (now: number) => A): Effect.Effect<A> => Effect.map(Clock.currentTimeMillis, f)

/** It no longer waits. */
const goOn = (run: Run, now: number): void => {
  if (run.head.status !== "waiting") return
  run.dueAt = now
  run.head = { ...run.head, status: run.doing, wakeAt: undefined }
}

const untaken = (run: Run | undefined): ReadonlyArray<Journal.Letter> =>
  run === undefined ? [] : run.letters.filter(({ isTaken }) => !isTaken)
