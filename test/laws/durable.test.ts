/**
 * Laws of durable runs: whatever a machine does, and wherever whoever drives it crashes or loses its journal, what is
 * recorded is not run again, what was decided stays, and what was done is undone or kept as if nothing had happened.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Cause, Effect, Exit, Layer, Schema } from "effect"
import { JoinStrategy, type Saga, TaskResult, Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import type * as Journal from "effect-cano/journal"
import * as Signal from "effect-cano/Signal"
import * as Task from "effect-cano/Task"
import {
  type Fault,
  inLife,
  inLifeForked,
  Life,
  makeWorld,
  pass,
  passUntil,
  quick,
  type World
} from "../durable/kit.ts"
import { int, oneOf, optional, passTime, primeClock, runs, type Untyped } from "../kit/index.ts"

// -----------------------------------------------------------------------------
// machines
// -----------------------------------------------------------------------------

const step = Arbitrary.all({
  delay: Arbitrary.map(int(0, 4), (n) => n * 10),
  end: oneOf(["ok", "ok", "ok", "ok", "open", "fail", "die", "die after"]),
  undoes: oneOf(["at once", "in time", "fails", "not", "not"]),
  inDoubt: oneOf(["unexpected", "unexpected", "always", "skip"])
})
type Step = typeof step extends Arbitrary.Arbitrary<infer A> ? A : never

const state = Arbitrary.all({
  kind: oneOf([
    "task",
    "task",
    "split",
    "split",
    "split",
    "follow-on",
    "nested",
    "deep",
    "pivot",
    "timer",
    "signal",
    "waits",
    "waits"
  ]),
  task: step,
  branches: Arbitrary.array(step, { minLength: 1, maxLength: 4 }),
  strategy: oneOf(["all", "allFailFast", "any", "quorum", "percentage", "partialResults", "partialTimeout"]),
  bulkhead: optional(oneOf([1, 2])),
  timeout: optional(Arbitrary.map(int(0, 6), (n) => n * 10 + 5)),
  losers: oneOf(["interrupt", "await"]),
  keep: oneOf(["winners", "completed"]),
  shape: oneOf(["record", "record", "function"]),
  result: oneOf(["all", "discard", "reduce"]),
  observes: oneOf([false, true]),
  otherwise: oneOf([true, true, false])
})
type State = typeof state extends Arbitrary.Arbitrary<infer A> ? A : never

const fault = Arbitrary.all({
  at: int(1, 12),
  how: oneOf(["before", "before", "after", "after", "refuse", "lose", "hang", "down"]),
  times: int(1, 3),
  downtime: Arbitrary.map(int(0, 8), (n) => n * 10)
})

/** What is seen of the world outside. */
class Ground {
  /** What has taken effect and has not been undone, by key: who does something twice for one key does it once. */
  readonly applied: Set<string>
  readonly begun: Array<{ readonly key: string; readonly epoch: number }> = []
  readonly undone: Array<{ readonly key: string; readonly epoch: number; readonly tag: string }> = []
  readonly stuck = new Set<string>()
  readonly joins: Array<{ readonly state: string; readonly epoch: number; readonly settled: unknown }> = []
  readonly told: Array<{ readonly state: string; readonly epoch: number; readonly index: number }> = []
  readonly faults: Array<string> = []
  readonly world: World
  /** A compensation is called. */
  undoes: (key: string) => void = () => {}
  constructor(world: World, applied = new Set<string>()) {
    this.world = world
    this.applied = applied
  }
  /** How often the run has been taken. */
  get epoch(): number {
    return this.world.claims.length
  }
}

/** How states and branches are called in a life: each is a version of its own, where lives are that. */
interface Names {
  readonly version: number
  readonly of: (name: string) => string
}

const same: Names = { version: 1, of: (name) => name }
const namesOf = (life: number): Names => ({ version: life + 1, of: (name) => `${name}~${life}` })

/** A name, or a key, as it is the same in all lives. */
const plainly = (name: string): string => name.replace(/~\d+/g, "")

/** A workflow whose states and branches are called otherwise. */
const renamed = (workflow: Untyped, { of }: Names): Untyped => {
  const again = (workflow: Untyped) => renamed(workflow, { version: 0, of })
  const keys = (given: any) =>
    typeof given === "function" || given === undefined
      ? given
      : Object.fromEntries(Object.entries(given).map(([name, one]) => [of(name), one]))
  const list = (given: any) => TaskResult.isSplit(given) ? TaskResult.split((given.states as any).map(of)) : keys(given)
  const next = (given: any) => typeof given === "function" ? (result: any) => of(given(result)) : given && of(given)
  return {
    register: (name: string, task: any, options: any = {}) =>
      again(workflow.register(of(name), { ...task, next: of(task.next) }, options)),
    registerSignal: (name: string, signal: any, options: any) =>
      again(workflow.registerSignal(of(name), signal, { ...options, next: of(options.next) })),
    registerSplit: (name: string, branches: any, options: any) =>
      again(workflow.registerSplit(
        of(name),
        typeof branches === "function" ? () => list(branches()) : list(branches),
        {
          ...options,
          next: next(options.next),
          otherwise: next(options.otherwise),
          compensate: keys(options.compensate),
          inDoubt: keys(options.inDoubt)
        }
      )),
    withCompensation: (options: any) => workflow.withCompensation(options)
  } as Untyped
}

