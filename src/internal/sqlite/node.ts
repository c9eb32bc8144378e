/**
 * What is used of `node:sqlite`, with types of our own, as who imports the library need not have those of Node. The module is
 * loaded when the first client is made: a runtime that has it as an experiment says so then, and to nobody else.
 */
import * as Effect from "effect/Effect"
import * as SqlError from "effect/sql/SqlError"

export interface Statement {
  readonly sourceSQL: string
  readonly all: (...params: ReadonlyArray<Bound>) => ReadonlyArray<any>
  readonly run: (...params: ReadonlyArray<Bound>) => unknown
  readonly iterate: (...params: ReadonlyArray<Bound>) => Iterator<unknown>
  readonly columns: () => ReadonlyArray<unknown>
  readonly setReadBigInts: (enabled: boolean) => void
  readonly setReturnArrays: (enabled: boolean) => void
}

/** What a parameter of a statement can be. */
export type Bound = null | number | bigint | string | ArrayBuffer | ArrayBufferView

export interface Database {
  readonly isOpen: boolean
  readonly isTransaction: boolean
  readonly prepare: (sql: string) => Statement
  readonly close: () => void
}

export interface Module {
  readonly DatabaseSync: new(filename: string, options: { readonly readOnly: boolean }) => Database
}

// in a variable, so that no bundler and no compiler looks for what need not be there
const specifier = "node:sqlite"

export const load: Effect.Effect<Module, SqlError.SqlError> = Effect.tryPromise({
  try: (): PromiseLike<Module> => import(specifier),
  catch: (cause) =>
    new SqlError.SqlError({
      reason: new SqlError.UnknownError({
        cause,
        operation: "load",
        message: "this runtime has no node:sqlite: Node has it from 22.13 on, unless it was started with " +
          "--no-experimental-sqlite"
      })
    })
})
