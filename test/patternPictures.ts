/**
 * The pictures of docs/PATTERNS.md: what the tests of the patterns run is noted here while they run, and drawn when all of
 * them have. `npm run charts -- --update` writes them anew.
 */
import { assert, expect } from "@effect/vitest"
import { Effect } from "effect"
import type * as Cano from "effect-cano"
import * as Chart from "effect-cano/chart"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const folder = join(import.meta.dirname, "../docs/charts/patterns")
const page = join(import.meta.dirname, "../docs/PATTERNS.md")

/** By the number of the pattern: the first workflow that its test runs, else the last split, which is the outermost. */
const workflows = new Map<string, Chart.Chart>()
const splits = new Map<string, Chart.Chart>()

const number = (): string | undefined => /\bWCP-(\d+) /.exec(expect.getState().currentTestName ?? "")?.[1]

/** The library, which notes what is run with it. */
export const noted = (original: () => Promise<unknown>) =>
  original().then((module) => {
    const cano = module as typeof Cano
    const builder = Object.getPrototypeOf(cano.Workflow.make("any"))
    const orchestrate = builder.orchestrate
    builder.orchestrate = function(this: Cano.Workflow.Any, ...args: ReadonlyArray<unknown>) {
      const test = number()
      // files that are tested without isolation run it, too
      if (test !== undefined && !workflows.has(test)) {
        const initial = args[0] as string | { readonly _tag: string }
        const name = typeof initial === "string" ? initial : initial._tag
        workflows.set(test, Chart.make(this, { initial: [name] }))
      }
      return orchestrate.apply(this, args)
    }
    const run = (branches: any, options: any) => {
      const test = number()
      if (test !== undefined) {
        // a split is a machine of one state
        const whole = cano.Workflow.make<string>("split").registerSplit("Split", branches, {
          ...options,
          next: "Joined"
        })
        splits.set(test, Chart.make(whole.addExitStates("Joined")))
      }
      return cano.Split.run(branches, options)
    }
    return { ...cano, Split: { ...cano.Split, run } }
  })

/** The rows of pictures for one part of the page. */
const rows = (numbers: ReadonlyArray<string>, names: ReadonlyMap<string, string>): string => {
  const cells = numbers.map((n) => [
    `    <td align="center" valign="top">`,
    `      <img src="charts/patterns/wcp-${n}.svg" alt="${names.get(n)!} as a picture"><br>WCP-${n} ${names.get(n)!}`,
    "    </td>"
  ])
  const lines = Array.from({ length: Math.ceil(cells.length / 3) }, (_, i) => cells.slice(3 * i, 3 * i + 3).flat())
  return ["<table>", ...lines.flatMap((line) => ["  <tr>", ...line, "  </tr>"]), "</table>"].join("\n")
}

const marked = /(<!-- pictures -->\n)[^]*?(<!-- end of pictures -->)/g

/** The page with the pictures of each part, in the order of its rows. */
const illustrated = (text: string, names: ReadonlyMap<string, string>): string =>
  text.split(/^(?=## )/m).map((part) => {
    const numbers = [...part.matchAll(/^\| WCP-(\d+) /gm)].map(([, n]) => n!).filter((n) => names.has(n))
    return part.replace(marked, (_, begin, end) => `${begin}\n${rows(numbers, names)}\n\n${end}`)
  }).join("")

/** Compares the pictures of these patterns, or writes them. */
export const assertPictures = (names: ReadonlyMap<string, string>) =>
  Effect.gen(function*() {
    const isUpdate = process.env["CHARTS"] === "update"
    const compare = (file: string, text: string) => {
      if (isUpdate) writeFileSync(file, text)
      assert.strictEqual(
        readFileSync(file, "utf8"),
        text,
        `${file} is what is drawn now; else: npm run charts -- --update`
      )
    }
    mkdirSync(folder, { recursive: true })
    for (const n of names.keys()) {
      const chart = workflows.get(n) ?? splits.get(n)
      const file = join(folder, `wcp-${n}.svg`)
      // it is not there if its test was not run
      if (chart !== undefined) compare(file, yield* Chart.toSvg(chart, { layout: "elk", paper: true }))
      assert.isTrue(existsSync(file), `${file} is there`)
    }
    compare(page, illustrated(readFileSync(page, "utf8"), names))
  }).pipe(Effect.runPromise)
