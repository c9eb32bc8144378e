/**
 * What an operator orders of a run while it is driven here. Most can only be ordered of one that nobody drives; what is skipped
 * ends at once, and other branches of it go on. Nothing is kept.
 */
import * as Result from "effect/Result"
import type { Letter } from "../../journal.ts"
import { clip, show } from "../check/describe.ts"
import type { Driven } from "./driver.ts"
import type { DurableHost } from "./host.ts"
import type { Inbox } from "./inbox.ts"
import * as orders from "./orders.ts"
import type { Pen } from "./pen.ts"
import { done, refusal } from "./replies.ts"

export const order = (driven: Driven, host: DurableHost, pen: Pen, inbox: Inbox, letter: Letter): void => {
  const take = (answer: string) => pen.take(letter.seq, answer)
  const followed = follow(driven, host, pen, inbox, letter, () => take(done))
  if (Result.isSuccess(followed)) return
  take(refusal(followed.failure))
  pen.hand()
}

const follow = (
  driven: Driven,
  host: DurableHost,
  pen: Pen,
  inbox: Inbox,
  letter: Letter,
  take: () => void
): Result.Result<void, string> => {
  const isBack = host.isBack || host.hasGoneBack || inbox.isCancelled
  if (letter.kind !== "skip" || isBack) return Result.fail(orders.goesOn(isBack))
  const large = orders.tooLarge(letter, pen.most)
  if (large !== undefined) return Result.fail(large)
  if (orders.isAboutStep(letter)) return Result.fail("its rollback is not stuck")
  const branch = orders.branchIn(letter)
  if (branch === undefined) {
    const next = orders.nextOf(driven, letter)
    if (Result.isFailure(next)) return Result.fail(next.failure)
    // what it is in is broken off, and it is taken in the state that follows
    pen.end({ _tag: "Ordered" })
    return Result.void
  }
  const { name, value } = branch
  const found = typeof name === "string" ? inbox.known.addressed(name) : []
  const [one] = found
  if (one === undefined) return Result.fail(`there is no branch ${show(name)} that runs`)
  if (found.length > 1) {
    const keys = found.map(({ key }) => `"${clip(key)}"`).join(", ")
    return Result.fail(`branch ${show(name)} is several: name one by its key, of ${keys}`)
  }
  return host.skip(one, value, take)
}