const work = (ground: Ground, life: Life, name: string, { delay, end }: Step): Effect.Effect<string, string> =>
  Effect.flatMap(Workflow.CurrentRun as any, (run: any) => {
    const key = plainly(run.key)
    const begin = life.act(() => void ground.begun.push({ key, epoch: ground.epoch }))
    const apply = life.act(() => void ground.applied.add(key))
    const wait = Effect.sleep(delay)
    switch (end) {
      case "ok":
        return begin.pipe(Effect.andThen(wait), Effect.andThen(apply), Effect.as(name))
      case "open":
        return begin.pipe(Effect.andThen(Effect.interruptible(wait)), Effect.andThen(apply), Effect.as(name))
      case "fail":
        return begin.pipe(Effect.andThen(wait), Effect.andThen(Effect.fail("declined")))
      case "die":
        return begin.pipe(Effect.andThen(wait), Effect.andThen(Effect.die(new Error("bug"))))
      case "die after":
        return begin.pipe(Effect.andThen(wait), Effect.andThen(apply), Effect.andThen(Effect.die(new Error("bug"))))
    }
  })

const undo =
  (ground: Ground, life: Life, { undoes }: Step, name: string) =>
  (done: Saga.Done<unknown>, step: Saga.Step<unknown>) => {
    const key = plainly(step.key)
    ground.undoes(key)
    const run = Effect.flatten(life.act(() => {
      const { epoch } = ground
      if (done._tag === "Succeeded" && done.value !== name) ground.faults.push(`${key} is told ${String(done.value)}`)
      if (ground.undone.some((before) => before.key === key && before.epoch === epoch)) {
        ground.faults.push(`${key} is undone twice`)
      }
      ground.undone.push({ key, epoch, tag: done._tag })
      if (undoes === "fails") {
        ground.stuck.add(key)
        return Effect.fail("stuck")
      }
      if (done._tag === "Succeeded" && !ground.applied.has(key) && !ground.undone.some((one) => one.key === key)) {
        ground.faults.push(`${key} was not done`)
      }
      ground.applied.delete(key)
      return Effect.void
    }))
    return undoes === "in time" ? Effect.andThen(Effect.interruptible(Effect.sleep(7)), run) : run
  }

const { all, allFailFast, any, partialTimeout } = JoinStrategy

const texts = { success: Schema.String, error: Schema.String }

const undoing = (ground: Ground, life: Life, given: Step, name: string) =>
  given.undoes === "not" ? {} : { compensate: undo(ground, life, given, name), inDoubt: given.inDoubt }

const strategyOf = ({ branches: { length }, strategy }: State) => {
  switch (strategy) {
    case "quorum":
      return JoinStrategy.quorum(Math.min(2, length))
    case "percentage":
      return JoinStrategy.percentage(0.5)
    case "partialResults":
      return JoinStrategy.partialResults(Math.min(2, length))
    default:
      return { all, allFailFast, any, partialTimeout }[strategy]
  }
}

const go = Signal.make("go", Schema.Int)
const come = Signal.make("come", Schema.Int)

const int3 = (delay: number): number => (delay / 10) % 3

/** What a leg does after its first step. */
const second = (branches: ReadonlyArray<Step>, j: number): Step => branches[(j + 1) % branches.length]!

