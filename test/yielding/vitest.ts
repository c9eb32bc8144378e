/**
 * What a test of the project "yields" gets when it imports `@effect/vitest`: the same, but everything in `it.effect` yields
 * at random points. A law gets other points in each case; they are generated as the case is, so that they shrink with it.
 */
import { it as plain } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import { seedOf, withYields, yieldSeed } from "../kit/yields.ts"

export * from "@effect/vitest"

/** How many sets of yield points a test gets that generates nothing. */
const rounds = Number(process.env["YIELD_ROUNDS"] ?? 2)

type Body = (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown>

type Register = (name: string, self: Body, options?: unknown) => void

const repeated = (register: Register): Register => (name, self, options) => {
  for (let round = 1; round <= rounds; round++) {
    const yields = withYields(seedOf(`${yieldSeed} ${name} ${round}`))
    register(`${name} (yields ${round})`, (...args) => yields(Effect.suspend(() => self(...args))), options)
  }
}

type Prop = (name: string, arbitraries: object, self: Body, options?: unknown) => void

const points = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 })))

const law = (register: Prop): Prop => (name, arbitraries, self, options) =>
  // the arguments are those of the law, and one more which it does not look at
  register(name, { ...arbitraries, yields: points }, (generated, context) => {
    const { yields, ...given } = generated as { readonly yields: number }
    return withYields(seedOf(`${yieldSeed} ${yields}`))(Effect.suspend(() => self(given, context)))
  }, options)

// the types of the testers say what a test may require, which makes no difference to when it yields
const tester = plain.effect as unknown as Register & {
  readonly prop: Prop
  readonly skip: Register
  readonly only: Register
  readonly fails: Register
  readonly each: (cases: ReadonlyArray<unknown>) => Register
  readonly skipIf: (condition: unknown) => Register
  readonly runIf: (condition: unknown) => Register
}

const effect = Object.assign(repeated(tester), {
  prop: law(tester.prop),
  skip: tester.skip,
  only: repeated(tester.only),
  fails: repeated(tester.fails),
  each: (cases: ReadonlyArray<unknown>) => repeated(tester.each(cases)),
  skipIf: (condition: unknown) => repeated(tester.skipIf(condition)),
  runIf: (condition: unknown) => repeated(tester.runIf(condition))
})

export const it: typeof plain = new Proxy(plain, {
  get: (target, key, receiver) => key === "effect" ? effect : Reflect.get(target, key, receiver)
})
