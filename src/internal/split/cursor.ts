/**
 * What is left of the list of one split: a list that is known whole, one that grows, or one that is read as branches
 * may start. It is made when the split is entered, closed when its last fiber has ended, and only its own methods change it.
 */
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
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
  readonly iterator: Iterator<Branch> | undefined
  /** How many branches have been taken. */
  started = 0
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

  /** Whether there may be more branches than so many. */
  goesBeyond(total: number): boolean {
    return this.iterator === undefined ? total < this.items.length : !this.isRead
  }

  /** Takes the next branch of a list that need not be read. There is one. */
  take(): Branch {
    const { backlog, items } = this
    const index = this.started++
    if (backlog === undefined) {
      this.hasMore = index + 1 < items.length
      return items[index]!
    }
    const branch = backlog.shift()
    this.hasMore = backlog.waiting > 0
    return branch
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
    this.started++
  }

  /** Adds branches behind those that wait. */
  append(backlog: Backlog, added: ReadonlyArray<Branch>): void {
    for (const branch of added) backlog.push(branch)
    if (added.length > 0) this.hasMore = true
  }

  /** A branch that waits is to fail when its turn comes; answers whether there is one. */
  cancel(index: number): boolean {
    const { backlog, items, started } = this
    if (index < started || index >= this.known) return false
    if (backlog !== undefined) backlog.replace(index - started, cancelled)
    // the list may be that of many splits
    else this.items = items.with(index, cancelled)
    return true
  }

  /** No further branch is taken. */
  end(): void {
    this.hasMore = false
  }

  /** As `for (… of …)` does when it is left early, so that a generator's `finally` runs; a failure if that throws. */
  close(): Result.Result<unknown, unknown> {
    const { isRead, iterator } = this
    if (iterator === undefined || isRead) return Result.void
    this.isRead = true
    return Result.try({ try: () => iterator.return?.(), catch: identity })
  }
}
