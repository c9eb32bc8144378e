/**
 * The limits of a run hold for everything that runs in it, and what has ended is around nobody: neither its limits nor its
 * path nor its memory.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Option, Stream } from "effect"
import { Bulkhead, CanoError, JoinStrategy, Split, TaskResult, Workflow } from "effect-cano"
import * as SplitStream from "effect-cano/SplitStream"
import { TestClock } from "effect/testing"
import { collectGarbage, running } from "../kit/index.ts"

type Work = Effect.Effect<unknown, unknown>

const all = { strategy: JoinStrategy.all } as const

/** A run of one split. */
const splitting = (name: string, branches: () => ReadonlyArray<Work>) =>
  Workflow.make<"Go" | "Done">(name).registerSplit("Go", branches, { ...all, next: "Done" }).addExitStates("Done")

/** A run whose only state splits into follow-on states that do this. */
const following = (name: string, times: number, task: Work) =>
  Workflow.make<"Go" | "Leaf" | "Done">(name)
    .registerSplit("Go", () => TaskResult.split(Array.from({ length: times }, () => "Leaf" as const)), {
      ...all,
      next: "Done"
    })
    .register("Leaf", Effect.as(task, "Done" as const))
    .addExitStates("Done")

const split = (branches: ReadonlyArray<Work>): Work => Split.run(branches, all)

const times = (n: number, work: Work): ReadonlyArray<Work> => Array.from({ length: n }, () => work)

/** The error of a run, or the one that its joins failed of. */
const errorOf = (exit: Exit.Exit<unknown, unknown>): CanoError.WorkflowError => {
  if (Exit.isSuccess(exit)) return assert.fail("it has succeeded")
  const error = Option.getOrThrow(Cause.findErrorOption(exit.cause))
  if (error instanceof CanoError.WorkflowError) return error
  if (error instanceof CanoError.JoinUnsatisfiedError) return errorOf(Exit.failCause(error.result.failures[0]!.cause))
  return assert.fail(String(error))
}

