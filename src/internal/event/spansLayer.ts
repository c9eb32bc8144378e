/**
 * The Layer of spans: its options, checked, and the listener that is made of them for all runs inside of it.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ConfigurationError } from "../../CanoError.ts"
import type { Options } from "../../RunSpans.ts"
import * as durations from "../check/durations.ts"
import * as issue from "../check/issue.ts"
import { SpansRef } from "../run/seams.ts"
import { Spans } from "./spans.ts"

const defaultSegment = Duration.hours(1)

export const layer = (options?: Options): Layer.Layer<never, ConfigurationError> =>
  Layer.effectContext(Effect.suspend(() => {
    const { branches = true, segment, states = true } = options ?? {}
    const wrong = segment === undefined ? undefined : durations.wrong(segment, "segment")
    if (wrong !== undefined) {
      const issues = [issue.make(undefined, "options", wrong, "listener")]
      return Effect.fail(new ConfigurationError({ workflow: undefined, issues }))
    }
    const spans = new Spans({
      branches,
      states,
      segment: segment === undefined ? defaultSegment : Duration.fromInputUnsafe(segment)
    })
    return Effect.succeed(Context.make(SpansRef, spans))
  }))
