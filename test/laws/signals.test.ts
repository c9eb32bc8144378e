/**
 * Laws of signals: none is lost, none is taken twice, and each goes to who has waited longest for one like it, whatever is
 * sent, waited for and interrupted in whatever order.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, type Context, Effect, Exit, type Fiber, Option, Schema } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import { instant, int, oneOf, optional, passTime, primeClock, runs, some, turns, yieldsAtRandom } from "../kit/index.ts"

const capacity = 4

const Note = Signal.make("note", Schema.Int, { capacity, reply: Schema.Int })

const key = optional(oneOf(["a", "b"]))

const act = Arbitrary.all({
  what: oneOf(["send", "send", "send", "wait", "wait", "wait", "interrupt", "turn", "time"]),
  key,
  id: optional(int(0, 5)),
  timeout: optional(int(1, 4)),
  at: int(0, 9)
})
const acts = Arbitrary.array(act, { minLength: 1, maxLength: 40 })

/** A wait of a test, and what it has come to. */
interface Wait {
  readonly key: string | undefined
  readonly fiber: Fiber.Fiber<number, unknown>
}

/** A run whose task lets others wait in it. */
const host = Effect.gen(function*() {
  let context: Context.Context<never> | undefined
  /** What was taken, in the step in which it was: a fiber may be interrupted after its wait, before it has ended. */
  const taken: Array<number> = []
  const workflow = Workflow.make<"A" | "Done">("host").register("A", {
    run: Effect.flatMap(Effect.context<never>(), (services) => {
      context = services
      return Effect.never
    }),
    next: "Done"
  }).addExitStates("Done")
  const run = yield* Runs.fork(workflow, "A")
  while (context === undefined) yield* Effect.yieldNow
  const services: Context.Context<never> = context
  const wait = (key: string | undefined, timeout: number | undefined): Wait => ({
    key,
    // there is Runs in the services of a task
    fiber: Effect.runForkWith(services as Context.Context<Runs.Runs>)(Signal.wait(Note, {
      ...key === undefined ? {} : { key },
      ...timeout === undefined ? {} : { timeout: timeout * 10 },
      reply: (n) => {
        taken.push(n)
        return -n
      }
    }))
  })
  return { run, wait, taken }
})

const valueOf = ({ fiber }: Wait): number | undefined => {
  const exit = fiber.pollUnsafe()
  return exit !== undefined && Exit.isSuccess(exit) ? exit.value : undefined
}

