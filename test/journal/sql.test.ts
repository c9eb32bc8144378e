import { Context, Effect, Layer } from "effect"
import * as Journal from "effect-cano/journal"
import * as Sqlite from "effect-cano/sqlite"
import { contract } from "./contract.ts"

const layer = (config: Sqlite.Config) => Journal.layerSql.pipe(Layer.provideMerge(Sqlite.layer(config)))

contract(
  "in SQLite",
  Effect.map(Layer.build(layer({ filename: ":memory:" })), (context) => Context.get(context, Journal.Journal))
)