const machineOf = (
  ground: Ground,
  life: Life,
  states: ReadonlyArray<State>,
  isAtOnce: boolean,
  called: Names = same
): Untyped => {
  const names: Array<string> = ["Done"]
  const own = (name: string) => (names.push(name), name)
  const steps: Array<(workflow: Untyped) => Untyped> = states.map((state, i) => {
    const next = i + 1 < states.length ? `S${i + 1}` : "Done"
    const { branches, keep, kind, observes, result, shape, task, timeout } = state
    const name = own(`S${i}`)
    const doing = (name: string, given: Step) => ({
      run: work(ground, life, name, given),
      schema: texts,
      ...undoing(ground, life, given, name)
    })
    if (kind === "task") return (workflow) => workflow.register(name, { ...doing(name, task), next })
    if (kind === "pivot") return (workflow) => workflow.register(name, { run: Effect.void, next }, { pivot: true })
    if (kind === "timer") return (workflow) => workflow.register(name, { run: Task.timer(task.delay * 2), next })
    if (kind === "signal") return (workflow) => workflow.registerSignal(name, go, { next })
    const settled = (result: any): unknown =>
      state.result === "reduce" ? result.value : result.settled?.map(({ index }: { readonly index: number }) => index)
    const options = {
      strategy: strategyOf(state),
      bulkhead: state.bulkhead,
      losers: state.losers,
      timeout: state.strategy === "partialTimeout" ? timeout ?? 35 : timeout,
      keep,
      next: (joined: any) => {
        ground.joins.push({ state: name, epoch: ground.epoch, settled: settled(joined) })
        return next
      },
      otherwise: state.otherwise ? next : undefined,
      discard: result === "discard" ? true : undefined,
      reduce: result !== "reduce" ? undefined : {
        initial: (): ReadonlyArray<number> => [],
        step: (all: ReadonlyArray<number>, { index }: { readonly index: number }) => [...all, index]
      },
      onOutcome: observes
        ? ({ _tag, index }: { readonly _tag: string; readonly index: number }) =>
          life.act(() => {
            if (_tag === "Succeeded" || _tag === "Failed") {
              ground.told.push({ state: name, epoch: ground.epoch, index })
            }
          })
        : undefined
    }
    if (kind === "waits") {
      const kinds = [
        (given: Step, name: string) => work(ground, life, name, given),
        ({ delay }: Step, name: string) => Effect.as(Task.run(Task.timer(delay * 3)), name),
        ({ delay }: Step, name: string) =>
          Effect.catch(Effect.as(Signal.wait(come, { timeout: 20 + delay * 2 }), name), () => Effect.succeed("late"))
      ]
      // each kind comes first in some
      const first = int3(task.delay)
      const list = Object.fromEntries(
        branches.map((given, j) => [`b${j}`, kinds[(first + j) % kinds.length]!(given, `${name}-b${j}`)])
      )
      return (workflow) =>
        workflow.registerSplit(name, shape === "record" ? list : () => list, { ...options, schema: texts })
    }
    if (kind === "split") {
      const list = Object.fromEntries(branches.map((given, j) => [`b${j}`, work(ground, life, `${name}-b${j}`, given)]))
      const undoes = branches.map((given, j) => undoing(ground, life, given, `${name}-b${j}`))
      const of = (option: "compensate" | "inDoubt") =>
        Object.fromEntries(undoes.flatMap((one, j) => option in one ? [[`b${j}`, (one as any)[option]]] : []))
      const has = undoes.some((one) => "compensate" in one)
      return (workflow) =>
        workflow.registerSplit(name, shape === "record" ? list : () => list, {
          ...options,
          schema: texts,
          ...(has ? { compensate: of("compensate"), inDoubt: of("inDoubt") } : {})
        })
    }
    const legs = branches.map((_, j) => own(`${name}-${j}`))
    return (workflow) =>
      branches.reduce((workflow, given, j) => {
        const leg = legs[j]!
        const more = own(`${leg}+`)
        const other = second(branches, j)
        const first = workflow.register(leg, { ...doing(leg, given), next: more })
        if (kind === "follow-on") return first.register(more, { ...doing(more, other), next: "Done" })
        const inner = { strategy: strategyOf({ ...state, branches: [other, other], strategy: "all" }), next: "Done" }
        if (kind === "nested") {
          return first.registerSplit(
            more,
            { x: work(ground, life, more, other), y: Effect.as(Effect.sleep(15), "y") },
            {
              ...inner,
              schema: texts,
              ...(other.undoes === "not"
                ? {}
                : { compensate: { x: undo(ground, life, other, more) }, inDoubt: { x: other.inDoubt } })
            }
          )
        }
        const last = own(`${more}+`)
        return first.registerSplit(more, () => TaskResult.split([last, last]), inner)
          .register(last, { ...doing(last, other), next: "Done" })
      }, workflow.registerSplit(name, () => TaskResult.split(legs), options))
  })
  // the names of legs are known when all is registered
  steps.reduce((workflow, f) => f(workflow), Workflow.make<string>("dry") as unknown as Untyped)
  const schema = Schema.Literals([...new Set(names)].map(called.of))
  const empty = (Workflow.make("w", schema) as unknown as Untyped).addExitStates(called.of("Done"))
  return steps.reduce((workflow, f) => f(workflow), called === same ? empty : renamed(empty, called))
    .withCompensation({ branches: isAtOnce ? "at once" : "in order" })
}

// -----------------------------------------------------------------------------
// what is seen of a run that crashes
// -----------------------------------------------------------------------------

interface Case {
  readonly states: ReadonlyArray<State>
  readonly faults: ReadonlyArray<Fault & { readonly downtime: number }>
  readonly isAtOnce: boolean
  /** Whether later lives find the run by themselves. */
  readonly byItself: boolean
  readonly letters: ReadonlyArray<number>
  /** Whether its resources take a while. */
  readonly hasResources: boolean
  /** The time of the run. */
  readonly limit: number | undefined
  /** When somebody cancels it. */
  readonly cancel: { readonly at: number; readonly compensate: boolean } | undefined
  /** Whether it is parked whenever it only waits. */
  readonly parks?: boolean
  /** Where it waits for an operator, who lets it end. */
  readonly operator?: "never" | "rollback" | "failure"
  /** What he orders before that, of which some is refused. */
  readonly orders?: ReadonlyArray<number>
  /** Whether each life is a later version, in which all states and branches have names of their own. */
  readonly isRenamed?: boolean
}

