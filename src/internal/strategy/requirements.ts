/**
 * Requirements: strategies that say which branches must succeed, by their names. Each is an expression, a tree of which a
 * split has a copy of its own; a branch that settles changes it along its way to the root, so that a whole split costs what
 * the expression is long.
 */
import { isCount } from "../check/counts.ts"
import { fail, make, notYet } from "./folds.ts"
import { mustBe } from "./reducer.ts"
import type { Custom } from "./strategy.ts"

/**
 * A requirement over named branches, made of `anyOf`, `allOf` and `atLeast`. It is a strategy, and may be part of another
 * requirement.
 *
 * @category models
 * @since 0.1.0
 */
export interface Requirement<out N extends string = string> extends Custom<unknown, unknown, N> {
  readonly requirement: Requirement.Expression
}

/**
 * @since 0.1.0
 */
export declare namespace Requirement {
  /**
   * What a requirement says, as data: the name of a branch that must succeed, or so many of other expressions that must hold.
   *
   * @category models
   * @since 0.1.0
   */
  export type Expression = string | { readonly needed: number; readonly of: ReadonlyArray<Expression> }
}

type Expression = Requirement.Expression

/** So many of its parts must hold. */
export const atLeast = <N extends string>(
  needed: number,
  parts: ReadonlyArray<N | Requirement<N>>
): Requirement<N> => {
  const requirement = { needed, of: parts.map((part) => typeof part === "string" ? part : part.requirement) }
  return Object.freeze({ ...strategy<N>(requirement), requirement })
}

const strategy = <N extends string>(self: Expression): Custom<unknown, unknown, N> => {
  const name = format(self)
  return make<unknown, unknown, Nodes, N>({
    name,
    initial: () => plant(self),
    onOutcome: (nodes, outcome) => {
      for (const node of nodes.byName.get(outcome.name) ?? []) resolve(node, outcome._tag === "Succeeded")
      return nodes
    },
    decide: ({ root }, tally, event) =>
      root.holds === true
        ? "proceed"
        : root.holds === false || tally.succeeded + tally.failed === tally.total
        ? fail(`${name} can no longer hold`)
        : notYet(event),
    issue: () => wrong(self),
    least: fewest(self)
    // the names in the expression, as its type says
  }, namesOf(self) as Array<N>)
}

// -----------------------------------------------------------------------------
// expressions
// -----------------------------------------------------------------------------

const format = (self: Expression): string => {
  if (typeof self === "string") return self
  const parts = self.of.map(format).join(", ")
  return self.needed === self.of.length
    ? `allOf(${parts})`
    : self.needed === 1
    ? `anyOf(${parts})`
    : `atLeast(${self.needed}, ${parts})`
}

const namesOf = (self: Expression): ReadonlyArray<string> =>
  typeof self === "string" ? [self] : self.of.flatMap(namesOf)

/** How many branches an expression needs at least, as far as that can be told where one is named more than once. */
const fewest = (self: Expression): number => {
  const names = namesOf(self)
  return new Set(names).size === names.length ? fewestOf(self) : 1
}

const fewestOf = (self: Expression): number =>
  typeof self === "string"
    ? 1
    : self.of.map(fewestOf).toSorted((a, b) => a - b).slice(0, self.needed).reduce((sum, n) => sum + n, 0)

/** What is wrong with the first part that is. */
const wrong = (self: Expression): string | undefined => {
  if (typeof self === "string") return undefined
  if (!isCount(self.needed) || self.needed > self.of.length) {
    return mustBe(format(self), "the count", `an integer from 1 to ${self.of.length}, the number of its parts`)
  }
  for (const part of self.of) {
    const found = wrong(part)
    if (found !== undefined) return found
  }
  return undefined
}

// -----------------------------------------------------------------------------
// what is known of one while a split runs
// -----------------------------------------------------------------------------

interface Node {
  readonly parent: Node | undefined
  readonly needed: number
  /** Of its parts: those that hold, and those that may still. */
  holding: number
  possible: number
  holds: boolean | undefined
}

interface Nodes {
  readonly root: Node
  readonly byName: ReadonlyMap<string, ReadonlyArray<Node>>
}

const plant = (expression: Expression): Nodes => {
  const byName = new Map<string, Array<Node>>()
  const add = (self: Expression, parent: Node | undefined): Node => {
    const leaf = typeof self === "string"
    const node: Node = {
      parent,
      needed: leaf ? 1 : self.needed,
      holding: 0,
      possible: leaf ? 1 : self.of.length,
      holds: undefined
    }
    if (leaf) byName.set(self, [...(byName.get(self) ?? []), node])
    else for (const part of self.of) add(part, node)
    return node
  }
  const root = add(expression, undefined)
  return { root, byName }
}

/** A part has turned out to hold or not; at most once for each node. */
const resolve = (node: Node, holds: boolean): void => {
  if (node.holds !== undefined) return
  node.holds = holds
  const { parent } = node
  if (parent === undefined) return
  if (holds) parent.holding++
  else parent.possible--
  if (parent.holding >= parent.needed) resolve(parent, true)
  else if (parent.possible < parent.needed) resolve(parent, false)
}
