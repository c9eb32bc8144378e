/** What can be done to a run from outside, by what it does. */
import type * as Journal from "../../journal.ts"

/** Nobody drives it, unless somebody orders that. */
export const isOver = (doing: Journal.Status): boolean => doing === "ended" || doing === "stuck"

/** Whether a letter makes somebody look at a run that nobody drives. */
export const isOrderFor = (doing: Journal.Status, kind: Journal.LetterKind): boolean =>
  isOver(doing) && (isOrder(kind) || (doing === "stuck" && kind === "cancel"))

/** The orders of an operator, which are answered. */
export const orders: ReadonlyArray<Journal.LetterKind> = ["retry", "rerun", "skip", "end"]

export const isOrder = (kind: Journal.LetterKind): boolean => orders.includes(kind)
