/** The endpoints of an operator, through the client of their api. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Stream } from "effect"
import * as Http from "effect-cano/http"
import * as Journal from "effect-cano/journal"
import * as Operator from "effect-cano/operator"
import { HttpRouter, HttpServer } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiTest } from "effect/http-api"
import { TestClock } from "effect/testing"
import { append, create, newRun, row } from "../journal/samples.ts"
import { answer, driven, ended, inTime, parked } from "./kit.ts"

const Api = HttpApi.make("app").add(Http.RunsGroup)

const clientOf = (store: Journal.Service) =>
  Effect.provide(
    HttpApiTest.groups(Api, ["runs"]),
    Layer.mergeAll(Http.layer(Api), HttpServer.layerServices).pipe(
      Layer.provide(Operator.layer),
      Layer.provide(Layer.succeed(Journal.Journal)(store))
    )
  )

const world = Effect.gen(function*() {
  const store = yield* Journal.makeMemory
  const { runs: client } = yield* clientOf(store)
  return { store, client }
})

const down: Journal.Service = new Proxy({} as Journal.Service, {
  get: (_, operation) => () =>
    Effect.fail(
      new Journal.JournalError({
        runId: undefined,
        reason: "Unavailable",
        operation: String(operation),
        detail: "secret"
      })
    )
})

describe("endpoints of an operator", () => {
  it.effect("list runs by query, page by page, and count them", () =>
    Effect.gen(function*() {
      const { client, store } = yield* world
      for (const [i, runId] of ["a", "b/1", "c"].entries()) {
        yield* TestClock.setTime(1000 * i)
        yield* driven(store, runId, { workflow: i === 2 ? "parcel" : "order" })
      }
      yield* ended(store, "a")
      const list = (query: Parameters<typeof client.list>[0]["query"]) =>
        Effect.map(client.list({ query }), ({ next, runs }) => [runs.map(({ runId }) => runId), next])
      assert.deepStrictEqual(yield* list({}), [["a", "b/1", "c"], undefined])
      assert.deepStrictEqual(yield* list({ limit: 2 }), [["a", "b/1"], "b/1"])
      assert.deepStrictEqual(yield* list({ limit: 2, after: "b/1" }), [["c"], undefined])
      assert.deepStrictEqual(yield* list({ workflow: "parcel" }), [["c"], undefined])
      assert.deepStrictEqual(yield* list({ workflow: ["parcel", "order"], status: ["running"] }), [
        ["b/1", "c"],
        undefined
      ])
      assert.deepStrictEqual(yield* list({ status: "ended", updatedBefore: 5000 }), [["a"], undefined])
      const [head] = (yield* client.list({ query: {} })).runs
      assert.deepStrictEqual(head, yield* store.show("a"))
      assert.deepStrictEqual(
        yield* client.count({ query: { workflow: "order" } }),
        yield* store.count({ workflow: "order" })
      )
    }))

  it.effect("show a run, why it waits, and its rows, whatever is in its id", () =>
    Effect.gen(function*() {
      const { client, store } = yield* world
      const runId = "order 7/1/Ship/%é"
      yield* create(store, newRun(runId))
      const params = { runId }
      const shown = yield* client.show({ params, query: { visits: 3 } })
      assert.deepStrictEqual(shown.head, yield* store.show(runId))
      assert.deepStrictEqual(yield* client.why({ params }), shown.why)
      yield* store.append([append(runId, 1, [row("settle"), row("join")])])
      const first = yield* client.history({ params, query: { limit: 2 } })
      assert.deepStrictEqual(first.rows, yield* store.rows(runId, 0, 2))
      assert.strictEqual(first.next, 2)
      const rest = yield* client.history({ params, query: { from: 2 } })
      assert.deepStrictEqual(rest, { rows: yield* store.rows(runId, 2, 9), next: undefined })
      assert.deepStrictEqual((yield* client.history({ params, query: { from: 9 } })).rows, [])
      for (
        const missing of [
          client.show({ params: { runId: "no" }, query: {} }),
          client.why({ params: { runId: "no" } }),
          client.history({ params: { runId: "no" }, query: {} })
        ]
      ) {
        const error = yield* Effect.flip(missing as Effect.Effect<unknown, unknown>)
        assert.deepStrictEqual(error, new Http.NoSuchRunError({ runId: "no" }))
        assert.strictEqual((error as Error).message, "there is no run \"no\"")
      }
    }))

  const params = { runId: "r" }
  it.effect("send orders, each as the letter of its function", () =>
    Effect.gen(function*() {
      const { client, store } = yield* world
      yield* create(store, newRun("r"))
      const now = { within: 0, requestId: "x" }
      const orders = [
        client.cancel({ params, payload: { compensate: false, ...now } }),
        client.pause({ params, payload: { note: "eva", ...now } }),
        client.resume({ params, payload: now }),
        client.retry({ params, payload: { branches: "all", ...now } }),
        client.rerun({ params, payload: { state: { _tag: "Buy" }, ...now } }),
        client.skip({ params, payload: { branch: "bob", value: 7, ...now } }),
        client.skip({ params, payload: { state: "Done", ...now, requestId: "y" } }),
        client.skip({ params, payload: { step: "/1/Pay", ...now, requestId: "z" } }),
        client.end({ params, payload: now }),
        client.signal({ params, payload: { name: "go", value: [1], key: "k", ...now } })
      ]
      for (const order of orders) assert.strictEqual((yield* order)._tag, "Kept")
      const letters = yield* store.letters("r")
      assert.deepStrictEqual(letters.map(({ data, kind }) => `${kind} ${data}`), [
        `cancel {"compensate":false}`,
        `pause {"note":"eva"}`,
        "resume {}",
        `retry {"branches":"all"}`,
        `rerun {"state":{"_tag":"Buy"}}`,
        `skip {"branch":"bob","value":7}`,
        `skip {"state":"Done"}`,
        `skip {"step":"/1/Pay"}`,
        "end {}",
        "signal [1]"
      ])
      assert.deepInclude(letters.at(-1), { name: "go", key: "k", id: "x" })
    }))

  it.effect("answer an order with its status: done, kept, refused, too late, no such run", () =>
    Effect.gen(function*() {
      const { client, store } = yield* world
      yield* driven(store, "r")
      const statusOf = (order: Effect.Effect<readonly [unknown, { readonly status: number }], unknown>) =>
        Effect.map(order, ([, { status }]) => status)
      const signal = (requestId: string) =>
        client.signal({
          params,
          payload: { name: "go", value: 1, requestId, within: 1000 },
          responseMode: "decoded-and-response"
        })
      assert.strictEqual(yield* inTime(statusOf(signal("a")), answer(store, "r", 1, `{"value":"yes"}`)), 200)
      assert.strictEqual(yield* inTime(statusOf(signal("b"))), 202)
      const [done] = yield* signal("a")
      assert.deepStrictEqual(done, { _tag: "Done", runId: "r", requestId: "a", isRepeated: true, reply: "yes" })
      const refused = yield* Effect.flip(inTime(
        client.retry({ params, payload: { requestId: "c" } }),
        answer(store, "r", 3, `{"refused":"not now"}`)
      ))
      assert.deepStrictEqual(
        refused,
        new Http.OrderRefusedError({ runId: "r", requestId: "c", isRepeated: false, why: "not now" })
      )
      assert.strictEqual(refused.message, "not now")
      yield* ended(store, "r", "failed")
      const late = yield* Effect.flip(client.pause({ params, payload: { requestId: "d" } }))
      assert.deepStrictEqual(
        late,
        new Http.RunEndedError({ runId: "r", requestId: "d", isRepeated: false, outcome: "failed" })
      )
      assert.strictEqual(late.message, "run \"r\" has ended: failed")
      const none = yield* Effect.flip(client.end({ params: { runId: "no" }, payload: {} }))
      assert.strictEqual(none._tag, "NoSuchRunError")
    }))

  it.effect("send one order to many runs, as previewed, and tell of each as it comes", () =>
    Effect.gen(function*() {
      const { client, store } = yield* world
      for (const runId of ["a", "b"]) yield* driven(store, runId)
      yield* parked(store, "b")
      const preview = yield* client.preview({ payload: { selection: { workflow: "order" } } })
      assert.deepStrictEqual([preview.runs, preview.first.map(({ runId }) => runId)], [2, ["a", "b"]])
      const orders = [
        { _tag: "Pause", note: "eva" },
        { _tag: "Resume" },
        { _tag: "Cancel" },
        { _tag: "Retry" },
        { _tag: "Signal", name: "go", value: null },
        { _tag: "SkipTo", state: "Done" }
      ] as const
      for (const order of orders) {
        const told = yield* client.order({
          payload: { selection: { status: ["running"] }, order, requestId: "x", within: 0 }
        })
        const all = yield* Stream.runCollect(told)
        assert.deepStrictEqual(all.map(({ _tag, runId }) => `${runId} ${_tag}`), ["a Kept"])
      }
      assert.deepStrictEqual((yield* store.letters("a")).map(({ data, kind }) => `${kind} ${data}`), [
        `pause {"note":"eva"}`,
        "resume {}",
        `cancel {"compensate":true}`,
        `retry {"branches":"failed"}`,
        "signal null",
        `skip {"state":"Done"}`
      ])
    }))

  it.effect("tell of an order that could not be sent to one of many", () =>
    Effect.gen(function*() {
      const { store } = yield* world
      for (const runId of ["a", "b"]) yield* driven(store, runId)
      const { runs: client } = yield* clientOf({
        ...store,
        send: (runId, letter) => runId === "a" ? down.send(runId, letter) : store.send(runId, letter)
      })
      const told = yield* client.order({
        payload: { selection: {}, order: { _tag: "Resume" }, requestId: "x", within: 0 }
      })
      const all = yield* Stream.runCollect(told)
      assert.deepInclude(all[0], { _tag: "Failed", runId: "a", requestId: "x" })
      assert.deepInclude(all[1], { _tag: "Kept", runId: "b" })
    }))

  it.effect("purge, no more at once than is asked for", () =>
    Effect.gen(function*() {
      const { client, store } = yield* world
      for (const runId of ["a", "b", "c"]) {
        yield* driven(store, runId)
        yield* ended(store, runId)
      }
      yield* TestClock.setTime(50)
      const purge = (payload: object) => client.purge({ payload: { endedBefore: 50, ...payload } })
      const none = { runs: 0, rows: 0, letters: 0, hasMore: false }
      assert.deepStrictEqual(yield* purge({ endedBefore: 0 }), none)
      assert.deepStrictEqual(yield* purge({ isPreview: true }), { runs: 3, rows: 9, letters: 0, hasMore: false })
      assert.deepStrictEqual(yield* purge({ limit: 2 }), { runs: 2, rows: 6, letters: 0, hasMore: true })
      assert.deepStrictEqual(yield* purge({ limit: 2 }), { runs: 1, rows: 3, letters: 0, hasMore: false })
    }))

  it.effect("say that the journal can't be used, and nothing of what a database has said", () =>
    Effect.gen(function*() {
      const { runs: client } = yield* clientOf(down)
      const failing: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
        client.list({ query: {} }),
        client.count({ query: {} }),
        client.show({ params, query: {} }),
        client.history({ params, query: {} }),
        client.cancel({ params, payload: {} }),
        client.preview({ payload: { selection: {} } }),
        client.purge({ payload: { endedBefore: 1 } })
      ]
      for (const call of failing) {
        const error = yield* Effect.flip(call)
        assert.deepStrictEqual(error, new Http.JournalUnavailableError({ reason: "Unavailable" }))
        assert.strictEqual((error as Error).message, "the journal can't be used just now")
      }
      const told = yield* client.order({ payload: { selection: {}, order: { _tag: "Resume" }, requestId: "x" } })
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Stream.runCollect(told))))
    }))

  it.live("are mounted into a server, with a prefix, and refuse what is no order", () =>
    Effect.gen(function*() {
      const Mounted = HttpApi.make("other").add(Http.RunsGroup.prefix("/operate"))
      const store = yield* Journal.makeMemory
      yield* create(store, newRun("a/1"))
      const routes = HttpApiBuilder.layer(Mounted).pipe(
        Layer.provide(Http.layer(Mounted)),
        Layer.provide(Operator.layer),
        Layer.provide(Layer.succeed(Journal.Journal)(store)),
        Layer.provide(HttpServer.layerServices)
      )
      const { dispose, handler } = HttpRouter.toWebHandler(routes, { disableLogger: true })
      const ask = (path: string, body?: unknown) =>
        Effect.promise(async () => {
          const answer = await handler(
            new Request(`http://localhost/operate${path}`, {
              method: body === undefined ? "GET" : "POST",
              headers: { "content-type": "application/json" },
              ...(body === undefined ? {} : { body: JSON.stringify(body) })
            })
          )
          const text = await answer.text()
          return {
            status: answer.status,
            json: text === "" ? undefined : JSON.parse(text) as unknown
          }
        })
      const shown = yield* ask("/runs/a%2F1/why")
      assert.strictEqual(shown.status, 200)
      assert.deepInclude(shown.json as object, { runId: "a/1", letters: [] })
      const kept = yield* ask("/runs/a%2F1/signal", { name: "go", value: 1, within: 0 })
      assert.strictEqual(kept.status, 202)
      assert.strictEqual((yield* ask("/runs/no/why")).status, 404)
      assert.strictEqual((yield* ask("/runs?limit=0")).status, 400)
      assert.strictEqual((yield* ask("/runs/a%2F1/signal", { value: 1 })).status, 400)
      assert.strictEqual((yield* ask("/runs/a%2F1/signal", { name: "go", value: 1, within: 1e9 })).status, 400)
      yield* Effect.promise(dispose)
    }))
})
