/**
 * Spans around runs, states and branches. It is a listener of the engine that gives what starts the services of its span, so
 * that spans of tasks find their parent, on whatever fiber a branch runs. What it has to remember of a span goes with it.
 *
 * A run may live for months, and start the next one for ever. So its span is cut into segments, and what a run hangs on is
 * held by its ids.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import { format } from "../../JoinStrategy.ts"
import type { Counts, Ended, Listener, Span } from "../run/listener.ts"
import type { Run, SplitLevel } from "../run/run.ts"
import { CurrentRunRef } from "../run/run.ts"
import type { Decided } from "../split/decision.ts"
import { verdictOf } from "./verdict.ts"

export interface Settings {
  readonly states: boolean
  readonly branches: boolean
  /** How long a segment of a run is, at least, before another begins. */
  readonly segment: Duration.Duration
}

type Services = Context.Context<never>

/** A span that is open, and the services that it was opened with. */
interface Open {
  readonly span: Tracer.Span
  readonly around: Services
}

/** The segment that a run is in. */
interface Segment extends Open {
  /** The first one, whose children all others are. */
  readonly first: Tracer.ExternalSpan
  readonly number: number
  readonly since: number
}

/** Where the decision of a split is told: the span around it, and whether the split is the state of that. */
interface Place extends Open {
  readonly key: string
  readonly strategy: string
  readonly isState: boolean
}

const millis = (around: Services): number => Context.get(around, Clock.Clock).currentTimeMillisUnsafe()

const nanos = (around: Services): bigint =>
  Context.get(around, References.TracerTimingEnabled)
    ? Context.get(around, Clock.Clock).currentTimeNanosUnsafe()
    : 0n

const idsOf = ({ sampled, spanId, traceId }: Tracer.AnySpan): Tracer.ExternalSpan =>
  Tracer.externalSpan({ spanId, traceId, sampled })

const parentIn = (around: Services): Tracer.AnySpan | undefined => Context.getOrUndefined(around, Tracer.ParentSpan)

const open = (around: Services, name: string, options: Tracer.SpanOptionsNoTrace): Tracer.Span =>
  Effect.runSyncWith(around)(Effect.makeSpan(name, options))

const close = ({ around, span }: Open, exit: Exit.Exit<unknown, unknown>): void => span.end(nanos(around), exit)

const link = (span: Tracer.AnySpan, kind: string): Tracer.SpanLink => ({
  span: idsOf(span),
  attributes: { "cano.link": kind }
})

const attributesOf = ({ runId, workflow }: Run, segment?: number): Record<string, unknown> => ({
  "cano.workflow": workflow,
  "cano.run_id": runId,
  ...(segment === undefined ? {} : { "cano.segment": segment })
})

export class Spans implements Listener {
  readonly #settings: Settings
  readonly #runs = new WeakMap<Run, Segment>()
  readonly #open = new WeakMap<object, Open>()
  /** The key of the state that a span is of. */
  readonly #keys = new WeakMap<Tracer.AnySpan, string>()
  readonly #places = new WeakMap<SplitLevel, Place>()
  /** How many branches of a split with a hedge are none. */
  readonly #atOnce = new WeakMap<SplitLevel, number>()
  constructor(settings: Settings) {
    this.#settings = settings
  }

  started(): void {}

  services(span: Span, around: Services): Services {
    switch (span._tag) {
      case "Run": {
        const { run } = span
        // a follow-on branch is a branch; a run may be told of again when its Layers are built
        return run.root !== run || this.#runs.has(run) ? around : this.#startRun(span, around)
      }
      case "State":
        return this.#settings.states ? this.#startState(span, around) : this.#inSegment(span.run, around)
      case "Split": {
        if (span.config.hedge !== undefined) this.#atOnce.set(span.level, span.atOnce)
        const parent = parentIn(around)
        if (parent?._tag !== "Span") return around
        const { key } = span.level
        const { config: { strategy }, level } = span
        const isState = this.#keys.get(parent) === key
        this.#places.set(level, { span: parent, around, key, strategy: format(strategy), isState })
        return around
      }
      case "Branch":
        return this.#settings.branches ? this.#startBranch(span, around) : around
      case "Compensation":
        return this.#settings.states ? this.#startCompensation(span, around) : around
      case "Attempt":
      case "Wait":
      case "Rollback":
        return around
    }
  }

  ended(span: Span, exit: Exit.Exit<unknown, unknown>, _number: number, ended?: Ended): void {
    if (span._tag === "Run") {
      const segment = this.#open.has(span) ? this.#runs.get(span.run) : undefined
      if (segment === undefined) return
      segment.span.attribute("cano.states_entered", span.run.path.entered)
      return close(segment, exit)
    }
    const own = this.#open.get(span)
    if (own === undefined) return
    if (span._tag === "Branch") own.span.attribute("cano.outcome", ended ?? "Broken")
    close(own, exit)
  }

