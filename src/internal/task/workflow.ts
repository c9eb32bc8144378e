/**
 * A task that runs another workflow. Its run stands in that of the state, and has the key of that visit or branch and a
 * segment of its own as its id: what it does has the same keys whenever the outer run has the same id.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import { misfits, show } from "../check/describe.ts"
import type { AnyEffect } from "../fibers/any.ts"
import { tagOf } from "../machine/machine.ts"
import { WorkflowImpl } from "../machine/workflow.ts"
import { digest } from "../run/keys.ts"
import { currentOf, levelIn, runOf } from "../run/run.ts"
import * as given from "./given.ts"
import type { Fault } from "./kind.ts"
import { Task } from "./kind.ts"

export const make = (child: unknown, initial: unknown, options: unknown): Task => {
  const { label } = given.optionsOf<"label">(options)
  const isAsked = Predicate.isFunction(initial)
  const known = child instanceof WorkflowImpl ? child : undefined
  return new Task(
    {
      _tag: "Workflow",
      label: given.labelOf(label),
      workflow: known?.name,
      initial: isAsked ? undefined : tagOf(initial),
      definition: known?.definition
    },
    () => [
      ...known === undefined
        ? given.fault("task", `Task.workflow was given ${show(child)}; it must be a workflow`)
        : faultsOf(known, initial, isAsked),
      ...given.fault(
        "options",
        options === undefined || Predicate.isObject(options)
          ? given.labelFault(label)
          : misfits("the options", options, "{ label }, or be left out")
      )
    ],
    (state) => Effect.suspend(() => nested(known!, isAsked ? initial(state) : initial))
  )
}

/** What is wrong with the workflow is wrong with the one that it stands in. */
const faultsOf = (child: WorkflowImpl, initial: unknown, isAsked: boolean): ReadonlyArray<Fault> =>
  child.validate(isAsked ? undefined : { from: [initial] })
    .filter(({ severity }) => severity === undefined)
    .map(({ message }) => ({ rule: "task", sentence: `workflow "${child.name}": ${message}` }))

/** The one place in which the run of another workflow is started as the work of a state or branch, and has ended. */
const nested = (child: WorkflowImpl, initial: unknown): AnyEffect =>
  Effect.withFiber((fiber) => {
    const current = currentOf(fiber)
    if (current === undefined) return child.orchestrate(initial)
    const key = bounded(`${current.key}/${current.nextSplit(child.name)}`)
    const saga = runOf(levelIn(current))?.saga
    const ledger = saga?.ledgerOf(current)
    if (saga === undefined || ledger === undefined) {
      return child.orchestrate(initial, undefined, { key, heir: undefined })
    }
    const refused = child.definition.isSaga ? saga.refusal : undefined
    return refused === undefined
      ? child.orchestrate(initial, undefined, { key, heir: { saga, ledger } })
      : Exit.fail(refused)
  })

/** Characters of a key: runs in each other, of which the outer ones may have ended, can be without end. */
const longest = 2000

const bounded = (key: string): string => key.length > longest ? `#~${digest(key)}` : key
