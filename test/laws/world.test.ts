/**
 * A law of everything at once: many splits, effects and streams share two bulkheads, nest, grow, hedge, observe, detach and
 * resize, and any branch may interrupt a split, add branches, resolve another branch or close a scope on the spot. Whatever
 * happens: all of it comes to an end, tallies add up, every place is back, nobody is left running, and all that belongs to
 * a client runs in its async context. A program is generated from a seed, which is all that a failure shows.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Fiber } from "effect"
import { Cause, Deferred, Effect, Exit, Logger, Option, Scope, Stream } from "effect"
import { Bulkhead, Hedge, JoinStrategy, Split } from "effect-cano"
import * as SplitStream from "effect-cano/SplitStream"
import { TestClock } from "effect/testing"
import { AsyncLocalStorage } from "node:async_hooks"
import { Census, int, primeClock, runs, seedOf, standalone } from "../kit/index.ts"

type Body = Effect.Effect<unknown, unknown>

/** What a part of a program belongs to. */
interface Client {
  readonly name: string
  readonly level: number
  /** How many branches may still be added. */
  left: number
  add: ((branches: Iterable<Body>) => Effect.Effect<boolean>) | undefined
  scope: Scope.Closeable | undefined
  /** The fiber that waits for the split. */
  caller: Fiber.Fiber<unknown, unknown> | undefined
}

type LooseStream = (branches: unknown, options: object) => Stream.Stream<unknown, unknown, Scope.Scope>

const requests = new AsyncLocalStorage<string>()

const dies = ["it dies", "its list throws", "its step throws"]

const hasDied = (reason: Cause.Reason<unknown>): boolean =>
  Cause.isDieReason(reason) && !(reason.defect instanceof Error && dies.includes(reason.defect.message))

class World {
  readonly faults: Array<string> = []
  readonly census = new Census()
  readonly latches = Array.from({ length: 4 }, () => Deferred.makeUnsafe<void>())
  readonly budget = Hedge.budget({ tokens: 4, ratio: 0.5 })
  readonly bulkheads: ReadonlyArray<Bulkhead.Bulkhead>
  #state: number
  constructor(seed: number, bulkheads: ReadonlyArray<Bulkhead.Bulkhead>) {
    this.#state = seed
    this.bulkheads = bulkheads
  }

  int(min: number, max: number): number {
    this.#state = seedOf(String(this.#state))
    return min + this.#state % (max - min + 1)
  }
  chance(percent: number): boolean {
    return this.int(1, 100) <= percent
  }
  pick<A>(...items: ReadonlyArray<A>): A {
    return items[this.int(0, items.length - 1)]!
  }
  many<A>(count: number, make: () => A): Array<A> {
    return Array.from({ length: count }, make)
  }

  at(client: Client, what: string): void {
    if (requests.getStore() !== client.name) {
      this.faults.push(`${what} of ${client.name} runs in the async context of ${requests.getStore()}`)
    }
  }

  /** Something that one may do on the spot. */
  act(client: Client): Body {
    switch (this.int(0, 8)) {
      case 0: {
        const latch = this.pick(...this.latches)
        return Effect.sync(() => Deferred.doneUnsafe(latch, Exit.void))
      }
      case 1:
        return this.pick(...this.bulkheads).resize(this.int(1, 5))
      case 2:
        return this.chance(30) ? Effect.sync(() => client.caller?.interruptUnsafe()) : Effect.void
      case 3:
        return this.look
      case 4: {
        const count = Math.min(client.left, this.int(0, 3))
        client.left -= count
        return client.add === undefined ? Effect.void : client.add(this.many(count, () => this.branch(client)))
      }
      case 5:
        return client.scope === undefined || this.chance(70)
          ? Effect.void
          : Effect.forkDetach(Scope.close(client.scope, Exit.void), { startImmediately: true })
      case 6:
        return this.chance(20) ? Effect.forkChild(Effect.sleep(this.int(1, 30))) : Effect.void
      case 7:
        return client.level === 0 && this.chance(40) ? this.split({ ...client, level: 1 }) : Effect.void
      default:
        return Effect.yieldNow
    }
  }

