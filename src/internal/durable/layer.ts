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
import type { Post } from "./post.ts"
import { Runner } from "./runner.ts"
import { Ledgered } from "./runs.ts"
import { Durable } from "./service.ts"
import type { Service } from "./settings.ts"
import { Settings, usual } from "./settings.ts"

/** With settings that hold where none are given; who is told what is to be done does not look for it. */
export const make = (
  standard: Service,
  postOf: (settings: Service) => Post | undefined = () => undefined
): Effect.Effect<Context.Context<Durable | Runs>, never, Journal | Scope.Scope> =>
  Effect.gen(function*() {
    const journal = yield* Journal
    const around = yield* Settings
    const settings = around === usual ? standard : around
    const clock = yield* Clock.Clock
    const context = yield* Effect.context<never>()
    const runs = new Ledgered()
    const runner = new Runner(journal, settings, runs, postOf(settings), clock, (effect) =>
      Effect.runForkWith(context)(effect))
    runs.runner = runner
    const background = Effect.runForkWith(context)(runner.background)
    yield* Scope.addFinalizer(
      yield* Effect.scope,
      Effect.andThen(
        runner.stop,
        Effect.sync(() =>
          background.interruptUnsafe()
        )
      )
    )
    return Context.make(Runs, runs).pipe(Context.add(Durable, runner))
  })
