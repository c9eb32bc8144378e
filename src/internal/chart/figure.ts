/**
 * What a layout sees of a chart: boxes with a size, lines with their ends, and of no text more than its width. It lives for
 * one picture.
 */
import type { Chart, Split, State, Task, Way } from "../../chart.ts"
import { type Course, courseOf } from "./course.ts"
import { columnsOf } from "./fold.ts"
import { clean, cut, doing, few, waiting, width } from "./names.ts"

export interface Box {
  readonly id: string
  readonly kind: State["kind"] | "start" | "stub" | "jump" | "joint" | "unknown"
  readonly state: State | undefined
  readonly label: string
  readonly width: number
  readonly height: number
  /** Whether it stands on the first way through, which is drawn straight. */
  readonly isMain: boolean
  readonly card: Card | undefined
  readonly second: string | undefined
  readonly column: number
}

/** The inside of a split. */
export interface Card {
  readonly chips: ReadonlyArray<Chip>
  readonly chipsWidth: number
  readonly isStacked: boolean
  readonly rule: string
  readonly ruleWidth: number
  readonly options: string
}

export interface Chip {
  readonly label: string
  readonly width: number
  /** What it stands for, where that is cut. */
  readonly title: string | undefined
}

export interface Line {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly way: Way | undefined
  readonly label: { readonly text: string; readonly width: number; readonly height: number } | undefined
  readonly isMain: boolean
  /** Whether it leads back to a state above. */
  readonly isBack: boolean
  /** The side of the first way through on which it leaves and arrives. */
  readonly side: "middle" | "left" | "right"
}

export interface Figure {
  /** The first way through comes first, exits last. */
  readonly boxes: ReadonlyArray<Box>
  readonly lines: ReadonlyArray<Line>
  /** How many columns there are. A line leads from one to the next only on the first way through. */
  readonly columns: number
}

/** So many states make exits crowded: what leads there sideways ends in a pill of its own. */
const crowd = 16

/** @param isFolded whether a long machine has several columns */
export const make = (chart: Chart, isFolded: boolean): Figure => {
  const course = courseOf(chart)
  const ids = new Map(course.order.map((name, i) => [name, `n${i}`]))
  const states = new Map(chart.states.map((state) => [state.name, state]))
  const spine = new Set(course.spine)
  const made = new Map(course.order.map((name) => [name, boxOf(ids.get(name)!, states.get(name)!, spine.has(name))]))
  const columns = isFolded ? columnsOf(chart, course, (name) => made.get(name)!.height) : new Map<string, number>()
  const columnOf = (name: string) => columns.get(name) ?? 0

  const all = course.order.map((name) => ({ ...made.get(name)!, column: columnOf(name) }))
  const byId = new Map(all.map((box) => [box.id, box]))
  const main = course.spine.map((name) => byId.get(ids.get(name)!)!)
  const crowded = crowdedExits(chart, course)
  /** Where lines end that do not go all the way. */
  const ends: Array<Box> = []
  const pill = (id: string, kind: "stub" | "jump", to: string, column: number): Box => {
    const label = `${kind === "jump" ? "→ " : ""}${cut(to, 32)}`
    const pill = plain(id, kind, Math.ceil(width(label, 11, true) + 22), 22, false)
    return { ...pill, label, state: states.get(to), column }
  }
  const first = columnOf(chart.initial[0] ?? "")
  const lines: Array<Line> = chart.initial.map((name, i) => {
    const isNear = columnOf(name) === first
    if (!isNear) ends.push(pill(`j${i}`, "jump", name, first))
    return {
      id: `s${i}`,
      from: "start",
      to: isNear ? ids.get(name)! : `j${i}`,
      way: undefined,
      label: undefined,
      isMain: i === 0,
      isBack: false,
      side: i === 0 ? "middle" : "right"
    }
  })
  chart.ways.forEach((way, i) => {
    const isMain = way === course.mainOf.get(way.from)
    const column = columnOf(way.from)
    const end = way.to === undefined
      ? { ...plain(`u${i}`, "unknown", 22, 22, false), column }
      : isMain
      ? undefined
      : crowded.has(way.to)
      ? pill(`x${i}`, "stub", way.to, column)
      : column !== columnOf(way.to)
      ? pill(`j${i}`, "jump", way.to, column)
      : undefined
    if (end !== undefined) ends.push(end)
    lines.push(lineOf(`e${i}`, way, ids.get(way.from)!, end, ids, course))
  })
  const used = new Set(lines.map(({ to }) => to))
  const rest = all.filter(({ id, isMain, state }) => !isMain && (used.has(id) || !crowded.has(state!.name)))
  const isExit = ({ kind }: Box) => kind === "exit"
  return {
    boxes: [
      ...chart.initial.length === 0 ? [] : [{ ...plain("start", "start", 14, 14, true), column: first }],
      ...[...main, ...rest.filter((box) => !isExit(box)), ...ends, ...rest.filter(isExit)].map(roomy(lines))
    ],
    lines,
    columns: 1 + Math.max(0, ...columns.values())
  }
}

