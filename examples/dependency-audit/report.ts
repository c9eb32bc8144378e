/** What an audit found: a plain value, and its two forms, text and JSON. Pure. */
import { ByteSize, Duration } from "effect"
import type { SplitResult } from "effect-cano"
import type { Installed, Project } from "./discover.ts"
import * as Reason from "./reason.ts"
import type { PackageReport, ScanError } from "./scan.ts"

export interface Audit {
  readonly state: "Complete" | "Degraded"
  readonly project: Project
  readonly elapsedMillis: number
  /** Whether the deadline cut the scan off. */
  readonly timedOut: boolean
  readonly tally: SplitResult.Tally
  readonly files: number
  readonly bytes: number
  readonly licences: ReadonlyArray<{ readonly licence: string; readonly packages: number }>
  readonly largest: ReadonlyArray<Pick<PackageReport, "name" | "version" | "licence" | "files" | "bytes" | "path">>
  readonly installScripts: ReadonlyArray<
    Pick<PackageReport, "name" | "version" | "path"> & { readonly event: string; readonly command: string }
  >
  readonly failures: ReadonlyArray<{ readonly path: string; readonly reason: string }>
  readonly cutOff: ReadonlyArray<{ readonly path: string; readonly reason: "interrupted" | "not started" }>
  readonly packages: ReadonlyArray<PackageReport>
}

/** The part of the split's result that the report is made of. */
export type Scanned = Pick<
  SplitResult.SplitResult<PackageReport, ScanError>,
  "values" | "failures" | "cancelled" | "tally" | "timedOut"
>

/** More than this share of packages failed or cut off is a degraded audit. */
const tolerated = 0.05

const largestShown = 10

const cutOffShown = 20

export const make = (options: {
  readonly project: Project
  readonly packages: ReadonlyArray<Installed>
  readonly scanned: Scanned
  readonly elapsedMillis: number
}): Audit => {
  const { elapsedMillis, packages, project, scanned } = options
  const { cancelled, failures, tally, timedOut, values } = scanned
  const pathOf = (branch: { readonly index: number; readonly name: string }) =>
    packages[branch.index]?.path ?? branch.name

  const licences = new Map<string, number>()
  for (const { licence } of values) licences.set(licence, (licences.get(licence) ?? 0) + 1)

  return {
    state: tally.total - tally.succeeded > tally.total * tolerated ? "Degraded" : "Complete",
    project,
    elapsedMillis,
    timedOut,
    tally,
    files: sum(values, (one) => one.files),
    bytes: sum(values, (one) => one.bytes),
    licences: Array.from(licences, ([licence, count]) => ({ licence, packages: count }))
      .sort((a, b) => b.packages - a.packages || (a.licence < b.licence ? -1 : 1)),
    largest: values.toSorted((a, b) => b.bytes - a.bytes).slice(0, largestShown)
      .map(({ bytes, files, licence, name, path, version }) => ({ name, version, licence, files, bytes, path })),
    installScripts: values.flatMap(({ installScripts, name, path, version }) =>
      installScripts.map((script) => ({ name, version, path, ...script }))
    ),
    failures: failures.map((branch) => ({ path: pathOf(branch), reason: Reason.ofCause(branch.cause) })),
    cutOff: cancelled.map((branch) => ({
      path: pathOf(branch),
      reason: branch._tag === "Interrupted" ? "interrupted" : "not started"
    })),
    packages: values
  }
}

/** One JSON document. */
export const toJson = (audit: Audit): string => JSON.stringify(audit, null, 2)

/** Tables to read. */
export const toText = (audit: Audit): string => {
  const { project, tally } = audit
  return [
    printable(`Dependency audit of ${project.name}${project.version === null ? "" : ` ${project.version}`}`),
    printable(project.folder),
    "",
    `${plural(tally.total, "package")}, ${plural(audit.files, "file")}, ${size(audit.bytes)}, in ${
      elapsed(audit.elapsedMillis)
    }`,
    "",
    ...section("Licences", table(audit.licences.map((one) => [one.licence, count(one.packages)]), [left, right])),
    ...section(
      "Largest packages",
      table(
        audit.largest.map((one) => [one.name, one.version ?? "-", count(one.files), size(one.bytes), one.licence]),
        [left, left, right, right, left],
        ["package", "version", "files", "size", "licence"]
      )
    ),
    ...section(
      "Install scripts",
      table(
        audit.installScripts.map((one) => [one.name, one.version ?? "-", one.event, one.command]),
        [left, left, left, left]
      )
    ),
    ...section("Failures", table(audit.failures.map((one) => [one.path, one.reason]), [left, left])),
    ...(audit.timedOut ? section("Cut off", cutOff(audit)) : []),
    `${audit.state}: ${count(tally.succeeded)} of ${plural(tally.total, "package")} scanned, ${
      count(tally.failed)
    } failed, ${count(tally.interrupted)} interrupted, ${count(tally.notStarted)} not started`
  ].join("\n")
}

const section = (title: string, lines: ReadonlyArray<string>): ReadonlyArray<string> => [
  title,
  ...(lines.length === 0 ? ["none"] : lines).map((line) => `  ${line}`),
  ""
]

/** Thousands of packages may be cut off: the text names the first, the JSON all of them. */
const cutOff = ({ cutOff }: Audit): ReadonlyArray<string> => {
  const lines = table(cutOff.slice(0, cutOffShown).map((one) => [one.path, one.reason]), [left, left])
  return cutOff.length <= cutOffShown ? lines : [...lines, `and ${count(cutOff.length - cutOffShown)} more`]
}

type Align = (text: string, width: number) => string
const left: Align = (text, width) => text.padEnd(width)
const right: Align = (text, width) => text.padStart(width)

/** Columns of equal width, under a head where there is one. */
const table = (
  rows: ReadonlyArray<ReadonlyArray<string>>,
  align: ReadonlyArray<Align>,
  head?: ReadonlyArray<string>
): ReadonlyArray<string> => {
  if (rows.length === 0) return []
  const all = (head === undefined ? rows : [head, ...rows]).map((row) => row.map(printable))
  const widths = align.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all.map((row) => align.map((put, column) => put(row[column] ?? "", widths[column] ?? 0)).join("  ").trimEnd())
}

/** The texts of a package are not ours: no line break and no escape sequence of theirs reaches the terminal. */
const printable = (text: string): string => text.replace(/\p{C}/gu, "\uFFFD")

const sum = <A>(values: ReadonlyArray<A>, f: (value: A) => number): number =>
  values.reduce((total, value) => total + f(value), 0)

const count = (n: number): string => n.toLocaleString("en-US")

const plural = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? "" : "s"}`

const size = (bytes: number): string =>
  ByteSize.format(ByteSize.bytes(bytes), { precision: bytes < 1024 ? 0 : 1, trailingZeros: true })

const elapsed = (millis: number): string =>
  millis < 1000 ? `${millis} ms` : `${Duration.toSeconds(millis).toFixed(1)} s`
