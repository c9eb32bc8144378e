/**
 * Whatever the engine starts for a split belongs to it: also the async context of Node, in which tracers, loggers and
 * database drivers keep what concerns the request. Requests share a bulkhead here, so that each is woken by others, and the
 * clock is moved by nobody's.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Schedule, Stream } from "effect"
import { Bulkhead, Hedge, JoinStrategy, Split, Workflow } from "effect-cano"
import * as SplitStream from "effect-cano/SplitStream"
import { TestClock } from "effect/testing"
import { AsyncLocalStorage } from "node:async_hooks"

const storage = new AsyncLocalStorage<string>()

/** Notes who finds itself in another async context than that of its request. */
class Watch {
  looks = 0
  readonly strangers: Array<string> = []
  look(id: string, who: string): void {
    this.looks++
    const found = storage.getStore()
    if (found !== id) this.strangers.push(`${who} of ${id} is in that of ${found ?? "nobody"}`)
  }
}

/** What a request has to work with. */
interface Request {
  readonly id: string
  /** Its place among the requests. */
  readonly index: number
  readonly bulkhead: Bulkhead.Bulkhead
  /** Looks, synchronously. */
  readonly see: (who: string) => void
  /** Looks, as an effect. */
  readonly look: (who: string) => Effect.Effect<void>
  /** A branch that looks at its start, after a wait and at its end, also where it is cut short. */
  readonly branch: (who: string, millis?: number) => Effect.Effect<string>
}

const ids = Array.from({ length: 8 }, (_, i) => `request ${i}`)

const requestOf = (index: number, bulkhead: Bulkhead.Bulkhead, watch: Watch): Request => {
  const id = ids[index]!
  const see = (who: string) => watch.look(id, who)
  const look = (who: string) => Effect.sync(() => see(who))
  const branch = (who: string, millis = 10) =>
    look(`${who}, at its start,`).pipe(
      Effect.andThen(Effect.yieldNow),
      Effect.andThen(look(`${who}, after a yield,`)),
      Effect.andThen(Effect.sleep(millis)),
      Effect.andThen(look(`${who}, after a wait,`)),
      Effect.ensuring(look(`${who}, at its end,`)),
      Effect.as(who)
    )
  return { id, index, bulkhead, see, look, branch }
}

/** Runs one effect for each request at the same time, each in the async context of its request. */
const everyRequest = (
  serve: (request: Request) => Effect.Effect<unknown, unknown>,
  meanwhile: (bulkhead: Bulkhead.Bulkhead, fibers: ReadonlyArray<Fiber.Fiber<unknown, unknown>>) => Effect.Effect<
    unknown,
    unknown
  > = () => Effect.void
) =>
  Effect.gen(function*() {
    const watch = new Watch()
    const bulkhead = yield* Bulkhead.make("shared", { places: 3 })
    const context = yield* Effect.context<never>()
    const fibers = ids.map((id, i) => {
      const request = requestOf(i, bulkhead, watch)
      const served = Effect.ensuring(serve(request), request.look("what follows"))
      return storage.run(id, () => Effect.runForkWith(context)(served))
    })
    yield* TestClock.adjust(5)
    yield* meanwhile(bulkhead, fibers)
    // in steps, so that whatever need not wait for the clock comes to wait for it
    yield* Effect.repeat(TestClock.adjust(10), { times: 100 })
    for (const fiber of fibers) assert.isDefined(fiber.pollUnsafe(), "every request has ended")
    assert.deepStrictEqual(watch.strangers, [])
    assert.isAtLeast(watch.looks, 2 * ids.length)
    const { inUse, waiting } = yield* bulkhead.statistics
    assert.deepStrictEqual({ inUse, waiting }, { inUse: 0, waiting: 0 })
    return fibers.map((fiber) => fiber.pollUnsafe()!)
  })

const succeed = (exits: ReadonlyArray<Exit.Exit<unknown, unknown>>) => {
  for (const exit of exits) assert.isTrue(Exit.isSuccess(exit), String(exit))
}

const { all, any, quorum } = JoinStrategy

