/**
 * Laws of the machine: sentences 3, 9 and 10 of docs/GUARANTEES.md, and what it says of paths, budgets and resources.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Cause, Clock, Context, Effect, Exit, Fiber, Layer, Option, Schema } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import type { CanoError } from "effect-cano"
import { instant, int, oneOf, passTime, primeClock, runs, type Untyped, untyped } from "../kit/index.ts"

// -----------------------------------------------------------------------------
// generated machines
// -----------------------------------------------------------------------------

const states = ["A", "B", "C", "D", "E"]

/** What is registered for a state: where it leads, how, and in which of two parts of the machine. */
const entry = Arbitrary.all({
  state: oneOf(states),
  to: oneOf([...states, "Done", "Done", "Lost"]),
  kind: oneOf(["effect", "function", "generator", "run", "split"]),
  part: oneOf([0, 1])
})
type Entry = typeof entry extends Arbitrary.Arbitrary<infer A> ? A : never

const entries = Arbitrary.array(entry, { maxLength: 7 })

const add = (workflow: Untyped, { kind, state, to }: Entry): Untyped => {
  switch (kind) {
    case "effect":
      return workflow.register(state, Effect.succeed(to))
    case "function":
      return workflow.register(state, () => Effect.succeed(to))
    case "generator":
      return workflow.register(state, function*() {
        return yield* Effect.succeed(to)
      })
    case "run":
      return workflow.register(state, { run: Effect.void, next: to })
    case "split":
      return workflow.registerSplit(state, [Effect.void], { strategy: JoinStrategy.all, next: to })
  }
}

const build = (entries: ReadonlyArray<Entry>, base = untyped()): Untyped => entries.reduce(add, base)

const byText = (issues: ReadonlyArray<unknown>): ReadonlyArray<string> =>
  issues.map((issue) => {
    const { rule, state } = issue as CanoError.Issue
    return `${state} ${rule}`
  }).sort()

/** How a run ends: its exit, or its error with the path. */
const outcome = (workflow: Untyped, from: string) =>
  Effect.map(Effect.exit(workflow.orchestrate(from, { maxTransitions: 30 })), (exit) => {
    if (Exit.isSuccess(exit)) return { exit: exit.value }
    const error: any = Option.getOrThrow(Cause.findErrorOption(exit.cause))
    return {
      error: error._tag,
      rule: error.rule,
      state: error.state,
      issues: error.issues === undefined ? undefined : byText(error.issues),
      path: Option.getOrUndefined(Workflow.path(exit.cause))
    }
  })

describe("merge", () => {
  it.effect.prop("is the union of the registrations", {
    entries,
    exits: oneOf([0, 1]),
    from: oneOf([...states, "Done"])
  }, ({ entries, exits, from }) =>
    Effect.gen(function*() {
      const part = (which: number) => {
        const workflow = build(entries.filter((entry) => entry.part === which))
        return exits === which ? workflow.addExitStates("Done") : workflow
      }
      const merged = part(0).merge(part(1))
      const whole = build(entries).addExitStates("Done")
      assert.deepStrictEqual(byText(merged.validate()), byText(whole.validate()))
      assert.deepStrictEqual(yield* outcome(merged, from), yield* outcome(whole, from))
    }), runs(300))

  it.effect.prop(
    "does not ask for the order of its parts",
    { entries, from: oneOf(states) },
    ({ entries, from }) =>
      Effect.gen(function*() {
        const part = (which: number) => build(entries.filter((entry) => entry.part === which))
        const left = part(0).addExitStates("Done").merge(part(1))
        const right = part(1).merge(part(0).addExitStates("Done"))
        assert.deepStrictEqual(byText(left.validate()), byText(right.validate()))
        assert.deepStrictEqual(yield* outcome(left, from), yield* outcome(right, from))
      }),
    runs(200)
  )
})

describe("validate", () => {
  it.effect.prop(
    "has no issue exactly where a run can start",
    { entries, from: oneOf(states) },
    ({ entries, from }) =>
      Effect.gen(function*() {
        const workflow = build(entries).addExitStates("Done")
        const known = entries.some((entry) => entry.state === from)
        const end: { readonly error?: unknown } = yield* outcome(workflow, from)
        assert.strictEqual(
          end.error === "ConfigurationError",
          workflow.validate().length > 0 || !known
        )
      }),
    runs(200)
  )
})

