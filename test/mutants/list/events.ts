/**
 * Mutants of run events: who makes them, who is told, what is dropped, and the options of all that listens.
 */
import type { Mutants } from "../mutant.ts"

export const events: Mutants = {
  "event/teller": [
    {
      what: "a branch that does not start has no end",
      from: "this.#branchEnded(level, page, index, never, \"NotStarted\")",
      to: "void never",
      tests: "event/RunEvent laws/events"
    },
    {
      what: "the end of a branch that has started names its queueing",
      from:
        "page.marks.set(\n          index,\n          this.#tell(level.run!, { ...this.#ofBranch(level, page, index), _tag: \"BranchStarted\", of, since })\n        )",
      to: "this.#tell(level.run!, { ...this.#ofBranch(level, page, index), _tag: \"BranchStarted\", of, since })",
      tests: "event/RunEvent laws/events"
    },
    {
      what: "a branch of a list that is read is not queued",
      from: "if (index >= page.queued) this.#queue(level, page, 1)",
      to: "",
      tests: "event/RunEvent laws/events"
    },
    {
      what: "a branch that ends twice is told of twice",
      from: "    page.marks.delete(index)\n",
      to: "",
      tests: "event/RunEvent laws/events",
      equivalent:
        "the level of a split leaves each branch once; what is kept is a mark of each branch until its split is gone"
    },
    {
      what: "a start may end twice",
      from: "    this.#marks.delete(span)\n",
      to: "",
      tests: "event/RunEvent laws/events",
      equivalent: "the seams tell of each end once; where this is asked again it holds by itself"
    },
    {
      what: "a follow-on branch is a run",
      from: "if (run.root !== run || this.#books.has(run)) return",
      to: "if (this.#books.has(run)) return",
      tests: "event/RunEvent laws/events"
    },
    {
      what: "a run is told of again when its Layers are built",
      from: "if (run.root !== run || this.#books.has(run)) return",
      to: "if (run.root !== run) return",
      tests: "event/RunEvent"
    },
    {
      what: "attempts of one hedge have no first in common",
      from: "if (attempt === 0) this.#marks.set(series, mark)",
      to: "",
      tests: "event/RunEvent"
    },
    {
      what: "the last branch that starts at once is a hedge",
      from: "hedge: index >= page.atOnce",
      to: "hedge: index + 1 >= page.atOnce",
      tests: "event/RunEvent"
    },
    {
      what: "what happens meanwhile is told before its cause has been",
      from: "if (book.isTelling) (book.later ??= []).push(event)",
      to: "if (false) (book.later ??= []).push(event)",
      tests: "event/RunEvent"
    },
    {
      what: "a listener hears nothing more once it has brought something about",
      from: "    book.isTelling = false\n",
      to: "",
      tests: "event/RunEvent laws/events"
    },
    {
      what: "a clock that throws takes an event away",
      from: "attempt(read) ?? book.at",
      to: "read()",
      tests: "event/RunEvent"
    },
    {
      what: "the last instant is not remembered",
      from: "    book.at = at\n",
      to: "",
      tests: "event/RunEvent"
    },
    {
      what: "the clock is read twice for an event",
      from: "return { of: seq, since: at }",
      to: "return { of: seq, since: read() }",
      tests: "event/RunEvent"
    }
  ],
  "event/delivery": [
    {
      what: "what still waits is not delivered",
      from: "if (!(yield* endsWithin(delivering, patience, context)))",
      to: "if (true)",
      tests: "event/RunEvent"
    },
    {
      what: "what is never delivered is not counted",
      from: "mailbox.dropped += Queue.sizeUnsafe(mailbox.queue) + 1",
      to: "",
      tests: "event/RunEvent"
    },
    {
      what: "an event that comes while it closes is a sign of slowness",
      from: "else if (!mailbox.isOver) tooSlow()",
      to: "else tooSlow()",
      tests: "event/RunEvent"
    },
    {
      what: "nobody is told of events after the end",
      from: "    if (isClosed) tooLate()\n    else if",
      to: "    if",
      tests: "event/RunEvent"
    },
    {
      what: "each failure of a listener is told",
      from: "if (faults++ === 0)",
      to: "if (faults++ >= 0)",
      tests: "event/RunEvent"
    },
    {
      what: "a listener that ends its fiber ends its delivery",
      from:
        "        Effect.forkChild(\n          Effect.suspend(() => returned.effect(who, \"its function\", tell(event, mailbox.dropped))),\n          { startImmediately: true }\n        ),\n        Fiber.await\n",
      to:
        "        Effect.suspend(() => returned.effect(who, \"its function\", tell(event, mailbox.dropped))),\n        (value) => Effect.succeed(Exit.succeed(value) as Exit.Exit<unknown, unknown>)\n",
      tests: "event/RunEvent"
    }
  ],
  "event/layer": [
    {
      what: "listeners are made before all have been looked at",
      from: "if (!Effect.isEffect(one) && !Predicate.isFunction(one)) return",
      to: "if (false) return",
      tests: "event/RunEvent"
    },
    {
      what: "a listener is not guarded",
      from: "listeners.push(guarded(made as Listener, words, services))",
      to: "listeners.push(made as Listener)",
      tests: "event/RunEvent laws/events"
    }
  ],
  "event/wing": [
    {
      what: "options that there are not are let pass",
      from: "...flags.unknown(options, known)]",
      to: "]",
      tests: "event/RunEvent event/RunSpans event/listeners"
    }
  ],
  "event/spansLayer": [
    {
      what: "states may be anything",
      from: "    flags.wrong(given.states, \"states\"),\n",
      to: "",
      tests: "event/RunSpans"
    }
  ],
  "event/spans": [
    {
      what: "a segment has no end",
      from: "    close(segment, Exit.void)\n",
      to: "",
      tests: "event/RunSpans"
    },
    {
      what: "a run is no root",
      from: "{ root: true }",
      to: "{}",
      tests: "event/RunSpans"
    }
  ],
  "run/seams": [
    {
      what: "a run takes no listener that comes with its Layers",
      from: "if (known === knownBefore && isSame) return states()",
      to: "if (run.isOpen) return states()",
      tests: "event/RunEvent event/RunSpans"
    },
    {
      what: "one that is known is enough for a run to take no other",
      from: ".every((part) =>",
      to: ".some((part) =>",
      tests: "event/RunEvent event/RunSpans"
    },
    {
      what: "of several Layers in one mergeAll the last one holds",
      from: "++keys.made",
      to: "keys.made",
      tests: "event/RunEvent"
    }
  ],
  "fibers/guarded": [
    {
      what: "what a listener throws reaches the others",
      from: "Result.try({ try: () => listener(event), catch: identity })",
      to: "Result.succeed(listener(event))",
      tests: "event/RunEvent laws/events"
    },
    {
      what: "each fault of a listener is told",
      from: "    isTold = true\n",
      to: "",
      tests: "event/RunEvent scheduler/herald"
    }
  ],
  "fibers/mailbox": [
    {
      what: "one more waits than there is room for",
      from: "Queue.sizeUnsafe(this.queue) >= this.#room.capacity",
      to: "Queue.sizeUnsafe(this.queue) > this.#room.capacity",
      tests: "event/listeners"
    },
    {
      what: "what is dropped is not counted",
      from: "    this.dropped++\n",
      to: "",
      tests: "event/RunEvent event/listeners"
    },
    {
      what: "the newest is dropped where the oldest is to be",
      from: "this.#room.full === \"oldest\"",
      to: "this.#room.full === \"newest\"",
      tests: "event/listeners"
    }
  ],
  "fibers/readers": [
    {
      what: "a reader is told of what it has lost twice",
      from: "    reader.told = mailbox.dropped\n",
      to: "",
      tests: "scheduler/Scheduler"
    },
    {
      what: "who is over is still told",
      from: "    this.#readers.clear()\n",
      to: "",
      tests: "event/listeners"
    },
    {
      what: "who reads when all is over waits for ever",
      from: "if (this.#isOver) mailbox.end()\n        else ",
      to: "",
      tests: "event/listeners"
    }
  ],
  "split/record": [
    {
      what: "what is awaited is late also when its run is interrupted",
      from: "  halt(): void {\n    this.losers = \"interrupt\"\n  }\n  detach(started",
      to: "  halt(): void {}\n  detach(started",
      tests: "event/RunEvent errors/failures"
    }
  ]
}
