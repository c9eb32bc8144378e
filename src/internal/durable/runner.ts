/**
 * Drives the durable runs of a process: it claims those that nobody drives, keeps its lease, looks for letters, and lets runs
 * go on when the journal is back. It lives as long as the Layer that makes it.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { ConfigurationError } from "../../CanoError.ts"
import type { Head, Sent, Service as Journal } from "../../journal.ts"
import { clip, describe } from "../check/describe.ts"
import * as issue from "../check/issue.ts"
import type { AnyFiber } from "../fibers/any.ts"
import type { JournalError } from "../journal/error.ts"
import { isOver } from "../journal/steering.ts"
import type { Memory } from "../runs/registry.ts"
import { Committer } from "./committer.ts"
import type { Desk } from "./desk.ts"
import type { Driven } from "./driver.ts"
import type { Driving, Taken } from "./driving.ts"
import * as drivings from "./driving.ts"
import type { Refusal } from "./ends.ts"
import { Ends } from "./ends.ts"
import { RestoreError } from "./error.ts"
import type { Inbox } from "./inbox.ts"
import { Lease } from "./lease.ts"
import { Leaving } from "./leaving.ts"
import * as ordering from "./ordering.ts"
import type { Wait } from "./parking.ts"
import { park, waitOf } from "./parking.ts"
import { inTime } from "./patience.ts"
import type { Post, Told } from "./post.ts"
import { Refusals } from "./refusals.ts"
import type { Service } from "./service.ts"
import type { Service as Settings } from "./settings.ts"
import { mismatch } from "./start.ts"
import * as taking from "./taking.ts"
import * as telling from "./telling.ts"
import { uuid } from "./uuid.ts"

export class Runner implements Service, Desk {
  /** Of its own in every process: others tell by it who owns a run. */
  readonly runner = uuid()
  readonly journal: Journal
  readonly settings: Settings
  readonly runs: Memory
  /** Who tells what is to be done; nobody where the runner looks for it. */
  readonly #post: Post | undefined
  readonly #clock: Clock.Clock
  readonly committer: Committer
  readonly #run: (effect: Effect.Effect<unknown>) => AnyFiber
  /** By their names the ones that were registered last, and all of them. */
  readonly #definitions = new Map<string, Driven>()
  readonly #registered: Array<Driven> = []
  readonly #driving = new Map<string, Driving>()
  readonly #lease: Lease
  /** Runs that it may own, and does not drive: they are given up. */
  readonly #leaving: Leaving
  /** Runs that can't be driven here. */
  readonly #refusals: Refusals
  /** Who waits for the ends of runs. */
  readonly ends: Ends
  #cursor = 0
  #isStopping = false
  constructor(
    journal: Journal,
    settings: Settings,
    runs: Memory,
    post: Post | undefined,
    clock: Clock.Clock,
    run: (effect: Effect.Effect<unknown>) => AnyFiber
  ) {
    this.journal = journal
    this.settings = settings
    this.runs = runs
    this.#post = post
    this.#clock = clock
    this.#run = run
    this.ends = new Ends(this, clock)
    this.#refusals = new Refusals(clock, settings.patience)
    this.#lease = new Lease(journal, this.runner, settings, clock, {
      // who is told, and has nothing, keeps nothing
      isNeeded: () => this.#post === undefined || this.#driving.size + this.#leaving.size > 0,
      hadLapsed: Effect.suspend(() => this.#lost),
      lapses: (error) => {
        for (const { pen } of this.#driving.values()) pen?.end({ _tag: "Journal", error })
      }
    })
    this.#leaving = new Leaving(this)
    this.committer = new Committer(journal, this.runner, settings.patience, run)
  }

  /** Asks the journal, for so long as it may take. */
  readonly ask = <A>(
    operation: string,
    effect: Effect.Effect<A, JournalError>,
    runId?: string
  ): Effect.Effect<A, JournalError> => inTime(effect, this.settings.patience, operation, runId)

  inboxOf(runId: string): Inbox | undefined {
    return this.#driving.get(runId)?.inbox
  }

  refusalOf(runId: string): Refusal | undefined {
    return this.#refusals.of(runId)
  }

  /** Whether a run is refused, and not tried again just now. */
  isLeft(runId: string): boolean {
    return this.#refusals.isLeft(runId)
  }

  /** Whether a run is driven here, and not only about to be. */
  isDriven(runId: string): boolean {
    return this.#driving.get(runId)?.pen !== undefined
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  /** Whether runs of a workflow can be driven here. */
  drives(workflow: string): boolean {
    return this.#definitions.has(workflow)
  }

  // ---------------------------------------------------------------------------
  // in the background
  // ---------------------------------------------------------------------------

  /** Gives up what it owns and does not drive. */
  get #released(): Effect.Effect<void> {
    return this.#leaving.releaseAll((runId) => this.#driving.has(runId))
  }

  /** Keeps the lease, and looks for what is to be done, until it is interrupted. */
  get background(): Effect.Effect<void> {
    const { lease, poll, sweep } = this.settings
    const beat = Duration.millis(Duration.toMillis(lease) / 3)
    const looks = this.#post === undefined
      ? [forever(
        Effect.andThen(Effect.andThen(this.#released, this.#look), Effect.andThen(this.#collect, this.#mark)),
        poll
      )]
      : [
        forever(Effect.andThen(this.#released, Effect.andThen(this.#disown, this.#mark)), poll),
        // of a letter nobody may have told
        forever(this.#collect, sweep)
      ]
    return Effect.asVoid(Effect.all([forever(this.#lease.beat, beat), ...looks], { concurrency: "unbounded" }))
  }

  /** The process has stood still for longer than its lease: what others have taken meanwhile is broken off now. */
  get #lost(): Effect.Effect<void> {
    return Effect.forEach(
      [...this.#driving],
      ([runId, { pen }]) =>
        pen === undefined ? Effect.void : Effect.match(this.ask("show", this.journal.show(runId), runId), {
          onSuccess: (head) => {
            if (head?.owner !== this.runner) pen.end({ _tag: "Fenced" })
          },
          // the next row tells
          onFailure: () => {}
        }),
      { discard: true }
    )
  }

  /** Runs that nobody drives. */
  get #look(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#definitions.size === 0 || this.#isStopping || this.#post !== undefined) return Effect.void
      const names = [...this.#definitions.keys()]
      // those that are refused stay due, and must not stand before others
      const most = mostAtOnce + this.#refusals.size + this.#driving.size
      const refused = this.#refusals.all
      return Effect.match(this.ask("due", this.journal.due(names, most)), {
        onSuccess: (found) => {
          if (found.length < most) this.#refusals.keep(refused, new Set(found))
          const unknown = found.filter((runId) => !this.#driving.has(runId) && !this.#refusals.isLeft(runId))
          for (const runId of unknown) this.#begin(runId, undefined)
        },
        // it looks again
        onFailure: () => {}
      })
    })
  }

  /** Letters for the runs that are driven here. */
  get #collect(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#driving.size === 0) return Effect.void
      return Effect.match(this.ask("received", this.journal.received(this.runner, this.#cursor)), {
        onSuccess: ({ cursor, letters }) => {
          this.#cursor = cursor
          for (const letter of letters) {
            const driving = this.#driving.get(letter.runId)
            // its claim may have been answered without it
            if (driving !== undefined && driving.inbox === undefined) driving.early.push(letter)
            else driving?.inbox?.deliver([letter])
            this.ends.changed(letter.runId)
          }
        },
        onFailure: () => {}
      })
    })
  }

  /** Runs of which everything waits are marked so, unless something has come that they have not seen. */
  get #mark(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const waits = [...this.#driving].filter(([, driving]) => this.#waitOf(driving) !== undefined).slice(0, mostAtOnce)
      return Effect.forEach(waits, ([runId, driving]) =>
        Effect.suspend(() => {
          // it may have gone on since
          const wait = this.#waitOf(driving)
          return wait === undefined
            ? Effect.void
            : park(driving, wait, (parked) => this.ask("park", this.journal.park(runId, parked), runId))
        }), { discard: true })
    })
  }

  #waitOf(driving: Driving): Wait | undefined {
    return waitOf(driving, this.settings.parkAfter, this.#clock.currentTimeMillisUnsafe())
  }

  /** What others are to drive now is given up. */
  get #disown(): Effect.Effect<void> {
    return Effect.sync(() => {
      for (const [runId, driving] of this.#driving) {
        const { driven, isLeaving } = driving
        if (driven === undefined || isLeaving || this.#post!.isOurs(driven.workflow.name, runId)) continue
        this.#run(this.letGo(runId))
      }
    })
  }

  /** Somebody here has sent a run something: that is there at once, also if it is parked. */
  wake(runId: string, sent: Sent): Effect.Effect<void> {
    return Effect.suspend(() => {
      const driving = this.#driving.get(runId)
      if (driving !== undefined && isLeft(driving)) driving.isWanted = true
      if (this.#post === undefined && driving === undefined) this.#begin(runId, undefined, true)
      return this.#post === undefined || driving?.pen !== undefined
        ? this.#collect
        : telling.ofLetter(this, this.#post, runId, sent)
    })
  }

  /** A run as it is driven here, for who acts on what runs of it: one that is parked is taken first, and has come to its waits. */
  awake(runId: string): Effect.Effect<Inbox | undefined> {
    return Effect.suspend(() => {
      const driving = this.#driving.get(runId)
      if (driving !== undefined && driving.pen !== undefined && !driving.pen.isHeld) {
        return Effect.succeed(driving.inbox)
      }
      if (driving === undefined) this.#begin(runId, undefined, true, true)
      else if (driving.pen !== undefined) driving.isWanted = true
      const loop: Effect.Effect<Inbox | undefined> = Effect.suspend(() => {
        const driving = this.#driving.get(runId)
        if (driving === undefined) return Effect.succeed(undefined)
        const { inbox, pen } = driving
        return pen?.isHeld === false && (inbox?.isAtRest === true || inbox?.isHeld === true)
          ? Effect.succeed(inbox)
          : Effect.andThen(Effect.sleep(Duration.min(this.settings.poll, Duration.millis(5))), loop)
      })
      return Effect.map(Effect.timeoutOption(loop, this.settings.patience), Option.getOrUndefined)
    })
  }

  // ---------------------------------------------------------------------------
  // driving
  // ---------------------------------------------------------------------------

  /** Drives the runs of a definition from now on; what to do when they are not to be driven here any more. */
  register(driven: Driven): Effect.Effect<void> | ConfigurationError {
    const { name } = driven.workflow
    const there = this.#definitions.get(name)
    if (there !== undefined && there.workflow !== driven.workflow) {
      const sentence = `another workflow of the name "${clip(name)}" is driven here already; names tell runs apart`
      return new ConfigurationError({ workflow: name, issues: [issue.make(undefined, "durable", sentence)] })
    }
    this.#registered.push(driven)
    this.#definitions.set(name, driven)
    // another definition may be the right one
    this.#refusals.clear()
    this.ends.know(name, driven.codecs)
    this.#run(this.#look)
    return Effect.suspend(() => {
      this.#registered.splice(this.#registered.indexOf(driven), 1)
      // a Layer of it may have been built several times
      const other = this.#registered.findLast(({ workflow }) => workflow.name === name)
      if (other === undefined) this.#definitions.delete(name)
      else this.#definitions.set(name, other)
      return Effect.andThen(this.#stop((driving) => driving.driven === driven), this.#released)
    })
  }

  /** Drives a run, unless that is done already; or tells who is to drive it. */
  begin(head: Head): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#post !== undefined) {
        return head.owner === undefined
          ? this.#post.tell(head, { _tag: "Start" })
          : Effect.void
      }
      if (this.#definitions.has(head.workflow)) this.#begin(head.runId, head)
      return Effect.void
    })
  }

  /** Somebody has told of a run: drives it, and answers when it is driven here no further. */
  told(head: Head): Effect.Effect<Told> {
    return Effect.suspend(() => {
      const { runId } = head
      const there = this.#driving.get(runId)
      if (there === undefined) {
        this.#begin(runId, head)
        return this.#until(runId)
      }
      // whoever has begun it waits for it, unless it is being parked or claimed, or was
      if (there.pen?.isHeld === false) return Effect.as(this.#collect, done)
      if (isLeft(there)) there.isWanted = true
      return Effect.andThen(this.#collect, Effect.suspend(() => this.#until(runId)))
    })
  }

  #until(runId: string): Effect.Effect<Told> {
    const driving = this.#driving.get(runId)
    if (driving?.fiber === undefined) return Effect.succeed(this.#refusals.has(runId) ? done : left)
    return Effect.flatMap(Fiber.await(driving.fiber), () => {
      if (this.#driving.has(runId)) return this.#until(runId)
      switch (driving.taken?._tag) {
        case "Held":
          return Effect.succeed<Told>(driving.taken)
        case "Ended":
        case "Parked":
        case "Stuck":
        case "Refused":
          return Effect.succeed(done)
        default:
          return Effect.succeed(this.#refusals.has(runId) ? done : left)
      }
    })
  }

  /** A run is not to be driven here any more: it may come to its next row, and is left to others then. */
  letGo(runId: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      const own = this.#driving.get(runId)
      if (own === undefined || own.isLeaving) return Effect.void
      own.isLeaving = true
      return this.#stop((driving) => driving === own)
    })
  }

  /** Of one that is wanted nobody knows whether another one drives it, or is to drive it. */
  #begin(runId: string, known: Head | undefined, isFree = false, isAsked = false): void {
    if (this.#isStopping || this.#driving.has(runId) || this.#definitions.size === 0) return
    this.#refusals.tries(runId)
    const find = known === undefined ? this.ask("show", this.journal.show(runId), runId) : Effect.succeed(known)
    const supervised = Effect.matchEffect(find, {
      onFailure: () => Effect.void,
      onSuccess: (head) => {
        const driven = head && this.#definitions.get(head.workflow)
        if (driven === undefined || head === undefined) return Effect.void
        if (isFree && head.owner !== undefined) return Effect.void
        if (isAsked && this.#post?.isOurs(head.workflow, runId) === false) return Effect.void
        const { migrate, version, workflow } = driven
        // those that have another definition of it go on with it: it is not even taken
        const foreign = mismatch({ name: workflow.name, version, migrate }, head)
        return foreign !== undefined
          ? this.#refuse(runId, foreign, head.owner !== undefined)
          : isOver(head.status)
          ? this.#ordered(driven, head)
          : this.#supervise(runId, driven)
      }
    })
    const driving = drivings.make(known && this.#definitions.get(known.workflow))
    this.#driving.set(runId, driving)
    const fiber = this.#run(supervised)
    driving.fiber = fiber
    fiber.addObserver(() => {
      if (this.#driving.get(runId) === driving) this.#driving.delete(runId)
      this.#refusals.tried(runId)
      if (driving.isWanted) this.#begin(runId, undefined, true)
    })
  }

  /** A run that has ended, or is stuck, goes on if an operator has ordered that. */
  #ordered(driven: Driven, head: Head): Effect.Effect<void> {
    const { runId } = head
    return Effect.flatMap(ordering.follow(this, driven, head), (followed) => {
      if (Result.isFailure(followed)) return this.#refuse(runId, followed.failure, true)
      if (followed.success === "goes on") return this.#supervise(runId, driven)
      if (followed.success === "settled") this.#driving.get(runId)!.taken = { _tag: "Parked" }
      return Effect.void
    })
  }

  /** Drives a run as long as it is this runner's: also after the journal was gone. */
  #supervise(runId: string, driven: Driven): Effect.Effect<void> {
    const { pause } = this.settings
    return Effect.gen({ self: this }, function*() {
      let failed = 0
      while (!this.#isStopping && this.#registered.includes(driven)) {
        const driving = this.#driving.get(runId)!
        driving.driven = driven
        const claim = Effect.andThen(
          this.#lease.held,
          this.committer.claim(runId, () => void this.#leaving.add(runId))
        )
        const taken = taking.take(this, driven, driving, runId, claim)
        const ending = yield* Effect.catchDefect(taken, (defect) => {
          const detail = `it can't be driven: ${describe(defect)}`
          // nobody would find a run that is owned, and be told nothing
          return Effect.succeed<Taken>({
            _tag: "Refused",
            error: new RestoreError({ runId, rule: "state", detail, cause: defect })
          })
        })
        driving.inbox = driving.pen = driving.markedAt = undefined
        if (ending._tag === "Ordered") continue
        // who was fenced asks who has the run: it may have been an answer that came too late, of a claim of its own
        if (ending._tag !== "Journal" && ending._tag !== "Fenced") return yield* this.#over(runId, ending)
        if (failed++ === 0 && ending._tag === "Journal") {
          yield* Effect.logWarning(`run "${clip(runId)}" waits for its journal: ${ending.error.message}`)
        }
        yield* Effect.sleep(Duration.millis(Math.min(Duration.toMillis(pause) * 2 ** Math.min(failed - 1, 10), 2000)))
      }
      // it may have been taken by a claim whose answer never came
      this.#leaving.add(runId)
    }).pipe(Effect.onInterrupt(() => Effect.sync(() => void this.#leaving.add(runId))))
  }

  /** A run can't be driven here; who waits for it goes on waiting if somebody else drives it. */
  #refuse(runId: string, error: Refusal, isDriven = false): Effect.Effect<void> {
    const isNew = this.#refusals.refuse(runId, error)
    if (!isDriven && this.#refusals.of(runId) !== undefined) this.ends.tell(runId, Exit.fail(error))
    return isNew ? Effect.logError(error.message) : Effect.void
  }

  #over(runId: string, ending: Taken): Effect.Effect<void> {
    this.#driving.get(runId)!.taken = ending
    switch (ending._tag) {
      case "Ended":
        return Effect.sync(() => this.ends.tell(runId, ending.exit, ending.createdAt))
      case "Refused": {
        // who has another definition of it may be able to
        return Effect.andThen(this.#refuse(runId, ending.error as Refusal), this.#leaving.release(runId))
      }
      case "Stuck":
        return Effect.logError(
          `run "${clip(runId)}" ${
            ending.of === "rollback" ? "could not undo all that it has done" : "has failed"
          }, and waits for an operator: retry, rerun, skip or end`,
          ending.cause
        )
      case "Stopped":
        // its definition has gone, and this runner goes on; one that ends leaves all that it has
        return this.#isStopping ? Effect.void : this.#leaving.release(runId)
      case "Parked":
        return this.#post === undefined ? Effect.void : telling.ofInstant(this, this.#post, runId)
      default:
        return Effect.void
    }
  }

  // ---------------------------------------------------------------------------
  // the end
  // ---------------------------------------------------------------------------

  #stop(which: (driving: Driving) => boolean): Effect.Effect<void> {
    return Effect.suspend(() => drivings.stop([...this.#driving.values()].filter(which), this.settings.stopWithin))
  }

  get stop(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#isStopping = true
      return Effect.andThen(
        this.#stop(() => true),
        // what can't be told now is found when the lease runs out
        Effect.ignore(this.ask("leave", this.journal.leave(this.runner)))
      )
    })
  }
}

/** Whether a run has been given up, or may be about to be: what comes now is not seen by who drives it. */
const isLeft = ({ pen, taken }: Driving): boolean => taken !== undefined || pen?.isHeld === true

const mostAtOnce = 256

const done: Told = { _tag: "Done" }
const left: Told = { _tag: "Left" }

/** Whatever a store answers: who looks no more would wait without a word. */
const forever = (effect: Effect.Effect<void>, every: Duration.Duration): Effect.Effect<never> =>
  Effect.forever(Effect.andThen(
    Effect.catchDefect(effect, (defect) => Effect.logError("what drives durable runs has met a defect", defect)),
    Effect.sleep(every)
  ))
