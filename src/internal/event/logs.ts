/**
 * A listener that tells the log of runs. It is an effectful one: a slow logger makes no run wait.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { format } from "../../JoinStrategy.ts"
import type { End, ListenerOptions, OfCompensation, OfWait, RunEvent } from "../../RunEvent.ts"
import { clip } from "../check/describe.ts"
import { tagOf } from "../machine/machine.ts"
import * as delivery from "./delivery.ts"

const after = ({ at, since }: { readonly at: number; readonly since: number }): string =>
  `after ${Duration.format(Duration.millis(at - since))}`

const ended = ({ exit, how }: End): string => {
  const exitState = Exit.isSuccess(exit) ? tagOf(exit.value) : undefined
  if (how === "interrupted") return "was interrupted"
  return exitState === undefined ? `has ${how}` : `has exited at ${clip(exitState)}`
}

const branch = ({ index, name }: { readonly index: number; readonly name: string }): string =>
  name === String(index) ? `branch ${index}` : `branch ${index} (${clip(name)})`

/** What is said of an event, in a sentence. */
const sentence = (event: RunEvent): string => {
  switch (event._tag) {
    case "RunStarted":
      return `workflow "${event.workflow}" starts`
    case "RunEnded":
      return `workflow "${event.workflow}" ${ended(event)} ${after(event)}, with ${event.path.entered} states entered`
    case "StateEntered":
      return `state ${clip(event.state)} is entered`
    case "StateLeft":
      return event.next === undefined
        ? `state ${clip(event.state)} ${event.how === "interrupted" ? "was interrupted" : "has failed"} ${after(event)}`
        : `state ${clip(event.state)} leads to ${clip(event.next)} ${after(event)}`
    case "SplitStarted":
      return `a split starts, joined by ${clip(format(event.strategy))}`
    case "SplitEnded":
      return `a split has ended ${after(event)}`
    case "BranchQueued":
      return `${branch(event)} waits`
    case "BranchStarted":
      return `${branch(event)} starts ${after(event)}${event.hedge ? ", as a hedge" : ""}`
    case "BranchSettled":
      return `${branch(event)} has ${event.how === "succeeded" ? "succeeded" : "failed"} ${after(event)}`
    case "BranchLost":
      return `${branch(event)} is lost ${after(event)}: ${event.outcome}`
    case "JoinDecided": {
      const { counts: { failed, succeeded, total }, strategy, verdict } = event
      return `${
        clip(format(strategy))
      } is ${verdict}: of ${total} branches ${succeeded} have succeeded, ${failed} failed`
    }
    case "AttemptStarted":
      return `attempt ${event.attempt} starts`
    case "AttemptEnded":
      return `attempt ${event.attempt} has ended ${after(event)}: ${event.how}`
    case "WaitStarted":
      return `waits for ${waitedFor(event)}`
    case "RunPaused":
      return `workflow "${event.workflow}" is paused${event.note === undefined ? "" : `: ${clip(event.note)}`}`
    case "RunResumed":
      return `workflow "${event.workflow}" goes on`
    case "SignalReceived":
      return `signal "${clip(event.signal)}" is received: ${event.answer}`
    case "WaitEnded":
      return `has waited for ${waitedFor(event)} ${after(event)}: ${event.how}`
    case "RollbackStarted":
      return `goes back: ${event.steps} ${event.steps === 1 ? "step" : "steps"} to undo`
    case "RollbackEnded":
      return `has gone back ${after(event)}: ${event.compensated} undone, ${event.failures} not`
    case "CompensationStarted":
      return `${undone(event)} is undone, which ${event.done === "Succeeded" ? "was done" : "may have been done"}`
    case "CompensationEnded":
      return `${undone(event)} ${event.how === "succeeded" ? "has been undone" : "could not be undone"} ${after(event)}`
  }
}

const undone = ({ branch, state }: OfCompensation): string =>
  branch === undefined ? `state ${clip(state)}` : `branch ${clip(branch)} of state ${clip(state)}`

const waitedFor = ({ signal, until, waits }: OfWait): string =>
  waits === "signal"
    ? `signal "${clip(signal ?? "")}"`
    : `the instant ${until === undefined ? "?" : DateTime.formatIso(DateTime.makeUnsafe(until))}`

const annotations = ({ key, runId, seq, workflow }: RunEvent) => ({ workflow, runId, key, seq })

const tell = (event: RunEvent): Effect.Effect<void> => {
  const line = sentence(event)
  const isOver = event._tag === "RunEnded"
  // a state that has failed tells at debug what the run tells in full
  const log = isOver && Exit.isFailure(event.exit)
    ? Effect.logInfo(line, event.exit.cause)
    : isOver || event._tag === "RollbackStarted" || event._tag === "RollbackEnded"
    ? Effect.logInfo(line)
    : Effect.logDebug(line)
  return Effect.annotateLogs(log, annotations(event))
}

export const make = (options?: ListenerOptions) => delivery.make(tell, options)
