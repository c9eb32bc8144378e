/**
 * The two seams of a run: a host, which runs its steps, and a listener, who is told of what starts and ends. They are no
 * part of the package, and are reached here as the wings reach them: by the key of their reference.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Duration, Effect, Exit, Fiber } from "effect"
import { CanoError, JoinStrategy, Split, TaskResult, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"

const { all, any } = JoinStrategy

const Seams = Context.Reference<{ readonly host: any; readonly listener: any }>("effect-cano/Seams", {
  defaultValue: () => ({ host: undefined, listener: undefined })
})

const make = Workflow.make<"A" | "B" | "C" | "Done" | "Failed">("w")

// -----------------------------------------------------------------------------
// listener
// -----------------------------------------------------------------------------

const nameOf = (span: any): string => {
  switch (span._tag) {
    case "Run":
      return `run ${span.run.workflow}`
    case "State":
      return `state ${span.visit} ${span.run.state}`
    case "Split":
      return `split ${span.level.key}`
    default:
      return `branch ${span.branch.key}`
  }
}

/** What a listener was told, as lines, and the numbers that it was told with. */
const listening = <A, E, R>(body: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const lines: Array<string> = []
    const numbers: Array<number> = []
    const open = new Set<object>()
    const listener = {
      started: (span: object, number: number) => {
        assert.isFalse(open.has(span))
        open.add(span)
        numbers.push(number)
        lines.push(`> ${nameOf(span)}`)
      },
      ended: (span: object, exit: Exit.Exit<unknown, unknown>, number: number) => {
        assert.isTrue(open.delete(span), "an end has a start")
        numbers.push(number)
        lines.push(
          `< ${nameOf(span)} ${Exit.isSuccess(exit) ? "ok" : exit.cause.reasons.map(({ _tag }) => _tag).join()}`
        )
      }
    }
    const exit = yield* Effect.exit(Effect.provideService(body, Seams, { host: undefined, listener }))
    assert.strictEqual(open.size, 0, `a start has an end: ${lines.join("; ")}`)
    return { lines, numbers, exit }
  })

