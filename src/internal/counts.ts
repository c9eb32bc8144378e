/**
 * Whether somebody has given a whole number.
 */
export const isCount = (u: unknown): boolean => isWhole(u) && (u as number) >= 1

/** The same, or 0. */
export const isWhole = (u: unknown): boolean => Number.isInteger(u) && (u as number) >= 0
