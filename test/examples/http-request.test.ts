import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpClient } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { Api } from "../../examples/http-request/api.ts"
import { Server } from "../../examples/http-request/server.ts"

const Live = Layer.provideMerge(Server, NodeHttpServer.layerTest)

it.live("answers each request with a run of the workflow, over HTTP", () =>
  Effect.gen(function*() {
    const client = yield* HttpApiClient.make(Api)
    const [tea, coffee] = yield* Effect.all([
      client.quotes.quote({ params: { product: "tea" } }),
      client.quotes.quote({ params: { product: "coffee" } })
    ], { concurrency: "unbounded" })
    assert.deepInclude(tea, { price: 5, suppliers: 2, degraded: false })
    assert.deepInclude(coffee, { price: 8, suppliers: 2, degraded: false })
    const saffron = yield* client.quotes.quote({ params: { product: "saffron" } })
    assert.deepInclude(saffron, { price: 91, suppliers: 1, degraded: true })
    const error = yield* Effect.flip(client.quotes.quote({ params: { product: "unobtainium" } }))
    assert.deepInclude(error, { _tag: "UnknownProduct", product: "unobtainium" })
    const raw = yield* HttpClient.get("/quotes/unobtainium")
    assert.strictEqual(raw.status, 404)
  }).pipe(Effect.provide(Live)))