const runId = "r"

/** Whether a run has ended; one that is stuck is told to, once it has been told all else. */
const isOverIn = (store: Journal.Service, orders: ReadonlyArray<number>): Effect.Effect<boolean> => {
  let told = 0
  let sent: { readonly n: number; readonly seq: number } | undefined
  return Effect.orDie(Effect.gen(function*() {
    const head = yield* store.show(runId)
    if (head?.status !== "stuck") return head?.status === "ended"
    const last = sent && (yield* store.letter(runId, sent.seq))
    // it is followed, or will be
    if (sent?.n === head.n && last?.isTaken === false) return false
    const choice = orders[told++]
    const [kind, given] = choice === undefined
      ? (["end", {}] as const)
      : orderOf(choice, head, yield* store.rows(runId, 0, 9999))
    const letter = { kind, name: "", key: undefined, id: `order ${told}`, data: JSON.stringify(given) }
    const answer = yield* store.send(runId, letter)
    if (answer._tag === "Kept") sent = { n: head.n, seq: answer.seq }
    return false
  }))
}

/** What an operator may order of a run that is stuck. */
const orderOf = (
  choice: number,
  { state, visit }: Journal.Head,
  rows: ReadonlyArray<Journal.Row>
): readonly [Journal.LetterKind, object] => {
  const own = `/${visit}/${state}/`
  const branch = rows.findLast(({ data, key, kind }) =>
    kind === "settle" && key.startsWith(own) && key.split("/").length === 4 && data.includes("\"c\"")
  )?.key.slice(own.length)
  const step = rows.findLast(({ data, kind }) => kind === "compensate" && data.includes("\"how\""))?.key
  switch (choice) {
    case 0:
      return ["retry", {}]
    case 1:
      return ["retry", { branches: "all" }]
    case 2:
      return ["rerun", { state }]
    case 3:
      return ["rerun", { state: "S0" }]
    case 4:
      return ["skip", { state: "Done" }]
    case 5:
      return ["skip", { branch, value: branch?.startsWith("b") === true ? `${state}-${branch}` : "Done" }]
    default:
      return ["skip", { step }]
  }
}

/** How a version is come to from each before. */
const migrationsOf = (machine: Untyped, life: number): object => {
  const names = machine.definition.states.map(({ name }: any) => plainly(name))
  const branches = ["x", "y", ...Array.from({ length: 4 }, (_, j) => `b${j}`)]
  const from = (before: Names, now: Names, all: ReadonlyArray<string>) =>
    Object.fromEntries(all.map((name) => [before.of(name), now.of(name)]))
  return Object.fromEntries(Array.from({ length: life }, (_, before) => [before + 1, {
    states: from(namesOf(before), namesOf(life), names),
    branches: Object.fromEntries(
      names.map((name: string) => [namesOf(before).of(name), from(namesOf(before), namesOf(life), branches)])
    )
  }]))
}