describe("a listener", () => {
  it.effect("is told of the run, each visit, each split and each branch, with numbers that count up", () =>
    Effect.gen(function*() {
      const workflow = make
        .register("A", { run: Split.run({ x: Effect.void }, { strategy: all, name: "in" }), next: "B" })
        .registerSplit("B", [Effect.void, Effect.fail("no")], { strategy: any, next: "Done" })
        .addExitStates("Done")
      const { lines, numbers } = yield* listening(workflow.orchestrate("A", { runId: "r" }))
      assert.deepStrictEqual(lines, [
        "> run w",
        "> state 1 A",
        "> split r/1/A/in",
        "> branch r/1/A/in/x",
        "< branch r/1/A/in/x ok",
        "< split r/1/A/in ok",
        "< state 1 A ok",
        "> state 2 B",
        "> split r/2/B",
        "> branch r/2/B/0",
        "< branch r/2/B/0 ok",
        "< split r/2/B ok",
        "< state 2 B ok",
        "< run w ok"
      ])
      assert.deepStrictEqual(numbers, numbers.map((_, i) => i + 1))
    }))

  it.effect("is told of branches that complete at once, one after another, under keys of their own", () =>
    Effect.gen(function*() {
      const workflow = make
        .registerSplit("A", Array.from({ length: 6 }, () => Effect.void), { strategy: all, next: "Done" })
        .addExitStates("Done")
      const { lines } = yield* listening(workflow.orchestrate("A", { runId: "r" }))
      assert.deepStrictEqual(
        lines.filter((line) => line.includes("branch")),
        Array.from({ length: 6 }, (_, i) => [`> branch r/1/A/${i}`, `< branch r/1/A/${i} ok`]).flat()
      )
    }))

  it.effect("is told of follow-on branches as runs, which count into the numbers of theirs", () =>
    Effect.gen(function*() {
      const workflow = make
        .registerSplit("A", () => TaskResult.split(["B"]), { strategy: all, next: "Done" })
        .register("B", { run: Effect.void, next: "Done" })
        .addExitStates("Done")
      const { lines, numbers } = yield* listening(workflow.orchestrate("A", { runId: "r" }))
      assert.deepStrictEqual(lines, [
        "> run w",
        "> state 1 A",
        "> split r/1/A",
        "> branch r/1/A/0",
        "> run w",
        "> state 1 B",
        "< state 1 B ok",
        "< run w ok",
        "< branch r/1/A/0 ok",
        "< split r/1/A ok",
        "< state 1 A ok",
        "< run w ok"
      ])
      assert.deepStrictEqual(numbers, numbers.map((_, i) => i + 1))
    }))

  it.effect("is told of an end for each start, though a fiber ends as a whole at what is no Effect", () =>
    Effect.gen(function*() {
      const bad: Effect.Effect<never> = Effect.flatMap(Effect.void, () => 42 as never)
      // the fiber that comes upon it is another one than that of the test, which may be resumed before the listener is told
      const apart = (run: unknown) =>
        Effect.tap(Effect.flatMap(Effect.forkChild(run as Effect.Effect<unknown>), Fiber.await), Effect.yieldNow)
      const task = make.register("A", { run: bad, next: "Done" }).addExitStates("Done")
      const { lines } = yield* listening(apart(task.orchestrate("A")))
      assert.deepStrictEqual(lines, ["> run w", "> state 1 A", "< state 1 A Die", "< run w Die"])
      const branch = make
        .registerSplit("A", [Effect.sleep(10), bad], { strategy: all, next: "Done" })
        .registerSplit("B", () => TaskResult.split(["C"]), { strategy: all, next: "Done" } as any)
        .register("C", bad)
        .addExitStates("Done")
      for (const state of ["A", "B"] as const) {
        const told = yield* listening(apart((branch.orchestrate as Function)(state)))
        assert.strictEqual(told.lines.at(-1), "< run w Die")
      }
    }))

  it.effect("that answers with Promises is not waited for, and may reject", () =>
    Effect.gen(function*() {
      const rejects = () => Promise.reject(new Error("nobody looks"))
      const listener = { started: rejects, ended: rejects }
      const workflow = make.register("A", { run: Effect.void, next: "Done" }).addExitStates("Done")
      const done = yield* Effect.provideService(workflow.orchestrate("A"), Seams, { host: undefined, listener })
      assert.strictEqual(done, "Done")
      // a rejection that nobody looks at would fail the tests
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
    }))

  it.effect("is told of an end for each start, after failures, defects, timeouts and interruptions", () =>
    Effect.gen(function*() {
      const of = (task: Effect.Effect<unknown, unknown>) =>
        make.register("A", { run: task, next: "Done" }).addExitStates("Done")
      const failed = yield* listening(of(Effect.fail("no")).orchestrate("A"))
      assert.deepStrictEqual(failed.lines, ["> run w", "> state 1 A", "< state 1 A Fail", "< run w Fail"])
      const died = yield* listening(of(Effect.die("no")).orchestrate("A"))
      assert.deepStrictEqual(died.lines.slice(2), ["< state 1 A Die", "< run w Die"])
      const split = Split.run([Effect.never, Effect.never], { strategy: all, bulkhead: 1 })
      const late = yield* Effect.forkChild(listening(of(split).withTimeout(10).orchestrate("A", { runId: "r" })))
      yield* TestClock.adjust(10)
      assert.deepStrictEqual((yield* Fiber.join(late)).lines.slice(2), [
        "> split r/1/A/#1",
        "> branch r/1/A/#1/0",
        "< branch r/1/A/#1/0 Interrupt",
        "< split r/1/A/#1 Interrupt",
        "< state 1 A Interrupt",
        "< run w Fail"
      ])
    }))

  it.effect("is told of the end of a detached branch after that of its split, and before that of its run", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const workflow = make
        .registerSplit("A", [Deferred.await(gate), Effect.void], { strategy: any, losers: "detach", next: "B" })
        .register("B", { run: Deferred.succeed(gate, undefined), next: "Done" })
        .addExitStates("Done")
      const { lines } = yield* listening(workflow.orchestrate("A", { runId: "r" }))
      assert.deepStrictEqual(lines.filter((line) => !line.includes("state")), [
        "> run w",
        "> split r/1/A",
        "> branch r/1/A/0",
        "> branch r/1/A/1",
        "< branch r/1/A/1 ok",
        "< split r/1/A ok",
        "< branch r/1/A/0 ok",
        "< run w ok"
      ])
    }))

  it.effect("is told of a workflow in a task as of a run of its own", () =>
    Effect.gen(function*() {
      const inner = Workflow.make<"I" | "Done">("inner").register("I", Effect.succeed("Done")).addExitStates("Done")
      const outer = make.register("A", { run: inner.orchestrate("I"), next: "Done" }).addExitStates("Done")
      const { lines, numbers } = yield* listening(outer.orchestrate("A"))
      assert.deepStrictEqual(lines, [
        "> run w",
        "> state 1 A",
        "> run inner",
        "> state 1 I",
        "< state 1 I ok",
        "< run inner ok",
        "< state 1 A ok",
        "< run w ok"
      ])
      assert.deepStrictEqual(numbers, [1, 2, 1, 2, 3, 4, 3, 4])
    }))

  it.effect("can't fail a run by what it throws", () =>
    Effect.gen(function*() {
      const throws = () => {
        throw new Error("no")
      }
      const workflow = make.registerSplit("A", [Effect.void], { strategy: all, next: "Done" }).addExitStates("Done")
      const listener = { started: throws, ended: throws }
      assert.strictEqual(
        yield* Effect.provideService(workflow.orchestrate("A"), Seams, { host: undefined, listener }),
        "Done"
      )
    }))
})

