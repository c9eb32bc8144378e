/**
 * The server of the shop: each request is a run of the workflow. A request that is aborted interrupts its run, and the
 * suppliers that were being asked with it.
 */
import { Effect, Layer } from "effect"
import { CanoError, JoinStrategy, Workflow } from "effect-cano"
import { HttpRouter } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Api, NoSupplier, Quote, UnknownProduct } from "./api.ts"

type State =
  | { readonly _tag: "Find"; readonly product: string }
  | { readonly _tag: "Ask"; readonly product: string; readonly base: number }
  | { readonly _tag: "Answered"; readonly quote: Quote }
  | { readonly _tag: "Degraded"; readonly quote: Quote }

const catalogue: Record<string, number> = { tea: 4, coffee: 7, saffron: 90 }

/** Suppliers answer after 10, 20 and 30 ms; nobody is quick with saffron. */
const ask = (product: string, base: number, supplier: number) =>
  Effect.as(Effect.sleep(product === "saffron" && supplier > 1 ? "10 seconds" : supplier * 10), base + supplier)

export const quote = Workflow.make<State>("quote")
  .register("Find", function*({ product }) {
    const base = catalogue[product]
    if (base === undefined) return yield* new UnknownProduct({ product })
    return { _tag: "Ask", product, base }
  }, { to: ["Ask"] })
  .registerSplit("Ask", ({ base, product }) => [1, 2, 3].map((supplier) => ask(product, base, supplier)), {
    strategy: JoinStrategy.quorum(2),
    timeout: "100 millis",
    next: ({ values }, { product }) => ({ _tag: "Answered", quote: toQuote(product, values, false) }),
    // one answer is better than none
    otherwise: ({ result }, { product }) => {
      const prices = result.settled.flatMap((one) =>
        one._tag === "Succeeded" && typeof one.value === "number" ? [one.value] : []
      )
      return prices.length === 0
        ? Effect.fail(new NoSupplier({ reason: "no supplier answered in time" }))
        : Effect.succeed({ _tag: "Degraded" as const, quote: toQuote(product, prices, true) })
    },
    to: { next: ["Answered"], otherwise: ["Degraded"] }
  })
  .addExitStates("Answered", "Degraded")

const toQuote = (product: string, prices: ReadonlyArray<number>, degraded: boolean) =>
  new Quote({ product, price: Math.min(...prices), suppliers: prices.length, degraded })

const Handlers = HttpApiBuilder.group(
  Api,
  "quotes",
  Effect.fn(function*(handlers) {
    return handlers.handleAll({
      quote: ({ params }) =>
        quote.orchestrate({ _tag: "Find", product: params.product }).pipe(
          Effect.map((exit) => exit.quote),
          // the engine's own failures are bugs of this server: a 500
          CanoError.orDie
        )
    })
  })
)

/** To be served by any HTTP server. */
export const Server = HttpRouter.serve(Layer.provide(HttpApiBuilder.layer(Api), Handlers), {
  disableListenLog: true,
  disableLogger: true
})
