/**
 * Laws of limits: runs, splits and follow-on branches are nested in each other as it comes, with limits at several levels,
 * some of it started when what is around it has ended. What starts, what is refused, and by whose limit, is what a model
 * says that keeps a plain list of all that is around.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Context } from "effect"
import { Arbitrary, Cause, Deferred, Effect, Fiber } from "effect"
import { CanoError, JoinStrategy, Split, TaskResult, Workflow } from "effect-cano"
import { int, runs, yieldsAtRandom } from "../kit/index.ts"

// -----------------------------------------------------------------------------
// programs
// -----------------------------------------------------------------------------

type Form = "known" | "lazy" | "growing" | "follow-on"

type Node =
  | { readonly _tag: "Work" }
  /** Keeps what is in it, with all that is around it, until somebody releases it. */
  | { readonly _tag: "Later"; readonly node: Node }
  | { readonly _tag: "Release" }
  /** Starts a run that goes on when the run around it has ended. */
  | { readonly _tag: "Detach"; readonly run: RunNode }
  | { readonly _tag: "Split"; readonly form: Form; readonly nodes: ReadonlyArray<Node> }
  | RunNode

interface RunNode {
  readonly _tag: "Run"
  readonly name: string
  readonly limits: Limits
  readonly states: ReadonlyArray<Node>
}

interface Limits {
  readonly maxTransitions?: number
  readonly maxBranches?: number
  readonly maxDepth?: number
}

/** Numbers, read as a program: fewer and smaller ones make a smaller program. */
const program = (numbers: ReadonlyArray<number>): Node => {
  let at = 0
  let names = 0
  const next = (below: number): number => at < numbers.length ? numbers[at++]! % below : 0
  const nodes = (deep: number, most: number): ReadonlyArray<Node> =>
    Array.from({ length: next(most + 1) }, () => node(deep + 1))
  const limit = (least: number, below: number): number | undefined => {
    const n = next(below * 2)
    return n > below ? least + n - below : undefined
  }
  const node = (deep: number): Node => {
    if (deep > 9) return { _tag: "Work" }
    switch (next(10)) {
      case 0:
      case 1:
        return { _tag: "Work" }
      case 2:
        return { _tag: "Later", node: node(deep + 1) }
      case 3:
        return { _tag: "Release" }
      case 4:
        return { _tag: "Detach", run: run(deep) }
      case 5:
      case 6:
        return { _tag: "Split", form: (["known", "lazy", "growing"] as const)[next(3)]!, nodes: nodes(deep, 4) }
      default:
        return run(deep)
    }
  }
  const run = (deep: number): RunNode => {
    const name = `r${names++}`
    const [maxTransitions, maxBranches, maxDepth] = [limit(-1, 8), limit(-1, 10), limit(0, 5)]
    const limits = {
      ...maxTransitions !== undefined && { maxTransitions },
      ...maxBranches !== undefined && { maxBranches },
      ...maxDepth !== undefined && { maxDepth }
    }
    const states = nodes(deep, 3).map((node): Node =>
      node._tag === "Split" && node.form === "growing" && node.nodes.length > 1 ? { ...node, form: "follow-on" } : node
    )
    return { _tag: "Run", name, limits, states: states.length === 0 ? [node(deep + 1)] : states }
  }
  return run(0)
}

const programs = Arbitrary.map(Arbitrary.array(int(0, 719), { minLength: 60, maxLength: 200 }), program)

// -----------------------------------------------------------------------------
// the engine
// -----------------------------------------------------------------------------

/** A refusal, as "rule: the run whose limit it is". */
const told = (error: unknown): string => {
  if (!(error instanceof CanoError.WorkflowError)) return assert.fail(String(error))
  const { detail, rule, workflow } = error
  const named = /workflow "(r\d+)" (?:starts|has)|of workflow "(r\d+)"/.exec(detail)
  return `${rule}: ${named?.[1] ?? named?.[2] ?? (rule === "max-depth" ? "default" : workflow)}`
}

/** What goes on when a run has ended. */
type Detached = Array<Effect.Effect<unknown>>

