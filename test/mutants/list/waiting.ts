/**
 * Mutants of those who wait: bulkheads, their line, what is woken and rung, and who starts what comes later.
 */
import type { Mutants } from "../mutant.ts"

export const waiting: Mutants = {
  pool: [
    {
      what: "there is a place more than it has",
      from: "while (this.inUse < this.places) {",
      to: "while (this.inUse <= this.places) {",
      tests: "Bulkhead"
    },
    {
      what: "a newcomer is given a place more than there is",
      from: "this.inUse >= this.places) return false",
      to: "this.inUse > this.places) return false",
      tests: "Bulkhead"
    },
    {
      what: "a newcomer is served before the line",
      from: "if (this.line.size > 0 || this.inUse",
      to: "if (this.inUse",
      tests: "Bulkhead laws/bulkhead"
    },
    {
      what: "one that was served and interrupted keeps its place",
      from: "if (waiter.isWoken) return this.giveBack(1)",
      to: "if (waiter.isWoken) return",
      tests: "Bulkhead"
    },
    {
      what: "one that was interrupted stays in the line",
      from: "this.leave(client)\n        this.waiting--",
      to: "this.waiting--",
      tests: "Bulkhead"
    },
    {
      what: "one that was interrupted is counted as waiting",
      from: "this.leave(client)\n        this.waiting--",
      to: "this.leave(client)",
      tests: "Bulkhead"
    },
    {
      what: "one that is served is counted as waiting",
      from: "this.waiting--\n        waiter.wake()",
      to: "waiter.wake()",
      tests: "Bulkhead"
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
      tests: "Bulkhead"
    },
    {
      what: "one less may wait than maxWaiting",
      from: "waiting + asked <= maxWaiting",
      to: "waiting + asked < maxWaiting",
      tests: "Bulkhead"
    },
    {
      what: "a split that is rejected counts once",
      from: "this.rejected += count",
      to: "this.rejected++",
      tests: "Bulkhead"
    },
    {
      what: "a split takes itself for others that wait",
      from: "this.line.size > (client.entry === undefined ? 0 : 1)",
      to: "this.line.size > 0",
      tests: "Bulkhead laws/bulkhead"
    },
    {
      what: "a split stands in the line more than once",
      from: "client.entry ??= this.line.push(client)",
      to: "client.entry = this.line.push(client)",
      tests: "Bulkhead laws/bulkhead"
    },
    {
      what: "who has left the line does not come back",
      from: "this.line.remove(client.entry)\n    client.entry = undefined",
      to: "this.line.remove(client.entry)",
      tests: "growing laws/growing adversarial/waiting"
    },
    {
      what: "who has been served does not come back",
      from: "if (client === undefined) return\n      client.entry = undefined",
      to: "if (client === undefined) return",
      tests: "Bulkhead"
    },
    {
      what: "a place is given to who has nothing to do in it",
      from: "if (!client.wants()) continue",
      to: "",
      tests: "Bulkhead laws/bulkhead adversarial/waiting"
    },
    {
      what: "new places are given to nobody who waits",
      from: "this.places = places\n      this.serve()",
      to: "this.places = places",
      tests: "Bulkhead"
    },
    {
      what: "a place that is given back is given to nobody",
      from: "this.inUse -= count\n    this.serve()",
      to: "this.inUse -= count",
      tests: "Bulkhead"
    }
  ]
}
