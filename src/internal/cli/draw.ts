/**
 * `cano draw <module>`: loads a module, finds the workflows among its exports, and draws them. It lives for one call; with
 * `--watch` it only waits, and each picture is that of a process of its own, as a module can't be loaded twice.
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as ChildProcess from "effect/process/ChildProcess"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import type { Chart } from "../../chart.ts"
import * as Charts from "../../chart.ts"
import type { Host } from "../../cli.ts"
import { DrawError } from "./error.ts"
import * as modules from "./module.ts"

const isOn = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))

const parameters = {
  module: Argument.String("module").pipe(Argument.withDescription("The module that exports a workflow: machine.ts")),
  svg: isOn("svg", "Draw an SVG"),
  mermaid: isOn("mermaid", "Draw a flowchart of Mermaid"),
  dot: isOn("dot", "Draw a graph of Graphviz"),
  text: isOn("text", "Draw a text, which is what is drawn if nothing is said"),
  watch: isOn("watch", "Draw again whenever a file beside the module changes"),
  out: Flag.String("out").pipe(Flag.withDescription("The file to write; default: the standard output"), Flag.optional),
  export: Flag.String("export").pipe(
    Flag.withDescription("Which export to draw, where several are workflows"),
    Flag.optional
  ),
  theme: Flag.Literals("theme", ["auto", "light", "dark"]).pipe(
    Flag.withDescription("The colours of an SVG; auto follows the reader's"),
    Flag.withDefault("auto" as const)
  ),
  layout: Flag.Literals("layout", ["elk", "column"]).pipe(
    Flag.withDescription("Who lays an SVG out; default: elkjs if it is installed, else a column"),
    Flag.optional
  )
}

export const make = (host: Host) =>
  Command.make(
    "draw",
    parameters,
    (given) => given.watch ? watch(host, given.module) : once(host, given)
  ).pipe(Command.withDescription("Draws the workflows that a module exports"))

const formats = ["svg", "mermaid", "dot", "text"] as const

interface Given {
  readonly module: string
  readonly svg: boolean
  readonly mermaid: boolean
  readonly dot: boolean
  readonly text: boolean
  readonly out: Option.Option<string>
  readonly export: Option.Option<string>
  readonly theme: "auto" | "light" | "dark"
  readonly layout: Option.Option<"elk" | "column">
}

const once = Effect.fnUntraced(function*(host: Host, given: Given) {
  const asked = formats.filter((format) => given[format])
  if (asked.length > 1) {
    return yield* new DrawError({ message: `--${asked.join(" and --")} are several forms; take one of them` })
  }
  const format = asked[0] ?? "text"
  const found = yield* modules.load(host, given.module, Option.getOrUndefined(given.export))
  if (found.length > 1 && format !== "text") {
    const names = found.map(({ key }) => key).join(", ")
    return yield* new DrawError({
      message: `${given.module} exports several workflows, ${names}; --export says which one to draw`
    })
  }
  const pictures = yield* Effect.forEach(found, ({ chart }) => picture(host, format, chart, given))
  const drawn = found.length === 1
    ? pictures[0]!
    : pictures.map((text, i) => `${found[i]!.key}\n\n${text}\n`).join("\n")
  if (Option.isNone(given.out)) return yield* Console.log(drawn.replace(/\n$/, ""))
  const fs = yield* FileSystem.FileSystem
  const file = given.out.value
  yield* Effect.mapError(
    fs.writeFileString(file, drawn.endsWith("\n") ? drawn : `${drawn}\n`),
    ({ message }) => new DrawError({ message: `${file} can't be written: ${message}` })
  )
})

const picture = (host: Host, format: typeof formats[number], chart: Chart, { layout, out, theme }: Given) => {
  switch (format) {
    case "svg":
      return Effect.catchTag(
        Charts.toSvg(chart, { theme, layout: Option.getOrElse(layout, () => "elk" as const) }),
        "LayoutError",
        ({ message }) =>
          Option.isSome(layout)
            ? Effect.fail(new DrawError({ message }))
            // the other picture is a good one, but nobody should take it for what they could have
            : Effect.andThen(
              Console.error(`cano draw: drawn in a column, as ${message}`),
              Effect.orDie(Charts.toSvg(chart, { theme, layout: "column" }))
            )
      )
    case "mermaid":
      return Effect.succeed(Charts.toMermaid(chart))
    case "dot":
      return Effect.succeed(Charts.toDot(chart))
    case "text":
      return Effect.succeed(Charts.toText(chart, { color: host.hasColors && Option.isNone(out) }))
  }
}

/** Draws now, and again when something has changed and been quiet for a moment. */
const watch = Effect.fnUntraced(function*(host: Host, module: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const stdio = yield* Stdio.Stdio
  const args = (yield* stdio.args).filter((arg) => arg !== "--watch")
  const [program, ...before] = host.self
  const folder = path.dirname(path.resolve(module))
  const draw = Effect.gen(function*() {
    const child = yield* ChildProcess.make(program!, [...before, ...args], { stdout: "inherit", stderr: "inherit" })
    yield* child.exitCode
  }).pipe(Effect.scoped, Effect.mapError(({ message }) => new DrawError({ message })))
  yield* draw
  yield* fs.watch(folder, { recursive: true }).pipe(
    // what is drawn into the same folder is no change of the program
    Stream.filter(({ path }) => /\.([cm]?[jt]s|json)$/.test(path) && !path.includes("node_modules")),
    Stream.debounce("100 millis"),
    Stream.mapError(({ message }) => new DrawError({ message: `${folder} can't be watched: ${message}` })),
    Stream.runForEach(() => draw)
  )
})
