/** Runs that the steps of another one have started: how they are ended with it. Nothing is kept. */
import * as Effect from "effect/Effect"
import type { NewLetter, Sent } from "../../journal.ts"
import type { JournalError } from "../journal/error.ts"
import type { Desk } from "./desk.ts"
import type { Ends } from "./ends.ts"

export interface Home extends Desk {
  readonly ends: Ends
  readonly wake: (runId: string, sent: Sent) => Effect.Effect<void>
}

/** The letter that cancels a run which another one has started. */
export const cancelling: NewLetter = {
  kind: "cancel",
  name: "",
  key: undefined,
  id: undefined,
  data: "{\"compensate\":true}"
}

/** Cancels those that go on, page by page, and waits for their ends: all, or those that what is in a place has started. */
export const end = (home: Home, parent: string, place = "", after?: string): Effect.Effect<void, JournalError> => {
  const { ends, journal } = home
  const own = `${parent}${place}`
  return Effect.flatMap(home.ask("list", journal.list({ parent, after, limit: page }), parent), (heads) => {
    const open = heads.filter(({ runId, status }) =>
      status !== "ended" && (place === "" || runId === own || runId.startsWith(`${own}/`))
    )
    const ended = Effect.forEach(open, ({ runId, workflow }) =>
      Effect.flatMap(
        home.ask("send", journal.send(runId, cancelling), runId),
        (sent) => Effect.andThen(home.wake(runId, sent), ends.awaitedBy(workflow, runId))
      ), { concurrency: "unbounded", discard: true })
    return heads.length < page ? ended : Effect.andThen(ended, end(home, parent, place, heads.at(-1)!.runId))
  })
}

const page = 256
