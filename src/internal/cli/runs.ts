/**
 * `cano runs`, `show`, `why`, `history` and `purge`: what is seen of runs, and how they are forgotten. A command is a value, and
 * holds nothing of a call.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Prompt from "effect/cli/Prompt"
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Host } from "../../cli.ts"
import type { JournalError } from "../../journal.ts"
import { Operator } from "../../operator.ts"
import { schemas } from "../operator/schemas.ts"
import * as databases from "./database.ts"
import type { OperateError } from "./error.ts"
import { codes, failed, misused, OperateError as Failure } from "./error.ts"
import * as given from "./given.ts"
import * as texts from "./text.ts"

/** A command with a database, which fails with sentences. */
export const using = <A, R>(
  { db }: { readonly db: string },
  isReadonly: boolean,
  effect: Effect.Effect<A, OperateError | JournalError, Operator | R>
) =>
  Effect.provide(
    Effect.catchTag(effect, "JournalError", ({ message }) => Effect.fail(failed(message))),
    databases.operator(db, isReadonly)
  )

/** As one document, of the same fields whatever there is. */
export const json = <S extends Schema.Codec<any, any>>(schema: S) => {
  const encode = Schema.encodeUnknownEffect(Schema.toCodecJson(schema))
  return (value: S["Type"]): Effect.Effect<string> =>
    Effect.map(Effect.orDie(encode(value)), (json) => JSON.stringify(json))
}

const said = (lines: ReadonlyArray<string>): Effect.Effect<void> =>
  Effect.forEach(lines, (line) => Console.log(line), { discard: true })

const upTo = <A, E>(stream: Stream.Stream<A, E>, limit: Option.Option<number>): Stream.Stream<A, E> =>
  Option.isSome(limit) ? Stream.take(stream, limit.value) : stream

const usual = 80

export const widthOf = ({ columns }: Host): number => columns ?? usual

export const noSuchRun = (runId: string) => new Failure({ code: codes.noSuchRun, message: `there is no run ${runId}` })

export const list = (host: Host) =>
  Command.make("runs", {
    ...given.database,
    ...given.selection,
    after: given.text("after", "run", "Those behind this one, in the order of their ids"),
    limit: Flag.Int("limit").pipe(
      Flag.withDescription("How many are listed: 50 if it is left out, and all as JSON"),
      Flag.optional
    ),
    count: given.isOn("count", "How many there are, by workflow and status")
  }, (flags) =>
    using(
      flags,
      true,
      Effect.gen(function*() {
        const operator = yield* Operator
        const selection = yield* given.selected(flags)
        if (flags.count) {
          const counts = yield* operator.count(selection)
          if (flags.json) {
            return yield* Effect.forEach(counts, (one) => Effect.flatMap(json(schemas.count)(one), Console.log))
          }
          return yield* counts.length === 0
            ? Console.error("there are none")
            : said(texts.counts(counts, widthOf(host)))
        }
        const wanted = operator.list({ ...selection, after: Option.getOrUndefined(flags.after) })
        if (flags.json) {
          return yield* Stream.runForEach(
            upTo(wanted, flags.limit),
            (head) => Effect.flatMap(json(schemas.head)(head), Console.log)
          )
        }
        const limit = Option.getOrElse(flags.limit, () => 50)
        const found = yield* Stream.runCollect(Stream.take(wanted, limit + 1))
        const heads = found.slice(0, limit)
        if (heads.length === 0) return yield* Console.error("there are none")
        yield* said(texts.runs(heads, yield* Clock.currentTimeMillis, widthOf(host)))
        if (found.length > heads.length) {
          yield* Console.error(`there are more: --limit ${2 * limit}, or --after ${heads.at(-1)!.runId}`)
        }
      })
    )).pipe(
      Command.withDescription("Lists runs, in the order of their ids"),
      Command.withExamples([
        { command: "cano runs --db runs.db --status stuck", description: "Those that wait for an operator" },
        { command: "cano runs --db runs.db --workflow order --older 3d", description: "Old ones of a workflow" },
        { command: "cano runs --db postgres://localhost/app --count", description: "How many of each there are" },
        { command: "cano runs --db runs.db --outcome failed --json", description: "One JSON document a line" }
      ])
    )

export const show = (host: Host) =>
  Command.make("show", {
    run: given.run,
    ...given.database,
    visits: Flag.Int("visits").pipe(Flag.withDescription("How many visits of its path are shown"), Flag.withDefault(20))
  }, (flags) =>
    using(
      flags,
      true,
      Effect.gen(function*() {
        const operator = yield* Operator
        const shown = yield* operator.show(flags.run, { visits: flags.visits })
        if (Option.isNone(shown)) return yield* noSuchRun(flags.run)
        if (flags.json) return yield* Effect.flatMap(json(schemas.shown)(shown.value), Console.log)
        yield* said(texts.show(shown.value, widthOf(host)))
      })
    )).pipe(
      Command.withDescription("Shows one run: its path, what its visit has come to, and why it waits"),
      Command.withExamples([
        { command: "cano show order-17 --db runs.db", description: "All of it, within bounds" },
        { command: "cano show order-17 --db runs.db --json", description: "As one JSON document" }
      ])
    )

