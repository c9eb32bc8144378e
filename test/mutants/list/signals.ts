/**
 * Mutants of signals, of what is known of a run, and of what is done to it from outside.
 */
import type { Mutants } from "../mutant.ts"

export const signals: Mutants = {
  "runs/mailbox": [
    {
      what: "a letter that is given back comes last",
      from: "const comesAfter = ({ seq }: Letter) => seq > letter.seq",
      to: "const comesAfter = () => false && letter",
      tests: "laws/signals signal/Signal"
    },
    {
      what: "a letter that is given back goes to nobody who waits",
      from: "if (!box.deliver(letter)) box.keep(letter)\n  }",
      to: "box.keep(letter)\n  }",
      tests: "signal/Signal"
    },
    {
      what: "who waits for a key is served before who has waited longer",
      from: "(any !== undefined && any.value.seq < own.value.seq) ? any : own",
      to: "(any !== undefined && any.value.seq > own.value.seq) ? any : own",
      tests: "signal/Signal"
    },
    {
      what: "one more is kept than may be",
      from: "box.kept.size >= signal.capacity",
      to: "box.kept.size > signal.capacity",
      tests: "signal/Signal laws/signals"
    },
    {
      what: "the id of one that is refused is remembered",
      from: "    if (!isTaken && origin === undefined && box.kept.size",
      to:
        "    if (id !== undefined) box.ids.set(id, letter)\n    if (!isTaken && origin === undefined && box.kept.size",
      tests: "signal/Signal laws/signals"
    },
    {
      what: "ids are never forgotten",
      from: "if (tooMany <= 0) return\n    for",
      to: "return\n    for",
      tests: "adversarial/signals"
    },
    {
      what: "the id of a letter that is kept is forgotten",
      from: "if (one.where !== \"taken\") ids.set(old, one)",
      to: "",
      tests: "adversarial/signals"
    },
    {
      what: "an early letter counts for who asks for those of his visit",
      from: "const letter = line?.find(counts)?.value",
      to: "const letter = line?.find(() => true)?.value",
      tests: "signal/Signal"
    },
    {
      what: "who asks is not told of the end of the run",
      from: "letter.where = \"dropped\"\n  answered(letter, undefined)",
      to: "letter.where = \"dropped\"",
      tests: "signal/Signal"
    },
    {
      what: "who has outlived the run waits for ever",
      from: "      box.forsake()\n",
      to: "",
      tests: "adversarial/signals"
    }
  ],
  "runs/wait": [
    {
      what: "a fiber yields between a letter and what it does with it",
      from: "return isTired(fiber, 2) ? Effect.andThen(Effect.yieldNow, taking) : taking",
      to: "return fiber && isTired ? taking : taking",
      tests: "adversarial/signals"
    },
    {
      what: "a wait that is interrupted keeps what was on its way",
      from: "this.#mailbox.giveBack(letter)\n      return undefined",
      to: "return undefined",
      tests: "signal/Signal laws/signals"
    },
    {
      what: "who is interrupted stays in the line",
      from: "    if (letter === undefined) {\n      this.#mailbox.leave(this.#name, this)",
      to: "    if (letter === undefined) {",
      tests: "laws/signals"
    },
    {
      what: "the deadline takes who has a letter",
      from: "if (!this.#mailbox.leave(this.#name, this)) return",
      to: "this.#mailbox.leave(this.#name, this)",
      tests: "signal/Signal laws/signals",
      equivalent: "who has a letter is resumed with it first, and a fiber is resumed once"
    },
    {
      what: "the clock of a wait goes on when that is over",
      from: "    this.#timer?.interruptUnsafe()\n",
      to: "",
      tests: "signal/Signal"
    },
    {
      what: "another definition of the signal is not checked",
      from: "const wrong = signal === own ? undefined : own.wrong(value)",
      to: "const wrong = undefined as string | undefined",
      tests: "signal/Signal"
    },
    {
      what: "a reply is not checked",
      from: "(signal as unknown as SignalImpl).wrongReply(made.success)",
      to: "undefined as string | undefined",
      tests: "signal/Signal"
    }
  ],
  "runs/record": [
    {
      what: "two runs of one id go on at once",
      from: "if (this.#runs.has(runId)) {",
      to: "if (this.#runs.has(runId) && runId === \"\") {",
      tests: "runs/Runs"
    },
    {
      what: "a run that has ended is kept",
      from: "if (this.#runs.get(this.#runId) === this) this.#runs.delete(this.#runId)",
      to: "",
      tests: "runs/Runs"
    },
    {
      what: "a run whose id is taken takes the other one with it",
      from: "if (this.#runs.get(this.#runId) === this) this.#runs",
      to: "this.#runs",
      tests: "runs/Runs"
    },
    {
      what: "what a run fails with as it is interrupted is lost",
      from: "return Effect.flatMap(Fiber.await(fiber), failures)",
      to: "return Effect.asVoid(Fiber.await(fiber))",
      tests: "adversarial/signals"
    },
    {
      what: "a run is not awaited when who waits for it is interrupted",
      from: "return Effect.flatMap(Fiber.await(fiber), failures)",
      to: "return Exit.void",
      tests: "runs/Runs"
    },
    {
      what: "a run that is paused again before it goes on goes on",
      from: "resume(look() ?? this.#when(set, look))",
      to: "resume(look() ?? (Exit.void as never))",
      tests: "runs/Runs",
      equivalent:
        "the loop looks once more before it enters a state; the two others who wait so wait for what does not change again"
    },
    {
      what: "a known run has a fiber of its own under runSync",
      from: "if (isSync(caller)) return resume(own)",
      to: "",
      tests: "runs/Runs"
    },
    {
      what: "a run is interruptible where its caller is not",
      from: "{ uninterruptible: !isInterruptible(caller) }",
      to: "{}",
      tests: "adversarial/signals"
    }
  ],
  "runs/known": [
    {
      what: "branches that have ended are shown where a split keeps none",
      from: "keeps: config.discard !== true && config.reduce === undefined,",
      to: "keeps: true,",
      tests: "runs/Runs"
    },
    {
      what: "detached branches are not shown",
      from: "if (page.running === 0) this.pages.delete(span.level)",
      to: "this.pages.delete(span.level)",
      tests: "runs/Runs"
    },
    {
      what: "a split is settled that stands in another one",
      from: "isAround(page.level, found.level)",
      to: "isAround(found.level, page.level)",
      tests: "runs/Runs"
    },
    {
      what: "a run waits although something in it runs",
      from: "return !this.branches.some(",
      to: "return true || !this.branches.some(",
      tests: "runs/Runs"
    },
    {
      what: "a follow-on branch is where the run is",
      from: "if (run.root === run) this.#at",
      to: "this.#at",
      tests: "runs/Runs"
    }
  ],
  "runs/handle": [
    {
      what: "a branch that cancels itself is not found",
      from: "Effect.andThen(Effect.yieldNow, Effect.suspend(() => cancelBranch(record, name)))",
      to: "Effect.suspend(() => cancelBranch(record, name))",
      tests: "runs/Runs"
    },
    {
      what: "one of several branches of a name is cancelled",
      from: "if (found.length > 1) {",
      to: "if (found.length > 9) {",
      tests: "runs/Runs"
    }
  ],
  "run/registry": [
    {
      what: "runs are not known",
      from: "return registry === undefined ? undefined : registry.enlist?.(fiber)",
      to: "return registry && undefined",
      tests: "runs/Runs"
    }
  ],
  "machine/signalState": [
    {
      what: "otherwise is not held to what it declares",
      from: "target(machine, otherwise, \"otherwise\", to.otherwise)",
      to: "target(machine, otherwise, \"otherwise\", to.next)",
      tests: "signal/Signal"
    }
  ]
}
