/**
 * What all that listens has in common in how it is made: its options, checked, and how the log speaks of it. Nothing is kept.
 */
import * as Predicate from "effect/Predicate"
import type { Issue } from "../../CanoError.ts"
import type { ListenerOptions } from "../../RunEvent.ts"
import { aCount, isCount } from "../check/counts.ts"
import { misfit, misfits } from "../check/describe.ts"
import * as flags from "../check/flags.ts"
import * as issue from "../check/issue.ts"
import type { Words } from "../fibers/guarded.ts"
import type { Room } from "../fibers/mailbox.ts"

export const words: Words = {
  who: "a listener of run events",
  effects: "give it to RunEvent.listener"
}

type Sentences = ReadonlyArray<string | undefined>

/**
 * The issues of options that may be left out as a whole; those that there are, are looked at by `check`, and where there are
 * none that can be, what is wrong besides is all.
 */
export const issues = <O extends object>(
  options: O | undefined,
  known: ReadonlyArray<keyof O & string>,
  check: (options: O) => Sentences,
  besides?: string
): ReadonlyArray<Issue> => {
  const sentences = options === undefined
    ? [besides]
    : Predicate.isObject(options)
    ? [...check(options), ...flags.unknown(options, known)]
    : [besides, misfits("the options", options, `{ ${known.join(", ")} }, or be left out`)]
  return sentences.filter(Predicate.isNotUndefined).map((sentence) =>
    issue.make(undefined, "options", sentence, "listener")
  )
}

/** How many events may wait, as somebody has said it. */
export type Waiting = Pick<ListenerOptions, "capacity" | "full">

export const ofRoom = ({ capacity, full }: Waiting): Sentences => [
  capacity === undefined || isCount(capacity) ? undefined : misfit("capacity", capacity, `${aCount}, or be left out`),
  full === undefined || full === "newest" || full === "oldest"
    ? undefined
    : misfit("full", full, "\"newest\" or \"oldest\", or be left out")
]

const defaultCapacity = 1024

/** The room of options in which nothing is wrong. */
export const room = ({ capacity = defaultCapacity, full = "newest" }: Waiting): Room => ({ capacity, full })
