/** The options of a client, checked and in one form. They live as long as the client that was made with them. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as SqlError from "effect/sql/SqlError"
import type { Config } from "../../sqlite.ts"
import * as describe from "../check/describe.ts"
import * as durations from "../check/durations.ts"

export interface Settings {
  readonly filename: string
  readonly readonly: boolean
  readonly wal: boolean
  readonly synchronous: NonNullable<Config["synchronous"]>
  /** Milliseconds. */
  readonly busyTimeout: number
  readonly prepareCacheSize: number
  readonly spanAttributes: ReadonlyArray<readonly [string, unknown]>
  readonly transformResultNames: ((name: string) => string) | undefined
  readonly transformQueryNames: ((name: string) => string) | undefined
}

/** The settings, or all that is wrong with the options in one error. */
export const parse = (config: Config): Effect.Effect<Settings, SqlError.SqlError> =>
  Effect.suspend(() => {
    // whoever writes no TypeScript may give anything
    const given: unknown = config
    if (!Predicate.isObject(given)) {
      return refuse([describe.misfit("the config", given, "an object such as { filename: \"orders.db\" }")])
    }
    const wrong = issues(given)
    if (wrong.length > 0) return refuse(wrong)
    return Effect.succeed({
      filename: config.filename,
      readonly: config.readonly ?? false,
      wal: config.disableWAL !== true,
      synchronous: config.synchronous ?? "full",
      busyTimeout: Duration.toMillis(durations.sound(config.busyTimeout ?? 5000)!),
      prepareCacheSize: config.prepareCacheSize ?? 200,
      spanAttributes: Object.entries(config.spanAttributes ?? {}),
      transformResultNames: config.transformResultNames,
      transformQueryNames: config.transformQueryNames
    })
  })

const refuse = (issues: ReadonlyArray<string>): Effect.Effect<never, SqlError.SqlError> =>
  Effect.fail(
    new SqlError.SqlError({
      reason: new SqlError.UnknownError({
        cause: issues,
        operation: "config",
        message: `the SQLite client is misconfigured: ${issues.join("; ")}`
      })
    })
  )

const issues = (given: { readonly [option: string]: unknown }): ReadonlyArray<string> => {
  const found = Object.keys(given).filter((name) => !Object.hasOwn(options, name)).map((name) =>
    `it has no option ${describe.show(name)}; there are ${Object.keys(options).join(", ")}`
  )
  for (const [name, option] of Object.entries(options)) {
    const value = given[name]
    if (value === undefined && name !== "filename") continue
    const issue = option(value, name)
    if (issue !== undefined) found.push(issue)
  }
  return found
}

type Rule = (value: unknown, name: string) => string | undefined

const be = (is: (value: unknown) => boolean, expected: string): Rule => (value, name) =>
  is(value) ? undefined : describe.misfit(name, value, expected)

const flag = be(Predicate.isBoolean, "true or false")
const names = be(Predicate.isFunction, "a function of a name to a name")
const synchronous: ReadonlyArray<unknown> = ["off", "normal", "full", "extra"] satisfies Array<Config["synchronous"]>

const options: { readonly [option in keyof Config]-?: Rule } = {
  filename: be(
    (value) => Predicate.isString(value) && value.trim() !== "" && !value.includes("\0"),
    "the path of a file, or \":memory:\""
  ),
  readonly: flag,
  disableWAL: flag,
  synchronous: be((value) => synchronous.includes(value), "\"off\", \"normal\", \"full\" or \"extra\""),
  busyTimeout: (value, name) =>
    durations.wrong(value, name) ??
      (Number.isFinite(Duration.toMillis(durations.sound(value)!)) ? undefined : `${name} must be finite`),
  prepareCacheSize: be((value) => Number.isSafeInteger(value) && Number(value) >= 0, "a whole number from 0 on"),
  spanAttributes: be(Predicate.isObject, "a record of attributes"),
  transformResultNames: names,
  transformQueryNames: names
}
