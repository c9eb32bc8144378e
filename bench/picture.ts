/**
 * A bar chart of ratios, as an SVG that reads on light and dark pages. The same bars give the same text.
 */
import type { Measurement } from "./harness.ts"

export interface Bar {
  /** Bars of the same group that follow each other stand under one heading. */
  readonly group: string
  readonly label: string
  readonly ratio: number
}

/** What the picture shows of a run of all benchmarks: group, label, and the measurement. */
const chosen: ReadonlyArray<readonly [group: string, label: string, name: string, variant: string, base: string]> = [
  ["Effect, raw or by hand", "all of 3 / forEach", "async n=3", "Split.run", "forEach"],
  ["Effect, raw or by hand", "all of 100 / forEach", "async n=100", "Split.run", "forEach"],
  ["Effect, raw or by hand", "all of 100 / collecting exits", "async n=100", "Split.run", "forEach exits"],
  ["Effect, raw or by hand", "all of 100 sync / collecting exits", "sync n=100", "Split.run", "forEach exits"],
  ["Effect, raw or by hand", "bulkhead of 8, 1,000 / forEach", "async n=1000", "Split.run 8", "forEach 8"],
  ["Effect, raw or by hand", "any of 100 / raceAll", "any n=100", "Split.run", "raceAll"],
  ["Effect, raw or by hand", "quorum of 100 / by hand", "quorum n=100", "Split.run", "hand-written"],
  ["Effect, raw or by hand", "first half of 100 / by hand", "partialResults n=100", "Split.run", "hand-written"],
  ["Effect, raw or by hand", "1,000 losers cut off / raceAll", "plain n=1000", "Split.run", "raceAll"],
  ["Effect, raw or by hand", "200 states / by hand", "200 states", "machine", "hand-written"],
  ["Effect, raw or by hand", "workflow with 10 branches / by hand", "async n=10", "machine", "hand-written"],
  ["Promises, RxJS and XState", "100 branches of 1 ms / Promise.all", "io n=100", "Split.run", "Promise.all"],
  ["Promises, RxJS and XState", "all of 100 / RxJS forkJoin", "async n=100", "Split.run", "RxJS forkJoin"],
  ["Promises, RxJS and XState", "bulkhead of 8, 1,000 / p-map", "async n=1000", "Split.run 8", "p-map 8"],
  ["Promises, RxJS and XState", "any of 10 / p-any, no cancelling", "any n=10", "Split.run", "p-any"],
  ["Promises, RxJS and XState", "a transition / XState", "3-state loop", "XState", "machine"],
  ["Promises, RxJS and XState", "workflow with 10 branches / RxJS", "async n=10", "machine", "RxJS"],
  ["Promises, RxJS and XState", "workflow with 10 branches / XState", "async n=10", "machine", "XState"]
]

/** The picture of a run of all benchmarks. */
export const ofMeasurements = (measurements: ReadonlyArray<Measurement>): string =>
  picture(
    chosen.flatMap(([group, label, name, variant, base]) => {
      const found = measurements.find((m) => m.name === name && m.variant === variant && m.base === base)
      if (found === undefined) return []
      return [{ group, label, ratio: base === "machine" ? 1 / found.ratio : found.ratio }]
    }),
    "Time of effect-cano / time of the other (shorter is faster, 1 is equal)"
  )

const width = 720
const left = 250
const right = 60
const rowHeight = 20
const barHeight = 12
const headingHeight = 28
const top = 62
const bottom = 14

const style = `
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.page { fill: #ffffff; stroke: #d1d9e0 }
.title { font-size: 15px; font-weight: 600 }
.group { font-weight: 600 }
.axis { fill: #59636e }
.grid { stroke: #d1d9e0 }
.one { stroke: #1f2328; stroke-dasharray: 4 3 }
.bar { fill: #2f6fb5 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .page { fill: #0d1117; stroke: #3d444d }
  .axis { fill: #9198a1 }
  .grid { stroke: #3d444d }
  .one { stroke: #f0f6fc }
  .bar { fill: #5b9bd9 }
}
`

export const picture = (bars: ReadonlyArray<Bar>, title: string): string => {
  const most = Math.max(1, ...bars.map(({ ratio }) => ratio))
  const step = tick(most)
  const ticks = Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, i) => i * step)
  const x = (ratio: number): string => (left + (ratio / ticks.at(-1)!) * (width - left - right)).toFixed(1)

  const rows: Array<string> = []
  let y = top
  bars.forEach(({ group, label, ratio }, i) => {
    if (group !== bars[i - 1]?.group) {
      rows.push(text(16, y + 19, "group", group))
      y += headingHeight
    }
    rows.push(
      text(left - 8, y + 11, "label", label, "end"),
      `<rect class="bar" x="${left}" y="${y}" width="${(Number(x(ratio)) - left).toFixed(1)}" height="${barHeight}"/>`,
      text(width - 16, y + 11, "value", ratio.toFixed(2), "end")
    )
    y += rowHeight
  })

  const line = (name: string, ratio: number): string =>
    `<line class="${name}" x1="${x(ratio)}" y1="${top}" x2="${x(ratio)}" y2="${y}"/>`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y + bottom}" ` +
    `viewBox="0 0 ${width} ${y + bottom}" role="img" aria-label="${escape(title)}">`,
    `<style>${style}</style>`,
    `<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${y + bottom - 1}" rx="6"/>`,
    text(16, 28, "title", title),
    ...ticks.flatMap((ratio) => [line("grid", ratio), text(x(ratio), top - 8, "axis", shown(ratio), "middle")]),
    ...rows,
    // over the bars
    line("one", 1),
    "</svg>",
    ""
  ].join("\n")
}

/** The smallest round step that gives at most nine ticks. */
const tick = (most: number): number => {
  const steps = [0.25, 0.5, 1, 2, 5, 10, 20, 50, 100]
  return steps.find((step) => most / step <= 8) ?? Math.ceil(most / 8)
}

const shown = (ratio: number): string => String(Number(ratio.toFixed(2)))

const text = (x: number | string, y: number, name: string, content: string, anchor = "start"): string =>
  `<text class="${name}" x="${x}" y="${y}" text-anchor="${anchor}">${escape(content)}</text>`

const escape = (content: string): string =>
  content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\"", "&quot;")
