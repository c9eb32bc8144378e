/**
 * The word for how a join was decided, the same in events and in spans.
 */
import type { JoinDecided } from "../../RunEvent.ts"
import type { Decided } from "../split/decision.ts"

export const verdictOf = ({ timedOut, verdict }: Pick<Decided, "timedOut" | "verdict">): JoinDecided["verdict"] =>
  verdict === "proceed" ? "satisfied" : timedOut ? "late" : "unsatisfiable"