// -----------------------------------------------------------------------------
// host
// -----------------------------------------------------------------------------

/** A host that does what the engine does, and notes it. */
const noting = (notes: Array<string>, change: object = {}) => ({
  visit: (run: any, state: unknown, isSplit: boolean, work: Effect.Effect<unknown, unknown>) =>
    Effect.suspend(() => {
      notes.push(`visit ${run.key} ${state} ${isSplit ? "split" : "task"}`)
      return work
    }),
  split: (run: any, { config, isFollowOn, list, run: join }: any) => {
    notes.push(`split ${run.key} ${isFollowOn}`)
    return join(list, config)
  },
  next: (run: any, answer: Effect.Effect<unknown, unknown>) => {
    notes.push(`next ${run.key}`)
    return answer
  },
  resume: (run: any) => {
    notes.push(`resume ${run.runId}`)
    return undefined
  },
  begun: Effect.void,
  deadline: (_run: any, timeout: Duration.Duration) => Duration.toMillis(timeout),
  since: () => undefined,
  restore: () => undefined,
  step: (_run: any, _ledger: any, _step: any, work: unknown) => work,
  pivoted: () => {},
  goesBack: () => Effect.void,
  undo: (_run: any, _step: any, work: unknown) => work,
  ...change
})

const hosted = <A, E, R>(body: Effect.Effect<A, E, R>, host: unknown) =>
  Effect.provideService(body, Seams, { host, listener: undefined })