export const plain = (id: string, kind: Box["kind"], width: number, height: number, isMain: boolean): Box => ({
  id,
  kind,
  state: undefined,
  label: "",
  width,
  height,
  isMain,
  card: undefined,
  second: undefined,
  column: 0
})

/** What a line needs at a box, so that its tip is none of its neighbour's. */
const place = 9

/** A box that is wide enough for all lines that end there. */
const roomy = (lines: ReadonlyArray<Line>): (box: Box) => Box => {
  const counts = new Map<string, number>()
  for (const { from, side, to } of lines) {
    if (side === "middle") continue
    for (const end of [`${from} below ${side}`, `${to} above ${side}`]) counts.set(end, (counts.get(end) ?? 0) + 1)
  }
  return (box) => {
    const most = Math.max(
      ...["below left", "below right", "above left", "above right"].map((end) => counts.get(`${box.id} ${end}`) ?? 0)
    )
    return most < 2 ? box : { ...box, width: Math.max(box.width, 2 * (10 + place * most)) }
  }
}

/** Exits that several ways lead to, if there are many states. */
const crowdedExits = (chart: Chart, course: Course): ReadonlySet<string> => {
  if (chart.states.length <= crowd) return new Set()
  const count = new Map<string, number>()
  for (const { to } of chart.ways) if (to !== undefined) count.set(to, (count.get(to) ?? 0) + 1)
  return new Set(
    chart.states.filter(({ kind, name }) => kind === "exit" && (count.get(name) ?? 0) > 1 && !course.starts.has(name))
      .map(({ name }) => name)
  )
}

const lineOf = (
  id: string,
  way: Way,
  from: string,
  end: Box | undefined,
  ids: ReadonlyMap<string, string>,
  course: Course
): Line => {
  const isMain = end === undefined && way === course.mainOf.get(way.from)
  const isBack = end === undefined && course.back.has(way)
  const text = way.label === undefined ? undefined : cut(way.label, 28)
  return {
    id,
    from,
    to: end?.id ?? ids.get(way.to!)!,
    way,
    label: text === undefined ? undefined : { text, width: Math.ceil(width(text, 11) + 10), height: 16 },
    isMain,
    isBack,
    side: isMain ? "middle" : end === undefined && !isBack && course.skips.has(way) ? "left" : "right"
  }
}

const boxOf = (id: string, state: State, isMain: boolean): Box => {
  const label = cut(state.name, 32)
  const box = { ...plain(id, state.kind, 0, 34, isMain), label, state }
  const title = width(label, 13, true)
  switch (state.kind) {
    case "exit":
      return { ...box, width: Math.ceil(Math.max(64, title + 36)) }
    case "split": {
      const card = cardOf(state)
      const options = card.options === "" ? 0 : width(card.options, 10.5) + 18
      const inside = Math.max(title + options, card.chipsWidth + (card.isStacked ? 6 : 0), card.ruleWidth)
      return { ...box, card, width: Math.ceil(inside + 28), height: 118 }
    }
    default: {
      const second = state.kind === "task"
        ? secondOf(state)
        : state.kind === "wait"
        ? cut(waiting(state), 48)
        : "not registered"
      const wanted = Math.max(72, title + 32, second === undefined ? 0 : width(second, 10.5) + 32)
      return { ...box, second, width: Math.ceil(wanted), height: second === undefined ? 34 : 48 }
    }
  }
}

/** What undoes it has a colour of its own where it stands alone. */
const secondOf = (state: Task): string | undefined => {
  const text = doing(state)
  return text === undefined ? undefined : cut(text, state.work === undefined ? 34 : 48)
}

/** What chips may take of the width of a card. */
const widest = 400

const cardOf = ({ branches, each, options, rule }: Split): Card => {
  const chip = (name: string): Chip => {
    const label = cut(name, 18)
    return {
      label,
      width: Math.ceil(Math.max(40, width(label, 11) + 20)),
      title: label === clean(name) ? undefined : name
    }
  }
  const widthOf = (chips: ReadonlyArray<Chip>) =>
    chips.reduce((sum, { width }) => sum + width, 0) + Math.max(0, chips.length - 1) * 8
  const names = branches ?? [each]
  let chips = names.slice(0, names.length > 5 ? 4 : 5).map(chip)
  while (chips.length > 1 && widthOf(chips) > widest) chips = chips.slice(0, -1)
  const rest = names.slice(chips.length)
  if (rest.length > 0) chips = [...chips, { ...chip(`+ ${rest.length}`), title: few(rest, 24).join(", ") }]
  const text = cut(rule, 60)
  return {
    chips,
    chipsWidth: widthOf(chips),
    isStacked: branches === undefined,
    rule: text,
    ruleWidth: Math.ceil(width(text, 11, true) + 24),
    options: cut(options.join(" · "), 48)
  }
}
