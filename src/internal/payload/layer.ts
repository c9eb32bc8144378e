/** The Layer of codecs around a journal: what was given is made and looked at once, when it is built. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { Service } from "../../journal.ts"
import { Journal } from "../../journal.ts"
import type { Codec } from "../../payload.ts"
import { aCount, isCount } from "../check/counts.ts"
import { misfit, show } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import * as flags from "../check/flags.ts"
import { Chain } from "./codec.ts"
import * as form from "./form.ts"
import * as store from "./store.ts"

type Given = ReadonlyArray<Codec | Effect.Effect<Codec, unknown, unknown>>

interface Options {
  readonly reads?: Given | undefined
  readonly patience?: Duration.Input | undefined
  readonly concurrency?: number | undefined
}

export const make = (codecs: Given, options: Options = {}): Effect.Effect<Service, unknown, Journal> =>
  Effect.gen(function*() {
    const journal = yield* Journal
    const wrong = ofOptions(options)
    if (wrong.length > 0) return yield* Effect.die(new TypeError(`the codecs of payloads: ${wrong.join("; ")}`))
    const writing = yield* made(codecs)
    const reading = yield* made(options.reads ?? [])
    const faults = ofNames([...writing, ...reading])
    if (faults.length > 0) return yield* Effect.die(new TypeError(`the codecs of payloads: ${faults.join("; ")}`))
    return store.make(journal, new Chain(writing, reading), {
      patience: durations.sound(options.patience) ?? Duration.seconds(2),
      concurrency: options.concurrency ?? 16
    })
  }) as Effect.Effect<Service, unknown, Journal>

const made = (given: Given) => Effect.forEach(given, (one) => Effect.isEffect(one) ? one : Effect.succeed(one))

const ofOptions = (options: Options): ReadonlyArray<string> => {
  const { concurrency, patience } = options
  const isSound = concurrency === undefined || isCount(concurrency)
  return [
    ...(isSound ? [] : [misfit("concurrency", concurrency, aCount)]),
    ...[patience].flatMap((given) => given === undefined ? [] : durations.wrong(given, "patience") ?? []),
    ...flags.unknown(options, ["reads", "patience", "concurrency"])
  ]
}

const ofNames = (codecs: ReadonlyArray<Codec>): ReadonlyArray<string> =>
  codecs.flatMap((codec, i) => {
    const name: unknown = Predicate.isObject(codec) ? codec.name : codec
    if (!form.isName(name)) return [misfit("the name of a codec", name, "letters, digits, _, . and -")]
    return codecs.findIndex((other) => other.name === name) === i
      ? []
      : [`there are two codecs of the name ${show(name)}`]
  })
