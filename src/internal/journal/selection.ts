/** Which runs are meant by a selection: of heads in memory, and as a condition of a database. Pure. */
import type * as SqlClient from "effect/sql/SqlClient"
import type * as Statement from "effect/sql/Statement"
import type * as Journal from "../../journal.ts"

/** One value, or several. */
const listed = <A extends string>(given: A | ReadonlyArray<A>): ReadonlyArray<A> =>
  typeof given === "string" ? [given] : given

const has = <A extends string>(given: A | ReadonlyArray<A> | undefined, own: A | undefined): boolean =>
  given === undefined || (own !== undefined && listed(given).includes(own))

export const holds = (selection: Journal.Selection, head: Journal.Head): boolean => {
  const {
    createdAfter,
    createdBefore,
    hasEnded,
    outcome,
    parent,
    state,
    status,
    updatedAfter,
    updatedBefore,
    workflow
  } = selection
  return has(workflow, head.workflow) && has(status, head.status) && has(outcome, head.outcome) &&
    has(state, head.state) && (hasEnded === undefined || (head.status === "ended") === hasEnded) &&
    (parent === undefined || head.parent === parent) &&
    (createdBefore === undefined || head.createdAt < createdBefore) &&
    (createdAfter === undefined || head.createdAt >= createdAfter) &&
    (updatedBefore === undefined || head.updatedAt < updatedBefore) &&
    (updatedAfter === undefined || head.updatedAt >= updatedAfter)
}

export const conditions = (
  sql: SqlClient.SqlClient,
  selection: Journal.Selection
): ReadonlyArray<Statement.Fragment> => {
  const {
    createdAfter,
    createdBefore,
    hasEnded,
    outcome,
    parent,
    state,
    status,
    updatedAfter,
    updatedBefore,
    workflow
  } = selection
  const among = (column: string, given: string | ReadonlyArray<string>) => {
    const values = listed(given)
    return values.length === 0 ? sql`1 = 0` : sql.in(column, values)
  }
  return [
    ...(workflow === undefined ? [] : [among("workflow", workflow)]),
    ...(outcome === undefined ? [] : [among("outcome", outcome)]),
    ...(parent === undefined ? [] : [sql`parent = ${parent}`]),
    ...(state === undefined ? [] : [among("state", state)]),
    ...(status === undefined ? [] : [ofStatus(sql, listed(status))]),
    ...(hasEnded === undefined ? [] : [hasEnded ? sql`status = 'ended'` : sql`status <> 'ended'`]),
    ...(createdBefore === undefined ? [] : [sql`created_at < ${createdBefore}`]),
    ...(createdAfter === undefined ? [] : [sql`created_at >= ${createdAfter}`]),
    ...(updatedBefore === undefined ? [] : [sql`updated_at < ${updatedBefore}`]),
    ...(updatedAfter === undefined ? [] : [sql`updated_at >= ${updatedAfter}`])
  ]
}

/** A run that waits keeps in its column what it does when it goes on. */
const ofStatus = (sql: SqlClient.SqlClient, wanted: ReadonlyArray<Journal.Status>): Statement.Fragment => {
  const doing = wanted.filter((status) => status !== "waiting")
  const parts = [
    ...(doing.length < wanted.length ? [sql`parked = 1`] : []),
    ...(doing.length > 0 ? [sql.and([sql.in("status", doing), sql`parked = 0`])] : [])
  ]
  return parts.length === 0 ? sql`1 = 0` : sql.or(parts)
}
