/**
 * What is said before a deploy of the runs that go on: the same that taking them would find, without taking one.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Schema, Stream } from "effect"
import { JoinStrategy, TaskResult, Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Journal from "effect-cano/journal"
import * as Signal from "effect-cano/Signal"
import { failed, primeClock, type Untyped } from "../kit/index.ts"
import { durableMachine, durably, inLife, letter, makeWorld, pass, texts, type World } from "./kit.ts"

const reportOf = (world: World, definitions: any) =>
  Effect.provideService(Durable.report(definitions), Journal.Journal, world.store)

const findingsOf = (world: World, definitions: any) =>
  Effect.map(
    Effect.provideService(Stream.runCollect(Durable.findings(definitions)), Journal.Journal, world.store),
    (all) => all.map((finding) => `${finding.run.runId} ${finding.verdict}`)
  )

/** Runs that one release has begun, each with its initial state; nobody drives them any more. */
const begun = (definition: any, runs: Record<string, unknown>, ms = 20) =>
  Effect.gen(function*() {
    yield* primeClock
    const world = yield* makeWorld
    const life = yield* world.life(() => [definition])
    for (const [runId, initial] of Object.entries(runs)) yield* inLife(life, definition.start(runId, initial))
    yield* pass(ms)
    yield* world.bury(life)
    return world
  })

const split = (branches: any, options: object = {}, settings: object = {}) =>
  durably(
    durableMachine("w", "Ask", "Done").registerSplit("Ask", branches, {
      strategy: JoinStrategy.all,
      schema: texts,
      next: "Done",
      ...options
    }).addExitStates("Done"),
    settings
  )

const slow = Effect.as(Effect.sleep(9000), "slow")

