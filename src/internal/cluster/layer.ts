/**
 * The Layer of durable runs in a cluster: a runner that is told by messages what is to be done, the entity that gets them, and
 * who looks for what was not told. It lives as long as its Scope, and ends before the cluster does.
 */
import * as Sharding from "effect/cluster/Sharding"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type { Journal } from "../../journal.ts"
import type { Runs } from "../../Runs.ts"
import * as durable from "../durable/layer.ts"
import { Durable, runnerOf } from "../durable/service.ts"
import { usual } from "../durable/settings.ts"
import { again, handle } from "./handler.ts"
import * as mails from "./mail.ts"
import { Run } from "./message.ts"
import { sweep } from "./sweep.ts"

export const make: Effect.Effect<
  Context.Context<Durable | Runs>,
  never,
  Journal | Sharding.Sharding | Scope.Scope
> = Effect.gen(function*() {
  const sharding = yield* Sharding.Sharding
  const client = yield* mails.client(sharding)
  let mail!: mails.Mail
  const context = yield* durable.make(usual, (settings) => mail = mails.make(sharding, client)(settings))
  const runner = runnerOf(Context.get(context, Durable))
  yield* sharding.registerEntity(
    Run,
    Effect.succeed(Run.of({
      drive: ({ payload }) => handle(runner, mail, payload),
      look: ({ payload }) => again(runner, mail, payload)
    })),
    // letters come to a run that is driven; and one that has ended needs nobody
    { concurrency: "unbounded", maxIdleTime: 1000 }
  )
  yield* sharding.registerSingleton("cano/sweep", sweep(runner, mail))
  // before the entities are taken away from it: so all that it drives stops at once
  yield* Scope.addFinalizer(yield* Effect.scope, runner.stop)
  return context
})
