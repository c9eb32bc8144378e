/** Where a payload stands: a row, a letter, or what was answered to one. A value, good for ever. */
import type { Kind } from "../../journal.ts"
import type { Place } from "../../payload.ts"
import { clip } from "../check/describe.ts"

export const row = (runId: string, n: number, { key, kind }: { readonly kind: Kind; readonly key: string }): Place => ({
  _tag: "Row",
  runId,
  n,
  kind,
  key
})

type Named = Pick<Extract<Place, { readonly _tag: "Letter" }>, "kind" | "name" | "key" | "id">

export const letter = (runId: string, { id, key, kind, name }: Named): Place => ({
  _tag: "Letter",
  runId,
  kind,
  name,
  key,
  id
})

export const answer = (runId: string, seq: number): Place => ({ _tag: "Answer", runId, seq })

/** All of it as a text that no other place has. */
export const bound = (place: Place): string => {
  switch (place._tag) {
    case "Row":
      return JSON.stringify(["row", place.runId, place.n, place.kind, place.key])
    case "Letter":
      return JSON.stringify([
        "letter",
        place.runId,
        place.kind,
        place.name,
        place.key ?? null,
        place.id ?? null
      ])
    case "Answer":
      return JSON.stringify(["answer", place.runId, place.seq])
  }
}

export const say = (place: Place): string => {
  const whose = `of run "${clip(place.runId)}"`
  switch (place._tag) {
    case "Row":
      return `row ${place.n} ("${place.kind}"${place.key === "" ? "" : ` at ${clip(place.key)}`}) ${whose}`
    case "Letter":
      return `a letter ("${place.kind}"${place.name === "" ? "" : ` "${clip(place.name)}"`}) ${whose}`
    case "Answer":
      return `the answer to letter ${place.seq} ${whose}`
  }
}
