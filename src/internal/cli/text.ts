/** What is shown of runs to people: lines of text that fit a width, without colours. Pure. */
import type * as Schema from "effect/Schema"
import type { Count, Head, Row } from "../../journal.ts"
import type { Answer, End, Reason, Sent, Shown } from "../../operator.ts"
import { clip } from "../check/describe.ts"
import { instant, span } from "../operator/words.ts"

/** Rows of cells: the last cell is never cut, others where there is no place. Lines have no blanks at their end. */
const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>, columns: number) => {
  const all = head.length === 0 ? rows : [head, ...rows]
  const widths = (all[0] ?? []).map((_, i) => Math.max(...all.map((row) => row[i]!.length)))
  const last = widths.length - 1
  // the widest gives way first, as long as it is not narrow
  for (let over = widths.reduce((a, b) => a + b + 2, -2) - columns; over > 0; over--) {
    const most = Math.max(...widths.slice(0, last))
    if (most <= narrow) break
    widths[widths.indexOf(most)] = most - 1
  }
  return all.map((row) => row.map((cell, i) => i === last ? cell : fit(cell, widths[i]!)).join("  ").trimEnd())
}

const narrow = 8

const fit = (cell: string, width: number): string =>
  cell.length > width ? `${cell.slice(0, width - 1)}…` : cell.padEnd(width)

/** A line of a table has no breaks, whatever is in a name. */
export const flat = (text: string): string => text.replace(/\p{Cc}/gu, (c) => JSON.stringify(c).slice(1, -1))

export const runs = (heads: ReadonlyArray<Head>, now: number, columns: number): ReadonlyArray<string> =>
  table(
    ["STATUS", "SINCE", "WORKFLOW", "STATE", "RUN"],
    heads.map((head) => [
      head.outcome ?? head.status,
      span(now - head.updatedAt),
      flat(head.workflow),
      flat(head.state),
      flat(head.runId)
    ]),
    columns
  )

/** What many runs are, of which the first are shown. */
export const preview = (first: ReadonlyArray<Head>, all: number, now: number, columns: number): string =>
  [...runs(first, now, columns), ...(all > first.length ? [`… and ${all - first.length} more`] : [])].join("\n")

export const counts = (counts: ReadonlyArray<Count>, columns: number): ReadonlyArray<string> =>
  table(
    ["WORKFLOW", "STATUS", "RUNS"],
    counts.map(({ outcome, runs, status, workflow }) => [flat(workflow), outcome ?? status, String(runs)]),
    columns
  )

export const rows = (rows: ReadonlyArray<Row>, columns: number): ReadonlyArray<string> =>
  table(
    ["N", "KIND", "AT", "KEY", "DATA"],
    rows.map(({ at, data, key, kind, n }) => [String(n), kind, instant(at), flat(key), flat(data)]),
    Infinity
  ).map((line) => clip(line, Math.max(columns - 1, narrow)))

/** All of a run, in paragraphs. */
export const show = (shown: Shown, columns: number): ReadonlyArray<string> => {
  const { branches, children, earlier, end, hasMore, head, joins, letters, path, rollback, why } = shown
  const place = head.status === "ended" ? "" : ` in state ${flat(head.state)}`
  return [
    ...fields([
      ["run", flat(head.runId)],
      ["workflow", `${flat(head.workflow)}, version ${head.version}`],
      ["status", `${head.outcome ?? head.status}${place}, visit ${head.visit}`],
      ["created", instant(head.createdAt)],
      ["updated", `${instant(head.updatedAt)}, ${span(why.at - head.updatedAt)} ago`],
      ...(head.parent === undefined ? [] : [["parent", flat(head.parent)] as const]),
      ...(end === undefined ? [] : [["end", ending(end)] as const]),
      ["why", flat(why.sentence)]
    ], columns),
    ...part(
      "PATH",
      [
        ...(earlier === 0 ? [] : [`… ${earlier} before`]),
        ...table(
          [],
          path.map(({ since, state, until, visit }) => [
            String(visit),
            flat(state),
            instant(since),
            until === undefined ? "" : span(until - since)
          ]),
          Infinity
        )
      ]
    ),
    ...part(
      "BRANCHES",
      [
        ...(hasMore ? ["… and others before"] : []),
        ...table([], branches.map(({ branch, end, key }) => [flat(branch ?? key), ending(end)]), Infinity)
      ]
    ),
    ...part("JOINS", joins.map(({ key, reason, verdict }) => `${flat(key)}  ${reason ?? verdict}`)),
    ...part(
      "ROLLBACK",
      rollback === undefined ? [] : [
        `since ${instant(rollback.since)}${reasons(rollback.reasons)}`,
        ...rollback.steps.map((step) => `${flat(step.key)}  ${step.how ?? "undone"}${reasons(step.reasons)}`)
      ]
    ),
    ...part(
      "LETTERS",
      letters.map(({ id, kind, name, since }) =>
        `${kind}${name === "" ? "" : ` ${flat(name)}`}  ${instant(since)}${id === undefined ? "" : `  ${flat(id)}`}`
      )
    ),
    ...part("CHILDREN", children.map(({ outcome, runId, status }) => `${flat(runId)}  ${outcome ?? status}`))
  ]
}

const fields = (all: ReadonlyArray<readonly [string, string]>, columns: number): ReadonlyArray<string> => {
  const width = Math.max(...all.map(([name]) => name.length)) + 2
  return all.flatMap(([name, value]) =>
    wrapped(value, columns - width).map((line, i) => `${(i === 0 ? name : "").padEnd(width)}${line}`)
  )
}

/** Broken at blanks; a word that is too long has a line of its own. */
export const wrapped = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(" ")) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

const part = (title: string, lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)]

const json = (value: Schema.Json): string => clip(JSON.stringify(value), 60)

const reasons = (all: ReadonlyArray<Reason>): string =>
  all.length === 0 ? "" : `: ${all.map(({ sentence }) => flat(sentence)).join("; ")}`

const ending = (end: End): string => {
  switch (end._tag) {
    case "Succeeded":
      return `succeeded: ${json(end.value)}`
    case "Failed":
      return `failed${reasons(end.reasons)}`
    case "Unreadable":
      return `can't be read: ${flat(end.text)}`
  }
}

/** What has become of an order, for who has given it. */
export const answer = (answer: Answer): string => {
  const again = answer.isRepeated ? ", as it was ordered before" : ""
  switch (answer._tag) {
    case "Done":
      return `done${again}${answer.reply === undefined ? "" : `: ${JSON.stringify(answer.reply)}`}`
    case "Refused":
      return `refused${again}: ${flat(answer.why)}`
    case "Kept":
      return `kept, and not answered yet: ${flat(answer.why)}`
    case "Ended":
      return `the run has ended: ${answer.outcome}`
    case "NoSuchRun":
      return `there is no run ${flat(answer.runId)}`
  }
}

export const sent = (one: Sent): string =>
  `${flat(one.runId)}  ${one._tag === "Failed" ? `failed: ${flat(one.error.message)}` : answer(one)}`
