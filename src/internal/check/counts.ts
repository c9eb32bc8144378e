/**
 * Whole numbers: whether somebody has given one, how that is asked for, and what shares come to.
 */

/** To 12 significant digits: a product or sum that should be whole, such as ten times 0.1, may be a little more or less. */
export const rounded = (n: number): number => Number(n.toPrecision(12))

/** A whole number of at least 1. */
export const isCount = (u: unknown): u is number => isWhole(u) && u >= 1
export const aCount = "an integer of at least 1"

/** The same, or 0. */
export const isWhole = (u: unknown): u is number => Number.isInteger(u) && (u as number) >= 0
export const aWhole = "an integer of at least 0"
