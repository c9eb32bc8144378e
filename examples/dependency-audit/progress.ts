/**
 * A live line on a terminal: how many packages are scanned. It lives as long as one run, and is wiped when the run ends.
 *
 * When the output is piped nothing is written.
 */
import { Context, Effect, Exit, Layer, Schedule, Stdio, Stream, Terminal } from "effect"

export class Progress extends Context.Service<Progress, {
  /** The scan begins: `total` packages are known. */
  readonly begin: (total: number) => Effect.Effect<void>
  /** Counts an effect when it ends. */
  readonly track: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}>()("dependency-audit/Progress") {
  static readonly layer = Layer.effect(
    Progress,
    Effect.gen(function*() {
      const stdio = yield* Stdio.Stdio
      const terminal = yield* Terminal.Terminal
      const counts = { total: 0, settled: 0, failed: 0 }

      const write = (text: string) => Effect.ignore(Stream.run(Stream.make(text), stdio.stderr()))
      const paint = Effect.gen(function*() {
        const columns = yield* terminal.columns
        yield* write(wipe + line(counts, columns))
      })

      if ((yield* stdio.stdoutIsTerminal) && (yield* stdio.stderrIsTerminal)) {
        yield* Effect.addFinalizer(() => write(wipe))
        yield* Effect.forkScoped(Effect.repeat(paint, Schedule.spaced("80 millis")))
      }

      return Progress.of({
        begin: (total) =>
          Effect.sync(() => {
            counts.total = total
          }),
        track: Effect.onExit((exit) =>
          Effect.sync(() => {
            counts.settled += 1
            if (Exit.isFailure(exit)) counts.failed += 1
          })
        )
      })
    })
  )
}

/** Back to the first column, and clear the line. */
const wipe = "\r\x1b[2K"

const width = 24

/** The line itself, never wider than the terminal; one that does not know its width says 0. */
export const line = (
  counts: { readonly total: number; readonly settled: number; readonly failed: number },
  columns: number
): string => {
  const room = columns > 0 ? columns - 1 : 79
  if (counts.total === 0) return "looking for packages".slice(0, room)
  const filled = Math.floor((width * counts.settled) / counts.total)
  const failed = counts.failed === 0 ? "" : `, ${counts.failed} failed`
  return `${"█".repeat(filled)}${"░".repeat(width - filled)} ${counts.settled}/${counts.total} packages${failed}`
    .slice(0, room)
}
