/**
 * Drives one run that was taken, from where the journal says that it is to its end, or until it is driven no further here. It
 * keeps nothing of its own.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import { CompensationError, ConfigurationError } from "../../CanoError.ts"
import type { Claimed, JournalError, NewRow, Outcome } from "../../journal.ts"
import { clip } from "../check/describe.ts"
import type { AnyFiber } from "../fibers/any.ts"
import type { WorkflowImpl } from "../machine/workflow.ts"
import { SeamsRef } from "../run/seams.ts"
import type { Memory } from "../runs/registry.ts"
import { KeptRef } from "../runs/registry.ts"
import type { Codecs, Reader } from "./codecs.ts"
import type { Committer } from "./committer.ts"
import { PayloadTooLargeError, RestoreError } from "./error.ts"
import { DurableHost, goingBack } from "./host.ts"
import { Inbox } from "./inbox.ts"
import * as live from "./live.ts"
import type { Migrate } from "./migration.ts"
import type * as pasts from "./past.ts"
import type { Over } from "./pen.ts"
import { Pen } from "./pen.ts"
import { Rest } from "./rest.ts"
import * as size from "./size.ts"
import * as starts from "./start.ts"
import * as text from "./text.ts"

/** A definition whose runs are driven here. */
export interface Driven {
  readonly workflow: WorkflowImpl
  readonly version: number
  readonly migrate: Migrate | undefined
  readonly codecs: Codecs
  /** In which cases a run waits for an operator, and does not end. */
  readonly operator: "never" | "rollback" | "failure"
  /** The services of its tasks. */
  readonly context: Context.Context<never>
}

/** What a run is driven with. */
export interface Means {
  readonly committer: Committer
  readonly runs: Memory
  /** How many bytes may be written of one value. */
  readonly maxPayload: number
  /** Cancels the runs that its steps have started and that go on without them, and waits for their ends. */
  readonly orphans: (runId: string) => Effect.Effect<void, JournalError>
  /** The run is known here from now on. */
  readonly begun: (inbox: Inbox, pen: Pen) => void
}

export type Ending =
  | {
    readonly _tag: "Ended"
    readonly exit: Exit.Exit<unknown, unknown>
    /** When the run was made. */
    readonly createdAt: number
  }
  | Over

export const drive = (driven: Driven, claimed: Claimed, means: Means): Effect.Effect<Ending> =>
  Effect.suspend(() => {
    const start = starts.of(driven, claimed)
    if (Result.isFailure(start)) return Effect.succeed<Ending>({ _tag: "Refused", error: start.failure })
    const { migrated } = start.success
    if (migrated === undefined) return go(driven, claimed, start.success, means)
    // before anything runs: from now on it is of this version, whoever takes it next
    const { createdAt, n, runId } = claimed.head
    const append = { runId, createdAt, n: n + 1, rows: [migrated.row], head: { migrated: migrated.head }, takes: [] }
    return Effect.matchEffect(means.committer.write(append), {
      onFailure: (error) => Effect.succeed<Ending>({ _tag: "Journal", error }),
      onSuccess: (isWritten) =>
        isWritten
          ? go(driven, starts.after(claimed, migrated), start.success, means)
          : Effect.succeed<Ending>({ _tag: "Fenced" })
    })
  })

const go = (driven: Driven, claimed: Claimed, { past, state }: starts.Start, means: Means): Effect.Effect<Ending> =>
  Effect.withFiber((self) => {
    const { codecs, context, version, workflow } = driven
    const { head, letters } = claimed
    const { runId } = head
    const clock = self.getRef(Clock.Clock)
    const running: { fiber?: AnyFiber } = {}
    const pen = new Pen(means.committer, head, head.n + 1, means.maxPayload, () => {
      inbox.breakOff()
      running.fiber?.interruptUnsafe()
    })
    const rest = new Rest(codecs)
    const inbox = new Inbox(means.runs.runs, clock, runId, workflow.name, pen, rest)
    // in its first life each step waits for what it has started
    const orphans = head.n === 1 ? Effect.void : Effect.catch(
      means.orphans(runId),
      (error) => Effect.sync(() => pen.end({ _tag: "Journal", error }))
    )
    const host = new DurableHost({
      pen,
      orphans,
      codecs,
      rest,
      past,
      visit: head.visit,
      state,
      version,
      createdAt: past.reopenedAt ?? head.createdAt,
      holds: (why) => past.why === undefined && holdsFailure(driven, inbox, why),
      holdsFailures: driven.operator === "failure",
      stuck: (of, x) => stuckRow(of, inbox.seen, x),
      clock,
      begins: () => inbox.begin(past.why !== undefined),
      entered: head.entered,
      enters: (run, visit) => inbox.enter(run, visit),
      taken: (place) => inbox.settle(place),
      services: context,
      misconfigured: (issues) =>
        pen.end({ _tag: "Refused", error: new ConfigurationError({ workflow: workflow.name, issues }) }),
      refuse: (rule, detail) => pen.end({ _tag: "Refused", error: new RestoreError({ runId, rule, detail }) })
    })
    inbox.onRefused = (why) => void Effect.runForkWith(context)(Effect.logWarning(`run "${clip(runId)}": ${why}`))
    inbox.onOrder = (letter) => live.order(driven, host, pen, inbox, letter)
    inbox.deliver(letters, ({ at, n }) => n === undefined ? at < past.at : n < head.entered)
    inbox.hasSeen(head.sent)
    const services = Context.add(Context.add(context, SeamsRef, { host, listener: undefined }), KeptRef, {
      record: inbox
    })
    means.begun(inbox, pen)
    const run = Effect.runForkWith(services as Context.Context<unknown>)(
      workflow.orchestrate(state, { runId }) as Effect.Effect<unknown, unknown>
    )
    running.fiber = run
    run.addObserver((exit) => inbox.finish(exit))
    if (pen.over !== undefined) run.interruptUnsafe()
    return Effect.onInterrupt(
      Effect.flatMap(
        Fiber.await(run),
        (exit) =>
          // what goes on later needs what its steps have started
          pen.over !== undefined
            ? Effect.succeed<Ending>(pen.over)
            : Effect.andThen(orphans, Effect.suspend(() => ended(driven, past, host, pen, inbox, exit)))
      ),
      () => {
        pen.end({ _tag: "Stopped" })
        return Effect.asVoid(Fiber.await(run))
      }
    )
  })

