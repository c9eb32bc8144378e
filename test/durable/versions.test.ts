/**
 * Runs that one release of a definition has begun, and another one goes on with: what each change of the definition does to
 * what is recorded, and what is written of it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Schema } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import { failed, primeClock, type Untyped } from "../kit/index.ts"
import { brief, durably, inLife, inLifeForked, type Life, makeWorld, pass, texts, type World } from "./kit.ts"

const machine = (state: unknown, name = "w"): Untyped => Workflow.make(name, state as never) as unknown as Untyped

/** What a run has done, in the order in which it did. */
interface Trail {
  readonly told: Array<string>
  readonly tell: (what: string) => Effect.Effect<void>
}

const trailOf = (life: Life, told: Array<string>): Trail => ({
  told,
  tell: (what) => life.act(() => void told.push(`${life.number} ${what}`))
})

type Define = (trail: Trail) => any

/** A run that one release has begun, which has been driven for a while and crashed. */
const begun = (before: Define, { initial = "Ask", ms = 20, runId = "r", world: given }: {
  readonly initial?: unknown
  readonly ms?: number
  readonly runId?: string
  readonly world?: World
} = {}) =>
  Effect.gen(function*() {
    yield* primeClock
    const world = given ?? (yield* makeWorld)
    const told: Array<string> = []
    let definition: any
    const life = yield* world.life((life) => [definition = before(trailOf(life, told))])
    yield* inLife(life, definition.start(runId, initial))
    yield* pass(ms)
    yield* world.bury(life)
    return { world, told }
  })

/** Another release goes on with it, for a while. */
const taken = ({ told, world }: { readonly world: World; readonly told: Array<string> }, after: Define, {
  ms = 20,
  runId = "r"
}: { readonly ms?: number; readonly runId?: string } = {}) =>
  Effect.gen(function*() {
    let definition: any
    const before = yield* world.rows(runId)
    const life = yield* world.life((life) => [definition = after(trailOf(life, told))])
    const run = yield* inLifeForked(life, Effect.exit(definition.await(runId)))
    yield* pass(ms)
    const head = (yield* world.store.show(runId))!
    return {
      world,
      told,
      life,
      definition,
      before,
      rows: yield* world.rows(runId),
      head,
      get exit() {
        return (run.pollUnsafe() as any)?.value as Exit.Exit<unknown, any> | undefined
      }
    }
  })

type Taken = Effect.Success<ReturnType<typeof taken>>

/** It is as it was, but for who has looked at it; nobody has it, and the release that wrote it goes on. */
const stays = ({ before, head, rows }: Taken) => {
  assert.notStrictEqual(head.status, "ended")
  assert.isUndefined(head.owner)
  assert.strictEqual(head.version, 1)
  assert.deepStrictEqual(rows.slice(0, before.length), before)
  assert.deepStrictEqual([...new Set(rows.slice(before.length).map(({ kind }) => kind))], ["owner"])
}

const refused = (seen: Taken, rule: string, ...said: ReadonlyArray<string>) => {
  assert.isDefined(seen.exit)
  const error = failed(seen.exit!)
  assert.deepInclude(error, { _tag: "RestoreError", rule, runId: "r" })
  for (const one of said) assert.include(error.message, one)
  stays(seen)
}

const withSplit = (
  branches: Readonly<Record<string, [ms: number, value?: unknown]>>,
  { name = "Ask", options = {}, settings = {}, state = Schema.Literals([name, "Done", "Late"]) as unknown }: {
    readonly name?: string
    readonly options?: object
    readonly settings?: object
    readonly state?: unknown
  } = {}
): Define =>
({ tell }) =>
  durably(
    machine(state).registerSplit(
      name,
      Object.fromEntries(
        Object.entries(branches).map(([branch, [ms, value = branch]]) => [
          branch,
          Effect.andThen(tell(branch), Effect.as(Effect.sleep(ms), value))
        ])
      ),
      {
        strategy: JoinStrategy.all,
        schema: texts,
        next: ({ values }: any) => Effect.as(tell(JSON.stringify(values)), "Done"),
        otherwise: "Late",
        ...options
      }
    ).addExitStates("Done", "Late"),
    settings
  )

const v2 = (migration: unknown) => ({ version: 2, migrate: { 1: migration } })

