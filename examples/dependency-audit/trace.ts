/** One run as a tree, made of what a listener was told of it: states, branches, joins, and how long each took. */
import { Exit } from "effect"
import { JoinStrategy, type RunEvent } from "effect-cano"

interface Node {
  readonly text: string
  readonly millis: number
  readonly children: ReadonlyArray<Node>
}

/** Of many branches the slowest are shown, in branch order. */
const mostBranches = 8

const millis = ({ at, since }: { readonly at: number; readonly since: number }): number => at - since

const outcomeOf = ({ exit, how }: RunEvent.End): string => {
  if (how !== "succeeded") return how
  const state: unknown = Exit.isSuccess(exit) ? exit.value : undefined
  if (typeof state === "string") return state
  return typeof state === "object" && state !== null && "_tag" in state ? String(state._tag) : how
}

const joinOf = ({ counts, strategy, verdict }: RunEvent.JoinDecided): string =>
  `${
    JoinStrategy.format(strategy)
  } ${verdict}: ${counts.succeeded} of ${counts.total} succeeded, ${counts.failed} failed`

type BranchEnd = RunEvent.BranchSettled | RunEvent.BranchLost

const branchesOf = (ends: ReadonlyArray<BranchEnd>): ReadonlyArray<Node> => {
  const slowest = new Set([...ends].sort((a, b) => millis(b) - millis(a)).slice(0, mostBranches))
  const shown = [...slowest].sort((a, b) => a.index - b.index).map((end): Node => ({
    text: `branch ${end.name} ${end.outcome}`,
    millis: millis(end),
    children: []
  }))
  const rest = ends.length - shown.length
  if (rest === 0) return shown
  const most = Math.max(...ends.filter((end) => !slowest.has(end)).map(millis))
  return [...shown, { text: `${rest} more, none longer than`, millis: most, children: [] }]
}

const lines = ({ children, millis, text }: Node, first = "", next = ""): ReadonlyArray<string> => [
  `${first}${text}  ${millis} ms`,
  ...children.flatMap((child, i) => {
    const isLast = i === children.length - 1
    return lines(child, `${next}${isLast ? "└─ " : "├─ "}`, `${next}${isLast ? "   " : "│  "}`)
  })
]

/** The listener, and the tree of the run that it was told of last. */
export const make = (): { readonly listener: RunEvent.Listener; readonly text: () => string } => {
  let states: Array<Node> = []
  let branches: Array<BranchEnd> = []
  let join: RunEvent.JoinDecided | undefined
  let run: Node | undefined
  return {
    listener: (event) => {
      switch (event._tag) {
        case "RunStarted":
          states = []
          return
        case "StateEntered":
          branches = []
          join = undefined
          return
        case "BranchSettled":
        case "BranchLost":
          branches.push(event)
          return
        case "JoinDecided":
          join = event
          return
        case "StateLeft": {
          const text = `${event.state} → ${event.next ?? event.how}${join === undefined ? "" : `, ${joinOf(join)}`}`
          states.push({ text, millis: millis(event), children: branchesOf(branches) })
          return
        }
        case "RunEnded":
          run = {
            text: `${event.workflow} ${event.runId} → ${outcomeOf(event)}`,
            millis: millis(event),
            children: states
          }
          return
        default:
      }
    },
    text: () => run === undefined ? "there was no run" : lines(run).join("\n")
  }
}
