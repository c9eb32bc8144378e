/**
 * Which way a reader's eye takes through a chart: the first way through, which is drawn straight, what leads back, and in
 * which order states come. All pictures ask it; it lives for one of them.
 */
import type { Chart, State, Way } from "../../chart.ts"

export interface Course {
  /** The first way through, as far as it does not meet itself. */
  readonly spine: ReadonlyArray<string>
  /** The way by which the first way through leaves a state. */
  readonly mainOf: ReadonlyMap<string, Way>
  /** Ways to a state on which one has been when one is there, itself included. */
  readonly back: ReadonlySet<Way>
  /** Ways from the first way through to a later state of it. */
  readonly skips: ReadonlySet<Way>
  /** All states, each after those that lead there, but for what leads back. */
  readonly order: ReadonlyArray<string>
  readonly starts: ReadonlySet<string>
}

export const courseOf = (chart: Chart): Course => {
  const states = new Map(chart.states.map((state) => [state.name, state]))
  const out = new Map<string, Array<Way>>(chart.states.map(({ name }) => [name, []]))
  for (const way of chart.ways) if (way.to !== undefined) out.get(way.from)?.push(way)

  const mainOf = new Map<string, Way>()
  const spine = new Set<string>()
  for (let at = chart.initial[0]; at !== undefined && !spine.has(at);) {
    spine.add(at)
    const way = firstWay(out.get(at) ?? [], states, spine)
    if (way !== undefined) mainOf.set(at, way)
    at = way?.to
  }

  const { back, order } = walk(chart, [...spine], out, mainOf)
  const place = new Map([...spine].map((name, i) => [name, i]))
  const skips = new Set(chart.ways.filter((way) => {
    const [from, to] = [place.get(way.from), way.to === undefined ? undefined : place.get(way.to)]
    return (way.kind === "next" || way.kind === "branches") && from !== undefined && to !== undefined && to > from + 1
  }))
  return { spine: [...spine], mainOf, back, skips, order, starts: new Set(chart.initial) }
}

/** Of what is next the first that goes on, then the first that ends; not what has been there, nor what only runs know. */
const firstWay = (
  ways: ReadonlyArray<Way>,
  states: ReadonlyMap<string, State>,
  before: ReadonlySet<string>
): Way | undefined => {
  const next = ways.filter(({ kind, to }) => kind === "next" && !before.has(to!))
  const known = next.filter(({ source }) => source !== "seen")
  const among = known.length > 0 ? known : next
  return among.find(({ to }) => states.get(to!)!.kind !== "exit") ?? among[0]
}

/** Goes through all states in depth, along the first way through first; without recursion, for machines of any length. */
const walk = (
  chart: Chart,
  spine: ReadonlyArray<string>,
  out: ReadonlyMap<string, ReadonlyArray<Way>>,
  mainOf: ReadonlyMap<string, Way>
) => {
  const back = new Set<Way>()
  const done: Array<string> = []
  const mark = new Map<string, "open" | "done">()
  const visit = (start: string) => {
    if (mark.has(start)) return
    const open: Array<{ readonly name: string; readonly ways: Array<Way> }> = []
    const enter = (name: string) => {
      mark.set(name, "open")
      const main = mainOf.get(name)
      // the order is that of ends turned around, so what is to come first is gone through last
      const rest = out.get(name)!.filter((way) => way !== main).reverse()
      open.push({ name, ways: main === undefined ? rest : [main, ...rest] })
    }
    enter(start)
    while (open.length > 0) {
      const { name, ways } = open.at(-1)!
      const way = ways.shift()
      if (way === undefined) {
        mark.set(name, "done")
        done.push(name)
        open.pop()
      } else if (mark.get(way.to!) === "open") back.add(way)
      else if (!mark.has(way.to!)) enter(way.to!)
    }
  }
  for (const name of [...chart.initial, ...spine, ...chart.states.map(({ name }) => name)]) visit(name)
  return { back, order: done.reverse() }
}
