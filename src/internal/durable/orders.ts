/**
 * What an operator orders of a run that nobody drives, since it has ended or is stuck: the rows that it takes to go on, or why
 * that can't be. It is read for one run at a time, and keeps nothing.
 */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { Append, Letter, NewRow, Row } from "../../journal.ts"
import { clip, show } from "../check/describe.ts"
import { isOrder, isOver } from "../journal/steering.ts"
import { tagOf } from "../machine/machine.ts"
import { segment } from "../run/keys.ts"
import type { Driven } from "./driver.ts"
import { tooMany } from "./error.ts"
import * as place from "./place.ts"
import { done, refusal } from "./replies.ts"
import * as size from "./size.ts"
import type { Kept, Standing } from "./standing.ts"
import { branchOf, splitOf, stateOf, succeeded, undoneBefore, valueOf } from "./standing.ts"
import * as text from "./text.ts"

/** What is written of an order that is followed, behind that the run is of another version from now on. */
const written = (
  { head: { createdAt, n, runId }, migrated }: Standing,
  { head, rows }: Pick<Append, "rows" | "head">,
  takes: Append["takes"]
): Append =>
  migrated === undefined
    ? { runId, createdAt, n: n + 1, rows, head, takes }
    : { runId, createdAt, n, rows: [migrated.row, ...rows], head: { migrated: migrated.head, ...head }, takes }

/** What is written where none is. */
const refused = (
  { head: { createdAt, n, runId }, migrated }: Standing,
  head: Append["head"],
  takes: Append["takes"]
): Append => ({ runId, createdAt, n: migrated === undefined ? n + 1 : n, rows: [], head, takes })

/** What becomes of a run, or a sentence for who has ordered something else. */
type Followed = Result.Result<Pick<Append, "rows" | "head">, string>

/** The letters that order something of a run that nobody drives, the first one first. A cancellation ends one that has failed. */
const among = (letters: ReadonlyArray<Letter>, stuck: Stuck | undefined): ReadonlyArray<Letter> =>
  letters.filter(({ kind, seq }) => isOrder(kind) || (stuck?.of === "failure" && kind === "cancel" && seq > stuck.seen))

/** The last letter that a stuck run had seen, and what it is stuck in. */
const stuckIn = (rows: ReadonlyArray<Row>): Stuck | undefined => {
  const row = rows.findLast(({ kind }) => kind === "stuck")
  const parsed = row && text.parse(row.data)
  if (parsed === undefined || Result.isFailure(parsed) || !Predicate.isObject(parsed.success)) return undefined
  const { of, seen, x } = parsed.success as { readonly of: unknown; readonly seen: unknown; readonly x: unknown }
  return { of: of === "failure" ? "failure" : "rollback", seen: Number(seen), x }
}

interface Stuck {
  readonly of: "rollback" | "failure"
  readonly seen: number
  /** How the run would have ended. */
  readonly x: unknown
}

/** All orders up to the first one that is followed: the others of them are refused, and answered. */
export const follow = (driven: Driven, standing: Standing): Append => {
  const { letters } = standing
  const stuck = standing.head.status === "stuck" ? stuckIn(standing.rows) : undefined
  const takes: Array<Append["takes"][number]> = []
  for (const letter of among(letters, stuck)) {
    const followed = one(driven, standing, stuck, letter)
    if (Result.isSuccess(followed)) {
      // a run that is cancelled meets that as any other does
      if (letter.kind !== "cancel") takes.push({ seq: letter.seq, answer: done })
      return written(standing, followed.success, takes)
    }
    takes.push({ seq: letter.seq, answer: refusal(followed.failure) })
  }
  return refused(standing, { isOrdered: true }, takes)
}

const one = (driven: Driven, standing: Standing, stuck: Stuck | undefined, letter: Letter): Followed => {
  const { head } = standing
  const large = tooLarge(letter, standing.most)
  if (large !== undefined) return Result.fail(large)
  if (letter.kind === "cancel") return entering(driven, standing, letter, standing.state, [])
  const given = givenBy(letter)
  if (letter.kind === "rerun") return rerun(driven, standing, letter, given)
  if (head.outcome === "succeeded") return Result.fail(`it has succeeded; rerun enters a state of it again`)
  switch (letter.kind) {
    case "retry":
      return retry(driven, standing, stuck, letter, given)
    case "skip":
      return skip(driven, standing, stuck, letter, given)
    default:
      return end(standing, stuck, letter)
  }
}

