/**
 * Clusters in one process, on virtual time: runners that share the storages of messages, of runners and of journals, each a
 * process as those see it. A runner knows of the others by what it reads there, and of messages when it looks; it is frozen when
 * nothing that it asks of them is answered.
 */
import { Clock, Context, Duration, Effect, Exit, Layer, Option, Scope } from "effect"
import * as Cluster from "effect-cano/cluster"
import * as Durable from "effect-cano/durable"
import * as Journal from "effect-cano/journal"
import type * as Runs from "effect-cano/Runs"
import {
  ClusterError,
  MachineId,
  MessageStorage,
  type Runner as ClusterRunner,
  RunnerAddress,
  RunnerHealth,
  Runners,
  RunnerStorage,
  Sharding,
  ShardingConfig
} from "effect/cluster"

export const settings: Parameters<typeof Durable.settings>[0] = {
  lease: Duration.seconds(5),
  poll: Duration.millis(50),
  patience: Duration.seconds(2),
  stopWithin: Duration.seconds(1),
  parkAfter: Duration.seconds(30),
  sweep: Duration.seconds(10)
}

/** How long a shard belongs to a runner that says nothing. */
const expiration = 6000

export interface Runner {
  readonly services: Context.Context<Durable.Durable | Runs.Runs | Sharding.Sharding>
  /** It is ended in order, as by SIGTERM. */
  readonly end: Effect.Effect<void>
  /** Nothing that it asks of a storage is answered, as for a process that stands still or is cut off. */
  readonly freeze: (isFrozen: boolean) => void
  /** What it asks of the journal fails. */
  readonly cut: (isCut: boolean) => void
}

/** The locks of shards, as the tables of a database keep them: the storage in memory of `effect/cluster` is for one runner. */
class Locks {
  readonly #runners = new Map<string, { runner: ClusterRunner.Runner; healthy: boolean; beat: number; id: number }>()
  readonly #held = new Map<string, { address: string; at: number }>()

