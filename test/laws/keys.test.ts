/**
 * The law of keys: in a run each visit and each branch has another one, and in a second run of the same id the same.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect } from "effect"
import { JoinStrategy, Split, TaskResult, Workflow } from "effect-cano"
import { int, oneOf, runs } from "../kit/index.ts"
import type { Untyped } from "../kit/index.ts"

/** What a task or branch does: notes its key, and then starts splits, in which others do. */
interface Work {
  readonly waits: boolean
  readonly splits: ReadonlyArray<{ readonly name: string | undefined; readonly branches: ReadonlyArray<Work> }>
  readonly record: boolean
}

const names = ["a", "b", "0", "1", "#1", "a/0", "2/B"]

const name = Arbitrary.map(oneOf(["", ...names]), (name) => name === "" ? undefined : name)

const leaf: Arbitrary.Arbitrary<Work> = Arbitrary.map(
  oneOf([false, true]),
  (waits) => ({ waits, splits: [], record: waits })
)

const grown = (below: Arbitrary.Arbitrary<Work>): Arbitrary.Arbitrary<Work> =>
  Arbitrary.all({
    waits: oneOf([false, true]),
    record: oneOf([false, true]),
    splits: Arbitrary.array(
      Arbitrary.all({ name, branches: Arbitrary.array(below, { maxLength: 3 }) }),
      { maxLength: 3 }
    )
  })

const work = grown(grown(grown(leaf)))

/** What is registered for each of the states A, B and C: a task, a split, or follow-on states. */
const state = Arbitrary.all({ kind: oneOf(["task", "split", "states"]), work })
type State = typeof state extends Arbitrary.Arbitrary<infer A> ? A : never

const shaped = (list: ReadonlyArray<Effect.Effect<unknown, unknown>>, record: boolean) =>
  record ? Object.fromEntries(list.map((branch, i) => [names[i]!, branch])) : list

const machine = (states: ReadonlyArray<State>, seen: Array<string>): Untyped => {
  const note = Effect.map(Workflow.CurrentRun, ({ key }) => void seen.push(key))
  const perform = ({ record, splits, waits }: Work): Effect.Effect<unknown, unknown> =>
    Effect.andThen(
      waits ? Effect.andThen(Effect.yieldNow, note) : note,
      Effect.forEach(splits, ({ branches, name }) =>
        Split.run(shaped(branches.map(perform), record), { strategy: JoinStrategy.all, name }))
    )
  return states.reduce((workflow: any, { kind, work }, i) => {
    const name = "ABC"[i]!
    const next = "BCD"[i]!
    const branches = work.splits.flatMap(({ branches }) => branches).slice(0, names.length)
    if (kind === "task") return workflow.register(name, { run: perform(work), next })
    return workflow.registerSplit(
      name,
      () =>
        Effect.as(
          perform(work),
          kind === "split"
            ? shaped(branches.map(perform), work.record)
            : TaskResult.split(i === 2 ? ["D"] : [next, next])
        ),
      {
        strategy: JoinStrategy.all,
        next: () => Effect.as(perform(work), next),
        onOutcome: () => Effect.asVoid(perform(work))
      }
    )
  }, Workflow.make<string>("keys")).addExitStates("D")
}

describe("the keys of a run", () => {
  it.effect.prop(
    "are all distinct, and the same in a second run of the same id",
    { states: Arbitrary.all([state, state, state]), id: int(0, 2) },
    ({ id, states }) =>
      Effect.gen(function*() {
        const first: Array<string> = []
        const second: Array<string> = []
        const runId = ["r", "1/A", "#1"][id]!
        yield* machine(states, first).orchestrate("A", { runId })
        yield* machine(states, second).orchestrate("A", { runId })
        // a visit is noted by the task, by what makes branches, by the observer and by next: all of these have its key
        const visits = first.filter((key) => first.indexOf(key) !== first.lastIndexOf(key))
        for (const key of visits) assert.match(key, /\/\d+\/[ABC]$/)
        assert.deepStrictEqual([...first].sort(), [...second].sort())
      }),
    runs(200)
  )
})
