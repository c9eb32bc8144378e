/** The number with which the program ends. Pure. */
import * as CliError from "effect/cli/CliError"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import { codes } from "./error.ts"

export const codeOf = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit)) return codes.done
  const { reasons } = exit.cause
  const error = reasons.map((reason) => reason._tag === "Fail" ? reason.error : undefined).find((one) =>
    one !== undefined
  )
  if (error instanceof CliError.ShowHelp) return error.errors.length === 0 ? codes.done : codes.usage
  return error === undefined ? codes.failed : Runtime.getErrorExitCode(error)
}
