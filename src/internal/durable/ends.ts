/**
 * Who waits in this process for the ends of durable runs, whoever drives them: told where a run is driven here, and looking at
 * the journal otherwise. It lives as long as the runner.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import type { Head } from "../../journal.ts"
import { clip } from "../check/describe.ts"
import { later } from "../fibers/dispatcher.ts"
import { JournalError } from "../journal/error.ts"
import type { Reader } from "./codecs.ts"
import { untyped } from "./codecs.ts"
import type { Desk } from "./desk.ts"
import { exitOf } from "./driver.ts"
import type { VersionMismatchError } from "./error.ts"
import { RestoreError } from "./error.ts"
import type { Service as Settings } from "./settings.ts"

/** How a run has ended, or why it can't be seen here. */
export type End = Exit.Exit<unknown, unknown>

/** Why a run can't be driven here. */
export type Refusal = RestoreError | VersionMismatchError

/** Whose runs are waited for. */
interface Driver extends Desk {
  readonly settings: Settings
  readonly isDriven: (runId: string) => boolean
  readonly refusalOf: (runId: string) => Refusal | undefined
}

/** Since when nobody has driven a run that somebody waits for, whether that has been told, and when that run was made. */
interface Nobody {
  since: number | undefined
  isTold: boolean
  createdAt: number | undefined
}

export class Ends {
  readonly #of: Driver
  readonly #clock: Clock.Clock
  readonly #known = new Map<string, Reader>()
  readonly #ends = new Map<string, Set<(end: End, createdAt: number | undefined) => void>>()
  readonly #changes = new Map<string, Set<() => void>>()
  constructor(driver: Driver, clock: Clock.Clock) {
    this.#of = driver
    this.#clock = clock
  }

  /** How the runs of a workflow are read, also where they are not driven here. */
  know(name: string, codecs: Reader): void {
    this.#known.set(name, codecs)
  }

  /** The end of the run that was made at an instant. */
  tell(runId: string, end: End, createdAt?: number): void {
    const waiting = this.#ends.get(runId)
    this.#ends.delete(runId)
    for (const tell of waiting ?? []) tell(end, createdAt)
    this.changed(runId)
  }

