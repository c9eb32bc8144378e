/**
 * The form in which a payload stands in the journal: which codecs have written it, in their order, and what they have made of
 * it. Pure.
 *
 *     {"_tag":"Ask"}                         as it was given: no codec has written it
 *     ~gzip~aes256gcm:2026-11~H4sIAAAA…       by gzip, then by aes256gcm, which says "2026-11" of itself; bytes in Base64
 *     ~~~a                                   as it was given, and it begins with a ~, as JSON never does
 */
import * as Result from "effect/Result"

/** One codec that has written a payload, and what it has said of that. */
export interface Stage {
  readonly codec: string
  readonly info: string
}

export type Form =
  | { readonly _tag: "Plain"; readonly text: string }
  | { readonly _tag: "Coded"; readonly stages: ReadonlyArray<Stage>; readonly body: string }

const mark = "~"

export const plain = (text: string): string => text.startsWith(mark) ? `${mark}${mark}${text}` : text

export const coded = (stages: ReadonlyArray<Stage>, body: string): string =>
  `${mark}${
    stages.map(({ codec, info }) => info === "" ? codec : `${codec}:${escaped(info)}`).join(mark)
  }${mark}${body}`

export const read = (text: string): Result.Result<Form, string> => {
  if (!text.startsWith(mark)) return Result.succeed({ _tag: "Plain", text })
  if (text.startsWith(mark + mark)) return Result.succeed({ _tag: "Plain", text: text.slice(2) })
  const parts = text.slice(1).split(mark)
  const body = parts.pop()!
  if (parts.length === 0) return Result.fail("it names no codec")
  const stages: Array<Stage> = []
  for (const part of parts) {
    const colon = part.indexOf(":")
    const codec = colon < 0 ? part : part.slice(0, colon)
    const info = colon < 0 ? "" : unescaped(part.slice(colon + 1))
    if (!isName(codec) || info === undefined) return Result.fail("what it says of its codecs can't be read")
    stages.push({ codec, info })
  }
  return Result.succeed({ _tag: "Coded", stages, body })
}

export const isName = (name: unknown): name is string => typeof name === "string" && /^[A-Za-z][\w.-]*$/.test(name)

const escaped = (info: string): string => encodeURIComponent(info).replaceAll(mark, "%7E")

const unescaped = (info: string): string | undefined =>
  Result.getOrUndefined(Result.try({ try: () => decodeURIComponent(info), catch: () => undefined }))
