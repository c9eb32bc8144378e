/**
 * How an order comes to a run, and its answer back: as a letter in the inbox of the run, which whoever drives it answers when it
 * takes it. It lives for one order.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Head, JournalError, Letter, LetterKind, NewLetter, Service as Journal } from "../../journal.ts"
import type { Answer, Order, SendOptions } from "../../operator.ts"
import { clip } from "../check/describe.ts"
import * as text from "../durable/text.ts"
import { uuid } from "../durable/uuid.ts"
import { isOrder } from "../journal/steering.ts"
import { field, jsonOf, textOf } from "./end.ts"
import { isSame, toLetter } from "./order.ts"
import { why } from "./why.ts"

/** What has become of an order, without what every answer has. */
type Outcome = {
  readonly [Tag in Answer["_tag"]]: Omit<Extract<Answer, { readonly _tag: Tag }>, Common>
}[Answer["_tag"]]
type Common = "runId" | "requestId" | "isRepeated"

const usual = Duration.seconds(5)

export const send = Effect.fnUntraced(function*(
  journal: Journal,
  runId: string,
  order: Order,
  { requestId = uuid(), within = usual }: SendOptions = {}
): Effect.fn.Return<Answer, JournalError> {
  const answer = (outcome: Outcome, isRepeated = false): Answer =>
    ({ ...outcome, runId, requestId, isRepeated }) as Answer
  const letter = toLetter(order, requestId)
  if (Result.isFailure(letter)) return answer({ _tag: "Refused", why: letter.failure })
  // no database has it
  if (!text.isWhole(runId)) return answer({ _tag: "NoSuchRun" })
  const sent = yield* journal.send(runId, letter.success)
  if (sent._tag === "Kept" || sent._tag === "Duplicate") {
    const until = (yield* Clock.currentTimeMillis) + Duration.toMillis(Duration.fromInputUnsafe(within))
    const outcome = yield* answered(journal, runId, letter.success, sent.seq, until)
    return answer(outcome, sent._tag === "Duplicate")
  }
  const head = yield* journal.show(runId)
  return answer(head === undefined ? { _tag: "NoSuchRun" } : endedOf(head))
})

const endedOf = ({ outcome = "failed" }: Head): Outcome => ({ _tag: "Ended", outcome })

/** Looks until there is an answer, or it is time to say that there is none yet. */
const answered = Effect.fnUntraced(function*(
  journal: Journal,
  runId: string,
  sent: NewLetter,
  seq: number,
  until: number
): Effect.fn.Return<Outcome, JournalError> {
  let createdAt: number | undefined
  for (let pause = 20;; pause = Math.min(2 * pause, 250)) {
    // the run first: of one that has ended the letter is what it is then
    const standing = yield* journal.standing(runId)
    const letter = yield* journal.letter(runId, seq)
    // another run of its id has other letters
    if (
      letter === undefined || standing === undefined ||
      standing.head.createdAt !== (createdAt ??= standing.head.createdAt)
    ) {
      return { _tag: "NoSuchRun" }
    }
    if (!isSame(letter, sent)) {
      return { _tag: "Refused", why: `request id "${clip(letter.id ?? "")}" was given to another order before` }
    }
    const now = yield* Clock.currentTimeMillis
    const isDue = standing.dueAt !== undefined && standing.dueAt <= now
    const found = look(letter, standing.head, isDue)
    if (found !== undefined) return found
    if (now >= until) {
      const { sentence } = yield* why(journal, standing, yield* journal.letters(runId))
      return { _tag: "Kept", why: sentence }
    }
    yield* Effect.sleep(Duration.millis(Math.min(pause, until - now)))
  }
})

/** What has become of a letter, by what is written of it; nothing as long as that is open. */
const look = (letter: Letter, head: Head, isDue: boolean): Outcome | undefined => {
  const { answer, isTaken, kind } = letter
  const hasEnded = head.status === "ended"
  if (isTaken && answer !== undefined) return read(answer)
  if (isTaken) {
    if (kind === "cancel" && head.outcome === "cancelled") return done
    // what was still in the inbox was cleared away with the end
    return hasEnded && kind !== "signal" ? endedOf(head) : done
  }
  if (hasEnded) return isOrder(kind) ? undefined : endedOf(head)
  return isHeld(kind, head, isDue) ? done : undefined
}

const done: Outcome = { _tag: "Done", reply: undefined }

/** A pause stays in the inbox until the run is resumed; a run that was parked since has seen it. */
const isHeld = (kind: LetterKind, { owner, status }: Head, isDue: boolean): boolean =>
  kind === "pause" && status === "waiting" && owner === undefined && !isDue

const read = (answer: string): Outcome => {
  const json = jsonOf(answer)
  const refused = textOf(field(json, "refused"))
  return refused === undefined
    ? { _tag: "Done", reply: field(json, "value") }
    : { _tag: "Refused", why: refused }
}
