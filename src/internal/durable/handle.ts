/**
 * The handle of a durable run, wherever it is driven: what is asked of it is sent to its inbox, and what it shows is read from
 * the journal, or known here if it is driven here. It keeps nothing.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { Head, JournalError, Sent } from "../../journal.ts"
import type { RunHandle, RunInfo, SendOptions } from "../../Runs.ts"
import type { AnySignal, Delivery } from "../../Signal.ts"
import type { SignalError } from "../../Signal.ts"
import { misfit } from "../check/describe.ts"
import * as inMemory from "../runs/handle.ts"
import type { SignalImpl } from "../signal/signal.ts"
import { tooMany } from "./error.ts"
import type { Runner } from "./runner.ts"
import * as size from "./size.ts"
import * as text from "./text.ts"

export const of = (runner: Runner, head: Head): RunHandle<unknown, unknown> => {
  const { runId, workflow } = head
  const steer = (kind: "cancel" | "pause" | "resume", data: object): Effect.Effect<Sent> =>
    Effect.tap(
      Effect.orDie(
        runner.ask(
          "send",
          runner.journal.send(runId, {
            kind,
            name: "",
            key: undefined,
            id: undefined,
            data: Result.getOrThrow(text.stringify(data))
          }),
          runId
        )
      ),
      (sent) => runner.wake(runId, sent)
    )
  const awaited = Effect.suspend(() => runner.ends.awaitedBy(workflow, runId))
  return {
    runId,
    workflow,
    await: awaited,
    info: Effect.suspend(() => {
      const own = runner.inboxOf(runId)
      if (own === undefined) return shown(runner, runId, workflow)
      const info = inMemory.info(own)
      return Effect.succeed(info.status === "waiting" ? { ...info, wakeAt: own.wakesAt } : info)
    }),
    signal: (signal, value, options) =>
      Effect.flatMap(
        sent(runner, runId, signal, value, options),
        (sent): Effect.Effect<Delivery> =>
          sent._tag === "Duplicate"
            ? Effect.succeed("duplicate")
            : Effect.map(
              runner.wake(runId, sent),
              () => runner.inboxOf(runId)?.isTaken(sent.seq) === true ? "taken" : "kept"
            )
      ),
    ask: (signal, value, options) =>
      Effect.flatMap(
        sent(runner, runId, signal, value, options),
        (sent) => Effect.andThen(runner.wake(runId, sent), answer(runner, runId, signal, sent.seq))
      ) as never,
    rollbackPlan: Effect.sync(() => runner.inboxOf(runId)?.run?.saga?.plan() ?? []),
    cancel: (options) => Effect.andThen(steer("cancel", { compensate: options?.compensate !== false }), awaited),
    cancelBranch: (name) =>
      Effect.andThen(
        Effect.yieldNow,
        Effect.flatMap(
          runner.awake(runId),
          (own) => own === undefined ? Effect.succeed(false) : inMemory.cancelBranch(own, name)
        )
      ),
    settle: (key) => Effect.map(runner.awake(runId), (own) => own !== undefined && inMemory.settle(own, key)),
    pause: (note) => Effect.map(steer("pause", { note }), ({ _tag }) => _tag === "Kept"),
    resume: Effect.map(steer("resume", {}), ({ _tag }) => _tag === "Kept")
  }
}

/** A run that is driven elsewhere, or by nobody: as the journal knows it. */
const shown = (runner: Runner, runId: string, workflow: string): Effect.Effect<RunInfo> =>
  Effect.gen(function*() {
    const head = yield* runner.ask("show", runner.journal.show(runId), runId)
    const letters = yield* runner.ask("letters", runner.journal.letters(runId), runId)
    const pause = letters.findLast(({ kind }) => kind === "pause" || kind === "resume")
    const isPaused = pause?.kind === "pause"
    const parsed = isPaused ? text.parse(pause.data) : undefined
    const note: unknown =
      parsed !== undefined && Result.isSuccess(parsed) && Predicate.hasProperty(parsed.success, "note")
        ? parsed.success.note
        : undefined
    return {
      runId,
      workflow,
      status: head === undefined || head.status === "ended" ? "ended" : isPaused ? "paused" : head.status,
      at: head && { state: head.state, visit: head.visit, since: head.enteredAt },
      branches: [],
      waits: [],
      wakeAt: head?.wakeAt,
      signals: letters.filter(({ kind }) => kind === "signal").map(({ at, id, key, name }) => ({
        signal: name,
        key,
        id,
        since: at
      })),
      paused: isPaused ? { since: pause.at, note: Predicate.isString(note) ? note : undefined } : undefined
    } as const
  }).pipe(Effect.orDie)

