/**
 * node worker.mjs <orders as JSON>: runs machines of seeds on one file, until all of them have ended, or it is killed; it may
 * kill itself before or after its k-th write. What it executes it tells a ledger, one line for each.
 */
import { Duration, Effect, Exit, Fiber, Layer } from "effect"
import * as Durable from "effect-cano/durable"
import * as Journal from "effect-cano/journal"
import * as Runs from "effect-cano/Runs"
import { appendFileSync, writeSync } from "node:fs"
import * as database from "./database.ts"
import * as machine from "./machine.ts"
import type { Orders } from "./orders.ts"
import * as plan from "./plan.ts"

const orders: Orders = JSON.parse(process.argv[2]!)
const tell = (...words: ReadonlyArray<string>) => appendFileSync(orders.ledger, `${words.join(" ")} ${process.pid}\n`)

let writes = 0
/** A write of the journal: what is written, and whether the process dies before or after it. */
const write = <A, E>(self: Effect.Effect<A, E>, done: (value: A) => void = () => {}): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    const isLast = ++writes === orders.kill?.at
    const die = (when: "before" | "after") => {
      if (!isLast || orders.kill!.when !== when) return
      process.kill(process.pid, "SIGKILL")
      for (;;);
    }
    die("before")
    return Effect.map(self, (value) => {
      die("after")
      done(value)
      return value
    })
  })

const watched = (journal: Journal.Service): Journal.Service => ({
  ...journal,
  create: (run) => write(journal.create(run)),
  claim: (runId, runner) => write(journal.claim(runId, runner)),
  send: (runId, letter) => write(journal.send(runId, letter)),
  park: (runId, parked) => write(journal.park(runId, parked)),
  append: (appends) =>
    write(journal.append(appends), (written) =>
      appends.forEach(({ rows, runId }, i) => {
        for (const { key, kind } of rows) tell(written[i] ? "rec" : "fenced", kind, `${runId}${key}`)
      }))
})

const journal = Layer.effect(Journal.Journal, Effect.map(Journal.Journal, watched)).pipe(
  Layer.provide(Journal.layerSql),
  Layer.provide(database.layer(orders.file))
)

const definitions = orders.seeds.map((seed) => {
  const own = plan.make(seed)
  return {
    own,
    runId: `r${seed}`,
    // what it is made of shows when it runs
    definition: (Durable.make as any)(machine.make(own, tell), { version: 1, error: machine.Bad })
  }
})

const { lease, patience, pause, poll, stopWithin } = orders.settings
const settings = Durable.settings({
  lease: Duration.millis(lease),
  poll: Duration.millis(poll),
  patience: Duration.millis(patience),
  stopWithin: Duration.millis(stopWithin),
  pause: Duration.millis(pause)
})

const layer = Layer.mergeAll(...definitions.map(({ definition }) => definition.layer) as [Layer.Layer<never>]).pipe(
  Layer.provideMerge(Durable.layer),
  Layer.provideMerge(Layer.mergeAll(journal, machine.places)),
  Layer.provideMerge(settings)
)

/** Signals are sent from outside of the run, each with an id, until it has ended. */
const signals = (runId: string, stages: ReadonlyArray<plan.Stage>) =>
  Effect.gen(function*() {
    for (const [i, stage] of stages.entries()) {
      if (stage.kind !== "signal") continue
      yield* Effect.ignore(Runs.signal(runId, machine.Go, i, { id: `go-${i}` }))
    }
  })

const program = Effect.gen(function*() {
  yield* Effect.forEach(definitions, ({ definition, own, runId }) =>
    Effect.gen(function*() {
      yield* definition.start(runId, { _tag: "S0", got: "" })
      const waiting = yield* Effect.forkChild(Effect.exit(definition.run(runId, { _tag: "S0", got: "" })))
      yield* signals(runId, own.stages)
      const exit = (yield* Fiber.join(waiting)) as Exit.Exit<any, any>
      const said = Exit.isSuccess(exit)
        ? { _tag: exit.value._tag, got: exit.value.got }
        : exit.cause.reasons.map(({ defect, error }: any) =>
          error?._tag === "Bad" ? error.why : error?._tag ?? String(error ?? defect)
        )
      tell("end", runId, JSON.stringify(said).replaceAll(" ", "_"))
    }), { concurrency: "unbounded" })
})

await Effect.runPromise(program.pipe(Effect.provide(layer)) as Effect.Effect<void>)
writeSync(1, "ended\n")
