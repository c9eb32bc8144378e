/**
 * The Layer of spans: its options, checked, and the listener that is made of them for all runs inside of it.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Issue } from "../../CanoError.ts"
import { ConfigurationError } from "../../CanoError.ts"
import type { Options } from "../../RunSpans.ts"
import * as durations from "../check/durations.ts"
import * as flags from "../check/flags.ts"
import * as seams from "../run/seams.ts"
import { Spans } from "./spans.ts"
import * as wing from "./wing.ts"

const defaultSegment = Duration.hours(1)

export const layer = (options?: Options): Layer.Layer<never, ConfigurationError> =>
  Layer.effectContext(Effect.suspend(() => {
    const issues = check(options)
    if (issues.length > 0) return Effect.fail(new ConfigurationError({ workflow: undefined, issues }))
    const { branches = true, segment, states = true } = options ?? {}
    const spans = new Spans({
      branches,
      states,
      segment: segment === undefined ? defaultSegment : Duration.fromInputUnsafe(segment)
    })
    return Effect.succeed(seams.giving(spans))
  }))

const check = (given: Options | undefined): ReadonlyArray<Issue> =>
  given === undefined ? [] : wing.issues(given, ["states", "branches", "segment"], () => [
    flags.wrong(given.states, "states"),
    flags.wrong(given.branches, "branches"),
    given.segment === undefined ? undefined : durations.wrong(given.segment, "segment")
  ])
