/**
 * The signals of one run: those that came before anybody waited, and those who wait. It lives as long as its run, and only its
 * own methods change it, each in one step.
 *
 * Invariants (tests cite them by number):
 *
 *  M1  A letter is in one place: kept, on its way to one wait, taken, or dropped with the run.
 *  M2  A wait has one end: a letter, its deadline, or that of its fiber; whichever comes first.
 *  M3  A letter is taken in the last step of the wait that it is for. A wait that ends otherwise gives it back, to where it was.
 *  M4  Nobody waits for a letter that is kept and that he would take.
 *  M5  An id counts once, as long as it is remembered; that of a letter which is not taken yet is not forgotten.
 */
import type * as Exit from "effect/Exit"
import type { Entry } from "../fibers/line.ts"
import { Line } from "../fibers/line.ts"
import type { SignalImpl } from "../signal/signal.ts"

/** Ids that are remembered beside those of letters that are kept. */
export const mostIds = 1024

/** One signal that was sent. */
export interface Letter {
  /** Its place among all letters of the run. */
  readonly seq: number
  readonly signal: SignalImpl
  readonly value: unknown
  readonly key: string | undefined
  readonly id: string | undefined
  readonly since: number
  where: "kept" | "on its way" | "taken" | "dropped"
  /** Where it comes from, if it is kept outside of this process. */
  readonly origin: Origin | undefined
  /** What was answered to those who ask, and who still does. */
  answer: Exit.Exit<unknown> | undefined
  readonly asking: Set<() => void>
}

/** Of a letter that is kept outside of this process, and read by who waits for it. */
export interface Origin {
  /** Where its run was when it was sent, as places of what is written of it; nothing where that is not known. */
  readonly sentAt: number | undefined
  /** Whether it says something to somebody who waits for a signal: what does not fit his Schema reaches nobody. */
  readonly fits: (own: SignalImpl) => boolean
  /** What it says to somebody who waits for a signal. */
  readonly read: (own: SignalImpl) => Exit.Exit<unknown>
  /** It is taken, and this is the reply; nothing where nobody is answered. */
  readonly taken: (by: { readonly key: string }, own: SignalImpl, reply: Exit.Exit<unknown> | undefined) => void
}

/** Somebody who waits for a letter. */
export interface Waiting {
  readonly key: string | undefined
  /** Whether a letter counts that is like the one he waits for. */
  readonly counts: (letter: Letter) => boolean
  /** His place among all who wait. */
  seq: number
  entry: Entry<Waiting> | undefined
  /** He is given a letter, and waits no more. */
  readonly deliver: (letter: Letter) => void
  /** The run has ended: nobody will send him one. */
  readonly forsake: () => void
}

/** A letter that is kept, in the line of all, and in that of its key. */
interface Places {
  readonly all: Entry<Letter>
  readonly own: Entry<Letter>
}

/** The letters of one signal, and those who wait for them. */
class Box {
  readonly kept = new Line<Letter>()
  readonly #byKey = new Map<string | undefined, Line<Letter>>()
  readonly #places = new Map<Letter, Places>()
  readonly #waiting = new Map<string | undefined, Line<Waiting>>()
  readonly ids = new Map<string, Letter>()