const lived = (
  { byItself, cancel, faults, hasResources, isAtOnce, isRenamed, letters, limit, operator, orders, parks, states }: Case
) =>
  Effect.gen(function*() {
    yield* primeClock
    const world = yield* makeWorld
    const ground = new Ground(world)
    const { store } = world
    const around = (machine: Untyped): Untyped => {
      const timed = limit === undefined ? machine : machine.withTimeout(limit)
      return hasResources ? timed.withResources(Layer.effectDiscard(Effect.sleep(5))) : timed
    }
    let definition: any
    let initial = "S0"
    const define = (life: Life) => {
      const names = isRenamed === true ? namesOf(life.number) : same
      const machine = around(machineOf(ground, life, states, isAtOnce, names))
      initial = names.of("S0")
      definition = (Durable.make as any)(machine, {
        version: names.version,
        operator,
        migrate: isRenamed === true ? migrationsOf(machine, life.number) : undefined,
        error: Schema.String
      })
      return [definition]
    }
    const signals = states.filter(({ kind }) => kind === "signal")
    const isOver = isOverIn(store, orders ?? [])
    for (let number = 0;; number++) {
      const own = faults[number]
      const life = yield* world.life(define, {
        faults: own === undefined ? [] : [own],
        settings: parks === true ? { ...quick, poll: 5, parkAfter: 0 } : quick
      })
      if (number === 0) {
        yield* inLife(life, definition.start(runId, initial)) as Effect.Effect<boolean>
        if (cancel !== undefined) {
          const data = JSON.stringify({ compensate: cancel.compensate })
          const send = store.send(runId, { kind: "cancel", name: "", key: undefined, id: "cancel", data })
          yield* Effect.forkDetach(Effect.delay(send, cancel.at), { startImmediately: true })
        }
        for (const [i] of signals.entries()) {
          const send = store.send(runId, { kind: "signal", name: "go", key: undefined, id: `${i}`, data: `${i}` })
          yield* Effect.forkDetach(Effect.delay(send, letters[i % letters.length]!), { startImmediately: true })
        }
        for (const [i] of states.filter(({ kind }) => kind === "waits").entries()) {
          const send = store.send(runId, { kind: "signal", name: "come", key: undefined, id: `${i}`, data: `${i}` })
          yield* Effect.forkDetach(Effect.delay(send, letters[i % letters.length]! + 5), { startImmediately: true })
        }
      } else if (!byItself) {
        // a life may have ended before it is asked
        yield* inLifeForked(life, definition.start(runId, initial) as Effect.Effect<boolean>)
      }
      const done = yield* passUntil(
        Effect.map(isOver, (isOver) => isOver || life.isDead),
        { most: 5000, step: own === undefined ? 10 : 5 }
      )
      if (!done) {
        const rows = yield* world.rows(runId)
        const head = JSON.stringify(yield* store.show(runId))
        assert.fail(
          `the run hangs in life ${number} with ${head}:\n${rows.map((row) => JSON.stringify(row)).join("\n")}`
        )
      }
      if (!life.isDead) {
        const waiting = yield* inLifeForked(
          life,
          Effect.exit(definition.run(runId, initial) as Effect.Effect<any, any>)
        )
        yield* pass(50)
        const seen = waiting.pollUnsafe()
        assert.isDefined(seen)
        const exit = (seen as Exit.Success<Exit.Exit<unknown, unknown>>).value
        const rows = yield* world.rows(runId)
        const head = (yield* Effect.orDie(store.show(runId)))!
        const left = yield* Effect.orDie(store.letters(runId))
        yield* world.bury(life)
        yield* passTime(1000)
        return { ground, exit, rows, head, left, world }
      }
      yield* world.bury(life)
      yield* pass(own!.downtime)
    }
  })

const dataOf = (row: Journal.Row) => JSON.parse(row.data)

/** How something has ended, without what is only known here. */
const plain = (exit: Exit.Exit<unknown, unknown>): unknown => {
  if (Exit.isSuccess(exit)) return exit.value
  const [first] = exit.cause.reasons
  if (first === undefined) return "empty"
  if (Cause.isFailReason(first)) return typeof first.error === "string" ? first.error : (first.error as any)._tag
  return Cause.isDieReason(first) ? `died: ${(first.defect as Error).message}` : "interrupted"
}

const stateOf = (key: string): string => key.split("/")[2]!

const cases = {
  states: Arbitrary.array(state, { minLength: 1, maxLength: 4 }),
  faults: Arbitrary.array(fault, { minLength: 0, maxLength: 4 }),
  isAtOnce: oneOf([false, false, true]),
  byItself: oneOf([false, true]),
  letters: Arbitrary.array(Arbitrary.map(int(0, 20), (n) => n * 10), { minLength: 1, maxLength: 3 }),
  hasResources: oneOf([false, false, true]),
  operator: oneOf(["never", "rollback", "failure"] as const),
  limit: optional(Arbitrary.map(int(0, 40), (n) => n * 10 + 5)),
  cancel: optional(
    Arbitrary.all({ at: Arbitrary.map(int(0, 40), (n) => n * 5), compensate: oneOf([true, true, false]) })
  )
}

/** The same without what no other run need have in common with it. */
const withoutDeadlines = (states: ReadonlyArray<State>): ReadonlyArray<State> => {
  // what can't be undone is an error, and which loser has begun by then is open
  const whole = ({ undoes, ...rest }: Step): Step => ({ ...rest, undoes: undoes === "fails" ? "at once" : undoes })
  return states.map((state): State => ({
    ...state,
    kind: state.kind === "signal" ? "timer" : state.kind === "waits" ? "split" : state.kind,
    task: whole(state.task),
    branches: state.branches.map(whole),
    strategy: state.strategy === "partialTimeout" ? "partialResults" : state.strategy,
    timeout: undefined
  }))
}

