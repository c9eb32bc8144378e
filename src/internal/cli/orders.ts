/**
 * What is ordered of runs: `cano cancel`, `pause`, `resume`, `retry`, `rerun`, `skip`, `end` and `signal`. An order is sent, and
 * its answer waited for a while. A command is a value, and holds nothing of a call.
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Host } from "../../cli.ts"
import type { Order, Sent } from "../../operator.ts"
import * as Operators from "../../operator.ts"
import { Operator } from "../../operator.ts"
import { schemas, toSent } from "../operator/schemas.ts"
import type { Code } from "./error.ts"
import { codes, misused, OperateError } from "./error.ts"
import * as given from "./given.ts"
import { agreed, json, using, widthOf } from "./runs.ts"
import * as texts from "./text.ts"

const sending = () => ({
  ...given.database,
  request: given.text("request", "id", "What the order is known by: the same one twice counts once"),
  wait: given.text("wait", "span", "How long its answer is waited for; 5s if it is left out")
})

interface Sending {
  readonly db: string
  readonly json: boolean
  readonly request: Option.Option<string>
  readonly wait: Option.Option<string>
}

const codeOf = (tag: Sent["_tag"]): Code => {
  switch (tag) {
    case "Done":
      return codes.done
    case "Kept":
      return codes.kept
    case "NoSuchRun":
      return codes.noSuchRun
    case "Failed":
      return codes.failed
    default:
      return codes.refused
  }
}

/** One order of one run. */
const one = (flags: Sending, runId: string, order: Order) =>
  using(
    flags,
    false,
    Effect.gen(function*() {
      const operator = yield* Operator
      const answer = yield* operator.send(runId, order, {
        requestId: Option.getOrUndefined(flags.request),
        within: yield* given.span("wait", flags.wait)
      })
      const code = codeOf(answer._tag)
      if (flags.json) yield* Effect.flatMap(json(schemas.answer)(answer), Console.log)
      else if (code === codes.done || code === codes.kept) yield* Console.log(texts.answer(answer))
      if (code !== codes.done) {
        const isSaid = flags.json || code === codes.kept
        return yield* new OperateError({ code, message: isSaid ? "" : texts.answer(answer) })
      }
    })
  )

const open = ["running", "waiting", "compensating", "stuck"] as const

const bulk = () => ({
  ...given.selection,
  yes: given.isOn("yes", "Do not ask, where it is ordered of many")
})

/** Of the run that is named, or of all that are selected. */
const some = (
  host: Host,
  flags: Sending & Parameters<typeof given.selected>[0] & {
    readonly run: Option.Option<string>
    readonly yes: boolean
  },
  order: Order
) =>
  Effect.gen(function*() {
    const named = yield* given.selected(flags)
    const isAll = given.isAll(named)
    // of one that has ended it would come too late
    const isForOpen = order._tag === "Cancel" || order._tag === "Pause" || order._tag === "Resume"
    const selection = isForOpen && named.status === undefined ? { ...named, status: open } : named
    if (Option.isSome(flags.run)) {
      return yield* isAll
        ? one(flags, flags.run.value, order)
        : misused("there is a run, and flags that select others; take one of them")
    }
    if (isAll) return yield* misused("which run? Name it, or select some: --workflow order --status waiting")
    const within = yield* given.span("wait", flags.wait)
    return yield* using(
      flags,
      false,
      Effect.gen(function*() {
        const operator = yield* Operator
        const { first, runs } = yield* operator.preview(selection)
        if (runs === 0) return yield* Console.error("there are none")
        if (!flags.yes) {
          yield* Console.error(
            texts.preview(first, runs, yield* Effect.clockWith((c) => c.currentTimeMillis), widthOf(host))
          )
        }
        yield* agreed(flags.yes, `order ${order._tag.toLowerCase()} of ${runs} ${runs === 1 ? "run" : "runs"}`)
        const requestId = Option.getOrElse(flags.request, Operators.requestId)
        const print = (sent: Sent) => flags.json ? json(schemas.sent)(toSent(sent)) : Effect.succeed(texts.sent(sent))
        const worst = yield* operator.sendAll(selection, order, { requestId, within }).pipe(
          Stream.tap((sent) => Effect.flatMap(print(sent), Console.log)),
          Stream.runFold((): Code => codes.done, (worst, { _tag }) => worse(worst, codeOf(_tag)))
        )
        if (worst !== codes.done) return yield* new OperateError({ code: worst, message: "" })
      })
    )
  })

const worse = (a: Code, b: Code): Code => {
  const order = [codes.done, codes.kept, codes.noSuchRun, codes.refused, codes.failed]
  return order.findLast((code) => code === a || code === b)!
}

const wanted = given.run.pipe(Argument.optional)

export const cancel = (host: Host) =>
  Command.make("cancel", {
    run: wanted,
    ...sending(),
    ...bulk(),
    keep: given.isOn("no-compensation", "Leave what it has done as it is")
  }, (flags) => some(host, flags, Operators.cancel({ compensate: !flags.keep }))).pipe(
    Command.withDescription("Ends a run as cancelled, after what it has done is undone; or all that are selected"),
    Command.withExamples([
      {
        command: "cano cancel order-17 --db runs.db --request ticket-9",
        description: "Once, however often it is sent"
      },
      {
        command: "cano cancel --db runs.db --workflow order --older 30d",
        description: "All that have waited for so long; it shows them, and asks"
      }
    ])
  )