  service(ask: <A>(effect: Effect.Effect<A>) => Effect.Effect<A>): RunnerStorage.RunnerStorage["Service"] {
    const now = <A>(f: (now: number) => A) => ask(Effect.map(Clock.currentTimeMillis, f))
    const isMine = (address: string, shard: string, at: number) => {
      const held = this.#held.get(shard)
      return held === undefined || held.address === address || held.at + expiration < at
    }
    return RunnerStorage.RunnerStorage.of({
      getRunners: now((at) =>
        [...this.#runners.values()].filter(({ beat }) => beat + expiration >= at).map(({ healthy, runner }) =>
          [runner, healthy] as const
        )
      ) as never,
      register: (runner, healthy) =>
        now((beat) => {
          const key = String(runner.address)
          const id = this.#runners.get(key)?.id ?? this.#runners.size
          this.#runners.set(key, { runner, healthy, beat, id })
          return MachineId.make(id)
        }),
      unregister: (address) => now(() => void this.#runners.delete(String(address))),
      setRunnerHealth: (address, healthy) =>
        now(() => {
          const own = this.#runners.get(String(address))
          if (own !== undefined) own.healthy = healthy
        }),
      acquire: (address, shards) =>
        now((at) => {
          const key = String(address)
          const own = [...shards].filter((shard) => isMine(key, String(shard), at))
          for (const shard of own) this.#held.set(String(shard), { address: key, at })
          return own
        }),
      refresh: (address, shards) =>
        now((at) => {
          const key = String(address)
          const runner = this.#runners.get(key)
          if (runner !== undefined) runner.beat = at
          const own = [...shards].filter((shard) => this.#held.get(String(shard))?.address === key)
          for (const shard of own) this.#held.set(String(shard), { address: key, at })
          return own
        }),
      release: (address, shard) =>
        now(() => {
          if (this.#held.get(String(shard))?.address === String(address)) this.#held.delete(String(shard))
        }),
      releaseAll: (address) =>
        now(() => {
          for (const [shard, held] of this.#held) if (held.address === String(address)) this.#held.delete(shard)
        })
    })
  }
}

/** What outlives the runners. */
export class World {
  readonly journal: Journal.Service
  readonly #messages: MessageStorage.MessageStorage["Service"]
  readonly driver: MessageStorage.MemoryDriver["Service"]
  readonly #locks = new Locks()
  /** Whether no message can be sent: it is not answered, or fails. */
  isDeaf: "hangs" | "fails" | false = false
  constructor(
    journal: Journal.Service,
    context: Context.Context<MessageStorage.MessageStorage | MessageStorage.MemoryDriver>
  ) {
    this.journal = journal
    this.driver = Context.get(context, MessageStorage.MemoryDriver)
    this.#messages = Context.get(context, MessageStorage.MessageStorage)
  }

  /** A runner at a port, or a client that drives nothing. */
  runner(port: number | undefined, definitions: ReadonlyArray<any>, more: {
    readonly settings?: typeof settings
    readonly journal?: Partial<Journal.Service>
  } = {}): Effect.Effect<Runner, never, Scope.Scope> {
    return Effect.gen({ self: this }, function*() {
      const scope = yield* Scope.make()
      let [isFrozen, isCut] = [false, false]
      const down = new Journal.JournalError({
        runId: undefined,
        reason: "Unavailable",
        operation: "any",
        detail: "down"
      })
      const ask = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
        Effect.suspend(() =>
          isFrozen ? Effect.never : Effect.flatMap(effect, (a) => isFrozen ? Effect.never : Effect.succeed(a))
        )
      const messages = this.#messages
      const storage = MessageStorage.MessageStorage.of({
        ...messages,
        saveRequest: (message) =>
          Effect.suspend(() =>
            this.isDeaf === "hangs"
              ? Effect.never
              : this.isDeaf === "fails"
              ? Effect.fail(new ClusterError.PersistenceError({ cause: "down" }))
              : ask(messages.saveRequest(message))
          ),
        saveReply: (reply) => ask(messages.saveReply(reply)),
        unprocessedMessages: (shards, options) => ask(messages.unprocessedMessages(shards, options))
      })
      const journal = Object.fromEntries(
        Object.entries({ ...this.journal, ...more.journal }).map(([name, f]) => [
          name,
          (...args: Array<any>) => Effect.suspend(() => isCut ? Effect.fail(down) : ask((f as any)(...args)))
        ])
      ) as unknown as Journal.Service
      const sharding = Sharding.layer.pipe(
        Layer.provideMerge(Runners.layerNoop),
        Layer.provide(RunnerHealth.layerNoop),
        Layer.provide(Layer.succeed(MessageStorage.MessageStorage)(storage)),
        Layer.provide(Layer.succeed(RunnerStorage.RunnerStorage)(this.#locks.service(ask as never))),
        Layer.provide(ShardingConfig.layer({
          runnerAddress: port === undefined ? Option.none() : Option.some(RunnerAddress.make("localhost", port)),
          shardsPerGroup: 10,
          entityMessagePollInterval: "200 millis",
          refreshAssignmentsInterval: "500 millis",
          entityTerminationTimeout: "5 seconds",
          shardLockExpiration: expiration,
          shardLockRefreshInterval: "2 seconds"
        }))
      )
      const engine = Cluster.layer.pipe(
        Layer.provideMerge(sharding),
        Layer.provide(Layer.succeed(Journal.Journal)(journal)),
        Layer.provide(Durable.settings({ ...settings, ...more.settings }))
      )
      const all = definitions.reduce(
        (layer, definition) => Layer.provideMerge(definition.layer, layer),
        engine as Layer.Layer<any>
      ) as Layer.Layer<any>
      const services = yield* Effect.orDie(Layer.buildWithMemoMap(all, Layer.makeMemoMapUnsafe(), scope))
      const end = Scope.close(scope, Exit.void)
      // it may take a time that does not pass any more
      yield* Effect.addFinalizer(() => Effect.forkDetach(end))
      return {
        services,
        end,
        freeze: (frozen: boolean) => void (isFrozen = frozen),
        cut: (cut: boolean) => void (isCut = cut)
      } as Runner
    })
  }
}

export const makeWorld = Effect.gen(function*() {
  const journal = yield* Journal.makeMemory
  const scope = yield* Effect.scope
  const context = yield* Layer.buildWithScope(
    MessageStorage.layerMemory.pipe(Layer.provide(ShardingConfig.layer())),
    scope
  )
  return new World(journal, context)
})

export const within = <A, E>(runner: Runner, effect: Effect.Effect<A, E, any>): Effect.Effect<A, E> =>
  Effect.provideContext(effect, runner.services) as Effect.Effect<A, E>
