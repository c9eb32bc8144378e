/**
 * Whether a journal can be what a machine of a plan has left behind: a model of the joins of its own, which knows nothing of
 * the engine, goes through the rows. Pure; it answers with what is wrong.
 */
import type { Book, Row } from "./book.ts"
import { digest } from "./machine.ts"
import type * as plan from "./plan.ts"

type Counts = { readonly total: number; readonly won: number; readonly lost: number }

/** The verdict of a strategy, as soon as there is one. */
const verdictOf = (strategy: plan.Strategy, { lost, total, won }: Counts): "proceed" | "fail" | undefined => {
  const needs = (n: number) => won >= n ? "proceed" : total - lost < n ? "fail" : undefined
  switch (strategy._tag) {
    case "All":
      return won + lost < total ? undefined : lost === 0 ? "proceed" : "fail"
    case "AllFailFast":
      return needs(total)
    case "Any":
      return needs(1)
    case "Quorum":
    case "Weighed":
      return needs(strategy.n)
    case "Percentage":
      return needs(Math.max(1, Math.ceil(Number((total * strategy.n).toPrecision(12)))))
    case "PartialResults":
      return won + lost >= strategy.n ? "proceed" : undefined
    case "PartialTimeout":
      return won + lost === total ? "proceed" : undefined
  }
}

const parentOf = (key: string) => key.slice(0, key.lastIndexOf("/"))
const depthOf = (key: string) => key.split("/").length - 1

/** The splits that are decided by what is written: none of their branches may start any more. */
export const decided = (own: plan.Plan, { rows }: Book): ReadonlySet<string> => {
  const found = new Set<string>()
  for (const { key, kind } of rows) if (kind === "join") found.add(key)
  for (const visit of visits(own, rows)) {
    if (visit.stage?.kind !== "split") continue
    const counts = { total: visit.stage.branches.length, won: 0, lost: 0 }
    for (const row of settled(rows, visit.enter.key)) {
      if (hasWon(row)) counts.won++
      else counts.lost++
    }
    if (verdictOf(visit.stage.strategy, counts) !== undefined) found.add(visit.enter.key)
  }
  return found
}

const hasWon = ({ data }: Row): boolean => "s" in data.x

const settled = (rows: ReadonlyArray<Row>, split: string): ReadonlyArray<Row> =>
  rows.filter(({ data, key, kind }) => kind === "settle" && data.i !== undefined && parentOf(key) === split)

interface Visit {
  readonly enter: Row
  readonly next: Row | undefined
  readonly stage: plan.Stage | undefined
}

/** The visits of the run itself. */
const visits = ({ stages }: plan.Plan, rows: ReadonlyArray<Row>): ReadonlyArray<Visit> => {
  const entered = rows.filter(({ key, kind }) => kind === "enter" && depthOf(key) === 2)
  return entered.map((enter, i) => ({
    enter,
    next: entered[i + 1],
    stage: stages[Number(/\/S(\d+)$/.exec(enter.key)?.[1] ?? stages.length)]
  }))
}

/** Keys of rows that must be there once at the most. */
const once = (rows: ReadonlyArray<Row>, kind: string, wrong: Array<string>) => {
  const seen = new Set<string>()
  for (const row of rows) {
    if (row.kind !== kind) continue
    const key = row.data.pivot === true ? `${row.key}#pivot` : row.key
    if (seen.has(key)) wrong.push(`${kind} ${key} is written twice`)
    seen.add(key)
  }
}

/** What is wrong with the joins, the order of the rows, and what was undone. */
export const judge = (own: plan.Plan, book: Book): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const { rows } = book
  rows.forEach(({ n }, i) => {
    if (n !== i) wrong.push(`row ${i} is missing`)
  })
  if (book.last !== rows.length - 1) wrong.push(`the head is at ${book.last}, the last row is ${rows.length - 1}`)
  for (const kind of ["settle", "join", "compensate", "exit"]) once(rows, kind, wrong)
  const exit = rows.findIndex(({ kind }) => kind === "exit")
  if (book.status === "ended" ? exit !== rows.length - 1 : exit >= 0) {
    wrong.push(`status ${book.status}, exit in row ${exit}`)
  }
  // joins, of the run and of its follow-on branches
  for (const join of rows.filter(({ kind }) => kind === "join")) {
    const name = join.key.split("/").at(-1)!
    const stage = own.stages[Number(/\d+$/.exec(name)![0])]
    if (stage?.kind !== "split" && stage?.kind !== "follow") {
      wrong.push(`${join.key} is no split`)
      continue
    }
    wrong.push(...ofJoin(stage, join, rows).map((sentence) => `${join.key}: ${sentence}`))
  }
  let got = ""
  let fatal: Row | undefined
  for (const { enter, next, stage } of visits(own, rows)) {
    if (enter.data.got !== got) wrong.push(`${enter.key} has "${enter.data.got}", and not "${got}"`)
    if (next === undefined || stage === undefined) {
      const join = rows.find(({ key, kind }) => kind === "join" && key === enter.key)
      const isFatal = stage?.kind === "split" && (join?.data.verdict === "fail" ? !stage.otherwise : stage.nextFails)
      if (isFatal) fatal = join
      break
    }
    got += stage.kind === "task" ?
      `t${own.stages.indexOf(stage)};`
      : stage.kind === "signal" ?
      `g${own.stages.indexOf(stage)};`
      : `${digestOf(enter.key, rows) ?? "no join"};`
  }
  if (book.status === "ended") wrong.push(...ofEnd(own, book, got, fatal))
  return wrong
}

