/**
 * Runs that one release of a definition has begun, and another one goes on with: what each change of the definition does to
 * what is recorded, and what is written of it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Option, Schema } from "effect"
import { JoinStrategy, TaskResult, Workflow } from "effect-cano"
import type { Row } from "effect-cano/journal"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import * as Task from "effect-cano/Task"
import { failed, messages, primeClock, type Untyped } from "../kit/index.ts"
import {
  brief,
  durably,
  inLife,
  inLifeForked,
  letter,
  type Life,
  makeWorld,
  pass,
  passUntil,
  texts,
  type World
} from "./kit.ts"

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

describe("a state that is renamed", () => {
  it.effect("keeps what has settled of its split, whether its new name is said or follows from its state", () =>
    Effect.gen(function*() {
      const Quote = Schema.Union([
        Schema.TaggedStruct("Quote", { of: Schema.String }),
        Schema.Literals(["Done", "Late"])
      ])
      const before = withSplit({ ada: [0], bob: [300] } as any)
      const cases: ReadonlyArray<Define> = [
        withSplit({ ada: [0], bob: [300] } as any, { name: "Quote", settings: v2({ states: { Ask: "Quote" } }) }),
        withSplit({ ada: [0], bob: [300] } as any, {
          name: "Quote",
          state: Quote,
          settings: v2((state: unknown) => ({ _tag: "Quote", of: String(state) }))
        })
      ]
      for (const after of cases) {
        const first = yield* begun(before)
        const seen = yield* taken(first, after, { ms: 400 })
        assert.deepStrictEqual(seen.exit, Exit.succeed("Done"))
        assert.deepStrictEqual(first.told, ["0 ada", "0 bob", "1 bob", "1 {\"ada\":\"ada\",\"bob\":\"bob\"}"])
        assert.deepInclude(seen.rows.map(({ key }) => key), "/1/Quote/bob")
        yield* seen.world.bury(seen.life)
      }
    }))

  it.effect("has another key, by which what is run again is told from the first time", () =>
    Effect.gen(function*() {
      const keyed = (name: string, settings: object): Define => ({ tell }) =>
        durably(
          machine(Schema.Literals([name, "Done"])).register(name, {
            run: Effect.flatMap(Workflow.CurrentRun as any, ({ key }: any) =>
              Effect.andThen(tell(key), Effect.sleep(50))),
            next: "Done"
          }).addExitStates("Done"),
          settings
        )
      const first = yield* begun(keyed("Pay", {}), { initial: "Pay" })
      const seen = yield* taken(first, keyed("Charge", v2({ states: { Pay: "Charge" } })), { ms: 100 })
      assert.deepStrictEqual(seen.told, ["0 r/1/Pay", "1 r/1/Charge"])
      yield* seen.world.bury(seen.life)
    }))

  it.effect("is that of a step, which is undone by its new name in the visit that it had", () =>
    Effect.gen(function*() {
      const saga = (pay: string, settings: object, schema = texts): Define => ({ tell }) =>
        durably(
          machine(Schema.Union([
            Schema.TaggedStruct(pay, { cents: Schema.Finite }),
            Schema.Literals(["Ship", "Done"])
          ])).register(pay, {
            run: ({ cents }: any) => Effect.as(tell(`paid ${cents}`), "receipt"),
            schema,
            compensate: (done: any, { key, state }: any) => tell(`undo ${key} ${done.value} ${state.cents}`),
            next: "Ship"
          }).register("Ship", () => Effect.andThen(Effect.sleep(50), Effect.fail("lost"))).addExitStates("Done"),
          settings
        )
      const first = yield* begun(saga("Pay", {}), { initial: { _tag: "Pay", cents: 5 } })
      const seen = yield* taken(
        first,
        saga("Charge", v2({ states: { Pay: "Charge" }, value: (value: string) => `old ${value}` })),
        { ms: 100 }
      )
      assert.strictEqual(failed(seen.exit!), "lost")
      assert.deepStrictEqual(seen.told, ["0 paid 5", "1 undo r/1/Charge old receipt 5"])
      yield* seen.world.bury(seen.life)
      // by a function, which is asked for each state that may be needed
      const again = yield* begun(saga("Pay", {}), { initial: { _tag: "Pay", cents: 5 } })
      const other = yield* taken(
        again,
        saga("Charge", v2((state: any) => state === "Ship" ? state : { _tag: "Charge", cents: state.cents * 2 })),
        { ms: 100 }
      )
      assert.deepStrictEqual(other.told, ["0 paid 5", "1 undo r/1/Charge receipt 10"])
      yield* other.world.bury(other.life)
    }))

  it.effect("is that of a follow-on branch, which goes on where it was, also in a split of its own", () =>
    Effect.gen(function*() {
      const fanned =
        ({ pack = "Pack", sort = "Sort", fan = "Fan" }: any, settings: object = {}): Define => ({ tell }) =>
          durably(
            machine(Schema.Union([
              Schema.TaggedStruct(pack, { n: Schema.Int }),
              Schema.Literals([fan, sort, "Packed", "Done"])
            ]))
              .registerSplit(fan, () => TaskResult.split([{ _tag: pack, n: 1 }, sort]), {
                strategy: JoinStrategy.all,
                next: "Done"
              })
              .register(pack, ({ n }: any) => {
                const next = n === 1 ? { _tag: pack, n: 2 } : "Packed"
                return Effect.andThen(tell(`${pack} ${n}`), Effect.as(Effect.sleep(n === 1 ? 0 : 100), next))
              })
              .registerSplit(sort, {
                a: Effect.as(tell("a"), "a"),
                b: Effect.andThen(tell("b"), Effect.as(Effect.sleep(100), "b"))
              }, {
                strategy: JoinStrategy.all,
                schema: texts,
                next: ({ values }: any) => Effect.as(tell(JSON.stringify(values)), "Packed")
              })
              .addExitStates("Packed", "Done"),
            settings
          )
      const first = yield* begun(fanned({}), { initial: "Fan" })
      const states = { Pack: "Wrap", Sort: "Order", Fan: "Spread" }
      const seen = yield* taken(first, fanned({ pack: "Wrap", sort: "Order", fan: "Spread" }, v2({ states })), {
        ms: 300
      })
      assert.deepStrictEqual(seen.exit, Exit.succeed("Done"))
      assert.deepStrictEqual(seen.told.slice(-3), ["1 Wrap 2", "1 b", "1 {\"a\":\"a\",\"b\":\"b\"}"])
      assert.deepInclude(seen.rows.map(({ key }) => key), "/1/Spread/1/1/Order/b")
      yield* seen.world.bury(seen.life)
      // what nobody has said a name of
      const wrong = yield* taken(
        yield* begun(fanned({}), { initial: "Fan" }),
        fanned({ pack: "Wrap" }, v2({ states: { Packed: "Done" } }))
      )
      refused(wrong, "state", "the state of branch /1/Fan/0 was not migrated from version 1")
      yield* wrong.world.bury(wrong.life)
    }))

  it.effect("is that of an exit in which a run has ended before, where it is told of", () =>
    Effect.gen(function*() {
      const once = (exit: string, settings: object): Define => () =>
        durably(
          machine(Schema.Literals(["A", exit])).register("A", Effect.succeed(exit)).addExitStates(exit),
          settings
        )
      const first = yield* begun(once("Done", {}), { initial: "A" })
      assert.strictEqual((yield* first.world.store.show("r"))!.status, "ended")
      const none = yield* taken(first, once("Over", { version: 2 }))
      assert.deepInclude(failed(none.exit!), { _tag: "RestoreError", rule: "encoding" })
      const seen = yield* taken(first, once("Over", v2({ states: { Done: "Over" } })))
      assert.deepStrictEqual(seen.exit, Exit.succeed("Over"))
      const wrong = yield* taken(first, once("Over", v2({ state: () => "Nowhere" })))
      assert.include(failed(wrong.exit!).message, "its end was not migrated from version 1")
      assert.deepStrictEqual(seen.rows, seen.before)
      for (const { life, world } of [none, seen, wrong]) yield* world.bury(life)
    }))
})

describe("a state that is no more", () => {
  it.effect("is refused, unless the run is put into another one, where nothing of it counts that is left out", () =>
    Effect.gen(function*() {
      const before = withSplit({ ada: [0], bob: [300] } as any)
      const after = (settings: object): Define => ({ tell }) =>
        durably(
          machine(Schema.Literals(["Buy", "Done"])).register("Buy", Effect.as(tell("buy"), "Done")).addExitStates(
            "Done"
          ),
          settings
        )
      const gone = yield* taken(yield* begun(before), after(v2({})))
      refused(gone, "state", "its state \"Ask\" was not migrated from version 1")
      const moved = yield* taken(yield* begun(before), after(v2(() => "Buy")))
      refused(moved, "branch", "branch /1/Buy/ada has ended, and state \"Buy\" is no split any more")
      const put = yield* taken(yield* begun(before), after(v2({ state: () => "Buy", states: { Ask: null } })))
      assert.deepStrictEqual(put.exit, Exit.succeed("Done"))
      assert.deepStrictEqual(put.told, ["0 ada", "0 bob", "1 buy"])
      for (const { life, world } of [gone, moved, put]) yield* world.bury(life)
    }))

  it.effect("may stay, and begin anew with nothing that is recorded of it", () =>
    Effect.gen(function*() {
      const branches = { ada: [0], bob: [50] } as any
      const first = yield* begun(withSplit(branches))
      const seen = yield* taken(first, withSplit(branches, { settings: v2({ states: { Ask: null } }) }), { ms: 100 })
      assert.deepStrictEqual(seen.exit, Exit.succeed("Done"))
      assert.deepStrictEqual(seen.told.slice(2), ["1 ada", "1 bob", "1 {\"ada\":\"ada\",\"bob\":\"bob\"}"])
      yield* seen.world.bury(seen.life)
    }))

  it.effect("has done what nothing undoes any more, which is refused, unless it is left out", () =>
    Effect.gen(function*() {
      const saga = (isGone: boolean, settings: object, isSaga = true): Define => ({ tell }) => {
        const workflow = machine(Schema.Literals(["Pay", "Ship", "Done"])).register("Pay", {
          run: Effect.succeed("receipt"),
          schema: texts,
          ...(isGone ? {} : { compensate: () => tell("undo") }),
          next: "Ship"
        }).register("Ship", () => Effect.andThen(Effect.sleep(50), Effect.fail("lost"))).addExitStates("Done")
        return durably(isSaga ? workflow.withCompensation({}) : workflow, settings)
      }
      for (const isSaga of [true, false]) {
        for (const settings of [{}, v2({})]) {
          const gone = yield* taken(
            yield* begun(saga(false, {}), { initial: "Pay" }),
            saga(true, settings, isSaga),
            { ms: 100 }
          )
          refused(gone, "compensation", "step /1/Pay was done, and the definition has nothing that undoes it")
          yield* gone.world.bury(gone.life)
        }
        const left = yield* taken(
          yield* begun(saga(false, {}), { initial: "Pay" }),
          saga(true, v2({ states: { Pay: null } }), isSaga),
          { ms: 100 }
        )
        assert.strictEqual(failed(left.exit!), "lost")
        yield* left.world.bury(left.life)
      }
    }))
})

describe("a branch of a split in which a run stands", () => {
  const of = (migration: unknown) => ({ settings: v2(migration) })

  it.effect("that is new is started, one that is gone and has not ended is not", () =>
    Effect.gen(function*() {
      const first = yield* begun(withSplit({ ada: [0], bob: [300] } as any))
      const seen = yield* taken(first, withSplit({ ada: [0], cyd: [50] } as any, of({})), { ms: 100 })
      assert.deepStrictEqual(seen.exit, Exit.succeed("Done"))
      assert.deepStrictEqual(seen.told.slice(2), ["1 cyd", "1 {\"ada\":\"ada\",\"cyd\":\"cyd\"}"])
      yield* seen.world.bury(seen.life)
    }))

  it.effect("that is gone and has ended is refused, unless it is left out", () =>
    Effect.gen(function*() {
      const before = withSplit({ ada: [0], bob: [300] } as any)
      const gone = yield* taken(yield* begun(before), withSplit({ bob: [50] } as any, of({})))
      refused(gone, "branch", "branch /1/Ask/ada has ended, and there is no such branch any more")
      const left = yield* taken(
        yield* begun(before),
        withSplit({ bob: [50] } as any, of({ branches: { Ask: { ada: null } } })),
        { ms: 100 }
      )
      assert.deepStrictEqual(left.exit, Exit.succeed("Done"))
      assert.deepStrictEqual(left.told.slice(2), ["1 bob", "1 {\"bob\":\"bob\"}"])
      for (const { life, world } of [gone, left]) yield* world.bury(life)
    }))

  it.effect("that is renamed counts by its new name", () =>
    Effect.gen(function*() {
      const seen = yield* taken(
        yield* begun(withSplit({ "a/da": [0], bob: [300] } as any)),
        withSplit({ bob: [50], eve: [0] } as any, of({ branches: { Ask: { "a/da": "eve" } } })),
        { ms: 100 }
      )
      assert.deepStrictEqual(seen.exit, Exit.succeed("Done"))
      assert.deepStrictEqual(seen.told.slice(2), ["1 bob", "1 {\"bob\":\"bob\",\"eve\":\"a/da\"}"])
      yield* seen.world.bury(seen.life)
    }))

  it.effect("of a list is renamed by its place", () =>
    Effect.gen(function*() {
      const list = (waits: ReadonlyArray<readonly [string, number]>, settings: object): Define => ({ tell }) =>
        durably(
          machine(Schema.Literals(["Ask", "Done"])).registerSplit(
            "Ask",
            () => waits.map(([name, ms]) => Effect.andThen(tell(name), Effect.as(Effect.sleep(ms), name))),
            {
              strategy: JoinStrategy.all,
              schema: texts,
              next: ({ values }: any) => Effect.as(tell(values.join()), "Done")
            }
          ).addExitStates("Done"),
          settings
        )
      const first = yield* begun(list([["a", 0], ["b", 300], ["c", 0]], {}))
      const branches = { Ask: { 0: null, 1: "0", 2: "1" } }
      const seen = yield* taken(first, list([["b", 50], ["c", 0]], v2({ branches })), { ms: 100 })
      assert.deepStrictEqual(seen.exit, Exit.succeed("Done"))
      assert.deepStrictEqual(seen.told.slice(3), ["1 b", "1 b,c"])
      const shorter = yield* taken(
        yield* begun(list([["a", 0], ["b", 300], ["c", 0]], {})),
        list([["a", 50], ["b", 0]], v2({}))
      )
      refused(shorter, "branch", "branch /1/Ask/2 has ended, and there is no such branch any more")
      for (const { life, world } of [seen, shorter]) yield* world.bury(life)
    }))

  it.effect("is not asked for where the join is decided: that stays as it is, without those that are left out", () =>
    Effect.gen(function*() {
      const decided = (branches: any, settings: object, ms = 0): Define =>
        withSplit(branches, {
          settings,
          options: {
            strategy: JoinStrategy.quorum(2),
            // so that the decision is written first
            next: ({ settled }: any) => Effect.as(Effect.sleep(ms), settled.length === 2 ? "Done" : "Late")
          }
        })
      const first = () => begun(decided({ ada: [0], bob: [5], cyd: [900] }, {}, 9000), { ms: 20 })
      for (const branches of [{ bob: [0], dan: [0] }, { dan: [0], bob: [0], eve: [0], fay: [0] }]) {
        const gone = yield* taken(yield* first(), decided(branches, v2({})))
        assert.deepStrictEqual(gone.exit, Exit.succeed("Done"))
        assert.deepStrictEqual(gone.told, ["0 ada", "0 bob", "0 cyd"])
        yield* gone.world.bury(gone.life)
      }
      const left = yield* taken(
        yield* first(),
        withSplit({ cyd: [0], bob: [0] } as any, {
          settings: v2({ branches: { Ask: { ada: null } } }),
          options: { strategy: JoinStrategy.quorum(2) }
        })
      )
      assert.deepStrictEqual(left.exit, Exit.succeed("Done"))
      assert.deepStrictEqual(left.told.slice(3), ["1 {\"bob\":\"bob\"}"])
      yield* left.world.bury(left.life)
    }))
})

describe("a Schema that has changed", () => {
  it.effect("is that of what a branch gives: a function is given what was written, and of which branch", () =>
    Effect.gen(function*() {
      const counted = (schema: unknown, bob: unknown, settings: object, ms = 300): Define => ({ tell }) =>
        durably(
          machine(Schema.Literals(["Ask", "Done", "Late"])).registerSplit("Ask", {
            ada: Effect.succeed(typeof bob === "string" ? "7" : 7),
            bob: Effect.as(Effect.sleep(ms), bob),
            cyd: Effect.fail(typeof bob === "string" ? "no" : { why: "no" })
          }, {
            strategy: JoinStrategy.partialResults(3),
            schema,
            next: ({ failures: [first], values }: any) =>
              Effect.as(tell(JSON.stringify([values, Cause.squash(first.cause)])), "Done"),
            otherwise: "Late"
          }).addExitStates("Done", "Late"),
          settings
        )
      const before = counted(texts, "8", {})
      const now = { success: Schema.Finite, error: Schema.Struct({ why: Schema.String }) }
      const without = yield* taken(yield* begun(before), counted(now, 8, v2({})))
      refused(without, "encoding", "how branch \"ada\" of /1/Ask has ended does not fit its Schema")
      const asked: Array<unknown> = []
      const migration = {
        value: (value: string, of: unknown) => {
          asked.push([value, of])
          return Number(value)
        },
        error: (why: string, of: unknown) => {
          asked.push([why, of])
          return { why }
        }
      }
      const seen = yield* taken(yield* begun(before), counted(now, 8, v2(migration), 0))
      assert.deepStrictEqual(seen.exit, Exit.succeed("Done"))
      assert.deepStrictEqual(seen.told, ["1 [{\"ada\":7,\"bob\":8},{\"why\":\"no\"}]"])
      assert.deepStrictEqual(asked, [
        ["7", { state: "Ask", branch: "ada" }],
        ["no", { state: "Ask", branch: "cyd" }]
      ])
      const unfit = yield* taken(yield* begun(before), counted(now, 8, v2({ ...migration, error: () => "no" })))
      refused(
        unfit,
        "encoding",
        "how branch /1/Ask/cyd has ended was not migrated",
        "does not fit the Schema of errors"
      )
      for (const { life, world } of [without, seen, unfit]) yield* world.bury(life)
    }))

  it.effect("is that of what the tasks fail with: why a run goes back, and how one has ended, are read by a function", () =>
    Effect.gen(function*() {
      const Failed = Schema.Struct({ why: Schema.String })
      const saga = (isNew: boolean, settings: object, ms: number): Define => ({ tell }) =>
        durably(
          machine(Schema.Literals(["Pay", "Ship", "Done"])).register("Pay", {
            run: Effect.succeed("receipt"),
            schema: texts,
            compensate: () => Effect.andThen(tell("undo"), Effect.sleep(ms)),
            next: "Ship"
          }).register("Ship", () => Effect.fail(isNew ? { why: "lost" } : "lost")).addExitStates("Done"),
          { operator: "never", ...(isNew ? { error: Failed } : {}), ...settings }
        )
      const first = yield* begun(saga(false, {}, 9000), { initial: "Pay" })
      assert.strictEqual((yield* first.world.store.show("r"))!.status, "compensating")
      const without = yield* taken(first, saga(true, v2({}), 0))
      refused(without, "encoding", "why the run goes back does not fit the Schema of errors")
      yield* without.world.bury(without.life)
      const asked: Array<unknown> = []
      const error = (why: string, of: unknown) => {
        asked.push(of)
        return { why }
      }
      const seen = yield* taken(first, saga(true, v2({ error }), 0))
      assert.deepStrictEqual(failed(seen.exit!), { why: "lost" })
      assert.deepStrictEqual(asked, [{ state: undefined, branch: undefined }])
      yield* seen.world.bury(seen.life)
      // one that has ended with the version before
      const ended = yield* begun(saga(false, {}, 0), { initial: "Pay" })
      const told = yield* taken(ended, saga(true, v2({ error }), 0))
      assert.deepStrictEqual(failed(told.exit!), { why: "lost" })
      const unread = yield* taken(ended, saga(true, v2({}), 0))
      assert.deepInclude(failed(unread.exit!), { _tag: "RestoreError", rule: "encoding" })
      for (const { life, world } of [told, unread]) yield* world.bury(life)
    }))

  it.effect("is that of what is in an error of the engine, by names and functions", () =>
    Effect.gen(function*() {
      const split = (isNew: boolean, settings: object): Define => () =>
        durably(
          machine(Schema.Literals([isNew ? "Quote" : "Ask", "Done"])).registerSplit(isNew ? "Quote" : "Ask", {
            ada: Effect.succeed(isNew ? 7 : "7"),
            [isNew ? "rob" : "bob"]: Effect.fail(isNew ? 1 : "1")
          }, {
            strategy: JoinStrategy.all,
            schema: isNew ? { success: Schema.Finite, error: Schema.Finite } : texts,
            next: "Done"
          }).addExitStates("Done"),
          settings
        )
      const first = yield* begun(split(false, {}))
      const unread = yield* taken(first, split(true, { version: 2 }))
      assert.strictEqual(failed(unread.exit!)._tag, "RestoreError")
      const migration = {
        states: { Ask: "Quote" },
        branches: { Ask: { bob: "rob" } },
        value: Number,
        error: Number
      }
      const seen = yield* taken(first, split(true, v2(migration)))
      const error = failed(seen.exit!)
      assert.deepInclude(error, { _tag: "JoinUnsatisfiedError", state: "Quote" })
      assert.deepStrictEqual(error.result.values, { ada: 7 })
      assert.deepStrictEqual(Cause.squash(error.result.outcomes.rob.cause), 1)
      for (const { life, world } of [unread, seen]) yield* world.bury(life)
    }))

  it.effect("is that of what a poll has failed with last, where nobody has answered it", () =>
    Effect.gen(function*() {
      const polling = (isNew: boolean, settings: object): Define => () =>
        durably(
          machine(Schema.Literals(["Ask", "Done"])).register("Ask", {
            run: Task.poll({
              poll: Effect.fail(isNew ? 1 : "1") as Effect.Effect<any, unknown>,
              every: "1 milli",
              within: "5 millis",
              failures: Infinity
            }),
            next: "Done"
          } as any).addExitStates("Done"),
          { ...(isNew ? { error: Schema.Finite } : {}), ...settings }
        )
      const first = yield* begun(polling(false, {}))
      const seen = yield* taken(first, polling(true, v2({ error: Number })))
      const error = failed(seen.exit!)
      assert.deepInclude(error, { _tag: "PollTimeoutError", state: "Ask" })
      assert.deepStrictEqual(error.error, Option.some(1))
      yield* seen.world.bury(seen.life)
    }))

  it.effect("is that of a signal: a letter that does not fit it reaches nobody, so it must read what both releases send", () =>
    Effect.gen(function*() {
      const waiting = (signal: any, settings: object): Define => () =>
        durably(
          machine(Schema.Literals(["Wait", "Go", "Done"])).register("Wait", {
            run: Effect.sleep(100),
            next: "Go"
          }).registerSignal("Go", signal, { next: "Done" }).addExitStates("Done"),
          settings
        )
      const go = Signal.make("go", Schema.String)
      for (
        const [schema, reads] of [
          [Schema.Finite, false],
          [Schema.Union([Schema.Finite, Schema.String]), true]
        ] as const
      ) {
        const first = yield* begun(waiting(go, {}), { initial: "Wait" })
        yield* first.world.store.send("r", letter("go", "now"))
        const seen = yield* taken(first, waiting(Signal.make("go", schema as any), v2({})), { ms: 300 })
        if (reads) assert.deepStrictEqual(seen.exit, Exit.succeed("Done"))
        else {
          assert.isUndefined(seen.exit)
          const sent = yield* seen.world.store.letter("r", 1)
          assert.isTrue(sent?.isTaken)
          assert.match(sent!.answer!, /^\{"refused":"signal \\"go\\" has a value that does not fit its Schema: /)
        }
        yield* seen.world.bury(seen.life)
      }
    }))
})

describe("two releases at once", () => {
  const branches = { ada: [0], bob: [300] } as any
  const first = withSplit(branches)
  const second = withSplit(branches, { settings: v2({}) })

  it.effect("a run that is migrated is left alone by the one before, who waits for it there has its end", () =>
    Effect.gen(function*() {
      const before = yield* begun(first)
      const seen = yield* taken(before, second)
      const old = yield* taken(before, first)
      yield* pass(500)
      for (const one of [seen, old]) assert.deepStrictEqual(one.exit, Exit.succeed("Done"))
      const owners = (yield* seen.world.rows("r")).filter(({ kind }) => kind === "owner")
      assert.strictEqual(owners.length, 2)
      for (const { life } of [seen, old]) yield* seen.world.bury(life)
    }))

  it.effect("who waits for a run of the other one is told when nobody has taken it for a while, and not before", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      yield* Effect.gen(function*() {
        const before = yield* begun(first)
        const seen = yield* taken(before, second)
        yield* seen.world.bury(seen.life)
        const old = yield* taken(before, first, { ms: 300 })
        assert.isUndefined(old.exit)
        const third = yield* taken(before, second)
        yield* pass(600)
        for (const one of [old, third]) assert.deepStrictEqual(one.exit, Exit.succeed("Done"))
        yield* seen.world.bury(third.life)
        // nobody is left
        const alone = yield* taken(yield* begun(withSplit(branches, { settings: { version: 2 } })), first, { ms: 300 })
        assert.isUndefined(alone.exit)
        yield* pass(200)
        assert.deepInclude(failed(alone.exit!), { _tag: "VersionMismatchError", run: 2, definition: 1 })
        assert.deepStrictEqual(alone.rows, alone.before)
        const again = yield* Effect.exit(inLife(alone.life, alone.definition.await("r")))
        assert.strictEqual(failed(again)._tag, "VersionMismatchError")
        for (const { life, world } of [old, alone]) yield* world.bury(life)
      }).pipe(Effect.provide(messages(lines)))
      assert.strictEqual(lines.filter((line) => line.includes("was recorded by version 2")).length, 2)
    }))

  it.effect("a run that is refused is told of once, however often it is woken or found", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      yield* Effect.gen(function*() {
        const of = (ada: string, settings: object = {}) => withSplit({ [ada]: [0], bob: [300] } as any, { settings })
        const before = yield* begun(of("ada"))
        const seen = yield* taken(before, of("eve", v2({})))
        refused(seen, "branch")
        for (let i = 0; i < 3; i++) {
          yield* inLife(seen.life, Runs.signal("r", Signal.make("go", Schema.Finite), i))
          yield* pass(50)
        }
        assert.strictEqual((yield* seen.world.store.show("r"))!.owner, undefined)
        yield* seen.world.bury(seen.life)
      }).pipe(Effect.provide(messages(lines)))
      assert.deepStrictEqual(lines.map((line) => line.slice(0, 45)), [
        "run \"r\" can't be restored: branch /1/Ask/ada "
      ])
    }))

  it.effect("runs of a version are told of once, keep no other from being driven, and are forgotten when others have them", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      yield* Effect.gen(function*() {
        yield* primeClock
        const world = yield* makeWorld
        const client = yield* world.life(() => [])
        const start = (definition: any, runId: string) => inLife(client, definition.start(runId, "Ask"))
        const told: Array<string> = []
        const [one, two] = [first, second].map((define) => define({ told, tell: () => Effect.void }))
        for (let i = 0; i < 300; i++) yield* start(two, `new${i}`)
        yield* pass(1)
        yield* start(one, "old")
        const limits: Array<number> = []
        const { due } = world.store
        Object.assign(world.store, {
          due: (names: ReadonlyArray<string>, limit: number) => {
            limits.push(limit)
            return due(names, limit)
          }
        })
        const old = yield* world.life(() => [one])
        yield* pass(500)
        assert.strictEqual((yield* world.store.show("old"))!.status, "ended")
        assert.isAbove(Math.max(...limits), 500)
        const now = yield* world.life(() => [two])
        const open = world.store.list({ hasEnded: false, limit: 1 })
        assert.isTrue(yield* passUntil(Effect.map(Effect.orDie(open), (heads) => heads.length === 0), { step: 100 }))
        yield* world.bury(now)
        limits.length = 0
        yield* pass(100)
        assert.deepStrictEqual([...new Set(limits)], [256])
        yield* world.bury(old)
        yield* world.bury(client)
      }).pipe(Effect.provide(messages(lines)))
      assert.deepStrictEqual(lines, [
        "run \"new0\" of workflow \"w\" was recorded by version 2, and the definition is version 1; it is for a later release"
      ])
    }))
})

describe("a split that becomes a task", () => {
  it.effect("is refused where a branch of it has ended, also without another version", () =>
    Effect.gen(function*() {
      const task: Define = ({ tell }) =>
        durably(
          machine(Schema.Literals(["Ask", "Done"])).register("Ask", Effect.as(tell("task"), "Done")).addExitStates(
            "Done"
          )
        )
      const seen = yield* taken(yield* begun(withSplit({ ada: [0], bob: [300] } as any)), task)
      refused(seen, "branch", "branch /1/Ask/ada has ended, and state \"Ask\" is no split any more")
      yield* seen.world.bury(seen.life)
      const none = yield* taken(yield* begun(withSplit({ ada: [300], bob: [300] } as any)), task)
      assert.deepStrictEqual(none.exit, Exit.succeed("Done"))
      yield* none.world.bury(none.life)
    }))
})

describe("what needs no version", () => {
  it.effect("is another strategy, another timeout, and what a task does: those of today hold", () =>
    Effect.gen(function*() {
      const branches = { ada: [0], bob: [9000] } as any
      const first = yield* begun(withSplit(branches, { options: { timeout: "1 day" } }), { ms: 60 })
      const seen = yield* taken(first, withSplit(branches, { options: { timeout: "100 millis" } }), { ms: 30 })
      assert.isUndefined(seen.exit)
      yield* pass(15)
      assert.deepStrictEqual(seen.exit, Exit.succeed("Late"))
      yield* seen.world.bury(seen.life)
      const any = yield* taken(
        yield* begun(withSplit(branches)),
        withSplit(branches, { options: { strategy: JoinStrategy.any } })
      )
      assert.deepStrictEqual(any.exit, Exit.succeed("Done"))
      assert.deepStrictEqual(any.told, ["0 ada", "0 bob", "1 {\"ada\":\"ada\"}"])
      yield* any.world.bury(any.life)
    }))

  it.effect("is a state that is new, and data for which its Schema has a default", () =>
    Effect.gen(function*() {
      const one = (fields: any, more: ReadonlyArray<string>): Define => ({ tell }) =>
        durably(
          more.reduce(
            (workflow, name) => workflow.register(name, { run: Effect.void, next: "Done" }),
            machine(Schema.Union([Schema.TaggedStruct("A", fields), Schema.Literals([...more, "Done"])])).register(
              "A",
              (state: any) =>
                Effect.andThen(Effect.sleep(50), Effect.as(tell(JSON.stringify(state)), more[0] ?? "Done"))
            )
          ).addExitStates("Done")
        )
      const first = yield* begun(one({}, []), { initial: { _tag: "A" } })
      const n = Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(7)))
      const seen = yield* taken(first, one({ n }, ["B"]), { ms: 100 })
      assert.deepStrictEqual(seen.exit, Exit.succeed("Done"))
      assert.deepStrictEqual(seen.told, ["1 {\"_tag\":\"A\",\"n\":7}"])
      yield* seen.world.bury(seen.life)
    }))

  it.effect("is not the name of a signal, whose letters stay, nor that of the workflow, whose runs are another one's", () =>
    Effect.gen(function*() {
      const waiting = (name: string, workflow = "w"): Define => () =>
        durably(
          machine(Schema.Literals(["Go", "Done"]), workflow).registerSignal(
            "Go",
            Signal.make(name, Schema.Finite),
            { next: "Done" }
          ).addExitStates("Done")
        )
      const first = yield* begun(waiting("go"), { initial: "Go" })
      yield* first.world.store.send("r", letter("go", 1))
      const seen = yield* taken(first, waiting("start"))
      assert.isUndefined(seen.exit)
      assert.strictEqual((yield* seen.world.store.letters("r")).length, 1)
      yield* inLife(seen.life, Runs.signal("r", Signal.make("start", Schema.Finite), 1))
      yield* pass(20)
      assert.deepStrictEqual(seen.exit, Exit.succeed("Done"))
      yield* seen.world.bury(seen.life)
      const other = yield* taken(yield* begun(waiting("go"), { initial: "Go" }), waiting("go", "other"))
      assert.deepInclude(failed(other.exit!), { _tag: "RestoreError", rule: "workflow" })
      assert.deepStrictEqual(other.rows, other.before)
      yield* other.world.bury(other.life)
    }))
})

describe("what a saga has done before", () => {
  it.effect("is asked for where it may have to be undone, and nowhere else", () =>
    Effect.gen(function*() {
      const asked: Array<unknown> = []
      const value = (value: unknown, of: unknown) => {
        asked.push(of)
        return value
      }
      const saga = (settings: object): Define => () =>
        durably(
          machine(Schema.Literals(["Ask", "Pay", "Ship", "Done"])).registerSplit(
            "Ask",
            { ada: Effect.succeed("a"), bob: Effect.succeed("b") },
            {
              strategy: JoinStrategy.all,
              schema: texts,
              compensate: { bob: () => Effect.void },
              next: "Pay"
            }
          )
            .register("Pay", {
              run: Effect.succeed("p"),
              schema: texts,
              compensate: () => Effect.void,
              next: "Ship"
            })
            .register("Ship", { run: Effect.sleep(100), next: "Done" })
            .addExitStates("Done"),
          settings
        )
      const seen = yield* taken(yield* begun(saga({})), saga(v2({ value })), { ms: 200 })
      assert.deepStrictEqual(seen.exit, Exit.succeed("Done"))
      assert.deepStrictEqual(asked, [{ state: "Ask", branch: "bob" }, { state: "Pay", branch: undefined }])
      yield* seen.world.bury(seen.life)
    }))

  const Failed = Schema.Struct({ why: Schema.String })

  /** Pays in the branches of a split, packs, and fails in the end: each step of it is undone. */
  const saga = (isNew: boolean, settings: object, { names = ["ada", "bob"], ms = 50, undo = 0 }: {
    readonly names?: ReadonlyArray<string> | undefined
    readonly ms?: number
    readonly undo?: number
  } = {}): Define =>
  ({ tell }) => {
    const [pay, pack] = isNew ? ["Charge", "Wrap"] : ["Pay", "Pack"]
    const done = isNew ? { success: Schema.Finite, error: Failed } : texts
    const give = (n: string): unknown => isNew ? Number(n) : n
    const compensate = (done: any, { key }: any) =>
      Effect.andThen(
        tell(`undo ${key} ${JSON.stringify(done.value ?? done._tag)}`),
        Effect.andThen(Effect.sleep(undo), Effect.fail(isNew ? { why: "stuck" } : "stuck"))
      )
    const branches = names.map((name, i) => Effect.andThen(tell(name), Effect.succeed(give(String(i)))))
    const list: ReadonlyArray<unknown> = branches
    return durably(
      machine(Schema.Union([
        Schema.TaggedStruct(pay!, isNew ? { cents: Schema.Finite } : { euros: Schema.Finite }),
        Schema.Literals([pack!, "Ship", "Lost", "Done"])
      ])).registerSplit(
        pay!,
        names[0] === "0" ? () => list : Object.fromEntries(names.map((name, i) => [name, branches[i]])),
        { strategy: JoinStrategy.all, schema: done, compensate, next: pack! }
      )
        .register(pack!, { run: Effect.as(tell("pack"), give("9")), schema: done, compensate, next: "Ship" })
        .register("Ship", { run: Effect.sleep(ms), next: "Lost" })
        .register("Lost", () => Effect.andThen(Effect.sleep(ms), Effect.fail(isNew ? { why: "lost" } : "lost")))
        .addExitStates("Done"),
      { operator: "never", ...(isNew ? { error: Failed } : {}), ...settings }
    )
  }
  const initial = { _tag: "Pay", euros: 5 }
  const migration = {
    states: { Pay: "Charge", Pack: "Wrap" },
    branches: { Pay: { ada: "eve" } },
    state: (state: any) =>
      state.euros === undefined ? state === "Pack" ? "Wrap" : state : { _tag: "Charge", cents: state.euros },
    value: Number,
    error: (why: string) => ({ why })
  }

  it.effect("is undone by its new names, also after a crash in a later visit", () =>
    Effect.gen(function*() {
      const first = yield* begun(saga(false, {}, { ms: 9000 }), { initial })
      const settings = v2(migration)
      const after = saga(true, settings, { names: ["bob", "eve"], ms: 100 })
      const second = yield* taken(first, after, { ms: 150 })
      assert.deepInclude(second.head, { state: "Lost", version: 2 })
      yield* second.world.bury(second.life)
      const kept = (yield* second.world.rows("r")).filter(({ kept, kind }) => kept && kind === "migrate")
      assert.strictEqual(kept.length, 1)
      const third = yield* taken(first, saga(true, { version: 2 }, { names: ["bob", "eve"], ms: 20 }), { ms: 300 })
      const error = failed(third.exit!)
      assert.strictEqual(error._tag, "CompensationError")
      assert.deepStrictEqual(
        error.failures.map(({ branch, cause, key, state }: any) => [key, state, branch, Cause.squash(cause)]).sort(),
        [
          ["r/1/Charge/bob", "Charge", "bob", { why: "stuck" }],
          ["r/1/Charge/eve", "Charge", "eve", { why: "stuck" }],
          ["r/2/Wrap", "Wrap", undefined, { why: "stuck" }]
        ]
      )
      assert.deepStrictEqual(first.told.filter((line) => line.includes("undo")).sort(), [
        "2 undo r/1/Charge/bob 1",
        "2 undo r/1/Charge/eve 0",
        "2 undo r/2/Wrap 9"
      ])
      yield* third.world.bury(third.life)
    }))

  it.effect("goes on being undone, and what could not be is told by today's Schema; so it is when it has ended", () =>
    Effect.gen(function*() {
      // two are undone at once, and fail; then the run crashes
      const first = yield* begun(saga(false, {}, { ms: 0, undo: 50 }), { initial, ms: 70 })
      assert.strictEqual((yield* first.world.store.show("r"))!.status, "compensating")
      assert.isTrue(first.told.includes("0 undo r/2/Pack \"9\""))
      const after = saga(true, v2(migration), { names: ["bob", "eve"], ms: 0 })
      const seen = yield* taken(first, after, { ms: 100 })
      const whys = (exit: Exit.Exit<unknown, any>) => {
        const { failures, original } = failed(exit)
        return [Cause.squash(original), ...failures.map(({ cause }: any) => Cause.squash(cause))]
      }
      const all = [{ why: "lost" }, { why: "stuck" }, { why: "stuck" }, { why: "stuck" }]
      assert.deepStrictEqual(whys(seen.exit!), all)
      assert.strictEqual(seen.told.filter((line) => line.includes("undo r/2")).length, 1)
      yield* seen.world.bury(seen.life)
      const ended = yield* begun(saga(false, {}, { ms: 0 }), { initial, ms: 70 })
      const told = yield* taken(ended, after)
      assert.deepStrictEqual(whys(told.exit!), all)
      assert.deepStrictEqual(failed(told.exit!).failures.map(({ state }: any) => state).sort(), [
        "Charge",
        "Charge",
        "Wrap"
      ])
      yield* told.world.bury(told.life)
    }))

  it.effect("in a list is undone by its new place, and what is left out is not", () =>
    Effect.gen(function*() {
      const first = yield* begun(saga(false, {}, { names: ["0", "1"], ms: 9000 }), { initial })
      const settings = v2({ ...migration, branches: { Pay: { 0: null, 1: "0" } } })
      const seen = yield* taken(first, saga(true, settings, { names: ["0"], ms: 20 }), { ms: 300 })
      assert.deepStrictEqual(seen.told.filter((line) => line.includes("undo")), [
        "1 undo r/2/Wrap 9",
        "1 undo r/1/Charge/0 1"
      ])
      yield* seen.world.bury(seen.life)
    }))
})

