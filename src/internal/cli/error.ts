/**
 * Why nothing is drawn, in a sentence for who has called the program. It ends a call.
 */
import * as CliError from "effect/cli/CliError"
import * as Data from "effect/Data"

export class DrawError extends Data.TaggedError("DrawError")<{ readonly message: string }> {
  /** What the command line shows of it: without a trace. */
  override readonly [CliError.userMessage]: string = `cano draw: ${this.message}`
}
