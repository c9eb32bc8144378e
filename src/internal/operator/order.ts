/** Orders as values, and as the letters that they are in the inbox of a run. Pure. */
import * as Equal from "effect/Equal"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { Letter, LetterKind, NewLetter } from "../../journal.ts"
import type { Order } from "../../operator.ts"
import { misfit } from "../check/describe.ts"
import * as text from "../durable/text.ts"

export const cancel = (options?: { readonly compensate?: boolean | undefined }): Order => ({
  _tag: "Cancel",
  compensate: options?.compensate !== false
})
export const pause = (note?: string): Order => ({ _tag: "Pause", note })
export const resume: Order = { _tag: "Resume" }
export const retry = (options?: { readonly branches?: "failed" | "all" | undefined }): Order => ({
  _tag: "Retry",
  branches: options?.branches ?? "failed"
})
export const rerun = (state: Schema.Json): Order => ({ _tag: "Rerun", state })
export const skipBranch = (branch: string, value: Schema.Json): Order => ({ _tag: "SkipBranch", branch, value })
export const skipTo = (state: Schema.Json): Order => ({ _tag: "SkipTo", state })
export const skipStep = (step: string): Order => ({ _tag: "SkipStep", step })
export const end: Order = { _tag: "End" }
export const signal = (
  name: string,
  value: Schema.Json,
  options?: { readonly key?: string | undefined }
): Order => ({ _tag: "Signal", name, key: options?.key, value })

const kinds: { readonly [Tag in Order["_tag"]]: LetterKind } = {
  Cancel: "cancel",
  Pause: "pause",
  Resume: "resume",
  Retry: "retry",
  Rerun: "rerun",
  SkipBranch: "skip",
  SkipTo: "skip",
  SkipStep: "skip",
  End: "end",
  Signal: "signal"
}

/** The letter of an order, or what is wrong with it. */
export const toLetter = (order: Order, requestId: string): Result.Result<NewLetter, string> => {
  const { _tag, ...given } = order
  const { key, name } = order._tag === "Signal" ? order : { name: "", key: undefined }
  const broken = Object.entries({ requestId, name, key }).find(([, own]) => own !== undefined && !text.isWhole(own))
  if (broken !== undefined) {
    return Result.fail(misfit(broken[0], broken[1], "a text of whole characters and without NUL"))
  }
  return Result.map(
    text.stringify(order._tag === "Signal" ? order.value : given),
    (data) => ({ kind: kinds[_tag], name, key, id: requestId, data })
  )
}

/** Whether a letter that is there is the one that was to be sent. */
export const isSame = (there: Letter, sent: NewLetter): boolean => {
  const [a, b] = [text.parse(there.data), text.parse(sent.data)]
  return there.key === sent.key && Result.isSuccess(a) && Result.isSuccess(b) && Equal.equals(a.success, b.success)
}
