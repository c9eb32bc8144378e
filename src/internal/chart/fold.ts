/**
 * Where a long machine is folded into columns, as a text is into lines. It looks at the first way through; what leaves it
 * stays with the state it leaves. A pure function.
 */
import type { Chart } from "../../chart.ts"
import type { Course } from "./course.ts"

/** So many states below each other are read without turning a page. */
const longest = 24

/** What a column is wide, about, and how much wider than high a picture may be. */
const columnWidth = 420
const aspect = 1.5

/** The column of each state; of all the first one unless the machine is long. */
export const columnsOf = (
  chart: Chart,
  { order, spine }: Course,
  heightOf: (state: string) => number
): ReadonlyMap<string, number> => {
  const column = new Map<string, number>()
  const heights = spine.map((name) => heightOf(name) + 40)
  const total = heights.reduce((sum, height) => sum + height, 0)
  const count = spine.length <= longest ? 1 : Math.max(2, Math.round(Math.sqrt(aspect * total / columnWidth)))
  const cuts = cutsOf(chart, spine, heights, count)
  spine.forEach((name, i) => column.set(name, cuts.filter((cut) => cut <= i).length))
  // each state comes after one that leads there
  const from = new Map<string, string>()
  for (const way of chart.ways) if (way.to !== undefined && !from.has(way.to)) from.set(way.to, way.from)
  for (const name of order) if (!column.has(name)) column.set(name, column.get(from.get(name) ?? "") ?? 0)
  return column
}

/** The places on the first way through before which a column begins: near the right height, where the fewest ways go. */
const cutsOf = (
  chart: Chart,
  spine: ReadonlyArray<string>,
  heights: ReadonlyArray<number>,
  count: number
): ReadonlyArray<number> => {
  const place = new Map(spine.map((name, i) => [name, i]))
  /** How many ways lead over each place. */
  const over = new Array<number>(spine.length).fill(0)
  for (const { from, to } of chart.ways) {
    const ends = [place.get(from), to === undefined ? undefined : place.get(to)]
    if (ends[0] === undefined || ends[1] === undefined) continue
    for (let i = Math.min(ends[0], ends[1]) + 1; i <= Math.max(ends[0], ends[1]); i++) over[i]!++
  }
  let sum = 0
  const ends = heights.map((height) => sum += height)
  const cuts: Array<number> = []
  for (let left = count; left > 1; left--) {
    const before = cuts.at(-1) ?? 0
    const top = before === 0 ? 0 : ends[before - 1]!
    const height = (sum - top) / left
    const cost = (i: number) => over[i]! + Math.abs(ends[i - 1]! - top - height) / height * 10
    const among = spine.map((_, i) => i).filter((i) => i > before + 1 && i < spine.length - 1)
    if (among.length === 0) break
    cuts.push(among.reduce((a, b) => cost(b) < cost(a) ? b : a))
  }
  return cuts
}