describe("maxBranches of a run", () => {
  const growing = (work: Work): Work =>
    Split.run(
      Split.growing<unknown, unknown>((add) => {
        const branch = (left: number): Work =>
          Effect.andThen(work, Effect.suspend(() => left === 0 ? Effect.void : add([branch(left - 1)])))
        return [branch(59)]
      }),
      all
    )
  const lazy = (work: Work): Work =>
    Split.run(function*() {
      yield* times(60, work)
    }, { ...all, bulkhead: 2 })

  /** Inside of a run, in one place or another, branches that do this work; most of them 60. */
  const places: { readonly [where: string]: (work: Work) => Work } = {
    "Split.run in a task": (work) => split(times(60, work)),
    "a lazy Split.run in a task": lazy,
    "a growing Split.run in a task": growing,
    "a SplitStream in a task": (work) => Stream.runDrain(SplitStream.make(times(60, work), all)) as Work,
    "many Split.runs in a task": (work) => Effect.all(times(20, split(times(3, work)))),
    "Split.runs in fibers of a task": (work) =>
      Effect.all(times(20, split(times(3, work))), { concurrency: "unbounded" }),
    "Split.run in a branch": (work) => split(times(3, split(times(20, work)))),
    "Split.run in a Layer": (work) =>
      running("inner", Effect.void).withResources(Layer.effectDiscard(split(times(60, work)))).orchestrate("Go"),
    "a workflow in a task": (work) => splitting("inner", () => times(60, work)).orchestrate("Go"),
    "many workflows in a task": (work) =>
      Effect.all(times(20, splitting("inner", () => times(3, work)).orchestrate("Go"))),
    "workflows in branches": (work) => split(times(3, splitting("inner", () => times(20, work)).orchestrate("Go"))),
    "Split.run in a workflow in a task": (work) => running("inner", split(times(60, work))).orchestrate("Go"),
    "a workflow with a larger limit": (work) =>
      splitting("inner", () => times(60, work)).orchestrate("Go", { maxBranches: 100 }),
    "follow-on states of a workflow in a task": (work) => following("inner", 60, work).orchestrate("Go"),
    "Split.run in follow-on states": (work) => following("inner", 2, split(times(30, work))).orchestrate("Go")
  }
  for (const [where, play] of Object.entries(places)) {
    it.effect(`holds for ${where}`, () =>
      Effect.gen(function*() {
        let started = 0
        const outer = running("outer", play(Effect.sync(() => ++started)))
        const error = errorOf(yield* Effect.exit(outer.orchestrate("Go", { maxBranches: 10 })))
        assert.isAtMost(started, 10)
        assert.strictEqual(error.rule, "max-branches")
        assert.strictEqual(error.detail, "workflow \"outer\" starts more than 10 branches (maxBranches)")
        started = 0
        assert.strictEqual(yield* Effect.orDie(outer.orchestrate("Go", { maxBranches: 63 })), "Done")
        assert.strictEqual(started, 60)
      }))
  }

  it.effect("names the run whose limit is passed: its own, or one around it", () =>
    Effect.gen(function*() {
      const inner = splitting("inner", () => times(3, Effect.void))
      const own = errorOf(yield* Effect.exit(inner.orchestrate("Go", { maxBranches: 2 })))
      assert.deepInclude(own, { workflow: "inner", detail: "the run starts more than 2 branches (maxBranches)" })
      const outer = running("outer", inner.orchestrate("Go", { maxBranches: 2 }))
      const both = errorOf(yield* Effect.exit(outer.orchestrate("Go", { maxBranches: 2 })))
      assert.deepInclude(both, { workflow: "inner", detail: "the run starts more than 2 branches (maxBranches)" })
      const middle = running("middle", outer.orchestrate("Go", { maxBranches: 100 }))
      const outermost = errorOf(yield* Effect.exit(middle.orchestrate("Go", { maxBranches: 1 })))
      assert.strictEqual(outermost.detail, "the run starts more than 2 branches (maxBranches)")
    }))

  it.effect("is left as it was by a list that is refused, by whatever limit or bulkhead", () =>
    Effect.gen(function*() {
      let started = 0
      const work = Effect.sync(() => ++started)
      const full = yield* Bulkhead.make("full", { places: 1, maxWaiting: 0 })
      const few = splitting("few", () => times(3, work)).orchestrate("Go", { maxBranches: 2 })
      const task = Effect.gen(function*() {
        const refused = yield* Effect.all([
          Effect.flip(few),
          Effect.flip(Split.run(times(11, work), all)),
          Effect.flip(Split.run(times(3, work), { ...all, bulkhead: full })),
          Effect.flip(Split.run(() => times(3, work), { strategy: JoinStrategy.quorum(4) }))
        ])
        assert.deepStrictEqual(
          refused.map((error) => (error as CanoError.CanoError)._tag),
          ["WorkflowError", "WorkflowError", "BulkheadFullError", "JoinUnsatisfiedError"]
        )
        assert.strictEqual(started, 0)
        yield* split(times(10, work))
        return yield* Effect.flip(split([work]))
      })
      yield* running("outer", task as Work).orchestrate("Go", { maxBranches: 10 })
      assert.strictEqual(started, 10)
    }))
})

