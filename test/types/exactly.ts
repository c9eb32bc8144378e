/** Whether two types are one and the same: neither may be wider, and `any` equals `any` only. */
export type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles where the value is of exactly the expected type. Nothing is run. */
export declare const exactly: <Expected>() => <Actual>(
  value: Actual,
  ...same: Equals<Expected, Actual> extends true ? [] : [expected: Expected, actual: Actual]
) => void

/** Compiles where every claim is true. */
export declare const proves: <_Claims extends ReadonlyArray<true>>() => void
