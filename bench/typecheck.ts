/**
 * What a machine costs the compilers that are supported: the median time of checking programs with machines of a growing
 * number of states, beside a program that imports the same and has no machine. Each round checks all of them once, in a
 * process of its own.
 */
import { baseline, compilers, type Kind, machine, typecheck } from "../test/types/machines.ts"
import { median, type Section, table } from "./harness.ts"

const rounds = 5
const sizes = [50, 150, 300]
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

const sample = (compiler: string, name: string, source: string): Omit<Check, "name"> => {
  // one checker, or a second one would take a part of the work that the baseline does not have; 5.9 has but one
  const options = ["--extendedDiagnostics", ...(compiler === compilers["TypeScript 7"] ? ["--singleThreaded"] : [])]
  const text = typecheck("typecheck", { program: source }, options, compiler)
  if (/error TS/.test(text)) throw new Error(`${name} does not compile: ${text}`)
  const seconds = (what: string): number => Number(new RegExp(`^${what}:\\s+([\\d.]+)s$`, "m").exec(text)![1])
  return { check: seconds("Check time"), total: seconds("Total time") }
}

const measure = (compiler: string): ReadonlyArray<Check> => {
  const samples = Array.from(
    { length: rounds },
    () => Object.entries(programs).map(([name, source]) => sample(compiler, name, source))
  )
  return Object.keys(programs).map((name, i) => ({
    name,
    check: median(samples.map((round) => round[i]!.check)),
    total: median(samples.map((round) => round[i]!.total))
  }))
}

const section = (title: string, compiler: string): Section => {
  const checks = measure(compiler)
  const [base] = checks as [Check, ...Array<Check>]
  const above = (value: number, than: number): string => `${value >= than ? "+" : ""}${(value - than).toFixed(2)}`
  const cost = (name: string): number => checks.find((check) => check.name === name)!.check - base.check
  return {
    title: `Type checking with ${title}`,
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
    measurements: [
      ...checks.slice(1).map(({ name, total }) => ({
        name,
        variant: title,
        base: "seconds",
        ratio: total - base.total,
        valid: true
      })),
      ...kinds.map((kind) => ({
        name: `300 ${kind} states`,
        variant: title,
        base: "150 states",
        ratio: cost(`300 ${kind} states`) / cost(`150 ${kind} states`),
        valid: true
      }))
    ]
  }
}

export const sections = async (): Promise<ReadonlyArray<Section>> =>
  Object.entries(compilers).map(([title, compiler]) => section(title, compiler))
