/**
 * Mutants of the scheduler: what becomes of a tick, whose runs count, what the clock does, and the ends.
 */
import type { Mutants } from "../mutant.ts"

export const scheduler: Mutants = {
  "scheduler/backlog": [
    {
      what: "jitter may be longer than the way to the next instant",
      from: "next === undefined ? most : Math.min(most, next - due - 1)",
      to: "most",
      tests: "scheduler/ticks"
    },
    {
      what: "the newest tick is missed however late it is",
      from: "<= tolerance",
      to: "<= 0",
      tests: "scheduler/Scheduler"
    },
    {
      what: "of missed ticks the oldest are run",
      from: "return i < missed - catchUp ?",
      to: "return i >= catchUp ?",
      tests: "scheduler/Scheduler"
    },
    {
      what: "what is told of together ends at its first tick",
      from: "const through = newest[newest.length - mostCaughtUp - 1]!",
      to: "const through = first",
      tests: "scheduler/backlog scheduler/ticks"
    },
    {
      what: "a tick that jitter keeps is taken for one that is due",
      from: "if (plan(newest[newest.length - 1]!) > now) next = newest.pop()",
      to: "if (plan(newest[newest.length - 1]!) < 0) next = newest.pop()",
      tests: "scheduler/backlog"
    }
  ],
  "scheduler/ticks": [
    {
      what: "what is before a pause is not looked for",
      from: "return late.length === most ? late : [...newestIn(ticks, from, middle, most - late.length), ...late]",
      to: "return late",
      tests: "scheduler/backlog"
    }
  ],
  "scheduler/course": [
    {
      what: "a cursor moves back",
      from: "const cursor = this.cursor = Math.max(due, this.cursor ?? -Infinity)",
      to: "const cursor = this.cursor = due",
      tests: "scheduler/clock"
    },
    {
      what: "what was decided meanwhile comes again",
      from: "if (this.due !== undefined && this.due <= cursor) this.due = this.#ticks?.after(cursor)",
      to: "if (!this.isAhead) this.due = undefined",
      tests: "scheduler/name"
    },
    {
      what: "a flow that is added again begins at the instant at which it is",
      from: "this.due = this.#ticks.after(Math.max(from, this.cursor ?? -Infinity))",
      to: "this.due = this.#ticks.after(from)",
      tests: "scheduler/name"
    },
    {
      what: "a fixed delay waits for the clock to catch up",
      from: "this.#at -= by",
      to: "this.#at -= 0 * by",
      tests: "scheduler/clock"
    },
    {
      what: "an instant is given twice, by a clock that was set back",
      from: "this.due = Math.max(this.#at, cursor + 1)",
      to: "this.due = this.#at",
      tests: "scheduler/clock"
    },
    {
      what: "a Schedule fires more than once in a millisecond",
      from: "least, Math.min(cursor, now) + 1)",
      to: "least)",
      tests: "scheduler/ticks"
    },
    {
      what: "what follows runs does not wait for a backoff",
      from: "Math.max(Math.ceil(now + delay), least,",
      to: "Math.max(Math.ceil(now + delay),",
      tests: "scheduler/Scheduler"
    },
    {
      what: "a flow that follows runs has a tick of its own while one goes on",
      from: "} else if (this.follows && isFree) {",
      to: "} else if (this.follows) {",
      tests: "scheduler/name"
    }
  ],
  "scheduler/lane": [
    {
      what: "only runs of its own count",
      from: "return this.#crew.runs.size < this.definition.overlap.atOnce",
      to: "return this.runs.size < this.definition.overlap.atOnce",
      tests: "scheduler/name"
    },
    {
      what: "a tick is served before those that wait",
      from: "if (this.#hasRoom && this.queue.length === 0) return this.#begin(run, now)",
      to: "if (this.#hasRoom) return this.#begin(run, now)",
      tests: "scheduler/ticks"
    },
    {
      what: "a run is overlong as it starts, by ticks that were there before",
      from: "run.planned > other.begun",
      to: "run.planned >= 0",
      tests: "scheduler/ticks"
    },
    {
      what: "what is caught up replaces what is caught up",
      from: "const replaces = overlap.replace && !caughtUp",
      to: "const replaces = overlap.replace",
      tests: "scheduler/ticks"
    },
    {
      what: "one more may wait",
      from: "!caughtUp && this.waiting >= overlap.waiting)",
      to: "!caughtUp && this.waiting > overlap.waiting)",
      tests: "scheduler/Scheduler"
    },
    {
      what: "what is caught up takes the places of what waits",
      from: `this.queue.filter(({ fire }) => fire.by !== "missed").length`,
      to: "this.queue.length",
      tests: "scheduler/ticks"
    },
    {
      what: "a run is replaced before the new one waits",
      from: "if (replaces) { for (const other of this.all) other.cut() }",
      to: "",
      tests: "scheduler/Scheduler"
    },
    {
      what: "what waited for a run fires though the flow was paused or backs off",
      from: `if (closed !== undefined && (closed === "Tripped" || !run.isTrigger))`,
      to: `if (closed === "Tripped")`,
      tests: "scheduler/ticks"
    },
    {
      what: "a trigger that waits is lost by a pause",
      from: `if (reason === "Paused" && run.isTrigger) this.queue.push(run)`,
      to: `if (reason === "Paused" && !run.isTrigger) this.queue.push(run)`,
      tests: "scheduler/ticks"
    },
    {
      what: "a run is started though a listener has closed the flow",
      from: "if (this.closed !== undefined) return this.#refuse(run, this.closed, now)",
      to: "",
      tests: "scheduler/Scheduler"
    },
    {
      what: "a claim that says yes starts a run, whatever has become of the flow",
      from: "if (run.refused !== undefined) return false",
      to: "",
      tests: "scheduler/undecided"
    },
    {
      what: "a trigger that waits is answered with the exit of another definition",
      from: "if (run.asked !== undefined && run.asked !== definition.flow)",
      to: "if (false)",
      tests: "scheduler/steering"
    },
    {
      what: "what is in hand is caught up by a resume, too",
      from: "ticks: due.ticks.filter((tick) => !this.#inHand.has(tick))",
      to: "ticks: due.ticks",
      tests: "scheduler/steering"
    },
    {
      what: "what a pause meets in hand is not of the pause",
      from: "this.#inHand.size > 0 ? Math.min(...this.#inHand) - 1 : this.course.cursor ?? now - 1",
      to: "this.course.cursor ?? now - 1",
      tests: "scheduler/steering"
    },
    {
      what: "the cursor is that of what waits",
      from: "cursor: this.course.decided",
      to: "cursor: this.course.cursor",
      tests: "scheduler/undecided"
    },
    {
      what: "a Schedule is stepped with the exits of another definition",
      from: "this.#follow(now, definition === this.definition ? exit : undefined)",
      to: "this.#follow(now, exit)",
      tests: "scheduler/ticks"
    },
    {
      what: "a tick of a pause fires after it",
      from: `if (!catchUp) this.#forgo("Paused", now, paused.since)`,
      to: "",
      tests: "scheduler/Scheduler"
    },
    {
      what: "whoever shares resources keeps them",
      from: "shared?.leave()",
      to: "",
      tests: "scheduler/Scheduler"
    }
  ],
  "scheduler/herald": [
    {
      what: "listeners are told of what is not done yet",
      from: "if (this.#depth > 0 || this.#isTelling) return",
      to: "if (this.#isTelling) return",
      tests: "scheduler/steering"
    },
    {
      what: "what a listener asks for is told before what it was told of",
      from: "if (this.#depth > 0 || this.#isTelling) return",
      to: "if (this.#depth > 0) return",
      tests: "scheduler/steering"
    }
  ],
  "scheduler/record": [
    {
      what: "a history has exits of another definition",
      from: "of === undefined || of === flow ? [ended] : []",
      to: "[ended]",
      tests: "scheduler/steering"
    }
  ],
  "scheduler/gate": [
    {
      what: "a run forgets the failures that came after it was begun",
      from: "const since = this.failures - failures",
      to: "const since = 0 * failures",
      tests: "scheduler/undecided"
    },
    {
      what: "a backoff is stepped with the cause of another definition",
      from: "if (this.#backoff === undefined || !isOwn) return",
      to: "if (this.#backoff === undefined) return",
      tests: "scheduler/steering"
    },
    {
      what: "it trips one failure later",
      from: "if (this.streak >= trip) return end()",
      to: "if (this.streak > trip) return end()",
      tests: "scheduler/Scheduler"
    },
    {
      what: "a backoff waits for the clock to catch up",
      from: "this.until -= by",
      to: "this.until -= 0 * by",
      tests: "scheduler/clock"
    },
    {
      what: "a success begins no backoff anew",
      from: "this.#backoff?.restart()",
      to: "",
      tests: "scheduler/Scheduler"
    },
    {
      what: "a change during the step of a backoff leaves it closed",
      from: "if (this.until === Infinity) this.until = undefined",
      to: "",
      tests: "scheduler/ticks"
    }
  ],
  "scheduler/hand": [
    {
      what: "a clock that is set back is seen only if it is earlier than before",
      from: "this.#seen + Number(elapsed - this.#elapsed) / 1e6 - now",
      to: "this.#seen - now",
      tests: "scheduler/clock"
    },
    {
      what: "who asks for an earlier instant does not wake it",
      from: "if (at < this.#target) this.#bell?.ring()",
      to: "",
      tests: "scheduler/Scheduler"
    }
  ],
  "scheduler/past": [
    {
      what: "of two that were removed each is one of many",
      from: "this.#known.size <= mostKnown",
      to: "this.#known.size <= 1",
      tests: "scheduler/name"
    },
    {
      what: "of many that were removed nothing is known",
      from: "this.#floor >= now ? this.#floor : undefined",
      to: "undefined",
      tests: "scheduler/name"
    }
  ],
  "scheduler/ending": [
    {
      what: "a run that was interrupted has drained",
      from: "runs.filter(({ isCut }) => !isCut)",
      to: "runs.filter(({ isEnded }) => isEnded)",
      tests: "scheduler/name"
    }
  ],
  "scheduler/scheduler": [
    {
      what: "what was skipped as a flow was removed may be decided once more",
      from: `lane.close("Removed")\n      this.#past.keep(id, lane.course.cursor)`,
      to: `lane.close("Removed")`,
      tests: "scheduler/name"
    },
    {
      what: "who waits for a run goes on on the stack of its end",
      from: "(exit) => Effect.andThen(Effect.yieldNow, exit))",
      to: "(exit) => exit)",
      tests: "scheduler/name"
    },
    {
      what: "a remove or stop ends with whoever has called it",
      from: "return Fiber.join(Effect.runForkWith(this.#services)(effect))",
      to: "return effect",
      tests: "scheduler/name"
    }
  ],
  "scheduler/shared": [
    {
      what: "what could not be built is not tried again",
      from: "if (this.#built === built) this.#built = undefined",
      to: "",
      tests: "scheduler/Scheduler"
    }
  ]
}
