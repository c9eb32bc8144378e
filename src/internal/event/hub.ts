/**
 * A listener that hands events on to who reads them. It lives as long as the scope in which it is made; streams of it end
 * with it.
 */
import * as Effect from "effect/Effect"
import { ConfigurationError } from "../../CanoError.ts"
import type { RunEvent } from "../../RunEvent.ts"
import type { RunStream } from "../../RunStream.ts"
import { Readers } from "../fibers/readers.ts"
import * as wing from "./wing.ts"

export const make = Effect.fnUntraced(function*(options?: wing.Waiting) {
  const issues = wing.issues(options, ["capacity", "full"], wing.ofRoom)
  if (issues.length > 0) return yield* new ConfigurationError({ workflow: undefined, issues })
  const services = yield* Effect.context<never>()
  const readers = yield* Effect.acquireRelease(
    Effect.sync(() => new Readers<RunEvent>({ ...wing.room(options ?? {}), what: "run events" }, services)),
    (readers) => Effect.sync(() => readers.end())
  )
  const hub: RunStream = {
    listener: (event) => readers.tell(event),
    stream: readers.stream,
    dropped: Effect.sync(() => readers.dropped)
  }
  return hub
})
