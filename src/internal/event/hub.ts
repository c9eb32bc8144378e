/**
 * A listener that hands events on to who reads them: each reader has a bounded queue of its own. It lives as long as the
 * scope in which it is made; streams of it end with it.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { ConfigurationError } from "../../CanoError.ts"
import type { ListenerOptions, RunEvent } from "../../RunEvent.ts"
import type { RunStream } from "../../RunStream.ts"
import { checkQueue, Waiting } from "./delivery.ts"
import { warn } from "./guarded.ts"

export const make = Effect.fnUntraced(function*(options?: Pick<ListenerOptions, "capacity" | "full">) {
  const issues = checkQueue(options)
  if (issues.length > 0) return yield* new ConfigurationError({ workflow: undefined, issues })
  const context = yield* Effect.context<never>()
  const readers = new Set<Waiting>()
  let dropped = 0
  let isClosed = false
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      isClosed = true
      for (const { queue } of readers) Queue.endUnsafe(queue)
    })
  )
  const reader = Effect.acquireRelease(
    Effect.map(Queue.unbounded<RunEvent, Cause.Done>(), (queue) => {
      const waiting = new Waiting(queue, options ?? {})
      readers.add(waiting)
      if (isClosed) Queue.endUnsafe(queue)
      return waiting
    }),
    (waiting) => Effect.sync(() => readers.delete(waiting))
  )
  const hub: RunStream = {
    listener: (event) => {
      for (const waiting of readers) {
        if (waiting.offer(event)) continue
        if (dropped++ === 0) {
          warn(context, "a reader of run events is too slow: the first event has found no room and is dropped")
        }
      }
    },
    stream: Stream.unwrap(Effect.map(reader, ({ queue }) => Stream.fromQueue(queue))),
    dropped: Effect.sync(() => dropped)
  }
  return hub
})
