/**
 * Side-by-side timing. Every round runs each variant once, in shuffled order, and ratios are taken within the round, so
 * that the machine's drift falls on all variants alike. The base also runs under a second name, as the control.
 */
import * as Effect from "effect/Effect"
import { deepStrictEqual } from "node:assert"

/** Effects that do the same work, to be compared. */
export interface Case {
  readonly name: string
  /** Branches or transitions in one run; times are given for one of them. */
  readonly size: number
  /** By name. The first is the base. */
  readonly variants: { readonly [name: string]: Effect.Effect<unknown, unknown> }
  /** Variants that are also compared with another one than the base. */
  readonly against?: { readonly [name: string]: string }
  /** What each variant gives; a variant that does not do the work of the others is not measured. */
  readonly answer?: unknown
}

/** Cases with the same variants: one table. */
export interface Group {
  readonly title: string
  readonly cases: ReadonlyArray<() => Case>
}

export type Quartiles = readonly [q1: number, median: number, q3: number]

/** One ratio of a benchmark, as goals and pictures refer to it. */
export interface Measurement {
  readonly name: string
  readonly variant: string
  readonly base: string
  readonly ratio: number
  /** Whether its control held. */
  readonly valid: boolean
}

/** What a benchmark has to say under one heading. */
export interface Section {
  readonly title: string
  readonly text: string
  readonly measurements: ReadonlyArray<Measurement>
}

interface Ratio {
  readonly name: string
  readonly base: string
  readonly quartiles: Quartiles
}

export interface Report {
  readonly name: string
  readonly size: number
  readonly rounds: number
  /** How often the case was measured until its control held. */
  readonly attempts: number
  readonly valid: boolean
  readonly control: Quartiles
  readonly ratios: ReadonlyArray<Ratio>
  /** Median nanoseconds for one branch or transition. */
  readonly nanos: { readonly [name: string]: number }
}

export interface Options {
  /** Left out: as many as fit into the budget of a case, 9 (for large ones 15) to 61. */
  readonly rounds?: number | undefined
}

/** Where one run alone is longer than a sample, a sample is several runs, or the collector's pauses hit at random. */
const sampleMillis = (size: number): number => size < large ? 6.5 : 40
const warmUpMillis = 120
const budgetMillis = 600
const leastRounds = (size: number): number => size < large ? 9 : 15
const mostRounds = 61
const attemptsAtMost = 3
const control = "control"
/** From this size on a full collection precedes each sample: what a run leaves behind outlives a minor one. */
const large = 10_000

/** Whether a control says that a measurement can be believed. */
export const holds = ([, median]: Quartiles): boolean => median >= 0.93 && median <= 1.07

/** Measures until the control holds, up to three times. */
export const untilValid = async <A extends { readonly valid: boolean }>(
  attempt: (attempts: number) => Promise<A>
): Promise<A> => {
  for (let attempts = 1;; attempts++) {
    const result = await attempt(attempts)
    if (result.valid || attempts === attemptsAtMost) return result
  }
}

export const compare = async (input: Case, options: Options): Promise<Report> => {
  if (input.answer !== undefined) {
    for (const [variant, effect] of Object.entries(input.variants)) {
      deepStrictEqual(await Effect.runPromise(effect), input.answer, `${input.name}: ${variant}`)
    }
  }
  return untilValid((attempts) => attempt(input, options, attempts))
}

const attempt = async (input: Case, options: Options, attempts: number): Promise<Report> => {
  const [base] = Object.keys(input.variants) as [string]
  const effects: Case["variants"] = { ...input.variants, [control]: input.variants[base]! }
  const repeats = new Map<string, number>()
  for (const name of Object.keys(effects)) {
    // the control is the base in every respect
    repeats.set(name, name === control ? repeats.get(base)! : await calibrate(effects[name]!, input.size))
  }
  const samples = Object.fromEntries(
    Object.entries(effects).map(([name, effect]) => {
      const times = repeats.get(name)!
      return [name, async () => {
        collect(input.size)
        return (await sample(effect, times)) * 1e6 / times / input.size
      }]
    })
  )
  const start = performance.now()
  const all = await rounds(
    samples,
    (made) =>
      options.rounds !== undefined
        ? made >= options.rounds
        : made >= mostRounds || (made >= leastRounds(input.size) && performance.now() - start > budgetMillis)
  )
  const ratio = (name: string, to: string): Ratio => ({
    name,
    base: to,
    quartiles: quartiles(all.map((round) => round[name]! / round[to]!))
  })
  const self = ratio(control, base).quartiles
  return {
    name: input.name,
    size: input.size,
    rounds: all.length,
    attempts,
    valid: holds(self),
    control: self,
    ratios: [
      ...Object.keys(input.variants).slice(1).map((name) => ratio(name, base)),
      ...Object.entries(input.against ?? {}).map(([name, to]) => ratio(name, to))
    ],
    nanos: Object.fromEntries(
      Object.keys(input.variants).map((name) => [name, median(all.map((round) => round[name]!))])
    )
  }
}

