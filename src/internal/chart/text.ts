/**
 * A chart for terminals: states as boxes below each other, and what leaves sideways as a line of its own under its box, so
 * that nothing has to be routed. A pure function.
 */
import type { Chart, State, TextOptions, Way } from "../../chart.ts"
import { type Course, courseOf } from "./course.ts"
import { cells, clean, few } from "./names.ts"
import { read } from "./trail.ts"

interface Marks {
  readonly box: string
  readonly card: string
  /** The pen of `box` and `card` where a line goes in and out. */
  readonly out: readonly [string, string]
  readonly down: string
  readonly into: string
  readonly side: readonly [string, string]
  readonly lines: { readonly next: string; readonly otherwise: string; readonly seen: string }
  readonly tip: string
  readonly start: string
  readonly exit: string
  readonly fork: string
  readonly join: string
  readonly between: string
  readonly signal: string
  readonly undo: string
  readonly up: string
  readonly below: string
  readonly times: string
  readonly once: string
  readonly point: string
}

const drawn: Marks = {
  box: "╭╮╰╯─│",
  card: "╔╗╚╝═║",
  out: ["┬", "╤"],
  down: "│",
  into: "▼",
  side: ["├", "╰"],
  lines: { next: "──", otherwise: "╌╌", seen: "┈┈" },
  tip: "▶",
  start: "●",
  exit: "◎",
  fork: "⑂",
  join: "⑃",
  between: " ┊ ",
  signal: "✉",
  undo: "↺",
  up: "↑",
  below: "↓",
  times: "×",
  once: "✓",
  point: "·"
}

const ascii: Marks = {
  box: "++++-|",
  card: "####=#",
  out: ["+", "#"],
  down: "|",
  into: "v",
  side: ["|", "`"],
  lines: { next: "--", otherwise: "- ", seen: ". " },
  tip: ">",
  start: "*",
  exit: "(o)",
  fork: "<",
  join: ">",
  between: " : ",
  signal: "@",
  undo: "undo:",
  up: "^",
  below: "v",
  times: "x",
  once: "ok",
  point: "|"
}

type Pen = (text: string) => string

const pens = (color: boolean) => {
  const pen = (code: number): Pen => color ? (text) => `\u001b[${code}m${text}\u001b[0m` : (text) => text
  return { bold: pen(1), dim: pen(2), split: pen(36), wait: pen(33), fails: pen(31), undo: pen(35), run: pen(32) }
}

export const draw = (chart: Chart, options: TextOptions): string => {
  const marks = options.ascii === true ? ascii : drawn
  const pen = pens(options.color === true)
  const lit = options.trail === undefined ? undefined : read(chart, options.trail)
  const course = courseOf(chart)
  const states = new Map(chart.states.map((state) => [state.name, state]))
  const order = orderOf(course, states)
  const place = new Map(order.map((name, i) => [name, i]))
  const leaving = new Map<string, Array<Way>>()
  for (const way of chart.ways) leaving.set(way.from, [...leaving.get(way.from) ?? [], way])
  const lines: Array<string> = [`  ${marks.start}`]
  let isEntered = order.length > 0 && course.starts.has(order[0]!)

  order.forEach((name, i) => {
    const state = states.get(name)!
    const count = lit?.countOf(name) ?? 0
    const visits = times(count, marks)
    lines.push(isEntered ? `  ${marks.down}` : "")
    if (state.kind === "exit") {
      lines.push(`  ${marks.exit} ${pen.bold(clean(name))}${pen.run(visits)}`)
      isEntered = false
      return
    }
    // where runs may start as well
    if (!isEntered && course.starts.has(name)) lines.push(`  ${marks.start}`, `  ${marks.down}`)
    const ways = leaving.get(name) ?? []
    const box = boxOf(state, {
      isEntered: isEntered || course.starts.has(name),
      isLeft: ways.length > 0,
      visits,
      marks,
      pen
    })
    lines.push(...box)
    const straight = ways.find((way) => way.kind === "next" && way.source !== "unknown" && way.to === order[i + 1])
    const aside = ways.filter((way) => way !== straight)
    aside.forEach((way, j) => {
      const isLast = straight === undefined && j === aside.length - 1
      const toward = way.to === undefined
        ? "?"
        : `${states.get(way.to)!.kind === "exit" ? marks.exit : place.get(way.to)! <= i ? marks.up : marks.below} ${
          clean(way.to)
        }`
      const dash = way.source === "seen" || way.source === "unknown"
        ? marks.lines.seen
        : way.kind === "otherwise" || way.kind === "fails"
        ? marks.lines.otherwise
        : marks.lines.next
      const colour: Pen = way.kind === "otherwise"
        ? pen.wait
        : way.kind === "fails"
        ? pen.fails
        : way.kind === "branches"
        ? pen.split
        : (text) => text
      const label = way.label === undefined ? dash : ` ${clean(way.label)} ${dash}`
      const taken = lit?.taken(way) ?? 0
      lines.push(
        `  ${isLast ? marks.side[1] : marks.side[0]}${colour(`${dash}${label}${marks.tip} ${toward}`)}` +
          pen.run(times(taken, marks))
      )
    })
    isEntered = straight !== undefined
    if (straight?.label !== undefined) lines.push(`  ${marks.down} ${clean(straight.label)}`)
  })
  return lines.join("\n")
}

