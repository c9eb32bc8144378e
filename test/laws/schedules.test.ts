/**
 * Schedulers that share a store, whatever becomes of them: started, killed between and inside of commits, stopped, cut off from
 * the store, with clocks that differ. What their runs do is noted outside of them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Clock, Effect, Fiber } from "effect"
import * as Scheduler from "effect-cano/Scheduler"
import * as Schedules from "effect-cano/schedules"
import { int, oneOf, runs, turns } from "../kit/index.ts"
import { pass } from "../scheduler/diary.ts"
import { end, kill, type Life, live } from "../scheduler/lives.ts"

const interval = 10_000

const command = Arbitrary.all({
  op: oneOf([
    "start",
    "start",
    "kill",
    "kill",
    "end",
    "down",
    "down",
    "pause",
    "resume",
    "resume again",
    "trigger",
    "pass",
    "pass",
    "pass",
    "pass"
  ]),
  slot: int(0, 2),
  seconds: oneOf([0, 1, 4, 10, 11, 25]),
  fault: oneOf(["none", "none", "none", "refuse", "lose", "hang", "before", "after"]),
  /** The commit to which that happens. */
  at: int(1, 6)
})
type Command = typeof command extends Arbitrary.Arbitrary<infer A> ? A : never

const program = Arbitrary.all({
  commands: Arbitrary.array(command, { minLength: 4, maxLength: 16 }),
  skews: Arbitrary.array(oneOf([0, 0, -900, 900, 300]), { minLength: 3, maxLength: 3 }),
  /** How long a run takes, in seconds. */
  takes: oneOf([0, 3, 12, 25]),
  overlap: oneOf(["skip", "queue", "allow"]),
  catchUp: oneOf([0, 1, 3])
})
type Program = typeof program extends Arbitrary.Arbitrary<infer A> ? A : never

const overlaps = { skip: "skip", queue: { queue: 2 }, allow: { allow: 2 } } as const

interface Note {
  readonly runId: string
  readonly from: number
  to: number
}

/** Runs a program: all lives, and what was done outside. The last life has nobody beside it, and the store. */
const play = (
  { commands, skews }: Pick<Program, "commands" | "skews">,
  store: Schedules.Service,
  define: (life: Life) => ReadonlyArray<Scheduler.AnyFlow>,
  ops: ReadonlySet<Command["op"]>
) =>
  Effect.gen(function*() {
    const lives: Array<Life> = []
    const slots = new Map<number, Life>()
    const begin = (slot: number, faults: ReadonlyArray<readonly [number, any]> = []) =>
      Effect.map(live(store, define, { faults, skew: skews[slot] ?? 0 }), (life) => {
        lives.push(life)
        slots.set(slot, life)
      })
    const leave = (slot: number, how: (life: Life) => Effect.Effect<void>) => {
      const life = slots.get(slot)
      if (life === undefined) return Effect.void
      slots.delete(slot)
      return Effect.andThen(Effect.forkDetach(how(life), { startImmediately: true }), turns(20))
    }
    yield* begin(0)
    for (const { at, fault, op, seconds, slot } of commands) {
      const life = slots.get(slot)
      if (!ops.has(op)) yield* pass(`${seconds} seconds`)
      else if (op === "start" && life === undefined) yield* begin(slot, fault === "none" ? [] : [[at, fault]])
      else if (op === "kill" || life?.isDead === true) yield* leave(slot, kill)
      else if (op === "end") yield* leave(slot, end)
      else if (life === undefined || op === "pass" || op === "start") yield* pass(`${seconds} seconds`)
      else if (op === "down") {
        life.isDown = true
        yield* pass(`${seconds} seconds`)
        life.isDown = false
      } else if (life.scheduler !== undefined) {
        const flow = life.flows[0]!
        const asked: Effect.Effect<unknown, unknown> = op === "pause"
          ? life.scheduler.pause(flow)
          : op === "trigger"
          ? life.scheduler.trigger(flow, { id: `${at}` })
          : life.scheduler.resume(flow, { catchUp: op === "resume again" })
        yield* Effect.forkDetach(Effect.exit(asked), { startImmediately: true })
        yield* turns(20)
      }
    }
    for (const slot of [0, 1, 2]) yield* leave(slot, kill)
    // until no lease of a former life lasts
    yield* pass("12 seconds")
    skews[0] = 0
    yield* begin(0)
    yield* pass("60 seconds")
    const last = lives.at(-1)!
    // who ends waits for what he has begun, and time passes meanwhile
    const close = Effect.gen(function*() {
      const closing = yield* Effect.forkChild(end(last), { startImmediately: true })
      yield* pass("60 seconds")
      yield* Fiber.join(closing)
    })
    return { lives, last, close }
  })

const idOf = (due: number) => `f@${new Date(due).toISOString()}`

/** A flow of plain Effects, and when each of its runs went on: one whose life has ended goes on no longer. */
const plain = ({ catchUp, overlap, takes }: Program, notes: Array<Note>) => (life: Life) => [
  Scheduler.flow("f", {
    run: ({ runId }) =>
      Effect.flatMap(Clock.currentTimeMillis, () =>
        Effect.gen(function*() {
          const clock = yield* Clock.Clock
          const note = yield* life.act((): Note => {
            const from = Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
            return { runId, from, to: from }
          })
          notes.push(note)
          for (let i = 0; i < takes; i++) {
            yield* Effect.sleep("1 second")
            yield* life.act(() => {
              note.to += 1000
            })
          }
        })),
    when: {
      fixedRate: interval,
      from: "epoch",
      missed: catchUp === 0 ? "skip" : { catchUp }
    },
    overlap: overlaps[overlap],
    history: 3
  })
]

