/**
 * Durable runs that crash: a journal in memory that outlives whoever drives its runs, and lives, each a process as the journal
 * sees it. A life that has crashed asks for nothing and does nothing any more; the next one finds what was written.
 */
import { Clock, type Context, Duration, Effect, Exit, type Fiber, Layer, Schema, Scope } from "effect"
import { Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Journal from "effect-cano/journal"
import type * as Runs from "effect-cano/Runs"
import { TestClock } from "effect/testing"
import { turns, type Untyped } from "../kit/index.ts"

/** What happens to the appends of a life: from the `at`-th on, counted from 1, `times` of them. */
export interface Fault {
  readonly at: number
  /**
   * - `before`, `after`: the life ends, before rows are written or after.
   * - `refuse`, `lose`: it fails, before rows are written or after.
   * - `hang`: it is never answered, and not written.
   * - `down`: from it on the journal is gone, for so many tenths of a second.
   */
  readonly how: "before" | "after" | "refuse" | "lose" | "hang" | "down"
  readonly times: number
}

type Settings = Parameters<typeof Durable.settings>[0]

/** Durations that are short, as generated machines are. */
export const quick: Settings = {
  lease: Duration.seconds(2),
  poll: Duration.millis(20),
  patience: Duration.millis(200),
  stopWithin: Duration.zero,
  pause: Duration.millis(10),
  // what waits is parked in tests that are about that
  parkAfter: Duration.infinity
}

const down = (operation: string) =>
  new Journal.JournalError({ runId: undefined, reason: "Unavailable", operation, detail: "it is down" })

/** One process, as the journal sees it. */
export class Life {
  readonly number: number
  readonly #world: World
  readonly #faults: ReadonlyArray<Fault>
  isDead = false
  /** Whether every function of the journal fails. */
  isDown = false
  /** Whether its lease is not kept, and it does not know. */
  isForgotten = false
  /** How many appends it has asked for. */
  appends = 0
  runner = ""
  services!: Context.Context<Durable.Durable | Runs.Runs>
  scope!: Scope.Closeable
  constructor(world: World, number: number, faults: ReadonlyArray<Fault>) {
    this.#world = world
    this.number = number
    this.#faults = faults
  }

  /** Does something outside, unless the life has ended. */
  act<A>(f: () => A): Effect.Effect<A> {
    return Effect.suspend(() => this.isDead ? Effect.never : Effect.sync(f))
  }

  /** The life ends, wherever it is. */
  crash(): void {
    this.isDead = true
  }

  #asks<A>(operation: string, effect: Effect.Effect<A, Journal.JournalError>): Effect.Effect<A, Journal.JournalError> {
    return Effect.suspend(() => {
      if (this.isDead) return Effect.never
      this.#world.asked.push(operation)
      return this.isDown ? Effect.fail(down(operation)) : effect
    })
  }

  #append(appends: ReadonlyArray<Journal.Append>): Effect.Effect<ReadonlyArray<boolean>, Journal.JournalError> {
    const { store } = this.#world
    const number = ++this.appends
    const fault = this.#faults.find(({ at, how, times }) => at <= number && number < at + (how === "down" ? 1 : times))
    const write = Effect.tap(store.append(appends), (written) =>
      Effect.sync(() => {
        this.#world.commits.push({ life: this.number, epoch: this.#world.claims.length, appends, written })
      }))
    switch (fault?.how) {
      case undefined:
        return write
      case "before":
        this.crash()
        return Effect.never
      case "after":
        return Effect.andThen(
          write,
          Effect.suspend(() => {
            this.crash()
            return Effect.never
          })
        )
      case "refuse":
        return Effect.fail(down("append"))
      case "lose":
        return Effect.andThen(write, Effect.fail(down("append")))
      case "hang":
        return Effect.never
      case "down":
        return Effect.flatMap(
          Effect.forkDetach(Effect.andThen(Effect.sleep(fault.times * 100), Effect.sync(() => this.isDown = false))),
          () => {
            this.isDown = true
            return Effect.fail(down("append"))
          }
        )
    }
  }

  get journal(): Journal.Service {
    const { store } = this.#world
    const ask = <A>(operation: string, effect: Effect.Effect<A, Journal.JournalError>) => this.#asks(operation, effect)
    return {
      create: (run) => ask("create", store.create(run)),
      append: (appends) => ask("append", Effect.suspend(() => this.#append(appends))),
      claim: (runIds, runner) =>
        ask(
          "claim",
          Effect.tap(store.claim(runIds, runner), (claims) =>
            Effect.sync(() => {
              this.runner = runner
              for (const { _tag } of claims) if (_tag === "Claimed") this.#world.claims.push(this.number)
            }))
        ),
      send: (runId, letter) => ask("send", store.send(runId, letter)),
      received: (runner, after) => ask("received", store.received(runner, after)),
      letter: (runId, seq) => ask("letter", store.letter(runId, seq)),
      park: (runId, parked) => ask("park", store.park(runId, parked)),
      lease: (runner, until) => {
        this.runner = runner
        return ask("lease", this.isForgotten ? Effect.void : store.lease(runner, until))
      },
      leave: (runner) => ask("leave", store.leave(runner)),
      due: (workflows, limit) => ask("due", store.due(workflows, limit)),
      show: (runId) => ask("show", store.show(runId)),
      list: (filter) => ask("list", store.list(filter)),
      rows: (runId, from, limit) => ask("rows", store.rows(runId, from, limit)),
      last: (runId, kinds, before, limit) => ask("last", store.last(runId, kinds, before, limit)),
      letters: (runId) => ask("letters", store.letters(runId)),
      count: (selection) => ask("count", store.count(selection)),
      standing: (runId) => ask("standing", store.standing(runId)),
      purge: (which) => ask("purge", store.purge(which))
    }
  }
}

/** One store, and all lives that have used it. */
export class World {
  readonly store: Journal.Service
  readonly lives: Array<Life> = []
  /** The lives that have taken a run, in order. */
  readonly claims: Array<number> = []
  readonly commits: Array<{
    readonly life: number
    /** How often runs had been taken by then. */
    readonly epoch: number
    readonly appends: ReadonlyArray<Journal.Append>
    readonly written: ReadonlyArray<boolean>
  }> = []
  /** All that was asked of the journal. */
  readonly asked: Array<string> = []
  constructor(store: Journal.Service) {
    this.store = store
  }

  /** All rows of a run. */
  rows(runId: string): Effect.Effect<ReadonlyArray<Journal.Row>> {
    return Effect.orDie(this.store.rows(runId, 0, 100_000))
  }

  /**
   * A life in which the runs of some definitions are driven. What a definition does outside has to be by `act` of its life.
   */
  life(
    define: (life: Life) => ReadonlyArray<any>,
    { faults = [], settings = quick }: {
      readonly faults?: ReadonlyArray<Fault>
      readonly settings?: Settings
    } = {}
  ): Effect.Effect<Life> {
    return Effect.gen({ self: this }, function*() {
      const life = new Life(this, this.lives.length, faults)
      this.lives.push(life)
      const scope = life.scope = yield* Scope.make()
      const definitions = define(life)
      const engine = Durable.layer.pipe(
        Layer.provide(Layer.succeed(Journal.Journal)(life.journal)),
        Layer.provide(Durable.settings(settings))
      )
      const all = definitions.reduce(
        (layer, definition) => Layer.provideMerge(definition.layer, layer),
        engine as Layer.Layer<any>
      ) as Layer.Layer<any>
      life.services =
        (yield* Effect.orDie(Layer.buildWithMemoMap(all, Layer.makeMemoMapUnsafe(), scope))) as Life["services"]
      return life
    })
  }

  /** The life ends, and nothing of it goes on; whoever comes next need not wait for its lease. */
  bury(life: Life): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      life.crash()
      yield* Effect.forkDetach(Scope.close(life.scope, Exit.void), { startImmediately: true })
      if (life.runner !== "") yield* Effect.orDie(this.store.leave(life.runner))
    })
  }
}