  branch(client: Client): Body {
    const steps = this.many(this.int(0, 3), () =>
      this.pick(
        Effect.sleep(this.int(0, 25)),
        Effect.suspend(() => this.act(client)),
        this.chance(20) ? Deferred.await(this.pick(...this.latches)) : Effect.void
      ))
    const end = this.pick<Body>(
      Effect.succeed(1),
      Effect.succeed(2),
      Effect.succeed(3),
      Effect.fail("it fails"),
      Effect.die(new Error(dies[0])),
      Effect.interrupt
    )
    const finalizer = this.pick<Body>(Effect.void, Effect.void, Effect.sleep(this.int(0, 10)), this.act(client))
    const work = Effect.andThen(Effect.forEach(steps, (step) => step, { discard: true }), end)
    const body = this.census.count(Effect.suspend(() => {
      this.at(client, "a branch")
      const ended = Effect.onExit(work, () => Effect.andThen(Effect.ignoreCause(finalizer), Effect.void))
      return steps.length > 0 && this.chance(10) ? Effect.uninterruptible(ended) : ended
    }))
    // always the second inside of the first, so that they do not wait for each other
    return this.chance(5) ? this.bulkheads[1]!.withPlace(body) : body
  }

  list(client: Client, count: number): unknown {
    const branches = this.many(count, () => this.branch(client))
    switch (this.int(0, 4)) {
      case 0:
        return Object.fromEntries(branches.map((branch, i) => [`b${i}`, branch]))
      case 1: {
        const throwsAt = this.chance(10) ? this.int(0, 5) : -1
        return {
          *[Symbol.iterator]() {
            for (const [i, branch] of branches.entries()) {
              if (i === throwsAt) throw new Error(dies[1])
              yield branch
            }
          }
        }
      }
      case 2:
        return Split.growing<unknown, unknown, never>((add) => {
          client.add = add
          return branches
        })
      default:
        return branches
    }
  }

  places(level: number): object {
    const shared = this.pick(...this.bulkheads)
    switch (this.int(0, 6)) {
      case 0:
        return { bulkhead: this.int(1, 4) }
      case 1:
        return { hedge: { delay: this.int(0, 15), budget: this.chance(50) ? this.budget : undefined } }
      case 2:
      case 3:
      case 4:
        return { bulkhead: level === 0 ? shared : this.bulkheads[1] }
      default:
        return {}
    }
  }

  observer(client: Client): object {
    const last = this.int(1, 5)
    let told = 0
    const onLast = (then: Body) => Effect.suspend(() => ++told === last ? then : Effect.void)
    const observe = this.pick<(() => Body) | undefined>(
      undefined,
      undefined,
      () => Effect.void,
      () => Effect.sleep(last * 5),
      () => onLast(Effect.fail("the observer fails")),
      () => onLast(Effect.never),
      () => onLast(Effect.sync(() => client.caller?.interruptUnsafe())),
      () => Effect.ignore(this.bulkheads[1]!.withPlace(Effect.sleep(last))),
      () => this.act(client)
    )
    if (observe === undefined) return {}
    const onOutcome = () => {
      this.at(client, "an observer")
      return observe()
    }
    // what hangs before the decision is ended by a deadline
    return { onOutcome, observerTimeout: 100, timeout: this.int(20, 2000) }
  }

  keeps(client: Client): object {
    const step = (n: number) => {
      this.at(client, "a reducer")
      if (this.chance(2)) throw new Error(dies[2])
      return n + 1
    }
    return this.pick({}, {}, { discard: true }, { reduce: { initial: () => 0, step } })
  }

  get strategy(): JoinStrategy.JoinStrategy {
    return this.pick<JoinStrategy.JoinStrategy>(
      JoinStrategy.all,
      JoinStrategy.allFailFast,
      JoinStrategy.any,
      JoinStrategy.quorum(this.int(1, 4)),
      JoinStrategy.percentage(this.int(1, 10) / 10),
      JoinStrategy.partialResults(this.int(1, 4)),
      JoinStrategy.agreement(this.int(1, 3)),
      JoinStrategy.tolerate({ maxFailures: this.int(0, 4) }),
      JoinStrategy.tolerate({ maxFailures: 100 })
    )
  }