describe("a path", () => {
  const walk = Arbitrary.flatMap(
    int(1, 160),
    (length) =>
      Arbitrary.map(
        Arbitrary.all(Array.from({ length }, () => oneOf(states))),
        (walk): ReadonlyArray<string> => walk
      )
  )

  it.effect.prop("names the states entered, the first 16 and the last 48", { walk, dies: oneOf([false, true]) }, ({
    dies,
    walk
  }) =>
    Effect.gen(function*() {
      let place = 0
      const machine = states.reduce(
        (workflow, state) =>
          workflow.register(state, () =>
            Effect.suspend((): Effect.Effect<string, string> => {
              place++
              if (place < walk.length) return Effect.succeed(walk[place]!)
              return dies ? Effect.die("the end") : Effect.fail("the end")
            })),
        untyped()
      ).addExitStates("Done")
      const exit = yield* Effect.exit(machine.orchestrate(walk[0]))
      assert.isTrue(Exit.isFailure(exit))
      const path = Option.getOrThrow(Workflow.path((exit as Exit.Failure<unknown, unknown>).cause))
      assert.strictEqual(path.entered, walk.length)
      assert.deepStrictEqual(
        path.states,
        walk.length <= 64 ? walk : [...walk.slice(0, 16), ...walk.slice(-48)]
      )
      assert.isUndefined(path.nested)
    }), runs(150))

  it.effect.prop("shows each task where the run is", { walk }, ({ walk }) =>
    Effect.gen(function*() {
      const seen: Array<readonly [string, number, string]> = []
      const machine = states.reduce(
        (workflow, state) =>
          workflow.register(state, function*() {
            const run = yield* Workflow.CurrentRun
            seen.push([run.state, run.visit, run.key])
            return walk[seen.length] ?? "Done"
          }),
        untyped()
      ).addExitStates("Done")
      yield* machine.orchestrate(walk[0], { runId: "id" })
      assert.deepStrictEqual(seen, walk.map((state, place) => [state, place + 1, `id/${place + 1}/${state}`] as const))
    }), runs(50))
})

// -----------------------------------------------------------------------------
// budgets and resources
// -----------------------------------------------------------------------------

/** Tasks take multiples of 10 ms, budgets pass in between. */
const budget = Arbitrary.map(int(0, 12), (n) => n * 10 + 5)

/** A machine whose states take the given times. */
const clockwork = (delays: ReadonlyArray<number>, last: Effect.Effect<unknown, string> = Effect.void): Untyped =>
  delays.reduce(
    (workflow, delay, i) =>
      workflow.register(`S${i}`, { run: Effect.sleep(delay), next: i + 1 < delays.length ? `S${i + 1}` : "Last" }),
    untyped().register("Last", { run: last, next: "Done" })
  ).addExitStates("Done")

const first = (delays: ReadonlyArray<number>) => delays.length === 0 ? "Last" : "S0"

const delays = Arbitrary.array(Arbitrary.map(int(0, 4), (n) => n * 10), { maxLength: 5 })

const timed = (run: Effect.Effect<unknown, unknown>) =>
  Effect.gen(function*() {
    yield* primeClock
    const from = yield* Clock.currentTimeMillis
    const fiber = yield* Effect.forkChild(
      Effect.flatMap(Effect.exit(run), (exit) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const error: any = Exit.isSuccess(exit) ? undefined : Option.getOrUndefined(Cause.findErrorOption(exit.cause))
          return { exit, took: now - from, tag: error?._tag ?? error, state: error?.state }
        })),
      { startImmediately: true }
    )
    yield* passTime()
    return yield* fiber.pollUnsafe()!
  })

describe("withTimeout", () => {
  it.effect.prop(
    "ends a run that is not over by then, and no other",
    { delays, budget },
    ({ budget, delays }) =>
      Effect.gen(function*() {
        const total = delays.reduce((a, b) => a + b, 0)
        const end = yield* timed(clockwork(delays).withTimeout(budget).orchestrate(first(delays)))
        assert.strictEqual(end.took, Math.min(total, budget))
        assert.strictEqual(end.tag, total < budget ? undefined : "WorkflowTimeoutError")
      }),
    runs(150)
  )

  it.effect.prop(
    "called twice is the smaller one",
    { delays, a: budget, b: budget },
    ({ a, b, delays }) =>
      Effect.gen(function*() {
        const twice = yield* timed(clockwork(delays).withTimeout(a).withTimeout(b).orchestrate(first(delays)))
        const once = yield* timed(clockwork(delays).withTimeout(Math.min(a, b)).orchestrate(first(delays)))
        const { state, tag, took } = twice
        assert.deepStrictEqual({ state, tag, took }, { state: once.state, tag: once.tag, took: once.took })
        if (Exit.isFailure(twice.exit)) {
          const error = Option.getOrThrow(Cause.findErrorOption(twice.exit.cause))
          assert.strictEqual((error as CanoError.WorkflowTimeoutError).limit.toString(), limitOf(once.exit))
        }
      }),
    runs(150)
  )

  it.effect.prop("leaves a run that has ended its result, however long release takes", {
    delays,
    budget,
    release: int(0, 30)
  }, ({ budget, delays, release }) =>
    Effect.gen(function*() {
      const layer = Layer.effectDiscard(Effect.acquireRelease(Effect.void, () => Effect.sleep(release * 10)))
      const total = delays.reduce((a, b) => a + b, 0)
      const end = yield* timed(
        clockwork(delays).withResources(layer).withTimeout(budget).orchestrate(first(delays))
      )
      assert.strictEqual(end.tag, total < budget ? undefined : "WorkflowTimeoutError")
      assert.strictEqual(end.took, Math.min(total, budget) + release * 10)
    }), runs(150))
})