describe("a follow-on branch that has ended", () => {
  it.effect("has ended in a state, which is migrated as one", () =>
    Effect.gen(function*() {
      const fanned = (packed: string, fields: any, settings: object = {}): Define => ({ tell }) =>
        durably(
          machine(Schema.Union([
            Schema.TaggedStruct(packed, fields),
            Schema.TaggedStruct("Pack", { n: Schema.Int }),
            Schema.Literals(["Fan", "Done"])
          ]))
            .registerSplit("Fan", () => TaskResult.split([0, 300].map((n) => ({ _tag: "Pack", n }))), {
              strategy: JoinStrategy.all,
              next: ({ values }: any) => Effect.as(tell(JSON.stringify(values)), "Done")
            })
            .register(
              "Pack",
              ({ n }: any) => Effect.as(Effect.sleep(n), { _tag: packed, [Object.keys(fields)[0]!]: n })
            )
            .addExitStates(packed, "Done"),
          settings
        )
      const first = yield* begun(fanned("Packed", { ms: Schema.Int }), { initial: "Fan" })
      const migration = {
        states: { Packed: "Wrapped" },
        state: (state: any) => state._tag === "Packed" ? { _tag: "Wrapped", after: state.ms } : state
      }
      const seen = yield* taken(first, fanned("Wrapped", { after: Schema.Int }, v2(migration)), { ms: 400 })
      assert.deepStrictEqual(seen.exit, Exit.succeed("Done"))
      assert.deepStrictEqual(seen.told, ["1 [{\"_tag\":\"Wrapped\",\"after\":0},{\"_tag\":\"Wrapped\",\"after\":300}]"])
      yield* seen.world.bury(seen.life)
    }))
})

