/**
 * Options that are true or false, and options that there are not: a `"no"` would be true, and a name that is written wrong
 * would change nothing. What is wrong with them, in sentences.
 */
import { misfit, show } from "./describe.ts"

export const wrong = (u: unknown, name: string): string | undefined =>
  u === undefined || typeof u === "boolean" ? undefined : misfit(name, u, "true or false, or be left out")

/** The names that none of the options has. */
export const unknown = (given: object, known: ReadonlyArray<string>): ReadonlyArray<string> =>
  Object.keys(given).filter((name) => !known.includes(name)).map((name) =>
    `there is no option ${show(name)}; there are ${known.join(", ")}`
  )
