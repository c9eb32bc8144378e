/** The reason why something failed, on one line. */
import { Cause, type PlatformError, type Schema } from "effect"

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, " ")

/** Whether nothing is there: no file, no folder, or a file where a folder was looked for. */
export const isMissing = (error: PlatformError.PlatformError): boolean =>
  error.reason._tag === "NotFound" || codeOf(error.reason.cause) === "ENOTDIR"

const codeOf = (cause: unknown): unknown => cause instanceof Error && "code" in cause ? cause.code : undefined

export const ofPlatform = (error: PlatformError.PlatformError): string =>
  oneLine(error.reason.cause instanceof Error ? error.reason.cause.message : error.message)

export const ofSchema = (error: Schema.SchemaError): string => oneLine(error.message)

export const ofCause = (cause: Cause.Cause<Error>): string => {
  if (Cause.hasInterruptsOnly(cause)) return "interrupted"
  const error = Cause.squash(cause)
  return oneLine(error instanceof Error ? error.message : String(error))
}
