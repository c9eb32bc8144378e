/**
 * A journal whose payloads pass through codecs: whatever store it is, it is given what they have made, and what it gives is
 * given back as it was. It lives as long as its Layer.
 *
 * What a codec can't do with one run keeps no other from going on. A run of which something could not be written or read is
 * not claimed again before that can be: so no step of it is done again in vain, and no row is written for it.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import type * as Journal from "../../journal.ts"
import type { Place } from "../../payload.ts"
import { JournalError } from "../journal/error.ts"
import type { Chain } from "./codec.ts"
import { PayloadError } from "./error.ts"
import { Held } from "./held.ts"
import * as places from "./place.ts"

/** How codecs are asked. */
export interface Manner {
  /** How long they may take for what is written or read of one run at once. */
  readonly patience: Duration.Duration
  /** How many payloads of one run are with them at once. */
  readonly concurrency: number
}

/** The stores behind those that are made here. */
const behind = new WeakMap<Journal.Service, Journal.Service>()

/** A store without its codecs. */
export const plain = (journal: Journal.Service): Journal.Service => behind.get(journal) ?? journal

export const make = (store: Journal.Service, chain: Chain, manner: Manner): Journal.Service => {
  const made = new Store(store, chain, manner).service
  behind.set(made, store)
  return made
}

/** A text that was given, and what was made of it. */
interface Written {
  readonly place: Place
  readonly text: string
}

/** What must be possible before a run is claimed again. */
type Check = Effect.Effect<unknown, PayloadError>

class Store {
  readonly #store: Journal.Service
  readonly #chain: Chain
  readonly #manner: Manner
  readonly #held: Held
  readonly #checks = new Map<string, Check>()
  /** Who takes runs and who asks for letters take turns: a letter of a run is held before the next one is looked at. */
  readonly #turns = Semaphore.makeUnsafe(1)
  constructor(store: Journal.Service, chain: Chain, manner: Manner) {
    this.#store = store
    this.#chain = chain
    this.#manner = manner
    this.#held = new Held(store, (letter) => this.#inTime(this.#readLetter(letter.runId, letter)))
  }

