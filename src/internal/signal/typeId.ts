/**
 * What a signal is known by: for the rules of a definition, which load nothing else of signals.
 */
import * as Predicate from "effect/Predicate"
import { show } from "../check/describe.ts"
import type { SignalImpl } from "./signal.ts"

export const TypeId = "~effect-cano/Signal" as const

export const isSignal = (u: unknown): u is SignalImpl => Predicate.hasProperty(u, TypeId)

/** What is wrong with what was given as a signal and is none. */
export const noSignal = (given: unknown): string => `${show(given)} is no signal; make one with Signal.make`
