/**
 * Mutants of schedulers that share a store: what is taken, what others have left, what a store that is gone does.
 */
import type { Mutants } from "../mutant.ts"

const durable = "scheduler/durable"
const lasting = "scheduler/lasting"
const store = "scheduler/store"

export const schedules: Mutants = {
  "schedules/sweep": [
    {
      what: "an Effect that was left behind is started again",
      from: "if (lasting === undefined) {",
      to: "if (lasting === null) {",
      tests: durable
    },
    {
      what: "what a scheduler holds is taken from it",
      from: "} else if (!firing.isHeld && sweeps) {",
      to: "} else if (sweeps) {",
      tests: durable
    },
    {
      what: "a durable run that was started waits for its turn",
      from: "if (firing.isStarted) peers.adopt(",
      to: "if (firing === undefined) peers.adopt(",
      tests: lasting
    }
  ],
  "schedules/taking": [
    {
      what: "a tick is taken, and the cursor stays",
      from: "draft.at.cursor = Math.max(draft.at.cursor, due.ticks[due.ticks.length - 1]!)",
      to: "",
      tests: durable
    },
    {
      what: "a definition that was changed fires the ticks of the one before",
      from: `isChanged ? "Changed" : weighed`,
      to: "weighed",
      tests: store
    }
  ],
  "schedules/desk": [
    {
      what: "a trigger whose answer was lost is a second one",
      from: "draft.open.get(runId)?.scheduler === draft.scheduler && !this.#known.has(runId)",
      to: "false",
      tests: store
    },
    {
      what: "what nobody waits for any more stays taken",
      from: `this.#known.add(runId)
        this.drop(runId)`,
      to: "",
      tests: store
    },
    {
      what: "a failure is not counted for others",
      from: `if (streak === "failed" && ++at.streak >= trip)`,
      to: `if (streak === "failed" && at.streak >= trip)`,
      tests: durable
    }
  ],
  "schedules/operator": [
    {
      what: "ticks of a pause are missed ones after it",
      from: "at.cursor = Math.max(at.cursor, now)",
      to: "",
      tests: store
    }
  ],
  "schedules/keeper": [
    {
      what: "a store that is gone is told of whenever it is asked",
      from: "if (this.#told.has(desk)) continue",
      to: "",
      tests: durable
    }
  ],
  "schedules/memory": [
    {
      what: "S1: whoever knows an older revision writes",
      from: "if ((there?.schedule.revision ?? 0) !== schedule.revision - 1) return false",
      to: "",
      tests: "scheduler/memory"
    }
  ],
  "schedules/sql": [
    {
      what: "S1: whoever knows an older revision writes",
      from: "WHERE flow = ${flow} AND revision = ${revision - 1} RETURNING flow",
      to: "WHERE flow = ${flow} RETURNING flow",
      tests: "scheduler/sql"
    },
    {
      what: "S3: all that has ended is kept",
      from: "ORDER BY ended_at DESC, due DESC, run_id DESC LIMIT ${keep})`",
      to: "ORDER BY ended_at DESC, due DESC, run_id DESC)`",
      tests: "scheduler/sql"
    }
  ],
  "scheduler/lasting": [
    {
      what: "a run that was started, and is gone, is started again",
      from: "run.isStarted ? lasting.await(run.fire) :",
      to: "",
      tests: lasting
    },
    {
      what: "a run that a scheduler leaves is cancelled",
      from: "run.isLeft ? Effect.void :",
      to: "",
      tests: lasting
    }
  ]
}