const sent = (
  runner: Runner,
  runId: string,
  signal: AnySignal,
  value: unknown,
  options: SendOptions | undefined
): Effect.Effect<Extract<Sent, { readonly seq: number }>, SignalError> =>
  Effect.suspend(() => {
    const fault = inMemory.faultOf(signal, value, options) ?? brokenOf(options)
    if (fault !== undefined) return inMemory.refused(runId, signal, "InvalidValue", fault)
    const own = signal as unknown as SignalImpl
    const data = Result.flatMap(text.codec(own.schema).encode(value), text.stringify)
    if (Result.isFailure(data)) return inMemory.refused(runId, signal, "InvalidValue", data.failure)
    const { maxPayload } = runner.settings
    const large = size.over(data.success, maxPayload)
    if (large !== undefined) return inMemory.refused(runId, signal, "TooLarge", `it ${tooMany(large, maxPayload)}`)
    const letter = {
      kind: "signal",
      name: own.name,
      key: options?.key,
      id: options?.id,
      data: data.success,
      capacity: own.capacity
    } as const
    return Effect.flatMap(
      Effect.orDie(runner.ask("send", runner.journal.send(runId, letter), runId)),
      (sent) => {
        switch (sent._tag) {
          case "Full":
            return inMemory.refused(runId, signal, "Full", `${own.capacity} wait already`)
          case "Ended":
            return inMemory.refused(runId, signal, "Ended")
          case "NoSuchRun":
            return inMemory.refused(runId, signal, "NoSuchRun")
          default:
            return Effect.succeed(sent)
        }
      }
    )
  })

/** What is answered to who asks, when what has taken the letter is written. */
const answer = (runner: Runner, runId: string, signal: AnySignal, seq: number): Effect.Effect<unknown, SignalError> => {
  const own = signal as unknown as SignalImpl
  let createdAt: number | undefined
  const look: Effect.Effect<Exit.Exit<unknown, SignalError> | undefined, JournalError> = Effect.gen(function*() {
    // the run first: of one that has ended the letter is what it is then
    const head = yield* runner.ask("show", runner.journal.show(runId), runId)
    const letter = yield* runner.ask("letter", runner.journal.letter(runId, seq), runId)
    // the letters of another run of its id are others
    if (head === undefined || head.createdAt !== (createdAt ??= head.createdAt)) {
      return inMemory.refused(runId, signal, "NoSuchRun")
    }
    if (letter?.isTaken !== true) {
      return head.status === "ended" ? inMemory.refused(runId, signal, "Ended") : undefined
    }
    if (letter.answer === undefined) return inMemory.refused(runId, signal, "NoReply")
    const parsed = text.parse(letter.answer)
    if (Result.isSuccess(parsed) && Predicate.hasProperty(parsed.success, "refused")) {
      return inMemory.refused(runId, signal, "InvalidValue", String(parsed.success.refused))
    }
    if (own.reply === undefined) return Exit.void
    const read = Result.flatMap(
      parsed,
      (json) => text.codec(own.reply!).decode(Predicate.hasProperty(json, "value") ? json.value : undefined)
    )
    return Result.isSuccess(read)
      ? Exit.succeed(read.success)
      : inMemory.refused(runId, signal, "NoReply", read.failure)
  })
  const loop: Effect.Effect<unknown, SignalError> = Effect.flatMap(
    Effect.exit(look),
    (exit) => {
      const found = Exit.isSuccess(exit) ? exit.value : undefined
      return found ?? Effect.flatMap(runner.ends.change(runId), () => loop)
    }
  )
  return loop
}

/** Texts are kept as they are given. */
const brokenOf = (options: SendOptions | undefined): string | undefined =>
  (["id", "key"] as const).flatMap((option) => {
    const given = options?.[option]
    return given === undefined || text.isWhole(given)
      ? []
      : [misfit(option, given, "a text of whole characters and without NUL")]
  })[0]
