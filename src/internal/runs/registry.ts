/**
 * The runs of a `Runs` in memory: each from when it begins to its end. What has ended is forgotten.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import { ConfigurationError } from "../../CanoError.ts"
import type { RunHandle, Service } from "../../Runs.ts"
import type { AnySignal, SignalError } from "../../Signal.ts"
import type { RunOptions } from "../../Workflow.ts"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import type { Registered, Registry } from "../run/registry.ts"
import { RunsKey } from "../run/registry.ts"
import { randomId } from "../run/run.ts"
import { isSignal, noSignal } from "../signal/typeId.ts"
import * as handle from "./handle.ts"
import { Record } from "./record.ts"

/** The record that is kept for the next run that starts on a fiber: by who has forked it. */
interface Kept {
  record: Record | undefined
}

export const KeptRef = Context.Reference<Kept>("effect-cano/Runs/Kept", { defaultValue: () => ({ record: undefined }) })

export class Memory implements Registry {
  /** By their ids. */
  readonly runs = new Map<string, Record>()

  enlist(fiber: AnyFiber): Registered {
    const kept = fiber.getRef(KeptRef)
    const { record } = kept
    // the runs inside of it are others
    kept.record = undefined
    return record ?? this.make(fiber, "", "")
  }

  make(fiber: AnyFiber, runId: string, workflow: string): Record {
    return new Record(this.runs, fiber.getRef(Clock.Clock), runId, workflow)
  }

  readonly get = (runId: string): Effect.Effect<Option.Option<RunHandle<unknown, unknown>>> => this.inMemory(runId)

  inMemory(runId: string): Effect.Effect<Option.Option<RunHandle<unknown, unknown>>> {
    return Effect.sync(() => Option.map(Option.fromUndefinedOr(this.runs.get(runId)), handle.of))
  }

  readonly list: Effect.Effect<ReadonlyArray<RunHandle<unknown, unknown>>> = Effect.sync(() =>
    [...this.runs.values()].map(handle.of)
  )
}

export const make: Effect.Effect<Memory> = Effect.sync(() => new Memory())

interface Runnable {
  readonly name: string
  readonly orchestrate: (initial: unknown, options?: RunOptions) => AnyEffect
}

/** Starts a run in the scope of the caller. */
export const fork = (workflow: Runnable, initial: unknown, options?: RunOptions): AnyEffect =>
  Effect.withFiber((fiber) => {
    const runs = Context.getOrUndefined(fiber.context as Context.Context<Registry>, RunsKey)
    if (!(runs instanceof Memory)) return Exit.die(new TypeError("Runs.fork needs Runs.layer around it"))
    const runId = options?.runId ?? randomId(fiber.getRef(Random.Random))
    const record = runs.make(fiber, String(runId), workflow.name)
    const run = Effect.provideService(workflow.orchestrate(initial, { ...options, runId }), KeptRef, { record })
    return Effect.flatMap(
      Effect.flatMap(Effect.scope, (scope) => Effect.forkIn(run, scope, { startImmediately: true })),
      (fiber) => {
        fiber.addObserver((exit) => record.finish(exit))
        return Effect.flatMap(record.begun, () => {
          const refused = record.run === undefined ? refusal(record.exit) : undefined
          return refused === undefined ? Exit.succeed(handle.of(record)) : Exit.fail(refused)
        })
      }
    ) as AnyEffect
  })

/** Why a run has not started. */
const refusal = (exit: Exit.Exit<unknown, unknown> | undefined): ConfigurationError | undefined => {
  if (exit === undefined || Exit.isSuccess(exit)) return undefined
  const found = Cause.findError(exit.cause)
  return Result.isSuccess(found) && found.success instanceof ConfigurationError ? found.success : undefined
}

/** The handle of a run that goes on, for who sends it something. */
export const running = <R>(
  runs: Effect.Effect<Service, never, R>,
  runId: string,
  signal: AnySignal
): Effect.Effect<RunHandle<unknown, unknown>, SignalError, R> =>
  Effect.flatMap(Effect.flatMap(runs, ({ get }) => get(runId)), (found) =>
    Option.isSome(found)
      ? Exit.succeed(found.value)
      : isSignal(signal)
      ? handle.refused(runId, signal, "NoSuchRun")
      : handle.refused(runId, signal, "InvalidValue", noSignal(signal)))
