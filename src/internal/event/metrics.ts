/**
 * A listener that counts and measures. It is made once for an app and holds the series that it has met, of which there are
 * no more than the definitions have names.
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { Listener, RunEvent } from "../../RunEvent.ts"

type Labels = { readonly [name: string]: string }

/** From a millisecond to some nine minutes, and longer. */
const boundaries = Metric.exponentialBoundaries({ start: 0.001, factor: 2, count: 21 })

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })
const gauge = (name: string, description: string) => Metric.gauge(name, { description })
const seconds = (name: string, description: string) =>
  Metric.histogram(name, { description, boundaries, attributes: { unit: "s" } })

/** A metric for each of its labels, which are made once. */
const series = <Input, State>(metric: Metric.Metric<Input, State>) => {
  const known = new Map<string, Metric.Metric<Input, State>>()
  return (labels: Labels): Metric.Metric<Input, State> => {
    const key = JSON.stringify(Object.values(labels))
    let own = known.get(key)
    if (own === undefined) known.set(key, own = Metric.withAttributes(metric, labels))
    return own
  }
}

const outcomes = {
  Succeeded: "succeeded",
  Failed: "failed",
  Interrupted: "interrupted",
  Late: "late",
  NotStarted: "not_started",
  Broken: "broken"
} as const

export const make: Effect.Effect<Listener> = Effect.map(Effect.context<never>(), (context) => {
  const runs = series(counter("cano_runs_total", "Runs that have ended"))
  const runsActive = series(gauge("cano_runs_active", "Runs that have not ended"))
  const runSeconds = series(seconds("cano_run_duration_seconds", "From the start of a run to its end"))
  const states = series(counter("cano_states_total", "Visits of states that have ended"))
  const stateSeconds = series(seconds("cano_state_duration_seconds", "From the entering of a state to its end"))
  const branches = series(counter("cano_branches_total", "Branches that have ended, or will not start"))
  const branchesActive = series(gauge("cano_branches_active", "Branches that run"))
  const branchSeconds = series(seconds("cano_branch_duration_seconds", "From the start of a branch to its end"))
  const waitSeconds = series(seconds("cano_branch_wait_seconds", "From when a branch is known to its start"))
  const joins = series(counter("cano_joins_total", "Joins that were decided"))
  const waiting = series(gauge("cano_waits_active", "Waits for a signal or an instant that go on"))
  const signals = series(counter("cano_signals_total", "Signals that runs have received"))
  const compensations = series(counter("cano_compensations_total", "Compensations that have ended"))
  const attempts = series(counter("cano_attempts_total", "Attempts of hedges and retries that have ended"))

  const add = <State>(metric: Metric.Metric<number, State>, amount: number) => metric.modifyUnsafe(amount, context)
  const count = <State>(metric: Metric.Metric<number, State>) => metric.updateUnsafe(1, context)
  const took = <State>(metric: Metric.Metric<number, State>, event: { readonly at: number; readonly since: number }) =>
    metric.updateUnsafe((event.at - event.since) / 1000, context)

  return (event: RunEvent): void => {
    const { workflow } = event
    switch (event._tag) {
      case "RunStarted":
        return add(runsActive({ workflow }), 1)
      case "RunEnded": {
        const labels = { workflow, outcome: event.how }
        add(runsActive({ workflow }), -1)
        count(runs(labels))
        return took(runSeconds(labels), event)
      }
      case "StateLeft": {
        const { how, state } = event
        count(states({ workflow, state, outcome: how }))
        return took(stateSeconds({ workflow, state }), event)
      }
      case "BranchStarted": {
        const labels = { workflow, state: event.state }
        add(branchesActive(labels), 1)
        return took(waitSeconds(labels), event)
      }
      case "BranchSettled":
      case "BranchLost": {
        const { outcome, state } = event
        const labels = { workflow, state }
        count(branches({ ...labels, outcome: outcomes[outcome] }))
        if (outcome === "NotStarted") return
        add(branchesActive(labels), -1)
        return took(branchSeconds(labels), event)
      }
      case "JoinDecided": {
        const { state, strategy, verdict } = event
        // the kind, as what it was given may be computed
        return count(joins({ workflow, state, strategy: strategy._tag, verdict }))
      }
      case "AttemptEnded": {
        const { attempt, how, kind, state } = event
        return count(attempts({ workflow, state, kind: attempt === 0 ? "first" : kind, outcome: how }))
      }
      case "SignalReceived":
        return count(signals({ workflow, signal: event.signal, answer: event.answer }))
      case "WaitStarted":
        return add(waiting({ workflow, state: event.state, kind: event.waits }), 1)
      case "WaitEnded":
        return add(waiting({ workflow, state: event.state, kind: event.waits }), -1)
      case "CompensationEnded":
        return count(compensations({ workflow, state: event.state, done: event.done, outcome: event.how }))
      default:
    }
  }
})
