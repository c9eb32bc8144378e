import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Workflow } from "effect-cano"
import * as Chart from "effect-cano/chart"
import { anyMachine, hostileNames, runs, untyped } from "../kit/index.ts"
import { long, look, order, type Point, type Rect } from "./pictures.ts"

const layouts = ["elk", "column"] as const

/** What an SVG shows is what the chart has, each thing in a place of its own. */
const assertWhole = (chart: Chart.Chart, svg: string): void => {
  const seen = look(svg)
  for (const { name } of chart.states) {
    assert.isTrue(seen.titles.some((title) => title === shown(name)), `${name} is there`)
  }
  const ways = seen.titles.filter((title) => title.includes(" to "))
  for (const { from, to } of chart.ways) {
    const begin = `${shown(from)} to ${to === undefined ? "what a function says" : shown(to)}`
    assert.isTrue(ways.some((way) => way.startsWith(begin)), begin)
  }
  assert.strictEqual(seen.lines.length, chart.ways.length + chart.initial.length, "each way is a line")
  seen.boxes.forEach((one, i) => {
    assert.isTrue(one.x >= -0.1 && one.x + one.width <= seen.size.width - 31.9, "inside, from left to right")
    assert.isTrue(one.y >= -0.1 && one.y + one.height <= seen.size.height - 31.9, "inside, from top to bottom")
    for (const other of seen.boxes.slice(i + 1)) assert.isFalse(overlap(one, other), "no box lies on another")
  })
  for (const { points } of seen.lines) {
    points.slice(1).forEach((to, i) => {
      const from = points[i]!
      const segment = {
        x: Math.min(from[0], to[0]),
        y: Math.min(from[1], to[1]),
        width: Math.abs(from[0] - to[0]),
        height: Math.abs(from[1] - to[1])
      }
      for (const { height, width, x, y } of seen.boxes) {
        const core = { x: x + 2, y: y + 2, width: width - 4, height: height - 4 }
        assert.isFalse(overlap(segment, core), "no line runs through a box")
      }
    })
  }
  // where each line begins and ends there is a box, but for the dot in which runs start
  const touches = ([x, y]: readonly [number, number]) =>
    seen.boxes.some((box) =>
      x >= box.x - 1 && x <= box.x + box.width + 1 && (Math.abs(y - box.y) < 1 || Math.abs(y - box.y - box.height) < 1)
    )
  const loose = seen.lines.filter(({ begin, end }) => !touches(begin) || !touches(end))
  assert.strictEqual(loose.length, chart.initial.length, "each line leads from box to box")
}

const overlap = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height

/** Whether the first, from left to right, crosses the other, from top to bottom. */
const cross = ([a, b]: readonly [Point, Point], [c, d]: readonly [Point, Point]): boolean => {
  const within = (x: number, from: number, to: number) => x > Math.min(from, to) + 0.5 && x < Math.max(from, to) - 0.5
  return a[1] === b[1] && c[0] === d[0] && within(c[0], a[0], b[0]) && within(a[1], c[1], d[1])
}

// oxlint-disable-next-line no-control-regex
const shown = (name: string): string =>
  name.replace(/[\t\n\r]+/g, " ").replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]|(?![\u200c\u200d])\p{Cf}/gu, "\ufffd")

