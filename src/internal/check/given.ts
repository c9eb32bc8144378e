/**
 * What the type of a call knows of its options as they were written: which are there, which may be there, and which are
 * left out. Types only, evaluated once for each call.
 *
 * A type parameter that is inferred from one option cannot tell: `{ discard?: true }` gives it `true`. And one that stands
 * in a result is inferred from the type that is expected there, when the arguments do not say: inside `Effect.all` it
 * becomes `any`. So results are made of the options as a whole.
 */

/**
 * Infers `O`, the options as they are written, and demands nothing of them: TypeScript infers into both sides of a
 * condition, and then finds it false. The parameter is checked, and spoken of in messages, as if this were not there.
 */
export type Seen<O> = [O] extends [never] ? O : unknown

/**
 * Infers `O`, the type of an argument, and demands `T` of it. Beside a `T` that is a union, `Seen` would be given only the
 * member that comes first of an argument that is a union too.
 */
export type Given<O, T> = [O] extends [infer _Any] ? T : O

/**
 * Infers `X`, the type of an argument of which something else is demanded beside. What that demands may be inferred from parts of
 * the argument that are functions, which `Given` stands in the way of.
 */
export type Infers<X> = [X] extends [infer _Any] ? unknown : X

/**
 * What `Seen` does, as much as can be known before the functions among the options are looked at: those are `unknown`. The types of
 * their own parameters are made of it.
 */
export type Foreseen<M> = [M] extends [infer _All] ? unknown : { readonly [K in keyof M]: M[K] }

/** A type parameter in a result that is not to be inferred from what is expected there. */
export type Inferred<T> = [T] extends [infer X] ? X : never

/** The same of a name. */
export type InferredName<T> = [T] extends [infer X extends string] ? X : never

/** What an option is; `Default` where it is left out, and both where it may be. */
export type Option<O, K extends PropertyKey, Default> = O extends unknown
  ? K extends keyof O ? Exclude<O[K], undefined> | (undefined extends O[K] ? Default : never) : Default
  : never

/** Whether an option is there; both where it may be. */
export type Has<O, K extends PropertyKey> = O extends unknown ? K extends keyof O ? {} extends Pick<O, K> ? boolean
    : unknown extends O[K] ? true
    : undefined extends O[K] ? boolean
    : true
  : false
  : never