describe("a run of an earlier version that is taken", () => {
  it.effect("is written as one of today before anything runs, once, and keeps what has settled", () =>
    Effect.gen(function*() {
      const branches = { ada: [0], bob: [300] } as any
      const seen = yield* taken(yield* begun(withSplit(branches)), withSplit(branches, { settings: v2({}) }))
      assert.deepInclude(seen.head, { version: 2, state: "Ask", visit: 1, entered: 0 })
      assert.deepStrictEqual(brief(seen.rows).slice(seen.before.length), [
        "owner",
        "migrate /1/Ask {\"from\":1,\"to\":2,\"rows\":{}}"
      ])
      yield* seen.world.bury(seen.life)
      // the function is not needed any more
      const third = yield* taken(seen, withSplit(branches, { settings: { version: 2 } }), { ms: 400 })
      assert.deepStrictEqual(third.exit, Exit.succeed("Done"))
      assert.strictEqual(third.rows.filter(({ kind }) => kind === "migrate").length, 1)
      assert.deepStrictEqual(seen.told, ["0 ada", "0 bob", "1 bob", "2 bob", "2 {\"ada\":\"ada\",\"bob\":\"bob\"}"])
      yield* third.world.bury(third.life)
    }))

  it.effect("is of today after a crash at any point, and nothing is done for it before", () =>
    Effect.gen(function*() {
      const branches = { ada: [0], bob: [300] } as any
      for (const how of ["before", "after", "refuse", "lose"] as const) {
        const first = yield* begun(withSplit(branches))
        const { told, world } = first
        const life = yield* world.life((life) => [withSplit(branches, { settings: v2({}) })(trailOf(life, told))], {
          faults: [{ at: 1, how, times: 1 }]
        })
        yield* pass(20)
        // bob is not run again before it is written
        const isDead = how === "before" || how === "after"
        assert.deepStrictEqual(told, ["0 ada", "0 bob", ...(isDead ? [] : ["1 bob"])], how)
        assert.strictEqual((yield* world.store.show("r"))!.version, how === "before" ? 1 : 2, how)
        yield* world.bury(life)
        const last = yield* taken(first, withSplit(branches, { settings: v2({}) }), { ms: 400 })
        assert.deepStrictEqual(last.exit, Exit.succeed("Done"), how)
        assert.strictEqual(last.rows.filter(({ kind }) => kind === "migrate").length, 1, how)
        yield* world.bury(last.life)
      }
    }))

  it.effect("has the deadlines that it had", () =>
    Effect.gen(function*() {
      const branches = { ada: [0], bob: [9000] } as any
      const timeout = { options: { timeout: "100 millis" } }
      const first = yield* begun(withSplit(branches, timeout), { ms: 60 })
      const seen = yield* taken(first, withSplit(branches, { ...timeout, settings: v2({}) }), { ms: 30 })
      assert.deepInclude(seen.head, { version: 2, status: "running", enteredAt: seen.before[0]!.at })
      yield* pass(15)
      assert.deepStrictEqual(seen.exit, Exit.succeed("Late"))
      yield* seen.world.bury(seen.life)
    }))

  it.effect("is left alone by the release that began it, which may wait for it", () =>
    Effect.gen(function*() {
      const branches = { ada: [0], bob: [300] } as any
      const seen = yield* taken(yield* begun(withSplit(branches)), withSplit(branches, { settings: v2({}) }))
      yield* seen.world.bury(seen.life)
      const old = yield* taken(seen, withSplit(branches))
      assert.deepInclude(failed(old.exit!), { _tag: "VersionMismatchError", run: 2, definition: 1 })
      assert.deepStrictEqual(old.rows, old.before)
      const third = yield* taken(seen, withSplit(branches, { settings: { version: 2 } }), { ms: 400 })
      assert.deepStrictEqual(third.exit, Exit.succeed("Done"))
      assert.deepStrictEqual(yield* Effect.exit(inLife(old.life, old.definition.await("r"))), Exit.succeed("Done"))
      yield* third.world.bury(old.life)
      yield* third.world.bury(third.life)
    }))

  it.effect("goes through several versions, one after the other, and what each has changed stays changed", () =>
    Effect.gen(function*() {
      const of = (name: string, settings: object) => withSplit({ ada: [0], bob: [300] } as any, { name, settings })
      const first = yield* begun(of("Ask", {}))
      const second = yield* taken(first, of("Quote", v2({ states: { Ask: "Quote" } })))
      yield* second.world.bury(second.life)
      const renamed = {
        version: 3,
        migrate: { 2: { states: { Quote: "Offer" }, branches: { Quote: { bob: "rob" } } } }
      }
      const third = yield* taken(
        first,
        withSplit({ ada: [0], rob: [300] } as any, { name: "Offer", settings: renamed }),
        { ms: 400 }
      )
      assert.deepStrictEqual(third.exit, Exit.succeed("Done"))
      assert.deepStrictEqual(first.told, ["0 ada", "0 bob", "1 bob", "2 rob", "2 {\"ada\":\"ada\",\"rob\":\"rob\"}"])
      yield* third.world.bury(third.life)
    }))

  it.effect("stays where what the version says throws, answers later, or does not fit", () =>
    Effect.gen(function*() {
      const branches = { ada: [0], bob: [300] } as any
      const boom = () => {
        throw new RangeError("no such thing")
      }
      const cases: ReadonlyArray<readonly [migration: unknown, rule: string, said: string]> = [
        [boom, "state", "its state \"Ask\" was not migrated from version 1: it throws RangeError: no such thing"],
        [{ state: boom }, "state", "it throws RangeError: no such thing"],
        [() => Promise.resolve("Ask"), "state", "has answered a Promise, and must answer at once"],
        [() => Effect.succeed("Ask"), "state", "has answered an Effect, and must answer at once"],
        [() => 7, "state", "it would be in the number 7, which workflow \"w\" does not have"],
        [() => "Nowhere", "state", "it would be in state \"Nowhere\", which workflow \"w\" does not have"],
        [() => ({ _tag: "Ask" }), "state", "was not migrated from version 1: Expected \"Ask\""],
        [{ value: boom }, "encoding", "how branch /1/Ask/ada has ended was not migrated from version 1: it throws"],
        [{ value: () => 7 }, "encoding", "how branch /1/Ask/ada has ended was not migrated from version 1: Expected"],
        [{ value: async () => "a" }, "encoding", "has answered a Promise"],
        [{ branches: { Ask: { ada: "eve" } } }, "branch", "branch /1/Ask/eve has ended, and there is no such branch"]
      ]
      for (const [migration, rule, said] of cases) {
        const seen = yield* taken(yield* begun(withSplit(branches)), withSplit(branches, { settings: v2(migration) }))
        refused(seen, rule, said)
        yield* seen.world.bury(seen.life)
      }
    }))
})
