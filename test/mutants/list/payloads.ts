/**
 * Mutants of the limit of payloads and of the codecs around a journal.
 */
import type { Mutants } from "../mutant.ts"

export const payloads: Mutants = {
  "durable/size": [
    {
      what: "one byte more than there may be is written",
      from: "return size > most ? size : undefined",
      to: "return size > most + 1 ? size : undefined",
      tests: "durable/limits"
    },
    {
      what: "characters of two units count for six bytes",
      from: "unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2",
      to: "unit < 0x800 ? 1 : 2",
      tests: "durable/limits"
    },
    {
      what: "an error of the engine is cut as those of its branches are",
      from: "if (Predicate.hasProperty(json.c[0], \"f\")) return reason",
      to: "if (Predicate.hasProperty(json.c[0], \"g\")) return reason",
      tests: "durable/limits"
    }
  ],
  "payload/place": [
    {
      what: "a payload may be moved within its run",
      from: "[\"row\", place.runId, place.n, place.kind, place.key]",
      to: "[\"row\", place.runId, place.kind, place.key]",
      tests: "payload/codecs"
    }
  ],
  "payload/encrypt": [
    {
      what: "a key that was not there is not asked for again",
      from: "Exit.isSuccess(exit) ? Duration.infinity : Duration.zero",
      to: "Duration.infinity",
      tests: "payload/codecs"
    },
    {
      what: "a payload is not bound to its place",
      from: "{ nonce, aad: web.bytesOf(bound(place)) }))",
      to: "{ nonce, aad: web.bytesOf(bound({ ...place, runId: \"\" })) }))",
      tests: "payload/codecs"
    }
  ],
  "payload/codec": [
    {
      what: "codecs decode in the order in which they have encoded",
      from: "of stages.toReversed()",
      to: "of stages",
      tests: "payload/memory payload/store"
    },
    {
      what: "a plain payload is read where a codec is required",
      from: "if (lacks !== undefined) {",
      to: "if (lacks === \"\") {",
      tests: "payload/store"
    }
  ],
  "payload/form": [
    {
      what: "a text that begins as what codecs have written is taken for that",
      from: "text.startsWith(mark) ? `${mark}${mark}${text}` : text",
      to: "text",
      tests: "payload/store"
    }
  ],
  "payload/held": [
    {
      what: "a letter comes before one that can't be read yet",
      from: "if (found === undefined) break",
      to: "if (found === undefined) continue",
      tests: "payload/durable"
    },
    {
      what: "a run is parked beside a letter that can't be read yet",
      from: "first === undefined ? head : { ...head, sent: first.seq - 1 }",
      to: "head",
      tests: "payload/durable"
    }
  ],
  "payload/store": [
    {
      what: "D2: a run that can't be written keeps the others from being written",
      from: "if (first !== undefined && sound.length === 0)",
      to: "if (first !== undefined)",
      tests: "payload/store"
    },
    {
      what: "a run is claimed before what was in its way is gone",
      from: "for (const [append] of failures) this.#require(append.runId, this.#tried(append))",
      to: "for (const [append] of failures) void append",
      tests: "payload/store payload/durable"
    },
    {
      what: "what was kept outside for a fenced row stays",
      from: "answers[i] === true ? [] : payloadsOf(append)",
      to: "answers[i] === true ? [] : payloadsOf({ ...append, rows: [] })",
      tests: "payload/store"
    }
  ],
  "durable/refusals": [
    {
      what: "a run whose payload can't be read is never tried again",
      from: "error instanceof RestoreError && error.rule === \"payload\"",
      to: "error instanceof RestoreError && error.rule === \"row\"",
      tests: "payload/durable"
    }
  ],
  "durable/taking": [
    {
      what: "a codec that can't be asked refuses a run",
      from: "if (mayPass(error)) return Effect.succeed({ _tag: \"Journal\", error })\n",
      to: "",
      tests: "payload/durable"
    }
  ]
}
