/**
 * The audit as a machine:
 *
 *     Discover ──→ Scan ──→ Report ──→ Complete | Degraded
 *
 * (`npm start -- --chart audit.svg` draws it.)
 *
 * Scan splits into one branch for each package, at most `bulkhead` at once. The join takes what has settled when all are
 * done or the deadline has passed; what was cut off is interrupted before Report is entered. The data travels in the states.
 */
import { Clock, type Duration, Effect } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import * as Discover from "./discover.ts"
import { Progress } from "./progress.ts"
import * as Report from "./report.ts"
import { Scanner } from "./scan.ts"

interface Opened {
  readonly startedAt: number
  readonly project: Discover.Project
  readonly packages: ReadonlyArray<Discover.Installed>
}

export type State =
  | { readonly _tag: "Discover"; readonly folder: string }
  | { readonly _tag: "Scan" } & Opened
  | { readonly _tag: "Report"; readonly scanned: Report.Scanned } & Opened
  | { readonly _tag: "Complete"; readonly audit: Report.Audit }
  | { readonly _tag: "Degraded"; readonly audit: Report.Audit }

const scanOne = (installed: Discover.Installed) =>
  Effect.gen(function*() {
    const scanner = yield* Scanner
    const progress = yield* Progress
    return yield* progress.track(scanner.scan(installed))
  })

export const make = (options: { readonly bulkhead: number; readonly timeout: Duration.Input }) =>
  Workflow.make<State>("dependency-audit")
    .register("Discover", function*({ folder }) {
      const startedAt = yield* Clock.currentTimeMillis
      const project = yield* Discover.project(folder)
      const packages = yield* Discover.packages(project)
      yield* (yield* Progress).begin(packages.length)
      return { _tag: "Scan", startedAt, project, packages }
    }, { to: ["Scan"] })
    .registerSplit("Scan", ({ packages }) => packages.map(scanOne), {
      strategy: JoinStrategy.partialTimeout,
      timeout: options.timeout,
      bulkhead: options.bulkhead,
      next: (scanned, state) => ({ ...state, _tag: "Report", scanned }),
      // The deadline has passed and not one package has settled: the report says so.
      otherwise: ({ result: { cancelled, failures, tally, timedOut } }, state) => ({
        ...state,
        _tag: "Report",
        scanned: { values: [], failures, cancelled, tally, timedOut }
      }),
      to: { next: ["Report"], otherwise: ["Report"] }
    })
    .register("Report", function*({ packages, project, scanned, startedAt }) {
      const elapsedMillis = (yield* Clock.currentTimeMillis) - startedAt
      const audit = Report.make({ project, packages, scanned, elapsedMillis })
      return { _tag: audit.state, audit }
    }, { to: ["Complete", "Degraded"] })
    .addExitStates("Complete", "Degraded")
    .withResources(Progress.layer)
