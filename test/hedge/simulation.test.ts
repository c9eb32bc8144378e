/**
 * What hedging is for, and what it must not do, over the simulated services of `simulation.ts`.
 */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { drawing, none, phaseCalls, type Row, simulateAll, type Simulated, tables, tailCalls } from "./simulation.ts"
import { type Trouble, written } from "./simulation.ts"

let simulated: Simulated
beforeAll(async () => {
  simulated = await simulateAll()
}, 120_000)

const of = <A extends { readonly name: string }>(rows: ReadonlyArray<A>, name: string): A =>
  rows.find((row) => row.name === name)!

const phases = (rows: ReadonlyArray<Trouble>, name: string): readonly [before: Row, meanwhile: Row, after: Row] => {
  const [before, meanwhile, after] = of(rows, name).phases
  return [before!, meanwhile!, after!]
}

/** The tokens that a budget starts with, for each call. */
const startTokens = (calls: number): number => 10 / calls

describe("hedging a slow tail", () => {
  it("at the p95 it has learned leaves a quarter of the p99 at most, for 6 % more attempts at most", () => {
    const without = of(simulated.tail, none)
    for (const name of ["fixed delay, the p95", "percentile(0.95)", "percentile(0.95), 3 attempts"]) {
      const hedged = of(simulated.tail, name)
      assert.isAtMost(hedged.p99 / without.p99, 0.25, name)
      assert.isAtMost(hedged.attempts, 1.06, name)
      assert.isAtMost(Math.abs(hedged.p50 - without.p50), 0.1, name)
    }
  })

  it("starts no more attempts than its budget pays for", () => {
    for (const [share, name] of [[0.05, "budget 5 %"], [0.02, "budget 2 %"]] as const) {
      const { attempts } = of(simulated.tail, `percentile(0.95), ${name}`)
      assert.isAtMost(attempts, 1 + share + startTokens(tailCalls), name)
    }
  })

  it("without a delay starts each call twice", () => {
    assert.strictEqual(of(simulated.tail, "both at once").attempts, 2)
  })
})

describe("hedging a service that is overloaded", () => {
  it("without a budget keeps it down when the overload is over", () => {
    for (const name of ["25 ms", "25 ms, 3 attempts", "percentile(0.95)"]) {
      const [before, , after] = phases(simulated.overload, name)
      assert.isAtLeast(after.p50, 100 * before.p50, name)
    }
  })

  it("with a budget lets it recover, and starts no more attempts than the budget pays for", () => {
    for (const name of ["25 ms, budget 5 %", "percentile(0.95), budget 5 %"]) {
      const all = phases(simulated.overload, name)
      assert.isAtMost(all[2].p50, 1.1 * all[0].p50, name)
      for (const { attempts } of all) assert.isAtMost(attempts, 1.05 + startTokens(phaseCalls), name)
    }
  })

  it("with a throttle does what it does without, since nothing fails", () => {
    const nameless = (name: string) => phases(simulated.overload, name).map((row) => ({ ...row, name: "" }))
    assert.deepEqual(nameless("25 ms, throttle"), nameless("25 ms"))
  })
})

describe("hedging a service that fails", () => {
  it("stops when its throttle or its budget says so", () => {
    assert.strictEqual(phases(simulated.outage, "25 ms, 3 attempts")[1].attempts, 3)
    for (const name of ["25 ms, 3 attempts, throttle", "25 ms, 3 attempts, budget 5 %"]) {
      assert.isAtMost(phases(simulated.outage, name)[1].attempts, 1.02, name)
    }
  })

  it("is there again when the service is", () => {
    for (const name of ["25 ms, 3 attempts, throttle", "25 ms, 3 attempts, budget 5 %"]) {
      const [before, , after] = phases(simulated.outage, name)
      assert.isAtLeast(after.attempts, 1.001, name)
      assert.isAtMost(after.p99, 1.1 * before.p99, name)
    }
  })
})

it("the tables and the picture of the page are those of the simulation", () => {
  assert.deepEqual(written(), { tables: tables(simulated), drawing: drawing(simulated.tail) })
})
