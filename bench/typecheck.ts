/**
 * What a machine costs the compiler: the median time of checking programs with machines of a growing number of states,
 * beside a program that imports the same and has no machine. Each round checks all of them once, in a process of its own.
 */
import { baseline, type Kind, machine, typecheck } from "../test/types/machines.ts"
import { median, type Section, table } from "./harness.ts"

const rounds = 7
const sizes = [10, 50, 150]
const kinds: ReadonlyArray<Kind> = ["string", "tagged"]

interface Check {
  readonly name: string
  /** Seconds, as the compiler says: of checking, and of its whole run. */
  readonly check: number
  readonly total: number
}

const programs: { readonly [name: string]: string } = {
  "no machine": baseline,
  ...Object.fromEntries(
    kinds.flatMap((kind) => sizes.map((size) => [`${size} ${kind} states`, machine(kind, size)]))
  )
}

const sample = (name: string, source: string): Omit<Check, "name"> => {
  // one checker, or a second one would take a part of the work that the baseline does not have
  const text = typecheck("typecheck", { program: source }, ["--extendedDiagnostics", "--singleThreaded"])
  if (/error TS/.test(text)) throw new Error(`${name} does not compile: ${text}`)
  const seconds = (what: string): number => Number(new RegExp(`^${what}:\\s+([\\d.]+)s$`, "m").exec(text)![1])
  return { check: seconds("Check time"), total: seconds("Total time") }
}

const measure = (): ReadonlyArray<Check> => {
  const samples = Array.from(
    { length: rounds },
    () => Object.entries(programs).map(([name, source]) => sample(name, source))
  )
  return Object.keys(programs).map((name, i) => ({
    name,
    check: median(samples.map((round) => round[i]!.check)),
    total: median(samples.map((round) => round[i]!.total))
  }))
}

export const sections = async (): Promise<ReadonlyArray<Section>> => {
  const checks = measure()
  const [base] = checks as [Check, ...Array<Check>]
  const above = (value: number, than: number): string => `${value >= than ? "+" : ""}${(value - than).toFixed(2)}`
  return [{
    title: "Type checking",
    text: table(
      ["", "check, s", "over no machine", "total, s", "over no machine"],
      checks.map(({ check, name, total }) => [
        name,
        check.toFixed(2),
        above(check, base.check),
        total.toFixed(2),
        above(total, base.total)
      ])
    ),
    measurements: checks.slice(1).map(({ name, total }) => ({
      name,
      variant: "type check",
      base: "seconds",
      ratio: total - base.total,
      valid: true
    }))
  }]
}
