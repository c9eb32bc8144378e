/**
 * The layout that needs nothing: all boxes below each other, and what does not lead to the next one in lanes beside them,
 * forwards on the left and backwards or aside on the right. No line crosses a box, and no label another. A pure function.
 */
import type { Box, Figure, Line } from "./figure.ts"
import type { Layout, Point } from "./layouts.ts"

const gap = 16
const row = 20
const lane = 12

export const layout = ({ boxes, lines }: Figure): Layout => {
  const place = new Map(boxes.map(({ id }, i) => [id, i]))
  const isStraight = (line: Line) =>
    place.get(line.to) === place.get(line.from)! + 1 && straight.get(line.from) === line
  // of several to the next box the first is straight
  const straight = new Map<string, Line>()
  for (const line of lines) {
    const before = straight.get(line.from)
    const isNext = place.get(line.to) === place.get(line.from)! + 1
    if (isNext && (before === undefined || (line.isMain && !before.isMain))) straight.set(line.from, line)
  }
  const aside = lines.filter((line) => !isStraight(line))
  const isLeft = (line: Line) => line.side === "left"
  const ends = boxes.map((box) => ({
    out: [true, false].map((left) => nested(aside.filter((l) => l.from === box.id && isLeft(l) === left), place)),
    in: [true, false].map((left) => nested(aside.filter((l) => l.to === box.id && isLeft(l) === left), place))
  }))

  // from the top down: rows for what arrives, the box, rows for what leaves
  const tops: Array<number> = []
  let y = 0
  boxes.forEach((box, i) => {
    if (i > 0) y += gap + rows(ends[i]!.in) * lane
    tops.push(y)
    const label = straight.get(box.id)?.label === undefined ? 0 : 1
    y += box.height + gap + (rows(ends[i]!.out) + label) * row
  })
  const height = Math.max(0, y - gap)

  const widest = Math.max(0, ...boxes.map(({ width }) => width)) / 2
  const labels = Math.max(0, ...aside.map(({ label }) => label?.width ?? 0))
  const lanes = [lanesOf(aside.filter(isLeft), place), lanesOf(aside.filter((line) => !isLeft(line)), place)] as const
  const count = lanes.map((of) => 1 + Math.max(-1, ...of.values()))
  const begin = widest + labels + 12
  const middle = count[0]! > 0 ? begin + count[0]! * lane : widest
  const width = middle + (count[1]! > 0 ? begin + count[1]! * lane : widest)

  const laid = new Map<string, { points: Array<Point>; label: Point | undefined }>()
  for (const line of straight.values()) {
    const [from, to] = [place.get(line.from)!, place.get(line.to)!]
    const bottom = tops[from]! + boxes[from]!.height
    laid.set(line.id, {
      points: [{ x: middle, y: bottom }, { x: middle, y: tops[to]! }],
      label: line.label &&
        { x: middle + line.label.width / 2 + 4, y: bottom + gap / 2 + rows(ends[from]!.out) * row + 12 }
    })
  }
  for (const line of aside) {
    const left = isLeft(line)
    const [from, to] = [place.get(line.from)!, place.get(line.to)!]
    const list = left ? 0 : 1
    const sign = left ? -1 : 1
    const x = middle + sign * (begin + lanes[list]!.get(line)! * lane)
    const out = port(boxes[from]!, ends[from]!.out[list]!, line)
    const into = port(boxes[to]!, ends[to]!.in[list]!, line)
    const bottom = tops[from]! + boxes[from]!.height
    // the outermost port has the first row, so that nothing is crossed
    const below = bottom + gap / 2 + (out.outer + 1) * row - 4
    const above = tops[to]! - gap / 2 - (into.outer + 1) * lane + 2
    laid.set(line.id, {
      points: [
        { x: middle + sign * out.x, y: bottom },
        { x: middle + sign * out.x, y: below },
        { x, y: below },
        { x, y: above },
        { x: middle + sign * into.x, y: above },
        { x: middle + sign * into.x, y: tops[to]! }
      ],
      label: line.label && { x: middle + sign * (widest + 8 + line.label.width / 2), y: below - 9 }
    })
  }
  return {
    width,
    height,
    boxes: new Map(boxes.map((box, i) => [box.id, { x: middle, y: tops[i]! + box.height / 2 }])),
    lines: laid
  }
}

const rows = (lists: ReadonlyArray<ReadonlyArray<Line>>): number => Math.max(...lists.map(({ length }) => length))

const span = (line: Line, place: ReadonlyMap<string, number>): number =>
  Math.abs(place.get(line.to)! - place.get(line.from)!)

const sorted = (lines: ReadonlyArray<Line>, place: ReadonlyMap<string, number>): ReadonlyArray<Line> =>
  [...lines].sort((a, b) => span(a, place) - span(b, place))

/**
 * In the order of their ports, from the inside: what leads back is beyond the rest, and the shortest of it outermost, so that
 * it lies in the others as its lane does.
 */
const nested = (lines: ReadonlyArray<Line>, place: ReadonlyMap<string, number>): ReadonlyArray<Line> => {
  const all = sorted(lines, place)
  const isUp = ({ from, to }: Line) => place.get(to)! <= place.get(from)!
  return [...all.filter((line) => !isUp(line)), ...all.filter(isUp).reverse()]
}

/** How far a line is from the middle at its box, and how many are further out. */
const port = (box: Box, lines: ReadonlyArray<Line>, line: Line) => {
  const i = lines.indexOf(line)
  const half = box.width / 2
  const step = Math.min(half / 2, (half - 8) / Math.max(1, lines.length))
  return { x: (i + 1) * step, outer: lines.length - 1 - i }
}

/** The lane of each line, counted from the inside: short ones first, so that what is nested stays so. */
const lanesOf = (lines: ReadonlyArray<Line>, place: ReadonlyMap<string, number>): ReadonlyMap<Line, number> => {
  const taken: Array<Array<readonly [number, number]>> = []
  const found = new Map<Line, number>()
  for (const line of sorted(lines, place)) {
    const ends = [place.get(line.from)!, place.get(line.to)!]
    const [top, bottom] = [Math.min(...ends), Math.max(...ends)]
    let i = 0
    while (taken[i]?.some(([a, b]) => a <= bottom && top <= b)) i++
    taken[i] = [...taken[i] ?? [], [top, bottom]]
    found.set(line, i)
  }
  return found
}
