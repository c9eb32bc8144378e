/** Numbers at random, the same ones for the same seed. A generator lives as long as whoever holds it. */
export interface Random {
  /** A whole number, both ends included. */
  readonly int: (least: number, most: number) => number
  readonly of: <const A>(values: ReadonlyArray<A>) => A
  /** Yes, once in so many times. */
  readonly oneIn: (n: number) => boolean
}

export const make = (seed: number): Random => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const int = (least: number, most: number) => least + Math.floor(next() * (most - least + 1))
  return { int, of: (values) => values[int(0, values.length - 1)]!, oneIn: (n) => int(1, n) === 1 }
}
