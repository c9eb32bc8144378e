/**
 * A wait for a signal as an Effect: of a branch, or of a part of a task. It looks for the run that it stands in, which is sent
 * the signal; what it was given is looked at each time.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import { ConfigurationError } from "../../CanoError.ts"
import type { AnySignal } from "../../Signal.ts"
import { misfit } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import * as issue from "../check/issue.ts"
import type { AnyEffect } from "../fibers/any.ts"
import * as leading from "../run/leading.ts"
import type { Request } from "../run/registry.ts"
import { currentOf, levelIn, runOf } from "../run/run.ts"
import { isSignal, noSignal } from "./typeId.ts"

export interface Options {
  readonly key?: string | undefined
  readonly timeout?: Duration.Input | undefined
  readonly since?: "run" | "visit" | undefined
  readonly reply?: ((value: never) => unknown) | undefined
}

export const wait = (signal: AnySignal, options?: Options): AnyEffect => {
  let request: Request | undefined
  return leading.mark(Effect.withFiber((fiber) => {
    if (request === undefined) {
      const faults = faultsOf(signal, options ?? {})
      if (faults.length > 0) {
        const issues = faults.map((fault) => issue.make(undefined, "signal", fault))
        return Exit.die(new ConfigurationError({ workflow: undefined, issues }))
      }
      request = requestOf(signal, options ?? {})
    }
    const current = currentOf(fiber)
    const known = runOf(levelIn(current))?.root.seams.known
    if (current === undefined || known === undefined) {
      return Exit.die(
        new TypeError(
          `there is no run to send signal "${signal.name}" to: ${
            current === undefined
              ? "Signal.wait is for the branches and tasks of a run"
              : "the run was started outside of Runs"
          }`
        )
      )
    }
    return known.wait(request, current, fiber)
  }))
}

/** Of options that are sound. */
export const requestOf = (signal: AnySignal, { key, reply, since, timeout }: Options): Request => ({
  signal,
  key,
  since: since ?? "run",
  timeout: timeout === undefined ? undefined : millisOf(timeout),
  // of a value of the signal, by its type
  reply: reply as Request["reply"]
})

/** One without an end is none. */
export const millisOf = (timeout: Duration.Input): number | undefined => {
  const duration = Duration.fromInputUnsafe(timeout)
  return Duration.isFinite(duration) ? Duration.toMillis(duration) : undefined
}

/** What is wrong with what somebody waits for, as sentences. */
export const faultsOf = (signal: unknown, { key, reply, since, timeout }: Options): ReadonlyArray<string> => {
  if (!isSignal(signal)) return [noSignal(signal)]
  const faults = [...signal.faults]
  if (key !== undefined && !Predicate.isString(key)) faults.push(misfit("key", key, "a text, or be left out"))
  if (since !== undefined && since !== "run" && since !== "visit") {
    faults.push(misfit("since", since, "\"run\" or \"visit\", or be left out"))
  }
  if (reply === undefined ? signal.reply !== undefined : !Predicate.isFunction(reply)) {
    faults.push(
      misfit(
        "reply",
        reply,
        signal.reply === undefined
          ? "a function of the value, or be left out"
          : "a function of the value, as the signal has replies"
      )
    )
  }
  const wrong = timeout === undefined ? undefined : durations.wrong(timeout, "timeout")
  if (wrong !== undefined) faults.push(wrong)
  return faults
}
