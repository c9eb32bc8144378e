/**
 * A folded figure: its columns, laid out one by one, and put beside each other again. Where the first way through goes on
 * in the next column, each of both has a joint, a box of no size.
 */
import { type Box, type Figure, type Line, plain } from "./figure.ts"
import type { Layout, Point } from "./layouts.ts"

const between = 64
const beyond = 18

const joint = (id: string, column: number): Box => ({ ...plain(id, "joint", 2, 2, true), column })

export const isJoint = ({ kind }: Box): boolean => kind === "joint"

/** The columns as figures of their own. */
export const apart = ({ boxes, columns, lines }: Figure): ReadonlyArray<Figure> => {
  const columnOf = new Map(boxes.map(({ column, id }) => [id, column]))
  return Array.from({ length: columns }, (_, column): Figure => {
    const own = boxes.filter((box) => box.column === column)
    const joints: Array<Box> = []
    const inside: Array<Line> = []
    for (const line of lines) {
      const [from, to] = [columnOf.get(line.from), columnOf.get(line.to)]
      if (from === column && to === column) inside.push(line)
      else if (from === column) {
        joints.push(joint(`out${line.id}`, column))
        inside.push({ ...line, id: `${line.id}out`, to: `out${line.id}`, isMain: true, isBack: false, side: "middle" })
      } else if (to === column) {
        joints.unshift(joint(`in${line.id}`, column))
        inside.push({
          ...line,
          id: `${line.id}in`,
          from: `in${line.id}`,
          label: undefined,
          isMain: true,
          isBack: false,
          side: "middle"
        })
      }
    }
    return {
      boxes: [
        ...joints.filter(({ id }) => id.startsWith("in")),
        ...own,
        ...joints.filter(({ id }) => id.startsWith("out"))
      ],
      lines: inside,
      columns: 1
    }
  })
}

/** What was laid out apart. */
export const together = (figure: Figure, parts: ReadonlyArray<Figure>, laid: ReadonlyArray<Layout>): Layout => {
  const boxes = new Map<string, Point>()
  const lines = new Map<string, { readonly points: ReadonlyArray<Point>; readonly label: Point | undefined }>()
  const lefts: Array<number> = []
  let x = 0
  laid.forEach((layout, i) => {
    lefts.push(x)
    const moved = moveBy(x)
    for (const box of parts[i]!.boxes) if (!isJoint(box)) boxes.set(box.id, moved(layout.boxes.get(box.id)!))
    for (const { id } of parts[i]!.lines) {
      const { label, points } = layout.lines.get(id)!
      lines.set(id, { points: points.map(moved), label: label === undefined ? undefined : moved(label) })
    }
    x += layout.width + between
  })
  const columnOf = new Map(figure.boxes.map(({ column, id }) => [id, column]))
  for (const { from, id, to } of figure.lines) {
    if (lines.has(id)) continue
    const [before, after] = [lines.get(`${id}out`)!, lines.get(`${id}in`)!]
    // down below its column, up in the gap before the next one, and in from above
    const bottom = laid[columnOf.get(from)!]!.height + beyond
    const gap = lefts[columnOf.get(to)!]! - between / 2
    const [end, begin] = [before.points.at(-1)!, after.points[0]!]
    lines.set(id, {
      points: [
        ...before.points.slice(0, -1),
        { x: end.x, y: bottom },
        { x: gap, y: bottom },
        { x: gap, y: -beyond },
        { x: begin.x, y: -beyond },
        ...after.points.slice(1)
      ],
      label: before.label
    })
  }
  for (const { id } of figure.lines) {
    lines.delete(`${id}out`)
    lines.delete(`${id}in`)
  }
  const down = moveBy(0, beyond)
  return {
    width: x - between,
    height: Math.max(...laid.map(({ height }) => height)) + 2 * beyond,
    boxes: new Map([...boxes].map(([id, point]) => [id, down(point)])),
    lines: new Map([...lines].map(([id, { label, points }]) => [id, {
      points: points.map(down),
      label: label === undefined ? undefined : down(label)
    }]))
  }
}

const moveBy = (x: number, y = 0) => (point: Point): Point => ({ x: point.x + x, y: point.y + y })
