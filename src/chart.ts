/**
 * A picture of a workflow, drawn of its definition. A chart is plain data that holds nothing of the workflow and of no run;
 * from it come an SVG, a text for terminals, and Mermaid and DOT for who draws with those.
 *
 * It is an entry of its own, `effect-cano/chart`, which the package does not load by itself.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type { Path } from "./CanoError.ts"
import type { Definition } from "./Definition.ts"
import * as dot from "./internal/chart/dot.ts"
import type * as layouts from "./internal/chart/layouts.ts"
import * as internal from "./internal/chart/make.ts"
import * as mermaid from "./internal/chart/mermaid.ts"
import * as svg from "./internal/chart/svg.ts"
import * as text from "./internal/chart/text.ts"
import * as trails from "./internal/chart/trail.ts"

/**
 * What is drawn: states, and the ways between them.
 *
 * **Details**
 *
 * It is plain data, which can be compared, written as JSON, and made by hand. Durations are texts already.
 *
 * @category models
 * @since 0.1.0
 */
export interface Chart {
  readonly name: string
  /** Where runs start. */
  readonly initial: ReadonlyArray<string>
  readonly states: ReadonlyArray<State>
  readonly ways: ReadonlyArray<Way>
}

/**
 * A state, by how it is drawn.
 *
 * @category models
 * @since 0.1.0
 */
export type State = Task | Wait | Split | Exit | Missing

/**
 * A state that runs one task: a box.
 *
 * @category models
 * @since 0.1.0
 */
export interface Task {
  readonly kind: "task"
  readonly name: string
  /** What kind of work it does, where it says so: a second line. */
  readonly work?: Work | undefined
  /** What compensates it: a second line. */
  readonly undo?: string | undefined
  /** Whether a run only goes forward from here. */
  readonly isPivot?: boolean | undefined
}

/**
 * Work of a known kind. A sub-workflow is a box with double sides.
 *
 * @category models
 * @since 0.1.0
 */
export interface Work {
  readonly kind: "poll" | "timer" | "stream" | "retry" | "workflow"
  /** What it is and its bounds: `poll every 1 s · 1 min`, `workflow payment`. */
  readonly text: string
}

/**
 * A state that waits for a signal: a box with what it waits for.
 *
 * @category models
 * @since 0.1.0
 */
export interface Wait {
  readonly kind: "wait"
  readonly name: string
  readonly signals: ReadonlyArray<string>
  readonly timeout?: string | undefined
}

/**
 * A state that is split into branches: a card with its branches and its join.
 *
 * @category models
 * @since 0.1.0
 */
export interface Split {
  readonly kind: "split"
  readonly name: string
  /** The names of the branches, where these are known before the state is entered. */
  readonly branches: ReadonlyArray<string> | undefined
  /** What the branches are, where they have no names before: `"each package"`. */
  readonly each: string
  /** The strategy, of how many, and the deadline: `quorum(2) of 3 · 1 s`. */
  readonly rule: string
  /** What else it was asked for: `16 at once`, `hedged`, `detach`. */
  readonly options: ReadonlyArray<string>
}

/**
 * A state in which a run ends: a pill with a double line.
 *
 * @category models
 * @since 0.1.0
 */
export interface Exit {
  readonly kind: "exit"
  readonly name: string
}

/**
 * A state that a way leads to and that is none of the workflow, of which `validate` tells.
 *
 * @category models
 * @since 0.1.0
 */
export interface Missing {
  readonly kind: "missing"
  readonly name: string
}

/**
 * A way from one state to another.
 *
 * @category models
 * @since 0.1.0
 */
export interface Way {
  readonly from: string
  /** `undefined` where a function decides, and has not said where it may lead to. */
  readonly to: string | undefined
  /** `"branches"` leads to a follow-on state, `"fails"` is taken by a failure. */
  readonly kind: "next" | "otherwise" | "branches" | "fails"
  /**
   * How it is known: written down, declared by the option `to`, seen in a run only, or not at all. A line that was
   * declared begins with a ring, as a function chooses it; one that was only seen is dotted.
   */
  readonly source: "written" | "declared" | "seen" | "unknown"
  readonly label?: string | undefined
}

/**
 * Which states and ways runs have taken, and how often: one run, or a report of many.
 *
 * @category models
 * @since 0.1.0
 */
export interface Trail {
  readonly states: ReadonlyArray<{ readonly name: string; readonly count: number }>
  readonly ways: ReadonlyArray<{ readonly from: string; readonly to: string; readonly count: number }>
  /** The state the run is in, or in which it has ended, where it is one run. */
  readonly at?: string | undefined
}

/**
 * What a chart is told beside the definition.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The states in which runs start; the first one registered if left out. */
  readonly initial?: ReadonlyArray<string> | undefined
  /** Paths of runs, whose ways are added where they are not known: what functions have answered. */
  readonly seen?: ReadonlyArray<Path | ReadonlyArray<string>> | undefined
  /** What each branch of a split stands for, by the name of the state, where branches have no names: `{ Scan: "package" }`. */
  readonly each?: { readonly [state: string]: string } | undefined
}

/**
 * The part of elkjs that lays out: what `new ELK()` gives.
 *
 * @category models
 * @since 0.1.0
 */