const ofJoin = (stage: plan.Split | plan.Follow, join: Row, rows: ReadonlyArray<Row>): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const { counted, timedOut, total, verdict } = join.data
  const before = settled(rows, join.key).filter(({ n }) => n < join.n)
  const expected = stage.kind === "split" ? stage.branches.length : stage.width
  if (total !== expected) wrong.push(`${total} branches, and not ${expected}`)
  // what counts is what was written first, in that order
  const first = before.slice(0, counted.length).map(({ data }) => data.i)
  if (JSON.stringify(first) !== JSON.stringify(counted)) {
    wrong.push(`counted ${counted}, and ${first} had settled first`)
  }
  const counts = { total, won: 0, lost: 0 }
  let by: string | undefined = verdictOf(stage.strategy, counts)
  for (const index of counted) {
    if (by !== undefined) wrong.push(`branch ${index} counts after the decision`)
    const row = before.find(({ data }) => data.i === index)
    if (row === undefined) wrong.push(`branch ${index} counts, and has not settled`)
    else if (hasWon(row)) counts.won++
    else counts.lost++
    by = verdictOf(stage.strategy, counts)
  }
  if (timedOut === true) {
    if (by !== undefined) wrong.push("decided by a deadline after it was decided")
    const timeout = stage.kind === "split" ? stage.timeout : undefined
    const enter = rows.find(({ key, kind }) => kind === "enter" && key === join.key)!
    // a timer of Node may be early by a millisecond
    if (timeout === undefined || join.at < enter.at + timeout - 1) {
      wrong.push(`timed out after ${join.at - enter.at} ms`)
    }
    by = stage.strategy._tag === "PartialTimeout" && counted.length > 0 ? "proceed" : "fail"
  }
  if (by !== verdict) wrong.push(`the verdict is ${verdict}, and not ${by}`)
  return wrong
}

const digestOf = (key: string, rows: ReadonlyArray<Row>): string | undefined => {
  const join = rows.find((row) => row.kind === "join" && row.key === key)
  if (join === undefined) return undefined
  const all = settled(rows, key)
  return digest(
    join.data.verdict === "proceed" ? "+" : "-",
    join.data.counted.map((index: number) => ({ index, hasWon: hasWon(all.find(({ data }) => data.i === index)!) }))
  )
}

/** How the run must have ended, and what must have been undone. */
const ofEnd = (own: plan.Plan, book: Book, got: string, fatal: Row | undefined): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const { rows } = book
  const end = answer(book)
  const isBack = fatal !== undefined || own.end === "fail"
  const should = JSON.stringify(
    fatal?.data.verdict === "proceed"
      ? ["next"]
      : fatal !== undefined
      ? [fatal.data.timedOut === true ? "JoinTimeoutError" : "JoinUnsatisfiedError"]
      : isBack
      ? [got]
      : { _tag: "Done", got }
  )
  if (end !== should) wrong.push(`it has ended with ${end}, and not with ${should}`)
  if (book.outcome !== (isBack ? "failed" : "succeeded")) wrong.push(`its outcome is ${book.outcome}`)
  // from there on nothing is kept, and what was is dropped
  const isForward = rows.some(({ data, kind }) => kind === "settle" && data.pivot === true)
  const started = new Map<string, number>()
  for (const { key, kind } of rows) if (kind === "start") started.set(key, (started.get(key) ?? 0) + 1)
  const undone = new Map(
    rows.flatMap((row) => row.kind === "compensate" && row.key !== "" ? [[row.key, row] as const] : [])
  )
  for (const [key, row] of undone) {
    if (row.data.how !== undefined) wrong.push(`${key} could not be undone`)
    if (!started.has(key)) wrong.push(`${key} is undone, and was not started`)
  }
  for (const [key, times] of started) {
    const settle = rows.find((row) => row.kind === "settle" && row.key === key)
    const isDone = settle !== undefined && hasWon(settle)
    // its own word that it was not done, unless it was started before
    const isRefused = settle !== undefined && !isDone && times === 1 &&
      settle.data.x.c.every((reason: any) => "e" in reason)
    const join = rows.find((row) => row.kind === "join" && row.key === parentOf(key))
    const stage = own.stages[Number(/\/S(\d+)(?:\/|$)/.exec(key)?.[1])]
    const isKept = stage?.kind === "task" ||
      (stage?.kind === "split" && join?.data.verdict === "proceed" && isDone &&
        (stage.compensate === "completed" || join.data.counted.includes(settle!.data.i)))
    const must = isRefused ? false : isKept ? isBack && !isForward : true
    if (must !== undone.has(key)) wrong.push(must ? `${key} was not undone` : `${key} was undone`)
  }
  return wrong
}

/** How a run has ended, in the words of the workers. */
export const answer = ({ rows }: Book): string => {
  const { x } = rows.at(-1)!.data
  return JSON.stringify(
    "s" in x
      ? { _tag: x.s._tag, got: x.s.got }
      : x.c.map((reason: any) => reason.e?.why ?? reason.f?.t ?? JSON.stringify(reason))
  )
}