export const pause = (host: Host) =>
  Command.make("pause", {
    run: wanted,
    ...sending(),
    ...bulk(),
    note: given.text("note", "text", "Why, for who looks at it")
  }, (flags) => some(host, flags, Operators.pause(Option.getOrUndefined(flags.note)))).pipe(
    Command.withDescription("Holds a run before the next state that it would enter"),
    Command.withExamples([
      { command: "cano pause order-17 --db runs.db --note \"ask Eva\"", description: "Until it is resumed" }
    ])
  )

export const resume = (host: Host) =>
  Command.make("resume", { run: wanted, ...sending(), ...bulk() }, (flags) => some(host, flags, Operators.resume)).pipe(
    Command.withDescription("Lets a run go on that was paused"),
    Command.withExamples([{ command: "cano resume order-17 --db runs.db", description: "Where it was held" }])
  )

export const retry = (host: Host) =>
  Command.make("retry", {
    run: wanted,
    ...sending(),
    ...bulk(),
    all: given.isOn("all-branches", "Also those branches that have succeeded")
  }, (flags) => some(host, flags, Operators.retry({ branches: flags.all ? "all" : "failed" }))).pipe(
    Command.withDescription("Lets a run go on from where it has failed, was cancelled or is stuck"),
    Command.withExamples([
      { command: "cano retry order-17 --db runs.db", description: "With the branches that have not succeeded" },
      { command: "cano retry --db runs.db --status stuck --yes", description: "All that are stuck" }
    ])
  )

export const end = (host: Host) =>
  Command.make("end", { run: wanted, ...sending(), ...bulk() }, (flags) => some(host, flags, Operators.end)).pipe(
    Command.withDescription("Lets a run that is stuck end as it is"),
    Command.withExamples([{ command: "cano end order-17 --db runs.db", description: "With the failure that it has" }])
  )

export const rerun = () =>
  Command.make(
    "rerun",
    {
      run: given.run,
      state: Argument.String("state").pipe(Argument.withDescription("The state, as JSON")),
      ...sending()
    },
    (flags) =>
      Effect.flatMap(given.json("state", flags.state), (state) => one(flags, flags.run, Operators.rerun(state)))
  )
    .pipe(
      Command.withDescription("Lets a run that has ended, or is stuck, enter a state"),
      Command.withExamples([
        { command: `cano rerun order-17 '"Ask"' --db runs.db`, description: "A state without data is a text" },
        { command: `cano rerun order-17 '{"_tag":"Buy","price":7}' --db runs.db`, description: "And one with data" }
      ])
    )

export const skip = () =>
  Command.make("skip", {
    run: given.run,
    ...sending(),
    branch: given.text("branch", "name", "The branch that is settled with --value"),
    value: given.text("value", "json", "What the branch is to have given"),
    to: given.text("to", "json", "The state that is entered in the place of what the run does now"),
    step: given.text("step", "key", "The step whose compensation was done by hand")
  }, (flags) =>
    Effect.gen(function*() {
      const ways = [flags.branch, flags.to, flags.step].filter(Option.isSome).length
      if (ways !== 1 || Option.isSome(flags.branch) !== Option.isSome(flags.value)) {
        return yield* misused("what is skipped? --branch bob --value 7, --to '\"Done\"', or --step /2/Pay")
      }
      const order = Option.isSome(flags.step)
        ? Operators.skipStep(flags.step.value)
        : Option.isSome(flags.to)
        ? Operators.skipTo(yield* given.json("--to", flags.to.value))
        : Operators.skipBranch(
          Option.getOrThrow(flags.branch),
          yield* given.json("--value", Option.getOrThrow(flags.value))
        )
      yield* one(flags, flags.run, order)
    })).pipe(
      Command.withDescription("Puts something in the place of what a run does: a value, a state, or work by hand"),
      Command.withExamples([
        { command: "cano skip order-17 --branch bob --value 7 --db runs.db", description: "As if bob had answered" },
        { command: `cano skip order-17 --to '"Done"' --db runs.db`, description: "To another state" },
        { command: "cano skip order-17 --step /2/Pay --db runs.db", description: "It was undone by hand" }
      ])
    )

export const signal = () =>
  Command.make("signal", {
    run: given.run,
    name: Argument.String("name").pipe(Argument.withDescription("The name of the signal")),
    value: Argument.String("value").pipe(
      Argument.withDescription("Its value, as JSON; null if it is left out"),
      Argument.withDefault("null")
    ),
    ...sending(),
    key: given.text("key", "key", "The key that a wait may ask for")
  }, (flags) =>
    Effect.flatMap(
      given.json("value", flags.value),
      (value) => one(flags, flags.run, Operators.signal(flags.name, value, { key: Option.getOrUndefined(flags.key) }))
    )).pipe(
      Command.withDescription("Sends a signal, which is kept until the run takes it"),
      Command.withExamples([
        { command: "cano signal order-17 approval true --db runs.db", description: "With a value" },
        {
          command: `cano signal order-17 offer '{"price":7}' --key ada --request mail-1 --db runs.db`,
          description: "For who waits for its key, and once"
        }
      ])
    )
