/**
 * A real-time ad exchange: five splits in one machine, each with the strategy and the deadline that its step can bear,
 * and a degraded exit when the auction can't be held in time. From cano: `workflow_ad_exchange`.
 */
import { Console, Effect } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"

interface Bid {
  readonly bidder: string
  readonly cents: number
}

type State =
  | { readonly _tag: "Context"; readonly slot: string; readonly slow: boolean }
  | { readonly _tag: "Bids"; readonly slot: string; readonly slow: boolean; readonly audience: string }
  | { readonly _tag: "Checks"; readonly bids: ReadonlyArray<Bid> }
  | { readonly _tag: "Enrich"; readonly bids: ReadonlyArray<Bid> }
  | { readonly _tag: "Notify"; readonly winner: Bid }
  | { readonly _tag: "Complete"; readonly winner: Bid; readonly via: string }
  | { readonly _tag: "HouseAd"; readonly reason: string }

const after = <A>(millis: number, value: A) => Effect.as(Effect.sleep(millis), value)

const bidders = [
  { bidder: "acme", cents: 120, millis: 10 },
  { bidder: "globex", cents: 310, millis: 40 },
  { bidder: "initech", cents: 250, millis: 25 },
  { bidder: "umbrella", cents: 900, millis: 5000 }
]

const exchange = Workflow.make<State>("ad-exchange")
  // everything about the visitor is needed
  .registerSplit("Context", { geo: after(10, "Vienna"), device: after(15, "phone"), segment: after(20, "travel") }, {
    strategy: JoinStrategy.allFailFast,
    timeout: "100 millis",
    next: ({ values }, { slot, slow }) => ({
      _tag: "Bids",
      slot,
      slow,
      audience: `${values.segment}, ${values.device}, ${values.geo}`
    }),
    otherwise: { _tag: "HouseAd", reason: "nothing is known of the visitor" },
    // where functions lead, for whoever reads or draws the machine
    to: { next: ["Bids"] }
  })
  // whoever has bid when the time is up
  .registerSplit(
    "Bids",
    ({ slow }) => bidders.map(({ bidder, cents, millis }) => after(slow ? millis + 1000 : millis, { bidder, cents })),
    {
      strategy: JoinStrategy.partialTimeout,
      timeout: "80 millis",
      next: (result, { audience, slot }) =>
        Effect.as(
          Console.log(`  ${slot} (${audience}): ${result.values.length} bids, ${result.tally.interrupted} cut off`),
          { _tag: "Checks" as const, bids: result.values }
        ),
      otherwise: (error) => ({ _tag: "HouseAd", reason: `nobody bid in time (${error._tag})` }),
      to: { next: ["Checks"], otherwise: ["HouseAd"] }
    }
  )
  // two of three fraud models must pass the auction
  .registerSplit("Checks", [after(10, "model-a"), Effect.fail("model-b is down"), after(20, "model-c")], {
    strategy: JoinStrategy.quorum(2),
    timeout: "50 millis",
    next: (result, { bids }) =>
      Effect.as(Console.log(`  checked by ${result.values.join(" and ")}`), { _tag: "Enrich" as const, bids }),
    otherwise: { _tag: "HouseAd", reason: "the auction could not be checked" },
    to: { next: ["Enrich"] }
  })
  // half of the quality scores will do: bids that have none by then are dropped
  .registerSplit(
    "Enrich",
    ({ bids }) =>
      bids.map((bid, i) => after(10 + 30 * i, { ...bid, cents: bid.bidder === "globex" ? 200 : bid.cents })),
    {
      strategy: JoinStrategy.percentage(0.5),
      next: (result) =>
        Effect.as(Console.log(`  scored ${result.values.map((bid) => bid.bidder).join(", ")} in time`), {
          _tag: "Notify" as const,
          winner: result.values.reduce((best, bid) => bid.cents > best.cents ? bid : best)
        }),
      to: { next: ["Notify"] }
    }
  )
  // one region that has heard of it is enough
  .registerSplit("Notify", { east: after(40, "east"), west: after(10, "west") }, {
    strategy: JoinStrategy.any,
    next: (result, { winner }) => ({
      _tag: "Complete",
      winner,
      via: result.values.west ?? result.values.east ?? "nobody"
    }),
    to: { next: ["Complete"] }
  })
  .addExitStates("Complete", "HouseAd")
  .withTimeout("1 second")

const program = Effect.gen(function*() {
  for (const slow of [false, true]) {
    yield* Console.log(slow ? "a slow evening" : "a good evening")
    const exit = yield* exchange.orchestrate({ _tag: "Context", slot: "banner", slow })
    yield* Console.log(
      exit._tag === "Complete"
        ? `  sold to ${exit.winner.bidder} for ${exit.winner.cents} cents, told ${exit.via}`
        : `  house ad: ${exit.reason}`
    )
  }
})

await Effect.runPromise(program)
