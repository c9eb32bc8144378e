/**
 * What a runner does with a message: it looks at the run, and drives it if there is anything to do. A message counts as done when
 * the run has ended, or waits for what is told of by another message; until then whoever has the shard after a crash gets it
 * again. It keeps nothing.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Head } from "../../journal.ts"
import { clip } from "../check/describe.ts"
import type { Post } from "../durable/post.ts"
import type { Runner } from "../durable/runner.ts"
import { isOver } from "../journal/steering.ts"

export interface Wish {
  readonly runId: string
  readonly workflow: string
  /** Whether something has come that the run can't know of when it is parked. */
  readonly isNews: boolean
}

/** What is looked at again and again is refused, and told of, once. */
export const again = (runner: Runner, post: Post, wish: Omit<Wish, "isNews">): Effect.Effect<void> =>
  Effect.suspend(() =>
    runner.isLeft(wish.runId) || !runner.drives(wish.workflow)
      ? Effect.void
      : handle(runner, post, { ...wish, isNews: true })
  )

export const handle = (runner: Runner, post: Post, wish: Wish): Effect.Effect<void> =>
  Effect.onInterrupt(
    Effect.flatMap(isKnown(runner, wish.workflow), (known) => known ? look(runner, post, wish) : strange(wish)),
    () => runner.letGo(wish.runId)
  )

/** Definitions come after the runner, and go before it: they are waited for as long as that takes. */
const isKnown = (runner: Runner, workflow: string): Effect.Effect<boolean> => {
  const { poll, sweep } = runner.settings
  const loop: Effect.Effect<boolean> = Effect.suspend(() =>
    runner.drives(workflow) ? Effect.succeed(true) : Effect.andThen(Effect.sleep(poll), loop)
  )
  return Effect.map(Effect.timeoutOption(loop, sweep), (known) => known._tag === "Some")
}

const strange = ({ runId, workflow }: Wish): Effect.Effect<void> =>
  Effect.logWarning(
    `run "${clip(runId)}" waits: the runner that is to drive it does not have the layer of workflow "${clip(workflow)}"`
  )

const look = (runner: Runner, post: Post, wish: Wish): Effect.Effect<void> => {
  const { isNews, runId, workflow } = wish
  const again: Effect.Effect<void> = Effect.suspend(() => look(runner, post, wish))
  const after = (pause: Duration.Duration) => Effect.andThen(Effect.sleep(pause), again)
  return Effect.matchEffect(runner.ask("show", runner.journal.show(runId), runId), {
    // nobody else is told of it, and so it is asked again
    onFailure: () => after(runner.settings.poll),
    onSuccess: (head) => {
      // of a run that is over it may be an order
      if (head === undefined || (isOver(head.status) && !isNews)) return Effect.void
      return Effect.flatMap(Clock.currentTimeMillis, (now) => {
        if (!isNews && isParked(head, now)) {
          return head.wakeAt === undefined ? Effect.void : post.tell(head, { _tag: "Timer", at: head.wakeAt })
        }
        return Effect.flatMap(runner.told(head), (told) => {
          switch (told._tag) {
            case "Done":
              return Effect.void
            case "Held":
              // as long as whoever has it may still be there
              return after(Duration.millis(Math.max(told.until - now, Duration.toMillis(runner.settings.poll))))
            case "Left":
              // whoever has the shard next goes on with it
              return runner.isStopping || !runner.drives(workflow) ? Effect.never : after(runner.settings.poll)
          }
        })
      })
    }
  })
}

/** Whether it waits until later, and nobody has it. */
const isParked = ({ owner, status, wakeAt }: Head, now: number): boolean =>
  status === "waiting" && owner === undefined && (wakeAt === undefined || wakeAt > now)
