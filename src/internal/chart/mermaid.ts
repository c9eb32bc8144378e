/**
 * A flowchart of Mermaid: text for a program that draws by itself. Names are quoted, with an entity for each character that
 * Mermaid, Markdown or HTML would read. A pure function.
 */
import type { Chart, State, Way } from "../../chart.ts"
import { clean, doing, few, waiting } from "./names.ts"

export const draw = (chart: Chart): string => {
  const ids = new Map(chart.states.map(({ name }, i) => [name, `n${i}`]))
  return [
    "flowchart TD",
    "  start((\" \")):::start",
    ...chart.states.flatMap((state) => stateOf(ids.get(state.name)!, state)),
    ...chart.initial.map((name) => `  start --> ${ids.get(name)!}`),
    ...chart.ways.flatMap((way, i) => wayOf(way, ids, `u${i}`)),
    "  classDef start fill:#7d8590,stroke:#7d8590",
    "  classDef fork fill:#4493f8,stroke:#4493f8",
    "  classDef branch fill:#4493f826,stroke:#4493f8",
    "  classDef join fill:#4493f833,stroke:#4493f8,font-weight:bold",
    "  classDef wait fill:#d2992233,stroke:#d29922",
    "  classDef exit stroke-width:3px",
    "  classDef missing stroke:#d1444c,stroke-dasharray:5 4"
  ].join("\n")
}

const quote = (text: string): string =>
  `"${clean(text).replace(/[^\p{L}\p{N}\p{M} .,:;·×↺…+()\-/%]|^\s*\d+\.|^\s*[-+*]/gu, entities) || " "}"`

const entities = (text: string): string => [...text].map((c) => `#${c.codePointAt(0)};`).join("")

const stateOf = (id: string, state: State): ReadonlyArray<string> => {
  const name = quote(state.name)
  switch (state.kind) {
    case "exit":
      return [`  ${id}([${name}]):::exit`]
    case "missing":
      return [`  ${id}(${name}):::missing`]
    case "task": {
      const second = doing(state)
      const text = second === undefined ? name : two(state.name, second)
      return [state.work?.kind === "workflow" ? `  ${id}[[${text}]]` : `  ${id}(${text})`]
    }
    case "wait":
      return [`  ${id}(${two(state.name, waiting(state))}):::wait`]
    case "split": {
      const branches = few(state.branches ?? [state.each], 12)
      return [
        `  subgraph ${id} [${quote([state.name, ...state.options].join(" · "))}]`,
        `    ${id}f((" ")):::fork`,
        ...branches.flatMap((branch, i) => [
          `    ${id}b${i}${state.branches === undefined ? `[[${quote(branch)}]]` : `(${quote(branch)})`}:::branch`,
          `    ${id}f --- ${id}b${i} --- ${id}j`
        ]),
        ...branches.length === 0 ? [`    ${id}f --- ${id}j`] : [],
        `    ${id}j([${quote(state.rule)}]):::join`,
        "  end",
        `  style ${id} fill:#4493f81f,stroke:#4493f8`
      ]
    }
  }
}

const two = (first: string, second: string): string => `"${quote(first).slice(1, -1)}<br>${quote(second).slice(1, -1)}"`

const wayOf = (
  { from, kind, label, source, to }: Way,
  ids: ReadonlyMap<string, string>,
  unknown: string
): ReadonlyArray<string> => {
  const arrow = kind === "next" && (source === "written" || source === "declared") || kind === "branches"
    ? "-->"
    : "-.->"
  const end = to === undefined ? `${unknown}(("?"))` : ids.get(to)!
  return [`  ${ids.get(from)!} ${arrow}${label === undefined ? "" : `|${quote(label)}|`} ${end}`]
}
