/**
 * The API of the shop: one endpoint, its answer and its errors. Server and client share it.
 */
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"

export class UnknownProduct extends Schema.TaggedError<UnknownProduct>()("UnknownProduct", {
  product: Schema.String
}, { httpApiStatus: 404 }) {}

export class NoSupplier extends Schema.TaggedError<NoSupplier>()("NoSupplier", {
  reason: Schema.String
}, { httpApiStatus: 503 }) {}

export class Quote extends Schema.Class<Quote>("Quote")({
  product: Schema.String,
  price: Schema.Number,
  suppliers: Schema.Int,
  degraded: Schema.Boolean
}) {}

export class Api extends HttpApi.make("shop").add(
  HttpApiGroup.make("quotes").add(
    HttpApiEndpoint.get("quote", "/quotes/:product", {
      params: { product: Schema.String },
      success: Quote,
      error: [UnknownProduct, NoSupplier]
    })
  )
) {}
