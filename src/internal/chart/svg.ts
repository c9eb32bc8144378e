/**
 * An SVG of a chart: what a layout has placed, as shapes and texts. It asks for nothing from outside, runs no script, and
 * a name in it is text. A picture is made once and held by nobody.
 */
import * as Effect from "effect/Effect"
import type { Chart, SvgOptions, Way } from "../../chart.ts"
import type * as figures from "./figure.ts"
import * as layouts from "./layouts.ts"
import { clean, escape } from "./names.ts"
import { classOf, css } from "./palette.ts"
import { type Lit, read } from "./trail.ts"

const pad = 16

export const draw = (chart: Chart, options: SvgOptions): Effect.Effect<string, layouts.LayoutError> =>
  Effect.map(layouts.make(chart, options.layout), ({ figure, layout }) => picture(chart, figure, layout, options))

const picture = (
  chart: Chart,
  { boxes, lines }: figures.Figure,
  layout: layouts.Layout,
  { paper = false, theme = "auto", trail }: SvgOptions
): string => {
  const lit = trail === undefined ? undefined : read(chart, trail)
  const [width, height] = [Math.ceil(layout.width + 2 * pad), Math.ceil(layout.height + 2 * pad)]
  const title = escape(chart.name)
  const states = new Map(boxes.map(({ id, state }) => [id, state?.name]))
  // what is lit lies on what is faded, and all boxes on all lines
  const drawn = lines.map((line) => ({ line, ...layout.lines.get(line.id)!, isOn: isOn(line, lit, states) }))
  drawn.sort((a, b) => Number(a.isOn) - Number(b.isOn))
  const texts = drawn.flatMap(({ isOn, label, line }) =>
    label === undefined ? [] : [`<g class="${classes(line, lit, isOn)}">${labelOf(line, label)}</g>`]
  )
  const markers = new Set(drawn.map(({ isOn, line }) => tipOf(line, isOn)))
  const body = [
    `<defs>${[...markers].sort().map((name) => marker(theme, name)).join("")}</defs>`,
    ...paper ? [`<rect class="paper" x="${-pad}" y="${-pad}" width="${width}" height="${height}"/>`] : [],
    ...drawn.map(({ isOn, line, points }) => lineOf(line, points, theme, lit, isOn)),
    ...boxes.map((box) => boxOf(box, layout.boxes.get(box.id)!, lit)),
    ...texts
  ].join("\n")
  const used = new Set([...body.matchAll(/ class="([^"]*)"/g)].flatMap(([, names]) => names!.split(" ")))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="${classOf(theme)}" viewBox="${-pad} ${-pad} ${width} ${height}" ` +
    `width="${width}" height="${height}" role="img" aria-label="${title}: a state machine">`,
    `<title>${title}</title>`,
    `<desc>${escape(chart.ways.map(sentence).join("; "))}</desc>`,
    `<style>`,
    css(theme, lit !== undefined, used),
    `</style>`,
    body,
    `</svg>`,
    ``
  ].join("\n")
}

const sentence = ({ from, kind, label, to }: Way): string =>
  `${clean(from)} to ${to === undefined ? "what a function says" : clean(to)}` +
  (label === undefined ? kind === "next" ? "" : `, ${kind}` : `, ${clean(label)}`)

/** One decimal is enough, and the same everywhere. */
const n = (value: number): number => Math.round(value * 10) / 10

/** A text whose middle is at `y`: not every viewer knows `dominant-baseline`. */
const textOf = (kind: string, x: number, y: number, size: number, text: string, title?: string): string =>
  `<text class="${kind}" x="${n(x)}" y="${n(y + size * 0.35)}">` +
  `${title === undefined ? "" : `<title>${escape(title)}</title>`}${escape(text)}</text>`

// -----------------------------------------------------------------------------
// lines
// -----------------------------------------------------------------------------