export interface Elk {
  readonly layout: (graph: any) => PromiseLike<unknown>
}

/**
 * How an SVG is drawn.
 *
 * @category models
 * @since 0.1.0
 */
export interface SvgOptions {
  /** `"auto"`, which is what is taken if left out, follows `prefers-color-scheme` of the reader. */
  readonly theme?: "light" | "dark" | "auto" | undefined
  /** Whether there is paper behind it; else it is transparent. */
  readonly paper?: boolean | undefined
  /**
   * Who lays it out. `"elk"` needs the package elkjs beside this one, or takes an instance of one's own; `"column"` needs
   * nothing and puts all states below each other. Left out it is elkjs where that is there, and else the column.
   */
  readonly layout?: "elk" | "column" | Elk | undefined
  /** What runs have taken: it is drawn on the chart, and the rest is faded. */
  readonly trail?: Trail | undefined
}

/**
 * How a text is drawn.
 *
 * @category models
 * @since 0.1.0
 */
export interface TextOptions {
  /** Whether it has colours, as escape sequences of a terminal. */
  readonly color?: boolean | undefined
  /** Whether lines are drawn with `+`, `-` and `|`. Names stay as they are. */
  readonly ascii?: boolean | undefined
  readonly trail?: Trail | undefined
}

export {
  /**
   * A chart can't be laid out: elkjs was asked for and can't be loaded, or it has failed.
   *
   * @category errors
   * @since 0.1.0
   */
  LayoutError
} from "./internal/chart/layouts.ts"

/**
 * The chart of a workflow.
 *
 * **Details**
 *
 * It has every state and every way of the definition. A function leads where its option `to` says; where it says nothing,
 * and no run was seen, the way has no end and is drawn to a question mark. What branches that a function makes may be, is
 * not drawn unless `to` says it.
 *
 * **Example** (A picture in the terminal)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { JoinStrategy, Workflow } from "effect-cano"
 * import * as Chart from "effect-cano/chart"
 *
 * const workflow = Workflow.make<"Ask" | "Buy" | "Bought" | "NoDeal">("purchase")
 *   .registerSplit("Ask", { ada: Effect.void, bob: Effect.void, cyd: Effect.void }, {
 *     strategy: JoinStrategy.quorum(2),
 *     timeout: "1 second",
 *     next: "Buy",
 *     otherwise: "NoDeal"
 *   })
 *   .register("Buy", { run: Effect.void, next: "Bought" })
 *   .addExitStates("Bought", "NoDeal")
 *
 * console.log(Chart.toText(Chart.make(workflow)))
 * // =>   ●
 * // =>   │
 * // => ╔══▼═════════════════════╗
 * // => ║ Ask                    ║
 * // => ║ ⑂ ada ┊ bob ┊ cyd      ║
 * // => ║ ⑃ quorum(2) of 3 · 1 s ║
 * // => ╚═╤══════════════════════╝
 * // =>   ├╌╌ otherwise ╌╌▶ ◎ NoDeal
 * // =>   │
 * // => ╭──▼──╮
 * // => │ Buy │
 * // => ╰─┬───╯
 * // =>   │
 * // =>   ◎ Bought
 * // =>
 * // =>   ◎ NoDeal
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (workflow: { readonly definition: Definition }, options?: Options): Chart =>
  internal.make(workflow.definition, options ?? {})

/**
 * The trail of a run, or of many: of the paths of failures (`Workflow.path`), of tasks (`Workflow.CurrentRun`), or of names
 * of states in the order in which they were entered.
 *
 * @category constructors
 * @since 0.1.0
 */
export const trail = (...paths: ReadonlyArray<Path | ReadonlyArray<string>>): Trail => trails.make(paths)

/**
 * Draws an SVG. The same chart gives the same bytes, and names in it are text, whatever they contain.
 *
 * **Example** (Two files for a page that knows both themes)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Workflow } from "effect-cano"
 * import * as Chart from "effect-cano/chart"
 *
 * const workflow = Workflow.make<"Start" | "Done">("small")
 *   .register("Start", { run: Effect.void, next: "Done" })
 *   .addExitStates("Done")
 *
 * const draw = Effect.gen(function*() {
 *   for (const theme of ["light", "dark"] as const) {
 *     const svg = yield* Chart.toSvg(Chart.make(workflow), { theme, layout: "column" })
 *     console.log(`machine.${theme}.svg`, svg.startsWith("<svg"))
 *   }
 * })
 * await Effect.runPromise(draw)
 * // => machine.light.svg true
 * // => machine.dark.svg true
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const toSvg = (self: Chart, options?: SvgOptions): Effect.Effect<string, layouts.LayoutError> =>
  svg.draw(self, options ?? {})

/**
 * Draws a text for a terminal or a log: states below each other, and what leaves sideways as a line of its own.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toText = (self: Chart, options?: TextOptions): string => text.draw(self, options ?? {})

/**
 * A flowchart of Mermaid, for pages that draw these.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toMermaid = (self: Chart): string => mermaid.draw(self)

/**
 * A graph of Graphviz.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toDot = (self: Chart): string => dot.draw(self)
