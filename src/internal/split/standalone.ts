/**
 * The split without a machine: the input is checked and read once, however often the effect is run, and run like the
 * split of a state.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import type { Issue, Subject } from "../../CanoError.ts"
import { ConfigurationError } from "../../CanoError.ts"
import * as nursery from "../run/nursery.ts"
import type { BranchList } from "./branches.ts"
import * as branches from "./branches.ts"
import { mayDetach } from "./config.ts"
import { noFrame, refused } from "./frame.ts"
import * as rules from "./options.ts"
import * as split from "./split.ts"

type AnyEffect = Effect.Effect<unknown, unknown, unknown>

export const run = (input: unknown, options: rules.SplitInput, subject?: Subject): AnyEffect => {
  let checked: AnyEffect | undefined
  return Effect.suspend(() => checked ??= check(input, options, subject))
}

/** The error for what is wrong with a split, or with what is made of one. */
export const misconfigured = (issues: ReadonlyArray<Issue>, subject?: Subject): ConfigurationError =>
  new ConfigurationError({
    workflow: undefined,
    issues: subject === undefined ? issues : issues.map((issue) => ({ ...issue, subject }))
  })

const check = (input: unknown, options: rules.SplitInput, subject: Subject | undefined): AnyEffect => {
  const issues = rules.split(undefined, input, options)
  if (issues.length > 0) return Exit.fail(misconfigured(issues, subject))
  const config = rules.toConfig(options)
  const run = (list: BranchList): AnyEffect =>
    mayDetach(config)
      ? Effect.flatMap(
        Effect.flatMap(Effect.scope, nursery.ofScope),
        (nursery) => split.run(list, config, { ...noFrame, nursery })
      )
      : split.run(list, config, noFrame)
  const join = (value: unknown): AnyEffect => {
    const list = branches.fromUnknown(value)
    if (list._tag !== "NotBranches") return run(list)
    return refused(noFrame, "invalid-branches", `the branches are ${list.detail}`)
  }
  if (Effect.isEffect(input)) return Effect.flatMap(input, join)
  if (Predicate.isFunction(input)) {
    return Effect.suspend(() => {
      const value: unknown = input()
      return Effect.isEffect(value) ? Effect.flatMap(value, join) : join(value)
    })
  }
  // a list that passed the rules
  return run(branches.fromUnknown(input) as BranchList)
}
