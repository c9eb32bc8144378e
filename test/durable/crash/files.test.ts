/** Files that are full, damaged, of somebody else or newer: typed errors, and nothing is written to what is not ours. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Schema } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Journal from "effect-cano/journal"
import * as Sqlite from "effect-cano/sqlite"
import { SqlClient } from "effect/sql"
import { readFileSync, truncateSync, writeFileSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { file } from "../../sqlite/files.ts"

const Text = Schema.Struct({ got: Schema.String })
const State = Schema.Union([
  Schema.TaggedStruct("Ask", Text.fields),
  Schema.TaggedStruct("Keep", Text.fields),
  Schema.TaggedStruct("Done", Text.fields),
  Schema.TaggedStruct("Lost", {})
])

const large = (of: string) => of.repeat(40_000)

/** What the runs have called, beside their work. */
const machine = (calls: Array<string>) => {
  const branch = (name: string) =>
    Effect.as(Effect.andThen(Effect.sync(() => calls.push(`exec ${name}`)), Effect.sleep(20)), large(name))
  return (Workflow.make("large", State) as any)
    .registerSplit("Ask", () => [branch("a"), branch("b"), branch("c")], {
      strategy: JoinStrategy.all,
      schema: { success: Schema.String, error: Schema.Never },
      onOutcome: ({ _tag }: any) => Effect.sync(() => void calls.push(`outcome ${_tag}`)),
      compensate: () => Effect.sync(() => calls.push("undo")),
      next: ({ values }: any) => ({
        _tag: "Keep",
        got: values.map((value: string) => `${value[0]}${value.length}`).join()
      }),
      otherwise: () => Effect.as(Effect.sync(() => calls.push("otherwise")), { _tag: "Lost" })
    })
    .register("Keep", ({ got }: any) => Effect.succeed({ _tag: "Done", got }))
    .addExitStates("Done", "Lost")
}

const settings = Durable.settings({
  lease: Duration.seconds(5),
  poll: Duration.millis(20),
  patience: Duration.seconds(5),
  stopWithin: Duration.seconds(1),
  pause: Duration.millis(20)
})

describe("a full disk", () => {
  it.live("keeps a run waiting, which goes on by itself when there is place again", () =>
    Effect.gen(function*() {
      const filename = yield* file
      const calls: Array<string> = []
      let failed = 0
      const watched = (journal: Journal.Service): Journal.Service => ({
        ...journal,
        append: (appends) =>
          Effect.tapError(journal.append(appends), ({ detail, reason }) =>
            Effect.sync(() => {
              failed++
              assert.deepStrictEqual([reason, /full/.test(detail)], ["Unavailable", true], detail)
            }))
      })
      const definition = (Durable.make as any)(machine(calls), { version: 1 })
      const layer = definition.layer.pipe(
        Layer.provideMerge(Durable.layer),
        Layer.provideMerge(Layer.effect(Journal.Journal, Effect.map(Journal.Journal, watched))),
        Layer.provide(Journal.layerSql),
        Layer.provide(settings)
      )
      const said = yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const run = yield* Effect.forkChild(Effect.provide<unknown, unknown, any, any, unknown, any>(
          Effect.gen(function*() {
            // what has been made by now has place, and no more
            yield* sql`PRAGMA max_page_count = 1`
            return yield* definition.run("r", { _tag: "Ask", got: "" })
          }),
          layer
        ))
        while (failed < 2) yield* Effect.sleep(5)
        assert.isUndefined(run.pollUnsafe())
        yield* sql`PRAGMA max_page_count = 1000000`
        return yield* Fiber.join(run)
      }).pipe(Effect.provide(Sqlite.layer({ filename })))
      assert.deepStrictEqual(said, { _tag: "Done", got: "a40000,b40000,c40000" })
      assert.deepStrictEqual(calls.filter((call) => call === "undo" || call === "otherwise"), [])
      // what was recorded is told again to who goes on
      assert.deepStrictEqual([...new Set(calls.filter((call) => call.startsWith("outcome")))], ["outcome Succeeded"])
    }))
})

const durable = (filename: string): Layer.Layer<Durable.Durable, unknown> =>
  (Durable.make as any)(machine([]), { version: 1 }).layer.pipe(
    Layer.provideMerge(Durable.layerSql),
    Layer.provide(Sqlite.layer({ filename }))
  )

/** A file in which a run has ended. */
const used = Effect.gen(function*() {
  const filename = yield* file
  const definition = (Durable.make as any)(machine([]), { version: 1 })
  const run: Effect.Effect<unknown, unknown, Durable.Durable> = definition.run("r", { _tag: "Ask", got: "" })
  yield* Effect.orDie(Effect.provide(run, durable(filename)))
  return filename
})

/** Why it can't be opened; the file is as it was. */
const refusal = (filename: string): Effect.Effect<any> =>
  Effect.gen(function*() {
    const before = readFileSync(filename)
    const error = yield* Effect.orDie(Effect.flip(Effect.scoped(Layer.build(durable(filename)))))
    assert.isTrue(before.equals(readFileSync(filename)), "the file has been written to")
    return error
  })

describe("a file that can't be used", () => {
  for (const [what, size] of [["in its first page", 1000], ["behind it", 4096], ["in the middle", -1]] as const) {
    it.live(`was cut off ${what}: the Layer fails, and leaves it as it is`, () =>
      Effect.gen(function*() {
        const filename = yield* used
        truncateSync(filename, size < 0 ? Math.floor(readFileSync(filename).length / 2) : size)
        const { _tag, message } = yield* refusal(filename)
        // the client says so before there is a journal
        assert.strictEqual(_tag, "SqlError")
        assert.match(message, /malformed|not a database/)
      }))
  }

  it.live("is no database", () =>
    Effect.gen(function*() {
      const filename = yield* file
      writeFileSync(filename, "This is a diary, and no database.\n".repeat(100))
      assert.strictEqual((yield* refusal(filename))._tag, "SqlError")
    }))

  it.live("has tables of the same names of somebody else", () =>
    Effect.gen(function*() {
      const filename = yield* file
      const db = new DatabaseSync(filename)
      db.exec("PRAGMA journal_mode = WAL")
      db.exec("CREATE TABLE cano_runs (name TEXT, kilometres REAL)")
      db.close()
      const { _tag, reason } = yield* refusal(filename)
      assert.deepStrictEqual([_tag, reason], ["JournalError", "Foreign"])
    }))

  it.live("is of a later version", () =>
    Effect.gen(function*() {
      const filename = yield* used
      const db = new DatabaseSync(filename)
      db.exec("UPDATE cano_meta SET version = 1000")
      db.close()
      const { _tag, reason } = yield* refusal(filename)
      assert.deepStrictEqual([_tag, reason], ["JournalError", "Newer"])
    }))
})
