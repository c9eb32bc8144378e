import { Context, Effect, type Layer, type Redacted } from "effect"
import type { Journal } from "effect-cano/journal"
import * as Payload from "effect-cano/payload"
import { KeyValueStore } from "effect/persistence"
import type { Equals } from "./exactly.ts"
import { proves } from "./exactly.ts"

class Vault extends Context.Service<Vault, {
  readonly key: (id: string) => Effect.Effect<Redacted.Redacted | undefined, "no network">
  readonly current: Effect.Effect<string, "no network">
}>()("Vault") {}
declare const one: Redacted.Redacted

// the current key is one of those that are given
const encrypted = Payload.encrypt({ keys: { old: one, new: one }, current: "new" })
proves<[Equals<typeof encrypted, Effect.Effect<Payload.Codec, Payload.PayloadError>>]>()
export const wrong = [
  // @ts-expect-error Type '"newer"' is not assignable
  Payload.encrypt({ keys: { old: one, new: one }, current: "newer" }),
  // @ts-expect-error a key is not shown
  Payload.encrypt({ keys: { old: "c2VjcmV0" }, current: "old" })
]

// who has the keys may be a service
const vaulted = Payload.encrypt({
  keys: (id) => Effect.flatMap(Vault, (vault) => vault.key(id)),
  current: Effect.flatMap(Vault, (vault) => vault.current)
})
proves<[Equals<typeof vaulted, Effect.Effect<Payload.Codec, Payload.PayloadError, Vault>>]>()

// a store of Effect is one of blobs, by its tag or as a value
const offloaded = Payload.offload({ store: KeyValueStore.KeyValueStore, above: 1000 })
proves<[Equals<typeof offloaded, Effect.Effect<Payload.Codec, never, KeyValueStore.KeyValueStore>>]>()
declare const store: KeyValueStore.KeyValueStore
const kept = Payload.offload({ store, above: 1000 })
proves<[Equals<typeof kept, Effect.Effect<Payload.Codec>>]>()

// the layer needs what its codecs need, and a journal
const plain = Payload.layer([Payload.compress()])
proves<[Equals<typeof plain, Layer.Layer<Journal, never, Journal>>]>()
const all = Payload.layer([Payload.compress(), vaulted, offloaded], { reads: [encrypted] })
proves<
  [
    Equals<
      typeof all,
      Layer.Layer<Journal, Payload.PayloadError, Journal | Vault | KeyValueStore.KeyValueStore>
    >
  ]
>()
