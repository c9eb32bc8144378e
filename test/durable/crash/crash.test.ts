/**
 * Processes that are killed with SIGKILL, again and again, while they drive durable runs on one SQLite file. What was recorded
 * is not done again, and each run ends as its journal says. `npm run test:crash` has more seeds, and every write.
 */
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as crowd from "./crowd.ts"
import * as lives from "./lives.ts"

let prepared: ReturnType<typeof lives.prepare>
beforeAll(() => {
  prepared = lives.prepare()
})
afterAll(() => prepared.clean())

const check = async (name: string, seeds: ReadonlyArray<number>, deaths: lives.Deaths) => {
  const { folder, worker } = prepared
  const { kills, wrong } = await lives.run(name, folder, worker("worker"), seeds, deaths)
  assert.deepStrictEqual(wrong, [])
  assert.isAbove(kills, 0)
}

describe("killed at random", { concurrent: true }, () => {
  // two machines in each process
  for (let seed = 1; seed <= 20; seed += 2) {
    it(`what seeds ${seed} and ${seed + 1} have recorded is not done again, and they end as their journals say`, () =>
      check(`random-${seed}`, [seed, seed + 1], lives.atRandom(seed, 6)))
  }
})

describe("killed at each write in turn", { concurrent: true }, () => {
  for (const when of ["before", "after"] as const) {
    it(`${when} it`, () => check(`steps-${when}`, [2], lives.stepByStep(when, 24)))
  }
})

describe("several processes that are killed, stopped and let go on", { concurrent: true }, () => {
  for (const seed of [2, 5, 8]) {
    it(`end the runs of seeds ${seed} and ${seed + 1} as their journals say`, async () => {
      const { folder, worker } = prepared
      assert.deepStrictEqual((await crowd.run(`crowd-${seed}`, folder, worker("worker"), seed, 12)).wrong, [])
    })
  }
})
