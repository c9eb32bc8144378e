/** A workflow of a plan, which tells an observer what it does. It lives as long as the worker that has made it. */
import { Context, Effect, Layer, Schema } from "effect"
import { Bulkhead, JoinStrategy, TaskResult, Workflow } from "effect-cano"
import * as Signal from "effect-cano/Signal"
import type * as plan from "./plan.ts"

export class Bad extends Schema.TaggedError<Bad>()("Bad", { why: Schema.String }) {}

export const Go = Signal.make("go", Schema.Int)

class Places extends Context.Service<Places, Bulkhead.Bulkhead>()("crash/Places") {}
export const places: Layer.Layer<any> = Layer.orDie(Bulkhead.layer(Places, { places: 3 }))

/** Told when something is executed, and under which key. */
export type Tell = (what: "exec" | "undo", key: string, ...details: ReadonlyArray<string>) => void

const key = Effect.map(Workflow.CurrentRun as any, (run: any) => run.key as string)

export const strategyOf = (self: plan.Strategy): JoinStrategy.JoinStrategy => {
  switch (self._tag) {
    case "All":
      return JoinStrategy.all
    case "AllFailFast":
      return JoinStrategy.allFailFast
    case "Any":
      return JoinStrategy.any
    case "Quorum":
      return JoinStrategy.quorum(self.n)
    case "Percentage":
      return JoinStrategy.percentage(self.n)
    case "PartialResults":
      return JoinStrategy.partialResults(self.n)
    case "PartialTimeout":
      return JoinStrategy.partialTimeout
    case "Weighed":
      // the same as quorum, as a fold that looks at each outcome
      return JoinStrategy.accept(JoinStrategy.quorum(self.n), () => true)
  }
}

/** What the next state remembers of a join: all that must be the same in each life. */
export const digest = (
  verdict: "+" | "-",
  counted: ReadonlyArray<{ readonly index: number; readonly hasWon: boolean }>
): string =>
  verdict +
  [...counted].sort((a, b) => a.index - b.index).map(({ hasWon, index }) => `${index}${hasWon ? "s" : "f"}`).join("")

const digestOf = (verdict: "+" | "-", result: any): string =>
  digest(verdict, result.settled.map(({ _tag, index }: any) => ({ index, hasWon: _tag === "Succeeded" })))

const optional = (options: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))

const states = (count: number) => {
  const got = { got: Schema.String }
  return Schema.Union([
    ...Array.from({ length: count + 1 }, (_, i) => Schema.TaggedStruct(`S${i}`, got)),
    Schema.TaggedStruct("Pack", { stage: Schema.Int, path: Schema.String, depth: Schema.Int }),
    ...Array.from(
      { length: count },
      (_, i) => Schema.TaggedStruct(`Inner${i}`, { path: Schema.String, depth: Schema.Int })
    ),
    Schema.TaggedStruct("Packed", { path: Schema.String }),
    Schema.TaggedStruct("Done", got)
  ] as never)
}

export const make = ({ end, isSaga, seed, stages }: plan.Plan, tell: Tell): any => {
  const work = (millis: number, result: Effect.Effect<unknown, unknown>) =>
    Effect.flatMap(key, (key) => {
      tell("exec", key)
      return Effect.andThen(Effect.interruptible(Effect.sleep(millis)), result)
    })
  const undo = (done: any, step: any) =>
    Effect.suspend(() => {
      tell("undo", step.key, done._tag)
      return Effect.sleep(3)
    })
  let workflow: any = Workflow.make(`crash-${seed}`, states(stages.length) as never)
  stages.forEach((stage, i) => {
    const name = `S${i}`
    const on = (got: string, more: string) => ({ _tag: `S${i + 1}`, got: `${got}${more};` })
    switch (stage.kind) {
      case "task": {
        const run = work(stage.millis, Effect.succeed(i))
        workflow = workflow.register(
          name,
          {
            run,
            ...stage.compensate ? { compensate: undo, schema: { success: Schema.Int, error: Schema.Never } } : {},
            next: (value: number, state: any) => on(state.got, `t${value}`)
          },
          ...stage.pivot ? [{ pivot: true }] : []
        )
        return
      }
      case "signal":
        workflow = workflow.registerSignal(name, Go, {
          next: (value: number, state: any) => on(state.got, `g${value}`)
        })
        return
      case "split": {
        const branches = stage.branches.map((branch, index) =>
          work(
            branch.millis,
            branch.end === "succeed"
              ? Effect.succeed(index)
              : branch.end === "fail"
              ? Effect.fail(new Bad({ why: branch.name }))
              : Effect.die(new Error(branch.name))
          )
        )
        workflow = workflow.registerSplit(
          name,
          () =>
            stage.isRecord
              ? Object.fromEntries(branches.map((branch, index) => [stage.branches[index]!.name, branch]))
              : branches,
          optional({
            strategy: strategyOf(stage.strategy),
            bulkhead: stage.bulkhead === "shared" ? Places : stage.bulkhead,
            losers: stage.losers,
            timeout: stage.timeout,
            compensate: stage.compensate && undo,
            keep: stage.compensate === "completed" ? "completed" : undefined,
            pivot: stage.pivot || undefined,
            schema: { success: Schema.Int, error: Bad },
            next: (result: unknown, state: any) =>
              stage.nextFails ? Effect.fail(new Bad({ why: "next" })) : on(state.got, digestOf("+", result)),
            otherwise: stage.otherwise
              ? (error: any, state: any) => on(state.got, digestOf("-", error.result))
              : undefined
          })
        )
        return
      }
      case "follow": {
        const options = optional({
          strategy: strategyOf(stage.strategy),
          bulkhead: stage.bulkhead,
          losers: stage.losers
        })
        const list = (path: string, depth: number) =>
          TaskResult.split(Array.from({ length: stage.width }, (_, n) => ({
            _tag: "Pack",
            stage: i,
            path: `${path}${n}`,
            depth
          })))
        workflow = workflow
          .registerSplit(name, () => list("", stage.depth), {
            ...options,
            next: (result: unknown, state: any) => on(state.got, digestOf("+", result)),
            otherwise: (error: any, state: any) => on(state.got, digestOf("-", error.result))
          })
          .registerSplit(`Inner${i}`, ({ depth, path }: any) => list(path, depth), {
            ...options,
            next: (_: unknown, { path }: any) => ({ _tag: "Packed", path }),
            otherwise: (_: unknown, { path }: any) => ({ _tag: "Packed", path: `${path}-` })
          })
      }
    }
  })
  const millisOf = (stage: number) => {
    const own = stages[stage]
    return own?.kind === "follow" ? own.millis : 0
  }
  workflow = workflow
    .register("Pack", ({ depth, path, stage }: any) =>
      work(
        millisOf(stage) + 7 * Number(path.at(-1)),
        Effect.suspend(() =>
          depth > 1
            ? Effect.succeed({ _tag: `Inner${stage}`, path, depth: depth - 1 })
            : path.endsWith("2")
            ? Effect.fail(new Bad({ why: path }))
            : Effect.succeed({ _tag: "Packed", path })
        )
      ))
    .register(
      `S${stages.length}`,
      ({ got }: any) =>
        work(2, end === "succeed" ? Effect.succeed({ _tag: "Done", got }) : Effect.fail(new Bad({ why: got })))
    )
    .addExitStates("Packed", "Done")
  return isSaga ? workflow.withCompensation({}) : workflow
}
