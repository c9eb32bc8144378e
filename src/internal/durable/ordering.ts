/**
 * Follows what an operator has ordered: of a run that nobody drives, when it is due, and of one that was taken, before it goes on.
 * Nothing is kept.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Append, Claimed, Head } from "../../journal.ts"
import { isOrder } from "../journal/steering.ts"
import * as children from "./children.ts"
import type { Desk } from "./desk.ts"
import type { Driven } from "./driver.ts"
import type { Taken } from "./driving.ts"
import type { Ends, Refusal } from "./ends.ts"
import * as orders from "./orders.ts"
import type { Service as Settings } from "./settings.ts"
import * as standings from "./standing.ts"
import * as starts from "./start.ts"

/** Whether a run goes on, or need not be looked at; nothing where that is not known just now, as it stays due. */
type Followed = Result.Result<"goes on" | "settled" | undefined, Refusal>

/** Where what an operator gives is taken. */
interface Place extends Desk {
  readonly settings: Settings
}

interface Hall extends Place, children.Home {}

interface Office extends Place {
  readonly ends: Ends
}

const unknown: Followed = Result.succeed(undefined)

/** Of a run that has ended, or is stuck. */
export const follow = (office: Office, driven: Driven, head: Head): Effect.Effect<Followed> =>
  Effect.matchEffect(readIn(office, driven, head), {
    onFailure: () => Effect.succeed(unknown),
    onSuccess: (append) => {
      if (append === undefined) return settled(office, head)
      return Result.isFailure(append)
        ? Effect.succeed<Followed>(Result.fail(append.failure))
        : write(office, head, append.success)
    }
  })

const readIn = ({ ask, journal, settings: { maxPayload } }: Office, driven: Driven, head: Head) => {
  const { runId } = head
  return Effect.flatMap(ask("letters", journal.letters(runId), runId), (letters) => {
    if (letters.length === 0) return Effect.succeed(undefined)
    const { n, status, version } = head
    // of another version all that may be undone changes with it; what could not be may be of a visit before
    const from = version === driven.version && status !== "stuck" ? head.entered : 0
    return Effect.map(ask("rows", journal.rows(runId, from, n - from + 1), runId), (found) => {
      const taken = { head, rows: found.filter(({ kept, n }) => kept || n >= head.entered), letters }
      return Result.map(
        starts.of(driven, taken),
        (start) => orders.follow(driven, standings.of(start, taken, maxPayload))
      )
    })
  })
}

const write = (office: Office, head: Head, append: Append): Effect.Effect<Followed> => {
  const { ask, ends, journal } = office
  const { runId } = head
  return Effect.matchEffect(ask("append", journal.append([append]), runId), {
    onFailure: () => Effect.succeed(unknown),
    onSuccess: ([isWritten]) => {
      if (isWritten !== true) return Effect.succeed(unknown)
      ends.changed(runId)
      return append.head?.status === undefined
        ? settled(office, head)
        : Effect.succeed<Followed>(Result.succeed("goes on"))
    }
  })
}

/** Nobody need look at a run any more, unless something has come that was not seen. */
const settled = ({ ask, journal }: Office, { createdAt, n, runId, sent }: Head): Effect.Effect<Followed> => {
  const rest = { n, createdAt, seen: sent, wakeAt: undefined, isReleased: true }
  return Effect.as(
    Effect.ignore(ask("park", journal.park(runId, rest), runId)),
    Result.succeed<"settled">("settled")
  )
}

/** Of a run that was taken: then it is taken anew. Nothing where nothing is. */
export const followTaken = (home: Hall, driven: Driven, claim: Claimed): Effect.Effect<Taken> | undefined => {
  const { ask, journal, settings: { maxPayload } } = home
  if (!claim.letters.some(({ kind }) => isOrder(kind))) return undefined
  const start = starts.of(driven, claim)
  if (Result.isFailure(start)) return undefined
  const append = orders.followTaken(driven, standings.of(start.success, claim, maxPayload))
  if (append === undefined) return undefined
  // what is broken off has its children cancelled, before it is forgotten
  const ended = append.head?.entered !== undefined
    ? children.end(home, append.runId)
    : Effect.forEach(
      append.rows.filter(({ kind }) => kind === "settle"),
      ({ key }) => children.end(home, append.runId, key),
      { discard: true }
    )
  return Effect.match(Effect.andThen(ended, ask("append", journal.append([append]), append.runId)), {
    onFailure: (error): Taken => ({ _tag: "Journal", error }),
    onSuccess: ([isWritten]): Taken => ({ _tag: isWritten === true ? "Ordered" : "Fenced" })
  })
}
