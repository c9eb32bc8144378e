/**
 * Which cases a test tries: how often a law is tried, and on which seed; the widths at which the engine takes another way.
 * They are the same in each run of the tests.
 */

/** How often a law is tried; always on the same cases, unless LAWS_SEED asks for others, or LAWS_FACTOR for more. */
export const runs = (count: number) => ({
  arbitrary: {
    runs: count * Number(process.env["LAWS_FACTOR"] ?? 1),
    size: 8,
    seed: process.env["LAWS_SEED"] ?? "effect-cano",
    maxShrinks: 400
  }
})

/** With and without a bulkhead: the two shapes of the engine. */
export const bulkheads: ReadonlyArray<number | undefined> = [undefined, 1, 2, 64]

/** Branches that wait at once need as many slots. */
export const wideBulkheads: ReadonlyArray<number | undefined> = [undefined, 64]