  decided(level: SplitLevel, decided: Decided, counts: Counts): void {
    const { reason } = decided
    const place = this.#places.get(level)
    if (place === undefined || place.span.status._tag === "Ended") return
    const said: Record<string, unknown> = {
      "cano.strategy": place.strategy,
      "cano.verdict": verdictOf(decided),
      "cano.tally.total": counts.total,
      "cano.tally.started": counts.started,
      "cano.tally.succeeded": counts.succeeded,
      "cano.tally.failed": counts.failed
    }
    if (reason !== undefined) said["cano.reason"] = reason
    if (place.isState) { for (const [name, value] of Object.entries(said)) place.span.attribute(name, value) }
    else place.span.event("cano.join", nanos(place.around), { "cano.key": place.key, ...said })
  }

  // ---------------------------------------------------------------------------
  // runs
  // ---------------------------------------------------------------------------

  #startRun(span: Extract<Span, { readonly _tag: "Run" }>, around: Services): Services {
    const { run } = span
    const caller = parentIn(span.around)
    // a run in a task of another one is a part of that; any other may outlive who has started it
    const isInner = caller !== undefined && Context.get(span.around, CurrentRunRef).runId !== ""
    const own = open(around, "cano.run", {
      ...(isInner ? { parent: idsOf(caller) } : { root: true }),
      links: caller === undefined || isInner ? [] : [link(caller, "caller")],
      attributes: attributesOf(run, 1)
    })
    this.#open.set(span, { span: own, around })
    this.#runs.set(run, { span: own, around, first: idsOf(own), number: 1, since: millis(around) })
    return Context.add(around, Tracer.ParentSpan, own)
  }

  /** The services of a state of a run: in the segment that it is in, which may be a new one. */
  #inSegment(run: Run, around: Services): Services {
    const segment = this.#segmentOf(run)
    return segment === undefined ? around : Context.add(around, Tracer.ParentSpan, segment.span)
  }

  /** Of a run itself, not of its follow-on branches. */
  #segmentOf(run: Run): Segment | undefined {
    const segment = this.#runs.get(run)
    if (segment === undefined) return undefined
    const now = millis(segment.around)
    if (now - segment.since < Duration.toMillis(this.#settings.segment)) return segment
    segment.span.attribute("cano.goes_on", true)
    close(segment, Exit.void)
    const number = segment.number + 1
    const span = open(segment.around, "cano.run", {
      parent: segment.first,
      links: [link(segment.span, "before")],
      attributes: attributesOf(run, number)
    })
    const next = { ...segment, span, number, since: now }
    this.#runs.set(run, next)
    return next
  }

  // ---------------------------------------------------------------------------
  // states and branches
  // ---------------------------------------------------------------------------

  #startState(state: Extract<Span, { readonly _tag: "State" }>, given: Services): Services {
    const { run, visit } = state
    const around = this.#inSegment(run, given)
    const { key } = run
    const span = open(around, "cano.state", {
      attributes: { ...attributesOf(run), "cano.key": key, "cano.state": run.state, "cano.visit": visit }
    })
    this.#keys.set(span, key)
    this.#open.set(state, { span, around })
    return Context.add(around, Tracer.ParentSpan, span)
  }

  #startBranch(branch: Extract<Span, { readonly _tag: "Branch" }>, around: Services): Services {
    const { index, key, level, name } = branch.branch
    const span = open(around, "cano.branch", {
      attributes: {
        ...attributesOf(level.run!),
        "cano.key": key,
        "cano.state": level.state,
        "cano.branch": name,
        "cano.index": index,
        ...(index >= (this.#atOnce.get(level) ?? Number.POSITIVE_INFINITY) ? { "cano.hedge": true } : {})
      }
    })
    this.#open.set(branch, { span, around })
    return Context.add(around, Tracer.ParentSpan, span)
  }

  #startCompensation(span: Extract<Span, { readonly _tag: "Compensation" }>, given: Services): Services {
    const { run, step } = span
    const around = this.#inSegment(run, given)
    const own = open(around, "cano.compensation", {
      attributes: {
        ...attributesOf(run),
        "cano.key": step.key,
        "cano.state": step.state,
        "cano.visit": step.visit,
        ...(step.branch === undefined ? {} : { "cano.branch": step.branch.name }),
        "cano.done": step.done!._tag
      }
    })
    this.#open.set(span, { span: own, around })
    return Context.add(around, Tracer.ParentSpan, own)
  }
}
