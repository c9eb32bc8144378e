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
import { ConfigurationError } from "../../CanoError.ts"
import type { Claimed, JournalError, Outcome } from "../../journal.ts"
import type { AnyFiber } from "../fibers/any.ts"
import type { WorkflowImpl } from "../machine/workflow.ts"
import { SeamsRef } from "../run/seams.ts"
import type { Memory } from "../runs/registry.ts"
import { KeptRef } from "../runs/registry.ts"
import type { Codecs, Reader } from "./codecs.ts"
import type { Committer } from "./committer.ts"
import { RestoreError } from "./error.ts"
import { DurableHost } from "./host.ts"
import { Inbox } from "./inbox.ts"
import type { Migrate } from "./migration.ts"
import type { Over } from "./pen.ts"
import { Pen } from "./pen.ts"
import { Rest } from "./rest.ts"
import * as starts from "./start.ts"
import * as text from "./text.ts"

/** A definition whose runs are driven here. */
export interface Driven {
  readonly workflow: WorkflowImpl
  readonly version: number
  readonly migrate: Migrate | undefined
  readonly codecs: Codecs
  /** The services of its tasks. */
  readonly context: Context.Context<never>
}

/** What a run is driven with. */
export interface Means {
  readonly committer: Committer
  readonly runs: Memory
  /** Cancels the runs that its steps have started and that go on without them, and waits for their ends. */
  readonly orphans: (runId: string) => Effect.Effect<void, JournalError>
  /** The run is known here from now on. */
  readonly begun: (inbox: Inbox, pen: Pen) => void
}

export type Ending = { readonly _tag: "Ended"; readonly exit: Exit.Exit<unknown, unknown> } | Over

export const drive = (driven: Driven, claimed: Claimed, means: Means): Effect.Effect<Ending> =>
  Effect.suspend(() => {
    const start = starts.of(driven, claimed)
    if (Result.isFailure(start)) return Effect.succeed<Ending>({ _tag: "Refused", error: start.failure })
    const { migrated } = start.success
    if (migrated === undefined) return go(driven, claimed, start.success, means)
    // before anything runs: from now on it is of this version, whoever takes it next
    const { n, runId } = claimed.head
    const append = { runId, n: n + 1, rows: [migrated.row], head: { migrated: migrated.head }, takes: [] }
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
    const pen = new Pen(means.committer, runId, head.n + 1, () => {
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
      createdAt: head.createdAt,
      clock,
      begins: () => inbox.begin(past.why !== undefined),
      enters: () => inbox.enter(),
      taken: (place) => inbox.settle(place),
      services: context,
      misconfigured: (issues) =>
        pen.end({ _tag: "Refused", error: new ConfigurationError({ workflow: workflow.name, issues }) }),
      refuse: (rule, detail) => pen.end({ _tag: "Refused", error: new RestoreError({ runId, rule, detail }) })
    })
    inbox.deliver(letters, ({ at }) => at < past.at)
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
            : Effect.andThen(orphans, Effect.suspend(() => ended(codecs, version, pen, inbox, exit)))
      ),
      () => {
        pen.end({ _tag: "Stopped" })
        return Effect.asVoid(Fiber.await(run))
      }
    )
  })

/** The run has ended, which is written; or it has been broken off. */
const ended = (
  codecs: Codecs,
  version: number,
  pen: Pen,
  inbox: Inbox,
  exit: Exit.Exit<unknown, unknown>
): Effect.Effect<Ending> => {
  // it has not begun: what keeps it from that is here, and is no end of the run
  const refused = inbox.run === undefined && Exit.isFailure(exit) ? Cause.findErrorOption(exit.cause) : Option.none()
  if (Option.isSome(refused) && refused.value instanceof ConfigurationError) {
    pen.end({ _tag: "Refused", error: refused.value })
  }
  if (pen.over !== undefined) return Effect.succeed(pen.over)
  const encoded = codecs.end.encode(exit)
  const json = Result.isSuccess(encoded)
    ? encoded.success
    : Result.getOrThrow(
      codecs.end.encode(Exit.die(new TypeError(`the end of the run does not fit: ${encoded.failure}`)))
    )
  const data = Result.getOrThrow(text.stringify({ x: json }))
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
    () => pen.over ?? { _tag: "Ended", exit: exitOf(codecs, pen.runId, version, data) }
  )
}

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
