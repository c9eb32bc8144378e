/** Orders of an operator that are not followed as they should be. */
import type { Mutants } from "../mutant.ts"

const tests = "durable/orders"

export const orders: Mutants = {
  "durable/orders": [
    {
      what: "a branch that has succeeded runs again",
      from: "branches === \"all\" ? [] : succeeded(standing)",
      to: "[]",
      tests
    },
    {
      what: "what could not be undone is given up",
      from: "goingBack(letter, [], { forgets: true })",
      to: "goingBack(letter, [], {})",
      tests
    },
    {
      what: "a run that is stuck ends with its order before it has gone back",
      from: "ends: stuck.of === \"rollback\"",
      to: "ends: true",
      tests: `${tests} laws/durable`
    },
    {
      what: "a run that has ended is stuck for ever",
      from: "standing.head.status === \"stuck\" ? stuckIn",
      to: "standing.head.status !== \"running\" ? stuckIn",
      tests
    },
    {
      what: "a run that has ended well undoes what it had done",
      from: "{ closes: true }",
      to: "{}",
      tests
    }
  ],
  "durable/standing": [
    {
      what: "what was undone is built on",
      from: "how === undefined && n > standing.head.entered",
      to: "how !== undefined && n > standing.head.entered",
      tests
    }
  ],
  "durable/past": [
    {
      what: "a run goes back for what it went back for before",
      from: "why = undefined\n          reopenedAt",
      to: "reopenedAt",
      tests
    }
  ],
  "durable/host": [
    {
      what: "a branch that is skipped has no row",
      from: "pen.later([{ kind: \"settle\", key: key!, data, kept: run.saga !== undefined }])",
      to: "void data",
      tests
    },
    {
      what: "a branch that is skipped has ended twice",
      from: "open.known.add(index)",
      to: "",
      tests
    },
    {
      what: "what a run fails with is undone before an operator has looked",
      from: "if (holds(why)) {",
      to: "if (false as boolean) {",
      tests
    }
  ],
  "durable/driver": [
    {
      what: "a run that goes on has no time left",
      from: "createdAt: past.reopenedAt ?? head.createdAt",
      to: "createdAt: head.createdAt",
      tests
    },
    {
      what: "letters that were taken before keep a run from being parked",
      from: "inbox.hasSeen(head.sent)",
      to: "",
      tests
    },
    {
      what: "a run that could not undo what a split had done enters it again",
      from: "...(isBack ? [] : [backRow(codecs, why)]),",
      to: "",
      tests
    }
  ],
  "split/settling": [
    {
      what: "a branch that is skipped is interrupted",
      from: "if (instead !== undefined) {",
      to: "if (instead !== undefined && instead.value === settled) {",
      tests
    }
  ]
}