describe("maxTransitions of a run", () => {
  const loop = Workflow.make<"A" | "B" | "Done">("loop")
    .register("A", Effect.succeed("B"))
    .register("B", Effect.succeed("A"))
    .addExitStates("Done")

  it.effect("counts those of workflows in tasks and branches", () =>
    Effect.gen(function*() {
      for (
        const outer of [running("outer", loop.orchestrate("A")), splitting("outer", () => [loop.orchestrate("A")])]
      ) {
        const error = errorOf(yield* Effect.exit(outer.orchestrate("Go", { maxTransitions: 10 })))
        assert.deepInclude(error, {
          rule: "max-transitions",
          workflow: "loop",
          detail: "workflow \"outer\" has made 10 transitions (maxTransitions) without reaching an exit state"
        })
        assert.strictEqual(error.path?.nested?.entered, 11)
      }
    }))

  it.effect("is the smaller one of those around", () =>
    Effect.gen(function*() {
      const outer = running("outer", loop.orchestrate("A", { maxTransitions: 5 }))
      const error = errorOf(yield* Effect.exit(outer.orchestrate("Go", { maxTransitions: 10 })))
      assert.strictEqual(
        error.detail,
        "the run has made 5 transitions (maxTransitions) without reaching an exit state"
      )
    }))
})

describe("maxDepth of a run", () => {
  /** Each level starts the next one, until somebody refuses; how many there were, and why no more. */
  const nesting = (next: (inner: Effect.Effect<unknown, unknown>) => Work, most = 500) => {
    const seen = { levels: 0, most: 0, running: 0 }
    const level: Work = Effect.suspend(() => {
      seen.levels++
      seen.most = Math.max(seen.most, ++seen.running)
      return seen.levels > most ? Effect.die("nested without end") : next(level)
    }).pipe(Effect.ensuring(Effect.sync(() => seen.running--)))
    return { level, seen }
  }

  for (const maxDepth of [1, 5, 200]) {
    it.effect(`bounds a workflow inside a task of itself (${maxDepth})`, () =>
      Effect.gen(function*() {
        const options = maxDepth === 200 ? undefined : { maxDepth }
        const { level, seen } = nesting((inner) => running("self", inner).orchestrate("Go", options))
        const error = errorOf(yield* Effect.exit(level))
        // the outermost run stands in none
        assert.deepStrictEqual(seen, { levels: maxDepth + 2, most: maxDepth + 2, running: 0 })
        const whose = maxDepth === 200 ? "" : " of workflow \"self\""
        assert.deepInclude(error, {
          rule: "max-depth",
          workflow: "self",
          state: "Go",
          detail:
            `workflow "self" does not start: splits and runs are nested deeper than ${maxDepth} (maxDepth${whose})`
        })
      }))
  }

  it.effect("bounds workflows that run each other", () =>
    Effect.gen(function*() {
      let turn = 0
      const { level, seen } = nesting((inner) => running(turn++ % 2 === 0 ? "ping" : "pong", inner).orchestrate("Go"))
      assert.strictEqual(errorOf(yield* Effect.exit(level)).rule, "max-depth")
      assert.strictEqual(seen.levels, 202)
      turn = seen.levels = 0
      const outer = running("outer", level)
      const error = errorOf(yield* Effect.exit(outer.orchestrate("Go", { maxDepth: 5 })))
      assert.strictEqual(seen.levels, 6)
      assert.strictEqual(
        error.detail,
        "workflow \"pong\" does not start: splits and runs are nested deeper than 5 (maxDepth of workflow \"outer\")"
      )
    }))

  for (
    const [what, next, levels] of [
      ["a Split.run in a task", (inner: Work) => split([inner]), 6],
      ["a workflow in the branch of a Split.run", (inner: Work) => split([running("in", inner).orchestrate("Go")]), 6],
      ["a split in a workflow in a task", (inner: Work) => splitting("in", () => [inner]).orchestrate("Go"), 5],
      ["a Split.run in a workflow in a task", (inner: Work) => running("in", split([inner])).orchestrate("Go"), 5],
      ["follow-on states", (inner: Work) => following("in", 1, inner).orchestrate("Go"), 3],
      ["a workflow with a larger limit", (inner: Work) => running("in", inner).orchestrate("Go", { maxDepth: 99 }), 6]
    ] as const
  ) {
    it.effect(`bounds ${what}`, () =>
      Effect.gen(function*() {
        const { level, seen } = nesting(next)
        const error = errorOf(yield* Effect.exit(running("outer", level).orchestrate("Go", { maxDepth: 5 })))
        assert.strictEqual(error.rule, "max-depth")
        assert.match(error.detail, /nested deeper than 5 \(maxDepth of workflow "outer"\)/)
        assert.strictEqual(seen.levels, levels)
      }))
  }

  it.effect("may be more than 200, where nobody around has less", () =>
    Effect.gen(function*() {
      const { level, seen } = nesting((inner) => running("self", inner).orchestrate("Go"))
      yield* Effect.exit(running("outer", level).orchestrate("Go", { maxDepth: 300 }))
      assert.strictEqual(seen.levels, 301)
    }))
})

