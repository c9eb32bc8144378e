/** The command line: arguments in, a table or a JSON document out. */
import { Console, Duration, Effect, FileSystem, Option } from "effect"
import { RunEvent } from "effect-cano"
import * as Chart from "effect-cano/chart"
import { Argument, CliError, Command, Flag } from "effect/cli"
import * as Reason from "./reason.ts"
import * as Report from "./report.ts"
import * as Trace from "./trace.ts"
import * as Audit from "./workflow.ts"

const deadline = (text: string): Option.Option<Duration.Duration> =>
  Option.filter(
    Duration.fromInput(text as Duration.Input), // the type knows the texts that are durations, a flag may be any
    (duration) => Duration.isFinite(duration) && Duration.isGreaterThan(duration, Duration.zero)
  )

/** The states as a picture. */
const draw = Effect.fn("draw")(function*(workflow: ReturnType<typeof Audit.make>, file: string) {
  const fs = yield* FileSystem.FileSystem
  const svg = yield* Chart.toSvg(Chart.make(workflow, { each: { Scan: "package" } }))
  yield* fs.writeFileString(file, svg).pipe(
    Effect.mapError((cause) =>
      new CliError.UserError({ cause, userMessage: `dependency-audit: ${Reason.ofPlatform(cause)}` })
    )
  )
  yield* Console.log(`The states of the audit are drawn in ${file}.`)
})

/** A run that tells how it went when it has ended, well or not. */
const traced = <A, E, R>(run: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  const { listener, text } = Trace.make()
  return run.pipe(
    Effect.provide(RunEvent.layer([listener])),
    Effect.ensuring(Effect.suspend(() => Console.error(text())))
  )
}

export const command = Command.make(
  "dependency-audit",
  {
    folder: Argument.String("folder").pipe(
      Argument.withDescription("The npm project to audit; default: the current folder"),
      Argument.withDefault(".")
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print one JSON document instead of tables"),
      Flag.withDefault(false)
    ),
    trace: Flag.Boolean("trace").pipe(
      Flag.withDescription("Print the run as a tree, too, to stderr: states, slowest branches, times"),
      Flag.withDefault(false)
    ),
    bulkhead: Flag.Int("bulkhead").pipe(
      Flag.withDescription("How many packages are scanned at once; default: 16"),
      Flag.filter((n) => n >= 1, () => "an integer of at least 1"),
      Flag.withDefault(16)
    ),
    timeout: Flag.String("timeout").pipe(
      Flag.withDescription("When the scan is cut off, like \"500 millis\"; default: \"30 seconds\""),
      Flag.filterMap(deadline, () => "a duration above zero, like \"30 seconds\" or \"500 millis\""),
      Flag.withDefault(Duration.seconds(30))
    ),
    chart: Flag.String("chart").pipe(
      Flag.withDescription("Write a picture of the audit's states to this file, an SVG, and audit nothing"),
      Flag.optional
    )
  },
  Effect.fnUntraced(function*({ bulkhead, chart, folder, json, timeout, trace }) {
    const workflow = Audit.make({ bulkhead, timeout })
    if (Option.isSome(chart)) return yield* draw(workflow, chart.value)
    const run = workflow.orchestrate({ _tag: "Discover", folder })
    yield* (trace ? traced(run) : run).pipe(
      Effect.flatMap(({ audit }) => Console.log(json ? Report.toJson(audit) : Report.toText(audit))),
      Effect.tapErrorTag("DiscoveryError", (error) => Console.error(`dependency-audit: ${error.message}`))
    )
  })
).pipe(
  Command.withDescription(
    [
      "Scans every package installed in an npm project: licences, sizes, hashes and install scripts.",
      "The audit ends Complete, or Degraded when more than 5 % of the packages failed or were cut off;",
      "both are exit code 0. A folder that can't be audited is exit code 1."
    ].join("\n  ")
  )
)
