/**
 * What the Schema of a workflow says of a state: a check that is made once, with the definition, and asked for each state
 * that is to be looked at.
 */
import { identity } from "effect/Function"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import { clip, describe } from "./describe.ts"

/** A Schema may be a class, and is known by its AST. */
export const isSchema = (u: unknown): u is Schema.Top => Predicate.hasProperty(u, "ast") && SchemaAST.isAST(u.ast)

/** How much of an issue is quoted. */
const mostIssue = 1000

/**
 * What is wrong with a state. States are values of the Schema's type, so they are looked at as such, not decoded: a
 * transformation or a default of the Schema is for those who read states from outside.
 */
export const check = (schema: Schema.Top): (state: unknown) => string | undefined => {
  const is = SchemaParser.is(schema)
  return (state) => {
    const fits = Result.try({ try: () => is(state), catch: identity })
    if (Result.isSuccess(fits) && fits.success) return undefined
    // asked again for the issue, which `is` does not tell
    const asserted = Result.try({ try: () => asserts(schema, state), catch: identity })
    if (Result.isSuccess(asserted)) return undefined
    const thrown = asserted.failure
    const issue = Predicate.hasProperty(thrown, "cause") ? thrown.cause : thrown
    return SchemaIssue.isIssue(issue)
      ? clip(format(issue).replace(/\s+/g, " "), mostIssue)
      // such as one that is asynchronous, or a refinement that throws
      : `it can't be checked at once: ${describe(thrown)}`
  }
}

const format = SchemaIssue.makeFormatterDefault()

const asserts: (schema: Schema.Top, state: unknown) => void = SchemaParser.asserts
