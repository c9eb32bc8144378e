/** The processes of one test file: they are built before its tests, and none of them is left when they are done. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import * as lives from "./lives.ts"

export const of = (worker: string) => {
  let prepared: ReturnType<typeof lives.prepare>
  const children: Array<lives.Life> = []
  beforeAll(() => {
    prepared = lives.prepare()
    prepared.worker(worker)
  })
  afterAll(async () => {
    for (const { child, ended } of children) {
      child.kill("SIGKILL")
      await ended
    }
    prepared.clean()
  })
  return {
    /** A file of a journal, and the ledger of who works on it. */
    place: (name: string) => {
      const ledger = join(prepared.folder, `${name}.txt`)
      const lines = () => existsSync(ledger) ? readFileSync(ledger, "utf8").split("\n").slice(0, -1) : []
      return { file: join(prepared.folder, `${name}.db`), ledger, lines }
    },
    live: (orders: object): lives.Life => {
      const life = lives.live(prepared.worker(worker), orders)
      children.push(life)
      return life
    }
  }
}

export const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10))
}
