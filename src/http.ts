/**
 * The operator of durable runs over HTTP, as a group of endpoints to add to an `HttpApi` of one's own. Nothing is listened to
 * here, and nobody is let in or kept out: the server is yours, and so is the middleware that knows who may do what. Whoever may
 * call these endpoints may read all that runs have written, cancel them and purge them.
 *
 * It is an entry of its own, `effect-cano/http`, which the index does not load. It stands on `effect/http-api`, which is not
 * stable.
 *
 * @since 0.1.0
 */
import type * as HttpApi from "effect/http-api/HttpApi"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import type * as Layer from "effect/Layer"
import * as groups from "./internal/http/group.ts"
import * as handlers from "./internal/http/handlers.ts"
import type { Operator } from "./operator.ts"

export {
  /**
   * The journal can't be read or written just now: status 503. What has happened is in the log of the server.
   *
   * @category errors
   * @since 0.1.0
   */
  JournalUnavailableError,
  /**
   * There is no run of this id: status 404.
   *
   * @category errors
   * @since 0.1.0
   */
  NoSuchRunError,
  /**
   * An order that whoever drives the run does not follow, and why: status 409.
   *
   * @category errors
   * @since 0.1.0
   */
  OrderRefusedError,
  /**
   * An order that comes too late: status 409.
   *
   * @category errors
   * @since 0.1.0
   */
  RunEndedError
} from "./internal/http/errors.ts"

/**
 * The endpoints, by the name `runs`.
 *
 * **Details**
 *
 * | endpoint                                                             | answers                                         |
 * | -------------------------------------------------------------------- | ----------------------------------------------- |
 * | `GET /runs`                                                          | a page of runs, by query, and where to go on    |
 * | `GET /counts`                                                        | how many there are, by workflow and status      |
 * | `GET /runs/:runId`, `/why`, `/history`                               | one run, why it waits, its rows                 |
 * | `POST /runs/:runId/cancel`, `/pause`, `/resume`, `/retry`, `/rerun`, | 200 when it was done, 202 while it is kept and  |
 * | `/skip`, `/end`, `/signal`                                           | nobody has answered                             |
 * | `POST /orders/preview`, `POST /orders`                               | one order to many runs: how many, and each      |
 * | `POST /runs/purge`                                                   | what was forgotten                              |
 *
 * Instants are milliseconds since 1970, spans milliseconds. A slash in an id is `%2F` in a path.
 *
 * @category api
 * @since 0.1.0
 */
export const RunsGroup: typeof groups.RunsGroup = groups.RunsGroup

/**
 * The handlers of the group, for an api that has it.
 *
 * **Example** (Endpoints of an operator, for who has the token)
 *
 * ```ts
 * import { Effect, Layer, Redacted, Schema } from "effect"
 * import * as Http from "effect-cano/http"
 * import * as Journal from "effect-cano/journal"
 * import * as Operator from "effect-cano/operator"
 * import { HttpRouter, HttpServer } from "effect/http"
 * import { HttpApi, HttpApiBuilder, HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
 *
 * class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {}, { httpApiStatus: 401 }) {}
 * class Operators extends HttpApiMiddleware.Service<Operators>()("app/Operators", {
 *   security: { bearer: HttpApiSecurity.bearer },
 *   error: Unauthorized
 * }) {}
 * const onlyOperators = Layer.succeed(Operators)({
 *   bearer: (handled, { credential }) =>
 *     Redacted.value(credential) === "secret" ? handled : Effect.fail(new Unauthorized())
 * })
 *
 * const Api = HttpApi.make("app").add(Http.RunsGroup.middleware(Operators).prefix("/operate"))
 * const Routes = HttpApiBuilder.layer(Api).pipe(
 *   Layer.provide(Http.layer(Api)),
 *   Layer.provide([onlyOperators, Operator.layer]),
 *   Layer.provide(Journal.layerMemory), // layerSql of your database
 *   Layer.provide(HttpServer.layerServices)
 * )
 *
 * const { dispose, handler } = HttpRouter.toWebHandler(Routes, { disableLogger: true })
 * const ask = (headers: Record<string, string>) => handler(new Request("http://localhost/operate/counts", { headers }))
 * console.log((await ask({})).status, await (await ask({ authorization: "Bearer secret" })).json())
 * await dispose()
 * // => 401 []
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: <ApiId extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<ApiId, Groups> & WithRuns<Groups>
) => Layer.Layer<HttpApiGroup.Service<ApiId, "runs">, never, Operator> = handlers.layer as any

/**
 * An api that has the group.
 *
 * @category utility types
 * @since 0.1.0
 */
export type WithRuns<Groups> = "runs" extends HttpApiGroup.Identifier<Groups> ? unknown : "add RunsGroup to the api"
