/**
 * Looks for runs of which nobody was told, as whoever has written what is to be done has died before he could tell of it, or the
 * messages were lost. One runner of a cluster does so; it lives as long as that has the shard of it.
 */
import * as Effect from "effect/Effect"
import type { Runner } from "../durable/runner.ts"
import type { Mail } from "./mail.ts"

/** What is due the second time somebody looks is told of: the first time its message may be on its way. */
export const sweep = (runner: Runner, mail: Mail): Effect.Effect<never> =>
  Effect.suspend(() => {
    let before = new Set<string>()
    const once = Effect.suspend(() =>
      // those that nobody can drive stay due, and must not stand before others
      Effect.flatMap(runner.ask("due", runner.journal.due(undefined, page + before.size)), (found) => {
        const lost = found.filter((runId) => before.has(runId))
        before = new Set(found)
        return Effect.forEach(lost, (runId) => tell(runner, mail, runId), { concurrency: 16, discard: true })
      })
    )
    return Effect.forever(Effect.andThen(
      Effect.sleep(runner.settings.sweep),
      Effect.matchCauseEffect(once, {
        // it looks again
        onFailure: (cause) => Effect.logDebug("the runs that are due could not be looked for", cause),
        onSuccess: () => Effect.void
      })
    ))
  })

const tell = (runner: Runner, mail: Mail, runId: string) =>
  Effect.flatMap(
    runner.ask("show", runner.journal.show(runId), runId),
    (head) => head === undefined ? Effect.void : mail.look(head)
  )

const page = 1000