export const section = async ({ cases, title }: Group, options: Options): Promise<Section> => {
  const reports: Array<Report> = []
  for (const make of cases) reports.push(await compare(make(), options))
  return {
    title,
    text: show(reports),
    measurements: reports.flatMap(({ name, ratios, valid }) =>
      ratios.map(({ base, name: variant, quartiles: [, ratio] }) => ({ name, variant, base, ratio, valid }))
    )
  }
}

/** Runs an effect several times on one fiber: starting a fiber from outside is not what is measured. */
const sample = async (effect: Effect.Effect<unknown, unknown>, times: number): Promise<number> => {
  let left = times
  const loop = Effect.whileLoop({
    while: () => left-- > 0,
    body: () => effect,
    step: () => {}
  })
  const start = performance.now()
  await Effect.runPromise(loop)
  return performance.now() - start
}

/** Warms an effect up, and finds how many repetitions make a sample. */
const calibrate = async (effect: Effect.Effect<unknown, unknown>, size: number): Promise<number> => {
  const target = sampleMillis(size)
  let times = 1
  let millis = 0
  for (const start = performance.now(); performance.now() - start < warmUpMillis;) {
    millis = await sample(effect, times)
    if (millis < target / 2) times *= 2
  }
  return Math.max(1, Math.round(times * target / millis))
}

const collect = (size: number): void => {
  if (size >= large) globalThis.gc!()
  else globalThis.gc!({ type: "minor" })
}

// -----------------------------------------------------------------------------
// statistics
// -----------------------------------------------------------------------------

/** Takes every sample once in each round, in shuffled order, until there are enough rounds. */
export const rounds = async <Name extends string>(
  samples: { readonly [N in Name]: () => number | Promise<number> },
  enough: (made: number) => boolean
): Promise<ReadonlyArray<{ readonly [N in Name]: number }>> => {
  const names = Object.keys(samples) as Array<Name>
  const out: Array<{ [N in Name]: number }> = []
  while (!enough(out.length)) {
    const round = {} as { [N in Name]: number }
    for (const name of shuffle(names)) round[name] = await samples[name]()
    out.push(round)
  }
  return out
}

export const mulberry32 = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
}

let random = mulberry32(1)

/** Fixes the order of everything that is shuffled from here on. */
export const seed = (value: number): void => {
  random = mulberry32(value)
}

const shuffle = <A>(items: ReadonlyArray<A>): Array<A> => {
  const out = [...items]
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[out[i], out[j]] = [out[j]!, out[i]!]
  }
  return out
}

export const quartiles = (values: ReadonlyArray<number>): Quartiles => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => {
    const place = share * (sorted.length - 1)
    const low = sorted[Math.floor(place)]!
    return low + (sorted[Math.ceil(place)]! - low) * (place % 1)
  }
  return [at(0.25), at(0.5), at(0.75)]
}

export const median = (values: ReadonlyArray<number>): number => quartiles(values)[1]

// -----------------------------------------------------------------------------
// showing
// -----------------------------------------------------------------------------

/** A Markdown table. */
export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)))
  const line = (cells: ReadonlyArray<string>): string =>
    `| ${cells.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join(" | ")} |`
  const rule = `| ${widths.map((width, i) => i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`).join(" | ")} |`
  return [line(head), rule, ...rows.map(line)].join("\n")
}

/** A median and, in brackets, its quartiles. */
export const cell = ([q1, median, q3]: Quartiles): string => `${median.toFixed(2)} (${q1.toFixed(2)}–${q3.toFixed(2)})`

/** Reports whose cases have the same variants, as one table. */
const show = (reports: ReadonlyArray<Report>): string => {
  const { nanos, ratios } = reports[0]!
  const [base] = Object.keys(nanos) as [string]
  const head = [
    "",
    `${base}, ns`,
    ...ratios.map(({ base: to, name }) => to === base ? name : `${name} / ${to}`),
    control
  ]
  return table(
    head,
    reports.map((report) => [
      report.name,
      report.nanos[base]!.toFixed(0),
      ...report.ratios.map((ratio) => report.valid ? cell(ratio.quartiles) : "void"),
      cell(report.control)
    ])
  )
}
