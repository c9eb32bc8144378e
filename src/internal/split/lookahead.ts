/**
 * An iterator that can be asked for its next element before that is taken; it lives as long as the iterator that it reads.
 */
import { identity } from "effect/Function"
import * as Result from "effect/Result"

export class Lookahead<A> implements Iterator<A, unknown> {
  readonly iterator: Iterator<A, unknown>
  ahead: Result.Result<IteratorResult<A, unknown>, unknown> | undefined
  constructor(iterator: Iterator<A, unknown>) {
    this.iterator = iterator
  }

  /** What `next` will give, or throw. */
  peek(): Result.Result<IteratorResult<A, unknown>, unknown> {
    return this.ahead ??= Result.try({ try: () => this.iterator.next(), catch: identity })
  }

  next(): IteratorResult<A, unknown> {
    const next = this.peek()
    this.ahead = undefined
    return Result.getOrThrowWith(next, identity)
  }

  return(): IteratorResult<A, unknown> {
    return this.iterator.return?.() ?? { done: true, value: undefined }
  }
}
