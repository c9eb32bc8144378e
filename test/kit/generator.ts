/**
 * Generators of splits, in the words of the model. What a model cannot say (which of two things wins that happen at the same
 * instant) is generated away here. A generator holds nothing; it lives as long as its module.
 */
import { Arbitrary, Schema } from "effect"
import type * as model from "./model.ts"
import { yieldsAtRandom } from "./yields.ts"

/** Whole numbers; smaller ones are tried first when a case shrinks. */
export const int = (minimum: number, maximum: number): Arbitrary.Arbitrary<number> =>
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum, maximum })))

/** One of some values, each as likely. */
export const oneOf = <const A extends ReadonlyArray<string | number | boolean>>(values: A) =>
  Arbitrary.map(int(0, values.length - 1), (i): A[number] => values[i]!)

/** A value or none, each as likely. */
export const optional = <A>(arbitrary: Arbitrary.Arbitrary<A>): Arbitrary.Arbitrary<A | undefined> =>
  Arbitrary.map(
    Arbitrary.all({ there: oneOf([false, true]), value: arbitrary }),
    ({ there, value }) => there ? value : undefined
  )

/** Branches end at multiples of 10 ms, deadlines lie between them. */
const delay = Arbitrary.map(int(0, 8), (n) => n * 10)

/** A deadline at which no branch ends, in milliseconds. */
export const deadline: Arbitrary.Arbitrary<number> = Arbitrary.map(int(0, 20), (n) => n * 10 + 5)

/** An instant of the test: between the ends of branches, or at one. */
export const instant: Arbitrary.Arbitrary<number> = Arbitrary.map(int(0, 40), (n) => n * 5)

const behaviour = {
  cleanup: Arbitrary.map(int(0, 3), (n) => n * 100),
  cleanupDies: oneOf([false, false, true]),
  stubborn: oneOf([false, false, false, true])
}

/** A branch that ends by itself, in one way or another. */
export const branch: Arbitrary.Arbitrary<model.Branch> = Arbitrary.all({
  delay,
  end: oneOf(["Succeed", "Succeed", "Succeed", "Fail", "Die", "InterruptSelf"]),
  ...behaviour
})

/** A branch that may also hang until it is interrupted. */
export const anyBranch: Arbitrary.Arbitrary<model.Branch> = Arbitrary.map(
  Arbitrary.all({ branch, hangs: int(0, 11) }),
  ({ branch, hangs }) => hangs === 11 ? { ...branch, delay: Number.POSITIVE_INFINITY, stubborn: false } : branch
)

/** A branch that succeeds. */
export const succeeding: Arbitrary.Arbitrary<model.Branch> = Arbitrary.map(
  branch,
  (branch): model.Branch => ({ ...branch, end: "Succeed" })
)

/** A list of 8 elements at the most. */
export const some = <A>(item: Arbitrary.Arbitrary<A>, minLength = 1) =>
  Arbitrary.array(item, { minLength, maxLength: 8 })

/**
 * Branches of which no two end at the same instant, whichever of them run one after another: which one would be first is not
 * guaranteed. Those that complete synchronously do so in branch order, unless fibers yield at random.
 */
export const apart = (branches: ReadonlyArray<model.Branch>): ReadonlyArray<model.Branch> =>
  branches.map((branch, i) =>
    // sums of different powers of 2 are different, and those of 8 branches are less than 4 ms
    branch.delay === 0 && !yieldsAtRandom ? branch : { ...branch, delay: branch.delay + 2 ** i / 64 }
  )

/** The branches of a split. Where fibers yield at random, none of them completes synchronously, and all are `apart`. */
export const listOf = (item: Arbitrary.Arbitrary<model.Branch>, minLength = 1) =>
  yieldsAtRandom ? Arbitrary.map(some(item, minLength), apart) : some(item, minLength)

/** Each of the seven strategies; its count may be more than there are branches. */
export const strategy: Arbitrary.Arbitrary<model.Strategy> = Arbitrary.map(
  Arbitrary.all({
    _tag: oneOf(["All", "AllFailFast", "Any", "Quorum", "Percentage", "PartialResults", "PartialTimeout"]),
    n: int(1, 6),
    hundredths: int(1, 100)
  }),
  ({ _tag, hundredths, n }): model.Strategy =>
    _tag === "Quorum" || _tag === "PartialResults"
      ? { _tag, n }
      : _tag === "Percentage"
      ? { _tag, hundredths }
      : { _tag }
)

/** How many branches may run at once, or no bulkhead. */
export const bulkhead = optional(int(1, 5))

/** Each shape in which a split takes its branches. */
export const shape: Arbitrary.Arbitrary<model.Shape> = oneOf([
  "array",
  "record",
  "function",
  "effect",
  "iterable",
  "generator"
])

/** Any split at all, broken ones included. */
export const anySplit: Arbitrary.Arbitrary<model.Split> = Arbitrary.map(
  Arbitrary.all({ branches: listOf(anyBranch, 0), strategy, bulkhead, timeout: optional(deadline), shape }),
  (split): model.Split => yieldsAtRandom && endsTooEarly(split) ? { ...split, shape: "function" } : split
)

/**
 * Whether the end of a lazy list decides at the instant in which its branches are started. Where fibers yield at random
 * it is open which of them have begun by then.
 */
const endsTooEarly = ({ branches, shape, strategy }: model.Split): boolean =>
  (shape === "iterable" || shape === "generator") && "n" in strategy && strategy.n > branches.length

/** A split that is sound, has branches and comes to an end. */
export const soundSplit: Arbitrary.Arbitrary<model.Split> = Arbitrary.map(
  Arbitrary.all({ branches: listOf(branch), strategy, bulkhead, timeout: optional(deadline), shape, spare: deadline }),
  ({ spare, strategy, timeout, ...rest }): model.Split => ({
    ...rest,
    strategy: "n" in strategy ? { ...strategy, n: Math.min(strategy.n, rest.branches.length) } : strategy,
    timeout: strategy._tag === "PartialTimeout" ? timeout ?? spare : timeout
  })
)

/** A split without a deadline. */
export const untimed = (split: model.Split): model.Split => ({
  ...split,
  strategy: split.strategy._tag === "PartialTimeout"
    ? { _tag: "PartialResults", n: split.branches.length }
    : split.strategy,
  timeout: undefined
})
