/**
 * The command line of the package: `cano draw <module>`. It stands on Effect's own CLI, and needs the services of a platform,
 * those of `@effect/platform-node` in the program `cano`. A command is a value that holds nothing of a call.
 *
 * It is an entry of its own, `effect-cano/cli`, which the package does not load by itself.
 *
 * @since 0.1.0
 */
import * as Command from "effect/cli/Command"
import * as draw from "./internal/cli/draw.ts"

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
  /** Where a module gets `effect-cano` from, if it can be found. */
  readonly copyOf: (file: string) => string | undefined
}

/**
 * The command `cano`, to be run by `Command.run`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (host: Host) => Command.withSubcommands(Command.make("cano"), [draw.make(host)])
