/**
 * A line of those who wait, served in the order in which they came. Whoever leaves it early does so in a constant time: a
 * `Set` from whose front much is deleted looks through the holes again for each who is served.
 */

/** A place in a line; it is in it until it is removed. */
export interface Entry<out A> {
  readonly value: A
}

class Node<A> implements Entry<A> {
  readonly value: A
  before: Node<A> | undefined = undefined
  after: Node<A> | undefined = undefined
  isIn = true
  constructor(value: A) {
    this.value = value
  }
}

export class Line<A> {
  size = 0
  #first: Node<A> | undefined
  #last: Node<A> | undefined

  push(value: A): Entry<A> {
    const node = new Node(value)
    const last = this.#last
    node.before = last
    if (last === undefined) this.#first = node
    else last.after = node
    this.#last = node
    this.size++
    return node
  }

  /** Whether the entry was still in the line. */
  remove(entry: Entry<A>): boolean {
    // a line is given back what it has made
    const node = entry as Node<A>
    if (!node.isIn) return false
    node.isIn = false
    const { after, before } = node
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    node.before = node.after = undefined
    this.size--
    return true
  }

  /** The first that fits. */
  find(fits: (value: A) => boolean): Entry<A> | undefined {
    let at = this.#first
    while (at !== undefined && !fits(at.value)) at = at.after
    return at
  }

  /** Puts somebody where he belongs: in front of the first that comes after him. */
  insert(value: A, comesAfter: (value: A) => boolean): Entry<A> {
    const last = this.#last
    // whoever is new comes last, which needs no look at the others
    if (last === undefined || !comesAfter(last.value)) return this.push(value)
    let next = this.#first!
    while (!comesAfter(next.value)) next = next.after!
    const node = new Node(value)
    const { before } = next
    node.before = before
    node.after = next
    next.before = node
    if (before === undefined) this.#first = node
    else before.after = node
    this.size++
    return node
  }

  *[Symbol.iterator](): Iterator<A> {
    for (let at = this.#first; at !== undefined; at = at.after) yield at.value
  }

  shift(): A | undefined {
    const first = this.#first
    if (first === undefined) return undefined
    this.remove(first)
    return first.value
  }
}