  split(of: Client): Body {
    const client: Client = { ...of, left: this.int(0, 8), add: undefined, scope: undefined, caller: undefined }
    const list = this.list(client, this.pick(0, 1, 2, 3, 5, 8, 8, 40))
    const options = {
      strategy: this.strategy,
      timeout: this.pick(undefined, undefined, this.int(0, 60)),
      losers: this.pick<unknown>("interrupt", "await", "detach", { grace: this.int(0, 20) }),
      ...this.places(client.level)
    }
    const closes = this.chance(50)
    const run = this.chance(10)
      ? Stream.runForEach(
        (SplitStream.make as unknown as LooseStream)(list, options),
        () => this.chance(10) ? Effect.fail("the reader leaves") : Effect.sleep(this.int(0, 5))
      )
      : standalone(list, { ...options, ...this.keeps(client), ...this.observer(client) })
    return Effect.withFiber((fiber) => {
      client.caller = fiber
      return Effect.acquireUseRelease(
        Scope.make(),
        (scope) => {
          if (closes) client.scope = scope
          return Effect.provideService(run, Scope.Scope, scope)
        },
        (scope, exit) => {
          this.check(exit)
          return Scope.close(scope, exit)
        }
      )
    })
  }

  check(exit: Exit.Exit<unknown, unknown>): void {
    if (Exit.isFailure(exit)) {
      for (const reason of exit.cause.reasons) if (hasDied(reason)) this.faults.push(`an unknown defect: ${reason}`)
    }
    const ended: any = Exit.isSuccess(exit) ? exit.value : Option.getOrUndefined(Cause.findErrorOption(exit.cause))
    const tally = (ended?.result ?? ended)?.tally
    if (tally === undefined) return
    const { failed, interrupted, notStarted, succeeded, total } = tally
    const parts = [succeeded, failed, interrupted, notStarted]
    if (Math.min(...parts) < 0 || parts.reduce((a, b) => a + b) !== total) {
      this.faults.push(`a tally that does not add up: ${JSON.stringify(tally)}`)
    }
  }

  get look(): Effect.Effect<void> {
    return Effect.forEach(this.bulkheads, ({ statistics }) =>
      Effect.map(statistics, (seen) => {
        if (seen.waiting < 0 || seen.inUse < 0) this.faults.push(`statistics: ${JSON.stringify(seen)}`)
      }), { discard: true })
  }

  client(i: number): Body {
    const client: Client = {
      name: `client ${i}`,
      level: 1,
      left: 0,
      add: undefined,
      scope: undefined,
      caller: undefined
    }
    const body = this.chance(30)
      ? this.bulkheads[0]!.withPlace(this.branch(client))
      : this.split({ ...client, level: 0 })
    return Effect.withFiber((fiber) => {
      const fork = Effect.runForkWith(fiber.context)
      return Effect.sync(() => requests.run(client.name, () => fork(Effect.andThen(Effect.yieldNow, body))))
    })
  }
}

const program = Effect.fnUntraced(function*(seed: number) {
  yield* primeClock
  const world = new World(seed, [
    yield* Bulkhead.make("outer", { places: 1 + seed % 4, ...seed % 3 === 0 ? { maxWaiting: seed % 10 } : {} }),
    yield* Bulkhead.make("inner", { places: 1 + seed % 3 })
  ])
  const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
  for (let i = world.int(1, 8); i > 0; i--) {
    fibers.push((yield* Effect.orDie(world.client(i))) as Fiber.Fiber<unknown, unknown>)
    yield* TestClock.adjust(world.int(0, 15))
    if (world.chance(15)) world.pick(...fibers).interruptUnsafe()
    yield* world.look
  }
  for (let i = 0; i < 10; i++) {
    yield* TestClock.adjust(world.int(1, 40))
    yield* world.look
    if (world.chance(10)) world.pick(...fibers).interruptUnsafe()
  }
  for (const latch of world.latches) yield* Deferred.done(latch, Exit.void)
  for (let i = 0; i < 10; i++) yield* TestClock.adjust("10 seconds")
  const hanging = fibers.filter((fiber) => fiber.pollUnsafe() === undefined)
  for (const fiber of hanging) fiber.interruptUnsafe()
  assert.lengthOf(hanging, 0, "clients that hang")
  for (const { statistics } of world.bulkheads) {
    const { inUse, waiting } = yield* statistics
    assert.deepStrictEqual({ inUse, waiting }, { inUse: 0, waiting: 0 })
  }
  assert.strictEqual(world.census.running, 0, "bodies that run")
  assert.deepStrictEqual(world.faults, [])
})

describe("whatever happens", () => {
  it.effect.prop(
    "everything comes to an end, and every place is back",
    { seed: int(0, 2 ** 30) },
    ({ seed }) => Effect.provide(program(seed), Logger.layer([])),
    runs(200)
  )
})