describe("what has ended", () => {
  it.effect("limits nobody who goes on detached", () =>
    Effect.gen(function*() {
      const ended = yield* Deferred.make<void>()
      const seen: Array<unknown> = []
      const later = Effect.gen(function*() {
        yield* Deferred.await(ended)
        seen.push(yield* Effect.exit(split(times(20, split([Effect.void])))))
        seen.push(yield* Effect.exit(splitting("next", () => times(20, split([Effect.void]))).orchestrate("Go")))
      })
      const task = Effect.andThen(
        Effect.flip(split(times(20, Effect.void))),
        Effect.forkDetach(later, { startImmediately: true })
      )
      let fiber: Fiber.Fiber<unknown, unknown> | undefined
      const limits = { maxBranches: 10, maxDepth: 1, maxTransitions: 2 }
      yield* running("first", Effect.map(task, (started) => (fiber = started))).orchestrate("Go", limits)
      yield* Deferred.succeed(ended, undefined)
      yield* Fiber.join(fiber!)
      assert.deepStrictEqual(seen.map((exit) => (exit as Exit.Exit<unknown>)._tag), ["Success", "Success"])
    }))

  it.effect("raises the default for nobody who goes on detached", () =>
    Effect.gen(function*() {
      const ended = yield* Deferred.make<void>()
      const nested = (levels: number): Work =>
        running("w", Effect.suspend(() => levels === 0 ? Effect.void : nested(levels - 1))).orchestrate("Go")
      let fiber: Fiber.Fiber<unknown, unknown> | undefined
      const goesOn = running("on", Effect.andThen(Deferred.await(ended), nested(250))).orchestrate("Go")
      const task = Effect.andThen(
        nested(250),
        Effect.map(Effect.forkDetach(goesOn, { startImmediately: true }), (started) => (fiber = started))
      )
      yield* running("first", task).orchestrate("Go", { maxDepth: 300 })
      yield* Deferred.succeed(ended, undefined)
      const { detail } = errorOf(yield* Effect.exit(Fiber.join(fiber!)))
      assert.strictEqual(detail, "workflow \"w\" does not start: splits and runs are nested deeper than 200 (maxDepth)")
    }))

  it.effect("leaves those in force that have not", () =>
    Effect.gen(function*() {
      const ended = yield* Deferred.make<void>()
      const later = Effect.andThen(Deferred.await(ended), split(times(11, Effect.void)))
      const task = Effect.gen(function*() {
        const inner = yield* Deferred.make<Fiber.Fiber<unknown, unknown>>()
        const fork = Effect.flatMap(Effect.forkDetach(later), (fiber) => Deferred.succeed(inner, fiber))
        yield* running("inner", fork).orchestrate("Go", { maxBranches: 5 })
        yield* Deferred.succeed(ended, undefined)
        return yield* Fiber.join(yield* Deferred.await(inner))
      })
      const error = errorOf(yield* Effect.exit(running("outer", task).orchestrate("Go", { maxBranches: 10 })))
      assert.strictEqual(error.detail, "workflow \"outer\" starts more than 10 branches (maxBranches)")
    }))

  for (const how of ["fails", "is interrupted", "runs out of time"] as const) {
    it.effect(`is around nobody when it ${how}`, () =>
      Effect.gen(function*() {
        const gate = yield* Deferred.make<void>()
        const path = Effect.andThen(
          Deferred.await(gate),
          Effect.flip(splitting("next", () => [Effect.fail("no")]).orchestrate("Go"))
        )
        let fiber: Fiber.Fiber<unknown, unknown> | undefined
        const fork = Effect.map(Effect.forkDetach(path), (started) => (fiber = started))
        const then = how === "fails" ? Effect.fail("no") : how === "is interrupted" ? Effect.interrupt : Effect.never
        const first = running("first", Effect.andThen(fork, then))
        const run = yield* Effect.forkChild(Effect.exit(first.withTimeout(10).orchestrate("Go")))
        yield* TestClock.adjust(10)
        assert.isTrue(Exit.isFailure(yield* Fiber.join(run)))
        yield* Deferred.succeed(gate, undefined)
        const error = yield* Fiber.join(fiber!)
        assert.deepInclude((error as CanoError.JoinUnsatisfiedError).path, { workflow: "next", nested: undefined })
      }))
  }

  it.effect("is not a split whose detached branches go on", () =>
    Effect.gen(function*() {
      const decided = yield* Deferred.make<void>()
      const told: Array<string> = []
      const tell = (what: string) =>
        Effect.catch(Effect.as(split([Effect.void]), `${what} runs`), (error) =>
          Effect.succeed(`${what} meets ${(error as CanoError.WorkflowError).rule}`)).pipe(
            Effect.map((text) =>
              told.push(text)
            )
          )
      const late = yield* Deferred.make<void>()
      const outlives = Effect.andThen(Deferred.await(late), tell("what it has left behind"))
      const loser = Effect.gen(function*() {
        yield* Effect.forkDetach(outlives)
        yield* Deferred.await(decided)
        yield* tell("a detached branch")
      })
      const workflow = Workflow.make<"Go" | "On" | "Done">("w")
        .registerSplit("Go", [loser, Effect.void], { strategy: JoinStrategy.any, losers: "detach", next: "On" })
        .register("On", Effect.as(Deferred.succeed(decided, undefined), "Done" as const))
        .addExitStates("Done")
      yield* workflow.orchestrate("Go", { maxDepth: 1 })
      yield* Deferred.succeed(late, undefined)
      yield* Effect.all(times(20, Effect.yieldNow))
      assert.deepStrictEqual(told, ["a detached branch meets max-depth", "what it has left behind runs"])
    }))

  it.effect("is not a split as long as one of its follow-on branches goes on", () =>
    Effect.gen(function*() {
      const first = yield* Deferred.make<Fiber.Fiber<unknown, unknown>>()
      const gate = yield* Deferred.make<void>()
      let turn = 0
      const leaf = Effect.suspend(() =>
        turn++ === 0
          ? Effect.flatMap(
            Effect.forkDetach(Effect.andThen(Deferred.await(gate), Effect.exit(split([Effect.void])))),
            (fiber) => Deferred.succeed(first, fiber)
          )
          : Effect.gen(function*() {
            const fiber = yield* Deferred.await(first)
            yield* Deferred.succeed(gate, undefined)
            return errorOf((yield* Fiber.join(fiber)) as Exit.Exit<unknown>).rule
          }).pipe(Effect.map((rule) => assert.strictEqual(rule, "max-depth")))
      )
      yield* following("w", 2, leaf).orchestrate("Go", { maxDepth: 1 })
      assert.strictEqual(turn, 2)
    }))

  it.effect("keeps the keys of detached branches as they were", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const keys: Array<string> = []
      const note = Effect.map(Workflow.CurrentRun, ({ key, state, visit }) => keys.push(`${key} ${visit} ${state}`))
      const slow = Effect.andThen(note, Effect.andThen(Deferred.await(gate), note))
      const workflow = Workflow.make<"Start" | "Go" | "On" | "Done">("w")
        .register("Start", Effect.succeed("Go"))
        .registerSplit("Go", [slow, Effect.void], { strategy: JoinStrategy.any, losers: "detach", next: "On" })
        .register("On", Effect.as(Effect.andThen(note, Deferred.succeed(gate, undefined)), "Done" as const))
        .addExitStates("Done")
      yield* workflow.orchestrate("Start", { runId: "r" })
      assert.deepStrictEqual(keys, ["r/2/Go/0 2 Go", "r/3/On 3 On", "r/2/Go/0 2 Go"])
    }))

  it.effect("is no run for the branches of a split that stands in none", () =>
    Effect.gen(function*() {
      const current = Effect.map(
        Workflow.CurrentRun,
        ({ key, path, runId, state, visit, workflow }) => ({ key, path, runId, state, visit, workflow })
      )
      const empty = { key: "", path: undefined, runId: "", state: "", visit: 0, workflow: "" }
      assert.deepStrictEqual(yield* current, empty)
      assert.deepStrictEqual((yield* Split.run([current], all)).values, [empty])
      const seen: Array<unknown> = []
      const note = Effect.map(current, (here) => seen.push(here))
      yield* splitting("w", () => [note, split([note])]).orchestrate("Go", { runId: "r" })
      const path = { workflow: "w", states: ["Go"], entered: 1, nested: undefined }
      const there = { path, runId: "r", state: "Go", visit: 1, workflow: "w" }
      assert.deepStrictEqual(seen, [{ ...there, key: "r/1/Go/0" }, { ...there, key: "r/1/Go/1/#1/0" }])
    }))

  it.effect("gives the keys of a detached follow-on branch no other beginning", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const keys: Array<string> = []
      const note = Effect.map(Workflow.CurrentRun, ({ key }) => keys.push(key))
      const workflow = Workflow.make<"Go" | "Slow" | "Quick" | "On" | "Done">("w")
        .registerSplit("Go", () => TaskResult.split(["Slow", "Quick"]), {
          strategy: JoinStrategy.any,
          losers: "detach",
          next: "On"
        })
        .register("Quick", Effect.succeed("Done"))
        .register("Slow", Effect.as(Effect.andThen(note, Effect.andThen(Deferred.await(gate), note)), "Done" as const))
        .register("On", Effect.as(Deferred.succeed(gate, undefined), "Done" as const))
        .addExitStates("Done")
      yield* workflow.orchestrate("Go", { runId: "r" })
      assert.deepStrictEqual(keys, ["r/1/Go/0/1/Slow", "r/1/Go/0/1/Slow"])
    }))
})