const played = Effect.fnUntraced(function*(root: Node) {
  const trail: Array<string> = []
  const later: Array<Effect.Effect<void>> = []
  const swallow = (effect: Effect.Effect<unknown, unknown>): Effect.Effect<void> =>
    Effect.asVoid(
      Effect.catchCause(effect, (cause) => Effect.sync(() => trail.push(told(Cause.squash(cause)))))
    )
  const release: Effect.Effect<void> = Effect.suspend(() => {
    const first = later.shift()
    return first === undefined ? Effect.void : Effect.andThen(first, release)
  })
  const options = { strategy: JoinStrategy.all, bulkhead: 1 } as const
  const listed = (form: Form, nodes: ReadonlyArray<Node>, detached: Detached): any => {
    const effects = nodes.map((node) => Effect.suspend(() => play(node, detached)))
    if (form === "known") return effects
    if (form === "lazy") {
      return (function*() {
        yield* effects
      })()
    }
    const [first, ...rest] = effects
    return Split.growing((add) => first === undefined ? [] : [Effect.andThen(Effect.suspend(() => add(rest)), first)])
  }
  const play = (node: Node, detached: Detached): Effect.Effect<void> => {
    switch (node._tag) {
      case "Work":
        return Effect.sync(() => void trail.push("work"))
      case "Later":
        return Effect.contextWith((context: Context.Context<never>) =>
          Effect.sync(() =>
            void later.push(Effect.updateContext(Effect.suspend(() => play(node.node, detached)), () => context))
          )
        )
      case "Release":
        return release
      case "Split":
        return swallow(
          Split.run(() => listed(node.form, node.nodes, detached), options) as Effect.Effect<unknown, unknown>
        )
      case "Run":
        return start(node, "s0", Effect.void)
      case "Detach":
        return Effect.flatMap(Deferred.make<void>(), (gate) =>
          Effect.map(
            Effect.forkDetach(start(node.run, "gate", Deferred.await(gate)), { startImmediately: true }),
            (fiber) => void detached.push(Effect.andThen(Deferred.succeed(gate, undefined), Fiber.await(fiber)))
          ))
    }
  }
  /** Runs it, and then what it has left behind. */
  const start = (node: RunNode, initial: string, gate: Effect.Effect<void>): Effect.Effect<void> => {
    const detached: Detached = []
    const run: Effect.Effect<unknown, unknown> = workflow(node, gate, detached).orchestrate(initial, node.limits)
    return Effect.andThen(
      swallow(run),
      Effect.suspend(() => Effect.forEach(detached, (goOn) => goOn, { discard: true }))
    )
  }
  const workflow = ({ name, states }: RunNode, gate: Effect.Effect<void>, detached: Detached): any => {
    let self: any = Workflow.make<string>(name).register("gate", Effect.as(gate, "s0")).addExitStates("end")
    states.forEach((node, i) => {
      const next = i + 1 < states.length ? `s${i + 1}` : "end"
      if (node._tag !== "Split") {
        self = self.register(`s${i}`, Effect.suspend(() => Effect.as(play(node, detached), next)))
      } else if (node.form !== "follow-on") {
        self = self.registerSplit(`s${i}`, () => listed(node.form, node.nodes, detached), { ...options, next })
      } else {
        node.nodes.forEach((node, k) => {
          self = self.register(`s${i}.${k}`, Effect.suspend(() => Effect.as(play(node, detached), "end")))
        })
        self = self.registerSplit(`s${i}`, () => TaskResult.split(node.nodes.map((_, k) => `s${i}.${k}`)), {
          ...options,
          next,
          otherwise: (error: CanoError.JoinUnsatisfiedError) => {
            for (const { cause } of error.result.failures) trail.push(told(Cause.squash(cause)))
            return next
          }
        })
      }
    })
    return self
  }
  yield* play(root, [])
  yield* release
  return trail
})

// -----------------------------------------------------------------------------
// the model
// -----------------------------------------------------------------------------

interface Around {
  readonly name: string | undefined
  readonly limits: Limits
  transitions: number
  branches: number
  ended: boolean
}

/** What is around, the outermost first. */
type Stack = ReadonlyArray<Around>

