/**
 * What the benchmarks share: what a case is and what comes out of it, the statistics of rounds, processes of their own,
 * and tables. Nothing of it outlives a run but the order that everything is shuffled in.
 */
import type * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"

export type Program = Effect.Effect<unknown, unknown>

/** Effects that do the same work, to be compared. */
export interface Case {
  /** Branches or transitions in one run; times are given for one of them. */
  readonly size: number
  /** What makes them, by name. The first is the base. */
  readonly variants: { readonly [name: string]: () => Program }
  /** Variants that are also compared with another one than the base. */
  readonly against?: ReadonlyArray<readonly [variant: string, base: string]>
  /** What each variant gives; a variant that does not do the work of the others is not measured. */
  readonly answer?: unknown
  /** Whether a run waits, so that one after the other they are too few to warm up. */
  readonly waits?: boolean
  /** Milliseconds of so many runs, where not all of a run counts. */
  readonly time?: (effect: Program, times: number) => Promise<number>
}

/** Whether a variant makes its effect once, before all runs, or anew in each. */
export type Form = "hoisted" | "built"

/** Cases with the same variants: one table. */
export interface Group {
  readonly title: string
  readonly forms: ReadonlyArray<Form>
  readonly cases: { readonly [name: string]: () => Case }
}

/** The branches of a case, or of one of its splits; in its name. */
export const branchesOf = (name: string): number => Number(/n=(\d+)/.exec(name)?.[1])

export const bothForms: ReadonlyArray<Form> = ["hoisted", "built"]

/** From this size on a full collection precedes each sample: what a run leaves behind outlives a minor one. */
export const large = 10_000

/** How much time measuring takes: all it needs, or little, for who looks for what has become far too slow. */
export type Pace = "full" | "quick"

export interface Options {
  readonly pace: Pace
  /** Rounds in each process; left out, as many as the pace has. */
  readonly rounds?: number | undefined
  readonly seed?: number | undefined
  /** Splits of 100,000 branches, too. */
  readonly large?: boolean | undefined
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

// -----------------------------------------------------------------------------
// processes
// -----------------------------------------------------------------------------

/** Runs a program of this folder in a process of its own, and gives what it prints. */
export const alone = <A>(file: string, ...args: ReadonlyArray<string>): A => {
  const options = [...process.execArgv, "--expose-gc", `${import.meta.dirname}/${file}`, ...args]
  const { status, stdout } = spawnSync(process.execPath, options, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 * 1024 * 1024
  })
  if (status !== 0) throw new Error(`${file} ${args.join(" ")} did not finish`)
  return JSON.parse(stdout)
}

// -----------------------------------------------------------------------------
// time
// -----------------------------------------------------------------------------

/** Now, and how long this process has had the processors; both in milliseconds. */
export interface Instant {
  readonly now: number
  readonly processor: number
}

export const instant = (): Instant => {
  const { system, user } = process.cpuUsage()
  return { now: performance.now(), processor: (system + user) / 1000 }
}

/**
 * The milliseconds that have passed, less those in which only other processes had the processors: what would have passed
 * on a quiet machine. It is for work that never waits.
 */
export const elapsed = (start: Instant): number => {
  const { now, processor } = instant()
  return Math.min(now - start.now, processor - start.processor)
}

// -----------------------------------------------------------------------------
// statistics
// -----------------------------------------------------------------------------

const attemptsAtMost = 3

/** Whether a control says that a measurement can be believed. */
export const holds = ([, median]: Quartiles): boolean => median >= 0.93 && median <= 1.07

/** Measures until the control holds, up to three times. */
export const untilValid = async <A extends { readonly valid: boolean }>(attempt: () => A | Promise<A>): Promise<A> => {
  for (let attempts = 1;; attempts++) {
    const result = await attempt()
    if (result.valid || attempts === attemptsAtMost) return result
  }
}

export type Round<Name extends string = string> = { readonly [N in Name]: number }

/** Takes every sample once in each round, in shuffled order. The first rounds warm up, and are not given. */
export const rounds = async <Name extends string>(
  samples: { readonly [N in Name]: () => number | Promise<number> },
  number: number,
  warmUps: number = 1
): Promise<ReadonlyArray<Round<Name>>> => {
  const names = Object.keys(samples) as Array<Name>
  const out: Array<Round<Name>> = []
  for (let i = 0; i < warmUps + number; i++) {
    const round = {} as { [N in Name]: number }
    for (const name of shuffle(names)) round[name] = await samples[name]()
    if (i >= warmUps) out.push(round)
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
