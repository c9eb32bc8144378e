/**
 * What the rows of a run are with another version of its definition, worked out when the run is taken: one row that says so,
 * which is written before anything of the run goes on. Places, instants and the order of what was recorded stay; names,
 * states and what has ended are as the version says.
 */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { Claimed, HeadChange, NewRow, Row } from "../../journal.ts"
import { clip, describe } from "../check/describe.ts"
import { segment } from "../run/keys.ts"
import type { Codecs } from "./codecs.ts"
import type { RestoreError } from "./error.ts"
import type { Migration, Where } from "./migration.ts"
import { Misfit, nowhere, Values } from "./migration.ts"
import * as place from "./place.ts"
import type { Changes, Rewritten } from "./rewritten.ts"
import * as rewritten from "./rewritten.ts"
import * as text from "./text.ts"

/** What is written of it. */
export interface Migrated {
  readonly row: NewRow
  readonly head: NonNullable<HeadChange["migrated"]>
}

export interface Fault {
  readonly rule: RestoreError["rule"]
  readonly detail: string
}

type Taken = Pick<Claimed, "head" | "rows">

/** A row, and what is in it. */
interface Read {
  readonly row: Row
  readonly json: any
}

export const make = (
  codecs: Codecs,
  migration: Migration,
  version: number,
  taken: Taken
): Result.Result<Migrated, Fault> => {
  const read = parsed(taken.rows)
  if (Result.isFailure(read)) return Result.fail(unreadable(read.failure))
  return Result.try({
    try: () => new Rewriting(codecs, migration, taken.head, read.success).migrated(version),
    catch: (thrown): Fault =>
      thrown instanceof Misfit
        ? { rule: thrown.rule, detail: thrown.message }
        : { rule: "row", detail: `its rows can't be migrated from version ${taken.head.version}: ${describe(thrown)}` }
  })
}

export const unreadable = ({ row, why }: rewritten.Fault): Fault => ({
  rule: "row",
  detail: `row ${row.n} ("${row.kind}") of the journal can't be read: ${why}`
})

const parsed = (rows: ReadonlyArray<Row>): Result.Result<ReadonlyArray<Read>, rewritten.Fault> =>
  Result.gen(function*() {
    const found: Array<Read> = []
    for (const row of yield* rewritten.read(rows)) {
      if (row.kind === "owner") continue
      found.push({ row, json: yield* Result.mapError(text.parse(row.data), (why) => ({ row, why })) })
    }
    return found
  })

class Rewriting {
  readonly #codecs: Codecs
  readonly #values: Values
  readonly #head: Taken["head"]
  readonly #rows: ReadonlyArray<Read>
  /** The names of visits whose states are recorded, by their places as they were. */
  readonly #visits = new Map<string, string>()
  /** The states of rows, by their places in the journal. */
  readonly #states = new Map<number, { readonly json: unknown; readonly name: string }>()
  readonly #started: ReadonlySet<string>
  /** Where the branches of splits stand now that have ended; `null` for one that counts no more. */
  readonly #moved = new Map<string, Map<number, number | null>>()
  constructor(codecs: Codecs, migration: Migration, head: Taken["head"], rows: ReadonlyArray<Read>) {
    this.#codecs = codecs
    this.#values = new Values(codecs, migration, head.version)
    this.#head = head
    this.#rows = rows
    this.#started = this.#keysOf("start")
  }

  migrated(version: number): Migrated {
    const { version: from, visit } = this.#head
    this.#readStates()
    const own = this.#own
    // a journal whose visit has no row is told of when it is read
    const name = own === undefined ? this.#head.state : this.#states.get(own.row.n)!.name
    const rows: { [n: string]: Rewritten } = {}
    let isKept = false
    for (const read of this.#rows) {
      const { row } = read
      const key = read === own ? place.visit("", visit, name) : this.#placeOf(row.key)
      const data = key === undefined ? undefined : this.#dataOf(read, key)
      if (key === undefined) this.#note(read, null)
      else if (key === row.key && JSON.stringify(data) === row.data) continue
      rows[row.n] = key === undefined ? null : { key, data }
      isKept ||= row.kept
    }
    const changes: Changes = { from, to: version, rows }
    const data = Result.getOrThrow(text.stringify(changes))
    return {
      row: { kind: "migrate", key: place.visit("", visit, name), data, kept: isKept },
      head: { state: name, version }
    }
  }