  get service(): Journal.Service {
    const store = this.#store
    return {
      create: (runs) => this.#create(runs),
      append: (appends) => this.#append(appends),
      claim: (runIds, runner) => this.#turn(this.#claim(runIds, runner)),
      send: (runId, letter) => this.#send(runId, letter),
      received: (runner, after) =>
        this.#turn(
          Effect.flatMap(store.received(runner, after), (news) => this.#held.receive(runner, news))
        ),
      letter: (runId, seq) =>
        Effect.flatMap(
          store.letter(runId, seq),
          (letter) =>
            letter === undefined
              ? Effect.undefined
              : failing("letter", runId, this.#readLetter(runId, letter))
        ),
      park: store.park,
      lease: store.lease,
      leave: (runner) => Effect.tap(store.leave(runner), () => Effect.sync(() => this.#held.forget(runner))),
      due: store.due,
      show: store.show,
      list: store.list,
      rows: (runId, from, limit) =>
        Effect.flatMap(store.rows(runId, from, limit), (rows) => failing("rows", runId, this.#readRows(runId, rows))),
      last: (runId, kinds, before, limit) =>
        Effect.flatMap(
          store.last(runId, kinds, before, limit),
          (rows) => failing("last", runId, this.#readRows(runId, rows))
        ),
      count: store.count,
      standing: store.standing,
      purge: (which) => this.#chain.keepsOutside && which.isPreview !== true ? this.#purge(which) : store.purge(which),
      letters: (runId) =>
        Effect.flatMap(
          store.letters(runId),
          (letters) => failing("letters", runId, this.#each(letters, (letter) => this.#readLetter(runId, letter)))
        )
    }
  }

  #turn<A>(effect: Effect.Effect<A, JournalError>): Effect.Effect<A, JournalError> {
    return this.#turns.withPermits(1)(effect)
  }

  // ---------------------------------------------------------------------------
  // one payload, and many of one run
  // ---------------------------------------------------------------------------

  #each<A, B>(
    items: ReadonlyArray<A>,
    f: (item: A, i: number) => Effect.Effect<B, PayloadError>
  ): Effect.Effect<ReadonlyArray<B>, PayloadError> {
    return Effect.forEach(items, f, { concurrency: this.#manner.concurrency })
  }

  /** Of what is done for one run: a codec that hangs is as good as one that can't be asked. */
  #inTime<A>(effect: Effect.Effect<A, PayloadError>): Effect.Effect<A, PayloadError> {
    return Effect.timeoutOrElse(effect, {
      duration: this.#manner.patience,
      orElse: () => Effect.fail(new PayloadError({ reason: "Unavailable", detail: "codecs have not answered in time" }))
    })
  }

  #readRows(runId: string, rows: ReadonlyArray<Journal.Row>): Effect.Effect<ReadonlyArray<Journal.Row>, PayloadError> {
    return this.#each(rows, (row) => this.#readRow(runId, row))
  }

  /** Who owns a run is told by the store itself, and is no payload. */
  #readRow(runId: string, row: Journal.Row): Effect.Effect<Journal.Row, PayloadError> {
    return row.kind === "owner"
      ? Effect.succeed(row)
      : Effect.map(this.#chain.decode(row.data, places.row(runId, row.n, row)), (data) => ({ ...row, data }))
  }

  #readLetter<A extends Journal.Letter>(runId: string, letter: A): Effect.Effect<A, PayloadError> {
    const { answer, seq } = letter
    return Effect.flatMap(this.#chain.decode(letter.data, places.letter(runId, letter)), (data) =>
      answer === undefined
        ? Effect.succeed({ ...letter, data })
        : Effect.map(
          this.#chain.decode(answer, places.answer(runId, seq)),
          (answer) => ({ ...letter, data, answer })
        ))
  }

  #discard(written: ReadonlyArray<Written>): Effect.Effect<void> {
    if (!this.#chain.keepsOutside || written.length === 0) return Effect.void
    return Effect.asVoid(Effect.timeoutOption(this.#discardAll(written), this.#manner.patience))
  }

  #discardAll(written: ReadonlyArray<Written>): Effect.Effect<void> {
    const { concurrency } = this.#manner
    return Effect.forEach(written, ({ place, text }) => this.#chain.discard(text, place), {
      discard: true,
      concurrency
    })
  }

  // ---------------------------------------------------------------------------
  // what is written
  // ---------------------------------------------------------------------------

  #create(runs: ReadonlyArray<Journal.NewRun>) {
    const place = (run: Journal.NewRun) => places.row(run.runId, 0, { kind: "enter", key: run.key })
    const written = ofRuns(
      runs,
      (run) => Effect.map(this.#inTime(this.#chain.encode(run.data, place(run))), (data) => ({ ...run, data }))
    )
    return Effect.flatMap(
      failing("create", runs.length === 1 ? runs[0]!.runId : undefined, written),
      (written) =>
        Effect.tap(
          this.#store.create(written),
          (created) =>
            this.#discard(
              written.filter((_, i) => !created[i]!.isNew).map((run) => ({ place: place(run), text: run.data }))
            )
        )
    )
  }

  #send(runId: string, letter: Journal.NewLetter) {
    const place = places.letter(runId, letter)
    return Effect.flatMap(
      failing("send", runId, this.#inTime(this.#chain.encode(letter.data, place))),
      (data) =>
        Effect.tap(
          this.#store.send(runId, { ...letter, data }),
          ({ _tag }) => _tag === "Kept" ? Effect.void : this.#discard([{ place, text: data }])
        )
    )
  }

  /** Of a run of which something can't be written nothing is; the others are. It is told so, as one that was fenced. */
  #append(appends: ReadonlyArray<Journal.Append>): Effect.Effect<ReadonlyArray<boolean>, JournalError> {
    return Effect.flatMap(
      ofRuns(appends, (append) => Effect.result(this.#inTime(this.#written(append)))),
      (results) => {
        const sound: Array<Journal.Append> = []
        const failures: Array<readonly [Journal.Append, PayloadError]> = []
        results.forEach((result, i) => {
          if (Result.isSuccess(result)) sound.push(result.success)
          else failures.push([appends[i]!, result.failure])
        })
        for (const [append] of failures) this.#require(append.runId, this.#tried(append))
        const [first] = failures
        if (first !== undefined && sound.length === 0) return Effect.fail(toJournal("append", first[0].runId, first[1]))
        return Effect.flatMap(
          Effect.tap(
            this.#store.append(sound),
            (answers) =>
              this.#discard(
                sound.flatMap((append, i) => answers[i] === true ? [] : payloadsOf(append))
              )
          ),
          (answers) => {
            let at = 0
            return Effect.as(
              Effect.forEach(failures, ([, error]) => Effect.logWarning(`not written: ${error.message}`), {
                discard: true
              }),
              results.map((result) => Result.isSuccess(result) && answers[at++]!)
            )
          }
        )
      }
    )
  }

  #written(append: Journal.Append): Effect.Effect<Journal.Append, PayloadError> {
    const { n, runId } = append
    const rows = this.#each(
      append.rows,
      (row, i) => Effect.map(this.#chain.encode(row.data, places.row(runId, n + i, row)), (data) => ({ ...row, data }))
    )
    const takes = this.#each(append.takes, (take) =>
      take.answer === undefined
        ? Effect.succeed(take)
        : Effect.map(this.#chain.encode(take.answer, places.answer(runId, take.seq)), (answer) => ({
          ...take,
          answer
        })))
    return Effect.zipWith(rows, takes, (rows, takes) => ({ ...append, rows, takes }))
  }

  /** Whether it could be written by now, or the run has gone on elsewhere. */
  #tried(append: Journal.Append): Check {
    const isOver = Effect.map(
      this.#store.rows(append.runId, append.n, page),
      (rows) => rows.some(({ kind }) => kind !== "owner")
    )
    return unless(isOver, Effect.flatMap(this.#written(append), (written) => this.#discard(payloadsOf(written))))
  }

  /** What a run keeps outside is known as long as it is there, and is let go when it is not. */
  #purge(which: Journal.Purge): Effect.Effect<Journal.Purged, JournalError> {
    return Effect.gen({ self: this }, function*() {
      const { runs } = yield* this.#store.purge({ ...which, isPreview: true })
      const kept = new Map<string, ReadonlyArray<Written>>()
      for (const { head } of runs) kept.set(nameOf(head), yield* this.#outside(head))
      const purged = yield* this.#store.purge(which)
      for (const { head } of purged.runs) yield* this.#discardAll(kept.get(nameOf(head)) ?? [])
      return purged
    })
  }

  /** All payloads of a run of which something is kept outside. */
  #outside({ n, runId, sent }: Journal.Head): Effect.Effect<ReadonlyArray<Written>, JournalError> {
    return Effect.gen({ self: this }, function*() {
      const found: Array<Written> = []
      const note = (text: string, place: Place) => {
        if (this.#chain.isOutside(text)) found.push({ place, text })
      }
      yield* forEachRow(this.#store, runId, n, (row) => note(row.data, places.row(runId, row.n, row)))
      for (let seq = 1; seq <= sent; seq++) {
        const letter = yield* this.#store.letter(runId, seq)
        if (letter !== undefined) note(letter.data, places.letter(runId, letter))
        if (letter?.answer !== undefined) note(letter.answer, places.answer(runId, seq))
      }
      return found
    })
  }

  // ---------------------------------------------------------------------------
  // what is taken
  // ---------------------------------------------------------------------------

  #require(runId: string, check: Check): void {
    this.#checks.delete(runId)
    this.#checks.set(runId, check)
    // a run that was evicted is tried without it
    if (this.#checks.size > mostChecks) this.#checks.delete(this.#checks.keys().next().value!)
  }

  #claim(runIds: ReadonlyArray<string>, runner: string): Effect.Effect<ReadonlyArray<Journal.Claim>, JournalError> {
    return Effect.flatMap(ofRuns(runIds, (runId) => Effect.result(this.#checked(runId))), (checks) => {
      const free = runIds.filter((_, i) => Result.isSuccess(checks[i]!))
      const claims = free.length === 0 ? Effect.succeed([]) : this.#store.claim(free, runner)
      return Effect.flatMap(claims, (claims) => {
        let at = 0
        const all = checks.map((check, i) =>
          Result.isFailure(check) ? unread(runIds[i]!, check.failure) : claims[at++]!
        )
        return ofRuns(all, (claim) => claim._tag === "Claimed" ? this.#claimed(claim, runner) : Effect.succeed(claim))
      })
    })
  }

  #checked(runId: string): Effect.Effect<void, PayloadError> {
    const check = this.#checks.get(runId)
    return check === undefined ? Effect.void : Effect.andThen(
      this.#inTime(check),
      Effect.sync(() => {
        if (this.#checks.get(runId) === check) this.#checks.delete(runId)
      })
    )
  }

  #claimed(claim: Journal.Claimed, runner: string): Effect.Effect<Journal.Claim> {
    const { runId } = claim.head
    return Effect.matchEffect(this.#inTime(this.#readRows(runId, claim.rows)), {
      onFailure: (error) =>
        Effect.sync((): Journal.Claim => {
          const { place } = error
          // rows do not change: the one that could not be read is read again
          const row = place?._tag === "Row" ? claim.rows.find(({ n }) => n === place.n) : undefined
          const read = row === undefined ? this.#readRows(runId, claim.rows) : this.#readRow(runId, row)
          const isOver = Effect.map(
            this.#store.show(runId),
            (head) => head === undefined || (row !== undefined && !row.kept && row.n < head.entered)
          )
          this.#require(runId, unless(isOver, read))
          return unread(runId, error)
        }),
      onSuccess: (rows): Effect.Effect<Journal.Claim> => this.#held.claim(runner, { ...claim, rows })
    })
  }
}