const predicted = (root: Node): ReadonlyArray<string> => {
  const trail: Array<string> = []
  const later: Array<() => void> = []
  const enter = (name?: string, limits: Limits = {}): Around => ({
    name,
    limits,
    transitions: 0,
    branches: 0,
    ended: false
  })
  const isRun = (around: Around | undefined) => around?.name !== undefined
  const live = (stack: Stack) => stack.filter(({ ended }) => !ended)

  const tooDeep = (stack: Stack): string | undefined => {
    const there = live(stack)
    const depth = there.filter((around, i) => !isRun(around) || isRun(there[i - 1])).length
    const limited = there.filter(({ limits }) => limits.maxDepth !== undefined).reverse()
    const least = Math.min(...limited.map(({ limits }) => limits.maxDepth!))
    if (depth < (limited.length === 0 ? 200 : least)) return undefined
    return `max-depth: ${limited.find(({ limits }) => limits.maxDepth === least)?.name ?? "default"}`
  }
  const spend = (
    stack: Stack,
    what: "branches" | "transitions",
    limit: "maxBranches" | "maxTransitions",
    n: number
  ): string | undefined => {
    const full = live(stack).reverse().find((around) => around[what] + n > (around.limits[limit] ?? Infinity))
    if (full === undefined) { for (const around of live(stack)) around[what] += n }
    return full && `${what === "branches" ? "max-branches" : "max-transitions"}: ${full.name}`
  }

  const play = (node: Node, stack: Stack, detached: Array<() => void>): void => {
    switch (node._tag) {
      case "Work":
        return void trail.push("work")
      case "Later":
        return void later.push(() => play(node.node, stack, detached))
      case "Release":
        for (let next = later.shift(); next !== undefined; next = later.shift()) next()
        return
      case "Split": {
        const refused = split(node.form, node.nodes, stack, detached)
        if (refused !== undefined) trail.push(refused)
        return
      }
      case "Run":
        return start(node, stack)?.()
      case "Detach": {
        const goOn = start(node.run, stack, true)
        if (goOn !== undefined) detached.push(goOn)
      }
    }
  }
  const start = ({ limits, name, states }: RunNode, stack: Stack, gated = false): (() => void) | undefined => {
    const refused = isRun(live(stack).at(-1)) ? tooDeep(stack) : undefined
    if (refused !== undefined) return void trail.push(refused)
    const around = enter(name, limits)
    const within = [...stack, around]
    return () => {
      const detached: Array<() => void> = []
      const stopped = gated ? spend(within, "transitions", "maxTransitions", 1) : undefined
      const failed = stopped ?? run(states, within, detached)
      around.ended = true
      if (failed !== undefined) trail.push(failed)
      for (const goOn of detached) goOn()
    }
  }
  const run = (states: ReadonlyArray<Node>, stack: Stack, detached: Array<() => void>): string | undefined => {
    for (const node of states) {
      if (node._tag !== "Split") play(node, stack, detached)
      else {
        const failed = split(node.form, node.nodes, stack, detached)
        if (failed !== undefined) return failed
      }
      const failed = spend(stack, "transitions", "maxTransitions", 1)
      if (failed !== undefined) return failed
    }
    return undefined
  }
  const split = (
    form: Form,
    nodes: ReadonlyArray<Node>,
    stack: Stack,
    detached: Array<() => void>
  ): string | undefined => {
    const deep = tooDeep(stack)
    if (deep !== undefined) return deep
    const known = form === "lazy" ? 0 : form === "growing" ? Math.min(1, nodes.length) : nodes.length
    const refused = spend(stack, "branches", "maxBranches", known)
    if (refused !== undefined) return refused
    const around = enter()
    const failed = branches(form, nodes, [...stack, around], detached)
    around.ended = true
    return failed
  }
  const branches = (
    form: Form,
    nodes: ReadonlyArray<Node>,
    stack: Stack,
    detached: Array<() => void>
  ): string | undefined => {
    const failures: Array<string> = []
    for (const [i, node] of nodes.entries()) {
      const added = form === "lazy" ? 1 : form === "growing" && i === 0 ? nodes.length - 1 : 0
      const refused = spend(stack, "branches", "maxBranches", added)
      if (refused !== undefined) return refused
      if (form !== "follow-on") play(node, stack, detached)
      else {
        const around = enter("follow-on")
        play(node, [...stack, around], detached)
        const failed = spend([...stack, around], "transitions", "maxTransitions", 1)
        around.ended = true
        if (failed !== undefined) failures.push(failed)
      }
    }
    trail.push(...failures)
    return undefined
  }
  play(root, [], [])
  play({ _tag: "Release" }, [], [])
  return trail
}

// which ancestors have ended when a detached run starts is a matter of turns, which random yields change
describe.skipIf(yieldsAtRandom)("limits at several levels", () => {
  const seen = new Set<string>()

  it.effect.prop(
    "refuse what the limit of anything around that has not ended refuses, and nothing else",
    { program: programs },
    Effect.fnUntraced(function*({ program }) {
      const trail = yield* played(program)
      assert.deepStrictEqual(trail, predicted(program))
      for (const what of trail) seen.add(what.split(":")[0]!)
    }),
    runs(2000)
  )

  it("are met in each of their kinds by the programs above", () => {
    assert.deepStrictEqual([...seen].sort(), ["max-branches", "max-depth", "max-transitions", "work"])
  })
})