  get #own(): Read | undefined {
    return this.#rows.find(({ row }) => row.n === this.#head.entered && row.kind === "enter")
  }

  /** The states that the run, its follow-on branches and what may be undone are in: those that are still needed. */
  #readStates(): void {
    // what could not be undone may be tried again
    const undone = new Set(
      this.#rows.filter(({ json, row }) => row.kind === "compensate" && json.how === undefined).map(({ row }) =>
        row.key
      )
    )
    const settled = this.#keysOf("settle")
    const last = new Map<string, Read>()
    const starts: Array<Read> = []
    for (const read of this.#rows) {
      const { key, kind, n } = read.row
      if (kind === "enter" && n !== this.#head.entered) last.set(place.stemOf(key), read)
      if (kind === "start" && !undone.has(key)) starts.push(read)
    }
    const own = this.#own
    if (own !== undefined) this.#readState(own, own.json, `its state "${clip(this.#head.state)}"`)
    for (const [stem, read] of last) {
      if (!settled.has(stem)) this.#readState(read, read.json, `the state of branch ${stem}`)
    }
    for (const read of starts) {
      const { key } = read.row
      this.#readState(read, read.json.state, `the state of step ${key}`, read.json.branch && place.parent(key))
    }
  }

  #keysOf(kind: Row["kind"]): ReadonlySet<string> {
    return new Set(this.#rows.filter(({ row }) => row.kind === kind).map(({ row }) => row.key))
  }

  #readState(read: Read, json: unknown, whose: string, visit = read.row.key): void {
    const { n } = read.row
    if (n !== this.#head.entered && this.#placeOf(read.row.key) === undefined) return
    const state = this.#values.state(json, whose)
    this.#states.set(n, state)
    this.#visits.set(visit, segment(state.name))
  }

  /** A place by the names of today; nothing of one that counts no more. */
  #placeOf(key: string): string | undefined {
    const parts = key.split("/")
    let was = ""
    let is = ""
    for (let i = 1; i + 1 < parts.length; i += 3) {
      const [number, state, branch] = parts.slice(i, i + 3) as [string, string, string | undefined]
      const name = this.#values.nameOf(place.nameOf(state))
      if (name === null) return undefined
      was = `${was}/${number}/${state}`
      is = `${is}/${number}/${this.#visits.get(was) ?? segment(name)}`
      if (branch === undefined) continue
      const own = this.#values.branchOf(place.nameOf(state), place.nameOf(branch))
      if (own === null) return undefined
      was = `${was}/${branch}`
      is = place.branch(is, own)
    }
    return is
  }

  #dataOf(read: Read, key: string): unknown {
    const { json, row } = read
    const state = this.#states.get(row.n)
    switch (row.kind) {
      case "enter":
        return state === undefined ? json : state.json
      case "start": {
        const { branch, name } = json
        const own = { ...json, name: state?.name ?? this.#values.nameOf(name) }
        if (state !== undefined) own.state = state.json
        return branch === undefined ? own : {
          ...own,
          branch: { index: indexOf(row.key, key, branch.index), name: place.nameOf(lastOf(key)) }
        }
      }
      case "settle":
        return this.#settled(read, key)
      case "join":
        return this.#joined(json, row.key)
      case "compensate":
        return json.x === undefined ? json : {
          ...json,
          x: this.#values.causes(
            json.x,
            row.key === "" ? nowhere : whereOf(row.key),
            this.#codecs.end,
            row.key === "" ? "why it goes back" : `how step ${row.key} was undone`
          )
        }
      case "stuck":
        return Predicate.hasProperty(json.x, "c")
          ? { ...json, x: { c: this.#values.causes(json.x.c, nowhere, this.#codecs.end, "what it has failed with") } }
          : json
      default:
        return json
    }
  }

  #settled(read: Read, key: string): unknown {
    const { json, row } = read
    if (!Predicate.isObject(json) || json["pivot"] === true) return json
    // what has ended in a visit that is over counts no more, unless it may be undone
    if (row.n < this.#head.entered && !this.#started.has(row.key)) return json
    const { branch, state } = whereOf(key)
    const ends = this.#values.endsOf(state!, branch)
    const what = branch === undefined ? `how step ${row.key} has ended` : `how branch ${row.key} has ended`
    const x = this.#values.exit(json["x"], whereOf(row.key), ends, what)
    const { i } = json
    if (!Predicate.isNumber(i)) return { ...json, x }
    const index = indexOf(row.key, key, i)
    this.#note(read, index)
    return { ...json, i: index, x }
  }

  /** Where a branch stands that has ended. */
  #note({ json, row }: Read, index: number | null): void {
    if (row.kind !== "settle" || !Predicate.hasProperty(json, "i") || !Predicate.isNumber(json.i)) return
    const split = place.parent(row.key)
    const moved = this.#moved.get(split)
    if (moved === undefined) this.#moved.set(split, new Map([[json.i, index]]))
    else moved.set(json.i, index)
  }

  /** A decision stays as it is, without the branches that count no more. */
  #joined(json: any, split: string): unknown {
    const moved = this.#moved.get(split)
    if (moved === undefined || !Array.isArray(json?.counted)) return json
    const lost = [...moved.values()].filter((index) => index === null).length
    const counted = json.counted.flatMap((index: number) => {
      const own = moved.get(index)
      return own === null ? [] : [own ?? index]
    })
    return { ...json, counted, started: json.started - lost, total: json.total - lost }
  }
}

const lastOf = (key: string): string => key.slice(key.lastIndexOf("/") + 1)

/** The names of a state, and of a branch if it is one. */
const whereOf = (key: string): Where =>
  place.isVisit(key)
    ? { state: place.nameOf(lastOf(key)), branch: undefined }
    : { state: place.nameOf(lastOf(place.parent(key))), branch: place.nameOf(lastOf(key)) }

/** Where a branch stands that has another name: those of a list are called by their places. */
const indexOf = (was: string, is: string, index: number): number =>
  lastOf(was) === String(index) && /^\d+$/.test(lastOf(is)) ? Number(lastOf(is)) : index