describe("a report", () => {
  it.effect("counts the runs that continue, those that migrate, and those that would be refused by state and reason", () =>
    Effect.gen(function*() {
      const machine = (...states: ReadonlyArray<string>) => {
        const all = [...states, "Quick", "Done"]
        return states.reduce(
          (workflow, state) => workflow.register(state, { run: Effect.sleep(9000), next: "Done" }),
          durableMachine("w", ...all).register("Quick", { run: Effect.void, next: "Done" }) as Untyped
        ).addExitStates("Done")
      }
      const world = yield* begun(durably(machine("A", "B", "C")), { a1: "A", a2: "A", b: "B", c: "C", ended: "Quick" })
      const rows = yield* Effect.forEach(["a1", "b"], world.rows.bind(world))
      const first = durably(machine("A", "B"))
      const report = yield* reportOf(world, first)
      const [refusal] = report.refusals
      assert.deepStrictEqual(report, {
        runs: 4,
        continues: 3,
        migrates: 0,
        refused: 1,
        refusals: [{ workflow: "w", version: 1, state: "C", rule: "encoding", count: 1, example: refusal!.example }],
        unneeded: []
      })
      assert.include(refusal!.example.message, "run \"c\" can't be restored: its state \"C\" does not fit")
      const migrate = { 1: { state: (state: any) => state === "C" ? "B" : state }, 2: {} }
      const second = durably(machine("A", "B"), { version: 3, migrate })
      assert.deepStrictEqual(yield* reportOf(world, [second]), {
        runs: 4,
        continues: 0,
        migrates: 4,
        refused: 0,
        refusals: [],
        unneeded: [{ workflow: "w", version: 2 }]
      })
      const found = yield* Effect.provideService(
        Stream.runCollect(Durable.findings(second)),
        Journal.Journal,
        world.store
      )
      assert.deepStrictEqual(
        found.map(({ run, verdict, ...rest }) => [run.runId, run.state, verdict, (rest as any).state]),
        [["a1", "A", "migrates", "A"], ["a2", "A", "migrates", "A"], ["b", "B", "migrates", "B"], [
          "c",
          "C",
          "migrates",
          "B"
        ]]
      )
      const third = yield* reportOf(world, durably(machine("A", "B", "C"), { version: 2 }))
      assert.deepStrictEqual(
        third.refusals.map(({ count, example, rule, state }) => [state, rule, count, example._tag]),
        [
          ["A", "version", 2, "VersionMismatchError"],
          ["B", "version", 1, "VersionMismatchError"],
          ["C", "version", 1, "VersionMismatchError"]
        ]
      )
      // nothing is written, and nothing taken
      assert.deepStrictEqual(yield* Effect.forEach(["a1", "b"], world.rows.bind(world)), rows)
      assert.strictEqual((yield* world.store.show("a1"))!.owner, undefined)
    }))

  it.effect("reads page by page, beside whoever drives the runs, and passes over those that end meanwhile", () =>
    Effect.gen(function*() {
      yield* primeClock
      const world = yield* makeWorld
      const definition = durably(
        durableMachine("w", "A", "Done").register("A", { run: Effect.sleep(50), next: "Done" }).addExitStates("Done")
      )
      const life = yield* world.life(() => [definition])
      for (let i = 0; i < 250; i++) yield* inLife(life, definition.start(`r${i}`, "A"))
      yield* pass(20)
      const other = split({ a: slow }, {}, { version: 9 })
      assert.strictEqual((yield* findingsOf(world, definition)).length, 250)
      const show = world.store.show
      // they end between the page and the look at them
      Object.assign(world.store, { show: (runId: string) => Effect.andThen(pass(50), show(runId)) })
      assert.strictEqual((yield* reportOf(world, other)).runs, 0)
      yield* world.bury(life)
    }))

  it.effect("finds what taking a run would find: branches, follow-on branches, steps, why it goes back", () =>
    Effect.gen(function*() {
      const refusals = (world: World, definition: any) =>
        Effect.map(
          reportOf(world, definition),
          ({ refusals }) =>
            refusals.map(({ example, rule }) => [rule, example.message.slice(example.message.indexOf(": ") + 2)])
        )
      const asked = yield* begun(split({ ada: Effect.succeed("a"), bob: slow }), { r: "Ask" })
      assert.deepStrictEqual(yield* findingsOf(asked, split({ bob: slow, ada: slow, cyd: slow })), ["r continues"])
      assert.deepStrictEqual(yield* refusals(asked, split({ bob: slow })), [[
        "branch",
        "branch /1/Ask/ada has ended, and there is no such branch any more; the branches of a state must be the same as long as a run is in it, or migrate says what has become of them"
      ]])
      assert.deepStrictEqual(
        (yield* refusals(asked, split({ ada: slow, bob: slow }, { schema: { success: Schema.Finite } })))[0]![0],
        "encoding"
      )
      const none = durably(
        durableMachine("w", "Ask", "Done").register("Ask", { run: Effect.void, next: "Done" }).addExitStates("Done")
      )
      assert.deepStrictEqual(yield* refusals(asked, none), [[
        "branch",
        "branch /1/Ask/ada has ended, and state \"Ask\" is no split any more"
      ]])
      // lists that a function answers are asked for, with the state
      const given: Array<unknown> = []
      const answers = (answer: unknown) =>
        split((state: unknown) => {
          given.push(state)
          return answer
        })
      assert.deepStrictEqual(yield* findingsOf(asked, answers({ ada: slow })), ["r continues"])
      assert.deepStrictEqual(given, ["Ask"])
      assert.deepStrictEqual((yield* refusals(asked, answers({ bob: slow })))[0]![0], "branch")
      const throwing = split(() => {
        throw new Error("no")
      })
      assert.include(
        (yield* refusals(asked, throwing))[0]![1],
        "the branches of state \"Ask\" are not known: it throws"
      )
      // what is no list, or is read later, is told of when the run is taken
      for (const answer of [7, Effect.succeed([]), new Set([slow]), TaskResult.split(7 as never)]) {
        assert.deepStrictEqual(yield* findingsOf(asked, answers(answer)), ["r continues"])
      }
      const byBranch = split(() => ({ ada: slow, dan: slow }), { schema: { ada: texts } })
      assert.include((yield* refusals(asked, byBranch))[0]![1], "a durable run writes down what branches give")

      const saga = (compensate: unknown, error: unknown = Schema.String, ms = 9000) =>
        durably(
          durableMachine("w", "Pay", "Ship", "Done").register("Pay", {
            run: Effect.succeed("receipt"),
            schema: texts,
            ...(compensate === undefined ? {} : { compensate }),
            next: "Ship"
          }).register("Ship", { run: Effect.andThen(Effect.sleep(ms), Effect.fail("lost")), next: "Done" })
            .addExitStates("Done").withCompensation({}),
          { error }
        )
      const undo = () => Effect.sleep(9000)
      const paid = yield* begun(saga(undo), { r: "Pay" })
      assert.deepStrictEqual(yield* findingsOf(paid, saga(undo)), ["r continues"])
      assert.strictEqual((yield* refusals(paid, saga(undefined)))[0]![0], "compensation")
      const back = yield* begun(saga(undo, undefined, 0), { r: "Pay" })
      assert.deepStrictEqual(yield* findingsOf(back, saga(undo)), ["r continues"])
      assert.include(
        (yield* refusals(back, saga(undo, Schema.Finite)))[0]![1],
        "why the run goes back does not fit the Schema of errors"
      )
    }))

  it.effect("looks into follow-on branches that go on, and not into those that have ended", () =>
    Effect.gen(function*() {
      const fanned = (more: { readonly sort?: unknown; readonly n?: unknown } = {}) =>
        durably(
          (Workflow.make(
            "w",
            Schema.Union([
              Schema.TaggedStruct("Pack", { n: (more.n ?? Schema.Int) as typeof Schema.Int }),
              Schema.Literals(["Fan", "Sort", "Packed", "Done"])
            ])
          ) as unknown as Untyped)
            .registerSplit("Fan", () =>
              TaskResult.split([{ _tag: "Pack", n: 1 }, "Sort", "Packed", { _tag: "Pack", n: 7 }]), {
              strategy: JoinStrategy.all,
              next: "Done"
            })
            .register("Pack", ({ n }: any) =>
              n === 1 || n === 7
                ? Effect.succeed({ _tag: "Pack", n: n + 1 })
                : Effect.as(Effect.sleep(n === 8 ? 0 : 9000), "Packed"))
            .registerSplit("Sort", more.sort ?? (() => ({ a: Effect.succeed("a"), b: slow })), {
              strategy: JoinStrategy.all,
              schema: texts,
              next: "Packed"
            })
            .addExitStates("Packed", "Done")
        )
      const world = yield* begun(fanned(), { r: "Fan" })
      assert.deepStrictEqual(yield* findingsOf(world, fanned()), ["r continues"])
      const wrong = yield* reportOf(world, fanned({ sort: () => ({ b: slow }) }))
      assert.include(
        wrong.refusals[0]!.example.message,
        "branch /1/Fan/1/1/Sort/a has ended, and there is no such branch"
      )
      const unfit = yield* reportOf(world, fanned({ n: Schema.String }))
      assert.include(unfit.refusals[0]!.example.message, "the state of branch /1/Fan/0 does not fit its Schema")
    }))

  it.effect("reads all rows of a run, however many there are", () =>
    Effect.gen(function*() {
      const many = (count: number) =>
        split(Object.fromEntries([
          ...Array.from({ length: count }, (_, i) => [`b${i}`, Effect.succeed("b")]),
          ["last", slow]
        ]))
      const world = yield* begun(many(1050), { r: "Ask" })
      assert.deepStrictEqual(yield* findingsOf(world, many(1050)), ["r continues"])
      const { refusals } = yield* reportOf(world, many(1049))
      assert.include(refusals[0]!.example.message, "branch /1/Ask/b1049 has ended")
    }))

  it.effect("looks at letters that a state waits for", () =>
    Effect.gen(function*() {
      const waiting = (...schemas: ReadonlyArray<any>) =>
        durably(
          schemas.reduce(
            (workflow, schema, i) => workflow.registerSignal(`Wait${i}`, Signal.make("go", schema), { next: "Done" }),
            durableMachine("w", "A", "Wait0", "Wait1", "Done").register("A", { run: Effect.sleep(9000), next: "Wait0" })
          ).addExitStates("Done")
        )
      const world = yield* begun(waiting(Schema.String), { r: "A" })
      yield* world.store.send("r", letter("other", 7))
      yield* world.store.send("r", { ...letter("go", 7), kind: "pause" })
      yield* world.store.send("r", letter("go", "now"))
      assert.deepStrictEqual(yield* findingsOf(world, waiting(Schema.String)), ["r continues"])
      assert.deepStrictEqual(yield* findingsOf(world, waiting(Schema.Finite, Schema.String)), ["r continues"])
      const { refusals } = yield* reportOf(world, waiting(Schema.Finite))
      assert.deepInclude(refusals[0]!, { rule: "signal", state: "A", count: 1 })
      assert.include(refusals[0]!.example.message, "signal \"go\" that was sent to it does not fit its Schema")
    }))

  it.effect("is refused by a definition that can't be durable, and by a journal that is gone; one run that can't be read is its finding", () =>
    Effect.gen(function*() {
      const sound = split({ ada: Effect.succeed("a"), bob: slow })
      const world = yield* begun(sound, { r: "Ask" })
      const unsound = durably(durableMachine("w", "Ask", "Done").addExitStates("Done"))
      assert.strictEqual(failed(yield* Effect.exit(reportOf(world, [sound, unsound])))._tag, "ConfigurationError")
      const none = yield* Effect.exit(reportOf(world, { name: "w" }))
      assert.isTrue(Exit.isFailure(none) && none.cause.reasons.some(({ _tag }) => _tag === "Die"))
      const { rows } = world.store
      const broken = (reason: Journal.JournalError["reason"]) =>
        Object.assign(world.store, {
          rows: () =>
            Effect.fail(new Journal.JournalError({ runId: "r", reason, operation: "rows", detail: "row 3 is missing" }))
        })
      broken("Unavailable")
      assert.strictEqual(failed(yield* Effect.exit(reportOf(world, sound)))._tag, "JournalError")
      for (const reason of ["Corrupt", "Newer", "Payload"] as const) {
        broken(reason)
        const { refusals } = yield* reportOf(world, sound)
        assert.deepInclude(refusals[0]!, { rule: reason === "Payload" ? "payload" : "row", count: 1 })
        assert.include(refusals[0]!.example.message, "row 3 is missing")
      }
      Object.assign(world.store, { rows: () => Effect.succeed([]) })
      assert.include(
        (yield* reportOf(world, sound)).refusals[0]!.example.message,
        "the row of its visit, number 0, is missing"
      )
      Object.assign(world.store, { rows })
    }))
})
