/**
 * Where the boxes and lines of a picture are, and who finds that out. A layout lives for one picture; elkjs is loaded when
 * the first one asks for it.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { Chart, Elk, SvgOptions } from "../../chart.ts"
import * as column from "./column.ts"
import * as columns from "./columns.ts"
import * as elk from "./elk.ts"
import type { Figure } from "./figure.ts"
import * as figures from "./figure.ts"

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Layout {
  readonly width: number
  readonly height: number
  /** The middle of each box. */
  readonly boxes: ReadonlyMap<string, Point>
  /** The bends of each line, from end to end, and the middle of its label. */
  readonly lines: ReadonlyMap<string, { readonly points: ReadonlyArray<Point>; readonly label: Point | undefined }>
}

export class LayoutError extends Data.TaggedError("LayoutError")<{
  readonly message: string
  readonly cause: unknown
}> {}

/** A figure and where it is. */
export interface Placed {
  readonly figure: Figure
  readonly layout: Layout
}

export const make = (chart: Chart, layout: SvgOptions["layout"]): Effect.Effect<Placed, LayoutError> => {
  if (layout === "column") return inColumn(chart)
  if (layout === "elk") return Effect.flatMap(load, (found) => run(found, chart))
  if (layout !== undefined) return run(layout, chart)
  return Effect.matchEffect(load, { onFailure: () => inColumn(chart), onSuccess: (found) => run(found, chart) })
}

const inColumn = (chart: Chart): Effect.Effect<Placed> =>
  Effect.sync(() => {
    const figure = figures.make(chart, false)
    return { figure, layout: column.layout(figure) }
  })

const run = (found: Elk, chart: Chart): Effect.Effect<Placed, LayoutError> =>
  Effect.suspend(() => {
    const figure = figures.make(chart, true)
    const ask = (part: Figure) =>
      Effect.map(
        Effect.tryPromise({
          try: () => found.layout(elk.graphOf(part)),
          catch: (cause) => new LayoutError({ message: `elkjs can't lay this chart out: ${saying(cause)}`, cause })
        }),
        (graph) => elk.read(part, graph)
      )
    if (figure.columns === 1) return Effect.map(ask(figure), (layout) => ({ figure, layout }))
    const parts = columns.apart(figure)
    return Effect.map(Effect.forEach(parts, ask), (laid) => ({ figure, layout: columns.together(figure, parts, laid) }))
  })

// in a variable, so that no bundler and no compiler looks for what need not be there
const specifier = "elkjs/lib/elk.bundled.js"

const load: Effect.Effect<Elk, LayoutError> = Effect.tryPromise({
  try: () => import(specifier),
  catch: (cause) => new LayoutError({ message: `elkjs can't be loaded, npm install elkjs: ${saying(cause)}`, cause })
}).pipe(Effect.map((module): Elk => new (module.default as new() => Elk)()))

const saying = (cause: unknown): string =>
  Predicate.isObject(cause) && "message" in cause ? String(cause.message).split("\n")[0]! : String(cause)
