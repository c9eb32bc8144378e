/** What a database has given, as heads, rows and letters, or a sentence about what is wrong with it. */
import * as Result from "effect/Result"
import type * as Journal from "../../journal.ts"
import { show } from "../check/describe.ts"
import { isOver } from "./steering.ts"

/** As the tables have it: of the names in `schema.ts`, and of anything where somebody else has written. */
export type Raw = { readonly [column: string]: unknown }
export type Read<A> = Result.Result<A, Fault>

/** What is wrong: somebody has damaged it, or it may be right, and of a release that is newer than this one. */
export interface Fault {
  readonly reason: "Corrupt" | "Newer"
  readonly detail: string
}

const corrupt = (detail: string): Fault => ({ reason: "Corrupt", detail })

export const head = (raw: Raw): Read<Journal.Head> =>
  read(raw, "the head", (get) => ({
    runId: get.text("run_id"),
    workflow: get.text("workflow"),
    version: get.number("version"),
    status: statusOf(get),
    outcome: raw["outcome"] === null ? undefined : get.one("outcome", outcomes),
    n: get.number("n"),
    entered: get.number("entered"),
    visit: get.number("visit"),
    state: get.text("state"),
    owner: get.orNone("owner", get.text),
    sent: get.number("sent"),
    wakeAt: get.orNone("wake_at", get.number),
    parent: get.orNone("parent", get.text),
    createdAt: get.number("created_at"),
    enteredAt: get.number("entered_at"),
    updatedAt: get.number("updated_at")
  }))

export const standing = (raw: Raw): Read<Journal.Standing> =>
  Result.flatMap(
    head(raw),
    (head) =>
      read(raw, "the head", (get) => ({
        head,
        leasedUntil: head.owner === undefined ? undefined : get.orNone("until", get.number) ?? 0,
        dueAt: get.orNone("due_at", get.number),
        waits: head.status === "waiting" ? get.orNone("waits", get.text) : undefined,
        runners: get.number("runners")
      }))
  )

export const count = (raw: Raw): Read<Journal.Count> =>
  read(raw, "a head", (get) => ({
    workflow: get.text("workflow"),
    status: statusOf(get),
    outcome: get.orNone("outcome", (column) => get.one(column, outcomes)),
    runs: get.number("many")
  }))

/** What a letter is written with. */
export const sent = (raw: Raw): Read<Pick<Journal.Head, "n" | "sent">> =>
  read(raw, "the head", (get) => ({ n: get.number("n"), sent: get.number("sent") }))

/** What a run does when it does not wait. */
export const doing = (raw: Raw): Read<Exclude<Journal.Status, "waiting">> => read(raw, "the head", does)

/** Each behind the one before, without a gap from `from` on; before that the kept ones, which have gaps. */
export const rows = (raws: ReadonlyArray<Raw>, from: number): Read<ReadonlyArray<Journal.Row>> => {
  const found: Array<Journal.Row> = []
  let next = from
  for (const raw of raws) {
    const row = read(raw, "a row", (get): Journal.Row => ({
      n: get.number("n"),
      kind: get.one("kind", kinds),
      key: get.text("key"),
      data: get.text("data"),
      at: get.number("at"),
      kept: get.number("kept") === 1
    }))
    if (Result.isFailure(row)) return Result.fail(row.failure)
    const { n } = row.success
    if (n >= from && n !== next) return Result.fail(missing(next))
    if (n >= from) next++
    found.push(row.success)
  }
  return Result.succeed(found)
}

/** All rows of a visit are there, up to the last one that the head knows of. */
export const visit = (
  raws: ReadonlyArray<Raw>,
  { entered, n }: Pick<Journal.Head, "entered" | "n">
): Read<ReadonlyArray<Journal.Row>> =>
  Result.flatMap(rows(raws, entered), (found) => {
    const last = found[found.length - 1]?.n ?? -1
    if (last < Math.max(n, entered)) return Result.fail(missing(Math.max(last + 1, entered)))
    return last > n
      ? Result.fail(corrupt(`its head ends at row ${n}, and there is row ${last}`))
      : Result.succeed(found)
  })

const missing = (n: number) => corrupt(`row ${n} is missing`)

export const letter = (raw: Raw): Read<Journal.Received> =>
  read(raw, "a letter", (get) => ({
    runId: get.text("run_id"),
    seq: get.number("seq"),
    kind: get.one("kind", letterKinds),
    name: get.text("name"),
    key: get.orNone("key", get.text),
    id: get.orNone("id", get.text),
    data: get.text("data"),
    at: get.number("at"),
    n: get.orNone("n", get.number),
    isTaken: get.orNone("taken_at", get.number) !== undefined,
    answer: get.orNone("answer", get.text)
  }))

/** A column that counts something, or is an instant. */
export const number = (value: unknown): number | undefined => {
  // PostgreSQL has more than a number can hold, and so its clients give texts
  const given = typeof value === "string" && /^-?\d+$/.test(value) || typeof value === "bigint" ? Number(value) : value
  return Number.isSafeInteger(given) ? given as number : undefined
}

const statusOf = (get: Get): Journal.Status => !isOver(does(get)) && get.number("parked") === 1 ? "waiting" : does(get)
const does = (get: Get) => get.one("status", ["running", "compensating", "stuck", "ended"])
const outcomes: ReadonlyArray<Journal.Outcome> = ["succeeded", "failed", "cancelled"]
const kinds: ReadonlyArray<Journal.Kind> = [
  "owner",
  "enter",
  "start",
  "settle",
  "join",
  "compensate",
  "exit",
  "stuck",
  "order",
  "migrate"
]
const letterKinds: ReadonlyArray<Journal.LetterKind> = [
  "signal",
  "cancel",
  "pause",
  "resume",
  "retry",
  "rerun",
  "skip",
  "end"
]

/** Looks at columns, and remembers the first that is not what it must be. */
class Get {
  wrong: Fault | undefined
  readonly #raw: Raw
  constructor(raw: Raw) {
    this.#raw = raw
  }
  readonly text = (column: string): string => {
    const value = this.#raw[column]
    return typeof value === "string" ? value : this.#refuse(column, value, "")
  }
  readonly number = (column: string): number => {
    const value = this.#raw[column]
    return number(value) ?? this.#refuse(column, value, 0)
  }
  readonly one = <const A extends string>(column: string, of: ReadonlyArray<A>): A => {
    const value = this.#raw[column]
    const known = of.find((each) => each === value)
    if (known === undefined && typeof value === "string" && /^[a-z]+$/.test(value)) {
      const detail = `column ${column} is ${
        show(value)
      }, which this release does not know; a newer one may have written it`
      this.wrong ??= { reason: "Newer", detail }
    }
    return known ?? this.#refuse(column, value, of[0]!)
  }
  readonly orNone = <A>(column: string, get: (column: string) => A): A | undefined =>
    this.#raw[column] === null ? undefined : get(column)

  #refuse<A>(column: string, value: unknown, instead: A): A {
    this.wrong ??= corrupt(`column ${column} is ${show(value)}`)
    return instead
  }
}

export const read = <A>(raw: Raw, what: string, f: (get: Get) => A): Read<A> => {
  const get = new Get(raw)
  const value = f(get)
  const { wrong } = get
  return wrong === undefined
    ? Result.succeed(value)
    : Result.fail({ ...wrong, detail: `${what} can't be read: ${wrong.detail}` })
}
