/**
 * What runs have taken of a chart, counted. It is made of paths, once, and changes no more.
 */
import type { Path } from "../../CanoError.ts"
import type { Chart, Trail } from "../../chart.ts"

/** The names of a path in pieces: what is left out between them is not known. */
export const namesOf = (path: Path | ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  if (!("states" in path)) return [path]
  const { entered, states } = path
  // the first 16 and the last 48 of a longer run
  return entered <= states.length ? [states] : [states.slice(0, 16), states.slice(16)]
}

export const make = (paths: ReadonlyArray<Path | ReadonlyArray<string>>): Trail => {
  const states = new Map<string, number>()
  const ways = new Map<string, { from: string; to: string; count: number }>()
  for (const path of paths) {
    for (const piece of namesOf(path)) {
      piece.forEach((name, i) => {
        states.set(name, (states.get(name) ?? 0) + 1)
        const from = piece[i - 1]
        if (from === undefined) return
        const key = JSON.stringify([from, name])
        const way = ways.get(key) ?? { from, to: name, count: 0 }
        way.count++
        ways.set(key, way)
      })
    }
  }
  return {
    states: [...states].map(([name, count]) => ({ name, count })),
    ways: [...ways.values()],
    at: paths.length === 1 ? namesOf(paths[0]!).at(-1)?.at(-1) : undefined
  }
}

/** What a picture asks of a trail. */
export interface Lit {
  readonly countOf: (state: string) => number
  /** How often this way was taken. Of several ways between two states nobody knows which: the first of them has it. */
  readonly taken: (way: Chart["ways"][number]) => number
  readonly at: string | undefined
}

export const read = (chart: Chart, trail: Trail): Lit => {
  const counts = new Map(trail.states.map(({ count, name }) => [name, count]))
  const taken = new Map<object, number>()
  for (const { count, from, to } of trail.ways) {
    const way = chart.ways.find((way) => way.from === from && way.to === to)
    if (way !== undefined) taken.set(way, count)
  }
  return {
    countOf: (state) => counts.get(state) ?? 0,
    taken: (way) => taken.get(way) ?? 0,
    at: trail.at
  }
}
