/**
 * The command line of the package: `cano draw <module>` draws workflows, `cano runs`, `show`, `why` and others see and steer the
 * durable runs of a journal. It stands on Effect's own CLI, and needs the services of a platform,
 * those of `@effect/platform-node` in the program `cano`. A command is a value that holds nothing of a call.
 *
 * It is an entry of its own, `effect-cano/cli`, which the package does not load by itself.
 *
 * @since 0.1.0
 */
import * as Command from "effect/cli/Command"
import type * as Exit from "effect/Exit"
import * as draw from "./internal/cli/draw.ts"
import * as ending from "./internal/cli/ending.ts"
import * as orders from "./internal/cli/orders.ts"
import * as runs from "./internal/cli/runs.ts"

/**
 * What the command is told of the process that it runs in.
 *
 * @category models
 * @since 0.1.0
 */
export interface Host {
  /** How this program is called, for `--watch`, which calls it anew after each change. */
  readonly self: ReadonlyArray<string>
  /** Whether the output is a terminal that shows colours. */
  readonly hasColors: boolean
  /** How wide the output is, if that is known: 80 characters if it is not. */
  readonly columns?: number | undefined
  /** Where a module gets `effect-cano` from, if it can be found. */
  readonly copyOf: (file: string) => string | undefined
}

/**
 * The command `cano`, to be run by `Command.run`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (host: Host) =>
  Command.make("cano").pipe(
    Command.withDescription("Draws workflows, and operates their durable runs"),
    Command.withSubcommands([
      draw.make(host),
      runs.list(host),
      runs.show(host),
      runs.why(host),
      runs.history(host),
      orders.signal(),
      orders.cancel(host),
      orders.pause(host),
      orders.resume(host),
      orders.retry(host),
      orders.rerun(),
      orders.skip(),
      orders.end(host),
      runs.purge()
    ])
  )

/**
 * The number with which the program ends: 0 if it was done, 1 for an error, 2 where it was called wrongly, 3 where there is no
 * such run, 4 where an order was refused or comes too late, 5 where it is kept and not answered yet.
 *
 * @category running
 * @since 0.1.0
 */
export const exitCode: (exit: Exit.Exit<unknown, unknown>) => number = ending.codeOf