/** The run has ended, which is written; or it has been broken off. */
const ended = (
  driven: Driven,
  past: pasts.Past,
  host: DurableHost,
  pen: Pen,
  inbox: Inbox,
  exit: Exit.Exit<unknown, unknown>
): Effect.Effect<Ending> => {
  const { codecs, operator, version } = driven
  // it has not begun: what keeps it from that is here, and is no end of the run
  const refused = inbox.run === undefined && Exit.isFailure(exit) ? Cause.findErrorOption(exit.cause) : Option.none()
  if (Option.isSome(refused) && refused.value instanceof ConfigurationError) {
    pen.end({ _tag: "Refused", error: refused.value })
  }
  if (pen.over !== undefined) return Effect.succeed(pen.over)
  const encoded = codecs.end.encode(exit)
  const died = Result.isFailure(encoded)
    ? Exit.die(new TypeError(`the end of the run does not fit: ${encoded.failure}`))
    : exit
  const json = Result.getOrThrow(died === exit ? encoded : codecs.end.encode(died))
  if (Exit.isFailure(exit) && !past.ends) {
    const of = host.isStuck && operator !== "never"
      ? "rollback"
      : past.why === undefined && !host.hasGoneBack && holdsFailure(driven, inbox, exit.cause)
      ? "failure"
      : undefined
    if (of !== undefined) {
      const why = size.clipped(exit.cause, pen.most, tooLargeOf(pen), codecs.end)
      // what could not be undone is all that is left to do: it is not entered again
      const isBack = of === "failure" || past.why !== undefined || host.hasGoneBack
      const x = Result.getOrThrow(codecs.end.encode(Exit.failCause(why)))
      const rows = [...(isBack ? [] : [backRow(codecs, why)]), stuckRow(of, inbox.seen, x)]
      return Effect.map(Effect.exit(pen.put(rows, { status: "stuck" })), () => {
        pen.end({ _tag: "Stuck", of, cause: exit.cause })
        return pen.over!
      })
    }
  }
  // the state with which it succeeds was within the limit when it was entered
  const most = Exit.isSuccess(died) ? Infinity : pen.most
  const { data } = size.within(codecs.end, { exit: died, json }, most, tooLargeOf(pen), (x) => ({ x }))
  const outcome: Outcome = Exit.isSuccess(exit)
    ? "succeeded"
    : inbox.isCancelled && Cause.hasInterrupts(exit.cause)
    ? "cancelled"
    : "failed"
  inbox.close()
  const written = pen.put([{ kind: "exit", key: "", data, kept: false }], { status: "ended", outcome })
  // what is seen of the end is what was written
  return Effect.map(
    Effect.exit(written),
    () => pen.over ?? { _tag: "Ended", exit: exitOf(codecs, pen.runId, version, data), createdAt: pen.createdAt }
  )
}

/** Whether a run that fails waits for an operator; who has cancelled it wants it to end. */
const holdsFailure = ({ operator }: Driven, inbox: Inbox, why: Cause.Cause<unknown>): boolean =>
  operator === "failure" && !(inbox.isCancelled && Cause.hasInterrupts(why))

/** Why the run goes back, from within a split, as it does when it is taken again. */
const backRow = (codecs: Codecs, { reasons }: Cause.Cause<unknown>): NewRow => {
  const why = reasons.flatMap((reason) =>
    Cause.isFailReason(reason) && reason.error instanceof CompensationError && reason.error.original.reasons.length > 0
      ? reason.error.original.reasons
      : [reason]
  )
  return goingBack(codecs, Cause.fromReasons(why))
}

const stuckRow = (of: "rollback" | "failure", seen: number, x: unknown): NewRow => ({
  kind: "stuck",
  key: "",
  data: Result.getOrThrow(text.stringify({ of, seen, x })),
  kept: false
})
const tooLargeOf = ({ most, runId }: Pen): size.TooLarge => (size, detail) =>
  new PayloadTooLargeError({ runId, state: undefined, branch: undefined, size, limit: most, detail })

/** How a run has ended by its last row. */
export const exitOf = (codecs: Reader, runId: string, version: number, data: string): Exit.Exit<unknown, unknown> => {
  const read = text.parse(data).pipe(
    Result.map((json) => Predicate.hasProperty(json, "x") ? json.x : undefined),
    Result.flatMap((json) => codecs.ended?.(version, json) ?? Result.succeed(json)),
    Result.flatMap((json) => codecs.end.decode(json))
  )
  if (Result.isSuccess(read)) return read.success
  return Exit.fail(
    new RestoreError({
      runId,
      rule: "encoding",
      detail: `its end does not fit the Schemas of the definition: ${read.failure}`
    })
  )
}
