/**
 * Pattern 4 over real files: a word count that goes on until somebody stops it. Each run takes up to ten files of a folder
 * that are new or have changed, reads them in parallel, and reduces them to one sum.
 *
 *     npm run example scheduler                      counts docs/ of this project, every two seconds
 *     npm run example scheduler <folder> [every] [each]
 *
 * `every` and `each` are milliseconds: from run to run, and how long a file takes beside reading it. Ctrl-C or SIGTERM: no
 * further run starts, the one that goes on has five seconds to end, and it says what it did.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Console, Effect, Exit } from "effect"
import * as Scheduler from "effect-cano/Scheduler"
import { Ledger, wordCount } from "./workflow.ts"

const [folder = "docs", every = "2000", each = "0"] = process.argv.slice(2)

const counting = Scheduler.provide(
  Scheduler.flow("word-count", {
    run: ({ runId }) => wordCount(folder, Number(each)).orchestrate({ _tag: "Start" }, { runId }),
    when: { fixedRate: Number(every) },
    onFailure: { trip: 5 }
  }),
  Ledger.layer
)

const names = (ids: ReadonlyArray<string>) => ids.length === 0 ? "none" : ids.join(", ")

const program = Effect.gen(function*() {
  const scheduler = yield* Scheduler.make([counting], { drain: "5 seconds" })
  yield* Console.log(`counting the words of ${folder}; Ctrl-C stops it`)
  yield* Effect.onInterrupt(scheduler.wait, () =>
    Effect.gen(function*() {
      yield* Console.log("stopping")
      const { detached, drained, interrupted } = yield* scheduler.stop
      const history = yield* scheduler.history(counting)
      const sum = (of: (state: { readonly files: number; readonly words: number }) => number) =>
        history.reduce((total, { exit }) => Exit.isSuccess(exit) ? total + of(exit.value) : total, 0)
      yield* Console.log(`drained: ${names(drained)}`)
      if (interrupted.length > 0) yield* Console.log(`interrupted: ${names(interrupted)}`)
      if (detached.length > 0) yield* Console.log(`left alone: ${names(detached)}`)
      yield* Console.log(
        `${history.length} runs, ${sum(({ files }) => files)} files, ${sum(({ words }) => words)} words`
      )
    }))
})

Effect.scoped(program).pipe(
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({
    // who was asked to stop, and did, has done well
    teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause) ? 0 : 1)
  })
)
