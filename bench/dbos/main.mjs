/**
 * node bench/dbos/main.mjs <url of an empty PostgreSQL database>: the work of bench/postgres.ts with DBOS Transact, each step of
 * which is one of its steps. `npm install` in this folder first.
 */
import { DBOS } from "@dbos-inc/dbos-sdk"

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]

const add = DBOS.registerWorkflow(async (left) => {
  let sum = 0
  for (; left > 0; left--) sum += await DBOS.runStep(async () => left, { name: "add" })
  return sum
}, { name: "add" })

const fan = DBOS.registerWorkflow(async (width) => {
  const branches = Array.from({ length: width }, (_, i) => DBOS.runStep(async () => i, { name: `branch-${i}` }))
  return (await Promise.all(branches)).length
}, { name: "fan" })

DBOS.setConfig({ name: "bench", systemDatabaseUrl: process.argv[2], logLevel: "error", runAdminServer: false })
await DBOS.launch()
const run = async (workflow, workflowID, input) =>
  (await DBOS.startWorkflow(workflow, { workflowID })(input)).getResult()

await run(add, "warm", 100)
for (const at of [1, 20]) {
  const start = performance.now()
  await Promise.all(Array.from({ length: at }, (_, i) => run(add, `add-${at}-${i}`, 101)))
  console.log(`steps, ${at} runs at once: ${Math.round(at * 101 / (performance.now() - start) * 1000)} a second`)
}
const fans = []
for (let i = 0; i < 25; i++) {
  const start = performance.now()
  await run(fan, `fan-${i}`, 100)
  fans.push(performance.now() - start)
}
console.log(`a run with 100 steps at once: ${median(fans).toFixed(1)} ms`)
await DBOS.shutdown()
