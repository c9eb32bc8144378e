/**
 * The journal of durable runs: for each run an append-only list of rows and a head, which its owner alone writes, and an
 * inbox for what comes from outside. A store is these few functions; it knows no workflow, and data is text to it.
 *
 * Invariants (the contract in `test/journal` cites them by number):
 *
 *  D1  A row `(run, n)` is written once. Of two who append at the same place the second is fenced, and changes nothing.
 *  D2  The rows of one call of `append`, their heads and the letters that they take are written together or not at all, for
 *      each run on its own: a fenced run keeps no other from being written.
 *  D3  A letter is in the inbox from when it was sent until it is taken by an append, and is taken once.
 *  D4  Parking succeeds only if no letter has come that its owner has not seen, in the same step.
 *  D5  A run has one owner at most whose lease has not run out; who takes it writes an `owner` row in the same step.
 *
 * It is an entry of its own, `effect-cano/journal`, which the index does not load. Texts are kept as they are given; they must
 * be well-formed Unicode without NUL, as what JSON makes of a value is.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as SqlClient from "effect/sql/SqlClient"
import type { JournalError } from "./internal/journal/error.ts"
import * as memory from "./internal/journal/memory.ts"
import * as sql from "./internal/journal/sql.ts"

/**
 * What a row is about: `start` is of what can be compensated; `settle` of a branch, or of a step that can.
 *
 * @category models
 * @since 0.1.0
 */
export type Kind = "owner" | "enter" | "start" | "settle" | "join" | "compensate" | "exit"

/**
 * One row of the journal of a run. It never changes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Row {
  /** Its place in the journal of the run, from 0 on without a gap. */
  readonly n: number
  readonly kind: Kind
  /** Where in the run: what follows the id of the run in a key, `/3/Ask/bob`; empty for what concerns all of it. */
  readonly key: string
  readonly data: string
  /** Milliseconds of the Clock. */
  readonly at: number
  /** Whether it is needed after its visit, too: for what may be undone. */
  readonly kept: boolean
}

/**
 * A row that is to be written: its place and its instant are those of the append.
 *
 * @category models
 * @since 0.1.0
 */
export type NewRow = Pick<Row, "kind" | "key" | "data" | "kept">

/**
 * Whether a run is to be driven, what it does, or that it has ended. A run waits from when it was parked until somebody appends
 * to it or claims it; then it does again what it did before.
 *
 * @category models
 * @since 0.1.0
 */
export type Status = "running" | "waiting" | "compensating" | "ended"

/**
 * What is known of a run without its rows.
 *
 * @category models
 * @since 0.1.0
 */
export interface Head {
  readonly runId: string
  readonly workflow: string
  readonly version: number
  readonly status: Status
  /** How it has ended, when it has. */
  readonly outcome: Outcome | undefined
  /** The place of its last row, and of the one with which its visit began. */
  readonly n: number
  readonly entered: number
  readonly visit: number
  /** The name of the state that it is in. */
  readonly state: string
  /** The runner that drives it, if one does. */
  readonly owner: string | undefined
  /** The last letter that was sent to it; 0 before the first. */
  readonly sent: number
  /** The instant at which a run that waits is to go on, if there is one. */
  readonly wakeAt: number | undefined
  /** The run whose step has started it, if one has. */
  readonly parent: string | undefined
  readonly createdAt: number
  readonly enteredAt: number
  readonly updatedAt: number
}

/**
 * How a run has ended.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = "succeeded" | "failed" | "cancelled"

/**
 * What rows change of a head, beside its last row.
 *
 * Any append ends the waiting of a run that was parked. A run that ends has no owner any more.
 *
 * @category models
 * @since 0.1.0
 */
export interface HeadChange {
  /** `waiting` is what `park` makes of a run, and nobody else. */
  readonly status?: Exclude<Status, "waiting"> | undefined
  readonly outcome?: Outcome | undefined
  /** A visit begins with the last `enter` row among them, or with the first row if there is none. */
  readonly entered?: { readonly visit: number; readonly state: string; readonly version: number } | undefined
  /** Whether nobody drives it any more. */
  readonly isReleased?: boolean | undefined
}

/**
 * Rows for one run, and what is written with them. There may be none, where only the head is to change.
 *
 * @category models
 * @since 0.1.0
 */
export interface Append {
  readonly runId: string
  /** The place of the first of the rows. */
  readonly n: number
  readonly rows: ReadonlyArray<NewRow>
  readonly head: HeadChange | undefined
  /** The letters that are taken with it, and what is answered to who asks. */
  readonly takes: ReadonlyArray<{ readonly seq: number; readonly answer: string | undefined }>
}

