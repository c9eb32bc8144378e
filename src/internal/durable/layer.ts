/**
 * The Layer of durable runs: a runner over a journal, and `Runs`, which finds durable runs by their ids beside those in
 * memory.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { Journal } from "../../journal.ts"
import { Runs } from "../../Runs.ts"
import { Runner } from "./runner.ts"
import { Ledgered } from "./runs.ts"
import { Durable } from "./service.ts"
import type { Service } from "./settings.ts"
import { Settings, usual } from "./settings.ts"

/** With settings that hold where none are given. */
export const make = (standard: Service): Effect.Effect<Context.Context<Durable | Runs>, never, Journal | Scope.Scope> =>
  Effect.gen(function*() {
    const journal = yield* Journal
    const around = yield* Settings
    const settings = around === usual ? standard : around
    const clock = yield* Clock.Clock
    const context = yield* Effect.context<never>()
    const runs = new Ledgered()
    const runner = new Runner(journal, settings, runs, clock, (effect) => Effect.runForkWith(context)(effect))
    runs.runner = runner
    const background = Effect.runForkWith(context)(runner.background)
    yield* Scope.addFinalizer(
      yield* Effect.scope,
      Effect.andThen(runner.stop, Effect.sync(() => background.interruptUnsafe()))
    )
    return Context.make(Runs, runs).pipe(Context.add(Durable, runner))
  })
