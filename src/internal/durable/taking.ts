/** Takes a run, once, and drives it as far as that goes. Nothing is kept. */
import * as Effect from "effect/Effect"
import type { Claim, JournalError } from "../../journal.ts"
import type { Memory } from "../runs/registry.ts"
import * as children from "./children.ts"
import type { Committer } from "./committer.ts"
import type { Driven } from "./driver.ts"
import { drive } from "./driver.ts"
import type { Driving, Taken } from "./driving.ts"
import { mayPass } from "./ends.ts"
import { RestoreError } from "./error.ts"
import * as ordering from "./ordering.ts"
import type { Service as Settings } from "./settings.ts"

interface Home extends children.Home {
  readonly committer: Committer
  readonly runs: Memory
  readonly settings: Settings
}

export const take = (
  home: Home,
  driven: Driven,
  driving: Driving,
  runId: string,
  claim: Effect.Effect<Claim, JournalError>
): Effect.Effect<Taken> =>
  Effect.matchEffect(claim, {
    onFailure: (error) => Effect.succeed<Taken>({ _tag: "Journal", error }),
    onSuccess: (claim) => claimed(home, driven, driving, runId, claim)
  })

const claimed = (
  home: Home,
  driven: Driven,
  driving: Driving,
  runId: string,
  claim: Claim
): Effect.Effect<Taken> => {
  const { committer, ends, runs, settings: { maxPayload } } = home
  switch (claim._tag) {
    case "Claimed":
      return ordering.followTaken(home, driven, claim) ?? drive(driven, claim, {
        committer,
        runs,
        maxPayload,
        orphans: (runId) => children.end(home, runId),
        begun: (inbox, pen) => {
          driving.inbox = inbox
          driving.pen = pen
          pen.onWritten = () => ends.changed(runId)
          inbox.deliver(driving.early.splice(0))
        }
      })
    case "Corrupt": {
      const { error } = claim
      if (mayPass(error)) return Effect.succeed({ _tag: "Journal", error })
      const rule = error.reason === "Payload" ? "payload" : "row"
      const refused = new RestoreError({ runId, rule, detail: error.detail, cause: error })
      return Effect.succeed({ _tag: "Refused", error: refused })
    }
    case "Ended": {
      const { head } = claim
      // whoever had it before has left it to an operator
      if (head.status === "stuck") return Effect.succeed({ _tag: "Held", until: 0 })
      return Effect.map(
        ends.endOf(driven.codecs, head),
        (exit): Taken => ({ _tag: "Ended", exit, createdAt: head.createdAt })
      )
    }
    default:
      return Effect.succeed({ _tag: "Held", until: claim._tag === "Held" ? claim.until : 0 })
  }
}
