/** The operator of the runs of a journal. It keeps nothing, and lives as long as the Layer that gives it. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { JournalError, Selection as Runs } from "../../journal.ts"
import { Journal } from "../../journal.ts"
import type { Selection, Sent, Service } from "../../operator.ts"
import * as sending from "./sending.ts"
import { show } from "./show.ts"
import { why } from "./why.ts"

/** How many runs, or rows, are read at once. */
const page = 200

const previewed = 10

export const make: Effect.Effect<Service, never, Journal> = Effect.map(Journal, (journal) => {
  const list: Service["list"] = ({ after, ...selection } = {}) => {
    const given = selected(selection)
    return Stream.paginate(
      after,
      (after: string | undefined) =>
        Effect.map(journal.list({ ...given, after, limit: page }), (heads) => [
          heads,
          heads.length < page ? Option.none() : Option.some(heads.at(-1)!.runId)
        ])
    )
  }

  /** What is made of a run that is there. */
  const about = <A>(
    runId: string,
    f: (
      standing: NonNullable<Effect.Success<ReturnType<Journal["Service"]["standing"]>>>
    ) => Effect.Effect<A, JournalError>
  ): Effect.Effect<Option.Option<A>, JournalError> =>
    Effect.flatMap(
      journal.standing(runId),
      (standing) => standing === undefined ? Effect.succeedNone : Effect.asSome(f(standing))
    )

  const send: Service["send"] = (runId, order, options) => sending.send(journal, runId, order, options)

  return {
    list,
    count: (selection = {}) => journal.count(selected(selection)),
    show: (runId, options) => about(runId, (standing) => show(journal, standing, options?.visits ?? 50)),
    why: (runId) =>
      about(runId, (standing) => Effect.flatMap(journal.letters(runId), (letters) => why(journal, standing, letters))),
    history: (runId, options) =>
      Stream.paginate(options?.from ?? 0, (from: number) =>
        Effect.map(journal.rows(runId, from, page), (rows) => [
          rows,
          rows.length < page ? Option.none() : Option.some(rows.at(-1)!.n + 1)
        ])),
    send,
    preview: (selection) => {
      const given = selected(selection)
      return Effect.all({
        runs: Effect.map(journal.count(given), (counts) => counts.reduce((all, { runs }) => all + runs, 0)),
        first: journal.list({ ...given, limit: previewed })
      })
    },
    sendAll: (selection, order, { concurrency = 10, ...options }) =>
      Stream.mapEffect(
        list(selection),
        ({ runId }) =>
          Effect.matchEffect(send(runId, order, options), {
            onSuccess: (answer) => Effect.succeed<Sent>(answer),
            onFailure: (error) => Effect.succeed<Sent>({ _tag: "Failed", runId, requestId: options.requestId, error })
          }),
        { concurrency }
      ),
    purge: ({ batch = 100, endedBefore, limit = Infinity, ...which }) => {
      const before = millisOf(endedBefore)
      const first: { readonly after: string | undefined; readonly left: number } = { after: undefined, left: limit }
      return Stream.paginate(first, ({ after, left }) =>
        Effect.map(
          journal.purge({ ...which, endedBefore: before, after, limit: Math.min(batch, left) }),
          ({ next, runs }) => [
            runs.map(({ head, letters }) => ({ head, rows: head.n + 1, letters })),
            next === undefined || runs.length >= left
              ? Option.none()
              : Option.some({ after: next, left: left - runs.length })
          ]
        ))
    }
  }
})

const millisOf = (input: DateTime.DateTime.Input): number => DateTime.toEpochMillis(DateTime.makeUnsafe(input))

const selected = (
  { createdAfter, createdBefore, updatedAfter, updatedBefore, ...rest }: Selection
): Runs => ({
  ...rest,
  ...(createdBefore === undefined ? {} : { createdBefore: millisOf(createdBefore) }),
  ...(createdAfter === undefined ? {} : { createdAfter: millisOf(createdAfter) }),
  ...(updatedBefore === undefined ? {} : { updatedBefore: millisOf(updatedBefore) }),
  ...(updatedAfter === undefined ? {} : { updatedAfter: millisOf(updatedAfter) })
})
