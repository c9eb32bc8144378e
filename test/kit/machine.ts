/**
 * Machines: the smallest one, for tests that look at what is nested in its run, and any machine at all, for those that look
 * at its definition.
 */
import { Arbitrary, Effect } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import { int, oneOf } from "./generator.ts"
import { type Untyped, untyped } from "./untyped.ts"

/** A workflow whose only task is this effect: from `Go` to `Done`. */
export const running = (name: string, task: Effect.Effect<unknown, unknown>) =>
  Workflow.make<"Go" | "Done">(name).register("Go", Effect.as(task, "Done" as const)).addExitStates("Done")

/** Names that do something in one language or another. */
export const hostileNames = [
  "</title><script>alert(1)</script>",
  "\"]; x -> y [label=\"",
  "<img src=x onerror=alert(2)>",
  "`~\n```\nend",
  "\u001b[2J\u001b]0;owned\u0007",
  "a\u0000b\ud800c\uffff",
  "\\N\\G\\l%%{init:{}}%%",
  "\u202egnidrawkcab\u2066\u200b",
  "&lt;b&gt; &amp; ]]> <!-- -->",
  "#quot;1. \"x\"|y|",
  "__proto__",
  "状態遷移図の一つの状態です",
  "👩‍👩‍👧 é́́"
] as const

const state = Arbitrary.all({
  kind: oneOf(["run", "run", "run", "effect", "declared", "tuple", "record", "function", "follow-on"]),
  name: int(0, 40),
  to: Arbitrary.array(int(0, 99), { minLength: 3, maxLength: 3 }),
  isForward: oneOf([true, true, false]),
  hasOtherwise: oneOf([true, false]),
  branches: int(0, 9)
})

/** Any machine of up to 40 states, with loops, states that nobody enters, and names of all kinds. It is not to be run. */
export const anyMachine: Arbitrary.Arbitrary<Untyped> = Arbitrary.map(
  Arbitrary.all({ states: Arbitrary.array(state, { minLength: 1, maxLength: 40 }), exits: int(1, 4) }),
  ({ exits, states }) => {
    const names = [
      ...states.map(({ name }, i) => `${hostileNames[name] ?? "State"}${i}`),
      ...Array.from({ length: exits }, (_, i) => `${hostileNames[i * 3]!} exit`)
    ]
    return states.reduce((workflow, { branches, hasOtherwise, isForward, kind, to }, i) => {
      const name = names[i]!
      const targets = to.map((n, k) => names[k === 0 && isForward ? i + 1 : n % names.length]!)
      const list = Array.from({ length: branches }, () => Effect.void)
      const options = {
        strategy: branches > 0 ? JoinStrategy.quorum(1) : JoinStrategy.all,
        next: targets[0],
        ...hasOtherwise ? { otherwise: targets[1] } : {},
        ...branches % 2 === 0 ? { timeout: "90 seconds" } : { bulkhead: branches, losers: "detach" }
      }
      switch (kind) {
        case "run":
          return workflow.register(name, { run: Effect.void, next: targets[0] })
        case "effect":
          return workflow.register(name, Effect.succeed(targets[0]))
        case "declared":
          return workflow.register(name, () => Effect.succeed(targets[0]), { to: [...new Set(targets)] })
        case "tuple":
          return workflow.registerSplit(name, list, options)
        case "record":
          return workflow.registerSplit(
            name,
            Object.fromEntries(list.map((one, k) => [hostileNames[k]!, one])),
            options
          )
        case "function":
          return workflow.registerSplit(name, () => list, options)
        case "follow-on":
          return workflow.registerSplit(name, () => list, { ...options, to: { branches: [...new Set(targets)] } })
      }
    }, untyped("</title>").addExitStates(...names.slice(states.length)))
  }
)
