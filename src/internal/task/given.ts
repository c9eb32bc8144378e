/**
 * What tasks are given: the rules that their options have in common, and what their functions have answered. Pure.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import { misfit, misfits } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import * as returned from "../check/returned.ts"
import type { AnyEffect } from "../fibers/any.ts"
import type { Fault } from "./kind.ts"

/** Options, of which nothing is known but their names. */
export type Given<Name extends string> = { readonly [_ in Name]?: unknown }

/** The options that were given; none where what was given has none, which `faultsOf` tells. */
export const optionsOf = <Name extends string>(options: unknown): Given<Name> =>
  Predicate.isObject(options) ? options as Given<Name> : {}

/** What is wrong with an option, or nothing. */
type Rule = string | false | undefined

/** All that is wrong with options; where they are no options at all, that alone. */
export const faultsOf = (options: unknown, like: string, rules: () => ReadonlyArray<Rule>): ReadonlyArray<Fault> =>
  (Predicate.isObject(options) ? rules() : [misfits("the options", options, like)])
    .filter(Predicate.isString).map((sentence) => ({ rule: "options", sentence }))

export const fault = (rule: Fault["rule"], sentence: Rule): ReadonlyArray<Fault> =>
  Predicate.isString(sentence) ? [{ rule, sentence }] : []

export const labelFault = (label: unknown): Rule =>
  label !== undefined && !Predicate.isString(label) && misfit("label", label, "a string, or be left out")

export const labelOf = (label: unknown): string | undefined => Predicate.isString(label) ? label : undefined

export const workFault = (name: string, work: unknown): Rule =>
  !Effect.isEffect(work) && !Predicate.isFunction(work) &&
  misfit(name, work, "an Effect, or a function of the state to one")

export const functionFault = (name: string, f: unknown, what: string): Rule =>
  !Predicate.isFunction(f) && misfit(name, f, what)

export const scheduleFault = (name: string, schedule: unknown): Rule =>
  !Schedule.isSchedule(schedule) && misfit(name, schedule, "a Schedule")

export const durationFault = (name: string, input: unknown): Rule => durations.wrong(input, name)

export const optionalDuration = (name: string, input: unknown): Rule =>
  input === undefined ? undefined : durations.wrong(input, name)

/** What a task was given as an Effect, or as a function of the state to one. */
export const effectOf = (who: string, name: string, given: unknown, state: unknown): AnyEffect =>
  Effect.isEffect(given) ? given : returned.effect(who, name, (given as (state: unknown) => AnyEffect)(state))