describe("a host", () => {
  const workflow = make
    .register("A", { run: Effect.void, next: "B" })
    .registerSplit("B", () => TaskResult.split(["C"]), { strategy: all, next: () => Effect.succeed("Done") })
    .register("C", { run: Split.run([Effect.void], { strategy: all }), next: "Done" })
    .addExitStates("Done")

  it.effect("is asked for each visit, each split of a state and each next that is an Effect, also of follow-on branches", () =>
    Effect.gen(function*() {
      const notes: Array<string> = []
      assert.strictEqual(yield* hosted(workflow.orchestrate("A", { runId: "r" }), noting(notes)), "Done")
      assert.deepStrictEqual(notes, [
        "resume r",
        "visit r/1/A A task",
        "visit r/2/B B split",
        "split r/2/B true",
        "resume r",
        "visit r/2/B/0/1/C C task",
        "next r/2/B"
      ])
    }))

  it.effect("may answer from its records: a visit, a split, a next", () =>
    Effect.gen(function*() {
      const never = make
        .register("A", { run: Effect.die("not again"), next: "B" })
        .registerSplit("B", [Effect.void], { strategy: all, next: () => Effect.succeed("A" as const) })
        .addExitStates("Done", "Failed")
      const visit = (_run: any, state: unknown, _: boolean, work: unknown) => state === "A" ? Effect.succeed("B") : work
      assert.strictEqual(
        yield* hosted(never.orchestrate("A"), noting([], { visit, next: () => Effect.succeed("Done") })),
        "Done"
      )
      const split = () => Effect.succeed({ recorded: true })
      const told: Array<unknown> = []
      const reading = make.registerSplit("A", [Effect.die("not again")], {
        strategy: all,
        next: (result) => (told.push(result), "Done")
      }).addExitStates("Done")
      assert.strictEqual(yield* hosted(reading.orchestrate("A"), noting([], { split })), "Done")
      assert.deepStrictEqual(told, [{ recorded: true }])
    }))

  it.effect("says where a run goes on, and with which visit", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const note = Effect.map(
        Workflow.CurrentRun,
        ({ key, path }) => void seen.push([key, path?.entered, path?.states])
      )
      const workflow = make
        .register("A", { run: Effect.die("not again"), next: "B" })
        .register("B", { run: note, next: "C" })
        .register("C", { run: note, next: "Done" })
        .addExitStates("Done")
      const resume = () => ({ state: "B", visit: 40 })
      yield* hosted(workflow.orchestrate("A", { runId: "r" }), noting([], { resume }))
      assert.deepStrictEqual(seen, [["r/40/B", 40, ["B"]], ["r/41/C", 41, ["B", "C"]]])
    }))

  it.effect("says at which instant the time of a run is up, and that of a split", () =>
    Effect.gen(function*() {
      const timed = make.register("A", Effect.never).addExitStates("Done").withTimeout("1 minute")
      const joined = make
        .registerSplit("A", [Effect.never], { strategy: all, timeout: "1 minute", next: "Done", otherwise: "Failed" })
        .addExitStates("Done", "Failed")
      yield* TestClock.setTime(100_000)
      const run = yield* Effect.forkChild(
        Effect.flip(hosted(timed.orchestrate("A"), noting([], { deadline: () => 100_020 })))
      )
      const split = (_: unknown, { config, list, run }: any) => run(list, { ...config, deadline: 100_010 })
      const late = yield* Effect.forkChild(hosted(joined.orchestrate("A"), noting([], { split })))
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* late.pollUnsafe()!, "Failed")
      assert.isUndefined(run.pollUnsafe())
      yield* TestClock.adjust(10)
      const error = yield* run.pollUnsafe()!
      assert.instanceOf(error, CanoError.WorkflowTimeoutError)
      // an instant that has passed is now
      assert.instanceOf(
        yield* Effect.flip(hosted(timed.orchestrate("A"), noting([], { deadline: () => 1 }))),
        CanoError.WorkflowTimeoutError
      )
    }))

  it.effect("is that of one run: a workflow in a task or branch has none", () =>
    Effect.gen(function*() {
      const notes: Array<string> = []
      const inner = Workflow.make<"I" | "Done">("inner").register("I", Effect.succeed("Done")).addExitStates("Done")
      const outer = make
        .register("A", { run: inner.orchestrate("I"), next: "B" })
        .registerSplit("B", [inner.orchestrate("I")], { strategy: all, next: "Done" })
        .addExitStates("Done")
      yield* hosted(outer.orchestrate("A", { runId: "r" }), noting(notes))
      assert.deepStrictEqual(notes, ["resume r", "visit r/1/A A task", "visit r/2/B B split", "split r/2/B false"])
    }))

  it.effect("ends a run by what it fails with", () =>
    Effect.gen(function*() {
      const workflow = make.register("A", Effect.succeed("Done")).addExitStates("Done")
      const exit = yield* Effect.exit(
        hosted(workflow.orchestrate("A"), noting([], { visit: () => Effect.die("fenced") }))
      )
      assert.isTrue(Exit.isFailure(exit))
    }))
})
