/**
 * The words of a key. A key is a path of segments, `<runId>/<visit>/<state>/<branch>`, in which a split that is no state has
 * one of its own, its name or its number. It is put together when somebody asks for it.
 */

/** What may stand in a segment of a URL's path as it is. */
const others = /[^\w.!~*'()@:,;=+$&-]/gu

/** A name as a segment: percent-encoded as in a URL's path, in which dots alone would be steps. */
export const segment = (name: string): string =>
  name === "." || name === ".." ? name.replace(/\./g, "%2E") : name.replace(others, encoded)

/** Half of a pair has no encoding: its number is no beginning of one either. */
const encoded = (character: string): string =>
  /\p{Surrogate}/u.test(character)
    ? `%${character.charCodeAt(0).toString(16).toUpperCase()}`
    : encodeURIComponent(character)

/** Names the splits that something starts which is no state: a task in one visit, a branch. */
export class Numbering {
  #count = 0
  #names: Set<string> | undefined
  /**
   * The segment of the next split. A name that is not alone has its number, too: `#` stands in no segment otherwise. The
   * splits of a state that is split itself are not alone, as its branches have names.
   */
  next(name: string | undefined, isAlone: boolean): string {
    const number = `#${++this.#count}`
    if (name === undefined) return number
    const names = this.#names ??= new Set()
    const own = segment(name)
    if (isAlone && !names.has(name)) {
      names.add(name)
      return own
    }
    return `${own}${number}`
  }
}

/** A text of some 20 characters that stands for a longer one: two numbers of 53 bits, of two seeds. */
export const digest = (text: string): string => `${hash(text, 0)}${hash(text, 1).padStart(11, "0")}`

/** cyrb53, which is public domain. */
const hash = (text: string, seed: number): string => {
  let a = 0xdeadbeef ^ seed
  let b = 0x41c6ce57 ^ seed
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 2654435761)
    b = Math.imul(b ^ unit, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36)
}