describe("a run that starts the next one", () => {
  const generations = 20_000

  /** How the next run is started: detached, from somewhere in the run before. */
  const pollers: { readonly [where: string]: (next: Work) => Work } = {
    "in a task": (next) => running("poll", Effect.forkDetach(next)).orchestrate("Go"),
    "in a branch": (next) => splitting("poll", () => [Effect.forkDetach(next)]).orchestrate("Go"),
    "in the branch of a Split.run": (next) => running("poll", split([Effect.forkDetach(next)])).orchestrate("Go"),
    "in a follow-on state": (next) => following("poll", 1, Effect.forkDetach(next)).orchestrate("Go"),
    "in a task that ends later": (next) =>
      running("poll", Effect.andThen(Effect.forkDetach(next), Effect.all(times(5, Effect.yieldNow)))).orchestrate("Go"),
    "with limits": (next) =>
      running("poll", split([Effect.forkDetach(next)]))
        .orchestrate("Go", { maxBranches: 5, maxDepth: 3, maxTransitions: 5 }),
    "in a task that ends later, with a depth that is never reached": (next) =>
      running("poll", Effect.andThen(Effect.forkDetach(next), Effect.all(times(5, Effect.yieldNow))))
        .orchestrate("Go", { maxDepth: 1_000_000 }),
    "with a depth that is never reached": (next) =>
      running("poll", split([Effect.forkDetach(next)])).orchestrate("Go", { maxDepth: 1_000_000 }),
    "in Split.runs alone": (next) => split([Effect.forkDetach(next)]),
    "in a branch behind a bulkhead": (next) => Split.run([Effect.forkDetach(next)], { ...all, bulkhead: 1 })
  }
  for (const [where, start] of Object.entries(pollers)) {
    it.live(`${where} goes on for ever, and keeps none of those before`, () =>
      Effect.gen(function*() {
        const around: Array<WeakRef<object>> = []
        const outside = yield* Workflow.CurrentRun
        const note = Effect.map(Workflow.CurrentRun, (current) => {
          if (current === outside) return
          around.push(new WeakRef(current))
          // a branch has its split there
          const { run } = current as { readonly run?: object }
          if (run !== undefined) around.push(new WeakRef(run))
        })
        const end = yield* Deferred.make<unknown, unknown>()
        let generation = 0
        let kept = Number.POSITIVE_INFINITY
        const next: Work = Effect.suspend(() => {
          // the last one counts them, and then fails to tell where it stands: to ask for a path lets go of what has ended
          if (++generation === generations) {
            const count = Effect.andThen(
              Effect.sleep(1),
              Effect.sync(() => {
                collectGarbage()
                kept = around.filter((one) => one.deref() !== undefined).length
              })
            )
            return Effect.onExit(
              running("last", Effect.andThen(count, Effect.fail("end"))).orchestrate("Go"),
              (exit) => Deferred.done(end, exit)
            )
          }
          return Effect.onError(
            Effect.andThen(note, start(next)),
            (cause) => Deferred.failCause(end, cause)
          )
        })
        yield* Effect.forkDetach(next)
        const exit = yield* Effect.exit(Deferred.await(end))
        assert.strictEqual(generation, generations)
        const path = Exit.isFailure(exit) ? Option.getOrThrow(Workflow.path(exit.cause)) : assert.fail("it must fail")
        assert.isAtMost(JSON.stringify(path).split("workflow").length - 1, 10)
        assert.isAtLeast(around.length, generations - 2)
        assert.isAtMost(kept, 100)
      }))
  }
})

