/**
 * How somebody who drives runs learns that there is something to do where he does not look for it himself: he is told. It lives
 * as long as the Layer that drives the runs.
 */
import type * as Effect from "effect/Effect"
import type { Head } from "../../journal.ts"

/** Why somebody is to look at a run: it is there, it was sent a letter, its instant has come. */
export type Why =
  | { readonly _tag: "Start" }
  | { readonly _tag: "Letter"; readonly seq: number }
  | { readonly _tag: "Timer"; readonly at: number }

export interface Post {
  /** Tells whoever is to drive a run. What can't be told now is in the journal, and found later. */
  readonly tell: (head: Head, why: Why) => Effect.Effect<void>
  /** Whether runs of a workflow and an id are to be driven here. */
  readonly isOurs: (workflow: string, runId: string) => boolean
}

/**
 * What has become of a run that somebody was told of: nothing is left to do here, somebody else drives it as long as his lease
 * lasts, or it has been given up and is to be driven again.
 */
export type Told =
  | { readonly _tag: "Done" }
  | { readonly _tag: "Held"; readonly until: number }
  | { readonly _tag: "Left" }