const limitOf = (exit: Exit.Exit<unknown, unknown>): string =>
  Exit.isFailure(exit)
    ? (Option.getOrThrow(Cause.findErrorOption(exit.cause)) as CanoError.WorkflowTimeoutError).limit.toString()
    : ""

describe("withResources", () => {
  /** A resource that notes its life, and takes its time over it. */
  const resource = (log: Array<string>, name: string, acquire: number, release: number) =>
    Layer.effectDiscard(Effect.acquireRelease(
      Effect.andThen(
        Effect.sleep(acquire),
        Effect.sync(() => log.push(`acquire ${name}`))
      ),
      () =>
        Effect.andThen(
          Effect.sync(() => log.push(`release ${name}`)),
          Effect.sleep(release)
        )
    ))

  const resources = Arbitrary.array(Arbitrary.all({ acquire: int(0, 2), release: int(0, 2) }), {
    minLength: 1,
    maxLength: 4
  })

  it.effect.prop("acquires once per run and releases in reverse order, however and whenever the run ends", {
    resources,
    delays,
    end: oneOf(["success", "failure", "defect", "timeout", "interruption"]),
    instant
  }, ({ delays, end, instant, resources }) =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const last = end === "failure" ? Effect.fail("no") : end === "defect" ? Effect.die("no") : Effect.void
      const machine = resources.reduce(
        (workflow, { acquire, release }, i) =>
          workflow.withResources(resource(log, String(i), acquire * 10, release * 10)),
        clockwork(delays, Effect.andThen(Effect.sync(() => log.push("run")), last))
      )
      const limited = end === "timeout" ? machine.withTimeout(instant + 1) : machine
      yield* primeClock
      const fiber = yield* Effect.forkChild(limited.orchestrate(first(delays)), { startImmediately: true })
      if (end === "interruption") {
        yield* passTime(instant)
        yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      }
      yield* passTime()
      assert.isDefined(fiber.pollUnsafe())
      const acquired = log.filter((line) => line.startsWith("acquire")).map((line) => line.slice(8))
      const released = log.filter((line) => line.startsWith("release")).map((line) => line.slice(8))
      assert.deepStrictEqual(acquired, resources.map((_, i) => String(i)).slice(0, acquired.length))
      assert.deepStrictEqual(released, [...acquired].reverse())
      if (end === "success" || end === "failure" || end === "defect") {
        assert.deepStrictEqual(log, [
          ...resources.map((_, i) => `acquire ${i}`),
          "run",
          ...resources.map((_, i) => `release ${i}`).reverse()
        ])
      }
    }), runs(250))

  it.effect.prop("shares nothing between runs, not even at the same time", { count: int(1, 6), delays }, ({
    count,
    delays
  }) =>
    Effect.gen(function*() {
      const Counter = Context.Service<{ n: number }>("laws/Counter")
      let made = 0
      const counter = Layer.effect(
        Counter,
        Effect.sync(() => {
          made++
          return { n: 0 }
        })
      )
      const seen: Array<number> = []
      const machine = clockwork(delays, Effect.flatMap(Counter, (own) => Effect.sync(() => seen.push(++own.n))) as any)
        .withResources(counter)
      const fiber = yield* Effect.forkChild(
        Effect.forEach(Array.from({ length: count }), () => machine.orchestrate(first(delays)), {
          concurrency: "unbounded",
          discard: true
        }),
        { startImmediately: true }
      )
      yield* passTime()
      yield* fiber.pollUnsafe()!
      assert.strictEqual(made, count)
      assert.deepStrictEqual(seen, Array.from({ length: count }, () => 1))
    }), runs(50))
})

describe("an exit state", () => {
  it.effect.prop("is its own result, and builds nothing", {
    n: Schema.Int,
    entries
  }, ({ entries, n }) =>
    Effect.gen(function*() {
      const sound = entries.filter((entry, i) =>
        entry.to === "Done" && entries.findIndex((other) => other.state === entry.state) === i
      )
      if (sound.length === 0) return
      let built = 0
      const machine = build(sound).addExitStates("Done").withResources(Layer.effectDiscard(Effect.sync(() => built++)))
      const exit = { _tag: "Done", n }
      assert.strictEqual(yield* machine.orchestrate(exit), exit)
      assert.strictEqual(built, 0)
    }), runs(100))
})

describe("maxTransitions", () => {
  it.effect.prop(
    "is met by a walk that is not longer, and by no other",
    { delays, max: int(0, 7) },
    ({ delays, max }) =>
      Effect.gen(function*() {
        const quick = clockwork(delays.map(() => 0))
        const exit = yield* Effect.exit(quick.orchestrate(first(delays), { maxTransitions: max }))
        const transitions = delays.length + 1
        assert.strictEqual(Exit.isSuccess(exit), transitions <= max)
        if (Exit.isFailure(exit)) {
          const error = Option.getOrThrow(Cause.findErrorOption(exit.cause)) as CanoError.WorkflowError
          assert.deepInclude(error, { _tag: "WorkflowError", rule: "max-transitions" })
          assert.strictEqual(error.path?.entered, max + 1)
        }
      }),
    runs(150)
  )
})
