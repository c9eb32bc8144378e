/**
 * Mutants of going back: what is kept, what is undone, in what order, and what becomes of it.
 */
import type { Mutants } from "../mutant.ts"

export const sagas: Mutants = {
  "saga/recorded": [
    {
      what: "a step can be interrupted",
      from: "  Effect.uninterruptible(Effect.withFiber((fiber) => {",
      to: "  Effect.interruptible(Effect.withFiber((fiber) => {",
      tests: "saga/saga laws/saga"
    },
    {
      what: "any number of steps is kept",
      from: "run.saga!.kept >= most",
      to: "run.saga!.kept > most",
      tests: "saga/saga"
    },
    {
      what: "a pivot that fails is passed",
      from: "if (Exit.isSuccess(exit)) ledger.pivot()",
      to: "ledger.pivot()",
      tests: "saga/saga"
    },
    {
      what: "a pivot can be interrupted",
      from: "  Effect.uninterruptible(Effect.onExitPrimitive(Effect.suspend(work), (exit) => {",
      to: "  Effect.interruptible(Effect.onExitPrimitive(Effect.suspend(work), (exit) => {",
      tests: "saga/saga"
    }
  ],
  "saga/policy": [
    {
      what: "a timeout is the word of the step",
      from: " || Cause.isTimeoutError(reason.error)",
      to: "",
      tests: "saga/saga"
    },
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
      tests: "saga/saga laws/saga"
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
      from: "      const group = fan.take()\n      if (group !== undefined) this.add(group)\n",
      to: "",
      tests: "saga/saga laws/saga"
    },
    {
      what: "a step that broke its fiber is forgotten",
      from: "      const own = this.end(step, Exit.failCause(cause))",
      to: "      const own: undefined = void step",
      tests: "laws/saga saga/saga"
    },
    {
      what: "the count of what is kept only grows",
      from: "    this.#counts.kept -= stepsOf(items).length\n",
      to: "",
      tests: "saga/saga"
    }
  ],
  "saga/fan": [
    {
      what: "no branch wins",
      from: "if (this.#branches.has(index)) this.#winners.add(index)",
      to: "void index",
      tests: "saga/saga laws/saga"
    },
    {
      what: "losers are kept",
      from: "return this.#winners.has(index) ||",
      to: "return this.#branches.has(index) ||",
      tests: "saga/saga laws/saga"
    },
    {
      what: "a loser in doubt is kept with those that have completed",
      from: "(item._tag !== \"Step\" || item.done?._tag === \"Succeeded\")",
      to: "true",
      tests: "saga/saga laws/saga"
    },
    {
      what: "an unsatisfied join keeps its winners",
      from: "cause === undefined && this.#keeps(index, item)",
      to: "this.#keeps(index, item)",
      tests: "saga/saga laws/saga"
    },
    {
      what: "a detached branch is kept",
      from: "isKept(item) ? this.parent.add(item) : this.#saga.undo([item], cause ?? Cause.empty)",
      to: "this.parent.add(item)",
      tests: "saga/saga laws/saga"
    },
    {
      what: "a detached branch that broke its fiber is forgotten",
      from: "this.#saga.later(branch.abandon(noEffect))",
      to: "void branch",
      tests: "laws/saga saga/broken"
    },
    {
      what: "a loser that broke its fiber is forgotten",
      from: "if (this.#isOver) branch.abandon(noEffect)",
      to: "",
      tests: "saga/broken laws/saga"
    },
    {
      what: "the splits of a run are kept when they have ended",
      from: "} else if (this.kept.length === 0 && this.open.length === 0) this.parent.fans.delete(this)",
      to: "}",
      tests: "saga/broken saga/saga"
    }
  ],
  "saga/saga": [
    {
      what: "a run goes back for anything",
      from: "return this.run.rollsBack && goesBack(this.policy, cause)",
      to: "return this.run.rollsBack",
      tests: "saga/saga"
    },
    {
      what: "a run goes back that is cancelled without",
      from: "return this.run.rollsBack && goesBack(this.policy, cause)",
      to: "return goesBack(this.policy, cause)",
      tests: "saga/handle"
    },
    {
      what: "a workflow as a task commits",
      from: "const due = heir?.add(child)",
      to: "const due = heir === undefined ? undefined : undefined as Effect.Effect<void> | undefined",
      tests: "saga/children"
    },
    {
      what: "a run whose Layers fail to be released does not go back",
      from: "return Effect.map(this.undo([child], exit.cause), () => this.ending(exit))",
      to: "return undefined",
      tests: "saga/children"
    },
    {
      what: "a join that could not undo its branches goes on",
      from: "() => this.failures.length === before ? Exit.void : Exit.fail(this.#raise(why))",
      to: "() => before < 0 ? Exit.fail(this.#raise(why)) : Exit.void",
      tests: "saga/saga"
    },
    {
      what: "what could not be undone is not told",
      from: "if (this.failures.length === 0 || Exit.isSuccess(exit)) return exit",
      to: "if (this.failures.length >= 0 || Exit.isSuccess(exit)) return exit",
      tests: "saga/saga laws/saga"
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
      from: "return this.#pending.size === 0 ? own : Effect.andThen(own ?? Effect.void, this.#settled)",
      to: "return own",
      tests: "saga/broken"
    }
  ],
  "saga/rollback": [
    {
      what: "what was done first is undone first",
      from: "items.toReversed()",
      to: "items",
      tests: "saga/saga laws/saga"
    },
    {
      what: "branches are undone in the order of the list",
      from: ".sort((a, b) => a.order - b.order)",
      to: "",
      tests: "saga/saga"
    },
    {
      what: "branches are always undone in order",
      from: "going.saga.policy.isAtOnce\n",
      to: "(false as boolean)\n",
      tests: "saga/saga"
    },
    {
      what: "the time of all is not looked at",
      from: "if (until !== undefined && now >= until)",
      to: "if (until !== undefined && now < 0n)",
      tests: "saga/saga"
    },
    {
      what: "one may take longer than all",
      from: "until === undefined ? timeout : Duration.min(timeout, Duration.nanos(until - now))",
      to: "timeout",
      tests: "saga/saga"
    },
    {
      what: "nothing is tried again",
      from: "retry === undefined ? once : Effect.retry(once, retry)",
      to: "once",
      tests: "saga/saga"
    },
    {
      what: "what is late is not stopped",
      from: "      own.interruptUnsafe(fiber.id)\n",
      to: "",
      tests: "saga/saga"
    },
    {
      what: "a compensation has the key of its step",
      from: "return `${this.#step.key}#compensate`",
      to: "return this.#step.key",
      tests: "saga/saga"
    },
    {
      what: "a compensation stands in the place of its branch",
      from: "Context.add(own, HoldRef, undefined)",
      to: "own",
      tests: "saga/saga"
    },
    {
      what: "a child is undone without its resources",
      from: "provide((services) => goBack({ ...going, saga: own, services }, items))",
      to: "provide((services) => goBack({ ...going, saga: own, services: services.slice(0, 0) }, items))",
      tests: "saga/children"
    },
    {
      what: "nothing is told to the log",
      from: "Effect.ignoreCause(Effect.logError(",
      to: "Effect.ignoreCause(Effect.logTrace(",
      tests: "saga/saga"
    }
  ],
  "machine/undo": [
    {
      what: "a compensation and a pivot go together",
      from: "if (given === true && compensate !== undefined) {",
      to: "if (given === false && compensate !== undefined) {",
      tests: "machine/rules"
    }
  ],
  "machine/start": [
    {
      what: "compensations are told of an interruption where the time is up",
      from: "run.late?.() ?? cause",
      to: "cause",
      tests: "saga/saga"
    }
  ]
}