  /** How a run has ended by the journal; fails with what it has failed with only as a success. */
  endOf(codecs: Reader, head: Head): Effect.Effect<End> {
    const { n, runId, version } = head
    return Effect.match(this.#of.ask("rows", this.#of.journal.rows(runId, n, 1), runId), {
      onFailure: (error): End => Exit.fail(error),
      onSuccess: ([row]): End =>
        row?.kind === "exit"
          ? exitOf(codecs, runId, version, row.data)
          : Exit.fail(new RestoreError({ runId, rule: "row", detail: "it has ended, and its last row is no end" }))
    })
  }

  /** The same of a run that is known by its id alone: where its definition is not known here, it ends with a sentence. */
  awaitedBy(workflow: string, runId: string): Effect.Effect<End> {
    return Effect.suspend(() => {
      const codecs = this.#known.get(workflow)
      return codecs !== undefined ? this.awaited(codecs, runId) : Effect.map(this.awaited(untyped, runId), (end) => {
        // how it was cancelled, or what the engine has said, can be read by anybody
        if (Exit.isFailure(end) && !isUnread(end)) return end
        const detail = `it has ended, and how can't be read here: workflow "${
          clip(workflow)
        }" is not known; wait by \`await\` of its definition`
        return Exit.fail(new RestoreError({ runId, rule: "workflow", detail }))
      })
    })
  }

  /** Waits for the end of a run, whoever drives it. */
  awaited(codecs: Reader, runId: string): Effect.Effect<End> {
    return Effect.suspend(() => this.#awaited(codecs, runId, { since: undefined, isTold: false, createdAt: undefined }))
  }

  #awaited(codecs: Reader, runId: string, nobody: Nobody): Effect.Effect<End> {
    const look: Effect.Effect<End | undefined> = Effect.suspend(() => {
      return Effect.matchEffect(this.#of.ask("show", this.#of.journal.show(runId), runId), {
        // it is asked again: the run goes on, or will
        onFailure: (error) => Effect.succeed(mayPass(error) ? undefined : Exit.fail(error)),
        onSuccess: (head): Effect.Effect<End | undefined> => {
          const { createdAt } = nobody
          if (createdAt !== undefined && head?.createdAt !== createdAt) return Effect.succeed(forgotten(runId))
          nobody.createdAt = head?.createdAt
          // what was refused here may have ended elsewhere
          if (head?.status === "ended") return this.endOf(codecs, head)
          const refused = this.#of.refusalOf(runId)
          // or somebody else drives it
          return refused === undefined || head?.owner !== undefined
            ? Effect.as(this.#miss(head, nobody), undefined)
            : Effect.succeed(Exit.fail(refused))
        }
      })
    })
    const loop: Effect.Effect<End> = Effect.flatMap(
      Effect.raceFirst(
        this.#told(runId, nobody),
        Effect.as(Effect.suspend(() => Effect.sleep(this.#pauseOf(nobody))), undefined)
      ),
      (told) =>
        told !== undefined
          ? Effect.succeed(told)
          : this.#of.isDriven(runId)
          ? loop
          : Effect.flatMap(look, (end) => end === undefined || isPassing(end) ? loop : Effect.succeed(end))
    )
    return Effect.flatMap(look, (end) => end === undefined || isPassing(end) ? loop : Effect.succeed(end))
  }

  /** How long who waits for a run does not look: not so long that nobody is told that nobody drives it. */
  #pauseOf({ isTold }: Nobody): Duration.Duration {
    const { patience, poll } = this.#of.settings
    return isTold ? poll : Duration.min(poll, Duration.sum(patience, patience))
  }

  /** Tells the log, once, of a run that somebody waits for and nobody drives. */
  #miss(head: Head | undefined, nobody: Nobody): Effect.Effect<void> {
    const { status } = head ?? {}
    if (head === undefined || head.owner !== undefined || status === "waiting" || status === "stuck" || nobody.isTold) {
      nobody.since = undefined
      return Effect.void
    }
    const now = this.#clock.currentTimeMillisUnsafe()
    nobody.since ??= now
    if (now - nobody.since < 2 * Duration.toMillis(this.#of.settings.patience)) return Effect.void
    nobody.isTold = true
    const { runId, workflow } = head
    return Effect.logWarning(
      `run "${clip(runId)}" is waited for, and nobody drives it: some process must have the layer of workflow "${
        clip(workflow)
      }"`
    )
  }

  #told(runId: string, nobody: Nobody): Effect.Effect<End> {
    return Effect.callback((resume) => {
      const fiber = Fiber.getCurrent()!
      const tell = (end: End, of: number | undefined) => {
        const { createdAt } = nobody
        const isOther = createdAt !== undefined && of !== undefined && of !== createdAt
        later(fiber, () => resume(Effect.succeed(isOther ? forgotten(runId) : end)))
      }
      const set = setIn(this.#ends, runId)
      set.add(tell)
      return Effect.sync(() => leave(this.#ends, runId, set, tell))
    })
  }

  /** Something has become of a run that somebody here may wait for. */
  changed(runId: string): void {
    const waiting = this.#changes.get(runId)
    this.#changes.delete(runId)
    for (const tell of waiting ?? []) tell()
  }

  /** Until something has become of a run, or it is time to look. */
  change(runId: string): Effect.Effect<void> {
    const told = Effect.callback<void>((resume) => {
      const fiber = Fiber.getCurrent()!
      const tell = () => later(fiber, () => resume(Exit.void))
      const set = setIn(this.#changes, runId)
      set.add(tell)
      return Effect.sync(() => leave(this.#changes, runId, set, tell))
    })
    return Effect.raceFirst(told, Effect.sleep(this.#of.settings.poll))
  }
}

/** Who waits for a run is told nothing of another one of its id. */
const forgotten = (runId: string): End =>
  Exit.fail(new RestoreError({ runId, rule: "run", detail: "it was purged before its end was seen here" }))

/** An end that has been found, and does not fit the Schemas that it was read with. */
const isUnread = (end: End): boolean => {
  const found = Exit.isFailure(end) ? Exit.findError(end) : undefined
  return found !== undefined && Result.isSuccess(found) && found.success instanceof RestoreError &&
    found.success.rule === "encoding"
}

/** An end that could not be read just now. */
const isPassing = (end: End): boolean => {
  const found = Exit.isFailure(end) ? Exit.findError(end) : undefined
  return found !== undefined && Result.isSuccess(found) && found.success instanceof JournalError &&
    mayPass(found.success)
}

/** Whether a journal that has failed with it may answer by itself. */
export const mayPass = ({ reason }: JournalError): boolean => reason === "TimedOut" || reason === "Unavailable"

const setIn = <K, A>(map: Map<K, Set<A>>, key: K): Set<A> => {
  let set = map.get(key)
  if (set === undefined) map.set(key, set = new Set())
  return set
}

const leave = <K, A>(map: Map<K, Set<A>>, key: K, set: Set<A>, one: A): void => {
  set.delete(one)
  if (set.size === 0 && map.get(key) === set) map.delete(key)
}