export const makeWorld: Effect.Effect<World> = Effect.map(Journal.makeMemory, (store) => new World(store))

/** Runs something in a life. */
export const inLife = <A, E>(life: Life, effect: Effect.Effect<A, E, any>): Effect.Effect<A, E> =>
  Effect.provideContext(effect, life.services) as Effect.Effect<A, E>

/** Lets a fiber run in a life, on the current tick. */
export const inLifeForked = <A, E>(life: Life, effect: Effect.Effect<A, E, any>): Effect.Effect<Fiber.Fiber<A, E>> =>
  Effect.forkDetach(inLife(life, effect), { startImmediately: true })

/** Lets everything happen that can at this instant, then lets time pass, and everything happen again. */
export const pass = (millis: number): Effect.Effect<void> =>
  Effect.andThen(turns(30), Effect.andThen(TestClock.adjust(millis), turns(30)))

/** Lets time pass, step by step, until something holds; answers whether it does. */
export const passUntil = (
  holds: Effect.Effect<boolean>,
  { most = 20_000, step = 5 }: { readonly most?: number; readonly step?: number } = {}
): Effect.Effect<boolean> =>
  Effect.gen(function*() {
    const end = (yield* Clock.currentTimeMillis) + most
    while (!(yield* holds)) {
      if ((yield* Clock.currentTimeMillis) >= end) return false
      yield* pass(step)
    }
    return true
  })

/** Lets time pass until a run has ended. */
export const passToEnd = (world: World, runId: string, options?: { readonly most?: number; readonly step?: number }) =>
  passUntil(Effect.map(Effect.orDie(world.store.show(runId)), (head) => head?.status === "ended"), options)

/** Rows as texts, without what differs from one life to the next. */
export const brief = (rows: ReadonlyArray<Journal.Row>): ReadonlyArray<string> =>
  rows.map(({ data, key, kind }) => kind === "owner" ? "owner" : `${kind} ${key} ${data}`)

/** An empty workflow of states that are names. */
export const durableMachine = (name: string, ...states: ReadonlyArray<string>): Untyped =>
  Workflow.make(name, Schema.Literals(states)) as unknown as Untyped

/** The durable definition of a workflow, without its types. */
export const durably = (workflow: Untyped, options: object = {}): any =>
  // what is said of the types is said elsewhere
  (Durable.make as any)(workflow, { version: 1, error: Schema.String, ...options })

/** What the branches and steps of tests end with. */
export const texts = { success: Schema.String, error: Schema.String }

/** A letter with a signal, as somebody else sends it. */
export const letter = (name: string, value: unknown, more: Partial<Journal.NewLetter> = {}): Journal.NewLetter => ({
  kind: "signal",
  name,
  key: undefined,
  id: undefined,
  data: JSON.stringify(value),
  ...more
})
