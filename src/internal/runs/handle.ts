/**
 * The handle of a run: what can be asked of it, and done to it, as Effects. It holds the record of its run, and nothing of its
 * own; one is made for a record, and goes with it.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { RunHandle, RunInfo, SendOptions } from "../../Runs.ts"
import type { AnySignal } from "../../Signal.ts"
import { SignalError } from "../../Signal.ts"
import { misfit, show } from "../check/describe.ts"
import { later } from "../fibers/dispatcher.ts"
import type { SignalImpl } from "../signal/signal.ts"
import { isSignal, noSignal } from "../signal/typeId.ts"
import { cancel, conclude } from "../split/settling.ts"
import { AmbiguousBranchError } from "./ambiguous.ts"
import type { Letter, Received } from "./mailbox.ts"
import type { Record } from "./record.ts"

const handles = new WeakMap<Record, RunHandle<unknown, unknown>>()

export const of = (record: Record): RunHandle<unknown, unknown> => {
  let handle = handles.get(record)
  if (handle === undefined) handles.set(record, handle = make(record))
  return handle
}

const make = (record: Record): RunHandle<unknown, unknown> => ({
  runId: record.runId,
  workflow: record.workflow,
  await: record.awaited,
  info: Effect.sync(() => info(record)),
  signal: (signal, value, options) => Effect.map(received(record, signal, value, options), ({ answer }) => answer),
  ask: (signal, value, options) =>
    Effect.flatMap(received(record, signal, value, options), ({ letter }) => answer(record, signal, letter)) as never,
  rollbackPlan: Effect.sync(() => record.run?.saga?.plan() ?? []),
  cancel: (options) =>
    Effect.withFiber((fiber) => {
      record.cancel(options?.compensate !== false, fiber.id)
      return record.awaited
    }),
  cancelBranch: (name) =>
    // a branch that cancels itself is found where it waits
    Effect.andThen(Effect.yieldNow, Effect.suspend(() => cancelBranch(record, name))),
  settle: (key) => Effect.sync(() => settle(record, key)),
  pause: (note) => Effect.sync(() => record.pause(note)),
  resume: Effect.sync(() => record.resume())
})

// -----------------------------------------------------------------------------
// looking
// -----------------------------------------------------------------------------

export const info = (record: Record): RunInfo => {
  const { exit, known, mailbox, paused, run, runId, workflow } = record
  const isOver = exit !== undefined
  return {
    runId,
    workflow,
    status: isOver
      ? "ended"
      : run?.isCompensating === true
      ? "compensating"
      : paused !== undefined
      ? "paused"
      : known.isWaiting
      ? "waiting"
      : "running",
    at: known.at,
    branches: isOver ? [] : known.branches,
    waits: isOver ? [] : known.waits,
    wakeAt: isOver || !known.isWaiting ? undefined : known.wakesAt,
    signals: mailbox.kept.map(({ id, key, signal: { name }, since }) => ({ signal: name, key, id, since })),
    paused: isOver ? undefined : paused
  }
}

// -----------------------------------------------------------------------------
// signals
// -----------------------------------------------------------------------------

const received = (
  record: Record,
  signal: AnySignal,
  value: unknown,
  options: SendOptions | undefined
): Effect.Effect<Received, SignalError> =>
  Effect.suspend(() => {
    const { runId } = record
    const wrong = faultOf(signal, value, options)
    if (wrong !== undefined) return refused(runId, signal, "InvalidValue", wrong)
    if (record.run === undefined || record.exit !== undefined) return refused(runId, signal, "Ended")
    const own = signal as unknown as SignalImpl
    const found = record.receive(own, value, options ?? {})
    return found === undefined
      ? refused(runId, signal, "Full", `${own.capacity} wait already`)
      : Exit.succeed(found)
  })

/** A signal that is not received, or what was given as one. */
export const refused = (
  runId: string,
  signal: AnySignal,
  reason: SignalError["reason"],
  detail?: string
): Exit.Exit<never, SignalError> => {
  const given: unknown = signal
  const name = isSignal(given) ? given.name : typeof given === "string" ? given : show(given)
  return Exit.fail(new SignalError({ runId, signal: name, reason, detail }))
}

export const faultOf = (signal: AnySignal, value: unknown, options: SendOptions | undefined): string | undefined => {
  if (!isSignal(signal)) return noSignal(signal)
  const [fault] = signal.faults
  if (fault !== undefined) return fault
  for (const option of ["id", "key"] as const) {
    const given: unknown = options?.[option]
    if (given !== undefined && typeof given !== "string") return misfit(option, given, "a text")
  }
  return signal.wrong(value)
}

/** What the wait has answered that has taken a letter. */
const answer = (record: Record, signal: AnySignal, letter: Letter): Effect.Effect<unknown, SignalError> =>
  Effect.callback((resume) => {
    const there = (): Exit.Exit<unknown, SignalError> | undefined => {
      if (letter.answer !== undefined) return letter.answer
      if (letter.where !== "taken" && letter.where !== "dropped") return undefined
      const reason = letter.where === "taken" ? "NoReply" : "Ended"
      return refused(record.runId, signal, reason)
    }
    const now = there()
    if (now !== undefined) return resume(now)
    const fiber = Fiber.getCurrent()!
    const tell = () => later(fiber, () => resume(there()!))
    letter.asking.add(tell)
    return Effect.sync(() => {
      letter.asking.delete(tell)
    })
  })

// -----------------------------------------------------------------------------
// branches
// -----------------------------------------------------------------------------

export const settle = (record: Record, key: string | undefined): boolean => {
  const join = record.known.openJoin(key)
  return join !== undefined && conclude(join)
}

export const cancelBranch = (record: Record, name: string): Effect.Effect<boolean, AmbiguousBranchError> => {
  if (record.exit !== undefined) return Exit.succeed(false)
  const found = record.known.addressed(name)
  if (found.length > 1) {
    return Exit.fail(new AmbiguousBranchError({ runId: record.runId, name, keys: found.map(({ key }) => key) }))
  }
  const [one] = found
  return Exit.succeed(one !== undefined && cancel(one.page.join, one.index))
}
