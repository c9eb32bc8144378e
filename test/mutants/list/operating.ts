/** Mutants of what an operator sees, orders and forgets, and of ids that are used again. */
import type { Mutants } from "../mutant.ts"

export const operating: Mutants = {
  "journal/purging": [
    {
      what: "D6: the letters of a run stay",
      from: "yield* sql`DELETE FROM cano_inbox WHERE ${among}`",
      to: "",
      tests: "journal/sql"
    },
    {
      what: "a child is purged while its parent goes on",
      from: "around.run_id = ${runs}.parent",
      to: "1 = 0",
      tests: "journal/sql"
    },
    {
      what: "a run is purged of which something is ordered",
      from: "AND due_at IS NULL ",
      to: "",
      tests: "journal/sql"
    }
  ],
  "durable/pen": [
    {
      what: "D6: a zombie writes to the next run of its id",
      from: "      createdAt: this.createdAt,",
      to: "      createdAt: undefined,",
      tests: "durable/reuse"
    }
  ],
  "durable/ends": [
    {
      what: "who waits is told of the next run of its id",
      from: "if (createdAt !== undefined && head?.createdAt !== createdAt)",
      to: "if (createdAt !== undefined && head?.createdAt === undefined)",
      tests: "durable/reuse"
    }
  ],
  "operator/sending": [
    {
      what: "a request id is taken for another order",
      from: "if (!isSame(letter, sent))",
      to: "if (letter.kind !== sent.kind)",
      tests: "operator/operator"
    },
    {
      what: "a cancel that has come too late is done",
      from: "return hasEnded && kind !== \"signal\" ? endedOf(head) : done",
      to: "return done",
      tests: "operator/operator"
    }
  ],
  "operator/why": [
    {
      what: "who has died drives on",
      from: "leasedUntil <= at) {",
      to: "leasedUntil < 0) {",
      tests: "operator/why"
    },
    {
      what: "a run that is paused waits for its signal",
      from: "if (pause?.kind === \"pause\") {",
      to: "if (pause?.kind === \"pause\" && owner !== undefined) {",
      tests: "operator/why"
    }
  ]
}
