/**
 * The colours of a chart, light and dark, and the style sheet made of them. Text has a contrast of 5 at the least on what it
 * stands on. Which exit is a good one nobody knows, so exits are neutral.
 */
const light = {
  ink: "#1f2328",
  soft: "#59636e",
  line: "#818b98",
  paper: "#ffffff",
  task: "#ffffff",
  taskEdge: "#c3cad2",
  split: "#eef5ff",
  splitEdge: "#7fb0f5",
  accent: "#0860ca",
  chip: "#ffffff",
  chipEdge: "#b6d2fa",
  wait: "#fff7e0",
  waitEdge: "#d9a520",
  waitInk: "#7d4e00",
  exit: "#f6f8fa",
  exitEdge: "#59636e",
  warn: "#bc4c00",
  fail: "#cf222e",
  undo: "#8250df",
  run: "#1a7f37",
  onRun: "#ffffff"
}

export type Palette = typeof light

const dark: Palette = {
  ink: "#e6edf3",
  soft: "#9198a1",
  line: "#7d8590",
  paper: "#0d1117",
  task: "#1c2128",
  taskEdge: "#4a525c",
  split: "#11233f",
  splitEdge: "#2f6fd0",
  accent: "#6cb0ff",
  chip: "#0d1a2e",
  chipEdge: "#2b5fae",
  wait: "#2c2310",
  waitEdge: "#9e7414",
  waitInk: "#f0c75e",
  exit: "#151b23",
  exitEdge: "#9198a1",
  warn: "#f0883e",
  fail: "#ff7b72",
  undo: "#c297ff",
  run: "#3fb950",
  onRun: "#0d1117"
}

const font = "Helvetica,Arial,\"Liberation Sans\",Arimo,\"Nimbus Sans\",sans-serif"

/** Shapes and sizes, which are the same in both themes. */
const shapes = (at: string): string =>
  [
    `${at}{font-family:${font}}`,
    `${at} .t{font-size:13px;font-weight:600}`,
    `${at} .s{font-size:10.5px}`,
    `${at} .r{font-size:11px;font-weight:600}`,
    `${at} .c,${at} .l{font-size:11px}`,
    `${at} .m{text-anchor:middle}`,
    `${at} .e{text-anchor:end}`,
    `${at} .box,${at} .ring,${at} .wire,${at} .join{stroke-width:1.25}`,
    `${at} .ring,${at} .wire,${at} .way{fill:none}`,
    `${at} .way{stroke-width:1.4}`,
    `${at} .otherwise .way,${at} .fails .way{stroke-dasharray:5 4}`,
    `${at} .seen .way,${at} .unknown .way,${at} .unknown .box{stroke-dasharray:1.5 4;stroke-linecap:round}`,
    `${at} .choice{stroke-width:1.4}`
  ].join("\n")

const colours = (at: string, of: Palette): string =>
  [
    `${at} text{fill:${of.ink}}`,
    `${at} .start{fill:${of.ink}}`,
    `${at} .paper{fill:${of.paper}}`,
    `${at} .s,${at} .l,${at} .unknown text{fill:${of.soft}}`,
    `${at} .box{fill:${of.task};stroke:${of.taskEdge}}`,
    `${at} .split .box{fill:${of.split};stroke:${of.splitEdge}}`,
    `${at} .wait .box{fill:${of.wait};stroke:${of.waitEdge}}`,
    `${at} .wait .t{fill:${of.waitInk}}`,
    `${at} .exit .box,${at} .stub .box{fill:${of.exit};stroke:${of.exitEdge}}`,
    `${at} .ring{stroke:${of.exitEdge}}`,
    `${at} .missing .box{fill:${of.paper};stroke:${of.fail};stroke-dasharray:5 4}`,
    `${at} .missing .s{fill:${of.fail}}`,
    `${at} .unknown .box{fill:${of.paper};stroke:${of.line}}`,
    `${at} .chip{fill:${of.chip};stroke:${of.chipEdge}}`,
    `${at} .wire{stroke:${of.splitEdge}}`,
    `${at} .dot,${at} .r{fill:${of.accent}}`,
    `${at} .join{fill:${of.chip};stroke:${of.accent}}`,
    `${at} .undo{fill:${of.undo}}`,
    `${at} .way{stroke:${of.line}}`,
    `${at} .tip{fill:${of.line}}`,
    `${at} .choice{fill:${of.paper};stroke:${of.line}}`,
    ...([["branches", of.accent], ["otherwise", of.warn], ["fails", of.fail], ["on", of.run]] as const).flatMap(
      ([name, colour]) => [
        `${at} .${name} .way,${at} .${name} .choice{stroke:${colour}}`,
        `${at} .tip.${name}{fill:${colour}}`,
        ...name === "on" ? [] : [`${at} .${name} .l{fill:${colour}}`]
      ]
    )
  ].join("\n")

/** What has not been visited is faded, all but its text, which can still be read. */
const trail = (at: string): string =>
  [
    `${at} .off>:not(text):not(title){opacity:.42}`,
    `${at} .on .way{stroke-width:2.4;stroke-dasharray:none}`,
    `${at} .on>.box{stroke-width:2}`,
    `${at} .now>.box{stroke-width:3}`,
    `${at} .badge+text{font-size:10px;font-weight:600;text-anchor:middle}`
  ].join("\n")

const trailColours = (at: string, of: Palette): string =>
  [
    `${at} .state.off text,${at} .line.off .l{fill:${of.soft}}`,
    `${at} .on>.box,${at} .on>.ring{stroke:${of.run}}`,
    `${at} .now>.box{stroke:${of.accent}}`,
    `${at} .badge{fill:${of.run}}`,
    `${at} .badge+text{fill:${of.onRun}}`
  ].join("\n")

/** The class of an SVG, by its theme, so that several of them can stand in one page. */
export const classOf = (theme: "light" | "dark" | "auto"): string => `cano-${theme}`

/** The rules for what is there; `classes` are those of the picture. */
export const css = (theme: "light" | "dark" | "auto", hasTrail: boolean, classes: ReadonlySet<string>): string => {
  const at = `.${classOf(theme)}`
  const of = (palette: Palette) => [colours(at, palette), ...hasTrail ? [trailColours(at, palette)] : []].join("\n")
  const used = (rules: string) => rules.split("\n").flatMap((rule) => needed(rule, classes)).join("\n")
  return [
    used(shapes(at)),
    ...hasTrail ? [used(trail(at))] : [],
    used(of(theme === "dark" ? dark : light)),
    ...theme === "auto" ? [`@media (prefers-color-scheme: dark) {\n${used(of(dark))}\n}`] : []
  ].join("\n")
}

/** A rule without the selectors that select nothing. */
const needed = (rule: string, classes: ReadonlySet<string>): ReadonlyArray<string> => {
  const [selectors, body] = rule.split("{") as [string, string]
  const kept = selectors.split(",").filter((selector) =>
    [...selector.matchAll(/\.([\w-]+)/g)].slice(1).every(([, name]) => classes.has(name!))
  )
  return kept.length === 0 ? [] : [`${kept.join(",")}{${body}`]
}
