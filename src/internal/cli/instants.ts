/** Ages and instants as one writes them in a command line. Pure. */
import * as Result from "effect/Result"

const second = 1000
const units: { readonly [unit: string]: number | undefined } = {
  ms: 1,
  s: second,
  sec: second,
  second,
  m: 60 * second,
  min: 60 * second,
  minute: 60 * second,
  h: 3600 * second,
  hour: 3600 * second,
  d: 86_400 * second,
  day: 86_400 * second,
  w: 604_800 * second,
  week: 604_800 * second
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