/** What was in the way is no more, as the run has gone past it with somebody else; a journal that fails does not say so. */
const unless = (isOver: Effect.Effect<boolean, JournalError>, check: Check): Check =>
  Effect.flatMap(
    Effect.catch(isOver, () => Effect.succeed(false)),
    (isOver) => isOver ? Effect.void : check
  )

/** Of all runs at once: one for which codecs take their time keeps no other waiting. */
const ofRuns = <A, B, E>(
  items: ReadonlyArray<A>,
  f: (item: A, i: number) => Effect.Effect<B, E>
): Effect.Effect<ReadonlyArray<B>, E> => Effect.forEach(items, f, { concurrency: "unbounded" })

/** What was written of an append, with its places. */
const payloadsOf = ({ n, rows, runId, takes }: Journal.Append): ReadonlyArray<Written> => [
  ...rows.map((row, i) => ({ place: places.row(runId, n + i, row), text: row.data })),
  ...takes.flatMap(({ answer, seq }) =>
    answer === undefined ? [] : [{ place: places.answer(runId, seq), text: answer }]
  )
]

/** A run, and no other one of its id. */
const nameOf = ({ createdAt, runId }: Journal.Head): string => `${createdAt} ${runId}`

/** All rows of a run up to its last one, page by page. */
export const forEachRow = (
  store: Journal.Service,
  runId: string,
  last: number,
  f: (row: Journal.Row) => void,
  from = 0
): Effect.Effect<void, JournalError> =>
  Effect.flatMap(store.rows(runId, from, page), (rows) => {
    rows.forEach(f)
    const next = from + rows.length
    return rows.length === 0 || next > last ? Effect.void : forEachRow(store, runId, last, f, next)
  })

const page = 1000

const unread = (runId: string, error: PayloadError): Journal.Claim => ({
  _tag: "Corrupt",
  error: toJournal("claim", runId, error)
})

/** A codec that can't be asked is a journal that can't: it is tried again. */
const toJournal = (operation: string, runId: string | undefined, error: PayloadError): JournalError =>
  new JournalError({
    runId,
    reason: error.reason === "Unavailable" ? "Unavailable" : "Payload",
    operation,
    detail: error.message,
    cause: error
  })

const failing = <A>(
  operation: string,
  runId: string | undefined,
  effect: Effect.Effect<A, PayloadError>
): Effect.Effect<A, JournalError> => Effect.mapError(effect, (error) => toJournal(operation, runId, error))

const mostChecks = 1000
