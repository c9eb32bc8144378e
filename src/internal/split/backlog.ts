/**
 * What waits of a list that grows: the branches that were added and have not been started. A branch is forgotten when it
 * starts, so that this is as long as what waits, however much has been added. It lives as long as its split.
 */
import type { Branch } from "./branches.ts"

/** Branches that have been started before the list is moved to its front. */
const mostForgotten = 1024

export class Backlog {
  /** How many branches were added. */
  added = 0
  #items: Array<Branch | undefined> = []
  #first = 0

  get waiting(): number {
    return this.#items.length - this.#first
  }

  push(branch: Branch): void {
    this.#items.push(branch)
    this.added++
  }

  /** Puts another branch into the place of one that waits. */
  replace(place: number, branch: Branch): void {
    this.#items[this.#first + place] = branch
  }

  shift(): Branch {
    const place = this.#first++
    const branch = this.#items[place]!
    this.#items[place] = undefined
    if (this.#first >= mostForgotten && this.#first * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#first)
      this.#first = 0
    }
    return branch
  }
}
