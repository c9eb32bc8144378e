/**
 * What can be said of a definition by looking at where its states lead, as far as that is written down. A task that is an
 * Effect or a function may lead anywhere, and then less is said.
 *
 * All findings are warnings: a state that nothing leads to may be kept for a caller that is yet to be written, and a loop
 * without a way out may be ended by a failure, an interruption or a limit.
 */
import type { Issue } from "../../CanoError.ts"
import type { Definition, Way } from "../../Definition.ts"
import { make as issue } from "../check/issue.ts"

/** Where a state leads. */
interface Targets {
  /** Those that are known. */
  readonly next: ReadonlyArray<string>
  /** Whether it may lead elsewhere too. */
  readonly anywhere: boolean
  /** What its branches may enter. */
  readonly branches: ReadonlyArray<string>
  /** Whether these may enter other states too. */
  readonly branchesAnywhere: boolean
}

type Graph = ReadonlyMap<string, Targets>

/** What can be said of a definition that has no issues. */
export const findings = (definition: Definition, from: ReadonlyArray<string>): ReadonlyArray<Issue> => {
  const graph = graphOf(definition)
  const exits = new Set(definition.states.filter(({ kind }) => kind === "exit").map(({ name }) => name))
  return [...unreachable(graph, exits, from), ...endless(graph, exits)]
}

const graphOf = ({ states }: Definition): Graph =>
  new Map(
    states.filter(({ kind }) => kind !== "exit").map(({ name, ways }) => {
      const next = ways.filter(({ by }) => by !== "branches")
      const branches = ways.filter(({ by }) => by === "branches")
      return [name, {
        next: next.flatMap(({ to }) => to),
        anywhere: next.some(isUnknown),
        branches: branches.flatMap(({ to }) => to),
        branchesAnywhere: branches.some(isUnknown)
      }]
    })
  )

const isUnknown = ({ source }: Way): boolean => source === "unknown"

const warning = (state: string, rule: "unreachable" | "endless", sentence: string): Issue => ({
  ...issue(state, rule, sentence),
  severity: "warning"
})

/** States that no run enters. Nothing is said where a state that may be entered leads nobody knows where. */
const unreachable = (
  graph: Graph,
  exits: ReadonlySet<string>,
  from: ReadonlyArray<string>
): ReadonlyArray<Issue> => {
  const entered = new Set(from)
  // grows while it is read
  for (const state of entered) {
    const targets = graph.get(state)
    if (targets === undefined) continue
    if (targets.anywhere || targets.branchesAnywhere) return []
    for (const next of [...targets.next, ...targets.branches]) entered.add(next)
  }
  return [...graph.keys(), ...exits]
    .filter((state) => !entered.has(state))
    .map((state) => warning(state, "unreachable", `no run that starts in ${from.join(" or ")} enters it`))
}

/** States from which no way leads to an exit, not even through a state that may lead anywhere. */
const endless = (graph: Graph, exits: ReadonlySet<string>): ReadonlyArray<Issue> => {
  const before = new Map<string, Array<string>>()
  const ending = new Set(exits)
  for (const [state, { anywhere, next }] of graph) {
    if (anywhere) ending.add(state)
    for (const to of next) {
      const states = before.get(to)
      if (states === undefined) before.set(to, [state])
      else states.push(state)
    }
  }
  // grows while it is read
  for (const state of ending) for (const earlier of before.get(state) ?? []) ending.add(earlier)
  return [...graph.keys()].filter((state) => !ending.has(state)).map((state) =>
    warning(
      state,
      "endless",
      `from here no exit state is reached (it leads to ${
        graph.get(state)!.next.join(", ")
      }); a run ends only by a failure, an interruption or maxTransitions`
    )
  )
}
