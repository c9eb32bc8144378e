/**
 * Mutants of going back: what is kept, what is undone, in what order, and what becomes of it.
 */
import type { Mutants } from "../mutant.ts"

const all = "saga/saga saga/edges laws/saga"

export const sagas: Mutants = {
  "saga/recorded": [
    {
      what: "a step can be interrupted",
      from: "  Effect.uninterruptible(Effect.withFiber((fiber) => {",
      to: "  Effect.interruptible(Effect.withFiber((fiber) => {",
      tests: all
    },
    {
      what: "a pivot that fails is passed",
      from: "    if (Exit.isSuccess(exit)) {\n      ledger.pivot()",
      to: "    {\n      ledger.pivot()",
      tests: "saga/saga"
    },
    {
      what: "a pivot can be interrupted",
      from: "  Effect.uninterruptible(forward(run, ledger, Effect.suspend(work)))",
      to: "  Effect.interruptible(forward(run, ledger, Effect.suspend(work)))",
      tests: "saga/saga"
    }
  ],
  "run/doubt": [
    {
      what: "a timeout is the word of the step",
      from: "Cause.isTimeoutError(error) ||",
      to: "",
      tests: "saga/saga"
    },
    {
      what: "what the engine says is the word of the step",
      from: "(isCanoError(error) &&",
      to: "(false &&",
      tests: "saga/edges"
    },
    {
      what: "what has not started is in doubt",
      from: "!(error instanceof ConfigurationError ||",
      to: "!(false ||",
      tests: "saga/edges"
    },
    {
      what: "an attempt that was cut off is forgotten",
      from: "reason.annotate(Context.make(Mark, true))",
      to: "reason.annotate(Context.empty())",
      tests: "saga/together"
    }
  ],
  "saga/policy": [
    {
      what: "a step that skips what is in doubt does not",
      from: "doubt !== \"skip\" &&",
      to: "",
      tests: "saga/saga"
    },
    {
      what: "a typed failure is in doubt",
      from: "doubt === \"always\" ||",
      to: "true ||",
      tests: "saga/saga"
    }
  ],
  "saga/ledger": [
    {
      what: "what has ended is not taken out of what runs",
      from: "    this.running.delete(step)\n",
      to: "",
      tests: all
    },
    {
      what: "steps are kept after a pivot",
      from: "if (this.#isForward) return undefined",
      to: "",
      tests: "saga/saga"
    },
    {
      what: "a pivot keeps what there was",
      from: "    this.#isForward = true\n    this.take()",
      to: "    this.#isForward = true",
      tests: "saga/saga"
    },
    {
      what: "splits that have not been joined are forgotten",
      from: "return [...items, ...open.filter((group) => group !== undefined)]",
      to: "return open.length < 0 ? [] : items",
      tests: all
    },
    {
      what: "a step that broke its fiber is forgotten",
      from: "for (const step of this.running) this.end(step, Exit.failCause(cause))",
      to: "void cause",
      tests: "saga/broken laws/saga"
    },
    {
      what: "the count of what is kept only grows",
      from: "    this.#counts.kept -= stepsOf(items).length\n",
      to: "",
      tests: "saga/broken saga/saga"
    }
  ],
  "saga/fan": [
    {
      what: "no branch wins",
      from: "if (hasWon) this.#winners.add(index)",
      to: "void hasWon",
      tests: all
    },
    {
      what: "losers are kept",
      from: "(this.#winners.has(index) ||",
      to: "(this.#branches.has(index) ||",
      tests: all
    },
    {
      what: "a loser in doubt is kept with those that have completed",
      from: "(item._tag !== \"Step\" || item.done?._tag === \"Succeeded\")",
      to: "true",
      tests: all
    },
    {
      what: "an unsatisfied join keeps its winners",
      from: "return this.#keepsWinners &&",
      to: "return true &&",
      tests: all
    },
    {
      what: "a detached branch is undone while it goes on",
      from: "if (!this.#hasEnded(index)) continue",
      to: "",
      tests: all
    },
    {
      what: "a detached branch that has ended is forgotten",
      from: "if (kept.length > 0 || rest.length > 0) this.#saga.later(",
      to: "if (kept.length > 0 && rest.length < 0) this.#saga.later(",
      tests: all
    },
    {
      what: "a detached branch that broke its fiber is forgotten",
      from: "for (const index of this.#branches.keys()) if (!this.#ended.has(index)) this.#later(index)",
      to: "",
      tests: "saga/broken laws/saga"
    },
    {
      what: "a branch that broke its fiber is forgotten",
      from: "    branch.abandon(noEffect)\n",
      to: "",
      tests: "saga/broken laws/saga"
    },
    {
      what: "what comes late of a branch is kept",
      from: "const isKept = this.#keeps(index, item)",
      to: "const isKept = this.#keeps(index, item) || true",
      tests: "saga/edges laws/saga",
      equivalent:
        "a branch records all of its steps before it is recorded itself; what is left is what tasks fork and leave"
    },
    {
      what: "what is kept of a branch whose parent has ended is forgotten",
      from: "const due = group && this.parent.add(group)",
      to: "const due = group && (this.parent.add(group), undefined)",
      tests: "saga/edges laws/saga"
    },
    {
      what: "a join goes on though a branch in it is stuck",
      from: "isStuck ||= branch.isStuck",
      to: "isStuck ||= false",
      tests: "saga/edges"
    },
    {
      what: "the splits of a run are kept when they have ended",
      from: "if (this.kept.length === 0 && this.open.length === 0) this.parent.fans.delete(this)",
      to: "",
      tests: "saga/edges saga/saga",
      equivalent: "only memory: what has nothing to undo is undone in no time"
    }
  ],
  "saga/saga": [
    {
      what: "a run goes back for anything",
      from: "return this.#rollsBack && goesBack(this.policy, cause)",
      to: "return this.#rollsBack",
      tests: "saga/saga"
    },
    {
      what: "a run goes back that is cancelled without",
      from: "return this.#rollsBack && goesBack(this.policy, cause)",
      to: "return goesBack(this.policy, cause)",
      tests: "saga/handle saga/together",
      equivalent: "nothing is undone in it all the same: the rollback asks again"
    },
    {
      what: "what it stands in is not asked whether it was cancelled without",
      from: "if (run !== undefined && !run.root.rollsBack) return false",
      to: "if (run === this.run && !run.root.rollsBack) return false",
      tests: "saga/together"
    },
    {
      what: "any number of steps is kept",
      from: "if (this.kept < most) return undefined",
      to: "if (this.kept <= most) return undefined",
      tests: "saga/saga"
    },
    {
      what: "what a compensation does is kept to be undone",
      from: "if (current instanceof Undoing) return undefined",
      to: "",
      tests: "saga/edges"
    },
    {
      what: "a workflow as a task commits",
      from: "const due = heir?.ledger.add(own)",
      to: "const due = heir === undefined ? undefined : undefined as Effect.Effect<void> | undefined",
      tests: "saga/children"
    },
    {
      what: "what a run inside could not undo is lost with an interruption",
      from: "if (heir !== undefined && this.#failures.length > 0) heir.saga.#inherit(this, exit, heir.ledger)",
      to: "",
      tests: "laws/saga"
    },
    {
      what: "a run whose Layers fail to be released does not go back",
      from: "      const undo = this.undo([own], exit.cause)\n",
      to: "      return undefined\n      const undo = this.undo([own], exit.cause)\n",
      tests: "saga/children"
    },
    {
      what: "what could not be undone is not told",
      from: "if (this.#failures.length === 0 || Exit.isSuccess(exit)) return exit",
      to: "if (this.#failures.length >= 0 || Exit.isSuccess(exit)) return exit",
      tests: all
    },
    {
      what: "losers that were undone are remembered for ever",
      from: "if (areLosers && outcome.failures.length === 0) return outcome",
      to: "",
      tests: "saga/edges"
    },
    {
      what: "the error of a join stands inside that of the run",
      from: "this.#raised.has(reason.error)",
      to: "false",
      tests: "saga/saga"
    },
    {
      what: "defects and interruptions are lost beside the error",
      from: "Cause.fromReasons([...beside, ",
      to: "Cause.fromReasons([...beside.slice(0, 0), ",
      tests: "saga/saga"
    },
    {
      what: "a run whose fiber breaks does not go back",
      from: "if (Exit.isFailure(exit)) Effect.runForkWith(context)(this.#goBack(exit.cause) ?? Exit.void)",
      to: "void context",
      tests: "saga/broken"
    },
    {
      what: "a run does not wait for what is undone late",
      from: "if (this.#pending.size === 0 && this.#failures.length === 0) return undefined",
      to: "if (this.#failures.length === 0) return undefined",
      tests: "saga/broken saga/edges"
    },
    {
      what: "a run succeeds though a detached loser could not be undone",
      from: "() => this.#failures.length === 0 ? Exit.void : this.#failAfterAll()",
      to: "() => this.#failures.length >= 0 ? Exit.void : this.#failAfterAll()",
      tests: "saga/edges"
    },
    {
      what: "the time of a run that goes back may be up",
      from: "this.#isOver = this.hasFailed = true",
      to: "this.#isOver = true",
      tests: "saga/edges"
    }
  ],
  "saga/step": [
    {
      what: "branches are undone in the order of the list",
      from: "\n    .sort((a, b) => a.order - b.order)",
      to: "",
      tests: "saga/saga"
    }
  ],
  "saga/rollback": [
    {
      what: "what was done first is undone first",
      from: "Effect.forEach(items.toReversed(),",
      to: "Effect.forEach(items,",
      tests: all
    },
    {
      what: "branches are always undone in order",
      from: "going.saga.policy.isAtOnce\n",
      to: "(false as boolean)\n",
      tests: "saga/saga"
    },
    {
      what: "the time of all is not looked at",
      from: "if (Duration.isZero(limit) && until !== undefined) {",
      to: "if (Duration.isZero(limit) && until === undefined) {",
      tests: "saga/saga"
    },
    {
      what: "one may take longer than all",
      from: "left <= 0n ? Duration.zero : Duration.min(limit, Duration.nanos(left))",
      to: "left <= 0n ? Duration.zero : limit",
      tests: "saga/saga"
    },
    {
      what: "a workflow in it has the time of the run",
      from: "until: deadlineOf(fiber, within, going.until)",
      to: "until: deadlineOf(fiber, undefined, going.until) ?? (within && going.until)",
      tests: "saga/edges"
    },
    {
      what: "nothing is tried again",
      from: "retry === undefined ? once : Effect.retry(once, retry)",
      to: "once",
      tests: "saga/saga"
    },
    {
      what: "what is late is not stopped",
      from: "    fiber.interruptUnsafe(home.id)\n",
      to: "",
      tests: "saga/saga"
    },
    {
      what: "a compensation stands in the run as its step did",
      from: "return Context.add(own, CurrentRunRef, new Undoing(saga.run, step)) as Context.Context<unknown>",
      to:
        "return (step === undefined ? Context.add(own, CurrentRunRef, new Undoing(saga.run, step)) : own) as Context.Context<unknown>",
      tests: "saga/saga"
    },
    {
      what: "a child is undone without its resources",
      from: "goBack({ ...own, over }, items)",
      to: "goBack({ ...own, over: over(0) && going.over }, items)",
      tests: "saga/children"
    },
    {
      what: "resources around a child without any are forgotten",
      from: "goBack({ ...own, over: outer && (() => outer) }, items)",
      to: "goBack({ ...own, over: undefined }, items)",
      tests: "saga/edges"
    },
    {
      what: "a rollback that breaks has undone everything",
      from: "for (const step of left) outcome.failures.push(",
      to: "for (const step of []) outcome.failures.push(",
      tests: "saga/saga",
      equivalent: "it does not break: this is for what nobody has thought of"
    },
    {
      what: "nothing is told to the log",
      from: "Effect.ignoreCause(Effect.logError(",
      to: "Effect.ignoreCause(Effect.logTrace(",
      tests: "saga/broken"
    }
  ],
  "machine/undo": [
    {
      what: "a compensation and a pivot go together",
      from: "if (given === true && compensate !== undefined) {",
      to: "if (given === false && compensate !== undefined) {",
      tests: "machine/rules"
    },
    {
      what: "work of a known kind that can be undone cannot be interrupted",
      from: "state.work === undefined ? work :",
      to: "state.work !== undefined ? work :",
      tests: "saga/together"
    },
    {
      what: "a branch is undone by what all objects have",
      from: "Object.hasOwn(given as object, name) ?",
      to: "(given as object) !== undefined ?",
      tests: "saga/edges"
    }
  ],
  "split/taking": [
    {
      what: "a branch that was cancelled before its turn is in doubt",
      from: " || branch === cancelled",
      to: "",
      tests: "saga/together"
    }
  ],
  "machine/start": [
    {
      what: "compensations are told of an interruption where the time is up",
      from: "run.late?.() ?? cause",
      to: "cause",
      tests: "saga/saga"
    },
    {
      what: "a run that goes back is out of time",
      from: "if (ended || run.saga?.hasFailed === true) return Effect.never",
      to: "if (ended) return Effect.never",
      tests: "saga/edges"
    }
  ]
}
