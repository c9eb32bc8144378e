// Journals behind codecs, and codecs that do as a test says.
import { Context, Effect, Layer, Redacted } from "effect"
import * as Journal from "effect-cano/journal"
import * as Payload from "effect-cano/payload"

/** Keys of 32 bytes, which are told apart by their number. */
export const key = (number: number) => Redacted.make(Buffer.alloc(32, number).toString("base64"))

/** A store behind codecs, for as long as the Scope. */
export const behind = <G extends Payload.Given>(
  store: Journal.Service,
  codecs: ReadonlyArray<G>,
  options?: Payload.Options<Payload.Given>
) =>
  Effect.map(
    Layer.build(Layer.provide(Payload.layer(codecs, options), Layer.succeed(Journal.Journal)(store))),
    (context) => Context.get(context as Context.Context<Journal.Journal>, Journal.Journal)
  )

export const row = { _tag: "Row", runId: "r", n: 3, kind: "settle", key: "/1/Ask/ada" } as const satisfies Payload.Place

/**
 * A codec that answers at once: it has keys by their ids, and may be down. What it writes is the text turned round, so that
 * nobody takes it for what it was.
 */
export class Gate {
  readonly keys = new Set<string>(["k1"])
  current = "k1"
  isDown = false
  /** Payloads with this text are not written. */
  rejects: string | undefined
  /** How often it was asked. */
  asked = 0
  /** What it was asked for is said to have been in vain. */
  readonly discarded: Array<string> = []
  readonly name: string
  constructor(name = "gate") {
    this.name = name
  }

  get codec(): Payload.Codec {
    const down = new Payload.PayloadError({ reason: "Unavailable", detail: "it is down" })
    const missing = (id: string) =>
      new Payload.PayloadError({ reason: "MissingKey", detail: `there is no key "${id}"` })
    return {
      name: this.name,
      encode: (bytes) =>
        Effect.suspend(() => {
          this.asked++
          if (this.isDown) return Effect.fail(down)
          if (this.rejects !== undefined && Buffer.from(bytes).includes(this.rejects)) {
            return Effect.fail(new Payload.PayloadError({ reason: "Rejected", detail: "it is not liked" }))
          }
          return Effect.succeed({ bytes: bytes.toReversed(), info: this.current })
        }),
      decode: ({ bytes, info }) =>
        Effect.suspend(() => {
          this.asked++
          if (this.isDown) return Effect.fail(down)
          return this.keys.has(info) ? Effect.succeed(bytes.toReversed()) : Effect.fail(missing(info))
        }),
      discard: (info) => Effect.sync(() => void this.discarded.push(info))
    }
  }
}

/** The texts of the rows of a run, as its store has them. */
export const texts = (store: Journal.Service, runId: string) =>
  Effect.map(store.rows(runId, 0, 1000), (rows) => rows.map(({ data }) => data))
