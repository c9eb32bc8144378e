/**
 * A crawl: every page that is found adds those it links to, two are read at once, and the split ends when nobody is left
 * who could find another. A second crawl stops at the first page that answers a question, a third one runs away.
 */
import { Console, Effect } from "effect"
import { JoinStrategy, Split } from "effect-cano"

const site: Record<string, { readonly text: string; readonly links: ReadonlyArray<string> }> = {
  "/": { text: "welcome", links: ["/docs", "/blog"] },
  "/docs": { text: "how to", links: ["/docs/install", "/docs/use"] },
  "/docs/install": { text: "npm install", links: ["/docs"] },
  "/docs/use": { text: "import it", links: ["/", "/blog"] },
  "/blog": { text: "news", links: ["/blog/1", "/missing"] },
  "/blog/1": { text: "first post", links: [] }
}

interface Page {
  readonly path: string
  readonly text: string
}

const read = (path: string) =>
  Effect.sleep(10).pipe(
    Effect.andThen(Effect.fromNullishOr(site[path])),
    Effect.mapError(() => `${path} is not there`)
  )

const crawl = Split.growing<Page, string>((add) => {
  const known = new Set(["/"])
  const visit = (path: string): Effect.Effect<Page, string> =>
    Effect.gen(function*() {
      const { links, text } = yield* read(path)
      const found = links.filter((link) => !known.has(link))
      for (const link of found) known.add(link)
      yield* add(found.map(visit))
      return { path, text }
    })
  return [visit("/")]
})

const { accept, any, tolerate } = JoinStrategy

const program = Effect.gen(function*() {
  const { failures, values } = yield* Split.run(crawl, { strategy: tolerate({ maxFailureRate: 0.5 }), bulkhead: 2 })
  yield* Console.log(`${values.length} pages: ${values.map(({ path }) => path).join(" ")}; ${failures.length} missing`)

  const answers = accept(any, ({ text }: Page) => text.startsWith("npm"))
  const { settled, tally } = yield* Split.run(crawl, { strategy: answers, bulkhead: 2 })
  const last = settled[settled.length - 1]
  yield* Console.log(last?._tag === "Succeeded" ? `found on ${last.value.path}` : "not found", tally)

  const error = yield* Effect.flip(Split.run(crawl, { strategy: tolerate({ maxFailures: 1 }), maxBranches: 4 }))
  yield* Console.log(error.message)
})

await Effect.runPromise(program)
