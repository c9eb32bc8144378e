// node --conditions=effect-cano-source bench/payloads.ts: what codecs cost a journal. An append of one row, and a claim that
// reads a hundred of them, over SQLite in memory, so that no disk hides it: as it is, and behind codecs. Rounds of all variants
// in turn, of which the first quartiles are given; the journal as it is stands there twice, and is its own control.
import * as Journal from "effect-cano/journal"
import * as Payload from "effect-cano/payload"
import * as Sqlite from "effect-cano/sqlite"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { elapsed, instant, quartiles, table } from "./harness.ts"

const key = Redacted.make(Buffer.alloc(32, 7).toString("base64"))
const encrypt = Payload.encrypt({ keys: { k: key }, current: "k" })

const variants: { readonly [name: string]: ReadonlyArray<Payload.Given> | undefined } = {
  "as it is": undefined,
  "as it is, again": undefined,
  "behind no codec": [],
  compress: [Payload.compress({ above: 0 })],
  encrypt: [encrypt],
  "compress, encrypt": [Payload.compress({ above: 0 }), encrypt]
}

/** JSON as it may be in a state: records that look alike, with numbers and names that differ. */
const payloadOf = (bytes: number): string => {
  const items: Array<object> = []
  while (JSON.stringify(items).length < bytes) {
    const i = items.length
    items.push({
      id: `order-${(i * 7919) % 10_007}`,
      price: ((i * 104_729) % 9973) / 100,
      host: `shop-${i % 17}.example`
    })
  }
  return JSON.stringify(items).slice(0, bytes)
}

/** A journal, and the store that is behind its codecs. */
const open = Effect.fnUntraced(function*(codecs: ReadonlyArray<Payload.Given> | undefined) {
  const of = (layer: Layer.Layer<Journal.Journal, unknown>) =>
    Effect.map(Layer.build(layer), (context) => Context.get(context, Journal.Journal))
  const store = yield* of(Layer.provide(Journal.layerSql, Sqlite.layer({ filename: ":memory:" })))
  if (codecs === undefined) return { store, journal: store }
  const layer = Payload.layer(codecs) as Layer.Layer<Journal.Journal, unknown, Journal.Journal>
  return { store, journal: yield* of(Layer.provide(layer, Layer.succeed(Journal.Journal)(store))) }
})

let runs = 0
const row = (data: string): Journal.NewRow => ({ kind: "settle", key: "/1/Ask/ada", data, kept: false })

/** Microseconds of an append of one row, and of a claim of a run that has a hundred. */
const sample = Effect.fnUntraced(function*(journal: Journal.Service, data: string, times: number) {
  const runId = `run-${runs++}`
  yield* journal.create([
    { runId, workflow: "w", version: 1, state: "Ask", key: "/1/Ask", data, parent: undefined }
  ])
  const before = instant()
  for (let n = 1; n <= times; n++) {
    yield* journal.append([{ runId, n, rows: [row(data)], head: undefined, takes: [] }])
  }
  const append = elapsed(before) / times * 1000
  const between = instant()
  yield* journal.claim([runId], "ada")
  return { append, claim: elapsed(between) * 1000 }
})

const measure = Effect.fnUntraced(function*(bytes: number, rounds: number) {
  const data = payloadOf(bytes)
  const names = Object.keys(variants)
  const found = new Map<string, { readonly append: Array<number>; readonly claim: Array<number> }>(
    names.map((name) => [name, { append: [], claim: [] }])
  )
  const journals = new Map<string, Effect.Success<ReturnType<typeof open>>>()
  for (const name of names) journals.set(name, yield* open(variants[name]))
  for (let round = -3; round < rounds; round++) {
    for (const name of names.toSorted(() => Math.random() - 0.5)) {
      const { append, claim } = yield* sample(journals.get(name)!.journal, data, 100)
      if (round < 0) continue
      found.get(name)!.append.push(append)
      found.get(name)!.claim.push(claim)
    }
  }
  const kept = new Map<string, number>()
  for (const [name, { journal, store }] of journals) {
    yield* sample(journal, data, 1)
    const [first] = yield* store.rows(`run-${runs - 1}`, 1, 1)
    kept.set(name, first!.data.length)
  }
  return names.map((name) => {
    const { append, claim } = found.get(name)!
    const [each] = quartiles(append)
    return [
      name,
      `${kept.get(name)}`,
      each.toFixed(0),
      Math.round(1e6 / each).toLocaleString("en"),
      (quartiles(claim)[0] / 1000).toFixed(2)
    ]
  })
})

const head = ["", "bytes kept", "append, µs", "appends/s", "claim of 100 rows, ms"]
for (const [bytes, rounds] of [[1000, 40], [100_000, 15]] as const) {
  const rows = await Effect.runPromise(Effect.scoped(measure(bytes, rounds)))
  console.log(`\n${bytes.toLocaleString("en")} bytes\n\n${table(head, rows)}`)
}
