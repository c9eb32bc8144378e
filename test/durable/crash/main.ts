/**
 * npm run test:crash [-- [--postgres] <seeds> [<first> [random | points | steps | crowd]]]: kills a process that runs the machine
 * of a seed, again and again, at random and at every write of the journal, and looks whether the journal and what was executed
 * are as they must be. With a kind only that is done; the machines of 8 seeds have every strategy. With --postgres all of it is
 * on a PostgreSQL server that is started for it.
 */
import { Deferred, Effect, Exit } from "effect"
import * as databases from "../../postgres/databases.ts"
import * as server from "../../postgres/server.ts"
import * as crowd from "./crowd.ts"
import * as lives from "./lives.ts"

const isOnServer = process.argv[2] === "--postgres"
const [count = "200", first = "1", kind] = process.argv.slice(isOnServer ? 3 : 2)
const { clean, folder, worker } = lives.prepare()
const built = worker("worker")
const over = Deferred.makeUnsafe<void>()
const url = isOnServer
  ? await new Promise<string>((resolve, reject) =>
    Effect.runPromise(
      Effect.scoped(Effect.flatMap(server.own, ({ url }) => (resolve(url), Deferred.await(over))))
    ).catch(reject)
  )
  : undefined
const start = Date.now()
let [ok, bad, kills] = [0, 0, 0]

interface Case {
  readonly name: string
  readonly seed: number
  readonly kind: string
  /** None in a crowd. */
  readonly deaths: lives.Deaths | undefined
  /** Told how often it was killed. */
  readonly ended?: ((kills: number) => void) | undefined
}

const queue: Array<Case> = []
const isWanted = (each: string) => kind === undefined || kind === each
const seeds = Array.from({ length: Number(count) }, (_, i) => Number(first) + i)
if (isWanted("random")) {
  for (const seed of seeds) queue.push({ name: `random-${seed}`, seed, kind: "random", deaths: lives.atRandom(seed) })
}
for (const seed of isWanted("steps") ? seeds.slice(0, 16) : []) {
  for (const when of ["before", "after"] as const) {
    queue.push({ name: `steps-${when}-${seed}`, seed, kind: "steps", deaths: lives.stepByStep(when) })
  }
}
for (const seed of isWanted("crowd") ? seeds : []) {
  queue.push({ name: `crowd-${seed}`, seed, kind: "crowd", deaths: undefined })
}
/** The write before which a worker was not killed any more is behind the last one. */
const points = (seed: number, when: "before" | "after", at: number): Case => ({
  name: `point-${when}-${at}-${seed}`,
  seed,
  kind: "points",
  deaths: lives.at(at, when),
  ended: (kills) => {
    if (kills > 0) queue.push(points(seed, when, at + 1))
  }
})
for (const seed of isWanted("points") ? seeds.slice(0, 8) : []) {
  for (const when of ["before", "after"] as const) queue.push(points(seed, when, 1))
}

const one = async () => {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { deaths, ended, kind, name, seed } = next
    const place = url === undefined ? undefined : await Effect.runPromise(databases.make(url))
    const report = deaths === undefined
      ? await crowd.run(name, folder, built, seed, undefined, place)
      : await lives.run(name, folder, built, [seed], deaths, place)
    kills += report.kills
    ended?.(report.kills)
    if (report.wrong.length === 0) ok++
    else {
      bad++
      console.log(`${name} failed; again: npm run test:crash -- ${isOnServer ? "--postgres " : ""}1 ${seed} ${kind}`)
      for (const sentence of report.wrong.slice(0, 12)) console.log(`  ${sentence}`)
    }
  }
}

await Promise.all([one(), one(), one()])
if (bad === 0) clean()
else console.log(`the files are in ${folder}`)
console.log(`${kills} kills in ${Math.round((Date.now() - start) / 1000)} s`)
console.log(`${ok} passed, ${bad} failed`)
Deferred.doneUnsafe(over, Exit.void)
process.exitCode = bad === 0 ? 0 : 1
