/**
 * The texts of a picture: what of a name may be shown, how wide it is, and where it is cut. Pure functions of a text.
 */
import type { Task, Wait } from "../../chart.ts"

/** What a name must not do to a page, a terminal or a reader: control, reordering, halves of characters. */
const harmful = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]|(?![\u200c\u200d])\p{Cf}/gu

/** A name as it may be shown. */
export const clean = (name: string): string => name.replace(/[\t\n\r]+/g, " ").replace(harmful, "\ufffd")

/** The first `length` characters. */
export const cut = (name: string, length: number): string => {
  const characters = [...clean(name)]
  return characters.length > length ? `${characters.slice(0, length - 1).join("")}…` : characters.join("")
}

/** The first names, and how many there are beside them. */
export const few = (names: ReadonlyArray<string>, most: number): ReadonlyArray<string> =>
  names.length <= most ? names : [...names.slice(0, most - 1), `+ ${names.length - most + 1}`]

/** What a state waits for, and how long. */
export const waiting = ({ signals, timeout }: Wait): string =>
  [`waits for ${signals.join(", ")}`, ...timeout === undefined ? [] : [timeout]].join(" · ")

/** What a task says below its name: what work it does, what undoes it, and whether there is a way back. */
export const doing = ({ isPivot, undo, work }: Task): string | undefined => {
  const parts = [
    ...work === undefined ? [] : [work.text],
    ...undo === undefined ? [] : [`↺ ${undo}`],
    ...isPivot === true ? ["pivot"] : []
  ]
  return parts.length === 0 ? undefined : parts.join(" · ")
}

/** For XML and HTML, in a text or an attribute. */
export const escape = (name: string): string => clean(name).replace(/[&<>"'`]/g, (c) => `&#${c.charCodeAt(0)};`)

/** Widths of Helvetica from U+0020 on, in 1/1000 em, which Arial, Liberation Sans, Arimo and Nimbus Sans have too. */
// dprint-ignore
const helvetica = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556,
  556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
  667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556,
  556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584
]

/** Whether it is about as wide as it is high: CJK, and what is drawn in colours. */
const isWide = (code: number): boolean =>
  (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) || (code >= 0xac00 && code <= 0xd7a3) ||
  (code >= 0xf900 && code <= 0xfaff) || (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
  (code >= 0xffe0 && code <= 0xffe6) || (code >= 0x1f300 && code <= 0x1faff) || (code >= 0x20000 && code <= 0x3fffd)

const takesNoPlace = /^(?:\p{Mn}|\p{Me}|\u200c|\u200d)$/u

/** The width in pixels. The slack is for DejaVu Sans, the widest of the usual fonts: 13 %, its bold 22 %. */
export const width = (name: string, size: number, isBold = false): number => {
  let sum = 0
  for (const character of clean(name)) {
    const code = character.codePointAt(0)!
    sum += code < 0x7f ? helvetica[code - 0x20]! : takesNoPlace.test(character) ? 0 : isWide(code) ? 1100 : 640
  }
  return sum / 1000 * size * (isBold ? 1.22 : 1.13)
}

/** The width in cells of a terminal. */
export const cells = (name: string): number => {
  let sum = 0
  for (const character of name) {
    sum += takesNoPlace.test(character) ? 0 : isWide(character.codePointAt(0)!) ? 2 : 1
  }
  return sum
}