  keep(letter: Letter): void {
    letter.where = "kept"
    const comesAfter = ({ seq }: Letter) => seq > letter.seq
    const own = lineIn(this.#byKey, letter.key)
    this.#places.set(letter, {
      all: this.kept.insert(letter, comesAfter),
      own: own.insert(letter, comesAfter)
    })
  }

  /** The oldest that counts for somebody, who has it from now on. */
  take({ counts, key }: Waiting): Letter | undefined {
    const line = key === undefined ? this.kept : this.#byKey.get(key)
    const letter = line?.find(counts)?.value
    if (letter === undefined) return undefined
    const places = this.#places.get(letter)!
    this.#places.delete(letter)
    this.kept.remove(places.all)
    const own = this.#byKey.get(letter.key)!
    own.remove(places.own)
    if (own.size === 0) this.#byKey.delete(letter.key)
    letter.where = "on its way"
    return letter
  }

  /** Gives a letter to who has waited longest for one like it. */
  deliver(letter: Letter): boolean {
    const counts = (waiting: Waiting) => waiting.counts(letter)
    const any = this.#waiting.get(undefined)?.find(counts)
    const own = letter.key === undefined ? undefined : this.#waiting.get(letter.key)?.find(counts)
    const first = own === undefined || (any !== undefined && any.value.seq < own.value.seq) ? any : own
    if (first === undefined) return false
    this.leave(first.value)
    letter.where = "on its way"
    first.value.deliver(letter)
    return true
  }

  get waiting(): number {
    let all = 0
    for (const { size } of this.#waiting.values()) all += size
    return all
  }

  enter(waiting: Waiting): void {
    waiting.entry = lineIn(this.#waiting, waiting.key).push(waiting)
  }

  /** Waits no more; answers whether he has waited. */
  leave(waiting: Waiting): boolean {
    const { entry, key } = waiting
    const line = this.#waiting.get(key)
    if (entry === undefined || line === undefined || !line.remove(entry)) return false
    if (line.size === 0) this.#waiting.delete(key)
    waiting.entry = undefined
    return true
  }

  /** Nobody is sent anything any more. */
  forsake(): void {
    for (const line of this.#waiting.values()) {
      for (let next = line.shift(); next !== undefined; next = line.shift()) next.forsake()
    }
    this.#waiting.clear()
  }

  /** Remembers an id, and forgets the oldest of letters that are taken, where there are too many. */
  remember(id: string, letter: Letter): void {
    const { ids, kept } = this
    ids.set(id, letter)
    let tooMany = ids.size - mostIds - kept.size
    if (tooMany <= 0) return
    for (const [old, one] of ids) {
      if (tooMany-- <= 0) return
      ids.delete(old)
      // it comes last now, and is looked at again when as many others have come
      if (one.where !== "taken") ids.set(old, one)
    }
  }
}

const lineIn = <K, A>(lines: Map<K, Line<A>>, key: K): Line<A> => {
  let line = lines.get(key)
  if (line === undefined) lines.set(key, line = new Line())
  return line
}

/** How a signal was received; nothing where there is no room. */
export interface Received {
  readonly answer: "taken" | "kept" | "duplicate"
  readonly letter: Letter
}

export class Mailbox {
  readonly #boxes = new Map<string, Box>()
  /** How many letters have come. */
  received = 0
  #waited = 0
  isClosed = false

  receive(
    signal: SignalImpl,
    value: unknown,
    { id, key }: { readonly id?: string | undefined; readonly key?: string | undefined },
    since: number,
    origin?: Origin
  ): Received | undefined {
    const box = this.#boxOf(signal.name)
    const known = id === undefined ? undefined : box.ids.get(id)
    if (known !== undefined) return { answer: "duplicate", letter: known }
    const letter: Letter = {
      seq: this.received + 1,
      signal,
      value,
      key,
      id,
      since,
      where: "kept",
      origin,
      answer: undefined,
      asking: new Set()
    }
    const isTaken = box.deliver(letter)
    // one that is kept elsewhere was counted there
    if (!isTaken && origin === undefined && box.kept.size >= signal.capacity) return undefined
    this.received++
    if (!isTaken) box.keep(letter)
    if (id !== undefined) box.remember(id, letter)
    return { answer: isTaken ? "taken" : "kept", letter }
  }

  /** The oldest letter that counts, or a place among those who wait: in the same step (M4). */
  ask(name: string, waiting: Waiting): Letter | undefined {
    const box = this.#boxOf(name)
    const letter = box.take(waiting)
    if (letter === undefined) {
      waiting.seq = ++this.#waited
      box.enter(waiting)
    }
    return letter
  }

  /** How many wait. */
  get waiting(): number {
    let all = 0
    for (const box of this.#boxes.values()) all += box.waiting
    return all
  }

  /** Waits no more; answers whether he has waited. */
  leave(name: string, waiting: Waiting): boolean {
    return !this.isClosed && this.#boxOf(name).leave(waiting)
  }

  /** A letter that was on its way, and is not taken: it goes to the next who waits, or to where it was (M3). */
  giveBack(letter: Letter): void {
    if (this.isClosed) return drop(letter)
    const box = this.#boxOf(letter.signal.name)
    if (!box.deliver(letter)) box.keep(letter)
  }

  /** The letters that are kept, by signal, and of each the oldest first. */
  get kept(): ReadonlyArray<Letter> {
    const all: Array<Letter> = []
    for (const { kept } of this.#boxes.values()) for (const letter of kept) all.push(letter)
    return all
  }

  /** The run has ended: nobody takes anything any more. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    for (const box of this.#boxes.values()) {
      for (const letter of box.kept) drop(letter)
      box.forsake()
    }
    this.#boxes.clear()
  }

  #boxOf(name: string): Box {
    let box = this.#boxes.get(name)
    if (box === undefined) this.#boxes.set(name, box = new Box())
    return box
  }
}

const drop = (letter: Letter): void => {
  letter.where = "dropped"
  answered(letter, undefined)
}

/** Tells those who ask; nothing where nobody will answer. */
export const answered = (letter: Letter, answer: Exit.Exit<unknown> | undefined): void => {
  letter.answer = answer
  for (const tell of letter.asking) tell()
  letter.asking.clear()
}
