/**
 * Cron by the definition, and slowly: every second of a stretch of time, looked at on the wall clock of `Intl`. It shares no
 * code with Effect or the library, and lives as long as a test asks it.
 */

/** A field of a pattern as a test for a number. */
const field = (text: string, least: number, most: number): ReadonlySet<number> => {
  const names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
  const number = (name: string) => names.includes(name) ? names.indexOf(name) : Number(name)
  const values = new Set<number>()
  for (const part of text.split(",")) {
    const [range, step] = part.split("/")
    const [low, high] = range === "*" ? [least, most] : range!.split("-").map(number)
    for (let n = low!; n <= (high ?? (step === undefined ? low! : most)); n += Number(step ?? 1)) values.add(n)
  }
  return values
}

interface Wall {
  /** The time that the wall clock shows, as if it were UTC. */
  readonly shown: number
}

const formats = new Map<string, Intl.DateTimeFormat>()

const wallOf = (at: number, zone: string): Wall => {
  let format = formats.get(zone)
  if (format === undefined) {
    const numeric = "numeric" as const
    const fields = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric }
    format = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", ...fields })
    formats.set(zone, format)
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  const { day, hour, minute, month, second, year } = parts as { readonly [part: string]: number }
  return { shown: Date.UTC(year!, month! - 1, day, hour, minute, second) }
}

const offset = (at: number, zone: string): number => wallOf(at, zone).shown - at

/** The first instants of another offset in a stretch of time, each with the offset before and after. */
export const transitions = (zone: string, from: number, to: number) => {
  const found: Array<{ readonly at: number; readonly before: number; readonly after: number }> = []
  const day = 86_400_000
  for (let at = from; at < to; at += day) {
    const [before, after] = [offset(at, zone), offset(at + day, zone)]
    if (before === after) continue
    let [low, high] = [at, at + day]
    while (high - low > 1000) {
      const middle = low + Math.floor((high - low) / 2000) * 1000
      if (offset(middle, zone) === before) low = middle
      else high = middle
    }
    found.push({ at: high, before, after })
  }
  return found
}

/**
 * The instants of a pattern of five fields, or six, around one transition. `both` is the rule for hours that go on; else an
 * instant whose time was shown before is left out. Of the times that the clock leaves out the first one counts, at the
 * instant that the offset before makes of it.
 */
export const instants = (
  pattern: string,
  transition: { readonly at: number; readonly before: number; readonly after: number },
  both: boolean,
  from: number,
  to: number
): ReadonlyArray<number> => {
  const texts = pattern.split(" ")
  if (texts.length === 5) texts.unshift("0")
  const [seconds, minutes, hours, days, months, weekdays] = [
    field(texts[0]!, 0, 59),
    field(texts[1]!, 0, 59),
    field(texts[2]!, 0, 23),
    field(texts[3]!, 1, 31),
    field(texts[4]!, 1, 12),
    field(texts[5]!, 0, 6)
  ]
  const matches = (shown: number) => {
    const wall = new Date(shown)
    if (!seconds.has(wall.getUTCSeconds()) || !minutes.has(wall.getUTCMinutes())) return false
    if (!hours.has(wall.getUTCHours()) || !months.has(wall.getUTCMonth() + 1)) return false
    const [day, weekday] = [days.has(wall.getUTCDate()), weekdays.has(wall.getUTCDay())]
    // as cron does it: two restricted fields are alternatives
    return texts[3] === "*" || texts[5] === "*" ? day && weekday : day || weekday
  }
  const { after, at, before } = transition
  const step = seconds.size === 1 && seconds.has(0) ? 60_000 : 1000
  const found = new Set<number>()
  for (let instant = from; instant < to; instant += step) {
    const shown = instant + (instant < at ? before : after)
    if (!matches(shown)) continue
    const isRepeated = instant >= at && shown - before < at
    if (both || !isRepeated) found.add(instant)
  }
  for (let shown = at + before; shown < at + after; shown += step) {
    if (!matches(shown)) continue
    found.add(shown - before)
    break
  }
  return [...found].filter((instant) => instant >= from && instant < to).sort((a, b) => a - b)
}