for (const parks of [false, true]) {
  describe(`a durable run that crashes anywhere${parks ? ", and is parked whenever it waits" : ""}`, () => {
    it.effect.prop(
      "runs nothing again that is recorded, keeps what was decided, and undoes what was done",
      cases,
      (given) =>
        Effect.gen(function*() {
          const { exit, ground, head, left, rows } = yield* lived({ ...given, parks })
          const show = () => `\n${rows.map(({ data, key, kind, n }) => `${n} ${kind} ${key} ${data}`).join("\n")}`
          assert.deepStrictEqual(ground.faults, [])
          // the journal
          assert.deepStrictEqual(rows.map(({ n }) => n), rows.map((_, n) => n))
          const owners = rows.filter(({ kind }) => kind === "owner")
          assert.strictEqual(owners.length, ground.epoch)
          const last = rows.at(-1)!
          assert.strictEqual(last.kind, "exit")
          assert.strictEqual(rows.filter(({ kind }) => kind === "exit").length, 1)
          const isDone = Exit.isSuccess(exit)
          const { c, s } = dataOf(last).x
          if (isDone) assert.strictEqual(s, exit.value)
          else assert.isArray(c)
          assert.strictEqual(head.status, "ended")
          if (isDone) assert.strictEqual(head.outcome, "succeeded")
          else assert.include(given.cancel === undefined ? ["failed"] : ["failed", "cancelled"], head.outcome)
          if (isDone) assert.deepStrictEqual(left.filter(({ name }) => name === "go"), [])
          const goesBack = given.cancel?.compensate !== false
          // recorded is not run again
          const settled = rows.filter(({ data, kind }) => kind === "settle" && data !== "{\"pivot\":true}")
          assert.strictEqual(new Set(settled.map(({ key }) => key)).size, settled.length, show())
          for (const { epoch, key } of ground.begun) {
            const before = settled.find((row) => `${runId}${row.key}` === key)
            if (before !== undefined) assert.isTrue(before.n > owners[epoch - 1]!.n, `${key} runs again${show()}`)
          }
          // one join
          const joins = rows.filter(({ kind }) => kind === "join")
          assert.strictEqual(new Set(joins.map(({ key }) => key)).size, joins.length)
          for (const { data, key, n } of joins) {
            const { counted, verdict } = JSON.parse(data)
            const of = ground.joins.filter(({ state }) => state === stateOf(key) && key.split("/").length === 3)
            const bound = of.filter(({ epoch }, i) => owners[epoch - 1]!.n > n || i === of.length - 1)
            for (const { settled } of bound) {
              assert.strictEqual(verdict, "proceed")
              if (settled !== undefined) assert.deepStrictEqual(settled, counted, show())
            }
            const told = ground.told.filter(({ epoch, state }) => state === stateOf(key) && epoch === of.at(-1)?.epoch)
            if (told.length > 0) assert.deepStrictEqual(told.map(({ index }) => index), counted, show())
          }
          // undone once
          const undone = rows.filter(({ key, kind }) => kind === "compensate" && key !== "")
          assert.strictEqual(new Set(undone.map(({ key }) => key)).size, undone.length, show())
          for (const { epoch, key } of ground.undone) {
            const before = undone.find((row) => `${runId}${row.key}` === key)
            if (before !== undefined) assert.isTrue(before.n > owners[epoch - 1]!.n, `${key} is undone again${show()}`)
            else if (goesBack) assert.fail(`${key} was undone, and that is not recorded${show()}`)
          }
          const why = rows.find(({ key, kind }) => kind === "compensate" && key === "")
          const pivot = rows.findLast(({ data, key, kind }) =>
            kind === "settle" && data === "{\"pivot\":true}" && key.split("/").length === 3
          )
          const started = rows.filter(({ kind }) => kind === "start")
          for (const { key, n } of undone) {
            const own = started.find((row) => row.key === key)
            assert.isDefined(own)
            if (pivot !== undefined && n > pivot.n) assert.isTrue(own!.n > pivot.n, `${key} was let go${show()}`)
          }
          // in reverse order
          if (why !== undefined && !given.isAtOnce) {
            const visits = undone.filter(({ n }) => n > why.n).map(({ key }) => Number(key.split("/")[1]))
            assert.deepStrictEqual(visits, [...visits].sort((a, b) => b - a), show())
          }
          // nothing is lost
          const doubts = (key: string) => rows.find((row) => row.key === key && row.kind === "settle")
          for (const { key } of started) {
            const whole = `${runId}${key}`
            const settle = doubts(key)
            const hasSucceeded = settle !== undefined && dataOf(settle).x.s !== undefined
            const isUndone = undone.some((row) => row.key === key)
            const isOut = !ground.applied.has(whole)
            if (!isDone && goesBack && pivot === undefined && hasSucceeded) {
              assert.isTrue(isUndone, `${key} was done and stays${show()}`)
            }
            if (isUndone && !ground.stuck.has(whole)) {
              assert.isTrue(isOut, `${key} is done after it was undone${show()}`)
            }
            if (!isDone && goesBack && pivot === undefined && !isOut && !isUndone) {
              // a policy may let go what is in doubt
              assert.include(skipped(given.states), nameOf(key), `${key} is lost${show()}`)
            }
          }
          if (isDone) {
            for (const { key } of undone) assert.isTrue(key.split("/").length > 3, `${key} was undone${show()}`)
          }
        }),
      {
        ...runs(300),
        timeout: 600_000
      }
    )
  })

  describe(`a durable run without deadlines${parks ? ", that is parked whenever it waits" : ""}`, () => {
    it.effect.prop(
      "ends as in memory, wherever it crashes",
      cases,
      (given) =>
        Effect.gen(function*() {
          const states = withoutDeadlines(given.states)
          const { exit } = yield* lived({ ...given, states, limit: undefined, cancel: undefined, parks })
          const world = yield* makeWorld
          const inMemory = machineOf(new Ground(world), new Life(world, 0, []), states, given.isAtOnce)
          const fiber = yield* Effect.forkChild(Effect.exit(inMemory.orchestrate("S0", { runId })))
          yield* passTime()
          const seen = fiber.pollUnsafe()
          assert.isDefined(seen)
          assert.deepStrictEqual(plain(exit), plain((seen as Exit.Success<Exit.Exit<unknown, unknown>>).value))
        }),
      { ...runs(150), timeout: 600_000 }
    )
  })
}

