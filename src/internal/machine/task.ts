/**
 * The task of a plain state: an Effect, a function or generator function of the state, or `{ run, next }`, made into a
 * handler with the machine, once. What a function answers is looked at each time. Only `run` may be work of a known kind,
 * as that knows of no states.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import * as Predicate from "effect/Predicate"
import { brief } from "../check/describe.ts"
import * as returned from "../check/returned.ts"
import type { Run } from "../run/run.ts"
import { workflowError } from "../split/frame.ts"
import { isTask } from "../task/kind.ts"
import type { AnyEffect, Handler } from "./machine.ts"

/**
 * The handler of a plain state; `undefined` for a value that is no task. Its work may be put into something.
 */
export const handler = (task: unknown, around: (work: Handler) => Handler = identity): Handler | undefined => {
  const whole = work(task, "the task")
  if (whole !== undefined) return around(whole)
  if (!Predicate.isObject(task) || !("run" in task) || !("next" in task)) return undefined
  const own = isTask(task.run) ? task.run.work as Handler : work(task.run, "run")
  if (own === undefined) return undefined
  const part = around(own)
  const next = task.next
  return Predicate.isFunction(next)
    ? (state, run) => Effect.map(part(state, run), (value) => next(value, state) as unknown)
    : (state, run) => Effect.as(part(state, run), next)
}

/** An Effect, or a function of the state to one. */
const work = (task: unknown, whose: string): Handler | undefined =>
  Effect.isEffect(task) ? () => task : Predicate.isFunction(task) ? call(task, whose) : undefined

const call = (f: Function, whose: string): Handler => {
  if (isGeneratorFunction(f)) return (state, run) => drive(() => f(state) as unknown, run, whose)
  return (state, run) => {
    const out: unknown = f(state)
    if (Effect.isEffect(out)) return out
    if (returned.isPromise(out)) {
      return Exit.fail(
        workflowError(run, "invalid-task", `${whose} returned a Promise; wrap it in Effect.tryPromise`)
      )
    }
    // a generator made by hand; one that is asynchronous is none
    if (isIterator(out) && Predicate.hasProperty(out, Symbol.iterator)) return drive(() => out, run, whose)
    return Exit.fail(workflowError(run, "invalid-task", `${whose} returned ${brief(out)}, not an Effect`))
  }
}

/** Whether a function is a generator function, which is run without a look at what it returns. */
const isGeneratorFunction = (f: Function): boolean => Object.prototype.toString.call(f) === "[object GeneratorFunction]"

const isIterator = (u: unknown): u is Iterator<unknown> => Predicate.isObject(u) && Predicate.isFunction(u.next)

/** Runs a generator of Effects. */
const drive = (make: () => unknown, run: Run, whose: string): AnyEffect =>
  // what a generator is asked for, as far as Effect goes
  Effect.gen(() =>
    new Driven(make() as Iterator<unknown>, run, whose) as unknown as Generator<AnyEffect, unknown, never>
  )

/**
 * A generator whose values are looked at: at one that is no Effect the runtime would end the fiber of the run on the
 * spot, without its finalizers.
 */
class Driven {
  readonly iterator: Iterator<unknown>
  readonly run: Run
  readonly whose: string
  constructor(iterator: Iterator<unknown>, run: Run, whose: string) {
    this.iterator = iterator
    this.run = run
    this.whose = whose
  }
  next(value: unknown): IteratorResult<unknown, unknown> {
    const result = this.iterator.next(value as never)
    if (result.done === true || Effect.isEffect(result.value)) return result
    const detail = `${this.whose} yielded ${brief(result.value)}, not an Effect${returned.hint(result.value)}`
    return { done: false, value: Exit.fail(workflowError(this.run, "invalid-task", detail)) }
  }
}