/** Whether a run has taken it; into a state in which runs start it has if it was there. */
const isOn = (
  { to, way }: figures.Line,
  lit: Lit | undefined,
  states: ReadonlyMap<string, string | undefined>
): boolean => lit !== undefined && (way === undefined ? lit.countOf(states.get(to) ?? "") : lit.taken(way)) > 0

const classes = ({ way }: figures.Line, lit: Lit | undefined, isOn: boolean): string =>
  [
    "line",
    way?.kind ?? "next",
    ...way?.source === "seen" || way?.source === "unknown" ? [way.source] : [],
    ...lit === undefined ? [] : [isOn ? "on" : "off"]
  ].join(" ")

const tipOf = ({ way }: figures.Line, isOn: boolean): string => isOn ? "on" : way?.kind ?? "next"

const marker = (theme: string, name: string): string =>
  `<marker id="cano-${theme}-${name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" ` +
  `markerUnits="userSpaceOnUse" orient="auto"><path class="tip ${name}" d="M0 .6 7.4 4 0 7.4 1.6 4z"/></marker>`

const lineOf = (
  line: figures.Line,
  points: ReadonlyArray<layouts.Point>,
  theme: string,
  lit: Lit | undefined,
  isOn: boolean
): string => {
  const title = line.way === undefined ? "" : `<title>${escape(sentence(line.way))}</title>`
  const begin = points[0]!
  const ring = line.way?.source === "declared"
    ? `<circle class="choice" cx="${n(begin.x)}" cy="${n(begin.y + 3.5)}" r="2.6"/>`
    : ""
  return `<g class="${classes(line, lit, isOn)}">${title}<path class="way" d="${rounded(points)}" ` +
    `marker-end="url(#cano-${theme}-${tipOf(line, isOn)})"/>${ring}</g>`
}

const radius = 8

/** A line with round corners. */
const rounded = (points: ReadonlyArray<layouts.Point>): string => {
  const [first, ...rest] = points.filter((point, i) => {
    const before = points[i - 1]
    return before === undefined || Math.abs(before.x - point.x) + Math.abs(before.y - point.y) > 0.05
  })
  let d = `M${n(first!.x)} ${n(first!.y)}`
  rest.forEach((corner, i) => {
    const [before, after] = [rest[i - 1] ?? first!, rest[i + 1]]
    if (after === undefined) {
      d += `L${n(corner.x)} ${n(corner.y)}`
      return
    }
    const [into, out] = [
      Math.hypot(corner.x - before.x, corner.y - before.y),
      Math.hypot(after.x - corner.x, after.y - corner.y)
    ]
    const k = Math.min(radius, into / 2, out / 2)
    const [a, b] = [toward(corner, before, k / into), toward(corner, after, k / out)]
    d += `L${n(a.x)} ${n(a.y)}Q${n(corner.x)} ${n(corner.y)} ${n(b.x)} ${n(b.y)}`
  })
  return d
}

const toward = (from: layouts.Point, to: layouts.Point, part: number): layouts.Point => ({
  x: from.x + (to.x - from.x) * part,
  y: from.y + (to.y - from.y) * part
})

const labelOf = (line: figures.Line, { x, y }: layouts.Point): string => textOf("l m", x, y, 11, line.label!.text)

// -----------------------------------------------------------------------------
// boxes
// -----------------------------------------------------------------------------

const boxOf = (box: figures.Box, { x, y }: layouts.Point, lit: Lit | undefined): string => {
  const count = box.state === undefined ? 0 : lit?.countOf(box.state.name) ?? 0
  const isOn = box.kind === "start" || (count > 0 && box.kind !== "stub" && box.kind !== "jump")
  const light = lit === undefined ? [] : [isOn ? "on" : "off", ...lit.at === box.state?.name && isOn ? ["now"] : []]
  const title = box.state === undefined ? "" : `<title>${escape(box.state.name)}</title>`
  const badge = count > 1 && isOn ? badgeOf(count, x + box.width / 2 - 2, y - box.height / 2) : ""
  return `<g class="${["state", box.kind, ...light].join(" ")}">${title}${inside(box, x, y)}${badge}</g>`
}