/**
 * The same of a run that was taken, before it goes on: what is ordered of a run that goes on, and has come while nobody drove it.
 * Nothing where nothing is.
 */
export const followTaken = (driven: Driven, standing: Standing): Append | undefined => {
  const { head: { status }, letters, past } = standing
  const takes: Array<Append["takes"][number]> = []
  for (const letter of letters.filter(({ kind }) => isOrder(kind))) {
    const followed = status === "compensating" || past.why !== undefined || letter.kind !== "skip"
      ? Result.fail(goesOn(past.why !== undefined))
      : skipTaken(driven, standing, letter)
    if (Result.isSuccess(followed)) {
      takes.push({ seq: letter.seq, answer: done })
      return written(standing, followed.success, takes)
    }
    takes.push({ seq: letter.seq, answer: refusal(followed.failure) })
  }
  return takes.length === 0 ? undefined : refused(standing, undefined, takes)
}

/** A sentence where an order takes more than may be written: it is written as it was given. */
export const tooLarge = ({ data }: Letter, most: number): string | undefined => {
  const large = size.over(data, most)
  return large === undefined ? undefined : `it ${tooMany(large, most)}`
}

/** What is said of a run that is asked for what only one can do that nobody drives. */
export const goesOn = (isBack: boolean): string =>
  isBack
    ? "it goes back: wait until it has, or is stuck"
    : "it goes on: cancel it, or wait until it has ended; what a step of it would give can be given by skip"

// -----------------------------------------------------------------------------
// the orders
// -----------------------------------------------------------------------------

const givenBy = ({ data }: Letter): { readonly [field: string]: unknown } => {
  const parsed = text.parse(data)
  return Result.isSuccess(parsed) && Predicate.isObject(parsed.success)
    ? parsed.success as { readonly [field: string]: unknown }
    : {}
}

/** A branch, or all of a state, of a run that goes on. */
const skipTaken = (driven: Driven, standing: Standing, letter: Letter): Followed => {
  const large = tooLarge(letter, standing.most)
  if (large !== undefined) return Result.fail(large)
  const given = givenBy(letter)
  if (given["step"] !== undefined) return Result.fail("its rollback is not stuck")
  if (given["branch"] === undefined) return rerun(driven, standing, letter, given)
  const branch = branchOf(driven, standing, given["branch"])
  if (Result.isFailure(branch)) return Result.fail(branch.failure)
  const { hasEnded, index, name } = branch.success
  if (hasEnded || standing.past.joins.has(splitOf(standing))) return Result.fail(`branch "${clip(name)}" has ended`)
  const value = valueOf(driven, tagOf(standing.state)!, name, given["value"])
  if (Result.isFailure(value)) return Result.fail(value.failure)
  const { codecs: { definition: { isSaga } } } = driven
  return Result.succeed({
    rows: [
      orderOf(letter, {}),
      settleOf(splitOf(standing), { segment: segment(name), index, exit: value.success, kept: isSaga })
    ],
    head: undefined
  })
}

/** The state that an order names, of a run that goes on; or why it can't be entered. */
export const nextOf = (driven: Driven, letter: Letter): Result.Result<unknown, string> =>
  stateOf(driven, givenBy(letter)["state"])

/** The branch that an order names, and what it is to give; nothing where it is about something else. */
export const branchIn = (letter: Letter): { readonly name: unknown; readonly value: unknown } | undefined => {
  const { branch, value } = givenBy(letter)
  return branch === undefined ? undefined : { name: branch, value }
}

export const isAboutStep = (letter: Letter): boolean => givenBy(letter)["step"] !== undefined

const retry = (
  driven: Driven,
  standing: Standing,
  stuck: Stuck | undefined,
  letter: Letter,
  { branches = "failed" }: { readonly [field: string]: unknown }
): Followed => {
  if (branches !== "failed" && branches !== "all") {
    return Result.fail(`branches is ${show(branches)}; it must be "failed" or "all", or be left out`)
  }
  if (stuck?.of === "rollback") return goingBack(letter, [], { forgets: true })
  const undone = undoneBefore(standing)
  if (undone !== undefined) return Result.fail(undone)
  return entering(driven, standing, letter, standing.state, branches === "all" ? [] : succeeded(standing))
}

const rerun = (
  driven: Driven,
  standing: Standing,
  letter: Letter,
  given: { readonly [field: string]: unknown }
): Followed => {
  const state = stateOf(driven, given["state"])
  return Result.isFailure(state)
    ? Result.fail(state.failure)
    : entering(driven, standing, letter, state.success, [])
}

