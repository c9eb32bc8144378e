/**
 * The split without a machine: the input is checked and read, and run like the split of a state.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import { ConfigurationError, WorkflowError } from "../CanoError.ts"
import * as branches from "./branches.ts"
import * as rules from "./rules.ts"
import * as split from "./split.ts"

type AnyEffect = Effect.Effect<unknown, unknown, unknown>

export const run = (input: unknown, options: rules.SplitInput): AnyEffect =>
  Effect.suspend(() => {
    const issues = rules.split(undefined, input, options)
    if (issues.length > 0) return Exit.fail(new ConfigurationError({ workflow: undefined, issues }))
    const config = rules.toConfig(options)
    const join = (value: unknown): AnyEffect => {
      const list = branches.fromUnknown(value)
      return list._tag === "NotBranches"
        ? Exit.fail(
          new WorkflowError({
            ...split.noFrame,
            rule: "invalid-branches",
            detail: `the branches are ${list.detail}`
          })
        )
        : split.run(list, config, split.noFrame)
    }
    if (Effect.isEffect(input)) return Effect.flatMap(input, join)
    if (!Predicate.isFunction(input)) return join(input)
    const value: unknown = input()
    return Effect.isEffect(value) ? Effect.flatMap(value, join) : join(value)
  })
