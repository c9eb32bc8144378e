/**
 * Side-by-side timing. Every round runs each variant once, in shuffled order, and ratios are taken within the round, so
 * that the machine's drift falls on all variants alike. The base also runs under a second name, as the control.
 */
import * as Effect from "effect/Effect"

/** Effects that do the same work, to be compared. */
export interface Case {
  readonly name: string
  /** Branches or transitions in one run; times are given for one of them. */
  readonly size: number
  /** By name. The first is the base. */
  readonly variants: { readonly [name: string]: Effect.Effect<unknown, unknown> }
  /** Variants that are also compared with another one than the base. */
  readonly against?: { readonly [name: string]: string }
}

export interface Ratio {
  readonly name: string
  readonly base: string
  readonly q1: number
  readonly median: number
  readonly q3: number
}

export interface Report {
  readonly name: string
  readonly size: number
  readonly rounds: number
  /** How often the case was measured until its control held. */
  readonly attempts: number
  readonly valid: boolean
  readonly control: Ratio
  readonly ratios: ReadonlyArray<Ratio>
  /** Median nanoseconds for one branch or transition. */
  readonly nanos: { readonly [name: string]: number }
}

export interface Options {
  /** Left out: as many as fit into the budget of a case, 9 (for large ones 15) to 61. */
  readonly rounds?: number | undefined
  readonly seed: number
}

/** Where one run alone is longer than a sample, a sample is several runs, or the collector's pauses hit at random. */
const sampleMillis = (size: number): number => size < large ? 6.5 : 40
const warmUpMillis = 120
const budgetMillis = 1000
const leastRounds = (size: number): number => size < large ? 9 : 15
const mostRounds = 61
const attemptsAtMost = 3
const control = "control"
/** From this size on a full collection precedes each sample: what a run leaves behind outlives a minor one. */
const large = 10_000

export const compare = async (input: Case, options: Options): Promise<Report> => {
  for (let attempts = 1;; attempts++) {
    const report = await attempt(input, options, attempts)
    if (report.valid || attempts === attemptsAtMost) return report
  }
}

const attempt = async (input: Case, options: Options, attempts: number): Promise<Report> => {
  const random = mulberry32(options.seed + attempts)
  const [base] = Object.keys(input.variants) as [string]
  const effects: Case["variants"] = { ...input.variants, [control]: input.variants[base]! }
  const names = Object.keys(effects)
  const repeats = new Map<string, number>()
  for (const name of names) {
    // the control is the base in every respect
    repeats.set(name, name === control ? repeats.get(base)! : await calibrate(effects[name]!, input.size))
  }
  const rounds: Array<Map<string, number>> = []
  const start = performance.now()
  const enough = () =>
    options.rounds !== undefined
      ? rounds.length >= options.rounds
      : rounds.length >= mostRounds ||
        (rounds.length >= leastRounds(input.size) && performance.now() - start > budgetMillis)
  while (!enough()) {
    const round = new Map<string, number>()
    for (const name of shuffle(names, random)) {
      collect(input.size)
      const times = repeats.get(name)!
      round.set(name, (await sample(effects[name]!, times)) * 1e6 / times / input.size)
    }
    rounds.push(round)
  }
  const ratio = (name: string, to: string): Ratio => {
    const [q1, median, q3] = quartiles(rounds.map((round) => round.get(name)! / round.get(to)!))
    return { name, base: to, q1, median, q3 }
  }
  const self = ratio(control, base)
  return {
    name: input.name,
    size: input.size,
    rounds: rounds.length,
    attempts,
    valid: self.median >= 0.93 && self.median <= 1.07,
    control: self,
    ratios: [
      ...Object.keys(input.variants).slice(1).map((name) => ratio(name, base)),
      ...Object.entries(input.against ?? {}).map(([name, to]) => ratio(name, to))
    ],
    nanos: Object.fromEntries(
      Object.keys(input.variants).map((name) => [name, quartiles(rounds.map((round) => round.get(name)!))[1]])
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

const mulberry32 = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
}

const shuffle = <A>(items: ReadonlyArray<A>, random: () => number): Array<A> => {
  const out = [...items]
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[out[i], out[j]] = [out[j]!, out[i]!]
  }
  return out
}

const quartiles = (values: ReadonlyArray<number>): readonly [number, number, number] => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => {
    const place = share * (sorted.length - 1)
    const low = sorted[Math.floor(place)]!
    return low + (sorted[Math.ceil(place)]! - low) * (place % 1)
  }
  return [at(0.25), at(0.5), at(0.75)]
}

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

/** Reports whose cases have the same variants, as one table: a ratio is its median and, in brackets, its quartiles. */
export const show = (reports: ReadonlyArray<Report>): string => {
  const { nanos, ratios } = reports[0]!
  const [base] = Object.keys(nanos) as [string]
  const head = [
    "",
    `${base}, ns`,
    ...ratios.map(({ base: to, name }) => to === base ? name : `${name} / ${to}`),
    control
  ]
  const cell = ({ median, q1, q3 }: Ratio): string => `${median.toFixed(2)} (${q1.toFixed(2)}–${q3.toFixed(2)})`
  return table(
    head,
    reports.map((report) => [
      report.name,
      report.nanos[base]!.toFixed(0),
      ...report.ratios.map((ratio) => report.valid ? cell(ratio) : "void"),
      cell(report.control)
    ])
  )
}