describe("in the async context of their own request are (I9)", () => {
  it.effect("effects that have waited for a place, and what follows them", () =>
    Effect.map(
      everyRequest(({ branch, bulkhead, look }) =>
        Effect.forEach([1, 2, 3], (i) =>
          Effect.andThen(bulkhead.withPlace(branch(`effect ${i}`)), look("what follows an effect")), {
          concurrency: "unbounded"
        })
      ),
      succeed
    ))

  it.effect("effects and branches that need no time", () =>
    Effect.map(
      everyRequest(({ branch, bulkhead, look }) =>
        Effect.andThen(
          bulkhead.withPlace(Effect.andThen(look("an effect"), Effect.yieldNow)),
          Split.run([
            branch("the first branch"),
            ...Array.from({ length: 20 }, (_, i) => look(`branch ${i}`))
          ], { strategy: all, bulkhead })
        )
      ),
      succeed
    ))

  const lists = {
    "a list": ({ branch }: Request) => [branch("a"), branch("b", 20), branch("c", 0), branch("d")],
    "a record": ({ branch }: Request) => ({ a: branch("a"), b: branch("b", 20), c: branch("c", 0), d: branch("d") }),
    "a lazy list, and its generator": ({ branch, see }: Request) =>
      function*() {
        for (const name of ["a", "b", "c", "d"]) {
          see("the generator")
          yield branch(name)
        }
        see("the generator at its end")
      }
  }
  for (const [name, list] of Object.entries(lists)) {
    it.effect(`branches of ${name}`, () =>
      Effect.map(
        everyRequest((request) =>
          // each kind of list is one that `Split.run` takes
          Split.run(list(request) as ReturnType<(typeof lists)["a list"]>, {
            strategy: all,
            bulkhead: request.bulkhead
          })
        ),
        succeed
      ))
  }

  it.effect("branches after one that leaves children behind, which replaces its slot, and the children", () =>
    Effect.map(
      everyRequest(({ branch, bulkhead, look }) => {
        const child = Effect.ensuring(Effect.andThen(look("a child"), Effect.never), look("a child at its end"))
        return Split.run(
          Array.from({ length: 6 }, (_, i) => Effect.andThen(Effect.forkChild(child), branch(`branch ${i}`))),
          { strategy: all, bulkhead }
        )
      }),
      succeed
    ))

  it.effect("observers, reductions and strategies", () =>
    Effect.map(
      everyRequest(({ branch, bulkhead, look, see }) =>
        Split.run(["a", "b", "c", "d"].map((name) => branch(name)), {
          strategy: JoinStrategy.make({
            name: "four",
            initial: () => 0,
            onOutcome: (count: number) => {
              see("the strategy")
              return count + 1
            },
            decide: (count) => {
              see("the decision")
              return count === 4 ? "proceed" : "continue"
            }
          }),
          bulkhead,
          onOutcome: () =>
            look("the observer").pipe(
              Effect.andThen(Effect.sleep(3)),
              Effect.andThen(look("the observer after a wait"))
            ),
          reduce: {
            initial: () => 0,
            step: (sum: number) => {
              see("the reduction")
              return sum + 1
            }
          }
        })
      ),
      succeed
    ))

  it.effect("branches of later rounds, and segments", () =>
    Effect.map(
      everyRequest(({ branch, look }) => {
        const many = Array.from({ length: 2500 }, (_, i) => i === 2300 ? branch("late") : look(`branch ${i}`))
        const told = () => look("the observer")
        return Effect.all([
          Split.run(many, { strategy: all, discard: true }),
          Split.run(many, { strategy: all, discard: true, onOutcome: told }),
          Split.run(many, { strategy: all, discard: true, bulkhead: 2400 })
        ])
      }),
      succeed
    ))

  it.effect("branches that have waited for a slow observer", () =>
    Effect.map(
      everyRequest(({ branch, bulkhead, look }) =>
        Split.run(Array.from({ length: 40 }, (_, i) => branch(`branch ${i}`, 0)), {
          strategy: all,
          bulkhead,
          onOutcome: () => Effect.andThen(Effect.sleep(2), look("the observer"))
        })
      ),
      succeed
    ))

  it.effect("readers of a stream", () =>
    Effect.map(
      everyRequest(({ branch, bulkhead, look }) =>
        Stream.runForEach(
          SplitStream.make(Array.from({ length: 6 }, (_, i) => branch(`branch ${i}`)), { strategy: all, bulkhead }),
          () => Effect.andThen(look("the reader"), Effect.sleep(2))
        )
      ),
      succeed
    ))

  it.effect("next and otherwise of a machine, and the states after them", () =>
    Effect.map(
      everyRequest(({ branch, bulkhead, id, look, see }) =>
        Workflow.make<"Split" | "Fail" | "Late" | "Done">("requests")
          .registerSplit("Split", [branch("a"), branch("b")], {
            strategy: all,
            bulkhead,
            next: () => {
              see("next")
              return "Fail"
            }
          })
          .registerSplit("Fail", [branch("c"), Effect.andThen(branch("d"), Effect.fail(id))], {
            strategy: all,
            bulkhead,
            next: "Done",
            otherwise: () =>
              Effect.as(
                Effect.andThen(look("otherwise"), Effect.andThen(Effect.sleep(1), look("otherwise, later"))),
                "Late" as const
              )
          })
          .register("Late", Effect.as(look("a state"), "Done"))
          .addExitStates("Done")
          .orchestrate("Split")
      ),
      succeed
    ))

  it.effect("branches that are added, also by the fiber of another request", () => {
    // the next request adds to the split of this one
    const adding: Array<() => Effect.Effect<boolean>> = []
    const ready = ids.map(() => Deferred.makeUnsafe<void>())
    return Effect.map(
      everyRequest(({ branch, bulkhead, index, look }) => {
        const split = Split.growing<unknown>((add) => {
          adding[index] = () => add([branch("an added branch"), look("an added branch that needs no time")])
          const other = (index + 1) % ids.length
          return [
            Deferred.await(ready[index]!),
            Effect.andThen(
              Effect.sleep(10),
              Effect.andThen(
                Effect.flatMap(
                  Effect.suspend(() => adding[other]!()),
                  (taken) => Effect.sync(() => assert.isTrue(taken))
                ),
                Deferred.succeed(ready[other]!, undefined)
              )
            ),
            branch("a branch")
          ]
        })
        return Split.run(split, { strategy: all, bulkhead: index % 2 === 0 ? bulkhead : 3 })
      }, (bulkhead) => bulkhead.resize(32)),
      succeed
    )
  })

  it.effect("branches that get their places when there are more of them", () =>
    Effect.map(
      everyRequest(
        ({ branch, bulkhead }) => {
          const split = Split.run(["a", "b", "c", "d"].map((name) => branch(name, 20)), { strategy: all, bulkhead })
          const effect = bulkhead.withPlace(branch("an effect"))
          return Effect.all([split, effect], { concurrency: "unbounded" })
        },
        (bulkhead) => bulkhead.resize(12)
      ),
      succeed
    ))

  it.effect("branches that a deadline ends, and what follows", () =>
    Effect.map(
      everyRequest(({ branch, bulkhead, look }) =>
        Effect.andThen(
          Effect.exit(Split.run([branch("a", 1000), branch("b", 1000)], { strategy: all, bulkhead, timeout: 30 })),
          look("what follows the deadline")
        )
      ),
      succeed
    ))

  it.effect("losers that are interrupted, awaited, given a grace or detached", () =>
    Effect.map(
      everyRequest(({ branch, bulkhead, look }) =>
        Effect.scoped(Effect.forEach(["interrupt", "await", "detach", { grace: 5 }] as const, (losers) => {
          const slow = Effect.onInterrupt(
            branch("a loser", 60),
            () => Effect.andThen(Effect.sleep(10), look("a finalizer"))
          )
          return Effect.andThen(
            Split.run([branch("the winner"), slow, slow, slow], { strategy: any, bulkhead, losers }),
            look("what follows a decision")
          )
        }))
      ),
      succeed
    ))

  it.effect("branches that are interrupted by another request", () =>
    everyRequest(
      ({ branch, bulkhead }) =>
        Split.run([branch("a", 50), branch("b", 50), branch("c", 50)], { strategy: all, bulkhead }),
      (_, fibers) => {
        const others = fibers.filter((_, i) => i % 2 === 0)
        return storage.run("the one that interrupts", () => Fiber.interruptAll(others))
      }
    ))

  it.effect("hedged branches and attempts, and what their delay, budget and errors ask", () => {
    const budget = Hedge.budget({ tokens: 100, ratio: 1 })
    return Effect.map(
      everyRequest(({ branch, bulkhead, look, see }) => {
        const delay = Schedule.modifyDelay(
          Schedule.setInputType<number>()(Schedule.recurs(4)),
          () => Effect.as(look("the delay"), 15)
        )
        const failing = (who: string) => Effect.andThen(branch(who), Effect.fail("error"))
        return Effect.andThen(
          Split.run([
            failing("a"),
            bulkhead.withPlace(branch("b", 100)),
            failing("c"),
            bulkhead.withPlace(branch("d"))
          ], { strategy: any, hedge: { delay, budget } }),
          Hedge.run(
            (attempt) => attempt < 2 ? failing(`attempt ${attempt}`) : bulkhead.withPlace(branch(`attempt ${attempt}`)),
            {
              delay,
              maxAttempts: 4,
              budget,
              isFatal: () => {
                see("isFatal")
                return false
              },
              retryAfter: () => {
                see("retryAfter")
                return 5
              }
            }
          )
        )
      }),
      succeed
    )
  })

  it.effect("branches of splits inside branches", () =>
    Effect.map(
      everyRequest(({ branch, bulkhead }) => {
        const inner = Split.run([branch("a"), branch("b"), branch("c")], { strategy: quorum(2), bulkhead })
        return Split.run([inner, inner], { strategy: all })
      }),
      succeed
    ))
})