export const why = (host: Host) =>
  Command.make("why", { run: given.run, ...given.database }, (flags) =>
    using(
      flags,
      true,
      Effect.gen(function*() {
        const operator = yield* Operator
        const why = yield* operator.why(flags.run)
        if (Option.isNone(why)) return yield* noSuchRun(flags.run)
        if (flags.json) return yield* Effect.flatMap(json(schemas.why)(why.value), Console.log)
        yield* said(texts.wrapped(texts.flat(why.value.sentence), widthOf(host)))
      })
    )).pipe(
      Command.withDescription("Says why a run waits, and what would wake it"),
      Command.withExamples([{ command: "cano why order-17 --db runs.db", description: "In a sentence" }])
    )

export const history = (host: Host) =>
  Command.make("history", {
    run: given.run,
    ...given.database,
    from: Flag.Int("from").pipe(Flag.withDescription("The place of the first row"), Flag.withDefault(0)),
    limit: Flag.Int("limit").pipe(
      Flag.withDescription("How many rows are listed: 200 if it is left out, and all as JSON"),
      Flag.optional
    )
  }, (flags) =>
    using(
      flags,
      true,
      Effect.gen(function*() {
        const operator = yield* Operator
        const rows = operator.history(flags.run, { from: flags.from })
        if (flags.json) {
          return yield* Stream.runForEach(
            upTo(rows, flags.limit),
            (row) => Effect.flatMap(json(schemas.row)(row), Console.log)
          )
        }
        const found = yield* Stream.runCollect(Stream.take(rows, Option.getOrElse(flags.limit, () => 200)))
        if (found.length === 0 && Option.isNone(yield* operator.why(flags.run))) return yield* noSuchRun(flags.run)
        yield* said(texts.rows(found, widthOf(host)))
      })
    )).pipe(
      Command.withDescription("Lists what was written of a run"),
      Command.withExamples([
        { command: "cano history order-17 --db runs.db --from 100", description: "From row 100 on" }
      ])
    )

export const purge = () =>
  Command.make("purge", {
    ...given.database,
    older: Flag.String("older").pipe(
      Flag.withMetavar("age"),
      Flag.withDescription("Those that have ended longer ago, or before a date: 30d, 2026-01-31")
    ),
    workflow: given.selection.workflow,
    outcome: given.selection.outcome,
    dryRun: given.isOn("dry-run", "Only tell what would be forgotten"),
    yes: given.isOn("yes", "Do not ask")
  }, (flags) =>
    using(
      flags,
      flags.dryRun,
      Effect.gen(function*() {
        const operator = yield* Operator
        const endedBefore = (yield* given.instant("older", Option.some(flags.older)))!
        const { outcome, workflow } = yield* given.selected({ ...none, ...flags, older: Option.none() })
        const which = { endedBefore, workflow, outcome }
        const preview = yield* sum(operator.purge({ ...which, isPreview: true }))
        if (flags.dryRun) return yield* told(flags.json, "would be forgotten", preview)
        if (preview.runs === 0) return yield* told(flags.json, "forgotten", preview)
        yield* agreed(flags.yes, `forget ${counted(preview)} for good`)
        yield* told(flags.json, "forgotten", yield* sum(operator.purge(which)))
      })
    )).pipe(
      Command.withDescription("Forgets runs that have ended, with their rows and letters, unless other runs need them"),
      Command.withExamples([
        { command: "cano purge --db runs.db --older 30d --dry-run", description: "What would be forgotten" },
        { command: "cano purge --db runs.db --older 30d --outcome succeeded --yes", description: "Without being asked" }
      ])
    )

const none = { status: [], state: [], parent: Option.none<string>(), newer: Option.none<string>() }

interface Sum {
  readonly runs: number
  readonly rows: number
  readonly letters: number
}

const sum = <E>(purged: Stream.Stream<Omit<Sum, "runs">, E>): Effect.Effect<Sum, E> =>
  Stream.runFold(purged, (): Sum => ({ runs: 0, rows: 0, letters: 0 }), (all, { letters, rows }) => ({
    runs: all.runs + 1,
    rows: all.rows + rows,
    letters: all.letters + letters
  }))

const counted = ({ letters, rows, runs }: Sum): string =>
  `${runs} ${runs === 1 ? "run" : "runs"}, with ${rows} ${rows === 1 ? "row" : "rows"} and ${letters} ${
    letters === 1 ? "letter" : "letters"
  }`

const told = (isJson: boolean, what: string, sum: Sum): Effect.Effect<void> =>
  Console.log(isJson ? JSON.stringify(sum) : `${what}: ${counted(sum)}`)

/** Whoever calls wants it: by a flag, or when he is asked. */
export const agreed = Effect.fnUntraced(function*(yes: boolean, what: string) {
  if (yes) return
  const { canPrompt } = yield* TerminalCapabilities.TerminalCapabilities
  if (!canPrompt) return yield* misused(`it would ${what}: --yes says that it may`)
  const isWanted = yield* Effect.catch(
    Prompt.run(Prompt.Confirm({ message: `${what[0]!.toUpperCase()}${what.slice(1)}?` })),
    () => Effect.succeed(false)
  )
  if (!isWanted) return yield* failed("nothing was done")
})
