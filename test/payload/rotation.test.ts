/**
 * Runs whose payloads are compressed, encrypted and offloaded, in real time: a process that crashes, and one with another key
 * that goes on.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Logger, Schema } from "effect"
import { JoinStrategy } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Journal from "effect-cano/journal"
import * as Payload from "effect-cano/payload"
import { KeyValueStore } from "effect/persistence"
import { durableMachine, durably, inLife, type Life, World } from "../durable/kit.ts"
import { make as makeSql } from "../journal/sqlite.ts"
import { behind, key, texts } from "./kit.ts"

const schema = { success: Schema.String, error: Schema.Never }
const settings = { lease: 2000, poll: 10, patience: 2000, stopWithin: 0, pause: 10 } as const

const long = "a long story, ".repeat(300)
const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(3000))).toString("base64")

const machine = (life: Life, ran: Array<string>) =>
  durably(
    durableMachine("w", "A", "B", "Done").registerSplit("A", {
      ada: life.act(() => {
        ran.push("ada")
        return long
      }),
      bob: life.act(() => {
        ran.push("bob")
        return noise
      }),
      cyd: life.number === 0 ? Effect.never : life.act(() => {
        ran.push("cyd")
        return "c"
      })
    }, {
      strategy: JoinStrategy.all,
      schema,
      next: ({ values }: any) => values.ada === long && values.bob === noise ? "B" : "A"
    })
      .register("B", { run: Effect.void, next: "Done" })
      .addExitStates("Done")
  )

/** Waits until something holds. */
const until = (holds: Effect.Effect<boolean, unknown>): Effect.Effect<void> =>
  Effect.flatMap(Effect.orDie(holds), (yes) => yes ? Effect.void : Effect.andThen(Effect.sleep(5), until(holds)))

const rowsAre = (store: Journal.Service, many: number) =>
  until(Effect.map(store.rows("r", 0, 99), ({ length }) => length >= many))

describe("a durable run that is compressed, encrypted and offloaded", () => {
  const blobs = Effect.provide(KeyValueStore.KeyValueStore, KeyValueStore.layerMemory)
  const codecs = (store: KeyValueStore.KeyValueStore, keys: Readonly<Record<string, Payload.Key>>, current: string) => [
    Payload.compress(),
    Payload.encrypt({ keys, current, isRequired: true }),
    Payload.offload({ store, above: 2000 })
  ]

  it.live("goes on in another process under another key, with what it has done, of which the journal shows nothing", () =>
    Effect.gen(function*() {
      const [store, kept] = [yield* makeSql, yield* blobs]
      const ran: Array<string> = []
      let made: any
      const before = new World(yield* behind(store, codecs(kept, { old: key(1) }, "old")))
      const first = yield* before.life((life) => [made = machine(life, ran)], { settings })
      yield* inLife(first, made.start("r", "A"))
      yield* rowsAre(store, 4)
      yield* before.bury(first)
      // its key is lost: the run waits for it, and nothing is made up
      let isThere = false
      const keys = (id: string) =>
        Effect.sync(() => id === "new" ? key(2) : isThere && id === "old" ? key(1) : undefined)
      const after = new World(
        yield* behind(store, [
          Payload.compress(),
          Payload.encrypt({ keys, current: "new", isRequired: true }),
          Payload.offload({ store: kept, above: 2000 })
        ])
      )
      after.lives.push(first)
      const second = yield* after.life((life) => [made = machine(life, ran)], {
        settings: { ...settings, patience: 200 }
      })
      const error: any = yield* inLife(second, Effect.flip(made.await("r")) as Effect.Effect<unknown>)
      assert(error instanceof Durable.RestoreError)
      assert.strictEqual(error.rule, "payload")
      assert.match(error.message, /codec "aes256gcm": key "old" is not known here; of row \d .* of run "r"$/)
      assert.deepStrictEqual(ran, ["ada", "bob"])
      isThere = true
      yield* until(Effect.map(store.show("r"), (head) => head?.status === "ended"))
      assert.deepStrictEqual(yield* inLife(second, Effect.exit(made.await("r"))), Exit.succeed("Done"))
      assert.deepStrictEqual(ran, ["ada", "bob", "cyd"])
      const all = yield* texts(store, "r")
      assert.isTrue(all.some((text) => text.startsWith("~gzip~aes256gcm:old~")))
      assert.isTrue(
        all.some((text) => text.startsWith("~aes256gcm:old~blob:") || text.startsWith("~gzip~aes256gcm:old~blob:"))
      )
      assert.isTrue(all.at(-1)!.startsWith("~aes256gcm:new~"))
      assert.isTrue(all.every((text) => text.length < 1000))
      yield* after.bury(second)
    }).pipe(Effect.provide(Logger.layer([]))))

  it.live("does not take a row that somebody has changed, or put in the place of another one", () =>
    Effect.gen(function*() {
      const [store, kept] = [yield* Journal.makeMemory, yield* blobs]
      let made: any
      const world = new World(yield* behind(store, codecs(kept, { a: key(1) }, "a")))
      const first = yield* world.life((life) => [made = machine(life, [])], { settings })
      yield* inLife(first, made.start("r", "A"))
      yield* rowsAre(store, 4)
      yield* world.bury(first)
      const forged: ReadonlyArray<(rows: ReadonlyArray<Journal.Row>) => ReadonlyArray<Journal.Row>> = [
        (rows) => rows.map((row) => row.kind === "enter" ? { ...row, data: row.data.replace(/.(.)$/, "A$1") } : row),
        (rows) => {
          const [a, b] = rows.filter(({ kind }) => kind === "settle")
          return rows.map((row) => row === a ? { ...row, data: b!.data } : row === b ? { ...row, data: a!.data } : row)
        },
        (rows) => rows.map((row) => row.kind === "enter" ? { ...row, data: `"Done"` } : row)
      ]
      for (const forge of forged) {
        const claimed: Journal.Service = {
          ...store,
          claim: (runIds, runner) =>
            Effect.map(
              store.claim(runIds, runner),
              (claims) =>
                claims.map((claim) => claim._tag === "Claimed" ? { ...claim, rows: forge(claim.rows) } : claim)
            )
        }
        const world = new World(yield* behind(claimed, codecs(kept, { a: key(1) }, "a")))
        world.lives.push(first)
        const life = yield* world.life((life) => [made = machine(life, [])], { settings })
        const error: any = yield* inLife(life, Effect.flip(made.await("r")) as Effect.Effect<unknown>)
        assert.deepInclude(error, { _tag: "RestoreError", rule: "payload" })
        assert.match(error.message, /it was changed, moved from its place|it was not written by this codec/)
        yield* world.bury(life)
      }
    }).pipe(Effect.provide(Logger.layer([]))))
})
