/**
 * Mutants of work of known kinds.
 */
import type { Mutants } from "../mutant.ts"

export const tasks: Mutants = {
  "task/stream": [
    {
      what: "a window waits for its elements alone",
      from: "return left !== undefined && !Duration.isPositive(left)",
      to: "return false",
      tests: "task/stream"
    },
    {
      what: "what is open when a stream ends is dropped",
      from: "if (this.#isFull || this.ended !== undefined) return true",
      to: "if (this.#isFull) return true",
      tests: "task/stream"
    },
    {
      what: "a stream is never asked to wait",
      from: "if (!this.#isFull && !this.#isClosed) return Exit.void",
      to: "return Exit.void",
      tests: "task/stream"
    },
    {
      what: "a stream that waits for room is not told that there is some",
      from: "    this.#room?.ring()\n",
      to: "",
      tests: "task/stream"
    },
    {
      what: "time counts from the last element of a window",
      from: "if (isFirst) this.#since = this.#latest",
      to: "this.#since = this.#latest",
      tests: "task/stream laws/task"
    },
    {
      what: "interruption forgets the flush that runs",
      from: "    yield* Fiber.join(flushing.fiber)\n",
      to: "",
      tests: "task/stream laws/task"
    },
    {
      what: "interruption drops the open window",
      from: "    while (intake.waiting > 0) {",
      to: "    while (false) {",
      tests: "task/stream laws/task"
    },
    {
      what: "draining has no end",
      from: "Effect.timeoutOption(drained(intake, source, left), drain)",
      to: "drained(intake, source, left)",
      tests: "task/stream"
    },
    {
      what: "what is cut off at the end of draining is not counted",
      from: "      left.count = window.length\n",
      to: "",
      tests: "task/stream"
    },
    {
      what: "what a failed flush leaves is not told",
      from: "Effect.andThen(Fiber.interrupt(source), untold(intake.waiting))",
      to: "Fiber.interrupt(source)",
      tests: "task/stream"
    },
    {
      what: "the rest of a large chunk is copied for each window",
      from: "if (this.#first * 2 >= this.#elements.length) {",
      to: "if (true) {",
      tests: "task/stream"
    },
    {
      what: "a stream under runSync waits for ever",
      from: "return isSync(home) ? Effect.provideService(taken, DispatcherRef, dispatcherOf(home)) : taken",
      to: "return taken",
      tests: "task/stream"
    }
  ],
  "task/poll": [
    {
      what: "failures are counted in all, and not in a row",
      from: "          inRow = 0\n",
      to: "",
      tests: "task/poll laws/task"
    },
    {
      what: "polls that complete at once are never late",
      from: "if (clock.monotonicTimeNanosUnsafe() >= end) return yield* unanswered(\"Late\")",
      to: "if (false) return yield* unanswered(\"Late\")",
      tests: "task/poll"
    },
    {
      what: "a failure is told of that an answer has followed",
      from: "          seen.error = Option.none()\n",
      to: "",
      tests: "task/poll"
    },
    {
      what: "a poll may have no end",
      from: "return Duration.isFinite(Duration.fromInputUnsafe(within as Duration.Input))",
      to: "return true",
      tests: "task/options"
    },
    {
      what: "whether a poll was running is asked when it has been interrupted",
      from: "      seen.stopped = seen.running\n",
      to: "",
      tests: "task/poll"
    }
  ],
  "task/steps": [
    {
      what: "whoever waits no time does not yield",
      from: "metadata !== undefined && !Duration.isPositive(metadata.duration)",
      to: "false",
      tests: "task/poll task/retry"
    },
    {
      what: "a failure beside a defect is tried again",
      from: "cause.reasons.every(Cause.isFailReason)",
      to: "cause.reasons.some(Cause.isFailReason)",
      tests: "task/retry"
    }
  ],
  "task/retry": [
    {
      what: "attempts have no time of their own",
      from: "attemptTimeout === undefined ? work : Effect.timeout(work, attemptTimeout)",
      to: "work",
      tests: "task/retry"
    },
    {
      what: "an attempt cannot ask for its number",
      from: "    metadata = next\n",
      to: "",
      tests: "task/retry"
    }
  ],
  "task/timer": [
    {
      what: "the wall clock is looked at when it should be time",
      from: "Effect.sleep(Math.min(millis, longest))",
      to: "Effect.sleep(millis)",
      tests: "task/timer"
    },
    {
      what: "a timer is over when it has slept, whatever the clock says",
      from: "() => slept)",
      to: "() => Effect.void)",
      tests: "task/timer"
    }
  ],
  "task/workflow": [
    {
      what: "a sub-workflow has a random id",
      from: "if (current === undefined) return",
      to: "if (true as boolean) return",
      tests: "task/workflow"
    },
    {
      what: "warnings of a sub-workflow are issues",
      from: "    .filter(({ severity }) => severity === undefined)\n",
      to: "",
      tests: "task/workflow"
    },
    {
      what: "keys of runs in each other grow without end",
      from: "key.length > longest ? `#~${digest(key)}` : key",
      to: "key",
      tests: "task/workflow"
    }
  ],
  "run/attempts": [
    {
      what: "a retry is told of as a hedge",
      from: "const span = spanOf(fiber, series, attempt, \"retry\")",
      to: "const span = spanOf(fiber, series, attempt, \"hedge\")",
      tests: "task/retry"
    }
  ],
  "machine/issues": [
    {
      what: "what a task was given is not looked at with the definition",
      from: "Predicate.hasProperty(task, \"run\") && !Effect.isEffect(task) && isTask(task.run) ? task.run.faults : []",
      to: "[]",
      tests: "task/options"
    }
  ]
}
