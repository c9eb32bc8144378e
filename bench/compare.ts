/**
 * The comparison of the variants of a case, from what several processes have timed. Ratios are taken within a round, and so
 * within a process.
 */
import type { Form, Group, Measurement, Options, Quartiles, Section } from "./harness.ts"
import { alone, branchesOf, cell, holds, median, quartiles, table, untilValid } from "./harness.ts"
import type { Order, Timed } from "./timing.ts"
import { control } from "./timing.ts"

interface Report {
  readonly name: string
  readonly base: string
  readonly valid: boolean
  readonly control: Quartiles
  readonly ratios: ReadonlyArray<{ readonly variant: string; readonly base: string; readonly quartiles: Quartiles }>
  /** Median nanoseconds of the base, for one branch or transition. */
  readonly nanos: number
}

/** What V8 makes of the same code differs from one start to the next, by more than the rounds of one process do. */
const processes = { full: 2, quick: 1 }

const report = (
  benchmark: string,
  group: string,
  name: string,
  form: Form,
  { pace, rounds, seed = 1 }: Options
): Report => {
  const timed = Array.from({ length: processes[pace] }, (_, i) => {
    const order: Order = { benchmark, group, name, form, pace, rounds, seed: seed * 1000 + i }
    return alone<Timed>("timing.ts", JSON.stringify(order))
  })
  const all = timed.flatMap(({ rounds }) => rounds)
  const { against } = timed[0]!
  const ratio = (variant: string, base: string): Quartiles =>
    quartiles(all.map((round) => round[variant]! / round[base]!))
  const [[, base]] = against as [readonly [string, string]]
  const self = ratio(control, base)
  return {
    name: form === "built" ? `${name}, built` : name,
    base,
    valid: holds(self),
    control: self,
    ratios: against.map(([variant, base]) => ({ variant, base, quartiles: ratio(variant, base) })),
    nanos: median(all.map((round) => round[base]!))
  }
}

const measurements = ({ name, ratios, valid }: Report): ReadonlyArray<Measurement> =>
  ratios.map(({ base, quartiles: [, ratio], variant }) => ({ name, variant, base, ratio, valid }))

/** One case, in one form. */
export const one = async (
  benchmark: string,
  { title }: Group,
  name: string,
  form: Form,
  options: Options
): Promise<ReadonlyArray<Measurement>> =>
  measurements(await untilValid(() => report(benchmark, title, name, form, options)))

export const section = async (benchmark: string, group: Group, options: Options): Promise<Section> => {
  const reports: Array<Report> = []
  for (const name of Object.keys(group.cases)) {
    if (branchesOf(name) >= 100_000 && options.large !== true) continue
    for (const form of group.forms) {
      reports.push(await untilValid(() => report(benchmark, group.title, name, form, options)))
    }
  }
  return { title: group.title, text: show(reports), measurements: reports.flatMap(measurements) }
}

/** Reports whose cases have the same variants, as one table. */
const show = (reports: ReadonlyArray<Report>): string => {
  const { base, ratios } = reports[0]!
  const head = [
    "",
    `${base}, ns`,
    ...ratios.map(({ base: to, variant }) => to === base ? variant : `${variant} / ${to}`),
    control
  ]
  return table(
    head,
    reports.map((report) => [
      report.name,
      report.nanos.toFixed(0),
      ...report.ratios.map(({ quartiles }) => report.valid ? cell(quartiles) : "void"),
      cell(report.control)
    ])
  )
}