describe("an SVG", () => {
  for (const layout of layouts) {
    it.effect(`has every state and way of what a chart can show, laid out by ${layout}`, () =>
      Effect.gen(function*() {
        assertWhole(order, yield* Chart.toSvg(order, { layout }))
        const seen = look(yield* Chart.toSvg(order, { layout }))
        assert.includeMembers([...seen.texts], ["Quote", "north", "quorum(2) of 3 · 5 s", "hedged", "each parcel"])
        assert.includeMembers([...seen.texts], ["↺ refund", "waits for restocked · 14 d", "CardDeclined", "?"])
      }))

    it.effect.prop(
      `is whole, of any machine, laid out by ${layout}`,
      [anyMachine],
      ([machine]) =>
        Effect.gen(function*() {
          const chart = Chart.make(machine)
          assertWhole(chart, yield* Chart.toSvg(chart, { layout }))
        }),
      runs(30)
    )

    it.effect(`is the same to the byte each time, laid out by ${layout}`, () =>
      Effect.gen(function*() {
        for (const chart of [order, long(60)]) {
          const first = yield* Chart.toSvg(chart, { layout })
          assert.strictEqual(yield* Chart.toSvg(chart, { layout }), first)
        }
      }))

    it.effect(`draws a chart without states, laid out by ${layout}`, () =>
      Effect.gen(function*() {
        look(yield* Chart.toSvg(Chart.make(Workflow.make<"A">("empty")), { layout }))
      }))
  }

  it.effect("folds a long machine into columns, where what leads far ends in a pill that names the state", () =>
    Effect.gen(function*() {
      const chart = long(60)
      const svg = yield* Chart.toSvg(chart, { layout: "elk" })
      assertWhole(chart, svg)
      const { size, texts } = look(svg)
      assert.isAbove(size.width / size.height, 0.7)
      assert.isBelow(size.width / size.height, 2.5)
      assert.isTrue(texts.some((text) => text.startsWith("→ State")))
      assert.isBelow(svg.length, 80_000)
    }))

  it.effect("ends in a pill what leads aside into an exit that many lead to, where there are many states", () =>
    Effect.gen(function*() {
      const { texts } = look(yield* Chart.toSvg(long(20), { layout: "elk" }))
      assert.strictEqual(texts.filter((text) => text === "Failed").length, 6)
      assert.strictEqual(
        look(yield* Chart.toSvg(long(8), { layout: "elk" })).texts.filter((t) => t === "Failed").length,
        1
      )
    }))

  it.effect("shows hostile names as text, and keeps long ones short", () =>
    Effect.gen(function*() {
      const workflow = hostileNames.reduce(
        (workflow, name) =>
          workflow.registerSplit(name, { [name]: Effect.void }, { strategy: {}, next: name, otherwise: name }),
        untyped(hostileNames.join("")).addExitStates("x".repeat(10_000))
      )
      const chart = Chart.make(workflow, { each: { ["__proto__"]: "<b>" } })
      for (const theme of ["light", "dark", "auto"] as const) {
        const { texts } = look(yield* Chart.toSvg(chart, { theme, layout: "elk" }))
        assert.isTrue(texts.includes("<img src=x onerror=alert(2)>"))
        for (const text of texts) assert.isAtMost([...text].length, 60)
      }
    }))

  it.effect("names what a card has no room for when it is pointed at", () =>
    Effect.gen(function*() {
      const branches = Array.from({ length: 40 }, (_, i) => i === 0 ? "a branch with a long name" : `shard ${i}`)
      const split: Chart.Chart = {
        name: "wide",
        initial: ["Fan"],
        states: [{ kind: "split", name: "Fan", branches, each: "", rule: "all of 40", options: [] }],
        ways: []
      }
      const svg = yield* Chart.toSvg(split, { layout: "column" })
      assertWhole(split, svg)
      assert.includeMembers([...look(svg).texts], ["a branch with a l…", "shard 1", "+ 36"])
      assert.include(svg, "<title>a branch with a long name</title>")
      assert.include(svg, "<title>shard 4, shard 5,")
    }))

  for (const layout of layouts) {
    it.effect(`has room for each of many lines at a box, laid out by ${layout}`, () =>
      Effect.gen(function*() {
        const names = Array.from({ length: 12 }, (_, i) => `Do${i}`)
        const hub: Chart.Chart = {
          name: "hub",
          initial: ["Menu"],
          states: ["Menu", ...names].map((name) => ({ kind: "task", name })),
          ways: names.flatMap((name): ReadonlyArray<Chart.Way> => [
            { from: "Menu", to: name, kind: "next", source: "declared" },
            { from: name, to: "Menu", kind: "next", source: "written" }
          ])
        }
        const svg = yield* Chart.toSvg(hub, { layout })
        assertWhole(hub, svg)
        const { lines } = look(svg)
        for (const end of ["begin", "end"] as const) {
          lines.forEach((one, i) =>
            lines.slice(i + 1).forEach((other) => {
              if (one[end][1] !== other[end][1]) return
              assert.isAtLeast(Math.abs(one[end][0] - other[end][0]), 8, "no tip lies on another")
            })
          )
        }
      }))
  }

  it.effect("lays what leads back into each other in a column, so that it does not cross", () =>
    Effect.gen(function*() {
      const way = (from: string, to: string, kind: Chart.Way["kind"]): Chart.Way => ({
        from,
        to,
        kind,
        source: "written"
      })
      const looping: Chart.Chart = {
        name: "loops",
        initial: ["A"],
        states: ["A", "B", "C"].map((name) => ({ kind: "task", name })),
        ways: [
          ...["A", "B", "C"].flatMap((name) =>
            (["otherwise", "fails", "branches"] as const).map((kind) => way(name, name, kind))
          ),
          way("A", "B", "next"),
          way("B", "C", "next"),
          way("B", "A", "otherwise"),
          way("B", "A", "fails")
        ]
      }
      const svg = yield* Chart.toSvg(looping, { layout: "column" })
      assertWhole(looping, svg)
      const all = look(svg).lines.map(({ points }) => points.slice(1).map((to, i) => [points[i]!, to] as const))
      all.forEach((one, i) =>
        all.slice(i + 1).forEach((other) => {
          for (const a of one) {
            for (const b of other) assert.isFalse(cross(a, b) || cross(b, a), "no line crosses another")
          }
        })
      )
    }))

  it.effect("has a transparent ground, or paper", () =>
    Effect.gen(function*() {
      assert.notInclude(yield* Chart.toSvg(order, { layout: "column" }), `<rect class="paper"`)
      assert.include(yield* Chart.toSvg(order, { layout: "column", paper: true }), `<rect class="paper"`)
    }))

  it.effect("follows the theme of the reader unless one is asked for", () =>
    Effect.gen(function*() {
      assert.include(yield* Chart.toSvg(order, { layout: "column" }), "prefers-color-scheme: dark")
      assert.notInclude(yield* Chart.toSvg(order, { layout: "column", theme: "dark" }), "prefers-color-scheme")
    }))

  it.effect("lights what a run has taken, counts it, and fades the rest", () =>
    Effect.gen(function*() {
      const trail = Chart.trail(["Received", "Quote", "Backorder", "Quote", "Reserve"])
      const svg = yield* Chart.toSvg(order, { layout: "elk", trail })
      look(svg)
      const group = (state: string) => new RegExp(`<g class="([^"]*)"><title>${state}</title>`).exec(svg)?.[1]
      assert.deepStrictEqual(["Quote", "Reserve", "Charge", "Delivered"].map(group), [
        "state split on",
        "state task on now",
        "state task off",
        "state exit off"
      ])
      assert.match(svg, /×2/)
      assert.deepStrictEqual(["Quote to Backorder, otherwise", "Charge to Ship"].map(group), [
        "line otherwise on",
        "line next off"
      ])
    }))
})

