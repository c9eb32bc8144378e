/**
 * `Runs` of a process that knows durable runs: those that are driven here or are in memory as in any `Runs`, and all others by
 * the journal.
 */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { Head, JournalError } from "../../journal.ts"
import type { RunHandle } from "../../Runs.ts"
import * as inMemory from "../runs/handle.ts"
import { Memory } from "../runs/registry.ts"
import * as handle from "./handle.ts"
import { Inbox } from "./inbox.ts"
import type { Runner } from "./runner.ts"

type Handle = RunHandle<unknown, unknown>

export class Ledgered extends Memory {
  runner!: Runner

  override readonly get = (runId: string): Effect.Effect<Option.Option<Handle>> =>
    Effect.suspend(() => {
      const own = this.runs.get(runId)
      if (own !== undefined && !(own instanceof Inbox)) return this.inMemory(runId)
      return Effect.matchEffect(this.runner.ask("show", this.runner.journal.show(runId), runId), {
        // what can't be asked goes on, or not; its handle says so when it is asked
        onFailure: Effect.die,
        onSuccess: (head) =>
          head === undefined
            ? Effect.succeedNone
            : Effect.succeedSome(handle.of(this.runner, head))
      })
    })

  override readonly list: Effect.Effect<ReadonlyArray<Handle>> = Effect.suspend(() => {
    const own: Array<Handle> = []
    for (const record of this.runs.values()) if (!(record instanceof Inbox)) own.push(inMemory.of(record))
    return Effect.map(Effect.orDie(this.#pages(undefined)), (heads) => [
      ...own,
      ...heads.map((head) => handle.of(this.runner, head))
    ])
  })

  /** The runs of the journal that have not ended, page by page. */
  #pages(after: string | undefined): Effect.Effect<ReadonlyArray<Head>, JournalError> {
    const { journal } = this.runner
    return Effect.flatMap(this.runner.ask("list", journal.list({ after, limit: page })), (heads) => {
      const open = heads.filter(({ status }) => status !== "ended")
      return heads.length < page
        ? Effect.succeed(open)
        : Effect.map(this.#pages(heads.at(-1)!.runId), (rest) => [...open, ...rest])
    })
  }
}

const page = 1000
