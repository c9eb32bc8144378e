/**
 * The handler of a state that waits for a signal, made once with the machine: it has the run wait, and asks `next` or
 * `otherwise` where that goes on. What a run waits with is that of `Runs`, which nothing here loads.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import type { Issue } from "../../CanoError.ts"
import type { Signal } from "../../Definition.ts"
import type { AnySignal } from "../../Signal.ts"
import { list, misfit, show } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import { make as issue } from "../check/issue.ts"
import * as returned from "../check/returned.ts"
import type { Request } from "../run/registry.ts"
import { isSignal, noSignal } from "../signal/typeId.ts"
import type { Handler, Machine } from "./machine.ts"
import type { Names } from "./splitState.ts"
import { target } from "./splitState.ts"

/** What was given for it; the rules have looked at it. */
interface Options {
  readonly next: unknown
  readonly otherwise?: unknown
  readonly key?: string | ((state: unknown) => unknown) | undefined
  readonly reply?: Request["reply"]
}

export const handler = (
  machine: Machine,
  { key, registered, since, timeout }: Signal,
  to: { readonly [by in "next" | "otherwise"]: Names }
): Handler => {
  // they are of their types, by the rules
  const signal = registered.signal as AnySignal
  const options = registered.options as Options
  const next = target(machine, options.next, "next", to.next)
  const { otherwise } = options
  const late = otherwise === undefined ? undefined : target(machine, otherwise, "otherwise", to.otherwise)
  const request: Request = {
    signal,
    key,
    since,
    // one without an end is none
    timeout: timeout === undefined || !Duration.isFinite(timeout) ? undefined : Duration.toMillis(timeout),
    reply: options.reply
  }
  const byState = Predicate.isFunction(options.key) ? options.key : undefined
  return (state, run) =>
    Effect.withFiber((fiber) => {
      const { known } = run.root.seams
      if (known === undefined) {
        return Exit.die(new TypeError(`there is no Runs to send signal "${signal.name}" through`))
      }
      const since = run.host?.since(run, false)
      const until = since === undefined || request.timeout === undefined ? undefined : since + request.timeout
      const keyed = byState === undefined ? request : { ...request, key: keyOf(byState(state)) }
      const own = until === undefined ? keyed : { ...keyed, until }
      const waited = known.wait(own, run, fiber)
      if (late === undefined) return Effect.flatMap(waited, (value) => next(value, state, run))
      return Effect.matchEffect(waited, {
        onSuccess: (value) => next(value, state, run),
        // nothing else is failed with
        onFailure: (error) => late(error, state, run)
      })
    })
}

const keyOf = (key: unknown): string => {
  if (Predicate.isString(key)) return key
  throw returned.unexpected("a signal", "key", key, "a text")
}

const record = "{ next, timeout, otherwise, key, since, reply }"

const known = new Set(["next", "timeout", "otherwise", "key", "since", "reply", "to", "signal"])

/** What is wrong with what it was given, besides where it leads. */
export const wrong = ({ name, registered }: Signal): ReadonlyArray<Issue> => {
  const { options, signal } = registered
  const issues: Array<Issue> = []
  const add = (rule: Issue["rule"], sentence: string) => issues.push(issue(name, rule, sentence))
  if (!isSignal(signal)) add("signal", noSignal(signal))
  else for (const fault of signal.faults) add("signal", fault)
  if (!Predicate.isObject(options)) {
    add("options", `the options are ${show(options)}; they must be ${record}`)
    return issues
  }
  const { key, otherwise, reply, since, timeout } = options
  // `to` is looked at with the ways, and data has the signal beside its options
  const strangers = Object.keys(options).filter((name) => !known.has(name))
  if (strangers.length > 0) add("options", `there is no option ${list(strangers)}; there are ${record}`)
  const late = timeout === undefined ? undefined : durations.wrong(timeout, "timeout")
  if (late !== undefined) add("timeout", late)
  if (otherwise !== undefined && timeout === undefined) {
    add("timeout", "otherwise is given, but no timeout after which it is taken; give one, or leave otherwise out")
  }
  if (key !== undefined && !Predicate.isString(key) && !Predicate.isFunction(key)) {
    add("options", misfit("key", key, "a text, a function of the state to one, or be left out"))
  }
  if (since !== undefined && since !== "run" && since !== "visit") {
    add("options", misfit("since", since, "\"run\" or \"visit\", or be left out"))
  }
  if (reply !== undefined && !Predicate.isFunction(reply)) {
    add("options", misfit("reply", reply, "a function of the value, or be left out"))
  } else if (reply === undefined && isSignal(signal) && signal.reply !== undefined) {
    add("signal", `signal "${signal.name}" has replies, and there is no reply that answers; give one`)
  }
  return issues
}
