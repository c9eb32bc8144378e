/** Tells by the post of a cluster what the journal has of a run. What can't be told is found later; nothing is kept. */
import * as Effect from "effect/Effect"
import type { Head, Sent } from "../../journal.ts"
import type { Desk } from "./desk.ts"
import type { Post } from "./post.ts"

/** When that comes, of the instant at which a run that was given up is to go on. */
export const ofInstant = (desk: Desk, post: Post, runId: string): Effect.Effect<void> =>
  of(
    desk,
    runId,
    (head) => head.wakeAt === undefined ? Effect.void : post.tell(head, { _tag: "Timer", at: head.wakeAt })
  )

/** Whoever drives a run of a letter. */
export const ofLetter = (desk: Desk, post: Post, runId: string, sent: Sent): Effect.Effect<void> =>
  sent._tag === "Kept" || sent._tag === "Duplicate"
    ? of(desk, runId, (head) => post.tell(head, { _tag: "Letter", seq: sent.seq }))
    : Effect.void

const of = ({ ask, journal }: Desk, runId: string, tell: (head: Head) => Effect.Effect<void>): Effect.Effect<void> =>
  Effect.matchEffect(ask("show", journal.show(runId), runId), {
    onSuccess: (head) => head === undefined ? Effect.void : tell(head),
    onFailure: () => Effect.void
  })
