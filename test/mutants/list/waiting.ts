/**
 * Mutants of those who wait: bulkheads, their line, what is woken and rung, and who starts what comes later.
 */
import type { Mutants } from "../mutant.ts"

export const waiting: Mutants = {
  "bulkhead/pool": [
    {
      what: "there is a place more than it has",
      from: "while (this.inUse < this.places) {",
      to: "while (this.inUse <= this.places) {",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "a newcomer is given a place more than there is",
      from: "this.inUse >= this.places) return false",
      to: "this.inUse > this.places) return false",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "a newcomer is served before the line",
      from: "if (this.line.size > 0 || this.inUse",
      to: "if (this.inUse",
      tests: "bulkhead/Bulkhead laws/bulkhead",
      equivalent: "nobody stands in the line while a place is free: whoever frees one serves the line in the same step"
    },
    {
      what: "one that was served and interrupted keeps its place",
      from: "if (waiter.isWoken) return this.giveBack(1)",
      to: "if (waiter.isWoken) return",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "one that was interrupted stays in the line",
      from: "this.leave(client)\n        this.waiting--",
      to: "this.waiting--",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "one that was interrupted is counted as waiting",
      from: "this.leave(client)\n        this.waiting--",
      to: "this.leave(client)",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "one that is served is counted as waiting",
      from: "this.waiting--\n        waiter.wake()",
      to: "waiter.wake()",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "a fiber that ends at a value that is no Effect keeps its place",
      from: "const forget = fiber.addObserver(end)",
      to: "const forget = () => {}",
      tests: "adversarial/waiting"
    },
    {
      what: "free places do not count where few may wait",
      from: "count - (line.size > 0 ? 0 : Math.max(places - inUse, 0))",
      to: "count",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "one less may wait than maxWaiting",
      from: "waiting + asked <= maxWaiting",
      to: "waiting + asked < maxWaiting",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "a split that is rejected counts once",
      from: "this.rejected += count",
      to: "this.rejected++",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "a split takes itself for others that wait",
      from: "this.line.size > (client.entry === undefined ? 0 : 1)",
      to: "this.line.size > 0",
      tests: "adversarial/sharing",
      equivalent: "what it gives back comes straight back to it, as nobody else is in the line"
    },
    {
      what: "a split stands in the line more than once",
      from: "client.entry ??= this.line.push(client)",
      to: "client.entry = this.line.push(client)",
      tests: "bulkhead/Bulkhead laws/bulkhead"
    },
    {
      what: "who has left the line does not come back",
      from: "this.line.remove(client.entry)\n    client.entry = undefined",
      to: "this.line.remove(client.entry)",
      tests: "adversarial/sharing"
    },
    {
      what: "who has been served does not come back",
      from: "if (client === undefined) return\n      client.entry = undefined",
      to: "if (client === undefined) return",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "a place is given to who has nothing to do in it",
      from: "if (!client.wants()) continue",
      to: "",
      tests: "adversarial/sharing"
    },
    {
      what: "new places are given to nobody who waits",
      from: "this.places = places\n      this.serve()",
      to: "this.places = places",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "a place that is given back is given to nobody",
      from: "this.inUse -= count\n    this.serve()",
      to: "this.inUse -= count",
      tests: "bulkhead/Bulkhead"
    }
  ],
  "fibers/line": [
    {
      what: "who leaves from the middle takes those before along",
      from: "else before.after = after",
      to: "else this.#first = after",
      tests: "bulkhead/Bulkhead laws/bulkhead"
    },
    {
      what: "who comes after one that left the end is lost",
      from: "if (after === undefined) this.#last = before",
      to: "if (after === undefined) this.#last = node",
      tests: "bulkhead/Bulkhead laws/bulkhead"
    },
    {
      what: "who has left can leave once more",
      from: "if (!node.isIn) return false",
      to: "",
      tests: "adversarial/sharing"
    },
    {
      what: "who leaves is counted for ever",
      from: "this.size--",
      to: "",
      tests: "bulkhead/Bulkhead"
    }
  ],
  "fibers/waiter": [
    {
      what: "who is woken before it waits is forgotten",
      from: "if (this.isWoken) resume(Exit.void)\n      else this.#resume = resume",
      to: "this.#resume = resume",
      tests: "adversarial/sharing"
    },
    {
      what: "goes on at once, on the stack of whoever wakes it",
      from: "later(this.home, () => resume(Exit.void))",
      to: "resume(Exit.void)",
      tests: "laws/bulkhead bulkhead/Bulkhead adversarial/waiting"
    }
  ],
  "fibers/bell": [
    {
      what: "a ring that nobody waits for is lost",
      from: "this.isRung = true",
      to: "",
      tests: "hedge/splits hedge/Hedge"
    },
    {
      what: "a ring is heard for ever",
      from: "this.isRung = false\n    this.#waiter",
      to: "this.#waiter",
      tests: "hedge/splits"
    }
  ],
  "split/handout": [
    {
      what: "keeps its place while it waits for room",
      from: "else places.vacate(slot, false)\n    if (slot.place !== undefined) return undefined",
      to: "if (!this.isStopped && slot.place !== undefined) return undefined",
      tests: "adversarial/sharing"
    },
    {
      what: "wants a place though outcomes wait for the observer",
      from: "return this.missing > 0 && !this.isStopped",
      to: "return this.missing > 0",
      tests: "adversarial/sharing"
    },
    {
      what: "waits though its list has ended",
      from: "if (!cursor.hasMore) return 0",
      to: "",
      tests: "bulkhead/Bulkhead adversarial/waiting"
    },
    {
      what: "places on their way are asked for once more",
      from: "coming + held - decision.running",
      to: "held - decision.running",
      tests: "adversarial/sharing"
    },
    {
      what: "a place for a slot that is to come is not noted",
      from: "this.coming++\n      // the worker",
      to: "// the worker",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "the worker is not told of a place",
      from: "nobody else's\n      this.#join.crew.poke()",
      to: "nobody else's",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "a place that is claimed is still on its way",
      from: "this.coming--",
      to: "",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "a place that is given up is given back once more at the end",
      from: "slot.place = undefined\n    this.held--",
      to: "slot.place = undefined",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "a place that is passed on is lost",
      from: "this.drop(slot)\n    this.coming++",
      to: "this.drop(slot)",
      tests: "bulkhead/Bulkhead adversarial/waiting"
    },
    {
      what: "who waits does not ask for a place",
      from: "places.request()\n    return",
      to: "return",
      tests: "adversarial/sharing"
    },
    {
      what: "who is interrupted goes on waiting",
      from: "Effect.onInterrupt(waiter.wait, () => Effect.sync(() => this.#waiting.remove(entry)))",
      to: "waiter.wait",
      tests: "adversarial/sharing"
    },
    {
      what: "places that were given back are on their way",
      from: "this.coming = 0\n",
      to: "",
      tests: "bulkhead/Bulkhead split/growing adversarial/waiting"
    },
    {
      what: "those who wait are not told that nothing is left",
      from: "      waiting.waiter.wake()\n    }\n  }\n}",
      to: "    }\n  }\n}",
      tests: "adversarial/endings"
    }
  ],
  "split/shared": [
    {
      what: "a branch that is given a place is counted as waiting",
      from: "this.#handout.give()\n    this.#recount()",
      to: "this.#handout.give()",
      tests: "adversarial/sharing"
    },
    {
      what: "is served once only",
      from: "if (this.wants()) this.#pool.queue(this)",
      to: "",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "takes a place too many when it is entered",
      from: "while (handout.coming < width &&",
      to: "while (handout.coming <= width &&",
      tests: "adversarial/sharing"
    },
    {
      what: "branches that start are not counted",
      from: "this.#pool.started++",
      to: "",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "the line is not served when it asks",
      from: "this.#pool.queue(this)\n    this.#pool.serve()",
      to: "this.#pool.queue(this)",
      tests: "bulkhead/Bulkhead split/growing adversarial/waiting"
    },
    {
      what: "keeps a place though there are fewer now",
      from: "this.#join.cursor.hasMore && !pool.isOverfull &&",
      to: "this.#join.cursor.hasMore &&",
      tests: "bulkhead/Bulkhead"
    },
    {
      what: "gives its place back though nobody waits",
      from: "if (!pool.othersWait(this)) return\n",
      to: "",
      tests: "adversarial/sharing",
      equivalent: "what it gives back comes straight back to it, as nobody else is in the line"
    },
    {
      what: "a turn has a branch too many",
      from: "++place.turn < mostInTurn",
      to: "++place.turn <= mostInTurn",
      tests: "adversarial/sharing"
    },
    {
      what: "a turn has no end",
      from: "++place.turn < mostInTurn &&",
      to: "",
      tests: "bulkhead/Bulkhead laws/bulkhead"
    },
    {
      what: "a turn takes as long as it takes",
      from: "this.#clock.currentTimeMillisUnsafe() === place.since) return",
      to: "true) return",
      tests: "bulkhead/Bulkhead laws/bulkhead"
    },
    {
      what: "stays in the line with nothing to start",
      from: "pool.leave(this)",
      to: "",
      tests: "adversarial/sharing"
    },
    {
      what: "keeps places that are on their way with nothing to start",
      from: "if (unused > 0) pool.giveBack(unused)",
      to: "",
      tests: "bulkhead/Bulkhead split/growing adversarial/waiting"
    },
    {
      what: "a split that has ended still holds its places, for those that were detached",
      from: "this.#hold.end()",
      to: "",
      tests: "adversarial/waiting bulkhead/Bulkhead"
    },
    {
      what: "what slots have lost is not given back",
      from: "if (lost > 0) this.#pool.giveBack(lost)",
      to: "",
      tests: "bulkhead/Bulkhead"
    }
  ],
  "split/slots": [
    {
      what: "a slot that ends is counted as looking for branches",
      from: "this.seeking--\n",
      to: "",
      tests: "split/growing"
    },
    {
      what: "the worker is not told of a slot that has ended",
      from: "this.seeking--\n    this.poke()",
      to: "this.seeking--",
      tests: "split/growing"
    },
    {
      what: "the worker leaves as long as nobody runs, though branches are to come",
      from: "this.fibers > 0 || isToCome()",
      to: "this.fibers > 0",
      tests: "bulkhead/Bulkhead split/growing"
    },
    {
      what: "the worker leaves while fibers run, as nobody is to come",
      from: "this.fibers > 0 || isToCome()",
      to: "isToCome()",
      tests: "bulkhead/Bulkhead split/growing"
    },
    {
      what: "a slot that starts is not counted as looking for branches",
      from: "this.seeking++\n",
      to: "",
      tests: "split/growing"
    },
    {
      what: "the worker is not told of the last end",
      from: "emptied(): void {\n    this.#bell.ring()",
      to: "emptied(): void {",
      tests: "bulkhead/Bulkhead hedge/splits"
    },
    {
      what: "the worker is not told of what there is to start",
      from: "poke(): void {\n    this.#bell.ring()",
      to: "poke(): void {",
      tests: "split/growing bulkhead/Bulkhead"
    }
  ],
  "split/crew": [
    {
      what: "its fibers are interruptible",
      from: "(effect, { uninterruptible: true })",
      to: "(effect)",
      tests: "bulkhead/Bulkhead split/growing adversarial/interruption"
    },
    {
      what: "the end of a fiber is told to nobody",
      from: "      onEnd(exit)\n",
      to: "",
      tests: "adversarial/slots bulkhead/Bulkhead"
    },
    {
      what: "the last end is told to nobody",
      from: "if (--this.fibers === 0) this.emptied()",
      to: "--this.fibers",
      tests: "split/Split bulkhead/Bulkhead hedge/splits"
    },
    {
      what: "each end is the last",
      from: "if (--this.fibers === 0) this.emptied()",
      to: "this.fibers--\n    this.emptied()",
      tests: "split/Split"
    },
    {
      what: "what runs beside is not remembered",
      from: "beside.push(fiber)",
      to: "{}",
      tests: "split/Split"
    },
    {
      what: "an interruption leaves alone what runs beside",
      from: "this.interruptBeside()\n    this.interruptBranches()",
      to: "this.interruptBranches()",
      tests: "split/Split adversarial/interruption"
    }
  ],
  "bulkhead/hold": [
    {
      what: "places around it are not seen",
      from: "super(fiber.getRef(HoldRef))",
      to: "super(undefined)",
      tests: "adversarial/waiting"
    },
    {
      what: "a place that was given back is held",
      from: "let hold = standing(fiber.getRef(HoldRef))",
      to: "let hold = fiber.getRef(HoldRef)",
      tests: "adversarial/waiting"
    },
    {
      what: "a place of any bulkhead is one of this",
      from: "if (hold.of === of) {",
      to: "if (!hold.ended) {",
      tests: "adversarial/waiting"
    },
    {
      what: "nobody knows where it is held",
      from: "this.by = locationOf(fiber)",
      to: "this.by = undefined",
      tests: "adversarial/waiting"
    }
  ]
}