describe("a durable run whose lives are later versions, with other names of all states and branches", () => {
  const versions: Array<number> = []

  it.effect.prop(
    "ends as in memory, wherever it crashes, and runs nothing again that is recorded",
    cases,
    (given) =>
      Effect.gen(function*() {
        const states = withoutDeadlines(given.states)
        const { exit, ground, head, rows } = yield* lived({
          ...given,
          states,
          limit: undefined,
          cancel: undefined,
          isRenamed: true
        })
        const world = yield* makeWorld
        const inMemory = machineOf(new Ground(world), new Life(world, 0, []), states, given.isAtOnce)
        const fiber = yield* Effect.forkChild(Effect.exit(inMemory.orchestrate("S0", { runId })))
        yield* passTime()
        const seen = (fiber.pollUnsafe() as Exit.Success<Exit.Exit<unknown, unknown>>).value
        const show = () => `\n${rows.map(({ data, key, kind, n }) => `${n} ${kind} ${key} ${data}`).join("\n")}`
        const [is, was] = [exit, seen].map((exit) => plainly(String(plain(exit))))
        assert.strictEqual(is, was, show())
        assert.deepStrictEqual(ground.faults, [])
        // recorded is not run again, whatever it was called
        const owners = rows.filter(({ kind }) => kind === "owner")
        const settled = rows.filter(({ data, kind }) => kind === "settle" && data !== "{\"pivot\":true}")
        for (const { epoch, key } of ground.begun) {
          const before = settled.find((row) => plainly(`${runId}${row.key}`) === key)
          if (before !== undefined) assert.isTrue(before.n > owners[epoch - 1]!.n, `${key} runs again${show()}`)
        }
        // it is of the version that took it last, and was written as that before anything else
        for (const { data, n } of rows.filter(({ kind }) => kind === "migrate")) {
          // or with what is ordered of it, as nobody has it then
          assert.isTrue(rows[n - 1]!.kind === "owner" || rows[n + 1]!.kind === "order", show())
          versions.push(JSON.parse(data).to)
        }
        assert.isAtMost(head.version, given.faults.length + 1)
      }),
    { ...runs(120), timeout: 600_000 }
  )

  it("has been migrated, also several times", () => {
    assert.isAbove(versions.length, 20)
    assert.isAbove(Math.max(...versions), 2)
  })
})

describe("a durable run that is parked whenever it waits", () => {
  const taken: Array<number> = []

  it.effect.prop(
    "runs nothing twice, tells nobody twice, and decides nothing twice, as long as nothing crashes",
    cases,
    (given) =>
      Effect.gen(function*() {
        const { ground, rows } = yield* lived({ ...given, faults: [], parks: true })
        const once = (what: string, all: ReadonlyArray<string>) =>
          assert.strictEqual(
            new Set(all).size,
            all.length,
            `${what}: ${all}\n${rows.map(({ data, key, kind, n }) => `${n} ${kind} ${key} ${data}`).join("\n")}`
          )
        taken.push(rows.filter(({ kind }) => kind === "owner").length)
        once("begun", ground.begun.map(({ key }) => key))
        once("undone", ground.undone.map(({ key }) => key))
        once("told", ground.told.map(({ index, state }) => `${state} ${index}`))
        once("joined", ground.joins.map(({ state }) => state))
      }),
    { ...runs(300), timeout: 600_000 }
  )

  it("has been parked", () => {
    assert.isAbove(taken.filter((times) => times > 1).length, taken.length / 6)
  })
})

