/**
 * All mutants of the list, each with its file and the tests that it meets first, and what is wrong with the list itself: it
 * is written by hand and goes by texts of the engine, so it rots when they change. Read anew by each process.
 */
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { clusters } from "./list/clusters.ts"
import { durable } from "./list/durable.ts"
import { durables } from "./list/durables.ts"
import { events } from "./list/events.ts"
import { hedges } from "./list/hedges.ts"
import { input } from "./list/input.ts"
import { journals } from "./list/journals.ts"
import { operating } from "./list/operating.ts"
import { orders } from "./list/orders.ts"
import { parking } from "./list/parking.ts"
import { payloads } from "./list/payloads.ts"
import { runs } from "./list/runs.ts"
import { sagas } from "./list/sagas.ts"
import { scheduler } from "./list/scheduler.ts"
import { schedules } from "./list/schedules.ts"
import { signals } from "./list/signals.ts"
import { splits } from "./list/splits.ts"
import { tasks } from "./list/tasks.ts"
import { waiting } from "./list/waiting.ts"
import type { Mutant } from "./mutant.ts"

export const root = resolve(import.meta.dirname, "../..")

/** A mutant that can be tried. */
export interface Candidate extends Mutant {
  readonly file: string
  readonly first: ReadonlyArray<string>
}

const parts = [
  clusters,
  durable,
  waiting,
  splits,
  hedges,
  runs,
  events,
  input,
  scheduler,
  schedules,
  tasks,
  signals,
  sagas,
  journals,
  durables,
  operating,
  orders,
  parking,
  payloads
]

export const candidates: ReadonlyArray<Candidate> = parts.flatMap((part) =>
  Object.entries(part).flatMap(([file, mutants]) =>
    mutants.map((mutant) => ({
      ...mutant,
      file,
      first: mutant.tests.split(" ").map((test) => `test/${test}.test.ts`)
    }))
  )
)

export const nameOf = ({ file, what }: Candidate): string => `${file}: ${what}`

/** Where a file of the engine is in a copy of the repository. */
export const sourceOf = (tree: string, file: string): string => join(tree, "src/internal", `${file}.ts`)

/** What is wrong with the list: each text occurs once, each test is there, no two mutants have one name. */
export const faults = (): ReadonlyArray<string> => {
  const sources = new Map<string, string>()
  const read = (file: string): string => {
    const path = sourceOf(root, file)
    const source = sources.get(file) ?? (existsSync(path) ? readFileSync(path, "utf8") : "")
    sources.set(file, source)
    return source
  }
  const names = new Set<string>()
  return candidates.flatMap((mutant) => {
    const name = nameOf(mutant)
    const times = read(mutant.file).split(mutant.from).length - 1
    const isSecond = names.has(name)
    names.add(name)
    return [
      ...times === 1 ? [] : [`${name}: its text occurs ${times} times`],
      ...mutant.from === mutant.to ? [`${name}: it changes nothing`] : [],
      ...mutant.first.filter((test) => !existsSync(join(root, test))).map((test) => `${name}: there is no ${test}`),
      ...isSecond ? [`${name}: there are two of this name`] : []
    ]
  })
}
