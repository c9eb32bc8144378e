/**
 * How elkjs is asked for a layout: the graph it is given, and what is read of its answer. Nothing in it is a text of a
 * user.
 */
import { isJoint } from "./columns.ts"
import type { Box, Figure, Line } from "./figure.ts"
import type { Layout, Point } from "./layouts.ts"

const settings = {
  "elk.algorithm": "layered",
  "elk.direction": "DOWN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.randomSeed": "1",
  "elk.spacing.nodeNode": "30",
  "elk.spacing.edgeNode": "18",
  "elk.spacing.edgeEdge": "12",
  "elk.spacing.edgeLabel": "4",
  "elk.spacing.componentComponent": "40",
  "elk.layered.spacing.nodeNodeBetweenLayers": "32",
  "elk.layered.spacing.edgeNodeBetweenLayers": "15",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "10",
  "elk.layered.cycleBreaking.strategy": "GREEDY",
  "elk.layered.layering.strategy": "NETWORK_SIMPLEX",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.layered.nodePlacement.favorStraightEdges": "true",
  "elk.layered.considerModelOrder.strategy": "PREFER_NODES",
  "elk.layered.considerModelOrder.crossingCounterNodeInfluence": "0.01",
  "elk.layered.considerModelOrder.components": "MODEL_ORDER",
  "elk.layered.crossingMinimization.strategy": "LAYER_SWEEP",
  "elk.layered.thoroughness": "20",
  "elk.layered.edgeLabels.sideSelection": "SMART_DOWN",
  "elk.padding": "[top=0,left=0,bottom=0,right=0]"
}

export const graphOf = ({ boxes, lines }: Figure): unknown => {
  const ports = portsOf(boxes, lines)
  return {
    id: "chart",
    layoutOptions: settings,
    children: boxes.map((box) => ({
      id: box.id,
      width: box.width,
      height: box.height,
      layoutOptions: {
        "elk.portConstraints": box.isMain ? "FIXED_POS" : "FIXED_SIDE",
        ...isJoint(box) ? { "elk.layered.layering.layerConstraint": box.id.startsWith("in") ? "FIRST" : "LAST" } : {}
      },
      ports: ports.get(box.id)
    })),
    edges: lines.map((line) => {
      const [from, to] = [`${line.id}a`, `${line.id}b`]
      // what leads back is given turned around, so that nothing is left to decide
      const isTurned = line.isBack && line.from !== line.to
      return {
        id: line.id,
        sources: [isTurned ? to : from],
        targets: [isTurned ? from : to],
        layoutOptions: {
          "elk.layered.priority.straightness": line.isMain ? "30" : "0",
          "elk.layered.priority.shortness": line.isMain ? "10" : "1",
          "elk.layered.priority.direction": line.isMain ? "10" : "1"
        },
        labels: line.label === undefined ? [] : [{ text: "x", width: line.label.width, height: line.label.height }]
      }
    })
  }
}

interface End {
  readonly id: string
  readonly side: Line["side"]
  readonly isBack: boolean
  /** How far the other end is away, in boxes. */
  readonly far: number
}

/**
 * Lines leave a box below and arrive above. On the first way through they have places there: it in the middle, what skips
 * states on the left, all else on the right, where the one that goes furthest is outermost and what leads back beyond it.
 */
const portsOf = (
  boxes: ReadonlyArray<Box>,
  lines: ReadonlyArray<Line>
): ReadonlyMap<string, ReadonlyArray<unknown>> => {
  const place = new Map(boxes.map(({ id }, i) => [id, i]))
  const below = new Map<string, Array<End>>(boxes.map(({ id }) => [id, []]))
  const above = new Map<string, Array<End>>(boxes.map(({ id }) => [id, []]))
  for (const { from, id, isBack, side, to } of lines) {
    const far = Math.abs(place.get(to)! - place.get(from)!)
    below.get(from)!.push({ id: `${id}a`, side, isBack, far })
    above.get(to)!.push({ id: `${id}b`, side, isBack, far })
  }
  return new Map(boxes.map((box) => [box.id, [
    ...placed(box, above.get(box.id)!, "NORTH"),
    ...placed(box, below.get(box.id)!, "SOUTH")
  ]]))
}

const placed = (box: Box, ends: ReadonlyArray<End>, side: "NORTH" | "SOUTH"): ReadonlyArray<unknown> => {
  const port = (end: End, x: number) => ({
    id: end.id,
    width: 0,
    height: 0,
    x: Math.round(x * 2) / 2,
    y: side === "NORTH" ? 0 : box.height,
    layoutOptions: { "elk.port.side": side }
  })
  const outward = (a: End, b: End) => Number(a.isBack) - Number(b.isBack) || a.far - b.far
  const middle = ends.filter(({ side }) => side === "middle")
  const left = ends.filter(({ side }) => side === "left").sort(outward)
  const right = ends.filter(({ side }) => side === "right").sort(outward)
  // a box nobody comes to straight has the middle free for what comes from a side
  if (middle.length === 0 && left.length + right.length === 1) {
    return [...left, ...right].map((end) => port(end, box.width / 2))
  }
  const half = box.width / 2
  const step = (count: number) => Math.min(half / 2, (half - 10) / Math.max(1, count))
  return [
    ...left.map((end, i) => port(end, half - (i + 1) * step(left.length))).reverse(),
    ...middle.map((end) => port(end, half)),
    ...right.map((end, i) => port(end, half + (i + 1) * step(right.length)))
  ]
}

interface Laid {
  readonly width: number
  readonly height: number
  readonly children: ReadonlyArray<{ readonly id: string; readonly x: number; readonly y: number }>
  readonly edges: ReadonlyArray<{
    readonly id: string
    readonly sections?: ReadonlyArray<{
      readonly startPoint: Point
      readonly endPoint: Point
      readonly bendPoints?: ReadonlyArray<Point>
    }>
    readonly labels?: ReadonlyArray<Point>
  }>
}

export const read = ({ boxes, lines }: Figure, graph: unknown): Layout => {
  const { children, edges, height, width } = graph as Laid // what `layout` gives back is the graph, with numbers
  const at = new Map(children.map((child) => [child.id, child]))
  const found = new Map(edges.map((edge) => [edge.id, edge]))
  return {
    width,
    height,
    boxes: new Map(boxes.map((box) => {
      const { x, y } = at.get(box.id)!
      return [box.id, { x: x + box.width / 2, y: y + box.height / 2 }]
    })),
    lines: new Map(lines.map((line) => {
      const { labels, sections } = found.get(line.id)!
      const points = (sections ?? []).flatMap(({ bendPoints, endPoint, startPoint }) => [
        startPoint,
        ...bendPoints ?? [],
        endPoint
      ])
      const label = labels?.[0]
      return [line.id, {
        points: line.isBack && line.from !== line.to ? points.reverse() : points,
        label: label === undefined || line.label === undefined
          ? undefined
          : { x: label.x + line.label.width / 2, y: label.y + line.label.height / 2 }
      }]
    }))
  }
}