const badgeOf = (count: number, x: number, y: number): string => {
  const text = `×${count}`
  const width = 12 + 6.5 * text.length
  return `<rect class="badge" x="${n(x - width / 2)}" y="${n(y - 8)}" width="${width}" height="16" rx="8"/>` +
    textOf("", x, y, 10, text)
}

const rect = (kind: string, x: number, y: number, width: number, height: number, round: number): string =>
  `<rect class="${kind}" x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="${round}"/>`

const inside = (box: figures.Box, x: number, y: number): string => {
  const { height, label, second, width } = box
  const [left, top] = [x - width / 2, y - height / 2]
  switch (box.kind) {
    case "start":
      return `<circle class="start" cx="${n(x)}" cy="${n(y)}" r="7"/>`
    case "unknown":
      return rect("box", left, top, width, height, 11) + textOf("c m", x, y, 11, "?")
    case "stub":
    case "jump":
      return rect("box", left, top, width, height, 11) + textOf("c m", x, y, 11, label)
    case "exit":
      return rect("box", left, top, width, height, height / 2) +
        rect("ring", left + 3.5, top + 3.5, width - 7, height - 7, height / 2 - 3.5) + textOf("t m", x, y, 13, label)
    case "split":
      return rect("box", left, top, width, height, 10) + cardOf(box, box.card!, x, top)
    default: {
      const name = rect("box", left, top, width, height, 8) +
        textOf("t m", x, second === undefined ? y : y - 8, 13, label)
      if (second === undefined) return name
      const work = box.state?.kind === "task" ? box.state.work : undefined
      const sides = work?.kind === "workflow" ? sidesOf(left, top, width, height) : ""
      const isUndo = box.kind === "task" && work === undefined
      return name + sides + textOf(isUndo ? "s m undo" : "s m", x, y + 10, 10.5, second)
    }
  }
}

/** What a flowchart draws of a process that is one of its own. */
const sidesOf = (left: number, top: number, width: number, height: number): string =>
  `<path class="ring" d="M${n(left + 6)} ${n(top)}v${n(height)}M${n(left + width - 6)} ${n(top)}v${n(height)}"/>`

/** A split from the inside: fork, branches, join. */
const cardOf = (box: figures.Box, card: figures.Card, x: number, top: number): string => {
  const [fork, chip, join] = [top + 38, top + 52, top + 99]
  const high = 22
  let left = x - card.chipsWidth / 2
  const wires: Array<string> = []
  const chips: Array<string> = []
  for (const { label, title, width } of card.chips) {
    const mid = left + width / 2
    wires.push(
      `M${n(x)} ${n(fork)}C${n(x)} ${n(fork + 9)} ${n(mid)} ${n(fork + 3)} ${n(mid)} ${n(chip)}`,
      `M${n(mid)} ${n(chip + high)}C${n(mid)} ${n(chip + high + 10)} ${n(x)} ${n(join - 18)} ${n(x)} ${n(join - 10)}`
    )
    if (card.isStacked) { for (const k of [2, 1]) chips.push(rect("chip", left + k * 3, chip - k * 3, width, high, 6)) }
    chips.push(rect("chip", left, chip, width, high, 6), textOf("c m", mid, chip + high / 2, 11, label, title))
    left += width + 8
  }
  const side = box.width / 2 - 14
  return [
    textOf("t", x - side, top + 19, 13, box.label),
    card.options === "" ? "" : textOf("s e", x + side, top + 20, 10.5, card.options),
    `<path class="wire" d="${wires.join("")}"/><circle class="dot" cx="${n(x)}" cy="${n(fork)}" r="3"/>`,
    ...chips,
    rect("join", x - card.ruleWidth / 2, join - 10, card.ruleWidth, 20, 10),
    textOf("r m", x, join, 11, card.rule)
  ].join("")
}
