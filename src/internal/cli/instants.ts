/** Ages and instants as one writes them in a command line. Pure. */
import * as Result from "effect/Result"

// what is worked out of constants a bundler does not take for one
const units: { readonly [unit: string]: number | undefined } = {
  ms: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  w: 604_800_000,
  week: 604_800_000
}

/** Milliseconds: `500ms`, `90s`, `15 min`, `3d`, `2 weeks`. */
export const span = (text: string): Result.Result<number, string> => {
  const found = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/.exec(text.toLowerCase())
  const named = found?.[2] ?? ""
  const unit = units[named.length > 2 ? named.replace(/s$/, "") : named]
  return found === null || unit === undefined
    ? Result.fail(`"${text}" is no span of time, as 90s, 15min, 12h, 30d or 2w are`)
    : Result.succeed(Number(found[1]) * unit)
}

/** Milliseconds since 1970: an age, or a date of ISO 8601. */
export const instant = (text: string, now: number): Result.Result<number, string> => {
  const age = span(text)
  if (Result.isSuccess(age)) return Result.succeed(now - age.success)
  const date = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date)
    ? Result.fail(`"${text}" is neither an age, as 30d, nor a date, as 2026-01-31`)
    : Result.succeed(date)
}
