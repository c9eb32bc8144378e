/**
 * Who tells of what a scheduler does: its listeners and readers can do it no harm, and what they miss is told.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import * as Scheduler from "effect-cano/Scheduler"

const logged = <A, E, R>(body: Effect.Effect<A, E, R>) => {
  const lines: Array<string> = []
  const logger = Logger.make<unknown, void>(({ message }) => {
    lines.push(String(Array.isArray(message) ? message[0] : message))
  })
  return Effect.map(Effect.provide(body, Logger.layer([logger])), (value) => ({ value, lines }))
}

const manual = Scheduler.flow("f", { run: Effect.succeed(1), when: "manual" })

describe("a listener of a scheduler", () => {
  it.effect("is told to the log once when it throws, rejects or returns an Effect, and the others hear all", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const listeners: ReadonlyArray<(event: Scheduler.Event) => unknown> = [
        () => {
          throw new Error("no")
        },
        () => Promise.reject(new Error("no")),
        () => Promise.resolve(),
        () => Effect.die("nobody runs it"),
        ({ _tag }) => void told.push(_tag)
      ]
      const { lines } = yield* logged(Effect.scoped(Effect.gen(function*() {
        const scheduler = yield* Scheduler.make([manual], { listeners })
        yield* scheduler.trigger(manual)
        yield* scheduler.trigger(manual)
        yield* Effect.promise(() => Promise.resolve())
      })))
      assert.isAtLeast(told.length, 4)
      assert.deepStrictEqual(lines.map((line) => line.replace(/ at \w+/, "")).sort(), [
        "a listener of a scheduler returned a Promise that has rejected,",
        "a listener of a scheduler returned an Effect, which nobody runs; read the events of the scheduler, and run it there",
        "a listener of a scheduler threw; nothing comes of it, now or later"
      ])
    }))
})
