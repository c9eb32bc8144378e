/**
 * A graph of Graphviz, which is good to look at without more. Colours read on white and on black. Names are quoted, and are
 * no HTML and no escape string. A pure function.
 */
import type { Chart, Split, State, Way } from "../../chart.ts"
import { courseOf } from "./course.ts"
import { clean, doing, few, waiting, width } from "./names.ts"

export const draw = (chart: Chart): string => {
  const ids = new Map(chart.states.map(({ name }, i) => [name, `n${i}`]))
  const states = new Map(chart.states.map((state) => [state.name, state]))
  const { back, mainOf } = courseOf(chart)
  return [
    `digraph ${quote(chart.name)} {`,
    "graph [rankdir=TB bgcolor=transparent pad=0.25 nodesep=0.42 ranksep=0.46 splines=spline compound=true ordering=out " +
    "fontname=\"Helvetica\" fontsize=12 outputorder=edgesfirst]",
    "node [shape=box style=\"rounded,filled\" penwidth=1.2 color=\"#8b949e\" fillcolor=\"#ffffff\" fontcolor=\"#1f2328\" " +
    "fontname=\"Helvetica\" fontsize=13 margin=\"0.2,0.09\" height=0.46]",
    "edge [color=\"#7d8590\" fontcolor=\"#6e7781\" fontname=\"Helvetica\" fontsize=11 arrowsize=0.65 penwidth=1.3]",
    "start [shape=circle style=filled label=\"\" width=0.17 height=0.17 fixedsize=true color=\"#7d8590\" fillcolor=\"#7d8590\"]",
    ...chart.states.flatMap((state) => stateOf(ids.get(state.name)!, state)),
    ...chart.initial.map((name) => {
      const to = ids.get(name)!
      return `start -> ${to} [weight=40${states.get(name)!.kind === "split" ? ` lhead=cluster_${to}` : ""}]`
    }),
    ...chart.ways.flatMap((way, i) => {
      const from = ids.get(way.from)!
      const to = way.to === undefined ? `u${i}` : ids.get(way.to)!
      const isSplit = (name: string | undefined) => name !== undefined && states.get(name)!.kind === "split"
      const attributes = [
        ...attributesOf(way, mainOf.get(way.from) === way),
        ...isSplit(way.from) && way.from !== way.to ? [`ltail=cluster_${from}`] : [],
        ...isSplit(way.to) && way.from !== way.to ? [`lhead=cluster_${to}`] : [],
        ...back.has(way) ? ["constraint=false"] : []
      ]
      return [
        ...way.to === undefined ? [`${to} [label="?" shape=circle style=dotted width=0.3 height=0.3 margin=0]`] : [],
        `${from}${isSplit(way.from) ? "j" : ""} -> ${to} [${attributes.join(" ")}]`
      ]
    }),
    "}"
  ].join("\n")
}

const quote = (text: string): string => `"${escaped(text)}"`
// a backslash of a name is one to see, and none that begins \N or \l
const escaped = (text: string): string =>
  clean(text).replace(/[\\"]/g, "\\$&").replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`)

/** At least our width: Graphviz may measure with another font than draws. */
const wide = (text: string, size: number, margin = 28): string =>
  `width=${((width(text, size) + margin) / 72).toFixed(2)}`

const stateOf = (id: string, state: State): ReadonlyArray<string> => {
  switch (state.kind) {
    case "exit":
      return [
        `${id} [label=${quote(state.name)} ${wide(state.name, 13)} peripheries=2 fillcolor="#f6f8fa" color="#6e7781"]`
      ]
    case "missing":
      return [
        `${id} [label=${quote(state.name)} ${wide(state.name, 13)} style="rounded,filled,dashed" color="#d1444c"]`
      ]
    case "task":
      return [node(id, state.name, doing(state), state.work?.kind === "workflow" ? " peripheries=2" : "")]
    case "wait":
      return [node(id, state.name, waiting(state), ` fillcolor="#fff7e0" color="#d9a520" fontcolor="#7d4e00"`)]
    case "split":
      return splitOf(id, state)
  }
}

const node = (id: string, name: string, second: string | undefined, attributes: string): string =>
  second === undefined
    ? `${id} [label=${quote(name)} ${wide(name, 13)}${attributes}]`
    : `${id} [label="${escaped(name)}\\n${escaped(second)}" ${
      wide(name.length > second.length ? name : second, 13)
    }${attributes}]`

const splitOf = (id: string, state: Split): ReadonlyArray<string> => {
  const branches = few(state.branches ?? [state.each], 12)
  return [
    `subgraph cluster_${id} { label=${quote([state.name, ...state.options].join(" · "))} labeljust=l ` +
    `style="rounded,filled" color="#7fb0f5" fillcolor="#eef5ff" fontcolor="#1f2328" penwidth=1.2 margin=12`,
    `${id} [shape=circle width=0.1 height=0.1 fixedsize=true label="" style=filled color="#0860ca" fillcolor="#0860ca"]`,
    ...branches.flatMap((branch, i) => [
      `${id}b${i} [label=${quote(branch)} ${
        wide(branch, 11, 20)
      } fontsize=11 color="#b6d2fa" margin="0.12,0.05" height=0.3]`,
      `${id} -> ${id}b${i} [color="#7fb0f5" arrowhead=none]`,
      `${id}b${i} -> ${id}j [color="#7fb0f5" arrowhead=none]`
    ]),
    ...branches.length === 0 ? [`${id} -> ${id}j [color="#7fb0f5" arrowhead=none]`] : [],
    `${id}j [label=${quote(state.rule)} ${wide(state.rule, 11, 24)} fontsize=11 fontcolor="#0860ca" color="#0860ca" ` +
    `margin="0.2,0.05" height=0.3] }`
  ]
}

const attributesOf = ({ kind, label, source }: Way, isMain: boolean): ReadonlyArray<string> => {
  const style = {
    next: [],
    branches: ["color=\"#4493f8\" fontcolor=\"#2f81f7\""],
    otherwise: ["style=dashed color=\"#d1631b\" fontcolor=\"#c2571a\""],
    fails: ["style=dashed color=\"#d1444c\" fontcolor=\"#d1444c\""]
  }[kind]
  return [
    `weight=${isMain ? 12 : kind === "next" ? 3 : 1}`,
    ...label === undefined ? [] : [`label=${quote(` ${label} `)}`],
    ...source === "seen" || source === "unknown" ? ["style=dotted"] : style,
    ...source === "declared" ? ["arrowtail=odot dir=both"] : []
  ]
}
