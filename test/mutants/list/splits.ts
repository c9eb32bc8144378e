/**
 * Mutants of one running split: its slots, its decision, its end, and what becomes of its outcomes.
 */
import type { Mutants } from "../mutant.ts"

export const splits: Mutants = {
  "split/slot": [
    {
      what: "one that did something else takes the next branch as if it had run one",
      from: "if (this.index === away) this.index = fresh",
      to: "",
      tests: "adversarial/slots adversarial/waiting"
    },
    {
      what: "does not yield before Effect makes it",
      from: "if (this.index !== fresh && isTired(fiber, 2))",
      to: "if (this.index !== fresh && isTired(fiber, 1))",
      tests: "adversarial/slots laws/lifetimes"
    },
    {
      what: "behind a bulkhead does not yield",
      from: "if (join.sinceYield >= join.yieldEvery) return this.away(pause(join))",
      to: "",
      tests: "split/Split adversarial/size"
    },
    {
      what: "keeps its place while it waits for room",
      from: "if (this.place !== undefined) sharing.giveUp()\n        this.place = undefined",
      to: "",
      tests: "adversarial/sharing"
    },
    {
      what: "starts branches though outcomes wait, without a bulkhead",
      from: "if (outbox.isFull(join.outbox)) return this.away(outbox.waitForRoom(join.outbox))",
      to: "",
      tests: "split/observers"
    },
    {
      what: "all who wait for room are woken by each that finds some",
      from: "outbox.wake(join.outbox, 2)",
      to: "outbox.wake(join.outbox)",
      tests: "adversarial/sharing"
    },
    {
      what: "those who wait for room are told by nobody who has found some",
      from: "outbox.wake(join.outbox, 2)",
      to: "",
      tests: "adversarial/waiting"
    },
    {
      what: "what a branch sets on its fiber stays there",
      from: "if (fiber.context !== join.context) fiber.setContext(join.context!)",
      to: "",
      tests: "adversarial/slots"
    },
    {
      what: "reads the list while it is being read",
      from: "return join.pulling ? Effect.yieldNow : pull(join, this)",
      to: "return pull(join, this)",
      tests: "adversarial/reentrancy"
    },
    {
      what: "is interrupted by the decision of its own branch",
      from: "// a decision interrupts the others; `while` is asked next\n    this.fiber = undefined",
      to: "",
      tests: "split/Split adversarial/start",
      equivalent: "a slot that is interrupted between two branches ends as it would anyway"
    },
    {
      what: "a loser that succeeds counts",
      from: "if (isOpen(join)) succeed(join, index, value)\n    else outlast(join, index, value)",
      to: "succeed(join, index, value)",
      tests: "adversarial/endings split/losers"
    },
    {
      what: "a loser that fails counts",
      from: "const isLoser = !isOpen(join)",
      to: "const isLoser = join.halted",
      tests: "adversarial/deciding split/Split"
    },
    {
      what: "one that enters late is put at the end",
      from: "else slots.splice(placeOf(slots, slot.id), 0, slot)",
      to: "else slots.push(slot)",
      tests: "adversarial/sharing"
    },
    {
      what: "one that breaks is noticed late",
      from: "else slot.fiber!.addObserver(join.onEnd ??= (exit) => onEnd(join, exit))",
      to: "",
      tests: "adversarial/slots"
    },
    {
      what: "a defect between two branches ends nothing",
      from: "return isBreak(cause) ? Exit.failCause(cause) : done(join, slot)",
      to: "return done(join, slot)",
      tests: "adversarial/endings"
    },
    {
      what: "those that have ended stay in the list",
      from: "join.slots = join.slots.filter(({ own }) => own.pollUnsafe() === undefined)",
      to: "",
      tests: "adversarial/endings"
    },
    {
      what: "the worker starts more, though a yield is due",
      from: "if (join.sinceYield >= join.yieldEvery) return pause(join)\n  const { sharing }",
      to: "const { sharing }",
      tests: "split/growing bulkhead/Bulkhead adversarial/waiting"
    },
    {
      what: "there are more than there are places in a list that grows",
      from: "return slots < places && backlog!.waiting",
      to: "return backlog!.waiting",
      tests: "split/growing laws/growing",
      equivalent: "one too many finds that as many branches run as may, and ends"
    },
    {
      what: "one is started for a branch that another looks for",
      from: "backlog!.waiting > slots - running(join)",
      to: "backlog!.waiting > 0",
      tests: "adversarial/slots"
    },
    {
      what: "one that ends is counted as looking for branches",
      from: "join.crew!.slots--",
      to: "",
      tests: "split/growing"
    },
    {
      what: "the worker is not told of one that has ended",
      from: "crew.poke(join)\n    // under",
      to: "// under",
      tests: "split/growing"
    },
    {
      what: "one that cannot go on leaves its place behind",
      from: "if (wanted) join.sharing!.passOn()\n      else join.sharing!.giveUp()",
      to: "if (!wanted) join.sharing!.giveUp()",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "one that cannot go on is not replaced",
      from: "} else if (wanted && mayYield(join)) {",
      to: "} else if (wanted && !mayYield(join)) {",
      tests: "split/Split laws/lifetimes"
    },
    {
      what: "one is replaced though under runSync nobody would resume it",
      from: "} else if (wanted && mayYield(join)) {",
      to: "} else if (wanted) {",
      tests: "adversarial/slots"
    },
    {
      what: "is replaced on its own stack",
      from: "Effect.andThen(Effect.yieldNow, member(join))",
      to: "member(join)",
      tests: "adversarial/slots adversarial/interruption"
    },
    {
      what: "are started though a yield is due",
      from: "hasMore(join) && (join.isBounded || join.sinceYield < join.yieldEvery)",
      to: "hasMore(join)",
      tests: "adversarial/size adversarial/slots"
    },
    {
      what: "goes on with children of a branch that has ended",
      from: "if (hasChildren(fiber)) return false",
      to: "",
      tests: "adversarial/slots"
    },
    {
      what: "one that has waited takes another branch, without a bulkhead",
      from: "(join.front === slot && join.sinceYield",
      to: "(join.sinceYield",
      tests: "adversarial/slots"
    },
    {
      what: "without a bulkhead is never tired",
      from: " && !isTired(fiber, 16))",
      to: ")",
      tests: "laws/lifetimes adversarial/slots"
    },
    {
      what: "each that comes back from a pause opens a round",
      from: "if (join.yields !== round) return",
      to: "",
      tests: "adversarial/slots split/Split"
    },
    {
      what: "what a list gives after a decision is started",
      from: "if (!isOpen(join)) return Exit.void\n    if (isDone)",
      to: "if (isDone)",
      tests: "adversarial/slots adversarial/reentrancy adversarial/lists"
    },
    {
      what: "what a lazy list has given is forgotten",
      from: "    join.record.added()\n  }",
      to: "  }",
      tests: "adversarial/lists",
      equivalent: "outcomes are put where they belong all the same; the array only has holes meanwhile"
    },
    {
      what: "nobody is told that the last branch is being started",
      from: "if (join.backlog === undefined) return stop(join)",
      to: "if (join.backlog === undefined) return",
      tests: "adversarial/sharing"
    },
    {
      what: "keeps its place in the line though nothing waits in a list that grows",
      from: "join.sharing?.release()",
      to: "",
      tests: "adversarial/sharing"
    },
    {
      what: "a list that throws is read on",
      from: "join.exhausted = join.isRead = true\n      return breakOff(join, Cause.die(next.failure))",
      to: "return breakOff(join, Cause.die(next.failure))",
      tests: "adversarial/lists adversarial/split"
    },
    {
      what: "a list that grows ends with its first branch",
      from: "join.exhausted = backlog.waiting === 0",
      to: "join.exhausted = true",
      tests: "split/growing"
    }
  ],
  "split/growing": [
    {
      what: "a list of more than maxBranches is read to its end",
      from: "if (items.length > most) break",
      to: "",
      tests: "adversarial/endings"
    },
    {
      what: "takes branches after the decision",
      from: "join.tally.total === Number.POSITIVE_INFINITY && isOpen(join)",
      to: "join.tally.total === Number.POSITIVE_INFINITY",
      tests: "split/growing"
    },
    {
      what: "takes branches when it is complete",
      from: "join.tally.total === Number.POSITIVE_INFINITY && isOpen(join)",
      to: "isOpen(join)",
      tests: "split/growing"
    },
    {
      what: "takes branches before it runs",
      from: "join.context !== undefined && join.tally",
      to: "join.tally",
      tests: "split/growing"
    },
    {
      what: "stays exhausted when branches are added",
      from: "join.exhausted = false",
      to: "",
      tests: "split/growing"
    },
    {
      what: "asks for no place for what is added",
      from: "join.sharing?.request()",
      to: "",
      tests: "adversarial/sharing"
    },
    {
      what: "the worker is not told of what is added",
      from: "poke(join)\n    }\n    return Exit.succeed(true)",
      to: "}\n    return Exit.succeed(true)",
      tests: "split/growing"
    },
    {
      what: "what is added has no place in the result",
      from: "    join.record.added()\n  }",
      to: "  }",
      tests: "split/growing"
    }
  ],
  "split/backlog": [
    {
      what: "branches that have been started are kept",
      from: "this.#items[place] = undefined",
      to: "",
      tests: "split/growing"
    },
    {
      what: "is moved to its front one too far",
      from: "this.#items.slice(this.#first)",
      to: "this.#items.slice(this.#first + 1)",
      tests: "split/growing adversarial/waiting"
    }
  ],
  "split/outbox": [
    {
      what: "has room for one more",
      from: "Queue.sizeUnsafe(queue) >= capacity",
      to: "Queue.sizeUnsafe(queue) > capacity",
      tests: "adversarial/sharing"
    },
    {
      what: "has room for one less",
      from: "Queue.sizeUnsafe(queue) >= capacity",
      to: "Queue.sizeUnsafe(queue) >= capacity - 1",
      tests: "adversarial/sharing"
    },
    {
      what: "says that there is room only when it is empty",
      from: "if (size <= capacity / 2) {",
      to: "if (size === 0) {",
      tests: "adversarial/sharing"
    },
    {
      what: "says that there is room each time that an outcome leaves",
      from: "if (size <= capacity / 2) {",
      to: "if (size >= 0) {",
      tests: "adversarial/sharing"
    },
    {
      what: "wakes more than have room",
      from: "wake(self, capacity - size)",
      to: "wake(self)",
      tests: "adversarial/sharing"
    },
    {
      what: "nobody behind a shared bulkhead is told of room",
      from: "self.onRoom?.()",
      to: "",
      tests: "adversarial/waiting split/observers"
    },
    {
      what: "outcomes wait for an observer that was given up",
      from: "if (!self.isClosed) Queue",
      to: "Queue",
      tests: "adversarial/endings"
    },
    {
      what: "is full though the observer was given up",
      from: "!isClosed && Queue.sizeUnsafe(queue)",
      to: "Queue.sizeUnsafe(queue)",
      tests: "adversarial/endings"
    },
    {
      what: "who is interrupted stays among those who wait for room",
      from: "return Effect.onInterrupt(waiter.wait, () => Effect.sync(() => waiting.remove(entry)))",
      to: "return Effect.andThen(waiter.wait, entry === undefined ? Effect.void : Effect.void)",
      tests: "adversarial/sharing"
    },
    {
      what: "an observer that has been told of much is slow",
      from: "self.busySince + most - now",
      to: "most - now",
      tests: "adversarial/waiting"
    },
    {
      what: "an observer that is not busy takes too long",
      from: "self.busySince = undefined",
      to: "",
      tests: "adversarial/endings"
    },
    {
      what: "an observer is given up without being interrupted",
      from: "Effect.map(warning, () => self.delivering?.interruptUnsafe())",
      to: "warning",
      tests: "adversarial/waiting"
    },
    {
      what: "the outcome that the observer had is not counted as lost",
      from: "Queue.sizeUnsafe(self.queue) + 1",
      to: "Queue.sizeUnsafe(self.queue)",
      tests: "adversarial/waiting"
    }
  ],
  "run/nursery": [
    {
      what: "what is left in a closed one runs on",
      from: "if (closed) outgrown.interrupt()",
      to: "",
      tests: "split/losers laws/losers"
    },
    {
      what: "interrupts before it closes",
      from: "nursery.closed = true\n    for (const { interrupt } of nursery.splits) interrupt()",
      to: "for (const { interrupt } of nursery.splits) interrupt()\n    nursery.closed = true",
      tests: "split/losers laws/losers adversarial/waiting",
      equivalent: "what is added while they are interrupted is reached by the same loop"
    },
    {
      what: "is not closed when it is left empty",
      from: "nursery.closed ||= nursery.splits.size === 0",
      to: "",
      tests: "split/losers"
    },
    {
      what: "one that fails waits for its branches",
      from: "() => end(nursery)) : end(nursery)",
      to: "() => end(nursery)) : empty(nursery)",
      tests: "split/losers"
    },
    {
      what: "an interruption of the wait leaves the branches alone",
      from: "Effect.onInterrupt(Effect.interruptible(empty(nursery)), () => end(nursery))",
      to: "Effect.interruptible(empty(nursery))",
      tests: "split/losers"
    },
    {
      what: "one that succeeds interrupts its branches",
      from: "Exit.isSuccess(exit) ? Effect",
      to: "Exit.isFailure(exit) ? Effect",
      tests: "split/losers"
    },
    {
      what: "a split that has ended is kept",
      from: "splits.delete(outgrown)",
      to: "",
      tests: "split/losers"
    },
    {
      what: "a scope has one for each split",
      from: "ofScopes.set(scope, nursery)",
      to: "",
      tests: "split/losers"
    }
  ],
  "split/split": [
    {
      what: "depth is not looked at",
      from: "const tooDeep = outer?.tooDeep()",
      to: "const tooDeep = undefined",
      tests: "machine/limits"
    },
    {
      what: "branches of a known list count nowhere",
      from: "limits.spend(join.frame.budget, \"branches\", known(join))",
      to: "",
      tests: "machine/limits"
    },
    {
      what: "a list that is refused is not closed",
      from: "closeList(join)\n      return early",
      to: "return early",
      tests: "adversarial/endings"
    },
    {
      what: "a split that has ended is around its children",
      from: "level.end()",
      to: "",
      tests: "machine/limits"
    },
    {
      what: "under runSync it yields",
      from: "join.yieldEvery = Number.POSITIVE_INFINITY",
      to: "",
      tests: "adversarial/slots split/Split"
    },
    {
      what: "the observer holds the places of the branches",
      from: "const worker = Effect.runForkWith(context)(work(join)",
      to: "const worker = Effect.runForkWith(join.context as Context.Context<unknown>)(work(join)",
      tests: "adversarial/waiting"
    },
    {
      what: "an interruption of the caller is not awaited",
      from: "return Fiber.await(worker)",
      to: "return Effect.void",
      tests: "split/Split adversarial/interruption"
    },
    {
      what: "an interruption of the caller ends nothing",
      from: "halt(join)\n        return Fiber",
      to: "return Fiber",
      tests: "split/Split adversarial/interruption"
    },
    {
      what: "a split on its own counts nowhere",
      from: "frame.root !== undefined || run?.budget === undefined ? frame",
      to: "run !== undefined ? frame",
      tests: "machine/limits"
    },
    {
      what: "a place inside a place is let in",
      from: "hold.reentry(pool, parent) ?? pool.refuses",
      to: "pool.refuses",
      tests: "adversarial/waiting"
    },
    {
      what: "a lazy list is counted as many that wait",
      from: "list._tag === \"Lazy\" ? 1 : known(join)",
      to: "known(join)",
      tests: "adversarial/waiting bulkhead/Bulkhead"
    },
    {
      what: "an observer that starts after an interruption is asked",
      from: "if (join.halted) return Exit.void\n    to.delivering",
      to: "to.delivering",
      tests: "adversarial/endings"
    },
    {
      what: "an observer that was interrupted breaks the split",
      from: "join.halted || to.isClosed ? Exit.void",
      to: "to.isClosed ? Exit.void",
      tests: "adversarial/endings"
    },
    {
      what: "an observer that was given up breaks the split",
      from: "join.halted || to.isClosed ? Exit.void",
      to: "join.halted ? Exit.void",
      tests: "adversarial/endings"
    },
    {
      what: "the end does not wait for the observer",
      from: "return Fiber.await(observing)",
      to: "return Effect.void",
      tests: "split/observers"
    },
    {
      what: "the worker waits though nothing more is to come",
      from: "crew.attend(join, () => isCrewed && hasMore(join),",
      to: "crew.attend(join, () => isCrewed,",
      tests: "bulkhead/Bulkhead split/growing"
    },
    {
      what: "the worker does not wait for branches that have yet to come",
      from: "crew.attend(join, () => isCrewed && hasMore(join),",
      to: "crew.attend(join, () => false,",
      tests: "bulkhead/Bulkhead split/growing adversarial/waiting"
    },
    {
      what: "the places of a split that has ended are lost",
      from: "join.sharing?.close()",
      to: "",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "a list that is left early is not closed",
      from: "closeList(join)\n  })",
      to: "})",
      tests: "split/Split adversarial/lists"
    },
    {
      what: "a list that has been read is closed",
      from: "if (iterator === undefined || isRead) return",
      to: "if (iterator === undefined) return",
      tests: "split/Split adversarial/lists"
    },
    {
      what: "a list that throws when it is closed hides why the split broke",
      from: "join.broken ??= Cause.die(closed.failure)",
      to: "join.broken = Cause.die(closed.failure)",
      tests: "adversarial/endings"
    },
    {
      what: "under runSync a split ends when its slots have ended",
      from: "Effect.andThen(started, restart(join, width))",
      to: "started",
      tests: "adversarial/slots"
    },
    {
      what: "slots are started though there is nothing to start",
      from: "slot.isWanted(join) ? member : Exit.void",
      to: "member",
      tests: "adversarial/start adversarial/slots adversarial/size"
    },
    {
      what: "each segment has the deadlines",
      from: "        first = false\n",
      to: "",
      tests: "adversarial/endings"
    },
    {
      what: "the first segment has no deadline",
      from: "let first = true",
      to: "let first = false",
      tests: "adversarial/slots split/Split adversarial/lists"
    },
    {
      what: "segments have more slots than there are places",
      from: "if (join.isBounded) left -= size",
      to: "",
      tests: "split/Split adversarial/slots"
    },
    {
      what: "what is left of the places is one less",
      from: "if (join.isBounded) left -= size",
      to: "if (join.isBounded) left -= size + 1",
      tests: "split/Split adversarial/slots"
    },
    {
      what: "segments without a bulkhead are as many as the branches",
      from: "if (join.isBounded) left -= size",
      to: "left -= size",
      tests: "adversarial/endings"
    },
    {
      what: "segments of a lazy list are started without end",
      from: "if (stalled || join.sinceYield >= join.yieldEvery) return slot.pause(join)",
      to: "if (join.sinceYield >= join.yieldEvery) return slot.pause(join)",
      tests: "adversarial/slots"
    },
    {
      what: "segments are started though a yield is due",
      from: "if (stalled || join.sinceYield >= join.yieldEvery) return slot.pause(join)",
      to: "if (stalled) return slot.pause(join)",
      tests: "adversarial/slots adversarial/size split/Split",
      equivalent: "their slots yield themselves, or are not started"
    },
    {
      what: "segments are started though there is no room for outcomes",
      from: "if (join.outbox !== undefined && outbox.isFull(join.outbox)) return outbox.waitForRoom(join.outbox)",
      to: "",
      tests: "adversarial/waiting split/observers"
    },
    {
      what: "segments of a lazy list do not grow",
      from: "join.started + 16",
      to: "16",
      tests: "adversarial/endings"
    },
    {
      what: "the last segments are not awaited",
      from: "Effect.flatMap(loop, () => Fiber.awaitAll(segments))",
      to: "Effect.flatMap(loop, () => Effect.void)",
      tests: "split/Split adversarial/slots"
    },
    {
      what: "a defect in a segment is forgotten",
      from: "isBreak(cause) ? breakOff(join, cause) : Effect.void",
      to: "Effect.void",
      tests: "adversarial/endings"
    },
    {
      what: "a deadline that comes late sleeps for a decided split",
      from: "if (!isOpen(join)) return Exit.void\n    join.timers.push(fiber)",
      to: "join.timers.push(fiber)",
      tests: "adversarial/slots"
    },
    {
      what: "deadlines, and the pace, are not interrupted at the end",
      from: "join.timers.push(fiber)",
      to: "",
      tests: "split/Split hedge/splits"
    },
    {
      what: "a clock that breaks is not noticed, nor a defect of the pace",
      from: "(cause) => isOpen(join) || isBreak(cause) ? breakOff(join, cause) : Exit.void",
      to: "() => Exit.void",
      tests: "adversarial/slots hedge/splits"
    },
    {
      what: "the soft deadline comes after the hard one",
      from: "if (timeout !== undefined) timers.push(",
      to: "if (timeout !== undefined) timers.unshift(",
      tests: "adversarial/endings"
    },
    {
      what: "a grace period has no end",
      from: "Effect.map(Effect.sleep(grace), leave)",
      to: "Effect.sleep(grace)",
      tests: "split/losers"
    },
    {
      what: "the timer of a grace period is left behind",
      from: "worker.addObserver(() => this.timer?.interruptUnsafe())",
      to: "",
      tests: "split/losers"
    },
    {
      what: "a split that was interrupted is left",
      from: "if (join.halted || worker === undefined",
      to: "if (worker === undefined",
      tests: "split/losers laws/losers adversarial/waiting"
    },
    {
      what: "a split that is left while none of its branches runs is",
      from: "if (running.length === 0) return",
      to: "",
      tests: "adversarial/waiting split/losers"
    },
    {
      what: "branch 0 does not run",
      from: "index >= 0 ? [index] : []",
      to: "index > 0 ? [index] : []",
      tests: "adversarial/endings"
    },
    {
      what: "branches that are left behind have no outcome",
      from: "join.record.detach(join.started)",
      to: "",
      tests: "split/losers"
    },
    {
      what: "branches that are left behind are not looked after",
      from: "nursery.adopt(join.frame.nursery!, { worker, interrupt: () => halt(join) })",
      to: "",
      tests: "split/losers"
    },
    {
      what: "branches that did not stop in time are not told of",
      from: "grace === undefined ? ended : Effect.andThen(reportStubborn(join, running, grace), ended)",
      to: "ended",
      tests: "split/losers"
    },
    {
      what: "a split that breaks after it was left is not told of",
      from: "return warn(\"a split broke off after it had been decided\", cause)",
      to: "return Effect.void",
      tests: "adversarial/endings"
    },
    {
      what: "a branch that breaks its split after it was left has no end",
      from: "join.record.abandon(cause)",
      to: "",
      tests: "adversarial/endings"
    },
    {
      what: "a split that is interrupted after it was left is broken",
      from: "join.broken ?? (Exit.isFailure(exit) && isBreak(exit.cause) ? exit.cause : undefined)",
      to: "join.broken ?? (Exit.isFailure(exit) ? exit.cause : undefined)",
      tests: "split/losers adversarial/endings laws/losers",
      equivalent: "its worker is never interrupted, and fails of nothing else"
    },
    {
      what: "a hedged split does not tell what it shares",
      from: "Effect.andThen(join.sharing.ended(Exit.isSuccess(ended)), ended)",
      to: "ended",
      tests: "hedge/splits"
    },
    {
      what: "a broken split ends as decided",
      from: "if (broken !== undefined && (isBreak(broken) || !isBroken)) return Exit.failCause(broken)",
      to: "",
      tests: "adversarial/slots split/Split"
    },
    {
      what: "a deadline that was not needed is told of",
      from: "timedOut && timeout !== undefined",
      to: "timeout !== undefined",
      tests: "split/Split"
    },
    {
      what: "losers are counted as not started",
      from: "interrupted: started - succeeded - failed, notStarted: total - started",
      to: "interrupted: 0, notStarted: total - succeeded - failed",
      tests: "split/Split"
    }
  ],
  "split/join": [
    {
      what: "branches of a list that grows start beyond its places",
      from: "(join.backlog === undefined || running(join) < join.places)",
      to: "true",
      tests: "split/growing laws/growing",
      equivalent: "there are no more slots than places, and each runs one branch"
    },
    {
      what: "losers of a known list start when the split is interrupted",
      from: "(join.startsLosers && !join.halted)",
      to: "join.startsLosers",
      tests: "split/losers"
    },
    {
      what: "losers of a known list do not start",
      from: "startsLosers: losers !== \"interrupt\" && isKnown && !isBounded",
      to: "startsLosers: false",
      tests: "split/losers"
    },
    {
      what: "losers of a known list start behind a bulkhead, too",
      from: "isKnown && !isBounded,",
      to: "isKnown,",
      tests: "split/losers"
    },
    {
      what: "a split that was interrupted is open",
      from: "join.verdict === \"continue\" && !join.halted",
      to: "join.verdict === \"continue\"",
      tests: "split/Split adversarial/interruption"
    },
    {
      what: "a hedge reads its list when it has paid",
      from: "iterator === undefined || hedge === undefined ? iterator : new Lookahead(iterator)",
      to: "iterator",
      tests: "hedge/splits"
    },
    {
      what: "what has failed runs",
      from: "started - tally.succeeded - tally.failed",
      to: "started - tally.succeeded",
      tests: "split/growing hedge/splits"
    }
  ],
  "split/decision": [
    {
      what: "a list that grows from nothing never ends",
      from: "if (join.backlog?.added === 0) complete(join)",
      to: "",
      tests: "split/growing split/few-branches"
    },
    {
      what: "a strategy is not asked before the first branch",
      from: "guarded(join, () => judge(join, \"settled\"))\n  else judge",
      to: "guarded(join, () => {})\n  else judge",
      tests: "split/few-branches strategy/open"
    },
    {
      what: "losers that end well give no turn to others",
      from: "join.sinceYield++\n  join.record.outlasted(index, value)",
      to: "join.record.outlasted(index, value)",
      tests: "split/losers"
    },
    {
      what: "the observer is told of losers that were interrupted with the split",
      from: "if (!join.halted) outbox.offer(to, splitResult",
      to: "outbox.offer(to, splitResult",
      tests: "split/observers",
      equivalent: "nobody delivers any more what is offered then"
    },
    {
      what: "a loser that fails is told to the log",
      from: "Cause.hasDies(cause)\n",
      to: "cause.reasons.length > 0\n",
      tests: "adversarial/endings"
    },
    {
      what: "settlements give no turn to others",
      from: "join.sinceYield++\n  if (!join.isPlain)",
      to: "if (!join.isPlain)",
      tests: "adversarial/size split/Split"
    },
    {
      what: "a list that grows does not end",
      from: "if (isLeft(join)) complete(join)",
      to: "",
      tests: "split/growing"
    },
    {
      what: "a list that grows has ended though branches run",
      from: "join.exhausted && running(join) === 0",
      to: "join.exhausted",
      tests: "split/growing laws/growing"
    },
    {
      what: "a list that grows has ended though branches wait",
      from: "join.exhausted && running(join) === 0",
      to: "running(join) === 0",
      tests: "split/growing laws/growing"
    },
    {
      what: "the end of a lazy list decides nothing",
      from: "complete(join)\n  guarded(join, () => decide(join, \"settled\"))\n  return Exit.void",
      to: "complete(join)\n  return Exit.void",
      tests: "split/Split adversarial/lists"
    },
    {
      what: "nobody is told of the end of a lazy list",
      from: "join.exhausted = true\n  stop(join)\n  complete(join)",
      to: "join.exhausted = true\n  complete(join)",
      tests: "bulkhead/Bulkhead adversarial/waiting",
      equivalent:
        "who waits finds the list ended with the next place or room, at the latest with the decision: that comes by itself when those have settled that run"
    },
    {
      what: "a hedge that is cut short waits for nothing",
      from:
        "if (!isOpen(join) || !isLeft(join)) return\n  complete(join)\n  guarded(join, () => decide(join, \"settled\"))",
      to: "",
      tests: "hedge/splits laws/hedge"
    },
    {
      what: "a percentage of a lazy list stays one",
      from: "join.strategy = JoinStrategy.resolve(join.strategy, join.started)",
      to: "",
      tests: "split/Split adversarial/lists",
      equivalent: "a percentage of a known total decides as the quorum that it becomes"
    },
    {
      what: "a deadline changes a decided join",
      from: "if (!isOpen(join)) return\n  join.timedOut = true",
      to: "join.timedOut = true",
      tests: "adversarial/endings",
      equivalent: "a decision interrupts the deadline before it can act"
    },
    {
      what: "a deadline is not one",
      from: "join.timedOut = true\n",
      to: "",
      tests: "split/Split"
    },
    {
      what: "a soft deadline decides nothing",
      from: "pass(join, strategy)\n    decide(join, \"settled\")",
      to: "pass(join, strategy)",
      tests: "strategy/open"
    },
    {
      what: "too few branches are not noticed",
      from: "if (tally.total < least) return fallShort(join, strategy, least)",
      to: "",
      tests: "split/few-branches"
    },
    {
      what: "a strategy may wait for nothing",
      from:
        "if (join.verdict === \"continue\" && tally.succeeded + tally.failed === tally.total) conclude(join, strategy)",
      to: "",
      tests: "split/few-branches strategy/open"
    },
    {
      what: "a deadline may be answered with continue",
      from: "judgement === \"continue\" && event === \"deadline\" ? \"fail\" : judgement",
      to: "judgement",
      tests: "strategy/open strategy/callbacks"
    },
    {
      what: "a soft deadline is waited for by nobody",
      from: "pass(join, strategy)\n    ask(join, strategy, \"settled\")",
      to: "pass(join, strategy)",
      tests: "strategy/open split/few-branches"
    },
    {
      what: "a deadline is waited for by nobody",
      from: "if (timed === true) ask(join, strategy, \"deadline\")",
      to: "",
      tests: "split/few-branches strategy/open"
    },
    {
      what: "losers are interrupted under every policy",
      from: "if (join.config.losers === \"interrupt\") interruptAll(join)",
      to: "interruptAll(join)\n  if (join.config.losers === \"interrupt\") {}",
      tests: "split/losers"
    },
    {
      what: "losers are not interrupted",
      from: "if (join.config.losers === \"interrupt\") interruptAll(join)",
      to: "if (join.config.losers === \"interrupt\") {}",
      tests: "split/Split"
    },
    {
      what: "a decision leaves the deadline running",
      from: "else interruptTimers(join)",
      to: "",
      tests: "adversarial/endings"
    },
    {
      what: "the limit of an observer does not hear of the decision",
      from: "join.outbox?.decision.ring()",
      to: "",
      tests: "adversarial/waiting"
    },
    {
      what: "nobody is told of the decision",
      from: "if (!hasMore(join)) stop(join)",
      to: "",
      tests: "bulkhead/Bulkhead split/losers"
    },
    {
      what: "whoever shares places is not told that nothing is left",
      from: "join.sharing?.leave()",
      to: "",
      tests: "adversarial/sharing"
    },
    {
      what: "whoever waits for room is not told that nothing is left",
      from: "if (join.outbox !== undefined) outbox.wake(join.outbox)",
      to: "",
      tests: "split/observers adversarial/waiting"
    },
    {
      what: "the worker is not told that nothing is left",
      from: "outbox.wake(join.outbox)\n  poke(join)",
      to: "outbox.wake(join.outbox)",
      tests: "split/growing hedge/splits bulkhead/Bulkhead"
    },
    {
      what: "a split is left more than once",
      from: "join.onDecided = undefined\n",
      to: "",
      tests: "adversarial/endings"
    },
    {
      what: "an interruption does not reach the observer",
      from: "join.outbox?.delivering?.interruptUnsafe(join.caller)",
      to: "",
      tests: "split/observers"
    },
    {
      what: "an interruption reaches no branch",
      from: "join.halted = true\n  interruptAll(join)",
      to: "join.halted = true",
      tests: "split/Split"
    },
    {
      what: "the last cause of a broken split is told",
      from: "if (join.broken === undefined || (isBreak(cause) && !isBreak(join.broken))) join.broken = cause",
      to: "join.broken = cause",
      tests: "adversarial/endings"
    },
    {
      what: "a list of exactly maxBranches is too long",
      from: "known(join) + count > maxBranches",
      to: "known(join) + count >= maxBranches",
      tests: "adversarial/endings"
    },
    {
      what: "a known list of exactly maxBranches is too long",
      from: "maxBranches !== undefined && count > maxBranches",
      to: "maxBranches !== undefined && count >= maxBranches",
      tests: "adversarial/endings"
    },
    {
      what: "branches of lazy lists count nowhere",
      from: "limits.spend(frame.budget, \"branches\", count)",
      to: "limits.passed(frame.budget, \"branches\", count)",
      tests: "machine/limits"
    },
    {
      what: "a fiber that breaks is not noticed",
      from: "if (Exit.isFailure(exit) && isBreak(exit.cause)) breakOff(join, exit.cause)",
      to: "",
      tests: "adversarial/slots bulkhead/Bulkhead"
    }
  ],
  "split/record": [
    {
      what: "a loser that ended well is not cut off",
      from: "cause: Exit.isFailure(exit) ? exit.cause : cutOff",
      to: "cause: Exit.isFailure(exit) ? exit.cause : Cause.empty",
      tests: "adversarial/endings"
    },
    {
      what: "names of branches without one end",
      from: ": String(index))",
      to: ": String(mostIndices))",
      tests: "adversarial/endings"
    },
    {
      what: "failures are missing among what has settled",
      from: "const outcome = failed(this.names, index, cause)\n    this.settled.push(outcome)",
      to: "const outcome = failed(this.names, index, cause)",
      tests: "split/Split"
    },
    {
      what: "a detached branch that ends early has no end",
      from: "if (this.losers !== \"interrupt\" || this.ends !== undefined) this.letGo(index, Exit.failCause(cause))",
      to: "if (this.losers !== \"interrupt\") this.letGo(index, Exit.failCause(cause))",
      tests: "split/losers"
    },
    {
      what: "an end is told on the stack of the branch",
      from: "later(home, () => Deferred.doneUnsafe(ends.get(index)!, Exit.succeed(exit)))",
      to: "Deferred.doneUnsafe(ends.get(index)!, Exit.succeed(exit))",
      tests: "adversarial/endings"
    },
    {
      what: "a branch that has ended is detached",
      from: "if (this.outcomes[index] !== undefined) continue",
      to: "",
      tests: "split/losers"
    },
    {
      what: "a record that did not succeed has names all the same",
      from: "shape(values, names && succeeded)",
      to: "shape(values, names)",
      tests: "split/SplitResult split/Split errors/CanoError"
    },
    {
      what: "a discarding split keeps the last failures",
      from: "if (place === keptFailures) return",
      to: "if (place === keptFailures) failures.shift()",
      tests: "split/Split split/SplitResult errors/CanoError"
    },
    {
      what: "a discarding split keeps a failure more",
      from: "failures.length = Math.min(failures.length, keptFailures)",
      to: "failures.length = Math.min(failures.length, keptFailures + 1)",
      tests: "split/Split split/SplitResult errors/CanoError"
    }
  ],
  "split/stream": [
    {
      what: "a slow reader is given up",
      from: ", observerTimeout: Duration.infinity }",
      to: " }",
      tests: "adversarial/waiting"
    },
    {
      what: "a stream does not end",
      from: "Queue.end(queue)",
      to: "Effect.void",
      tests: "split/observers"
    },
    {
      what: "the outcomes of a stream are kept",
      from: "{ ...split, discard: true, onOutcome",
      to: "{ ...split, onOutcome",
      tests: "split/observers"
    },
    {
      what: "a stream has no bound",
      from: "}, { bufferSize })",
      to: "})",
      tests: "split/observers"
    }
  ],
  "split/standalone": [
    {
      what: "is checked each time",
      from: "checked ??= check(input, options, subject)",
      to: "check(input, options, subject)",
      tests: "machine/states"
    },
    {
      what: "what may leave branches behind has nobody to look after them",
      from: "split.isParting(config)\n",
      to: "!split.isParting(config)\n",
      tests: "split/losers"
    },
    {
      what: "an Effect of branches that a function gives is taken for them",
      from: "Effect.isEffect(value) ? Effect.flatMap(value, join) : join(value)",
      to: "join(value)",
      tests: "check/input"
    }
  ]
}
