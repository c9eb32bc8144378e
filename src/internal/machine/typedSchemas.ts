/**
 * What the types know of the Schemas of what work gives: whether they cover it, or the sentences that say what they do not
 * cover. Types only. They are looked at where the option is given, and cost nothing where it is left out.
 */
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type {
  BulkheadFullError,
  BulkheadReentryError,
  CompensationError,
  ConfigurationError,
  JoinTimeoutError,
  JoinUnsatisfiedError,
  WorkflowError,
  WorkflowTimeoutError
} from "../../CanoError.ts"
import type { StoreError } from "../../MemoryStore.ts"
import type { SignalError, SignalTimeoutError } from "../../Signal.ts"
import type { Branches } from "../../Split.ts"
import type * as TaskResult from "../../TaskResult.ts"
import type { Work } from "../task/kind.ts"
import type { PollTimeoutError } from "../task/poll.ts"
import type { WorkError } from "./typedWork.ts"

/** A Schema that writes and reads without services. */
export type AnySchema = Schema.Codec<any, any>

/**
 * The Schemas of what a branch or a step gives: a durable run writes that down, and reads it after a crash.
 *
 * @category models
 * @since 0.1.0
 */
export interface Schemas {
  /** Of what it succeeds with. */
  readonly success: AnySchema
  /** Of what it fails with; it may be left out where it can't fail. */
  readonly error?: AnySchema | undefined
}

/** What work fails with itself: what the engine fails with, it can write down. */
export type Own<E> = E extends CompensationError<infer X, infer Before> ? Own<X> | Own<Before>
  : E extends PollTimeoutError<infer X> ? Own<X>
  : E extends
    | ConfigurationError
    | WorkflowError
    | WorkflowTimeoutError
    | JoinUnsatisfiedError<any, any>
    | JoinTimeoutError<any, any>
    | BulkheadFullError
    | BulkheadReentryError
    | SignalTimeoutError
    | SignalError
    | StoreError ? never
  : E

/** What the option must be, with a sentence in the place of a Schema that does not cover, or is missing. */
export type Covering<Who extends string, A, E, Sch> =
  & { readonly success: Covers<Sch, "success", A, `${Who}: the Schema success does not cover what it succeeds with`> }
  & ([Own<E>] extends [never] ? { readonly error?: AnySchema | undefined }
    : Sch extends { readonly error: unknown }
      ? { readonly error: Covers<Sch, "error", Own<E>, `${Who}: the Schema error does not cover what it fails with`> }
    : { readonly error: `${Who}: give error, a Schema of what it fails with` })

/** What is no Schema at all, the compiler says that itself of. */
export type Covers<Sch, P extends keyof Schemas, A, Sentence> = Sch extends
  { readonly [_ in P]: { readonly Type: infer T } } ? [A] extends [T] ? AnySchema : Sentence : AnySchema

// -----------------------------------------------------------------------------
// of a step
// -----------------------------------------------------------------------------

/**
 * What `schema` of the task `X` must be; `unknown` where it is left out, and of `never`, which is what TypeScript tries where a
 * task stands in the argument of another call.
 */
export type Uncovered<K, X> = [X] extends [never] ? unknown
  : X extends { readonly schema: object } ? OfStep<K, X>
  : unknown

export type OfStep<K, X> = X extends { readonly run: infer Run; readonly schema: infer Sch }
  ? { readonly schema: Covering<`state "${K & string}"`, WorkSuccess<Run>, WorkError<Run>, Sch> }
  : unknown

type WorkSuccess<X> = X extends Effect.Effect<infer A, any, any> ? A
  : X extends (...args: any) => Effect.Effect<infer A, any, any> ? A
  : X extends Work<never, infer Run> ? Effect.Success<Run>
  : never

// -----------------------------------------------------------------------------
// of a split
// -----------------------------------------------------------------------------

/**
 * The Schemas of what the branches of a split give.
 *
 * @category models
 * @since 0.1.0
 */
export interface SplitSchema<K, L, Sch> {
  /**
   * What the branches succeed and fail with, as Schemas: one pair for all of them, or a record or tuple of pairs in the shape
   * of the branches. A durable run writes down how each branch has ended, and reads it after a crash; in memory nothing asks
   * for them. Follow-on states need none: they end in states.
   */
  readonly schema?: (SeenConst<Sch> & SplitSchemas<K, L, Sch>) | undefined
}

/** `Seen` of a type parameter that is `const`: with `unknown` in the place of `{}` a tuple would be seen as an array. */
export type SeenConst<O> = [O] extends [never] ? O : {}

/**
 * What `schema` of a split over the list `L` must be: one pair for all branches, which has a Schema as its `success`, or one
 * for each, in the shape of the branches. Any list at all must pass: it is what TypeScript tries first.
 */
export type SplitSchemas<K, L, Sch> = [Branches.ListOf<Branches.List>] extends [L] ? unknown
  : L extends TaskResult.Split<any>
    ? `state "${K & string}": follow-on states are written with the Schema of the states: leave schema out`
  : Sch extends { readonly success: { readonly Type: any } }
    ? Covering<`state "${K & string}"`, Branches.SuccessOf<L>, Branches.ErrorOf<L>, Sch>
  : ByName<K, L, Sch>

export type ByName<K, L, Sch> = L extends ReadonlyArray<any> ? number extends L["length"] ? Nameless<K>
  : Sch extends { readonly length: L["length"] } ? { readonly [I in keyof L]: OfBranch<K, I, L[I], Sch> }
  : Neither<K>
  : L extends Iterable<any> ? Nameless<K>
  : Sch extends Schema.Top ? Neither<K>
  : [Exclude<keyof Sch, keyof L>] extends [never] ? { readonly [N in keyof L]: OfBranch<K, N, L[N], Sch> }
  : `state "${K & string}": there is no branch "${Exclude<keyof Sch, keyof L> & string}" for which schema could be`

export type OfBranch<K, N, Eff, Sch> = [Eff] extends [Effect.Effect<infer A, infer E, any>]
  ? Covering<`state "${K & string}", branch "${N & string}"`, A, E, N extends keyof Sch ? Sch[N] : never>
  : never

export type Nameless<K> = `state "${
  & K
  & string}": the names of its branches are not known: schema must be one { success, error } for all of them`

export type Neither<K> = `state "${
  & K
  & string}": schema must be { success, error }, or one such pair for each of its branches`
