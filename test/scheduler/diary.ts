/**
 * What a scheduler tells, as lines with the milliseconds of the test clock. It lives as long as the test looks at it.
 */
import { type Duration, Effect } from "effect"
import * as Scheduler from "effect-cano/Scheduler"
import { TestClock } from "effect/testing"
import { turns } from "../kit/index.ts"

export const diary = () => {
  const events: Array<Scheduler.Event> = []
  const line = (event: Scheduler.Event): string => {
    switch (event._tag) {
      case "Fired":
      case "Late":
        return `${event.at} ${event._tag} ${event.fire.due}`
      case "Skipped":
        return `${event.at} ${event.reason} ${event.due}`
      case "Ended":
        return `${event.at} Ended ${event.ended.exit._tag}${event.ended.interrupted ? " interrupted" : ""}`
      case "StatusChanged":
        return `${event.at} ${event.status._tag}`
      case "Overlong":
        return `${event.at} Overlong since ${event.since}`
      case "ClockSetBack":
        return `${event.at} ClockSetBack by ${event.by} until ${event.next}`
      default:
        return `${event.at} ${event._tag}`
    }
  }
  const of = (...tags: ReadonlyArray<Scheduler.Event["_tag"]>) =>
    events.filter((event) => tags.length === 0 || tags.includes(event._tag)).map(line)
  return {
    events,
    of,
    /** Decisions alone. */
    decisions: () => of("Fired", "Late", "Skipped"),
    listeners: [(event: Scheduler.Event) => void events.push(event)]
  }
}

/** A scheduler, and its diary. It ends with the test, whose clock stands still by then. */
export const scheduled = <const F extends ReadonlyArray<Scheduler.AnyFlow>>(
  flows: F,
  options: Scheduler.Options = {}
) => {
  const { listeners, ...rest } = diary()
  return Effect.map(
    Scheduler.make(flows, { drain: 0, grace: 0, ...options, listeners }),
    (scheduler) => ({ scheduler, ...rest })
  )
}

/** Lets everything happen that can at this instant, the clock run on, and everything that it wakes. */
export const pass = (duration: Duration.Input): Effect.Effect<void> =>
  Effect.andThen(turns(12), Effect.andThen(TestClock.adjust(duration), turns(12)))
