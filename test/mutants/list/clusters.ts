/**
 * Mutants of runs in a cluster: what is told to whom, when a message counts as done, and who looks for what was not told.
 */
import type { Mutants } from "../mutant.ts"

const cluster = "cluster/cluster"

export const clusters: Mutants = {
  "cluster/message": [
    {
      what: "a run waits for the drive of its old runner to end by itself",
      from:
        "  // a run goes on elsewhere, and the message is then delivered there\n  .annotate(ClusterSchema.InterruptOnTermination, true)",
      to: "",
      tests: cluster
    },
    {
      what: "ids of entities may be as long as they are",
      from: "return id.length <= longest ? id :",
      to: "return true ? id :",
      tests: cluster
    },
    {
      what: "the instant of a parked run is at once",
      from: "at: why._tag === \"Timer\" ? why.at : 0",
      to: "at: 0",
      tests: cluster
    },
    {
      what: "a run has one message",
      from: "key: id.endsWith(runId) ? `${createdAt}/${cause}` :",
      to: "key: id.endsWith(runId) ? `${createdAt}` :",
      tests: cluster
    }
  ],
  "cluster/handler": [
    {
      what: "a message that comes again takes a run that is parked",
      from: "if (!isNews && isParked(head, now)) {",
      to: "if (false) {",
      tests: cluster
    },
    {
      what: "a message that comes again tells nobody of the instant of a run that is parked",
      from: "head.wakeAt === undefined ? Effect.void : post.tell(head, { _tag: \"Timer\", at: head.wakeAt })",
      to: "Effect.void",
      tests: cluster
    },
    {
      what: "a message is done while somebody else has the run",
      from: "return after(Duration.millis(Math.max(told.until - now, Duration.toMillis(runner.settings.poll))))",
      to: "return Effect.void",
      tests: cluster
    },
    {
      what: "a message is done when its run is given up",
      from: "? Effect.never : after(runner.settings.poll)",
      to: "? Effect.void : after(runner.settings.poll)",
      tests: cluster
    },
    {
      what: "a message is done when the journal does not answer",
      from: "onFailure: () => after(runner.settings.poll),",
      to: "onFailure: () => Effect.void,",
      tests: cluster
    },
    {
      what: "what is refused is refused at each look",
      from: "runner.isLeft(wish.runId) || ",
      to: "",
      tests: cluster
    }
  ],
  "cluster/sweep": [
    {
      what: "nobody looks for what was not told",
      from: "const lost = found.filter((runId) => before.has(runId))",
      to: "const lost = found.filter(() => false)",
      tests: cluster
    }
  ],
  "cluster/mail": [
    {
      what: "who can't tell of a run waits until he can",
      from: "Effect.timeoutOption(Effect.interruptible(sent), this.#settings.patience)",
      to: "Effect.asSome(sent)",
      tests: cluster
    }
  ]
}