/**
 * A run that is to be made.
 *
 * @category models
 * @since 0.1.0
 */
export interface NewRun {
  readonly runId: string
  readonly workflow: string
  readonly version: number
  readonly state: string
  /** Of its first row, `enter`, whose data is the state. */
  readonly key: string
  readonly data: string
  readonly parent: string | undefined
}

/**
 * What a letter is: a signal, or an order of whoever steers the run.
 *
 * @category models
 * @since 0.1.0
 */
export type LetterKind = "signal" | "cancel" | "pause" | "resume"

/**
 * A letter that is to be sent.
 *
 * @category models
 * @since 0.1.0
 */
export interface NewLetter {
  readonly kind: LetterKind
  /** Of the signal. */
  readonly name: string
  readonly key: string | undefined
  readonly id: string | undefined
  readonly data: string
  /** How many letters of the kind and name may be there that are not taken; no end where it is left out. */
  readonly capacity?: number | undefined
}

/**
 * A letter in the inbox of a run. It stays there when it was taken, so that its id is known.
 *
 * @category models
 * @since 0.1.0
 */
export interface Letter extends Omit<NewLetter, "capacity"> {
  /** Its place among all letters of the run, from 1 on. */
  readonly seq: number
  readonly at: number
  /** The last row of the run when it was sent; not known of one that an earlier version of the tables has kept. */
  readonly n: number | undefined
  readonly isTaken: boolean
  /** What was answered when it was taken, if anything. */
  readonly answer: string | undefined
}

/**
 * What has become of a letter; `seq` is that of the letter, or of the first one of its id.
 *
 * @category models
 * @since 0.1.0
 */
export type Sent =
  | { readonly _tag: "Kept"; readonly seq: number }
  | { readonly _tag: "Duplicate"; readonly seq: number }
  | { readonly _tag: "Full" }
  | { readonly _tag: "Ended" }
  | { readonly _tag: "NoSuchRun" }

/**
 * A run that was taken, with all that it takes to go on.
 *
 * @category models
 * @since 0.1.0
 */
export interface Claimed {
  readonly _tag: "Claimed"
  /** As it is with the `owner` row. */
  readonly head: Head
  /** The rows of the visit that goes on, and before them those that are kept, in their order. */
  readonly rows: ReadonlyArray<Row>
  /** The letters that are not taken. */
  readonly letters: ReadonlyArray<Letter>
}

/**
 * What has become of a claim.
 *
 * @category models
 * @since 0.1.0
 */
export type Claim =
  | Claimed
  | { readonly _tag: "Ended"; readonly head: Head }
  /** Somebody else drives it, at least until his lease runs out. */
  | { readonly _tag: "Held"; readonly owner: string; readonly until: number }
  | { readonly _tag: "NoSuchRun" }
  /** Its rows can't be read. Nothing was changed. */
  | { readonly _tag: "Corrupt"; readonly error: JournalError }

/**
 * Which runs are wanted.
 *
 * @category models
 * @since 0.1.0
 */
export interface Filter {
  readonly workflow?: string | undefined
  readonly status?: Status | undefined
  readonly outcome?: Outcome | undefined
  readonly state?: string | undefined
  readonly parent?: string | undefined
  /** Those behind this one, in the order of their ids. */
  readonly after?: string | undefined
  readonly limit: number
}

/**
 * How a run is parked.
 *
 * @category models
 * @since 0.1.0
 */
export interface Parked {
  /** Its last row. */
  readonly n: number
  /** The last letter that its owner has seen. */
  readonly seen: number
  /** The instant at which it is to go on, if there is one. */
  readonly wakeAt: number | undefined
  /**
   * Whether its owner gives it up. One that is only shown as waiting is due at once when its owner is gone: what else it was
   * about to do by itself is known to its owner alone.
   */
  readonly isReleased: boolean
}

/**
 * A letter, and whom it was sent to.
 *
 * @category models
 * @since 0.1.0
 */
export interface Received extends Letter {
  readonly runId: string
}

type Stored<A> = Effect.Effect<A, JournalError>

/**
 * The functions of a store.
 *
 * **Details**
 *
 * Each is one step: it is done or not, also where it was interrupted, and where it has failed with `JournalError`. Then it may
 * nevertheless have been done, as with any commit whose answer is lost: who appends again at the same place is fenced by his
 * own rows, and finds out by a claim.
 *
 * @category services
 * @since 0.1.0
 */
