/**
 * Tells the runners of a cluster, by messages to the entities of runs. It lives as long as the Layer that sends them.
 */
import * as EntityId from "effect/cluster/EntityId"
import type * as Sharding from "effect/cluster/Sharding"
import * as Effect from "effect/Effect"
import type { Head } from "../../journal.ts"
import { clip, describe } from "../check/describe.ts"
import type { Post, Why } from "../durable/post.ts"
import type { Service as Settings } from "../durable/settings.ts"
import { driveOf, idOf, Run } from "./message.ts"

type Service = Sharding.Sharding["Service"]

const clientOf = (sharding: Service) => sharding.makeClient(Run)

export type Client = Effect.Success<ReturnType<typeof clientOf>>

export class Mail implements Post {
  readonly #sharding: Service
  readonly #client: Client
  readonly #settings: Settings
  constructor(sharding: Service, client: Client, settings: Settings) {
    this.#sharding = sharding
    this.#client = client
    this.#settings = settings
  }

  readonly tell = (head: Head, why: Why): Effect.Effect<void> =>
    this.#inTime(head, this.#client(idOf(head.workflow, head.runId)).drive(driveOf(head, why), { discard: true }))

  /** The same, of what is looked for again: nothing is kept of it. */
  readonly look = (head: Head): Effect.Effect<void> => {
    const { runId, workflow } = head
    return this.#inTime(head, this.#client(idOf(workflow, runId)).look({ runId, workflow }, { discard: true }))
  }

  readonly isOurs = (workflow: string, runId: string): boolean => {
    const id = EntityId.make(idOf(workflow, runId))
    return this.#sharding.hasShardId(this.#sharding.getShardId(id, Run.getShardGroup(id)))
  }

  /** It is in the journal that something is to be done: who can't tell of it now does not wait for that. */
  #inTime({ runId }: Head, sent: Effect.Effect<unknown, unknown>): Effect.Effect<void> {
    const late = (why: string) =>
      Effect.logWarning(`nobody could be told of run "${clip(runId)}", which is found later: ${why}`)
    return Effect.matchCauseEffect(Effect.timeoutOption(Effect.interruptible(sent), this.#settings.patience), {
      onSuccess: (answer) => answer._tag === "Some" ? Effect.void : late("the cluster has not answered in time"),
      onFailure: (cause) => late(describe(cause))
    })
  }
}

export const make = (sharding: Service, client: Client) => (settings: Settings): Mail =>
  new Mail(sharding, client, settings)

export { clientOf as client }
