/**
 * Mutants of runs that are parked: what may be, until when, what comes meanwhile, and who takes them again.
 */
import type { Mutants } from "../mutant.ts"

const parking_ = "durable/parking"

export const parking: Mutants = {
  "durable/rest": [
    {
      what: "a branch that did something before it waits is run again",
      from: "if (waitsFirst(branch)) this.#splits",
      to: "this.#splits",
      tests: parking_
    },
    {
      what: "a branch that has waited before is run again",
      from: "current instanceof Branch && !this.#hasWaited.has(current) &&",
      to: "current instanceof Branch &&",
      tests: parking_
    },
    {
      what: "a state whose next waits is entered again",
      from: "if (this.#hasWaited.has(run)) return false",
      to: "",
      tests: parking_
    },
    {
      what: "what an earlier state has left running is cut off",
      from: "return !left.some((child) => children.has(child))",
      to: "return true",
      tests: parking_
    },
    {
      what: "an observer is told again",
      from: "if (join.outbox !== undefined && failed + succeeded > 0) return false",
      to: "",
      tests: parking_
    },
    {
      what: "that somebody has cancelled a branch is forgotten",
      from: "if (failed + succeeded !== written.settled.size) return false",
      to: "",
      tests: parking_
    },
    {
      what: "a branch that runs beside those that wait is cut off",
      from: "return still === running",
      to: "return true",
      tests: parking_
    },
    {
      what: "a branch that can be undone is in doubt",
      from: "this.#splits.get(run)?.first.delete(index)",
      to: "void index",
      tests: parking_
    },
    {
      what: "the deadline of a split is slept through",
      from: "if (join.config.timeout !== undefined) note(join.config.deadline)",
      to: "",
      tests: parking_
    },
    {
      what: "a soft deadline is slept through",
      from: "if (join.decision.awaitsSoft) note(softInstant(join))",
      to: "",
      tests: parking_
    },
    {
      what: "the time of a run is slept through",
      from: "let first = this.endsAt",
      to: "let first: number | undefined = undefined as number | undefined",
      tests: parking_
    },
    {
      what: "a wait is slept through",
      from: "for (const { until } of this.#waits) note(until)",
      to: "",
      tests: parking_
    },
    {
      what: "a task that waits in it is run again",
      from: "isWait(state) && this.#waitsIn(run)",
      to: "this.#waitsIn(run)",
      tests: parking_
    }
  ],
  "durable/pen": [
    {
      what: "who has given a run up writes on",
      from: "if (this.#held !== undefined) this.#held.push(done)",
      to: "if (this.#over !== undefined) this.#after.push(done)",
      tests: parking_
    },
    {
      what: "what was held back is not written",
      from: "if (held === undefined || held.length === 0 || this.#over !== undefined) return\n",
      to: "if (held !== undefined) return\n",
      tests: parking_
    }
  ],
  "durable/inbox": [
    {
      what: "a letter is taken by who gives the run up",
      from: "if (this.#later !== undefined) return void this.#later.push(...letters)",
      to: "",
      tests: parking_
    },
    {
      what: "a letter that came while a run was not given up is lost",
      from: "this.deliver(later)",
      to: "void later",
      tests: parking_
    },
    {
      what: "what goes on in a state that is paused does not",
      from: "if (this.isPaused) return this.isHeld && pages.size === 0 ? this.#rest.held : undefined",
      to: "if (this.isPaused && this.isHeld) return this.#rest.held",
      tests: parking_
    },
    {
      what: "the time of a wait begins anew in each life",
      from: "? current.level.run!.host?.since(current.level.run!, true)",
      to: "? undefined",
      tests: parking_
    }
  ],
  "durable/driver": [
    {
      what: "who breaks a run off cancels what its steps have started",
      from: "pen.over !== undefined\n            ? Effect.succeed<Ending>(pen.over)",
      to: "pen.over?._tag === \"Fenced\"\n            ? Effect.succeed<Ending>(pen.over)",
      tests: "durable/steering"
    }
  ],
  "durable/runner": [
    {
      what: "a letter to a run of a cluster that is being parked is not heard of",
      from: "if (isLeft(there)) there.isWanted = true\n",
      to: "",
      tests: "cluster/cluster"
    },
    {
      what: "a letter to a run of a cluster that has just been parked is not heard of",
      from: "if (there.pen?.isHeld === false) return",
      to: "if (there.pen?.isHeld !== true) return",
      tests: "cluster/cluster"
    },
    {
      what: "in a cluster nobody looks for letters to what he drives",
      from: "forever(this.#collect, sweep)",
      to: "",
      tests: "cluster/cluster"
    },
    {
      what: "a run that was parked in a cluster is told of to nobody",
      from: "return this.#post === undefined ? Effect.void : telling.ofInstant(this, this.#post, runId)",
      to: "return Effect.void",
      tests: "cluster/cluster"
    },
    {
      what: "a signal of this process is found at the next poll",
      from: "if (this.#post === undefined && driving === undefined) this.#begin(runId, undefined, true)",
      to: "",
      tests: parking_
    },
    {
      what: "a signal that comes as a run is given up is found at the next poll",
      from: "if (driving.isWanted) this.#begin(runId, undefined, true)",
      to: "",
      tests: parking_
    }
  ],
  "durable/parking": [
    {
      what: "a run that may have been given up is driven on",
      from: "onFailure: (error) => isReleased ? pen.end({ _tag: \"Journal\", error }) : undefined",
      to: "onFailure: () => (inbox.release(), pen.release())",
      tests: parking_
    }
  ],
  "durable/make": [
    {
      what: "who waits for a run wakes it",
      from: "return !isOver(status) && status !== \"waiting\" ?",
      to: "return !isOver(status) ?",
      tests: parking_
    }
  ]
}
