/**
 * A run as a trace over OTLP: the workflow is traced by one Layer, Effect exports the spans, and a receiver on this computer
 * prints them as it was sent them. In an app the receiver is Jaeger, Tempo or any other collector.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Console, Context, Effect, Layer, Ref, Schema } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import * as RunSpans from "effect-cano/RunSpans"
import { FetchHttpClient, HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { Otlp } from "effect/observability"

// the workflow: nothing in it knows of spans, but for one of its own in a branch

const quote = (price: number) =>
  Effect.as(Effect.sleep(price), price).pipe(Effect.withSpan("supplier.call", { attributes: { price } }))

const workflow = Workflow.make<"Ask" | "Buy" | "Bought">("purchase")
  .registerSplit("Ask", { ada: Effect.never, bob: quote(10), cyd: quote(20) }, {
    strategy: JoinStrategy.quorum(2),
    next: "Buy"
  })
  .register("Buy", { run: Effect.sleep(5), next: "Bought" })
  .addExitStates("Bought")

// the receiver: the part of OTLP that it prints

const Attribute = Schema.Struct({ key: Schema.String, value: Schema.Unknown })
const Span = Schema.Struct({
  name: Schema.String,
  spanId: Schema.String,
  parentSpanId: Schema.optional(Schema.String),
  attributes: Schema.Array(Attribute)
})
const Traces = Schema.Struct({
  resourceSpans: Schema.Array(Schema.Struct({
    scopeSpans: Schema.Array(Schema.Struct({ spans: Schema.Array(Span) }))
  }))
})

class Received extends Context.Service<Received, Ref.Ref<ReadonlyArray<typeof Span.Type>>>()("example/Received") {
  static readonly layer = Layer.effect(Received, Ref.make<ReadonlyArray<typeof Span.Type>>([]))
}

const Receiver = HttpRouter.serve(
  HttpRouter.add(
    "POST",
    "/v1/traces",
    Effect.gen(function*() {
      const { resourceSpans } = yield* HttpServerRequest.schemaBodyJson(Traces)
      const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
      yield* Ref.update(yield* Received, (before) => [...before, ...spans])
      return HttpServerResponse.empty()
    })
  ),
  { disableListenLog: true, disableLogger: true }
)

/** The spans below their parents, with what they say of a run. */
const print = (spans: ReadonlyArray<typeof Span.Type>, parent?: string, depth = 0): Effect.Effect<void> =>
  Effect.forEach(spans.filter((span) => span.parentSpanId === parent), ({ attributes, name, spanId }) => {
    const told = ["cano.state", "cano.branch", "cano.verdict", "cano.outcome"].flatMap((key) => {
      const found = attributes.find((attribute) => attribute.key === key)
      return found === undefined ? [] : [Object.values(found.value as object).join()]
    })
    return Effect.andThen(
      Console.log(`${"  ".repeat(depth)}${[name, ...told].join(" ")}`),
      print(spans, spanId, depth + 1)
    )
  }, { discard: true })

const program = Effect.gen(function*() {
  const { address } = yield* HttpServer.HttpServer
  const port = address._tag === "UnixPathAddress" ? 0 : address.port
  const Export = Otlp.layerJson({ baseUrl: `http://127.0.0.1:${port}`, resource: { serviceName: "shop" } })
  // the exporter sends what it has when it is released
  yield* workflow.orchestrate("Ask", { runId: "order-7" }).pipe(
    Effect.provide([RunSpans.layer(), Layer.provide(Export, FetchHttpClient.layer)])
  )
  const spans = yield* Ref.get(yield* Received)
  yield* print([...spans].sort((a, b) => order(a) - order(b)))
})

/** Branches in branch order, whenever they ended. */
const order = ({ attributes }: typeof Span.Type): number => {
  const index = attributes.find(({ key }) => key === "cano.index" || key === "cano.visit")
  return index === undefined ? 0 : Number(Object.values(index.value as object)[0])
}

const Live = Receiver.pipe(Layer.provideMerge(NodeHttpServer.layerTest), Layer.provideMerge(Received.layer))

await Effect.runPromise(Effect.provide(program, Live))
