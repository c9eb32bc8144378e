/**
 * Mutants of one running split: its slots, its decision, its end, and what becomes of its outcomes.
 */
import type { Mutants } from "../mutant.ts"

export const splits: Mutants = {
  "split/slot": [
    {
      what: "one that did something else takes the next branch as if it had run one",
      from: "this.index = fresh\n    return effect",
      to: "return effect",
      tests: "adversarial/slots adversarial/waiting"
    },
    {
      what: "does not yield before Effect makes it",
      from: "if (this.index !== fresh && isTired(fiber, 2))",
      to: "if (this.index !== fresh && isTired(fiber, 1))",
      tests: "adversarial/slots laws/lifetimes"
    },
    {
      what: "does not yield",
      from: "if (pace.isDue) return this.first(pace.pause())",
      to: "",
      tests: "split/Split adversarial/size"
    },
    {
      what: "what a branch sets on its fiber stays there",
      from: "if (join.level === undefined && fiber.context !== crew.context) fiber.setContext(crew.context!)",
      to: "",
      tests: "adversarial/slots"
    },
    {
      what: "reads the list while it is being read",
      from: "return join.cursor.isReading ? Effect.yieldNow : this.take()",
      to: "return this.take()",
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
      what: "one that breaks is noticed late",
      from: ": crew.onEnd ??= (exit) => onEnd(join, exit, none)",
      to: ": () => {}",
      tests: "adversarial/slots"
    },
    {
      what: "a defect between two branches ends nothing",
      from: "return isBreak(cause) ? Exit.failCause(cause) : done(join, slot)",
      to: "return done(join, slot)",
      tests: "adversarial/endings"
    },
    {
      what: "one that cannot go on is not replaced",
      from: "} else if (goesOn && join.pace.mayYield) {",
      to: "} else if (goesOn && !join.pace.mayYield) {",
      tests: "split/Split laws/lifetimes"
    },
    {
      what: "one is replaced though under runSync nobody would resume it",
      from: "} else if (goesOn && join.pace.mayYield) {",
      to: "} else if (goesOn) {",
      tests: "adversarial/slots"
    },
    {
      what: "is replaced on its own stack",
      from: "Effect.andThen(Effect.yieldNow, member(join))",
      to: "member(join)",
      tests: "adversarial/slots adversarial/interruption"
    },
    {
      what: "goes on with children of a branch that has ended",
      from: "join.cursor.hasMore && (this.index === fresh || !hasChildren(this.own))",
      to: "join.cursor.hasMore",
      tests: "adversarial/slots"
    }
  ],
  "fibers/noEffect": [
    {
      what: "a branch that dies of a text breaks the split",
      from: "reason.defect.startsWith(\"Fiber.runLoop: Not a valid effect\")",
      to: "true",
      tests: "split/Split adversarial/endings"
    },
    {
      what: "what has broken a split inside breaks those around it",
      from: "if (!isNoEffect(cause)) return cause",
      to: "if (true as boolean) return cause",
      tests: "adversarial/unbounded"
    }
  ],
  "fibers/share": [
    {
      what: "a fiber that may not yield is tired",
      from: "!fiber.cache.preventYield && fiber",
      to: "fiber",
      tests: "adversarial/reentrancy adversarial/slots"
    },
    {
      what: "who has had children has them for ever",
      from: "return children !== undefined && children.size > 0",
      to: "return children !== undefined",
      tests: "adversarial/slots split/Split",
      equivalent: "only slower: the next branch has a fiber of its own"
    }
  ],
  "split/taking": [
    {
      what: "what starts again counts against maxBranches once more",
      from: "const isNew = index === cursor.started",
      to: "const isNew = true as boolean",
      tests: "split/recall laws/recall"
    },
    {
      what: "a list that is shorter than it was has ended",
      from: "if (cursor.again === undefined) seal(join)\n    else",
      to: "if (cursor.again === undefined || cursor.isRead) seal(join)\n    else",
      tests: "split/recall laws/recall"
    },
    {
      what: "what a list gives after a decision is started",
      from: "if (!decision.isOpen) return undefined\n",
      to: "",
      tests: "adversarial/slots adversarial/reentrancy adversarial/lists"
    },
    {
      what: "a list that throws is one that has ended",
      from: "breakOff(join, Cause.die(next.failure))",
      to: "seal(join)",
      tests: "adversarial/lists split/Split"
    },
    {
      what: "the end of a list is not noticed",
      from: "if (cursor.again === undefined) seal(join)\n    else",
      to: "if (cursor.again !== undefined)",
      tests: "split/Split adversarial/lists"
    },
    {
      what: "what is no branch is started",
      from: "if (!Effect.isEffect(branch)) {",
      to: "if (false as boolean) {",
      tests: "check/input adversarial/lists"
    },
    {
      what: "a list may give more than maxBranches",
      from: "if (excess !== undefined) {",
      to: "if (false as boolean) {",
      tests: "adversarial/endings split/Split"
    },
    {
      what: "what a lazy list has given is forgotten",
      from: "join.record.added()\n",
      to: "",
      tests: "adversarial/lists",
      equivalent: "outcomes are put where they belong all the same; the array only has holes meanwhile"
    },
    {
      what: "what a lazy list has given is not counted as started",
      from: "cursor.advance()\n",
      to: "",
      tests: "split/Split adversarial/lists"
    },
    {
      what: "nobody is told that the last branch is being started",
      from: "if (branch !== undefined && !cursor.hasMore) ran(join)",
      to: "",
      tests: "adversarial/sharing split/losers"
    },
    {
      what: "keeps its place in the line though nothing waits in a list that grows",
      from: "? join.places.release() :",
      to: "? undefined :",
      tests: "adversarial/sharing"
    }
  ],
  "split/collector": [
    {
      what: "nothing runs beside the branches",
      from: "deadlines.start(join)",
      to: "",
      tests: "split/Split strategy/open"
    },
    {
      what: "there is one round",
      from: "if (join.cursor.hasMore) this.start(this.#rounds(), (exit) => noticeBreak(join, exit))",
      to: "",
      tests: "adversarial/slots adversarial/size"
    },
    {
      what: "who waits is called while branches are being started",
      from: "if (!this.#isBeginning) this.#onEnd()",
      to: "this.#onEnd()",
      tests: "adversarial/start adversarial/reentrancy adversarial/slots"
    },
    {
      what: "who waits is not called where nothing waits",
      from: "    if (this.fibers === 0) onEnd()\n",
      to: "",
      tests: "split/Split"
    },
    {
      what: "who waits is called before branches that wait have ended",
      from: "    if (this.fibers === 0) onEnd()\n",
      to: "    onEnd()\n",
      tests: "split/Split"
    },
    {
      what: "who waits is not called by the last that ends",
      from: "#isBeginning = false\n    if",
      to: "#isBeginning = true\n    if",
      tests: "split/Split"
    },
    {
      what: "a round never ends",
      from: "return this.#left > 0 && cursor.hasMore &&",
      to: "return cursor.hasMore &&",
      tests: "adversarial/size split/Split"
    },
    {
      what: "a full outbox is ignored",
      from: "&& (to === undefined || !outbox.isFull(to))",
      to: "",
      tests: "split/observers adversarial/waiting"
    },
    {
      what: "the branches of a streak are not counted in the round",
      from: "noteStart(): void {\n    this.#left--",
      to: "noteStart(): void {",
      tests: "adversarial/size split/Split"
    },
    {
      what: "branches with a fiber of their own are not counted in the round",
      from: "if (branch === undefined) return\n    this.#left--",
      to: "if (branch === undefined) return",
      tests: "adversarial/unbounded"
    },
    {
      what: "under runSync it yields",
      from: "isSync(this.#join!.home) ? Number.POSITIVE_INFINITY : yieldEvery",
      to: "yieldEvery",
      tests: "adversarial/slots split/Split"
    },
    {
      what: "waits for room that nobody needs",
      from: "body: () => to !== undefined && outbox.isFull(to) ?",
      to: "body: () => to !== undefined ?",
      tests: "adversarial/unbounded"
    },
    {
      what: "asks for room over and over",
      from: "to !== undefined && outbox.isFull(to) ? outbox.waitForRoom(to) : Effect.yieldNow",
      to: "Effect.yieldNow",
      tests: "split/observers adversarial/waiting"
    },
    {
      what: "a branch with a fiber of its own has the key of its split",
      from: "this.#run(index, branch, level.enter(index, services))",
      to: "this.#run(index, branch, services)",
      tests: "machine/keys laws/keys"
    },
    {
      what: "branches that complete at once share no fiber",
      from: "if (this.#atOnce < few || cursor.known - cursor.started === 1) this.#startOne()",
      to: "if (true as boolean) this.#startOne()",
      tests: "adversarial/slots split/Split",
      equivalent: "only slower: what shares a fiber must not notice"
    },
    {
      what: "branches share a fiber after those that have waited",
      from: "    this.#atOnce = 0\n    this.fibers++",
      to: "    this.fibers++",
      tests: "adversarial/slots split/Split",
      equivalent: "only slower: what shares a fiber must not notice"
    },
    {
      what: "a branch is told with the end of its fiber though somebody may decide meanwhile",
      from: "if (this.#join!.endsTogether) this.#runBare",
      to: "if (true as boolean) this.#runBare",
      tests: "adversarial/unbounded"
    },
    {
      what: "the branches of a streak are told with the end of its fiber though somebody may decide meanwhile",
      from: "join.endsTogether ? loop : Effect.onExitPrimitive",
      to: "true ? loop : Effect.onExitPrimitive",
      tests: "adversarial/unbounded"
    },
    {
      what: "a bare branch that has waited is not told",
      from: "fiber.addObserver((exit) => {\n      this.settle(index, exit, true)\n",
      to: "fiber.addObserver(() => {\n",
      tests: "split/SplitResult adversarial/slots adversarial/start"
    },
    {
      what: "a branch that is no Effect inside is not told where it ends at once",
      from: "      if (!isTold) this.settle(index, exit, true)\n      return",
      to: "      return",
      tests: "adversarial/unbounded"
    },
    {
      what: "a branch that is no Effect inside is not told where it has waited",
      from: "      if (!isTold) this.settle(index, exit, true)\n      this.left()",
      to: "      this.left()",
      tests: "adversarial/unbounded"
    },
    {
      what: "a branch is told twice",
      from: "      if (!isTold) this.settle(index, exit, true)\n      this.left()",
      to: "      this.settle(index, exit, true)\n      this.left()",
      tests: "split/Split"
    },
    {
      what: "a branch that has been told is interrupted while its children end",
      from: "this.#watch(isTold ? -1 : index, fiber)",
      to: "this.#watch(index, fiber)",
      tests: "adversarial/unbounded"
    },
    {
      what: "a streak goes on after a branch that has waited",
      from: "    streak.goesOn = false\n",
      to: "",
      tests: "adversarial/slots adversarial/reentrancy"
    },
    {
      what: "the branch that ends a streak at once is not told",
      from: "if (exit !== undefined) return streak.broken(exit, true)",
      to: "if (exit !== undefined) return",
      tests: "split/Split adversarial/slots"
    },
    {
      what: "the branch that ends a streak later is not told",
      from: "      streak.broken(exit, true)\n      this.left()",
      to: "      this.left()",
      tests: "split/Split adversarial/slots"
    },
    {
      what: "a branch that waits is not waited for",
      from: "    this.#atOnce = 0\n    this.fibers++",
      to: "    this.#atOnce = 0",
      tests: "split/Split"
    },
    {
      what: "a branch that waits is not interrupted",
      from: "      this.#waiting[index] = fiber\n",
      to: "",
      tests: "split/Split"
    },
    {
      what: "a branch that starts after an interruption is not interrupted",
      from: "if (this.#isInterrupted) fiber.interruptUnsafe(this.caller)",
      to: "",
      tests: "adversarial/start adversarial/slots adversarial/interruption"
    },
    {
      what: "a branch that has been told stays among those that run",
      from: "if (index < this.#waiting.length) this.#waiting[index] = undefined",
      to: "",
      tests: "adversarial/unbounded"
    },
    {
      what: "a value that is no Effect is a failure of its branch",
      from: "if (isWhole && isNoEffect(cause)) {",
      to: "if (false as boolean) {",
      tests: "adversarial/slots adversarial/split"
    },
    {
      what: "what a branch has only joined breaks the split where it is told in time",
      from: "if (isWhole && isNoEffect(cause)) {",
      to: "if (isNoEffect(cause)) {",
      tests: "adversarial/unbounded"
    },
    {
      what: "a loser's defect is told to nobody",
      from: "if (told !== undefined) this.start(told, constVoid)",
      to: "",
      tests: "split/losers adversarial/endings"
    },
    {
      what: "branches that run do not show",
      from: "return this.#waiting.flatMap((fiber, index) => fiber === undefined ? [] : [index])",
      to: "return []",
      tests: "split/losers"
    },
    {
      what: "an interruption is forgotten by those that start",
      from: "    this.#isInterrupted = true\n",
      to: "",
      tests: "adversarial/start adversarial/slots adversarial/interruption"
    },
    {
      what: "an interruption reaches no branch",
      from: "for (let i = 0; i < waiting.length; i++) waiting[i]?.interruptUnsafe(this.caller)",
      to: "",
      tests: "split/Split"
    }
  ],
  "split/streak": [
    {
      what: "one that is tired from the beginning runs none",
      from: "this.index === fresh || ",
      to: "",
      tests: "adversarial/unbounded"
    },
    {
      what: "goes on though somebody else starts the next branch",
      from: "return goesOn && crew.mayStart",
      to: "return crew.mayStart",
      tests: "adversarial/slots adversarial/reentrancy"
    },
    {
      what: "goes on after the round",
      from: "return goesOn && crew.mayStart &&",
      to: "return goesOn && this.join.cursor.hasMore &&",
      tests: "adversarial/size split/observers"
    },
    {
      what: "goes on with children of a branch that has ended",
      from: "!hasChildren(fiber) && ",
      to: "",
      tests: "adversarial/slots"
    },
    {
      what: "is never tired",
      from: "&& !isTired(fiber, 16)",
      to: "",
      tests: "laws/lifetimes adversarial/slots"
    },
    {
      what: "is tired when Effect makes it yield",
      from: "!isTired(fiber, 16)",
      to: "!isTired(fiber, 1)",
      tests: "laws/lifetimes adversarial/slots"
    },
    {
      what: "its branches have the key of their split",
      from: "fiber.setContext(level.enter(index, crew.context!))",
      to: "",
      tests: "machine/keys laws/keys"
    },
    {
      what: "what a branch sets on its fiber stays there",
      from: "if (fiber.context !== crew.context) fiber.setContext(crew.context!)",
      to: "",
      tests: "adversarial/slots"
    },
    {
      what: "what a branch sets on its fiber stays there, in a run",
      from: "level.enter(index, crew.context!)",
      to: "level.enter(index, fiber.context)",
      tests: "adversarial/unbounded"
    },
    {
      what: "the end of a list settles a branch",
      from: "    if (index < 0) return\n    this.index = none\n    this.crew.settled",
      to: "    this.index = none\n    this.crew.settled",
      tests: "adversarial/lists split/Split"
    },
    {
      what: "a branch that has been told ends the loop, too",
      from: "    this.index = none\n    this.crew.settled",
      to: "    this.crew.settled",
      tests: "split/Split adversarial/slots"
    },
    {
      what: "a branch of it that has waited stays among those that run",
      from: "    this.crew.settled(index)\n",
      to: "",
      tests: "adversarial/unbounded"
    },
    {
      what: "its end is told of a branch that it does not run",
      from: "    if (index < 0) return\n    this.index = none\n    this.crew.settle(",
      to: "    this.index = none\n    this.crew.settle(",
      tests: "split/Split adversarial/slots"
    },
    {
      what: "its end is told twice",
      from: "    this.index = none\n    this.crew.settle(",
      to: "    this.crew.settle(",
      tests: "split/Split adversarial/slots"
    }
  ],
  "split/shared": [
    {
      what: "one that cannot go on leaves its place behind",
      from: "if (goesOn) this.#handout.passOn(slot)\n    else this.#giveUp(slot)",
      to: "if (!goesOn) this.#giveUp(slot)",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "whoever shares places is not told that nothing is left",
      from: "leave(): void {\n    this.release()",
      to: "leave(): void {",
      tests: "adversarial/sharing"
    }
  ],
  "split/own": [
    {
      what: "starts branches though outcomes wait",
      from: "if (outbox.isFull(to)) return outbox.waitForRoom(to)",
      to: "",
      tests: "split/observers"
    },
    {
      what: "all who wait for room are woken by each that finds some",
      from: "outbox.wake(to, 2)",
      to: "outbox.wake(to)",
      tests: "adversarial/sharing"
    },
    {
      what: "those who wait for room are told by nobody who has found some",
      from: "outbox.wake(to, 2)",
      to: "",
      tests: "adversarial/waiting"
    },
    {
      what: "there are more than there are places in a list that grows",
      from: "return seeking < this.most && this.#cursor",
      to: "return this.#cursor",
      tests: "split/growing laws/growing"
    },
    {
      what: "one is started for a branch that another looks for",
      from: "waiting > seeking - this.#decision.running",
      to: "waiting > 0",
      tests: "adversarial/slots"
    },
    {
      what: "the worker is not told of what is added",
      from: "request(): void {\n    this.#crew.poke()",
      to: "request(): void {",
      tests: "split/growing"
    }
  ],
  "split/slots": [
    {
      what: "one that enters late is put at the end",
      from: "else all.splice(placeOf(all, slot.id), 0, slot)",
      to: "else all.push(slot)",
      tests: "adversarial/sharing"
    },
    {
      what: "those that have ended stay in the list",
      from: "this.all = this.all.filter(({ own }) => own.pollUnsafe() === undefined)",
      to: "",
      tests: "adversarial/endings"
    },
    {
      what: "branch 0 does not run",
      from: "index >= 0 ? [index] : []",
      to: "index > 0 ? [index] : []",
      tests: "adversarial/endings"
    },
    {
      what: "slots that wait for a branch are not interrupted",
      from: "for (let i = 0; i < all.length; i++) all[i]!.fiber?.interruptUnsafe(this.caller)",
      to: "",
      tests: "split/Split"
    }
  ],
  "split/gradual": [
    {
      what: "nothing runs beside the branches",
      from: "deadlines.start(join)",
      to: "",
      tests: "bulkhead/Bulkhead split/growing hedge/splits"
    },
    {
      what: "the worker starts more, though a yield is due",
      from: "if (pace.isDue) return pace.pause()\n",
      to: "",
      tests: "split/growing bulkhead/Bulkhead adversarial/waiting"
    },
    {
      what: "the worker waits though nothing more is to come",
      from: "attend(() => join.cursor.hasMore,",
      to: "attend(() => true,",
      tests: "bulkhead/Bulkhead split/growing"
    },
    {
      what: "the worker does not wait for branches that have yet to come",
      from: "attend(() => join.cursor.hasMore,",
      to: "attend(() => false,",
      tests: "bulkhead/Bulkhead split/growing adversarial/waiting"
    }
  ],
  "split/pace": [
    {
      what: "each that comes back from a pause opens a round",
      from: "if (this.#yields !== round) return",
      to: "",
      tests: "adversarial/slots split/Split"
    },
    {
      what: "under runSync it yields",
      from: "isSync ? Number.POSITIVE_INFINITY : yieldEvery",
      to: "yieldEvery",
      tests: "adversarial/slots split/Split"
    }
  ],
  "split/recall": [
    {
      what: "a decision that is recalled lets losers count that nobody starts",
      from: "startsLosers && !this.isRecalling ? total : started",
      to: "startsLosers ? total : started",
      tests: "split/recall laws/recall"
    },
    {
      what: "losers that start later are not known as such",
      from: "startsLosers && !this.isRecalling ? total : started",
      to: "started",
      tests: "split/recall laws/recall"
    },
    {
      what: "a lazy list is read though the join was decided",
      from: "if (decided === undefined) return list\n",
      to: "if (decided === undefined || list._tag === \"Lazy\") return list\n",
      tests: "split/recall laws/recall"
    },
    {
      what: "who has ended twice counts twice",
      from: "if (known.has(index)) return `branch",
      to: "if (false as boolean) return `branch",
      tests: "split/recall laws/recall"
    },
    {
      what: "a branch that is not there counts",
      from: "if (index >= most) return",
      to: "if (false as boolean) return",
      tests: "split/recall laws/recall"
    },
    {
      what: "who counted and is not known to have ended is left out",
      from: "decided?.counted.find((index) => !known.has(index))",
      to: "decided?.counted.find(() => false)",
      tests: "split/recall laws/recall"
    },
    {
      what: "what had started before the last one that ended is new",
      from: "started = Math.max(started, index + 1)",
      to: "started = Math.max(started, 0)",
      tests: "split/recall laws/recall"
    },
    {
      what: "what was decided is refused by what holds today",
      from: "return decided === undefined ? refusal(join, undefined, undefined) : undefined",
      to: "return refusal(join, undefined, undefined)",
      tests: "split/recall laws/recall"
    },
    {
      what: "what is refused today starts all the same",
      from: "return decided === undefined ? refusal(join, undefined, undefined) : undefined",
      to: "return undefined",
      tests: "split/recall laws/recall"
    },
    {
      what: "the host is not told where to note what was done",
      from: "recall.onFan?.(level.fan)",
      to: "{}",
      tests: "split/recall laws/recall"
    },
    {
      what: "who had started and is missing has not started",
      from: "    forsake(join, missing)\n",
      to: "",
      tests: "split/recall laws/recall"
    },
    {
      what: "losers start though nobody is to",
      from: "    // not even as losers\n    endList(join)\n",
      to: "",
      tests: "split/recall laws/recall"
    },
    {
      what: "what is missing has no place, and starts",
      from: "const full = pool && noPlace(join, pool)",
      to: "const full = undefined as ReturnType<typeof noPlace> | undefined",
      tests: "split/recall laws/recall"
    },
    {
      what: "a strategy that wants no branch is not asked",
      from: "  openForGood(join)\n",
      to: "",
      tests: "split/recall laws/recall"
    },
    {
      what: "a soft deadline that has passed is waited for",
      from: "if (soft !== undefined && soft <= now",
      to: "if (soft !== undefined && soft < 0",
      tests: "split/recall laws/recall"
    },
    {
      what: "a soft deadline comes before a deadline that has passed first",
      from: "&& (deadline === undefined || soft <= deadline)) soften(join)",
      to: ") soften(join)",
      tests: "split/recall laws/recall"
    },
    {
      what: "a deadline that has passed lets what is missing start",
      from: "if (deadline !== undefined && deadline <= now) expire(join)",
      to: "",
      tests: "split/recall laws/recall"
    },
    {
      what: "a soft deadline counts from now",
      from: "recall.entered + Duration.toMillis(strategy.reducer.soft.after)",
      to: "undefined",
      tests: "split/recall laws/recall"
    },
    {
      what: "who counted has not won",
      from: "    level?.fan?.over(index, hasWon)\n",
      to: "",
      tests: "split/recall laws/recall"
    },
    {
      what: "what broke is decided all the same",
      from: "  if (!decision.isOpen) return\n  decision.recall(decided)",
      to: "  decision.recall(decided)",
      tests: "split/recall laws/recall"
    },
    {
      what: "the observer of a decided join has no end",
      from: "  outbox?.decision.ring()\n",
      to: "",
      tests: "split/recall laws/recall"
    },
    {
      what: "who counted is a loser, too",
      from: "if (!counted.has(index)) end(join, index, exit)",
      to: "end(join, index, exit)",
      tests: "split/recall laws/recall"
    }
  ],
  "split/past": [
    {
      what: "what has ended before is queued",
      from: "return (index) => known.has(index)",
      to: "return () => known.has(-1)",
      tests: "split/recall laws/recall"
    },
    {
      what: "of a decided join branches are queued",
      from: "if (recall.decided !== undefined) return constTrue\n",
      to: "",
      tests: "split/recall laws/recall"
    }
  ],
  "split/cursor": [
    {
      what: "the last branch that starts again is followed by none",
      from: "    this.hasMore = this.left > 0\n    return branch",
      to: "    return branch",
      tests: "split/recall laws/recall"
    },
    {
      what: "branches start again in the other order",
      from: "missing.toReversed()",
      to: "[...missing]",
      tests: "split/recall laws/recall"
    },
    {
      what: "a list that is read gives what has ended",
      from: "if (iterator !== undefined) this.iterator = without(iterator, known)",
      to: "",
      tests: "split/recall laws/recall"
    },
    {
      what: "what waits to start again cannot be cancelled",
      from: "(index < started && again?.includes(index) !== true)",
      to: "index < started",
      tests: "split/recall laws/recall"
    },
    {
      what: "a list is not closed that was left before",
      from: "return: () => list.return?.() as IteratorResult<Branch>",
      to: "return: () => undefined as never",
      tests: "split/recall laws/recall"
    },
    {
      what: "a branch that is cancelled is one of every run",
      from: "else this.items = items.with(index, cancelled)",
      to: "else (items as Array<Branch>)[index] = cancelled",
      tests: "runs/Runs"
    },
    {
      what: "a list that throws is read on",
      from: "this.isRead = Result.isFailure(next) || Boolean(next.success.done)",
      to: "this.isRead = Result.isSuccess(next) && Boolean(next.success.done)",
      tests: "adversarial/lists adversarial/split"
    },
    {
      what: "a list that grows ends with its first branch",
      from: "this.hasMore = backlog.waiting > 0",
      to: "this.hasMore = false",
      tests: "split/growing"
    },
    {
      what: "stays exhausted when branches are added",
      from: "if (added.length > 0) this.hasMore = true",
      to: "",
      tests: "split/growing"
    },
    {
      what: "a list that has been read is closed",
      from: "if (iterator === undefined || isRead) return Result.void",
      to: "if (iterator === undefined) return Result.void",
      tests: "split/Split adversarial/lists"
    }
  ],
  "split/growing": [
    {
      what: "takes branches after the decision",
      from: "decision.tally.total === Number.POSITIVE_INFINITY && decision.isOpen",
      to: "decision.tally.total === Number.POSITIVE_INFINITY",
      tests: "split/growing"
    },
    {
      what: "takes branches when it is complete",
      from: "decision.tally.total === Number.POSITIVE_INFINITY && decision.isOpen",
      to: "decision.isOpen",
      tests: "split/growing"
    },
    {
      what: "takes branches before it runs",
      from: "crew.context !== undefined && decision.tally",
      to: "decision.tally",
      tests: "split/growing"
    },
    {
      what: "asks for no place for what is added",
      from: "if (added.length > 0 && join.isBounded) join.places.request()",
      to: "if (added.length > 0) crew.poke()",
      tests: "adversarial/sharing"
    },
    {
      what: "what is added has no place in the result",
      from: "record.added()",
      to: "{}",
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
      from: "if (closed) detached.interrupt()",
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
      from: "splits.delete(detached)",
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
      from: "limits.spend(join.frame.allowance, \"branches\", join.cursor.known)",
      to: "",
      tests: "machine/limits"
    },
    {
      what: "a list that is refused is not closed",
      from: "closeList(join)\n    return resume(early)",
      to: "return resume(early)",
      tests: "adversarial/endings"
    },
    {
      what: "a split that has ended is around its children",
      from: "level.end()\n    if (onEnd",
      to: "if (onEnd",
      tests: "machine/limits"
    },
    {
      what: "the observer holds the places of the branches",
      from: "const worker = Effect.runForkWith(context)(work(join)",
      to: "const worker = Effect.runForkWith(join.crew.context as Context.Context<unknown>)(work(join)",
      tests: "adversarial/waiting"
    },
    {
      what: "an interruption of the caller does not await the worker",
      from: "return Effect.asVoid(Fiber.await(worker))",
      to: "return Effect.void",
      tests: "split/Split adversarial/interruption"
    },
    {
      what: "an interruption of the caller leaves the worker alone",
      from: "halt(join)\n    return Effect",
      to: "return Effect",
      tests: "split/Split adversarial/interruption"
    },
    {
      what: "a split on its own counts nowhere",
      from: "frame.root !== undefined || run?.allowance === undefined ? frame",
      to: "run !== undefined ? frame",
      tests: "machine/limits"
    },
    {
      what: "a split that has ended with its worker is around its children",
      from: "level.end()\n    if (!isDetached)",
      to: "if (!isDetached)",
      tests: "machine/limits"
    },
    {
      what: "a lazy list is not closed when the last branch ends",
      from: "    hasEnded = true\n    closeList(join)",
      to: "    hasEnded = true",
      tests: "split/Split adversarial/lists"
    },
    {
      what: "a run that is out of time is not told what a split had",
      from: "    if (join.decision.isHalted) tellRuns(join, level)\n",
      to: "",
      tests: "errors/failures"
    },
    {
      what: "a run that is out of time is not told what a split with a worker had",
      from: "if (join.decision.isHalted && !isDetached) tellRuns(join, level)\n",
      to: "",
      tests: "errors/failures"
    },
    {
      what: "who waits for an interruption goes on with a result",
      from: "    if (onEnd === undefined) resume(concluded(join, Exit.void))\n    else onEnd()",
      to: "    resume(concluded(join, Exit.void))",
      tests: "split/Split adversarial/interruption"
    },
    {
      what: "an interruption leaves the branches alone",
      from: "    halt(join)\n    if (hasEnded)",
      to: "    if (hasEnded)",
      tests: "split/Split adversarial/interruption"
    },
    {
      what: "an interruption does not await the branches",
      from: "    halt(join)\n    if (hasEnded) done(Exit.void)",
      to: "    halt(join)\n    done(Exit.void)",
      tests: "split/Split adversarial/interruption"
    },
    {
      what: "who interrupts is not told of an end while branches are interrupted",
      from: "    onEnd = () => done(Exit.void)\n    halt(join)\n",
      to: "    halt(join)\n    onEnd = () => done(Exit.void)\n",
      tests: "split/Split adversarial/interruption",
      equivalent: "then it is told that the split has ended, and `resume` concerns nobody any more"
    },
    {
      what: "an end before the interruption is not noticed",
      from: "    if (hasEnded) done(Exit.void)\n",
      to: "",
      tests: "split/Split adversarial/interruption"
    },
    {
      what: "the caller may be interrupted between the list and the worker",
      from: "return isNeeded(join) ? led(join, level, context, resume) :",
      to: "if (isNeeded(join)) return resume(Effect.callback((resume) => led(join, level, context, resume)))\n  return",
      tests: "adversarial/interruption"
    },
    {
      what: "the listener is not told of a split without a worker",
      from: "if (heard !== undefined) {",
      to: "if (heard !== undefined && isNeeded(join)) {",
      tests: "machine/seams"
    },
    {
      what: "its branches have no keys",
      from: "join.level = run === undefined ? undefined : level",
      to: "join.level = undefined",
      tests: "machine/keys laws/keys"
    }
  ],
  "split/refusal": [
    {
      what: "a place inside a place is let in",
      from: "hold.reentry(pool, home) ?? pool.refuses",
      to: "pool.refuses",
      tests: "adversarial/waiting"
    },
    {
      what: "a lazy list is counted as many that wait",
      from: "list._tag === \"Lazy\" ? 1 : cursor.left",
      to: "cursor.known",
      tests: "adversarial/waiting bulkhead/Bulkhead"
    },
    {
      what: "a list of exactly maxBranches is too long",
      from: "cursor.known + count > maxBranches",
      to: "cursor.known + count >= maxBranches",
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
      from: "limits.spend(frame.allowance, \"branches\", count)",
      to: "limits.passed(frame.allowance, \"branches\", count)",
      tests: "machine/limits"
    }
  ],
  "split/worker": [
    {
      what: "the list of a split that has a worker is not closed",
      from: "      closeList(join)\n      resume(Exit.void)",
      to: "      resume(Exit.void)",
      tests: "adversarial/unbounded"
    },
    {
      what: "an observer that starts after an interruption is asked",
      from: "if (decision.isHalted) return Exit.void\n    to.delivering",
      to: "to.delivering",
      tests: "adversarial/endings"
    },
    {
      what: "an observer that was interrupted breaks the split",
      from: "decision.isHalted || to.isClosed ? Exit.void",
      to: "to.isClosed ? Exit.void",
      tests: "adversarial/endings"
    },
    {
      what: "an observer that was given up breaks the split",
      from: "decision.isHalted || to.isClosed ? Exit.void",
      to: "decision.isHalted ? Exit.void",
      tests: "adversarial/endings"
    },
    {
      what: "the end does not wait for the observer",
      from: "return Fiber.await(observing)",
      to: "return Effect.void",
      tests: "split/observers"
    },
    {
      what: "the places of a split that has ended are lost",
      from: "places.close()\n",
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
      what: "a split with an observer has no worker",
      from: "isBounded || outbox !== undefined || mayDetach(config)",
      to: "isBounded || mayDetach(config)",
      tests: "split/observers"
    },
    {
      what: "a split that may be left has no worker",
      from: "isBounded || outbox !== undefined || mayDetach(config)",
      to: "isBounded || outbox !== undefined",
      tests: "split/losers"
    },
    {
      what: "an observer that breaks without a cause is not noticed",
      from: "if (!to.isClosed) noticeBreak(join, exit)",
      to: "",
      tests: "split/observers check/callbacks adversarial/endings"
    },
    {
      what: "no observer is given up",
      from: "Effect.andThen(Effect.forkChild(outbox.limit(to), { startImmediately: true }), slots)",
      to: "slots",
      tests: "adversarial/waiting"
    }
  ],
  "split/settling": [
    {
      what: "who waits to start again is forgotten with the decision",
      from: "if (again !== undefined) forsake(join, again.toReversed())",
      to: "",
      tests: "split/recall laws/recall"
    },
    {
      what: "nobody is told of a decision",
      from: "if (account !== undefined) guarded(join, () => account.decided(join))",
      to: "",
      tests: "split/recall laws/recall"
    },
    {
      what: "what throws when it is told of a decision is thrown on",
      from: "if (account !== undefined) guarded(join, () => account.decided(join))",
      to: "if (account !== undefined) account.decided(join)",
      tests: "split/recall laws/recall"
    },
    {
      what: "who is told of a decision is not told who counted",
      from: "if (account !== undefined) account.count(outcome.index)",
      to: "",
      tests: "split/recall laws/recall"
    },
    {
      what: "losers of a known list start when the split is interrupted",
      from: "endList(join)\n  join.crew",
      to: "join.crew",
      tests: "split/losers"
    },
    {
      what: "a decided split starts more branches",
      from: "if (!join.startsLosers) endList(join)",
      to: "",
      tests: "split/Split adversarial/split"
    },
    {
      what: "a loser that succeeds counts",
      from: "if (!hasWon) return lost(join, heard(join, record.outlasted(index, value)))",
      to: "decision.tally.succeeded++",
      tests: "adversarial/endings split/losers"
    },
    {
      what: "a loser that fails counts",
      from: "if (!decision.countFailure()) {\n    lost",
      to: "if (!decision.countFailure() && decision.isHalted) {\n    lost",
      tests: "adversarial/deciding split/Split"
    },
    {
      what: "a list that throws when it is closed hides why the split broke",
      from: "if (Result.isFailure(closed) && decision.phase._tag !== \"Broken\")",
      to: "if (Result.isFailure(closed))",
      tests: "adversarial/endings"
    },
    {
      what: "a list that grows from nothing never ends",
      from: "if (cursor.backlog?.added === 0) decision.complete()",
      to: "",
      tests: "split/growing split/few-branches"
    },
    {
      what: "a strategy is not asked before the first branch",
      from: "guarded(join, () => decision.judge(\"settled\"))",
      to: "guarded(join, () => {})",
      tests: "split/few-branches strategy/open"
    },
    {
      what: "losers give no turn to others",
      from: "if (join.isBounded) join.pace.count()\n  if (join.outbox",
      to: "if (join.outbox",
      tests: "split/losers",
      equivalent: "behind a bulkhead nothing is started any more once there are losers"
    },
    {
      what: "the observer is told of losers that were interrupted with the split",
      from: "if (join.outbox !== undefined && !join.decision.isHalted)",
      to: "if (join.outbox !== undefined)",
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
      from: "if (join.isBounded) join.pace.count()\n  if (!join.isPlain",
      to: "if (!join.isPlain",
      tests: "adversarial/size split/Split"
    },
    {
      what: "a list that grows does not end",
      from: "if (isDone(join)) decision.complete()",
      to: "",
      tests: "split/growing"
    },
    {
      what: "a list that grows has ended though branches run",
      from: "!cursor.hasMore && decision.running === 0",
      to: "!cursor.hasMore",
      tests: "split/growing laws/growing"
    },
    {
      what: "a list that grows has ended though branches wait",
      from: "!cursor.hasMore && decision.running === 0",
      to: "decision.running === 0",
      tests: "split/growing laws/growing"
    },
    {
      what: "the end of a lazy list decides nothing",
      from: "stop(join)\n  decideAsComplete(join)",
      to: "stop(join)\n  join.decision.complete()",
      tests: "split/Split adversarial/lists"
    },
    {
      what: "nobody is told of the end of a lazy list",
      from: "stop(join)\n  decideAsComplete(join)",
      to: "decideAsComplete(join)",
      tests: "bulkhead/Bulkhead adversarial/waiting",
      equivalent:
        "who waits finds the list ended with the next place or room, at the latest with the decision: that comes by itself when those have settled that run"
    },
    {
      what: "a hedge that is cut short waits for nothing",
      from: "if (join.decision.isOpen && isDone(join)) decideAsComplete(join)",
      to: "",
      tests: "hedge/splits laws/hedge"
    },
    {
      what: "a deadline changes a decided join",
      from: "if (join.decision.isOpen) guarded(join, () => decide(join, \"deadline\"))",
      to: "guarded(join, () => decide(join, \"deadline\"))",
      tests: "adversarial/endings",
      equivalent: "a decision interrupts the deadline before it can act, and a join is decided once"
    },
    {
      what: "a soft deadline decides nothing",
      from: "if (join.decision.soften()) decide(join, \"settled\")",
      to: "join.decision.soften()",
      tests: "strategy/open"
    },
    {
      what: "losers are interrupted under every policy",
      from: "if (config.losers === \"interrupt\") crew.interruptAll()",
      to: "crew.interruptAll()\n  if (config.losers === \"interrupt\") {}",
      tests: "split/losers"
    },
    {
      what: "losers are not interrupted",
      from: "if (config.losers === \"interrupt\") crew.interruptAll()",
      to: "if (config.losers === \"interrupt\") {}",
      tests: "split/Split"
    },
    {
      what: "a decision leaves the deadline running",
      from: "else crew.interruptBeside()",
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
      from: "if (!cursor.hasMore) stop(join)",
      to: "",
      tests: "bulkhead/Bulkhead split/losers"
    },
    {
      what: "the worker is not told that nothing is left",
      from: "join.places.leave()\n  join.crew.poke()",
      to: "join.places.leave()",
      tests: "split/growing hedge/splits bulkhead/Bulkhead"
    },
    {
      what: "an interruption does not reach the observer",
      from: "join.outbox?.delivering?.interruptUnsafe(join.home.id)",
      to: "",
      tests: "split/observers"
    },
    {
      what: "an interruption reaches no branch",
      from: "join.crew.interruptAll()\n  join.outbox",
      to: "join.outbox",
      tests: "split/Split"
    },
    {
      what: "the last cause of a broken split is told",
      from: "if (phase._tag !== \"Broken\" || (isBreak(cause) && !isBreak(phase.cause))) decision.breakOff(cause)",
      to: "decision.breakOff(cause)",
      tests: "adversarial/endings"
    },
    {
      what: "a fiber that breaks is not noticed",
      from: "if (Exit.isFailure(exit) && isBreak(exit.cause)) breakOff(join, exit.cause)",
      to: "",
      tests: "adversarial/slots bulkhead/Bulkhead"
    },
    {
      what: "whoever waits for room is not told that nothing is left",
      from: "if (join.outbox !== undefined) outbox.wake(join.outbox)\n",
      to: "",
      tests: "split/observers adversarial/waiting"
    }
  ],
  "split/segments": [
    {
      what: "nothing runs beside the branches",
      from: "deadlines.start(join)",
      to: "",
      tests: "adversarial/endings"
    },
    {
      what: "under runSync a split ends when its slots have ended",
      from: "Effect.andThen(all, restart(join, width))",
      to: "all",
      tests: "adversarial/slots"
    },
    {
      what: "slots are started though there is nothing to start",
      from: "join.cursor.hasMore ? member : Exit.void",
      to: "member",
      tests: "adversarial/start"
    },
    {
      what: "segments have more slots than there are places",
      from: "left -= next",
      to: "",
      tests: "split/Split adversarial/slots"
    },
    {
      what: "what is left of the places is one less",
      from: "left -= next",
      to: "left -= next + 1",
      tests: "split/Split adversarial/slots"
    },
    {
      what: "segments of a lazy list are started without end",
      from: "if (stalled || pace.isDue) return pace.pause()",
      to: "if (pace.isDue) return pace.pause()",
      tests: "adversarial/slots"
    },
    {
      what: "segments are started though a yield is due",
      from: "if (stalled || pace.isDue) return pace.pause()",
      to: "if (stalled) return pace.pause()",
      tests: "adversarial/slots adversarial/size split/Split",
      equivalent: "their slots yield themselves, or are not started"
    },
    {
      what: "segments are started though there is no room for outcomes",
      from: "if (to !== undefined && outbox.isFull(to)) return outbox.waitForRoom(to)",
      to: "",
      tests: "adversarial/waiting"
    },
    {
      what: "segments of a lazy list do not grow",
      from: "cursor.started + 16",
      to: "16",
      tests: "adversarial/endings"
    },
    {
      what: "the last segments are not awaited",
      from: "Effect.flatMap(loop, () => Fiber.awaitAll(forked))",
      to: "Effect.flatMap(loop, () => Effect.void)",
      tests: "split/Split adversarial/slots"
    }
  ],
  "split/deadlines": [
    {
      what: "nothing runs beside the branches",
      from: "for (const deadline of deadlines(join)) join.crew.start(deadline, (exit) => noticeBreak(join, exit))",
      to: "",
      tests: "split/Split strategy/open adversarial/endings"
    },
    {
      what: "a deadline that ends as a whole ends nothing",
      from: "join.crew.start(deadline, (exit) => noticeBreak(join, exit))",
      to: "join.crew.start(deadline, () => {})",
      tests: "adversarial/slots adversarial/endings"
    },
    {
      what: "a deadline that comes late sleeps for a decided split",
      from: "if (!decision.isOpen) return Exit.void\n    crew.accompany(fiber)",
      to: "crew.accompany(fiber)",
      tests: "adversarial/slots"
    },
    {
      what: "deadlines, and what gives places to alternatives, are not interrupted at the end",
      from: "crew.accompany(fiber)",
      to: "",
      tests: "split/Split hedge/splits"
    },
    {
      what: "a clock that breaks is not noticed, nor a defect of what gives places to alternatives",
      from: "(cause) => decision.isOpen || isBreak(cause) ? breakOff(join, cause) : Exit.void",
      to: "() => Exit.void",
      tests: "adversarial/slots hedge/splits"
    },
    {
      what: "the soft deadline comes after the hard one",
      from: "if (timeout !== undefined) all.push(",
      to: "if (timeout !== undefined) all.unshift(",
      tests: "adversarial/endings"
    }
  ],
  "split/detaching": [
    {
      what: "a grace period has no end",
      from: "Effect.map(Effect.sleep(grace), detach)",
      to: "Effect.sleep(grace)",
      tests: "split/losers"
    },
    {
      what: "the timer of a grace period is left behind",
      from: "worker.addObserver(() => this.#grace?.interruptUnsafe())",
      to: "",
      tests: "split/losers"
    },
    {
      what: "a split that was interrupted detaches its branches",
      from: "if (join.decision.isHalted || worker === undefined",
      to: "if (worker === undefined",
      tests: "split/losers laws/losers adversarial/waiting"
    },
    {
      what: "a split detaches its branches while none of them runs",
      from: "if (busy.length === 0) return",
      to: "",
      tests: "adversarial/waiting split/losers"
    },
    {
      what: "branches that are detached have no outcome",
      from: "join.record.detach(join.cursor.started)",
      to: "",
      tests: "split/losers"
    },
    {
      what: "branches that are detached are not looked after",
      from: "nursery.adopt(join.frame.nursery!, { worker, interrupt: () => halt(join) })",
      to: "",
      tests: "split/losers"
    },
    {
      what: "branches that did not stop in time are not told of",
      from: "grace === undefined ? ended : Effect.andThen(reportStubborn(join, busy, grace), ended)",
      to: "ended",
      tests: "split/losers"
    },
    {
      what: "a split that breaks after its branches were detached is not told of",
      from: "return warn(\"a split broke off after it had been decided\", cause)",
      to: "return Effect.void",
      tests: "adversarial/endings"
    },
    {
      what: "a detached branch that breaks its split has no end",
      from: "join.record.abandon(cause)",
      to: "",
      tests: "adversarial/endings"
    },
    {
      what: "a split that is interrupted after its branches were detached is broken",
      from: "own ?? (Exit.isFailure(exit) && isBreak(exit.cause) ? exit.cause : undefined)",
      to: "own ?? (Exit.isFailure(exit) ? exit.cause : undefined)",
      tests: "split/losers adversarial/endings laws/losers",
      equivalent: "its worker is never interrupted, and fails of nothing else"
    },
    {
      what: "branches are detached more than once",
      from: "if (this.#isDecided) return",
      to: "",
      tests: "adversarial/endings"
    }
  ],
  "split/ending": [
    {
      what: "a hedged split does not tell what it shares",
      from: "first === undefined ? ended : Effect.andThen(first, ended)",
      to: "ended",
      tests: "hedge/splits"
    },
    {
      what: "a broken split ends as decided",
      from:
        "if (phase._tag === \"Broken\" && (isBreak(phase.cause) || !isBroken)) return Exit.failCause(passedOn(phase.cause))",
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
      what: "who counted is not kept where nobody but the strategy looks",
      from: " &&\n    account === undefined",
      to: "",
      tests: "split/recall laws/recall"
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
      what: "is told with the end of its fibers though there is a deadline",
      from: "strategy._tag === \"All\" && timeout === undefined",
      to: "strategy._tag === \"All\"",
      tests: "adversarial/unbounded"
    },
    {
      what: "a run whose time is up does not know of values that are there",
      from: " && !isTimed",
      to: "",
      tests: "adversarial/unbounded"
    },
    {
      what: "is told with the end of its fibers though an observer is told",
      from: "endsTogether: isPlain && strategy",
      to: "endsTogether: strategy",
      tests: "adversarial/unbounded"
    },
    {
      what: "is told with the end of its fibers though partial results are enough",
      from: "strategy._tag === \"All\" && timeout",
      to: "(strategy._tag === \"All\" || strategy._tag === \"PartialResults\") && timeout",
      tests: "adversarial/unbounded"
    },
    {
      what: "is told with the end of its fibers though a failure decides",
      from: "strategy._tag === \"All\" && timeout",
      to: "(strategy._tag === \"All\" || strategy._tag === \"AllFailFast\") && timeout",
      tests: "adversarial/unbounded"
    },
    {
      what: "is told with the end of its fibers whoever decides",
      from: "endsTogether: isPlain && strategy._tag === \"All\" && timeout === undefined",
      to: "endsTogether: true",
      tests: "adversarial/unbounded"
    }
  ],
  "split/fold": [
    {
      what: "an outcome that comes while another is folded is folded in between",
      from: "if (this.#meanwhile !== undefined) {",
      to: "if (false as boolean) {",
      tests: "adversarial/reentrancy"
    },
    {
      what: "what came while another was folded is dropped",
      from: "for (const next of queue) this.state",
      to: "for (const next of [outcome]) this.state",
      tests: "adversarial/reentrancy"
    }
  ],
  "split/decision": [
    {
      what: "a join that is settled is late where it is unsatisfied",
      from: "timedOut: verdict !== \"proceed\" && strategy._tag === \"PartialTimeout\",",
      to: "timedOut: verdict !== \"proceed\",",
      tests: "runs/Runs"
    },
    {
      what: "an open strategy that is settled is not asked as at its deadline",
      from: "if (judgement === \"continue\") judgement = this.#conclude(strategy, \"nothing else was waited for\")",
      to: "",
      tests: "runs/Runs"
    },
    {
      what: "a strategy that is asked overrules what has been decided meanwhile",
      from: "if (judgement === \"continue\" || this.phase !== open) return false",
      to: "if (judgement === \"continue\") return false",
      tests: "adversarial/reentrancy"
    },
    {
      what: "a split that was interrupted is open",
      from: "if (!this.isHalted) this.phase = { _tag: \"Halted\", decided: this.decided }",
      to: "",
      tests: "split/Split adversarial/interruption"
    },
    {
      what: "what has failed runs",
      from: "started - succeeded - failed",
      to: "started - succeeded",
      tests: "split/growing hedge/splits"
    },
    {
      what: "a percentage of a lazy list stays one",
      from: "this.#strategy = JoinStrategy.resolve(this.#strategy, started)",
      to: "",
      tests: "split/Split adversarial/lists",
      equivalent: "a percentage of a known total decides as the quorum that it becomes"
    },
    {
      what: "a deadline is not one",
      from: "timedOut: event === \"deadline\"",
      to: "timedOut: false",
      tests: "split/Split"
    },
    {
      what: "too few branches are not noticed",
      from: "if (total < least) return",
      to: "if (total < 0) return",
      tests: "split/few-branches"
    },
    {
      what: "a strategy may wait for nothing",
      from: "judgement === \"continue\" && succeeded + failed === total ? this.#conclude(strategy) : judgement",
      to: "judgement",
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
      from: "this.soften() ? this.#ask(strategy, \"settled\") : \"continue\"",
      to: "\"continue\" as JoinStrategy.Judgement",
      tests: "strategy/open split/few-branches"
    },
    {
      what: "a deadline is waited for by nobody",
      from: "strategy.reducer.timed === true ? this.#ask(strategy, \"deadline\") : \"fail\"",
      to: "\"fail\" as JoinStrategy.Judgement",
      tests: "split/few-branches strategy/open"
    }
  ],
  "split/alternatives": [
    {
      what: "a hedge reads its list when it has paid",
      from: "if (join.cursor.iterator === undefined) return true",
      to: "return true",
      tests: "hedge/splits"
    }
  ],
  "split/record": [
    {
      what: "a loser that ended well is not cut off",
      from: "interrupted(names, index, cutOff)",
      to: "interrupted(names, index, Cause.empty)",
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
      from: "const outcome = failed(this.names, index, cause)\n    this.settled[this.#count++] = outcome",
      to: "const outcome = failed(this.names, index, cause)",
      tests: "split/Split"
    },
    {
      what: "a detached branch that ends early has no end",
      from: "if (losers !== \"interrupt\" || this.ends !== undefined) {",
      to: "if (losers !== \"interrupt\") {",
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
    },
    {
      what: "what has not settled has settled",
      from: "settled.length = this.#count",
      to: "",
      tests: "split/SplitResult split/Split"
    },
    {
      what: "there is a value for each branch",
      from: "const values = exactly(tally.succeeded)",
      to: "const values: Array<unknown> = new Array(outcomes.length)",
      tests: "split/SplitResult split/Split"
    },
    {
      what: "a success takes the place of another",
      from: "values[count++] = outcome.value",
      to: "values[count] = outcome.value",
      tests: "split/SplitResult split/Split"
    },
    {
      what: "a success is settled in the place of another",
      from: "const outcome = succeeded(this.names, index, value)\n    this.settled[this.#count++] = outcome",
      to: "const outcome = succeeded(this.names, index, value)\n    this.settled[this.#count] = outcome",
      tests: "split/SplitResult split/Split"
    },
    {
      what: "there is room for all of many branches at once",
      from: "length <= 16 ? new Array(length) : []",
      to: "new Array(length)",
      tests: "split/SplitResult split/Split",
      equivalent: "an array of many holes is slower to fill, and no more"
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
      from: "checked ??= check(input, given, subject)",
      to: "check(input, given, subject)",
      tests: "machine/states"
    },
    {
      what: "branches that may be detached have nobody to look after them",
      from: "if (!mayDetach(config)) return split.enter",
      to: "if (mayDetach(config)) return split.enter",
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
