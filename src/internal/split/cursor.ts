/**
 * What is left of the list of one split: a list that is known whole, one that grows, or one that is read as branches
 * may start. It is made when the split is entered, closed when its last fiber has ended, and only its own methods change it.
 */
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import { Backlog } from "./backlog.ts"
import type { Branch, BranchList } from "./branches.ts"
import * as branches from "./branches.ts"

/** What a lazy list has answered, or thrown. */
type Read = Result.Result<IteratorResult<Branch>, unknown>

const none: ReadonlyArray<Branch> = []

/** What stands for a branch that somebody has cancelled before its turn. */
export const cancelled: Branch = Effect.suspend(() => Effect.interrupt)

export class Cursor {
  /** The branches of a list that is known whole, in the order of their starts. */
  items: ReadonlyArray<Branch>
  /** What waits of a list that grows. */
  readonly backlog: Backlog | undefined
  /** Of a list that is read. */
  iterator: Iterator<Branch> | undefined
  /** How many branches have been taken: always the first ones of the list. */
  started = 0
  /** Of those, the ones that are to be taken again, the first one last: they had started in an earlier life of the split. */
  again: Array<number> | undefined
  /** Whether there is a branch left to take, for now, and reason to. */
  hasMore = true
  /** Whether the iterator has come to its end. */
  isRead = false
  /** Whether the list is being read: what it does meanwhile may resume a slot, which must not read it too. */
  isReading = false
  /** What has been read before somebody may take it. */
  #ahead: Read | undefined
  constructor(list: BranchList, iterator: Iterator<Branch> | undefined) {
    this.items = list._tag === "Known" ? list.items : none
    this.backlog = list._tag === "Growing" ? new Backlog() : undefined
    this.iterator = iterator
  }

  /** How many branches there are, as far as it is known without reading on. */
  get known(): number {
    const { backlog, items, iterator, started } = this
    return iterator !== undefined ? started : backlog === undefined ? items.length : backlog.added
  }

  /** The index of the branch that is taken next. */
  get next(): number {
    const { again, started } = this
    return again === undefined ? started : again[again.length - 1]!
  }

  /** How many branches are left to take, at most. */
  get left(): number {
    const { again, hasMore, iterator, known, started } = this
    if (!hasMore) return 0
    return iterator === undefined
      ? known - started + (again === undefined ? 0 : again.length)
      : Number.POSITIVE_INFINITY
  }

  /** Whether there may be more branches than so many. */
  goesBeyond(total: number): boolean {
    return this.iterator === undefined ? total < this.items.length : !this.isRead
  }

  /** Takes the next branch of a list that need not be read. There is one. */
  take(): Branch {
    const { again, backlog, items } = this
    if (again !== undefined) return this.#takeAgain(again)
    const index = this.started++
    if (backlog === undefined) {
      this.hasMore = index + 1 < items.length
      return items[index]!
    }
    const branch = backlog.shift()
    this.hasMore = backlog.waiting > 0
    return branch
  }

  #takeAgain(again: Array<number>): Branch {
    const branch = this.items[again.pop()!]!
    if (again.length === 0) this.again = undefined
    this.hasMore = this.left > 0
    return branch
  }

  /** Lets so many branches have started in an earlier life. */
  resume(started: number): void {
    this.started = started
  }

  /** Those that are known are passed over; of the ones that had started what is missing is taken first. */
  pass(known: ReadonlyMap<number, unknown>, missing: ReadonlyArray<number>): void {
    const { iterator } = this
    if (missing.length > 0) this.again = missing.toReversed()
    if (iterator !== undefined) this.iterator = without(iterator, known)
    this.hasMore = this.left > 0
  }

  /** The next of a list that is read; it is taken with `advance`. */
  read(): Read {
    const next = this.peek()
    this.#ahead = undefined
    return next
  }

  /** What `read` will answer. */
  peek(): Read {
    if (this.#ahead !== undefined) return this.#ahead
    const next = this.#next()
    // a generator that threw has ended, so there is nothing to close; any value that is true ends a list
    this.isRead = Result.isFailure(next) || Boolean(next.success.done)
    if (this.isRead) this.hasMore = false
    return this.#ahead = next
  }

  #next(): Read {
    const iterator = this.iterator!
    this.isReading = true
    const next: Result.Result<unknown, unknown> = Result.try({ try: () => iterator.next(), catch: identity })
    this.isReading = false
    return Result.isFailure(next) || (typeof next.success === "object" && next.success !== null)
      // the rest of what a result is, is looked at as it is used
      ? next as Read
      : Result.fail(new TypeError(branches.noResult(next.success)))
  }

  /** The branch that was read last is started. */
  advance(): void {
    const { again } = this
    if (again === undefined) this.started++
    else if (again.pop() !== undefined && again.length === 0) this.again = undefined
  }

  /** Adds branches behind those that wait. */
  append(backlog: Backlog, added: ReadonlyArray<Branch>): void {
    for (const branch of added) backlog.push(branch)
    if (added.length > 0) this.hasMore = true
  }

  /** A branch that waits is to fail when its turn comes; answers whether there is one. */
  cancel(index: number): boolean {
    const { again, backlog, items, started } = this
    if (index >= this.known || (index < started && again?.includes(index) !== true)) return false
    // what is taken again of a list that is read is known when its turn comes
    if (this.iterator !== undefined) return false
    if (backlog !== undefined) backlog.replace(index - started, cancelled)
    // the list may be that of many splits
    else this.items = items.with(index, cancelled)
    return true
  }

  /** No further branch is taken; answers those that were to be taken again. */
  end(): ReadonlyArray<number> | undefined {
    const { again } = this
    this.hasMore = false
    this.again = undefined
    return again
  }

  /** As `for (… of …)` does when it is left early, so that a generator's `finally` runs; a failure if that throws. */
  close(): Result.Result<unknown, unknown> {
    const { isRead, iterator } = this
    if (iterator === undefined || isRead) return Result.void
    this.isRead = true
    return Result.try({ try: () => iterator.return?.(), catch: identity })
  }
}

/** What is read of a list less what is known of it, which is read past. */
const without = (list: Iterator<Branch>, known: ReadonlyMap<number, unknown>): Iterator<Branch> => {
  let index = 0
  return {
    next: () => {
      while (known.has(index++)) {
        const next: unknown = list.next()
        // the rest of what a result is, is looked at as it is used
        if (!Predicate.isObject(next) || Boolean(next.done)) return next as IteratorResult<Branch>
      }
      return list.next()
    },
    return: () => list.return?.() as IteratorResult<Branch>
  }
}