export interface Service {
  /** Makes runs, each unless there is one of its id: the head that there is then, and whether it was made. */
  readonly create: (
    runs: ReadonlyArray<NewRun>
  ) => Stored<ReadonlyArray<{ readonly head: Head; readonly isNew: boolean }>>
  /** Appends, for several runs at once; answers for each whether it was written, and not fenced. */
  readonly append: (appends: ReadonlyArray<Append>) => Stored<ReadonlyArray<boolean>>
  /** Takes runs for a runner, each unless another one has it whose lease has not run out. */
  readonly claim: (runIds: ReadonlyArray<string>, runner: string) => Stored<ReadonlyArray<Claim>>
  /** Sends a letter; of the same kind, name and id there is one. */
  readonly send: (runId: string, letter: NewLetter) => Stored<Sent>
  /**
   * The letters that have come behind a cursor, 0 at first, to the runs that a runner drives, and the cursor to go on from. A
   * letter may be there that a claim has given already.
   */
  readonly received: (
    runner: string,
    after: number
  ) => Stored<{ readonly cursor: number; readonly letters: ReadonlyArray<Received> }>
  /** One letter of a run. */
  readonly letter: (runId: string, seq: number) => Stored<Letter | undefined>
  /**
   * A run of which everything waits is marked so, until an instant, if there is one, or a letter: false where a letter has
   * come behind `seen`, or the run is no longer at `n`. Its owner keeps it, or gives it up with `isReleased`.
   */
  readonly park: (runId: string, parked: Parked) => Stored<boolean>
  /** The lease of a runner lasts until an instant; a runner that is not known yet is made so. */
  readonly lease: (runner: string, until: number) => Stored<void>
  /** A runner gives up all that it drives, and its lease. */
  readonly leave: (runner: string) => Stored<void>
  /**
   * Runs of some workflows, that have not ended and that nobody drives whose lease has not run out; of those that their
   * owner has given up to wait, the ones whose instant has come or that have been sent a letter since. The one that is due for longest comes first.
   */
  readonly due: (workflows: ReadonlyArray<string>, limit: number) => Stored<ReadonlyArray<string>>
  readonly show: (runId: string) => Stored<Head | undefined>
  readonly list: (filter: Filter) => Stored<ReadonlyArray<Head>>
  /** All rows of a run from a place on. */
  readonly rows: (runId: string, from: number, limit: number) => Stored<ReadonlyArray<Row>>
  /** The letters of a run that are not taken. */
  readonly letters: (runId: string) => Stored<ReadonlyArray<Letter>>
}

/**
 * The store of the journals.
 *
 * @category services
 * @since 0.1.0
 */
export class Journal extends Context.Service<Journal, Service>()("effect-cano/Journal") {}

export {
  /**
   * The journal can't be read or written just now: a file that is no journal, a full disk, a database that does not answer. A
   * run that goes on is not told of it: it stops where it is, and goes on when the journal is back.
   *
   * **Details**
   *
   * `"TimedOut"` and `"Unavailable"` may pass: a lock that others have, a full disk, no connection. `"Foreign"` is a database
   * in which tables of the same names are of somebody else, `"Newer"` one whose tables a later version of this library has
   * made; neither is touched. `"Corrupt"` are rows that can't be read, of the run that it names, or a damaged file.
   *
   * @category errors
   * @since 0.1.0
   */
  JournalError
} from "./internal/journal/error.ts"

/**
 * A store in memory, which lives as long as whoever holds it: several Layers, one after the other, may give the same.
 *
 * **When to use**
 *
 * In a test that lets whoever drives the runs crash: `Layer.succeed(Journal)(store)` gives the next one what is left.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeMemory: Effect.Effect<Service> = memory.make

/**
 * A store in memory, which lives as long as the Layer.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<Journal> = Layer.effect(Journal, makeMemory)

/**
 * A store in the tables of a database, all of which begin with `cano_`. They are made if they are not there, and checked; it
 * fails where they are of somebody else, or newer.
 *
 * **Details**
 *
 * Any number of processes may use one database, and open an empty one at the same time, or one of an earlier version: the
 * tables are brought up to date by one of them. SQLite is tested, with `effect-cano/sqlite`, and PostgreSQL, with
 * `@effect/sql-pg`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSql: Layer.Layer<Journal, JournalError, SqlClient.SqlClient> = Layer.effect(Journal, sql.make)
