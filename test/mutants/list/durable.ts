/**
 * Mutants of durable runs: what is written before what, what is not run again, who is told of a journal that is gone, and
 * what is undone.
 */
import type { Mutants } from "../mutant.ts"

export const durable: Mutants = {
  "durable/host": [
    {
      what: "a branch goes on before its end is written",
      from: "return Effect.flatMap(pen.put([{ kind: \"settle\", key, data, kept }]), () => written.exit)",
      to: "pen.later([{ kind: \"settle\", key, data, kept }])\n      return written.exit",
      tests: "durable/crashes durable/journal laws/durable"
    },
    {
      what: "a state is entered before that is written",
      from: "return Effect.flatMap(pen.put([row], head, (place) => n = place), () => {",
      to: "pen.later([row], head)\n    return Effect.suspend(() => {",
      tests: "durable/journal durable/crashes"
    },
    {
      what: "the deadline of a split starts anew",
      from: "this.#entered.get(run)!.at + Duration.toMillis(timeout)",
      to: "this.#given.clock.currentTimeMillisUnsafe() + Duration.toMillis(timeout)",
      tests: "durable/crashes"
    },
    {
      what: "the time of a run starts anew",
      from: "const instant = this.#given.createdAt + Duration.toMillis(timeout)",
      to: "const instant = this.#given.clock.currentTimeMillisUnsafe() + Duration.toMillis(timeout)",
      tests: "durable/crashes"
    },
    {
      what: "the time of a run is up before what it has done can be undone",
      from: "if (this.#hasBegun || (started.size === 0 && why === undefined)) return resume(Exit.void)",
      to: "return resume(Exit.void)",
      tests: "durable/crashes"
    },
    {
      what: "what was done in a split that is entered again is kept twice",
      from: "if (group !== undefined) fan.parent.withdraw(group)",
      to: "void group",
      tests: "laws/durable durable/crashes"
    },
    {
      what: "a step that has ended runs again",
      from: "if (settled !== undefined && step.branch === undefined) return this.#recalled(step, settled, before)",
      to: "",
      tests: "durable/crashes"
    },
    {
      what: "a step that ran before says for sure that it was not done",
      from: "const done = before !== undefined && settled === undefined\n",
      to: "const done = before !== undefined && settled !== undefined\n",
      tests: "durable/crashes laws/durable"
    },
    {
      what: "a pivot of a follow-on branch is forgotten",
      from: "if (stem !== \"\" && place.parent(stem) === split) fan.ledger",
      to: "if (stem === \"\") fan.ledger",
      tests: "durable/crashes"
    },
    {
      what: "what is undone is not written",
      from: "return pen.put([{ kind: \"compensate\", key, data, kept: true }])",
      to: "return data === \"\" ? pen.flush : Effect.void",
      tests: "durable/crashes durable/journal"
    },
    {
      what: "a run goes back before that is written",
      from: "pen.put([goingBack(codecs, why)], { status: \"compensating\" })",
      to: "Effect.sync(() => pen.later([], { status: \"compensating\" }))",
      tests: "durable/crashes"
    }
  ],
  "durable/remember": [
    {
      what: "a branch is known by its place alone",
      from:
        "const index = indexIn(list, before, segment) ?? (joined === undefined ? undefined : behind(list, before, gone++))",
      to: "const index: number | undefined = before",
      tests: "durable/restore"
    }
  ],
  "durable/rewriting": [
    {
      what: "what is in a visit is not found by its new name",
      from: "this.#visits.get(was) ?? segment(name)",
      to: "this.#visits.get(was) ?? state",
      tests: "durable/versions laws/durable"
    },
    {
      what: "a state that is left out counts",
      from: "if (name === null) return undefined",
      to: "if (name === null) return key",
      tests: "durable/versions"
    },
    {
      what: "a decision counts those that are left out",
      from: "return own === null ? [] : [own ?? index]",
      to: "return [own ?? index]",
      tests: "durable/versions"
    },
    {
      what: "the step of a branch is undone by its old name",
      from: "branch: { index: indexOf(row.key, key, branch.index), name: place.nameOf(lastOf(key)) }",
      to: "branch",
      tests: "durable/versions laws/durable"
    },
    {
      what: "what was migrated of steps is forgotten with its visit",
      from: "isKept ||= row.kept",
      to: "isKept = false",
      tests: "durable/versions laws/durable"
    },
    {
      what: "what has ended in earlier visits is asked for",
      from: "if (row.n < this.#head.entered && !this.#started.has(row.key)) return json",
      to: "",
      tests: "durable/versions"
    }
  ],
  "durable/rewritten": [
    {
      what: "a row is read as it was written",
      from: "else found.set(before.n, { ...before, key: own.key, data: JSON.stringify(own.data) })",
      to: "",
      tests: "durable/versions"
    }
  ],
  "durable/start": [
    {
      what: "what can't be followed is written",
      from: "return fault === undefined ? Result.succeed({ past, state, migrated: migrated.success }) : failed(fault)",
      to: "return fault !== null ? Result.succeed({ past, state, migrated: migrated.success }) : failed(fault)",
      tests: "durable/versions"
    },
    {
      what: "a split that is none any more is passed over",
      from: "return other === undefined ? Result.succeed(",
      to: "return other !== null ? Result.succeed(",
      tests: "durable/versions durable/report"
    }
  ],
  "durable/refusals": [
    {
      what: "who waits is told of another version at once",
      from: "this.#clock.currentTimeMillisUnsafe() - since < this.#grace",
      to: "false",
      tests: "durable/versions"
    },
    {
      what: "a refusal is told again",
      from: "if (isSame) return false",
      to: "",
      tests: "durable/versions"
    },
    {
      what: "what others have is kept",
      from: "if (!due.has(runId)) this.#refused.delete(runId)",
      to: "if (!due.has(runId)) continue",
      tests: "durable/versions"
    }
  ],
  "durable/report": [
    {
      what: "a run that has ended meanwhile is refused",
      from: "now === undefined || now.status === \"ended\"",
      to: "now === undefined",
      tests: "durable/report"
    },
    {
      what: "no more than a page of a run is read",
      from: "from <= n;",
      to: "from < 1;",
      tests: "durable/report"
    }
  ],
  "durable/pen": [
    {
      what: "what is on its way is not waited for",
      from: "if (isEmpty && this.#writing === 0) return resume(Exit.void)",
      to: "if (isEmpty) return resume(Exit.void)",
      tests: "durable/journal laws/durable"
    },
    {
      what: "who is fenced goes on",
      from: "else if (!exit.value) this.end({ _tag: \"Fenced\" })",
      to: "else if (!exit.value) this.stop()",
      tests: "durable/journal"
    },
    {
      what: "who waits for a row that was not written goes on",
      from: "const own = this.#over === undefined ? Exit.void : broken",
      to: "const own = Exit.void",
      tests: "durable/journal"
    },
    {
      what: "a Layer that is closed does not stop at a row",
      from: "else if (this.#isStopping && this.#writing === 0) this.end({ _tag: \"Stopped\" })",
      to: "",
      tests: "durable/journal"
    }
  ],
  "durable/committer": [
    {
      what: "each append is a commit of its own",
      from: "body: () => Effect.andThen(Effect.yieldNow, Effect.suspend(() => this.#turn())),",
      to: "body: () => Effect.suspend(() => this.#turn()),",
      tests: "durable/journal"
    }
  ],
  "durable/driver": [
    {
      what: "a run that is migrated goes on before that is written",
      from: "if (migrated === undefined) return go(driven, claimed, start.success, means)",
      to: "if (migrated !== null) return go(driven, claimed, start.success, means)",
      tests: "durable/versions"
    },
    {
      what: "what came before the visit counts as if it came in it",
      from: "inbox.deliver(letters, ({ at, n }) => n === undefined ? at < past.at : n < head.entered)",
      to: "inbox.deliver(letters)",
      tests: "durable/steering"
    },
    {
      what: "a run that was cancelled has failed",
      from: ": inbox.isCancelled && Cause.hasInterrupts(exit.cause)",
      to: ": inbox.isPaused && Cause.hasInterrupts(exit.cause)",
      tests: "durable/steering"
    }
  ],
  "durable/inbox": [
    {
      what: "a signal counts for a visit in which it is found, and was not sent",
      from: "inLife(letter) || letter.since >= at : sentAt >= n",
      to: "inLife(letter) || letter.since >= at : inLife(letter)",
      tests: "durable/visits"
    },
    {
      what: "a letter without a row is not looked at by its instant",
      from: "inLife(letter) || letter.since >= at : sentAt >= n",
      to: "inLife(letter) : sentAt >= n",
      tests: "durable/visits"
    },
    {
      what: "what comes in a visit counts as if it came before",
      from: "if (isSignal ? this.#hasEntered || isBefore(letter) : this.#hasBegun) this.#deliver(letter)",
      to: "if (isSignal || this.#hasBegun) this.#deliver(letter)",
      tests: "durable/steering"
    },
    {
      what: "who steers a run comes before what it has done can be undone",
      from: "if (isSignal ? this.#hasEntered || isBefore(letter) : this.#hasBegun) this.#deliver(letter)",
      to: "if (isSignal ? this.#hasEntered || isBefore(letter) : true) this.#deliver(letter)",
      tests: "durable/steering"
    },
    {
      what: "who cancels a run that goes back stops that",
      from: "this.cancel(compensate || this.#isBack, -1)",
      to: "this.cancel(compensate, -1)",
      tests: "durable/steering"
    },
    {
      what: "a run is parked while a signal is on its way",
      from: "if (letter.where === \"on its way\") return false",
      to: "",
      tests: "durable/steering"
    },
    {
      what: "a signal is taken for good when somebody goes on with it",
      from: "for (const { answer, seq } of letters) this.#pen.take(seq, answer)",
      to: "void letters",
      tests: "durable/steering"
    },
    {
      what: "all that is taken is taken with any row",
      from: "if (by !== key && !by.startsWith(`${key}/`)) continue",
      to: "",
      tests: "durable/steering"
    }
  ],
  "durable/restore": [
    {
      what: "what was undone is undone again",
      from: "if (past.undone.has(key)) return Result.succeed(undefined)",
      to: "",
      tests: "durable/crashes laws/durable"
    },
    {
      what: "who has failed the second time was not done the first time",
      from: "times > 1 ? doubt.unsure(exit.cause) : exit.cause",
      to: "exit.cause",
      tests: "durable/crashes laws/durable"
    },
    {
      what: "what was started and has no end was not done",
      from: "Result.succeed<Exit.Exit<unknown, unknown>>(Exit.interrupt())",
      to: "Result.succeed<Exit.Exit<unknown, unknown>>(Exit.fail(\"no\"))",
      tests: "durable/crashes"
    },
    {
      what: "things are undone in the order in which they started",
      from: "order: settled?.n ?? n,",
      to: "order: n,",
      tests: "durable/crashes laws/durable"
    }
  ],
  "durable/runner": [
    {
      what: "a letter that comes while its run is taken is lost",
      from: "driving.early.push(letter)",
      to: "this.changed(letter.runId)",
      tests: "durable/steering"
    },
    {
      what: "who can't drive a run keeps it",
      from: "return Effect.andThen(this.#refuse(runId, ending.error as Refusal), this.#leaving.release(runId))",
      to: "return this.#refuse(runId, ending.error as Refusal)",
      tests: "durable/restore"
    },
    {
      what: "who can't keep its lease goes on",
      from: "for (const { pen } of this.#driving.values()) pen?.end({ _tag: \"Journal\", error })",
      to: "void error",
      tests: "durable/journal"
    }
  ],
  "durable/children": [
    {
      what: "what a run has started and does not start again goes on",
      from: "status !== \"ended\" && (place",
      to: "status === \"ended\" && (place",
      tests: "durable/steering"
    }
  ],
  "durable/driving": [
    {
      what: "what was stopped is waited for once more",
      from: "if (pen?.over?._tag === \"Stopped\") continue",
      to: "",
      tests: "durable/journal"
    }
  ],
  "durable/make": [
    {
      what: "a child is cancelled when the journal of its parent is gone",
      from: "if (!(inbox instanceof Inbox) || inbox.isBroken) return Effect.void",
      to: "if (!(inbox instanceof Inbox)) return Effect.void",
      tests: "durable/steering"
    }
  ]
}
