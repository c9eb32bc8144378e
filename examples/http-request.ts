/**
 * A workflow per HTTP request: an `HttpApi` server on Node, called over real HTTP by the client that its definition
 * gives. A task's own error becomes a status, a late join a degraded answer. From cano: `workflow_on_request`.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Console, Effect, Layer } from "effect"
import { HttpApiClient } from "effect/http-api"
import { Api } from "./http-request/api.ts"
import { Server } from "./http-request/server.ts"

const program = Effect.gen(function*() {
  const client = yield* HttpApiClient.make(Api)
  const show = (product: string) =>
    client.quotes.quote({ params: { product } }).pipe(
      Effect.flatMap((quote) =>
        Console.log(
          `${quote.product}: ${quote.price}, asked ${quote.suppliers} suppliers${quote.degraded ? " (degraded)" : ""}`
        )
      ),
      Effect.catchTag("UnknownProduct", (error) => Console.log(`404: there is no ${error.product}`)),
      Effect.catchTag("NoSupplier", (error) => Console.log(`503: ${error.reason}`))
    )
  yield* show("tea")
  yield* show("unobtainium")
  yield* show("saffron")
})

// a free port, and a client that knows it
const Live = Layer.provideMerge(Server, NodeHttpServer.layerTest)

await Effect.runPromise(Effect.provide(program, Live))
