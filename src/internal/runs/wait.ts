/**
 * One wait for a signal. It lives on the fiber that waits, from when it looks for a letter to its own last step, in which the
 * letter is taken (M3).
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import * as Result from "effect/Result"
import { SignalTimeoutError } from "../../Signal.ts"
import { clip, show } from "../check/describe.ts"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import { later } from "../fibers/dispatcher.ts"
import type { Entry } from "../fibers/line.ts"
import { isTired } from "../fibers/share.ts"
import * as host from "../run/host.ts"
import type { Request } from "../run/registry.ts"
import type { Current } from "../run/run.ts"
import type { SignalImpl } from "../signal/signal.ts"
import type { Letter, Mailbox, Waiting } from "./mailbox.ts"
import { answered } from "./mailbox.ts"

type Resume = (exit: Exit.Exit<unknown, unknown>) => void

class Wait implements Waiting {
  readonly key: string | undefined
  readonly counts: (letter: Letter) => boolean
  seq = 0
  entry: Entry<Waiting> | undefined
  readonly #mailbox: Mailbox
  readonly #request: Request
  readonly #current: Current
  readonly #home: AnyFiber
  #letter: Letter | undefined
  #isOver = false
  #resume: Resume | undefined
  #timer: AnyFiber | undefined
  constructor(mailbox: Mailbox, request: Request, counts: Waiting["counts"], current: Current, home: AnyFiber) {
    this.key = request.key
    this.counts = counts
    this.#mailbox = mailbox
    this.#request = request
    this.#current = current
    this.#home = home
  }

  get #name(): string {
    return this.#request.signal.name
  }

  /** Looks for a letter, and waits for one if there is none. */
  begin(resume: Resume): void {
    const { timeout } = this.#request
    if (this.#mailbox.isClosed) return resume(forsaken(this.#name))
    const letter = this.#mailbox.ask(this.#name, this)
    if (letter !== undefined) {
      this.#letter = letter
      return resume(this.#valueOf(letter))
    }
    this.#resume = resume
    if (timeout !== undefined) this.#start(timeout)
  }

  #start(timeout: number): void {
    const { until } = this.#request
    const time = until === undefined ? Effect.sleep(Duration.millis(timeout)) : host.until(until)
    const timer = Effect.map(time, () => {
      // who has a letter has it, whatever the clock says (M2)
      if (!this.#mailbox.leave(this.#name, this)) return
      this.#go(this.#late(timeout))
    })
    const fiber = Effect.runForkWith(this.#home.context)(timer)
    // one that is over at once has found that nobody waits for it
    this.#timer = fiber
  }

  /** It is given a letter: the fiber goes on with it in a task of its own. */
  deliver(letter: Letter): void {
    this.#letter = letter
    this.#go(this.#valueOf(letter))
  }

  forsake(): void {
    this.#go(forsaken(this.#name))
  }

  #go(exit: Exit.Exit<unknown, unknown>): void {
    const resume = this.#resume!
    later(this.#home, () => resume(exit))
  }

  #late(timeout: number): Exit.Exit<never, SignalTimeoutError> {
    const { path, state, workflow } = this.#current
    return Exit.fail(
      new SignalTimeoutError({
        signal: this.#name,
        key: this.key,
        limit: Duration.millis(timeout),
        workflow,
        state,
        path
      })
    )
  }

  /** The value of a letter. Another signal of the same name may have another Schema. */
  #valueOf({ origin, signal, value }: Letter): Exit.Exit<unknown> {
    const own = this.#request.signal as unknown as SignalImpl
    if (origin !== undefined) return origin.read(own)
    const wrong = signal === own ? undefined : own.wrong(value)
    return wrong === undefined ? Exit.succeed(value) : Exit.die(
      new TypeError(
        `signal "${clip(this.#name)}" was sent by another definition of it, with a value that does not fit: ${wrong}`
      )
    )
  }

  /** The last step of the wait: it has a value, or is interrupted, late or forsaken. */
  end(exit: Exit.Exit<unknown, unknown>): AnyEffect | undefined {
    if (this.#isOver) return undefined
    this.#isOver = true
    this.#timer?.interruptUnsafe()
    const letter = this.#letter
    if (letter === undefined) {
      this.#mailbox.leave(this.#name, this)
      return undefined
    }
    // a letter that nobody can read is taken, too: it would be given to the next wait for ever
    if (Exit.isFailure(exit) && Exit.hasInterrupts(exit)) {
      this.#mailbox.giveBack(letter)
      return undefined
    }
    letter.where = "taken"
    const replied = Exit.isSuccess(exit) ? this.#reply(letter, exit.value) : refuse(letter)
    letter.origin?.taken(this.#current, this.#request.signal as unknown as SignalImpl, letter.answer)
    return replied
  }

  #reply(letter: Letter, value: unknown): AnyEffect | undefined {
    const { reply, signal } = this.#request
    if (reply === undefined) {
      answered(letter, Exit.void)
      return undefined
    }
    const made = Result.try({ try: () => reply(value), catch: identity })
    const wrong = Result.isSuccess(made) ? (signal as unknown as SignalImpl).wrongReply(made.success) : undefined
    if (Result.isSuccess(made) && wrong === undefined) {
      answered(letter, Exit.succeed(made.success))
      return undefined
    }
    refuse(letter)
    return Exit.die(
      Result.isFailure(made)
        ? made.failure
        : new TypeError(`the reply to signal "${clip(this.#name)}", ${show(made.success)}, does not fit: ${wrong}`)
    )
  }
}

/** Nobody will be answered. */
const refuse = (letter: Letter): undefined => answered(letter, undefined) as undefined

const forsaken = (name: string): Exit.Exit<never> =>
  Exit.die(new Error(`nobody can send signal "${clip(name)}" any more: the run that waits for it has ended`))

/** Waits for a letter of a mailbox that counts. */
export const wait = (
  mailbox: Mailbox,
  request: Request,
  counts: (letter: Letter) => boolean,
  current: Current
): AnyEffect =>
  Effect.withFiber((fiber) => {
    const own = request.signal as unknown as SignalImpl
    const isFor = (letter: Letter) => counts(letter) && (letter.origin?.fits(own) ?? true)
    const wait = new Wait(mailbox, request, isFor, current, fiber)
    const taking = Effect.onExitPrimitive(
      Effect.callback<unknown, unknown>((resume) => wait.begin(resume)),
      (exit) => wait.end(exit) as Effect.Effect<void> | undefined
    )
    // Effect makes a fiber yield when its operations are used up, which is not to part a letter from what is done with it: who
    // is interrupted there has taken it, and has done nothing
    return isTired(fiber, 2) ? Effect.andThen(Effect.yieldNow, taking) : taking
  })
