/**
 * What a task may answer beside a state: a `TaskResult` is a plain value that lives for one transition.
 *
 * A returned state is cano's `TaskResult::Single` and needs no wrapper; `split` is its `TaskResult::Split`.
 *
 * @since 0.1.0
 */

/**
 * A dynamic set of follow-on states, each of which becomes a branch.
 *
 * @category models
 * @since 0.1.0
 */
export interface Split<out S> {
  readonly _tag: "~effect-cano/TaskResult/Split"
  readonly states: ReadonlyArray<S>
}

/**
 * Fans out into follow-on states: each becomes a branch that runs through the machine until it reaches an exit state,
 * and that exit is the branch's value.
 *
 * **Details**
 *
 * It is returned by the function or Effect given to `registerSplit`. From cano: `TaskResult::Split`, which that crate
 * refuses at run time.
 *
 * **Gotchas**
 *
 * A state registered with plain `register` may not return it: that does not compile, and fails with `WorkflowError`. So
 * does anything but an array of states: an iterable may be empty the second time it is read.
 *
 * @category constructors
 * @since 0.1.0
 */
export const split = <const S>(states: ReadonlyArray<S>): Split<S> => ({
  _tag: "~effect-cano/TaskResult/Split",
  states
})

/**
 * Whether a value is a `Split`.
 *
 * @category guards
 * @since 0.1.0
 */
export const isSplit = (u: unknown): u is Split<unknown> =>
  typeof u === "object" && u !== null && "_tag" in u && u._tag === "~effect-cano/TaskResult/Split"