/** Durable runs, as a journal has them: one for each id, which goes on by itself. */
class Ledger {
  readonly notes = new Map<string, Note>()
  readonly takes: number
  constructor(takes: number) {
    this.takes = takes * 1000
  }
  definition(life: Life): Schedules.Startable<string, string, never, never, never> {
    const now = Effect.map(Clock.Clock, (clock) => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n))
    return {
      name: "ledger",
      start: (runId) =>
        Effect.flatMap(now, (from) =>
          life.act(() => {
            if (this.notes.has(runId)) return false
            this.notes.set(runId, { runId, from, to: from + this.takes })
            return true
          })),
      await: (runId) =>
        Effect.flatMap(
          now,
          (at) => Effect.andThen(Effect.sleep(Math.max(0, this.notes.get(runId)!.to - at)), life.act(() => "ok"))
        )
    }
  }
}

const overlapping = (notes: ReadonlyArray<Note>): ReadonlyArray<string> =>
  notes.flatMap((one, i) =>
    notes.slice(i + 1).flatMap((other) =>
      one.from < other.to && other.from < one.to ? [`${one.runId} and ${other.runId}`] : []
    )
  )

const all = new Set<Command["op"]>(["start", "kill", "end", "down", "pause", "resume", "resume again", "trigger"])

/** Nothing is kept of what has ended but so much, and nothing is left open. */
const isClean = (store: Schedules.Service, keep: number) =>
  Effect.gen(function*() {
    const [view] = yield* store.look(["f"])
    assert.isAtMost(view!.open.length, 6)
    assert.isAtMost((yield* store.history("f", 1000)).length, keep)
  })

describe("schedulers that share a store", () => {
  it.effect.prop(
    "start an instant at most once, decide it at most once each, and never overlap where that is not allowed",
    { program },
    ({ program }) =>
      Effect.gen(function*() {
        const store = yield* Schedules.makeMemory
        const notes: Array<Note> = []
        const { close, lives } = yield* play(program, store, plain(program, notes), all)
        const ids = notes.map(({ runId }) => runId)
        assert.deepStrictEqual(ids, [...new Set(ids)])
        // one that is cut off for longer than its lease has a run that others take for lost
        const isCut = program.commands.some(({ op, seconds }) => op === "down" && seconds >= 4)
        if (program.overlap !== "allow" && !isCut) assert.deepStrictEqual(overlapping(notes), [])
        for (const { diary: { events } } of lives) {
          const decided = new Map<number, string>()
          for (const event of events) {
            if (event._tag !== "Fired" && event._tag !== "Late" && event._tag !== "Skipped") continue
            const due = event._tag === "Skipped" ? event.due : event.fire.due
            const before = decided.get(due)
            // what a pause has skipped a resume may catch up
            assert.isTrue(before === undefined || before === "Paused", `${due}: ${before}, and ${event._tag}`)
            decided.set(due, event._tag === "Skipped" ? event.reason : event._tag)
          }
        }
        yield* isClean(store, 3)
        yield* close
      }),
    runs(60)
  )

  it.effect.prop(
    "start exactly one durable run for each instant that is to be caught up, whatever crashes",
    { program },
    ({ program }) =>
      Effect.gen(function*() {
        const store = yield* Schedules.makeMemory
        const ledger = new Ledger(program.takes)
        const define = (life: Life) => [
          Schedules.flow("f", {
            definition: ledger.definition(life),
            initial: "Work",
            when: { fixedRate: interval, from: "epoch", missed: { catchUp: 1000 } },
            overlap: { allow: 1000 },
            history: 3
          })
        ]
        const ops = new Set<Command["op"]>(["start", "kill", "end", "down"])
        const begun = (yield* Clock.currentTimeMillis) + program.skews[0]!
        const { close } = yield* play(program, store, define, ops)
        const [view] = yield* store.look(["f"])
        const expected: Array<string> = []
        for (
          let due = Math.ceil(Math.max(0, begun) / interval) * interval;
          due <= view!.schedule.cursor;
          due += interval
        ) expected.push(idOf(due))
        assert.deepStrictEqual([...ledger.notes.keys()].sort(), expected.sort())
        yield* close
      }),
    runs(60)
  )

  it.effect.prop(
    "never have two durable runs at once where overlap is skipped, whatever crashes",
    { program },
    ({ program }) =>
      Effect.gen(function*() {
        const store = yield* Schedules.makeMemory
        const ledger = new Ledger(program.takes)
        const define = (life: Life) => [
          Schedules.flow("f", {
            definition: ledger.definition(life),
            initial: "Work",
            when: {
              fixedRate: interval,
              from: "epoch",
              missed: program.catchUp === 0 ? "skip" : { catchUp: program.catchUp }
            },
            history: 3
          })
        ]
        const { close } = yield* play(program, store, define, all)
        assert.deepStrictEqual(overlapping([...ledger.notes.values()]), [])
        yield* isClean(store, 3)
        yield* close
      }),
    runs(60)
  )
})
