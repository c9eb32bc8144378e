/**
 * The split without a machine: the input is checked and read once, however often the effect is run, and run like the
 * split of a state.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type { Issue, Subject } from "../../CanoError.ts"
import { ConfigurationError } from "../../CanoError.ts"
import type { AnyEffect } from "../fibers/any.ts"
import * as nursery from "../run/nursery.ts"
import type { BranchList } from "./branches.ts"
import * as branches from "./branches.ts"
import { mayDetach } from "./config.ts"
import { noFrame, refused } from "./frame.ts"
import * as options from "./options.ts"
import * as split from "./split.ts"

export const run = (input: unknown, given: options.SplitInput, subject?: Subject): AnyEffect => {
  let checked: AnyEffect | undefined
  return Effect.suspend(() => checked ??= check(input, given, subject))
}

/** The error for what is wrong with a split, or with what is made of one. */
export const misconfigured = (issues: ReadonlyArray<Issue>, subject?: Subject): ConfigurationError =>
  new ConfigurationError({
    workflow: undefined,
    issues: subject === undefined ? issues : issues.map((issue) => ({ ...issue, subject }))
  })

const check = (input: unknown, given: options.SplitInput, subject: Subject | undefined): AnyEffect => {
  const parsed = options.parse(undefined, input, given)
  if (Result.isFailure(parsed)) return Exit.fail(misconfigured(parsed.failure, subject))
  const { config, source } = parsed.success
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
  switch (source._tag) {
    case "List":
      return run(source.list)
    case "Effect":
      return Effect.flatMap(source.effect, join)
    case "Function":
      return Effect.suspend(() => {
        const value: unknown = source.f()
        return Effect.isEffect(value) ? Effect.flatMap(value, join) : join(value)
      })
  }
}
