/**
 * Why nothing is drawn, in a sentence for who has called the program. It ends a call.
 */
import * as CliError from "effect/cli/CliError"
import * as Data from "effect/Data"

export class DrawError extends Data.TaggedError("DrawError")<{ readonly message: string }> {
  /** What the command line shows of it: without a trace. */
  declare readonly [CliError.userMessage]: string

  // a field of a computed name is something that a bundler would have to keep
  constructor(given: { readonly message: string }) {
    super(given)
    Object.assign(this, { [CliError.userMessage]: `cano draw: ${given.message}` })
  }
}
