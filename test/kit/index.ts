/**
 * The door of the testing kit: what tests of splits and machines have in common, and nothing of a single test. It uses the
 * library as anybody does, by its public names.
 *
 * - `model`, `hedgeModel`: what a split, or a hedge, must do, played through on paper.
 * - `plainJoin`: the same split as a program, written with nothing but Effect's own combinators.
 * - generators of splits, programs of them, and `observe`, which writes down what is seen of one.
 * - the test clock, schedulers that yield at random or count, censuses, logs: what a test needs to look at a run.
 */
export * from "./branch.ts"
export * from "./cases.ts"
export * from "./census.ts"
export * from "./clock.ts"
export * from "./events.ts"
export * from "./expect.ts"
export * from "./fiber.ts"
export * from "./generator.ts"
export * as hedgeModel from "./hedgeModel.ts"
export * from "./log.ts"
export * from "./machine.ts"
export * as model from "./model.ts"
export * from "./observation.ts"
export * as plainJoin from "./plainJoin.ts"
export * from "./program.ts"
export * from "./recall.ts"
export * from "./result.ts"
export * from "./scheduler.ts"
export * from "./trail.ts"
export * from "./untyped.ts"
export * from "./wallClock.ts"
export * from "./yields.ts"