const skip = (
  driven: Driven,
  standing: Standing,
  stuck: Stuck | undefined,
  letter: Letter,
  given: { readonly [field: string]: unknown }
): Followed => {
  if (given["step"] !== undefined) return skipStep(standing, stuck, letter, given["step"])
  if (stuck?.of === "rollback") {
    return Result.fail("it is stuck in its rollback: name the step whose compensation was done by hand")
  }
  const undone = undoneBefore(standing)
  if (undone !== undefined) return Result.fail(undone)
  if (given["branch"] === undefined) return rerun(driven, standing, letter, given)
  const branch = branchOf(driven, standing, given["branch"])
  if (Result.isFailure(branch)) return Result.fail(branch.failure)
  const { index, name } = branch.success
  const value = valueOf(driven, tagOf(standing.state)!, name, given["value"])
  if (Result.isFailure(value)) return Result.fail(value.failure)
  return entering(driven, standing, letter, standing.state, [
    ...succeeded(standing).filter((kept) => kept.segment !== segment(name)),
    { segment: segment(name), index, exit: value.success, kept: driven.codecs.definition.isSaga }
  ])
}

const skipStep = (standing: Standing, stuck: Stuck | undefined, letter: Letter, step: unknown): Followed => {
  const { head: { runId }, past } = standing
  const key = Predicate.isString(step) && step.startsWith(`${runId}/`) ? step.slice(runId.length) : step
  const open = [...past.undone].filter(([, { how }]) => how !== undefined).map(([key]) => key)
  if (stuck?.of !== "rollback") return Result.fail("its rollback is not stuck")
  if (!Predicate.isString(key) || !open.includes(key)) {
    return Result.fail(
      `there is no step ${show(step)} that could not be undone; there are ${open.map((key) => `"${key}"`).join(", ")}`
    )
  }
  return goingBack(letter, [{ kind: "compensate", key, data: "{}", kept: true }])
}

/** A run that is stuck ends as it is: one that has failed goes back before. */
const end = ({ past }: Standing, stuck: Stuck | undefined, letter: Letter): Followed => {
  if (stuck === undefined) return Result.fail("it has ended")
  const cause = Predicate.hasProperty(stuck.x, "c") ? stuck.x.c : []
  const data = Result.getOrThrow(text.stringify({ x: cause }))
  return goingBack(letter, past.why === undefined ? [{ kind: "compensate", key: "", data, kept: true }] : [], {
    ends: stuck.of === "rollback"
  })
}

// -----------------------------------------------------------------------------
// what is written
// -----------------------------------------------------------------------------

const orderOf = ({ data, id, kind }: Letter, more: object): NewRow => ({
  kind: "order",
  key: "",
  data: Result.getOrThrow(
    text.stringify({ order: kind, id, given: Result.getOrElse(text.parse(data), () => undefined), ...more })
  ),
  kept: true
})

/** The run goes back, again. */
const goingBack = (letter: Letter, rows: ReadonlyArray<NewRow>, more: object = {}): Followed =>
  Result.succeed({ rows: [orderOf(letter, more), ...rows], head: { isOrdered: true, status: "compensating" } })

/** A visit of its own, in which some branches have settled already. */
const entering = (
  { codecs, version }: Driven,
  { head }: Standing,
  letter: Letter,
  state: unknown,
  settled: ReadonlyArray<Kept>
): Followed => {
  const tag = tagOf(state)!
  const data = Result.flatMap(codecs.state.encode(state), text.stringify)
  if (Result.isFailure(data)) return Result.fail(`state "${tag}" does not fit its Schema: ${data.failure}`)
  const visit = head.visit + 1
  const own = place.visit("", visit, tag)
  return Result.succeed({
    rows: [
      // what a run has done that has ended well is no longer its own to undo
      orderOf(
        letter,
        isOver(head.status)
          // who cancels it has nothing tried again
          ? {
            reopens: true,
            forgets: letter.kind !== "cancel",
            ...(head.outcome === "succeeded" ? { closes: true } : {})
          }
          : {}
      ),
      { kind: "enter", key: own, data: data.success, kept: false },
      ...settled.map((one) => settleOf(own, one))
    ],
    head: {
      entered: { visit, state: tag, version },
      ...(isOver(head.status) ? { isOrdered: true, status: "running" } : {})
    }
  })
}

const settleOf = (split: string, { exit, index, kept, segment }: Kept): NewRow => ({
  kind: "settle",
  key: `${split}/${segment}`,
  data: Result.getOrThrow(text.stringify({ i: index, x: exit })),
  kept
})
