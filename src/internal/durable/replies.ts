/** What is answered to a letter of an operator, and to a signal that nobody can read. */
import * as Result from "effect/Result"
import * as text from "./text.ts"

export const done = `{"done":true}`

export const refusal = (why: string): string => Result.getOrThrow(text.stringify({ refused: why }))
