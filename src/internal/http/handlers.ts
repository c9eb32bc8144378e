/** What the endpoints of an operator do. They keep nothing, and live as long as the Layer that gives them. */
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { JournalError } from "../../journal.ts"
import type { Answer, Order, Service } from "../../operator.ts"
import { Operator } from "../../operator.ts"
import * as orders from "../operator/order.ts"
import { toSent } from "../operator/schemas.ts"
import { JournalUnavailableError, NoSuchRunError, OrderRefusedError, RunEndedError } from "./errors.ts"
import type { Ordered } from "./group.ts"
import { RunsGroup } from "./group.ts"

const own = HttpApi.make("effect-cano").add(RunsGroup)

/** What a database says is for the log of the server. */
const unavailable = (error: JournalError): Effect.Effect<never, JournalUnavailableError> =>
  Effect.andThen(
    Effect.logError("the journal can't be used", error),
    new JournalUnavailableError({ reason: error.reason })
  )

const found = <A>(
  runId: string,
  effect: Effect.Effect<Option.Option<A>, JournalError>
): Effect.Effect<A, JournalUnavailableError | NoSuchRunError> =>
  Effect.flatMap(
    Effect.catch(effect, unavailable),
    (found) => Option.isSome(found) ? Effect.succeed(found.value) : new NoSuchRunError({ runId })
  )

const usual = 50
const purged = 1000

/** A page of a stream: of one more it is known that there are more. */
const page = <A>(stream: Stream.Stream<A, JournalError>, limit: number) =>
  Effect.map(
    Effect.catch(Stream.runCollect(Stream.take(stream, limit + 1)), unavailable),
    (all) => ({ items: all.slice(0, limit), last: all.length > limit ? all[limit - 1] : undefined })
  )

type Given = { readonly requestId?: string; readonly within?: number }
type Ended = Extract<Answer, { readonly _tag: "Done" | "Kept" }>

const handlersOf = (operator: Service, handlers: HttpApiBuilder.Handlers.FromGroup<typeof RunsGroup>) => {
  const order = (
    runId: string,
    order: Order,
    { requestId, within }: Given
  ): Effect.Effect<Ended, JournalUnavailableError | NoSuchRunError | OrderRefusedError | RunEndedError> =>
    Effect.flatMap(
      Effect.catch(operator.send(runId, order, { requestId, within }), unavailable),
      (answer): Effect.Effect<Ended, NoSuchRunError | OrderRefusedError | RunEndedError> => {
        switch (answer._tag) {
          case "NoSuchRun":
            return new NoSuchRunError({ runId })
          case "Refused":
            return new OrderRefusedError({
              runId,
              requestId: answer.requestId,
              isRepeated: answer.isRepeated,
              why: answer.why
            })
          case "Ended":
            return new RunEndedError({
              runId,
              requestId: answer.requestId,
              isRepeated: answer.isRepeated,
              outcome: answer.outcome
            })
          default:
            return Effect.succeed(answer)
        }
      }
    )

  return handlers.handleAll({
    list: ({ query: { limit = usual, ...selection } }) =>
      Effect.map(page(operator.list(selection), limit), ({ items, last }) => ({ runs: items, next: last?.runId })),
    count: ({ query }) => Effect.catch(operator.count(query), unavailable),
    show: ({ params: { runId }, query }) => found(runId, operator.show(runId, query)),
    why: ({ params: { runId } }) => found(runId, operator.why(runId)),
    history: ({ params: { runId }, query: { from, limit = usual } }) =>
      Effect.flatMap(page(operator.history(runId, { from }), limit), ({ items, last }) =>
        items.length > 0
          ? Effect.succeed({ rows: items, next: last && last.n + 1 })
          : Effect.as(found(runId, operator.why(runId)), { rows: items, next: undefined })),
    cancel: ({ params, payload }) => order(params.runId, orders.cancel(payload), payload),
    pause: ({ params, payload }) => order(params.runId, orders.pause(payload.note), payload),
    resume: ({ params, payload }) => order(params.runId, orders.resume, payload),
    retry: ({ params, payload }) => order(params.runId, orders.retry(payload), payload),
    rerun: ({ params, payload }) => order(params.runId, orders.rerun(payload.state), payload),
    skip: ({ params, payload }) =>
      order(
        params.runId,
        "branch" in payload
          ? orders.skipBranch(payload.branch, payload.value)
          : "step" in payload
          ? orders.skipStep(payload.step)
          : orders.skipTo(payload.state),
        payload
      ),
    end: ({ params, payload }) => order(params.runId, orders.end, payload),
    signal: ({ params, payload }) => order(params.runId, orders.signal(payload.name, payload.value, payload), payload),
    preview: ({ payload }) => Effect.catch(operator.preview(payload.selection), unavailable),
    order: ({ payload: { order, selection, ...given } }) =>
      Effect.succeed(
        Stream.map(
          Stream.catch(
            operator.sendAll(selection, orderOf(order), given),
            (error) => Stream.fromEffect(Effect.orDie(unavailable(error)))
          ),
          toSent
        )
      ),
    purge: ({ payload: { limit = purged, ...which } }) =>
      Effect.map(
        Effect.catch(
          Stream.runFold(
            operator.purge({ ...which, limit }),
            () => ({ runs: 0, rows: 0, letters: 0 }),
            (all, { letters, rows }) => ({
              runs: all.runs + 1,
              rows: all.rows + rows,
              letters: all.letters + letters
            })
          ),
          unavailable
        ),
        (all) => ({ ...all, hasMore: all.runs === limit })
      )
  })
}

const orderOf = (given: Ordered): Order => {
  switch (given._tag) {
    case "Cancel":
      return orders.cancel(given)
    case "Pause":
      return orders.pause(given.note)
    case "Retry":
      return orders.retry(given)
    case "Signal":
      return orders.signal(given.name, given.value, given)
    default:
      return given
  }
}

/** Of any api that has the group: its endpoints may have middleware and a prefix, of which handlers know nothing. */
export const layer = (api: typeof own) =>
  HttpApiBuilder.group(api, "runs", (handlers) => Effect.map(Operator, (operator) => handlersOf(operator, handlers)))
