/**
 * Why a call does not end well, in a sentence for who has called the program, and with which number it ends. It ends a call.
 */
import * as CliError from "effect/cli/CliError"
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"

export class DrawError extends Data.TaggedError("DrawError")<{ readonly message: string }> {
  /** What the command line shows of it: without a trace. */
  declare readonly [CliError.userMessage]: string

  // a field of a computed name is something that a bundler would have to keep
  constructor(given: { readonly message: string }) {
    super(given)
    Object.assign(this, { [CliError.userMessage]: `cano draw: ${given.message}` })
  }
}

/** The numbers that the program ends with. */
export const codes = { done: 0, failed: 1, usage: 2, noSuchRun: 3, refused: 4, kept: 5 } as const
export type Code = typeof codes[keyof typeof codes]

/** Of a command about runs. One without a message has said what there was to say. */
export class OperateError extends Data.TaggedError("OperateError")<{
  readonly code: Code
  readonly message: string
}> {
  declare readonly [CliError.userMessage]: string

  constructor(given: { readonly code: Code; readonly message: string }) {
    super(given)
    Object.assign(this, {
      [Runtime.errorExitCode]: given.code,
      [Runtime.errorReported]: false,
      ...(given.message === "" ? {} : { [CliError.userMessage]: `cano: ${given.message}` })
    })
  }
}

export const failed = (message: string): OperateError => new OperateError({ code: codes.failed, message })
export const misused = (message: string): OperateError => new OperateError({ code: codes.usage, message })