describe("the colours", () => {
  const luminance = (colour: string): number => {
    const [r, g, b] = [1, 3, 5].map((i) => {
      const c = Number.parseInt(colour.slice(i, i + 2), 16) / 255
      return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
    }) as [number, number, number]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const contrast = (a: string, b: string): number => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
    return (light + 0.05) / (dark + 0.05)
  }
  /** A colour of so much opacity on another. */
  const faded = (colour: string, on: string, opacity: number): string =>
    `#${
      [1, 3, 5].map((i) =>
        Math.round(
          Number.parseInt(colour.slice(i, i + 2), 16) * opacity +
            Number.parseInt(on.slice(i, i + 2), 16) * (1 - opacity)
        ).toString(16).padStart(2, "0")
      ).join("")
    }`

  for (const theme of ["light", "dark"] as const) {
    it.effect(`have a contrast of 5 wherever there is text, ${theme}`, () =>
      Effect.gen(function*() {
        const trail = Chart.trail(["Received", "Quote", "Backorder", "Quote"])
        const css = /<style>([^]*)<\/style>/.exec(yield* Chart.toSvg(order, { theme, layout: "column", trail }))![1]!
        const of = (selector: string): string => {
          const rule = css.split("\n").find((line) =>
            line.split("{")[0]!.split(",").includes(`.cano-${theme}${selector}`) &&
            line.includes("fill:#")
          )
          return /fill:(#[0-9a-f]{6})/.exec(rule ?? "")![1]!
        }
        const papers = theme === "light" ? ["#ffffff"] : ["#0d1117"]
        const cards = [" .box", " .split .box", " .wait .box", " .exit .box", " .chip"].map(of)
        const on = (text: string, grounds: ReadonlyArray<string>) => {
          for (const ground of grounds) assert.isAtLeast(contrast(of(text), ground), 5, `${text} on ${ground}`)
        }
        on(" text", [...papers, ...cards])
        on(" .s", [of(" .box"), of(" .split .box"), of(" .wait .box")])
        on(" .l", papers)
        on(" .otherwise .l", papers)
        on(" .fails .l", papers)
        on(" .branches .l", papers)
        on(" .wait .t", [of(" .wait .box")])
        on(" .undo", [of(" .box")])
        on(" .r", [of(" .join")])
        on(" .missing .s", papers)
        on(" .badge+text", [of(" .badge")])
        // what is faded is read on what is left of its card
        on(" .state.off text", [...papers, ...cards.map((card) => faded(card, papers[0]!, 0.42))])
      }))
  }
})

describe("a layout", () => {
  it.effect("is that of the ELK that is handed over", () =>
    Effect.gen(function*() {
      const { default: ELK } = yield* Effect.promise(() => import("elkjs/lib/elk.bundled.js")) as Effect.Effect<
        { readonly default: unknown }
      > as Effect.Effect<{ readonly default: new() => Chart.Elk }>
      const own = yield* Chart.toSvg(order, { layout: new ELK() })
      assert.strictEqual(own, yield* Chart.toSvg(order, { layout: "elk" }))
      assert.strictEqual(own, yield* Chart.toSvg(order))
    }))

  it.effect("that fails is a LayoutError with its reason", () =>
    Effect.gen(function*() {
      for (
        const layout of [() => Promise.reject(new Error("no\nmore")), () => Promise.reject("no"), () => {
          throw new Error("no")
        }]
      ) {
        const error = yield* Effect.flip(Chart.toSvg(order, { layout: { layout } }))
        assert.instanceOf(error, Chart.LayoutError)
        assert.strictEqual(error.message, "elkjs can't lay this chart out: no")
      }
    }))

  it.effect("sees sizes and ids of ours only, and no text of a user", () =>
    Effect.gen(function*() {
      const graphs: Array<string> = []
      const layout = (graph: object) => {
        graphs.push(JSON.stringify(graph))
        return Promise.reject(new Error("seen"))
      }
      yield* Effect.flip(Chart.toSvg(order, { layout: { layout } }))
      assert.strictEqual(graphs.length, 1)
      for (const { name } of order.states) assert.notInclude(graphs[0], name)
    }))
})