describe("a durable run of which an operator orders this and that", () => {
  const followed: Array<string> = []

  it.effect.prop(
    "ends, wherever it crashes, and what was done is undone once or stays",
    { ...cases, orders: Arbitrary.array(int(0, 6), { minLength: 1, maxLength: 6 }) },
    (given) =>
      Effect.gen(function*() {
        const operator = given.operator === "never" ? "failure" : given.operator
        const { exit, ground, rows } = yield* lived({ ...given, operator })
        const show = () => `\n${rows.map(({ data, key, kind, n }) => `${n} ${kind} ${key} ${data}`).join("\n")}`
        assert.deepStrictEqual(ground.faults, [], show())
        const orders = rows.filter(({ kind }) => kind === "order").map(dataOf)
        followed.push(...orders.map(({ order }) => order))
        const undone = rows.filter(({ data, kind, key }) => kind === "compensate" && key !== "" && data === "{}")
        assert.strictEqual(new Set(undone.map(({ key }) => key)).size, undone.length, show())
        const hasPivot = rows.some(({ data, kind }) => kind === "settle" && data === "{\"pivot\":true}")
        const goesBack = Exit.isFailure(exit) && !hasPivot && given.cancel?.compensate !== false
        for (const { key } of rows.filter(({ kind }) => kind === "start")) {
          const whole = `${runId}${key}`
          const isApplied = ground.applied.has(whole)
          const isUndone = undone.some((row) => row.key === key)
          if (ground.stuck.has(whole)) continue
          if (isUndone) assert.isFalse(isApplied, `${key} is done after it was undone${show()}`)
          else if (goesBack && isApplied) assert.include(skipped(given.states), nameOf(key), `${key} is lost${show()}`)
        }
      }),
    { ...runs(300), timeout: 600_000 }
  )

  it("has been led on in all ways", () => {
    for (const order of ["retry", "rerun", "skip", "end"]) assert.include(followed, order)
  })
})

describe("a durable run that several drive", () => {
  it.effect.prop(
    "belongs to the last of them: the others write nothing behind it, and call no compensation once they have noticed",
    {
      states: cases.states,
      times: Arbitrary.array(int(0, 20), { minLength: 1, maxLength: 3 }),
      isAtOnce: cases.isAtOnce
    },
    ({ isAtOnce, states: given, times }) =>
      Effect.gen(function*() {
        yield* primeClock
        const world = yield* makeWorld
        const ground = new Ground(world)
        const { store } = world
        const states = given.map((state): State => ({
          ...state,
          kind: state.kind === "signal" ? "timer" : state.kind === "waits" ? "split" : state.kind
        }))
        let definition: any
        // what is undone by who has been refused a row
        const late: Array<string> = []
        const define = (life: Life) => {
          const own = new Ground(world, ground.applied)
          own.undoes = (key) => {
            // who has been refused may take it again
            const since = world.claims.lastIndexOf(life.number) + 1
            const isRefused = world.commits.some((commit) =>
              commit.life === life.number && commit.epoch >= since && commit.written.includes(false)
            )
            if (isRefused) late.push(`${life.number} ${key}`)
          }
          return [
            definition = (Durable.make as any)(machineOf(own, life, states, isAtOnce), {
              version: 1,
              error: Schema.String
            })
          ]
        }
        const isOver = isOverIn(store, [])
        for (const [number, time] of [...times, 0].entries()) {
          const life = yield* world.life(define)
          if (number === 0) yield* inLife(life, definition.start(runId, "S0")) as Effect.Effect<boolean>
          if (number === times.length) break
          yield* pass(5 * time)
          life.isForgotten = true
          yield* Effect.orDie(store.leave(life.runner))
        }
        assert.isTrue(yield* passUntil(isOver, { most: 5000, step: 10 }))
        yield* pass(500)
        const rows = yield* world.rows(runId)
        assert.deepStrictEqual(rows.map(({ n }) => n), rows.map((_, n) => n))
        assert.strictEqual(rows.findIndex(({ kind }) => kind === "exit"), rows.length - 1)
        for (const kind of ["settle", "join", "compensate"]) {
          const keys = rows.flatMap((row) => row.kind === kind ? [row.key] : [])
          assert.strictEqual(new Set(keys).size, keys.length)
        }
        const owners = rows.filter(({ kind }) => kind === "owner")
        for (const { appends, life, written } of world.commits) {
          const { runner } = world.lives[life]!
          appends.forEach(({ head, n }, i) => {
            // what an operator orders of a run that nobody owns is followed by whoever looks first
            if (written[i] !== true || head?.isOrdered === true) return
            const owner = owners.findLast((row) => row.n < n)
            assert.strictEqual(owner!.data, runner)
          })
        }
        assert.deepStrictEqual(late, [])
        for (const life of world.lives) yield* world.bury(life)
        yield* passTime(1000)
      }),
    { ...runs(150), timeout: 600_000 }
  )
})

/** The name of a step in a machine by its key: of a branch that of its split, with it. */
const nameOf = (key: string): string => {
  const parts = key.split("/").slice(1)
  return parts.length % 3 === 2
    ? parts.at(-1)!
    : parts.at(-2)! + (parts.at(-1)!.startsWith("b") ? `-${parts.at(-1)!}` : "")
}

const skipped = (states: ReadonlyArray<State>): ReadonlyArray<string> =>
  states.flatMap(({ branches, kind, task }, i) => {
    const of = (given: Step, name: string) => given.inDoubt === "skip" ? [name] : []
    if (kind === "task") return of(task, `S${i}`)
    if (kind === "split") return branches.flatMap((given, j) => of(given, `S${i}-b${j}`))
    return branches.flatMap((given, j) => [
      ...of(given, `S${i}-${j}`),
      ...of(second(branches, j), `S${i}-${j}+`),
      ...of(second(branches, j), `S${i}-${j}++`)
    ])
  })
