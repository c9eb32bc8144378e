/** Who asks the journal for a runner, for so long as that may take. */
import type * as Effect from "effect/Effect"
import type { Service as Journal } from "../../journal.ts"
import type { JournalError } from "../journal/error.ts"

export interface Desk {
  readonly journal: Journal
  readonly ask: <A>(
    operation: string,
    effect: Effect.Effect<A, JournalError>,
    runId?: string
  ) => Effect.Effect<A, JournalError>
}
