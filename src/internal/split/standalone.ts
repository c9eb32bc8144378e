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
import type { Config } from "./config.ts"
import { mayDetach } from "./config.ts"
import { noFrame, refused } from "./frame.ts"
import * as options from "./options.ts"
import * as split from "./split.ts"

export const run = (input: unknown, given: options.SplitInput, subject?: Subject): AnyEffect => {
  let checked: split.Enter | undefined
  return Effect.callback((resume) => (checked ??= check(input, given, subject))(resume))
}

/** The error for what is wrong with a split, or with what is made of one. */
export const misconfigured = (issues: ReadonlyArray<Issue>, subject?: Subject): ConfigurationError =>
  new ConfigurationError({
    workflow: undefined,
    issues: subject === undefined ? issues : issues.map((issue) => ({ ...issue, subject }))
  })

const check = (input: unknown, given: options.SplitInput, subject: Subject | undefined): split.Enter => {
  const parsed = options.parse(undefined, input, given)
  if (Result.isFailure(parsed)) {
    const refusal = Exit.fail(misconfigured(parsed.failure, subject))
    return (resume) => resume(refusal)
  }
  const { config, source } = parsed.success
  if (source._tag === "List") return entering(source.list, config)
  const join = (value: unknown): split.Joined => {
    const list = branches.fromUnknown(value)
    return list._tag === "NotBranches"
      ? refused(noFrame, "invalid-branches", `the branches are ${list.detail}`)
      : Effect.callback(entering(list, config))
  }
  const joined = source._tag === "Effect"
    ? Effect.flatMap(source.effect, join)
    : Effect.suspend(() => {
      const value: unknown = source.f()
      return Effect.isEffect(value) ? Effect.flatMap(value, join) : join(value)
    })
  return (resume) => resume(joined)
}

/** Branches that may be left behind belong to the scope. */
const entering = (list: BranchList, config: Config): split.Enter => {
  if (!mayDetach(config)) return split.enter(list, config, noFrame)
  const joined = Effect.flatMap(
    Effect.flatMap(Effect.scope, nursery.ofScope),
    (nursery) => split.run(list, config, { ...noFrame, nursery })
  )
  return (resume) => resume(joined)
}
