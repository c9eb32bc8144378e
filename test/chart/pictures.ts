/** Charts that several tests draw, and what is read of an SVG. */
import { assert } from "@effect/vitest"
import type * as Chart from "effect-cano/chart"

/** An order, with one of everything that a chart can show. */
export const order: Chart.Chart = {
  name: "order",
  initial: ["Received"],
  states: [
    { kind: "task", name: "Received" },
    {
      kind: "split",
      name: "Quote",
      branches: ["north", "south", "east"],
      each: "",
      rule: "quorum(2) of 3 · 5 s",
      options: ["hedged"]
    },
    { kind: "task", name: "Reserve", undo: "release stock" },
    { kind: "task", name: "Charge", undo: "refund" },
    { kind: "wait", name: "Review", signals: ["approved", "refused"], timeout: "2 d" },
    { kind: "split", name: "Ship", branches: undefined, each: "each parcel", rule: "all", options: ["in carriers"] },
    {
      kind: "split",
      name: "Notify",
      branches: ["mail", "sms", "push", "audit log"],
      each: "",
      rule: "partialTimeout of 4 · 500 ms",
      options: ["detach"]
    },
    { kind: "wait", name: "Backorder", signals: ["restocked"], timeout: "14 d" },
    { kind: "task", name: "Partial" },
    { kind: "task", name: "Archive" },
    { kind: "exit", name: "Delivered" },
    { kind: "exit", name: "Declined" },
    { kind: "exit", name: "Cancelled" },
    { kind: "missing", name: "Lost" }
  ],
  ways: [
    { from: "Received", to: "Quote", kind: "next", source: "written" },
    { from: "Quote", to: "Reserve", kind: "next", source: "written" },
    { from: "Quote", to: "Backorder", kind: "otherwise", source: "written", label: "otherwise" },
    { from: "Reserve", to: "Charge", kind: "next", source: "written" },
    { from: "Charge", to: "Review", kind: "next", source: "declared", label: "amount > 1 000" },
    { from: "Charge", to: "Ship", kind: "next", source: "declared" },
    { from: "Charge", to: "Declined", kind: "fails", source: "written", label: "CardDeclined" },
    { from: "Review", to: "Ship", kind: "next", source: "written", label: "approved" },
    { from: "Review", to: "Declined", kind: "next", source: "written", label: "refused" },
    { from: "Review", to: "Declined", kind: "otherwise", source: "written", label: "timeout" },
    { from: "Ship", to: "Notify", kind: "next", source: "written" },
    { from: "Ship", to: "Partial", kind: "otherwise", source: "written", label: "otherwise" },
    { from: "Notify", to: "Archive", kind: "next", source: "written" },
    { from: "Backorder", to: "Quote", kind: "next", source: "written", label: "restocked" },
    { from: "Backorder", to: "Cancelled", kind: "otherwise", source: "written", label: "timeout" },
    { from: "Partial", to: "Notify", kind: "next", source: "declared" },
    { from: "Partial", to: "Cancelled", kind: "next", source: "seen" },
    { from: "Archive", to: "Delivered", kind: "next", source: "written" },
    { from: "Archive", to: "Archive", kind: "next", source: "written" },
    { from: "Archive", to: "Lost", kind: "branches", source: "declared", label: "branch" },
    { from: "Partial", to: undefined, kind: "next", source: "unknown" }
  ]
}