describe("signals", () => {
  it.effect.prop(
    "are taken once or kept, and never lost, whatever comes before what",
    { acts },
    ({ acts }) =>
      Effect.gen(function*() {
        yield* primeClock
        const { run, taken, wait } = yield* host
        const waits: Array<Wait> = []
        const accepted: Array<number> = []
        let sent = 0
        let duplicates = 0
        let refused = 0
        const look = (isQuiet: boolean) =>
          Effect.map(run.info, ({ signals }) => {
            assert.strictEqual(new Set(taken).size, taken.length, "none is taken twice")
            const got = waits.map(valueOf).filter((value) => value !== undefined)
            assert.strictEqual(new Set(got).size, got.length, "none is given to two")
            assert.includeMembers(taken, got)
            assert.strictEqual(sent, accepted.length + duplicates + refused)
            for (const value of taken) assert.include(accepted, value)
            const there = taken.length + signals.length
            if (isQuiet) assert.strictEqual(there, accepted.length, "none is lost")
            else assert.isAtMost(there, accepted.length)
          })
        for (const { at, id, key, timeout, what } of acts) {
          if (what === "send") {
            const value = ++sent
            const exit = yield* Effect.exit(
              run.signal(Note, value, {
                ...key === undefined ? {} : { key },
                ...id === undefined ? {} : { id: String(id) }
              })
            )
            if (Exit.isFailure(exit)) refused++
            else if (exit.value === "duplicate") duplicates++
            else accepted.push(value)
          } else if (what === "wait") waits.push(wait(key, timeout))
          else if (what === "interrupt") waits[at]?.fiber.interruptUnsafe()
          else if (what === "turn") yield* turns(1)
          else yield* passTime(10)
          yield* look(false)
        }
        yield* passTime(0)
        yield* look(true)
        for (const { fiber } of waits) fiber.interruptUnsafe()
        yield* passTime(0)
        yield* look(true)
        assert.deepStrictEqual((yield* run.info).waits, [])
        // what is kept is taken by who comes, the oldest first
        const kept = (yield* run.info).signals.length
        const last: Array<Wait> = []
        for (let i = 0; i < kept; i++) {
          last.push(wait(undefined, undefined))
          yield* passTime(0)
        }
        const values = last.map(valueOf)
        assert.deepStrictEqual(values, [...values].sort((a, b) => a! - b!))
        waits.push(...last)
        yield* look(true)
        yield* run.cancel()
        assert.deepStrictEqual(yield* Runs.list, [])
      }).pipe(Effect.scoped, Effect.provide(Runs.layer)),
    runs(400)
  )

  // which of two fibers comes first is not said where they yield at random
  it.effect.prop(
    "go where a naive mailbox has them go",
    { acts },
    ({ acts }) =>
      yieldsAtRandom ? Effect.void : Effect.gen(function*() {
        yield* primeClock
        const { run, wait } = yield* host
        const real: Array<Wait> = []
        const naive = new Naive()
        for (const { at, id, key, what } of acts) {
          if (what === "send") {
            const answer = yield* Effect.match(
              run.signal(Note, ++naive.sent, {
                ...key === undefined ? {} : { key },
                ...id === undefined ? {} : { id: String(id) }
              }),
              { onSuccess: (answer): string => answer, onFailure: ({ reason }) => reason }
            )
            assert.strictEqual(answer, naive.send(naive.sent, key, id))
          } else if (what === "wait") {
            real.push(wait(key, undefined))
            naive.wait(key)
          } else if (what === "interrupt") {
            real[at]?.fiber.interruptUnsafe()
            naive.interrupt(at)
          } else {
            yield* turns(4)
            naive.settle()
          }
          const kept = (yield* run.info).signals
          assert.strictEqual(kept.length, naive.kept.length)
        }
        yield* turns(4)
        naive.settle()
        assert.deepStrictEqual(real.map(valueOf), naive.waits.map(({ value }) => value))
      }).pipe(Effect.scoped, Effect.provide(Runs.layer)),
    runs(400)
  )

  it.effect.prop("approve each round of a loop by two of three, each once, whoever cuts it off", {
    sends: some(Arbitrary.all({ at: instant, who: oneOf(["ada", "bob", "cyd"]), id: optional(int(0, 3)) }), 1),
    rounds: int(1, 3),
    timeout: optional(int(1, 20)),
    cut: optional(instant)
  }, ({ cut, rounds, sends, timeout }) =>
    Effect.gen(function*() {
      yield* primeClock
      const Vote = Signal.make("vote", Schema.Int)
      const taken: Array<number> = []
      let round = 0
      const voter = (key: string) => Signal.wait(Vote, { key, reply: (n) => void taken.push(n) })
      const workflow = Workflow.make<"Ask" | "Done" | "Late">("votes").addExitStates("Done", "Late").registerSplit(
        "Ask",
        { ada: voter("ada"), bob: voter("bob"), cyd: voter("cyd") },
        {
          strategy: JoinStrategy.quorum(2),
          timeout: timeout === undefined ? "1 hour" : timeout * 10 + 5,
          next: () => ++round < rounds ? "Ask" : "Done",
          otherwise: "Late"
        }
      )
      const run = yield* Runs.fork(workflow, "Ask")
      const answers: Array<string> = []
      const sending = yield* Effect.forkScoped(Effect.forEach(
        [...sends].sort((a, b) => a.at - b.at),
        ({ at, id, who }, n) =>
          Effect.delay(
            Effect.match(run.signal(Vote, n, { key: who, ...id === undefined ? {} : { id: String(id) } }), {
              onSuccess: (answer) => answers.push(answer),
              onFailure: ({ reason }) => answers.push(reason)
            }),
            at
          )
      ))
      void sending
      if (cut !== undefined) {
        yield* passTime(cut)
        yield* Effect.forkScoped(run.cancel())
      }
      yield* passTime(2000)
      assert.strictEqual(answers.length, sends.length)
      assert.strictEqual(new Set(taken).size, taken.length, "none is taken twice")
      const received = answers.filter((answer) => answer === "taken" || answer === "kept").length
      const { signals, status } = yield* run.info
      assert.isAtMost(taken.length + signals.length, received)
      if (status !== "ended") {
        assert.strictEqual(taken.length + signals.length, received, "none is lost")
        yield* run.cancel()
      }
      const exit = yield* run.await
      if (Exit.isSuccess(exit) && exit.value === "Done") assert.strictEqual(round, rounds)
      assert.isTrue(Option.isNone(yield* Runs.get(run.runId)))
    }).pipe(Effect.scoped, Effect.provide(Runs.layer)), runs(200))
})

/** What a mailbox does, on paper: looked through from the front each time. */
class Naive {
  sent = 0
  readonly kept: Array<{ readonly n: number; readonly key: string | undefined }> = []
  readonly waits: Array<
    { key: string | undefined; state: "waits" | "given" | "over"; value: number | undefined; own: string | undefined }
  > = []
  readonly ids = new Set<number>()

  send(n: number, key: string | undefined, id: number | undefined): string {
    if (id !== undefined && this.ids.has(id)) return "duplicate"
    const isTaken = this.#offer(n, key)
    if (!isTaken && this.kept.length >= capacity) return "Full"
    if (id !== undefined) this.ids.add(id)
    if (!isTaken) this.kept.push({ n, key })
    return isTaken ? "taken" : "kept"
  }
  #offer(n: number, key: string | undefined): boolean {
    const wait = this.waits.find((wait) => wait.state === "waits" && (wait.key === undefined || wait.key === key))
    if (wait === undefined) return false
    wait.state = "given"
    wait.value = n
    wait.own = key
    return true
  }
  wait(key: string | undefined): void {
    const found = this.kept.findIndex((letter) => key === undefined || letter.key === key)
    const [letter] = found < 0 ? [] : this.kept.splice(found, 1)
    this.waits.push(
      letter === undefined
        ? { key, state: "waits", value: undefined, own: undefined }
        : { key, state: "over", value: letter.n, own: letter.key }
    )
  }
  interrupt(at: number): void {
    const wait = this.waits[at]
    if (wait === undefined || wait.state === "over") return
    const { own, state, value } = wait
    wait.state = "over"
    wait.value = undefined
    if (state !== "given" || this.#offer(value!, own)) return
    const place = this.kept.findIndex(({ n }) => n > value!)
    this.kept.splice(place < 0 ? this.kept.length : place, 0, { n: value!, key: own })
  }
  settle(): void {
    for (const wait of this.waits) if (wait.state === "given") wait.state = "over"
  }
}
