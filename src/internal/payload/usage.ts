/** Which codecs and keys the runs of a journal need. Asked page by page; nothing is kept. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Head, JournalError, Service } from "../../journal.ts"
import type { Usage } from "../../payload.ts"
import * as form from "./form.ts"
import { forEachRow } from "./store.ts"

const page = 1000

export const make = (
  store: Service,
  workflow: string | undefined,
  isAll: boolean
): Effect.Effect<ReadonlyArray<Usage>, JournalError> =>
  Effect.gen(function*() {
    const found = new Map<
      string,
      { readonly codec: string | undefined; readonly info: string; readonly runs: Set<string> }
    >()
    const note = (runId: string, text: string) => {
      const read = form.read(text)
      const stages: ReadonlyArray<{ readonly codec: string | undefined; readonly info: string }> =
        Result.isSuccess(read) && read.success._tag === "Coded" ? read.success.stages : [{ codec: undefined, info: "" }]
      for (const { codec, info } of stages) {
        const name = `${codec ?? ""}:${info}`
        const one = found.get(name) ?? { codec, info, runs: new Set() }
        one.runs.add(runId)
        found.set(name, one)
      }
    }
    const ofRun = Effect.fnUntraced(function*({ n, runId, status }: Head) {
      yield* forEachRow(store, runId, n, ({ data, kind }) => {
        if (kind !== "owner") note(runId, data)
      })
      const letters = status === "ended" ? [] : yield* store.letters(runId)
      for (const { data } of letters) note(runId, data)
    })
    let after: string | undefined
    while (true) {
      const heads: ReadonlyArray<Head> = yield* store.list({ workflow, after, limit: page })
      for (const head of heads) if (isAll || head.status !== "ended") yield* ofRun(head)
      if (heads.length < page) break
      after = heads.at(-1)!.runId
    }
    return [...found.values()].map(({ codec, info, runs }) => ({ codec, info, runs: [...runs] }))
  })