/** So many states one after another, each third of them a split that may fail, with some that skip and some that loop. */
export const long = (states: number): Chart.Chart => {
  const name = (i: number) => i < states ? `State${i}` : "Done"
  return {
    name: "long",
    initial: [name(0)],
    states: [
      ...Array.from({ length: states }, (_, i): Chart.State =>
        i % 3 === 2
          ? { kind: "split", name: name(i), branches: ["a", "b"], each: "", rule: "all of 2", options: [] }
          : { kind: "task", name: name(i) }),
      { kind: "exit", name: "Done" },
      { kind: "exit", name: "Failed" }
    ],
    ways: Array.from({ length: states }, (_, i) => i).flatMap((i): ReadonlyArray<Chart.Way> => [
      { from: name(i), to: name(i + 1), kind: "next", source: "written" },
      ...i % 3 === 2
        ? [{ from: name(i), to: "Failed", kind: "otherwise", source: "written", label: "otherwise" } as const]
        : i % 7 === 4
        ? [{ from: name(i), to: name(Math.min(states, i + 5)), kind: "next", source: "declared" } as const]
        : i % 7 === 6
        ? [{ from: name(i), to: name(Math.max(0, i - 9)), kind: "next", source: "seen" } as const]
        : []
    ])
  }
}

export interface Rect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export type Point = readonly [x: number, y: number]

export interface Seen {
  /** The titles of the groups, which name states and ways in full. */
  readonly titles: ReadonlyArray<string>
  readonly boxes: ReadonlyArray<Rect>
  readonly lines: ReadonlyArray<{ readonly points: ReadonlyArray<Point>; readonly begin: Point; readonly end: Point }>
  readonly texts: ReadonlyArray<string>
  readonly size: { readonly width: number; readonly height: number }
}

const elements = /^(svg|title|desc|style|defs|marker|path|rect|circle|text|g)$/
const attributes =
  /^(xmlns|class|viewBox|width|height|role|aria-label|id|refX|refY|markerWidth|markerHeight|markerUnits|orient|d|x|y|rx|cx|cy|r|marker-end)$/

/** What XML does not know at all, and what turns the direction of a text around. */
const harmful =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff\u202a-\u202e\u2066-\u2069]|\p{Cs}/u

/** Reads an SVG as strictly as XML is: each element is closed, none and no attribute is another than we draw. */
export const look = (svg: string): Seen => {
  const open: Array<string> = []
  const titles: Array<string> = []
  const texts: Array<string> = []
  const boxes: Array<Rect> = []
  const lines: Array<Seen["lines"][number]> = []
  let size = { width: 0, height: 0 }
  const text = (raw: string) => {
    assert.notMatch(raw, /[<>]|&(?!#\d+;)/)
    const clean = raw.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    if (open.at(-1) === "title" && open.at(-2) === "g") titles.push(clean)
    else if (open.at(-1) === "text") texts.push(clean)
  }
  assert.notMatch(svg, harmful)
  let at = 0
  for (const match of svg.matchAll(/<(\/?)(\w+)((?: [\w-]+="[^"<]*")*)(\/?)>/g)) {
    if (open.at(-1) !== "style") text(svg.slice(at, match.index))
    at = match.index + match[0].length
    const [, closes, name, given, isEmpty] = match
    assert.match(name!, elements)
    if (closes === "/") {
      assert.strictEqual(open.pop(), name)
      continue
    }
    const all = Object.fromEntries([...given!.matchAll(/ ([\w-]+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!]))
    for (const key of Object.keys(all)) assert.match(key, attributes)
    const number = (key: string) => Number(all[key])
    if (name === "svg") {
      size = { width: number("width"), height: number("height") }
      assert.isTrue(Number.isFinite(size.width * size.height) && size.width > 0 && size.height > 0)
    }
    if (name === "rect" && all["class"] === "box") {
      boxes.push({ x: number("x"), y: number("y"), width: number("width"), height: number("height") })
    }
    if (name === "path" && all["class"] === "way") {
      const numbers = all["d"]!.match(/-?[\d.]+/g)!.map(Number)
      for (const value of numbers) assert.isTrue(Number.isFinite(value))
      const points = numbers.flatMap((x, i): ReadonlyArray<Point> => i % 2 === 0 ? [[x, numbers[i + 1]!]] : [])
      lines.push({ points, begin: points[0]!, end: points.at(-1)! })
    }
    if (isEmpty !== "/") open.push(name!)
  }
  assert.deepStrictEqual(open, [])
  assert.strictEqual(svg.slice(at).trim(), "")
  return { titles, texts, boxes, lines, size }
}