describe("runs that are nested very deeply", () => {
  const depth = 100_000

  it.effect(
    "fail and are interrupted without a stack as deep, and have a path that is bounded",
    () =>
      Effect.gen(function*() {
        const nested = (level: number, innermost: Work): Work =>
          running(`w${level}`, Effect.suspend(() => level === depth ? innermost : nested(level + 1, innermost)))
            .orchestrate("Go", level === 1 ? { maxDepth: depth } : undefined)
        const failed = yield* Effect.exit(nested(1, Effect.fail("at last")))
        const path = Exit.isFailure(failed)
          ? Option.getOrThrow(Workflow.path(failed.cause))
          : assert.fail("it must fail")
        const names: Array<string> = []
        const omitted: Array<unknown> = []
        for (let at: CanoError.Path | undefined = path; at !== undefined; at = at.nested) {
          names.push(at.workflow)
          if (at.omitted !== undefined) omitted.push(at.workflow, at.omitted)
        }
        const from = (first: number, n: number) => Array.from({ length: n }, (_, i) => `w${first + i}`)
        assert.deepStrictEqual(names, [...from(1, 16), ...from(depth - 47, 48)])
        assert.deepStrictEqual(omitted, ["w16", depth - 64])
        const refused = errorOf(yield* Effect.exit(nested(1, nested(1, Effect.void).pipe(Effect.asVoid))))
        assert.strictEqual(refused.rule, "max-depth")
        const inside = yield* Deferred.make<void>()
        const fiber = yield* Effect.forkChild(
          nested(1, Effect.andThen(Deferred.succeed(inside, undefined), Effect.never))
        )
        yield* Deferred.await(inside)
        yield* Fiber.interrupt(fiber)
      }),
    30_000
  )
})