const times = (count: number, marks: Marks): string =>
  count > 1 ? ` ${marks.times}${count}` : count === 1 ? ` ${marks.once}` : ""

/** The first way through, then what leaves it, in depth, and the exits that are left. */
const orderOf = (course: Course, states: ReadonlyMap<string, State>): ReadonlyArray<string> => {
  const isExit = (name: string) => states.get(name)!.kind === "exit"
  const spine = new Set(course.spine)
  const rest = course.order.filter((name) => !spine.has(name))
  return [...course.spine, ...rest.filter((name) => !isExit(name)), ...rest.filter(isExit)]
}

const boxOf = (
  state: Exclude<State, { readonly kind: "exit" }>,
  { isEntered, isLeft, marks, pen, visits }: {
    readonly isEntered: boolean
    readonly isLeft: boolean
    readonly visits: string
    readonly marks: Marks
    readonly pen: ReturnType<typeof pens>
  }
): ReadonlyArray<string> => {
  const name = clean(state.name)
  const rows: Array<readonly [string, Pen]> = []
  switch (state.kind) {
    case "split": {
      const options = state.options.length === 0 ? "" : `   ${clean(state.options.join(` ${marks.point} `))}`
      const first = `${name}${options}${visits}`
      rows.push([first, (text) => pen.bold(name) + pen.dim(text.slice(name.length))])
      rows.push([`${marks.fork} ${few(state.branches ?? [state.each], 6).map(clean).join(marks.between)}`, pen.split])
      rows.push([`${marks.join} ${clean(state.rule).replaceAll("·", marks.point)}`, pen.split])
      break
    }
    case "wait": {
      const until = state.timeout === undefined ? "" : ` ${marks.point} ${clean(state.timeout)}`
      rows.push([`${name}${visits}`, pen.bold], [
        `${marks.signal} ${state.signals.map(clean).join(", ")}${until}`,
        pen.wait
      ])
      break
    }
    case "task":
      rows.push([`${name}${visits}`, pen.bold])
      if (state.work !== undefined) rows.push([clean(state.work.text).replaceAll("·", marks.point), pen.dim])
      if (state.undo !== undefined) rows.push([`${marks.undo} ${clean(state.undo)}`, pen.undo])
      if (state.isPivot === true) rows.push(["pivot", pen.dim])
      break
    case "missing":
      rows.push([`${name}${visits}`, pen.bold], ["not registered", pen.fails])
  }
  const isCard = state.kind === "split"
  const [topLeft, topRight, bottomLeft, bottomRight, across, up] = isCard ? [...marks.card] : [...marks.box]
  const inner = Math.max(3, ...rows.map(([text]) => cells(text) + 2))
  return [
    `${topLeft}${across!.repeat(2)}${isEntered ? marks.into : across}${across!.repeat(inner - 3)}${topRight}`,
    ...rows.map(([text, colour]) => `${up} ${colour(text)}${" ".repeat(inner - 1 - cells(text))}${up}`),
    `${bottomLeft}${across}${isLeft ? marks.out[isCard ? 1 : 0] : across}${across!.repeat(inner - 2)}${bottomRight}`
  ]
}