describe("rows that can't be read", () => {
  it.effect("are told of by their place, and nothing is written", () =>
    Effect.gen(function*() {
      const branches = { ada: [0], bob: [300] } as any
      const migration = { states: { Ask: "Quote" }, value: String, error: String }
      const after = withSplit(branches, { name: "Quote", settings: v2(migration) })
      const cases: ReadonlyArray<readonly [change: Partial<Row>, said: string]> = [
        [{ data: "{" }, "row 2 (\"settle\") of the journal can't be read"],
        [{ data: "7" }, "row 2 (\"settle\") of the journal can't be read: it is no object"],
        [{ data: "{\"i\":0,\"x\":{\"z\":1}}" }, "it is neither a success nor a failure"],
        [{ data: "{\"i\":0,\"x\":{\"c\":1}}" }, "it is no list of reasons"],
        [{ data: "{\"i\":0,\"x\":{\"c\":[{\"f\":{\"t\":\"X\",\"state\":\"Ask\"}}]}}" }, "there is no error \"X\""],
        [{ kind: "join", key: "/1/Ask", data: "{}" }, "row 2 (\"join\") of the journal can't be read"],
        [{ kind: "start", data: "null" }, "its rows can't be migrated from version 1"],
        [{ kind: "migrate", data: "{" }, "row 2 (\"migrate\") of the journal can't be read"],
        [{ kind: "migrate", data: "{}" }, "it does not say what has become of the rows before it"],
        [{ kind: "migrate", data: "{\"rows\":{\"0\":{}}}" }, "it does not say what has become of the rows before it"],
        [{ kind: "migrate", data: "{\"rows\":{\"0\":null}}" }, "the row of its visit, number 0, is missing"],
        [
          { kind: "enter", key: "/1/Ask/ada/2/Ask", data: "\"Gone\"" },
          "the state of branch /1/Ask/ada was not migrated"
        ]
      ]
      for (const [change, said] of cases) {
        const first = yield* begun(withSplit(branches))
        const { store } = first.world
        const { claim } = store
        Object.assign(store, {
          claim: (runIds: ReadonlyArray<string>, runner: string) =>
            Effect.map(claim(runIds, runner), (all) =>
              all.map((one) =>
                one._tag === "Claimed"
                  ? { ...one, rows: one.rows.map((row) => row.n === 2 ? { ...row, ...change } : row) }
                  : one
              ))
        })
        const seen = yield* taken(first, after)
        assert.isDefined(seen.exit, said)
        assert.include(failed(seen.exit!).message, said)
        stays(seen)
        yield* seen.world.bury(seen.life)
      }
    }))
})
