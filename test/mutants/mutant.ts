/**
 * A mutant: one change to the engine that a test must notice. It lives as long as the text that it replaces.
 */
export interface Mutant {
  /** What is wrong with the engine under it. */
  readonly what: string
  /** Text that occurs in the file exactly once, and what stands there instead. */
  readonly from: string
  readonly to: string
  /** The test files that are tried first: paths under `test/`, without the ending. */
  readonly tests: string
  /** Why nobody can notice it. */
  readonly equivalent?: string
}

/** Mutants by the file of `src/internal/` that they change. */
export interface Mutants {
  readonly [file: string]: ReadonlyArray<Mutant>
}
