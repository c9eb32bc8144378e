/**
 * Start → Count (one branch for each file) → Complete. The ledger knows which files were counted, and as of when: one for all
 * runs.
 */
import { Console, Context, Effect, FileSystem, Layer, Option, Path, Ref } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"

type State =
  | { readonly _tag: "Start" }
  | { readonly _tag: "Count"; readonly files: ReadonlyArray<string> }
  | { readonly _tag: "Complete"; readonly files: number; readonly words: number }

/** Files that were counted, each with the time of its last change. */
export class Ledger extends Context.Service<Ledger, Ref.Ref<ReadonlyMap<string, number>>>()("example/Ledger") {
  static readonly layer = Layer.effect(Ledger, Ref.make<ReadonlyMap<string, number>>(new Map()))
}

const mostFiles = 10

/** Files of a folder that are new or have changed, with the times of their changes. */
const pending = Effect.fn("pending")(function*(folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const counted = yield* Effect.flatMap(Ledger, Ref.get)
  const found: Array<readonly [file: string, changed: number]> = []
  for (const name of (yield* fs.readDirectory(folder)).sort()) {
    const file = path.join(folder, name)
    const { mtime, type } = yield* fs.stat(file)
    const changed = Option.match(mtime, { onNone: () => 0, onSome: (time) => time.getTime() })
    if (type === "File" && counted.get(file) !== changed) found.push([file, changed])
    if (found.length === mostFiles) break
  }
  return found
})

const count = Effect.fn("count")(function*(file: string, millis: number) {
  const text = yield* Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(file))
  yield* Effect.sleep(millis)
  return text.split(/\s+/).filter((word) => word !== "").length
})

export const wordCount = (folder: string, millis: number) =>
  Workflow.make<State>("word-count")
    .register("Start", function*() {
      const files = yield* pending(folder)
      if (files.length === 0) return { _tag: "Complete", files: 0, words: 0 }
      yield* Effect.flatMap(Ledger, Ref.update((counted) => new Map([...counted, ...files])))
      yield* Console.log(`counting ${files.length} files`)
      return { _tag: "Count", files: files.map(([file]) => file) }
    })
    .registerSplit("Count", ({ files }) => files.map((file) => count(file, millis)), {
      strategy: JoinStrategy.all,
      bulkhead: 4,
      reduce: {
        initial: () => 0,
        step: (sum, outcome) => outcome._tag === "Succeeded" ? sum + outcome.value : sum
      },
      next: ({ value }, { files }) =>
        Effect.as(Console.log(`${value} words`), { _tag: "Complete", files: files.length, words: value })
    })
    .addExitStates("Complete")
