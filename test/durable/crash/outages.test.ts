/**
 * A journal that fails, or does not answer, for a while: at a moment of a seed, while runs begin, go on and are taken again.
 * Nothing that a run decides, executes or undoes comes of that, and it ends by itself when the journal is back.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, Fiber, Layer } from "effect"
import * as Durable from "effect-cano/durable"
import * as Journal from "effect-cano/journal"
import * as Runs from "effect-cano/Runs"
import { TestClock } from "effect/testing"
import type { Book } from "./book.ts"
import { answer, judge } from "./judge.ts"
import * as machine from "./machine.ts"
import * as plan from "./plan.ts"
import * as random from "./random.ts"

/**
 * How a journal is out: it fails, it has done what it was asked and fails all the same, it hangs, or it does what it was asked
 * when it is back, though nobody waits for it any more.
 */
type Outage = "fails" | "loses answers" | "hangs" | "is late"

const out = (operation: string) =>
  new Journal.JournalError({ runId: undefined, reason: "Unavailable", operation, detail: "it is out" })

/** A journal that is out between two instants; each of its functions is. */
const failing = (journal: Journal.Service, outage: Outage, from: number, to: number): Journal.Service =>
  Object.fromEntries(
    Object.entries(journal).map(([operation, f]) => [
      operation,
      (...args: ReadonlyArray<unknown>) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const asked = (f as (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown>)(...args)
          if (now < from || now >= to) return asked
          switch (outage) {
            case "fails":
              return Effect.fail(out(operation))
            case "loses answers":
              return Effect.andThen(asked, Effect.fail(out(operation)))
            case "hangs":
              return Effect.never
            case "is late":
              return Effect.uninterruptible(Effect.andThen(Effect.sleep(to - now + now % 7), asked))
          }
        })
    ])
  ) as never

const settings = (patience: number) =>
  Durable.settings({
    lease: Duration.seconds(5),
    poll: Duration.millis(100),
    patience: Duration.millis(patience),
    stopWithin: Duration.millis(0),
    pause: Duration.millis(50)
  })

/** Lets the time pass until something has ended. */
const ended = <A, E>(fiber: Fiber.Fiber<A, E>, most: number) =>
  Effect.gen(function*() {
    for (let at = 0; at < most && fiber.pollUnsafe() === undefined; at += 5) yield* TestClock.adjust(5)
    const exit = fiber.pollUnsafe()
    assert(exit !== undefined, `it has not ended within ${most} ms`)
    return exit
  })

interface Case {
  readonly seed: number
  readonly outage: Outage
  /** When it begins, and how long it lasts. */
  readonly from: number
  readonly millis: number
  /** Whether the process that drove the run is gone when it begins. */
  readonly isCrashed: boolean
}

const check = ({ from, isCrashed, millis, outage, seed }: Case) =>
  Effect.gen(function*() {
    const own = plan.make(seed)
    const wrong: Array<string> = []
    const over = new Set<string>()
    const store = yield* Journal.makeMemory
    const told: machine.Tell = (what, key) => {
      for (let at = key; at.includes("/"); at = at.slice(0, at.lastIndexOf("/"))) {
        if (over.has(`${what === "exec" ? "settle" : "compensate"} ${at}`)) {
          wrong.push(`${what} ${key}: ${at} is written`)
        }
      }
    }
    const watched: Journal.Service = {
      ...store,
      append: (appends) =>
        Effect.tap(store.append(appends), (written) =>
          Effect.sync(() =>
            appends.forEach(({ rows, runId }, i) => {
              for (const { key, kind } of rows) if (written[i]) over.add(`${kind} ${runId}${key}`)
            })
          ))
    }
    const start = yield* Clock.currentTimeMillis
    const journal = failing(watched, outage, start + from, start + from + millis)
    const definition = (Durable.make as any)(machine.make(own, told), { version: 1, error: machine.Bad })
    const layer = definition.layer.pipe(
      Layer.provideMerge(Durable.layer),
      Layer.provideMerge(Layer.mergeAll(Layer.succeed(Journal.Journal)(journal), machine.places)),
      Layer.provideMerge(settings(isCrashed ? 300 : 1000))
    )
    const send = Effect.forEach(
      own.stages.entries(),
      ([i, { kind }]) =>
        kind === "signal" ? Effect.exit(Runs.signal("r", machine.Go, i, { id: `go-${i}` })) : Effect.void
    )
    const live = (body: Effect.Effect<unknown, unknown, any>) =>
      Effect.forkChild(Effect.provide(body, layer) as Effect.Effect<unknown, unknown>)
    const run = definition.run("r", { _tag: "S0", got: "" })
    // a run that has begun goes on by itself: who begins one is told that it can't be
    yield* journal.create([{
      runId: "r",
      workflow: definition.name,
      version: 1,
      state: "S0",
      key: "/1/S0",
      data: JSON.stringify({ _tag: "S0", got: "" }),
      parent: undefined
    }])
    if (isCrashed) {
      const first = yield* live(Effect.never)
      yield* TestClock.adjust(from)
      yield* Effect.forkChild(Fiber.interrupt(first))
      yield* TestClock.adjust(1)
    }
    const waits = yield* live(Effect.gen(function*() {
      const back = Effect.flatMap(
        Clock.currentTimeMillis,
        (now) => Effect.sleep(Math.max(0, start + from + millis - now))
      )
      // who begins a run or sends while the journal is out is told so; who waits is told nothing
      if (isCrashed) yield* back
      const waits = yield* Effect.forkChild(run)
      yield* back
      yield* send
      return yield* Fiber.join(waits)
    }))
    // it is begun before the journal is out
    for (let turn = 0; turn < 100; turn++) yield* Effect.yieldNow
    const exit = yield* ended(waits, millis + 120_000)
    const head = (yield* store.show("r"))!
    const rows = yield* store.rows("r", 0, 10_000)
    const book: Book = {
      status: head.status,
      outcome: head.outcome ?? null,
      owner: head.owner ?? null,
      last: head.n,
      rows: rows.map((row) => ({ ...row, data: row.kind === "owner" ? row.data : JSON.parse(row.data) }))
    }
    const said = JSON.stringify(
      Exit.isSuccess(exit)
        ? exit.value
        : exit.cause.reasons.map(({ defect, error }: any) =>
          error?._tag === "Bad" ? error.why : error?._tag ?? String(error ?? defect)
        )
    )
    if (book.status !== "ended") wrong.push(`it is ${book.status}`)
    else if (said !== answer(book)) wrong.push(`it was told ${said}, and ended with ${answer(book)}`)
    wrong.push(...judge(own, book))
    assert.deepStrictEqual(wrong, [], JSON.stringify({ seed, outage, from, millis, isCrashed }))
  })

const outages = ["fails", "loses answers", "hangs", "is late"] as const

describe("an outage", () => {
  for (const millis of [100, 1000, 4000, 60_000]) {
    for (const outage of outages) {
      it.effect(
        `of ${millis / 1000} s, a journal that ${outage}: no run is changed by it, and each goes on by itself`,
        () =>
          Effect.gen(function*() {
            for (let seed = 1; seed <= 16; seed++) {
              const r = random.make(seed * 13 + millis)
              const isCrashed = seed % 4 === 0
              yield* check({ seed, outage, from: r.int(1, 120), millis, isCrashed })
            }
          }),
        60_000
      )
    }
  }
})
