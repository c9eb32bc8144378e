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
import type * as Scope from "effect/Scope"
import { ConfigurationError } from "../../CanoError.ts"
import type { Append, Claimed, Head, Letter, NewLetter, Sent, Service as Journal } from "../../journal.ts"
import { clip, describe } from "../check/describe.ts"
import * as issue from "../check/issue.ts"
import type { AnyFiber } from "../fibers/any.ts"
import type { JournalError } from "../journal/error.ts"
import { isOrder, isOver } from "../journal/steering.ts"
import type { Memory } from "../runs/registry.ts"
import { Committer } from "./committer.ts"
import type { Driven, Ending } from "./driver.ts"
import { drive } from "./driver.ts"
import type { Refusal } from "./ends.ts"
import { Ends, mayPass } from "./ends.ts"
import { RestoreError } from "./error.ts"
import type { Inbox } from "./inbox.ts"
import * as orders from "./orders.ts"
import type { Parking, Wait } from "./parking.ts"
import { park, waitOf } from "./parking.ts"
import { inTime } from "./patience.ts"
import type { Pen } from "./pen.ts"
import type { Post, Told } from "./post.ts"
import { Refusals } from "./refusals.ts"
import type { Service } from "./service.ts"
import type { Service as Settings } from "./settings.ts"
import * as starts from "./start.ts"
import { mismatch } from "./start.ts"

/** A run that is driven here, or is about to be. */
interface Driving extends Parking {
  /** Nothing as long as it is not known of which workflow it is. */
  driven: Driven | undefined
  inbox: Inbox | undefined
  pen: Pen | undefined
  fiber: AnyFiber | undefined
  /** Letters that came while it was being claimed. */
  readonly early: Array<Letter>
  /** What has become of it, when it is driven no further. */
  taken: Taken | undefined
  /** Whether it is being given up, as others are to drive it. */
  isLeaving: boolean
}

/** What has become of a run that was to be taken: somebody else may have it. */
type Taken = Ending | { readonly _tag: "Held"; readonly until: number }

export class Runner implements Service {
  /** Of its own in every process: others tell by it who owns a run. */
  readonly runner = randomId()
  readonly journal: Journal
  readonly settings: Settings
  readonly runs: Memory
  /** Who tells what is to be done; nobody where the runner looks for it. */
  readonly #post: Post | undefined
  readonly #clock: Clock.Clock
  readonly committer: Committer
  readonly #run: (effect: Effect.Effect<unknown>) => AnyFiber
  readonly #definitions = new Map<string, Driven>()
  readonly #driving = new Map<string, Driving>()
  /** Runs that it may own, and does not drive: they are given up. */
  readonly #left = new Set<string>()
  /** Runs that can't be driven here. */
  readonly #refusals: Refusals
  /** Who waits for the ends of runs. */
  readonly ends: Ends
  #leasedUntil = Number.NEGATIVE_INFINITY
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
    this.committer = new Committer(journal, this.runner, settings.patience, run)
  }

  /** Asks the journal, for so long as it may take. */
  ask<A>(operation: string, effect: Effect.Effect<A, JournalError>, runId?: string): Effect.Effect<A, JournalError> {
    return inTime(effect, this.settings.patience, operation, runId)
  }

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

  /** Keeps the lease, and looks for what is to be done, until it is interrupted. */
  get background(): Effect.Effect<void> {
    const { lease, poll, sweep } = this.settings
    const beat = Duration.millis(Duration.toMillis(lease) / 3)
    const looks = this.#post === undefined
      ? [forever(
        Effect.andThen(Effect.andThen(this.#releaseLeft, this.#look), Effect.andThen(this.#collect, this.#mark)),
        poll
      )]
      : [
        forever(Effect.andThen(this.#releaseLeft, Effect.andThen(this.#disown, this.#mark)), poll),
        // of a letter nobody may have told
        forever(this.#collect, sweep)
      ]
    return Effect.asVoid(Effect.all([forever(this.#beat, beat), ...looks], { concurrency: "unbounded" }))
  }

  /** Lengthens the lease; answers whether it had run out before. */
  #renew(patience: Duration.Duration): Effect.Effect<boolean, JournalError> {
    return Effect.suspend(() => {
      const lease = Duration.toMillis(this.settings.lease)
      const now = this.#clock.currentTimeMillisUnsafe()
      return Effect.map(inTime(this.journal.lease(this.runner, now + lease), patience, "lease"), () => {
        const hadLapsed = this.#leasedUntil <= now
        this.#leasedUntil = now + lease
        return hadLapsed
      })
    })
  }

  /** There is a lease: who takes a run without one may lose it to the next who looks. */
  get #held(): Effect.Effect<void, JournalError> {
    return Effect.suspend(() =>
      this.#clock.currentTimeMillisUnsafe() < this.#leasedUntil
        ? Effect.void
        : Effect.asVoid(this.#renew(this.settings.patience))
    )
  }

  get #beat(): Effect.Effect<void> {
    const { lease, patience } = this.settings
    // it must be known before it runs out
    const inTime = Duration.min(patience, Duration.millis(Duration.toMillis(lease) / 3))
    // who is told, and has nothing, keeps nothing
    const renewed = Effect.suspend(() =>
      this.#post !== undefined && this.#driving.size + this.#left.size === 0
        ? Effect.succeed(false)
        : this.#renew(inTime)
    )
    return Effect.matchEffect(renewed, {
      onSuccess: (hadLapsed) => hadLapsed ? this.#lost : Effect.void,
      onFailure: (error) =>
        Effect.sync(() => {
          // who can't keep its lease stops before somebody else may take what it drives
          const third = Duration.toMillis(this.settings.lease) / 3
          if (this.#clock.currentTimeMillisUnsafe() < this.#leasedUntil - third) return
          for (const { pen } of this.#driving.values()) pen?.end({ _tag: "Journal", error })
        })
    })
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
        : this.#tell(this.#post, runId, sent)
    })
  }

  /** Tells, when that comes, of the instant at which a run that was given up is to go on. */
  #tellInstant(post: Post, runId: string): Effect.Effect<void> {
    return Effect.matchEffect(this.ask("show", this.journal.show(runId), runId), {
      onSuccess: (head) =>
        head?.wakeAt === undefined ? Effect.void : post.tell(head, { _tag: "Timer", at: head.wakeAt }),
      // it is found when it is due
      onFailure: () => Effect.void
    })
  }

  /** Tells whoever drives a run of a letter. */
  #tell(post: Post, runId: string, sent: Sent): Effect.Effect<void> {
    if (sent._tag !== "Kept" && sent._tag !== "Duplicate") return Effect.void
    return Effect.matchEffect(this.ask("show", this.journal.show(runId), runId), {
      onSuccess: (head) => head === undefined ? Effect.void : post.tell(head, { _tag: "Letter", seq: sent.seq }),
      // it is found later
      onFailure: () => Effect.void
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
    this.#definitions.set(name, driven)
    // another definition may be the right one
    this.#refusals.clear()
    this.ends.know(name, driven.codecs)
    this.#run(this.#look)
    return Effect.suspend(() => {
      if (this.#definitions.get(name) === driven) this.#definitions.delete(name)
      return Effect.andThen(this.#stop((driving) => driving.driven === driven), this.#releaseLeft)
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
    const driving: Driving = {
      driven: known && this.#definitions.get(known.workflow),
      inbox: undefined,
      pen: undefined,
      fiber: undefined,
      early: [],
      markedAt: undefined,
      isWanted: false,
      taken: undefined,
      isLeaving: false
    }
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
    const followed = Effect.flatMap(this.ask("letters", this.journal.letters(runId), runId), (letters) => {
      if (letters.length === 0) return Effect.succeed(undefined)
      const { n, version } = head
      // of another version all that may be undone changes with it
      const from = version === driven.version ? head.entered : 0
      return Effect.map(this.ask("rows", this.journal.rows(runId, from, n - from + 1), runId), (found) => {
        const taken = { head, rows: found.filter(({ kept, n }) => kept || n >= head.entered), letters }
        return Result.map(
          starts.of(driven, taken),
          (start) => orders.follow(driven, orders.standing(start, taken))
        )
      })
    })
    return Effect.matchEffect(followed, {
      // it is due, and found again
      onFailure: () => Effect.void,
      onSuccess: (append) => {
        if (append !== undefined && Result.isFailure(append)) return this.#refuse(runId, append.failure, true)
        return append === undefined ? this.#settled(head) : this.#write(driven, head, append.success)
      }
    })
  }

  #write(driven: Driven, head: Head, append: Append): Effect.Effect<void> {
    const { runId } = head
    return Effect.matchEffect(this.ask("append", this.journal.append([append]), runId), {
      onFailure: () => Effect.void,
      onSuccess: ([isWritten]) => {
        if (isWritten !== true) return Effect.void
        this.ends.changed(runId)
        return append.head?.status === undefined ? this.#settled(head) : this.#supervise(runId, driven)
      }
    })
  }

  /** Nobody need look at a run any more, unless something has come that was not seen. */
  #settled({ createdAt, n, runId, sent }: Head): Effect.Effect<void> {
    this.#driving.get(runId)!.taken = { _tag: "Parked" }
    const rest = { n, createdAt, seen: sent, wakeAt: undefined, isReleased: true }
    return Effect.ignore(this.ask("park", this.journal.park(runId, rest), runId))
  }

  /** Drives a run as long as it is this runner's: also after the journal was gone. */
  #supervise(runId: string, driven: Driven): Effect.Effect<void> {
    const { pause } = this.settings
    return Effect.gen({ self: this }, function*() {
      let failed = 0
      while (!this.#isStopping && this.#definitions.get(driven.workflow.name) === driven) {
        const driving = this.#driving.get(runId)!
        driving.driven = driven
        const ending = yield* Effect.catchDefect(this.#once(runId, driven), (defect) => {
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
      this.#left.add(runId)
    }).pipe(Effect.onInterrupt(() => Effect.sync(() => void this.#left.add(runId))))
  }

  #once(runId: string, driven: Driven): Effect.Effect<Taken> {
    return Effect.matchEffect(
      Effect.andThen(this.#held, this.committer.claim(runId, () => void this.#left.add(runId))),
      {
        onFailure: (error) => Effect.succeed<Taken>({ _tag: "Journal", error }),
        onSuccess: (claim): Effect.Effect<Taken> => {
          switch (claim._tag) {
            case "Claimed": {
              const driving = this.#driving.get(runId)
              const ordered = this.#orderedOf(driven, claim)
              if (ordered !== undefined) return ordered
              return drive(driven, claim, {
                committer: this.committer,
                runs: this.runs,
                maxPayload: this.settings.maxPayload,
                orphans: (runId) => this.#endChildren(runId, undefined),
                begun: (inbox, pen) => {
                  if (driving === undefined) return
                  driving.inbox = inbox
                  driving.pen = pen
                  pen.onWritten = () => this.ends.changed(runId)
                  inbox.deliver(driving.early.splice(0))
                }
              })
            }
            case "Corrupt": {
              const { error } = claim
              if (mayPass(error)) return Effect.succeed<Ending>({ _tag: "Journal", error })
              const rule = error.reason === "Payload" ? "payload" : "row"
              return Effect.succeed<Ending>({
                _tag: "Refused",
                error: new RestoreError({ runId, rule, detail: error.detail, cause: error })
              })
            }
            case "Ended":
              // whoever had it before has left it to an operator
              if (claim.head.status === "stuck") return Effect.succeed<Taken>({ _tag: "Held", until: 0 })
              return Effect.map(
                this.ends.endOf(driven.codecs, claim.head),
                (exit): Ending => ({ _tag: "Ended", exit, createdAt: claim.head.createdAt })
              )
            default:
              return Effect.succeed<Taken>({ _tag: "Held", until: claim._tag === "Held" ? claim.until : 0 })
          }
        }
      }
    )
  }

  /** What an operator has ordered while nobody drove it comes first. */
  #orderedOf(driven: Driven, claim: Claimed): Effect.Effect<Taken> | undefined {
    if (!claim.letters.some(({ kind }) => isOrder(kind))) return undefined
    const start = starts.of(driven, claim)
    if (Result.isFailure(start)) return undefined
    const append = orders.followTaken(driven, orders.standing(start.success, claim))
    if (append === undefined) return undefined
    return Effect.match(this.ask("append", this.journal.append([append]), append.runId), {
      onFailure: (error): Taken => ({ _tag: "Journal", error }),
      onSuccess: ([isWritten]): Taken => ({ _tag: isWritten === true ? "Ordered" : "Fenced" })
    })
  }

  #endChildren(parent: string, after: string | undefined): Effect.Effect<void, JournalError> {
    return Effect.flatMap(
      this.ask("list", this.journal.list({ parent, after, limit: mostAtOnce }), parent),
      (heads) => {
        const open = heads.filter(({ status }) => status !== "ended")
        const ended = Effect.forEach(open, ({ runId, workflow }) =>
          Effect.flatMap(
            this.ask("send", this.journal.send(runId, cancelling), runId),
            (sent) => Effect.andThen(this.wake(runId, sent), this.ends.awaitedBy(workflow, runId))
          ), { concurrency: "unbounded", discard: true })
        return heads.length < mostAtOnce ? ended : Effect.andThen(ended, this.#endChildren(parent, heads.at(-1)!.runId))
      }
    )
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
        return Effect.andThen(this.#refuse(runId, ending.error as Refusal), this.#release(runId))
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
        return this.#isStopping ? Effect.void : this.#release(runId)
      case "Parked":
        return this.#post === undefined ? Effect.void : this.#tellInstant(this.#post, runId)
      default:
        return Effect.void
    }
  }

  /**
   * Others may have a run that this runner does not drive any further. As long as that is not written nobody finds it, since the
   * lease of this runner lasts: it is tried until it is.
   */
  #release(runId: string): Effect.Effect<void> {
    this.#left.add(runId)
    const released = Effect.flatMap(this.ask("show", this.journal.show(runId), runId), (head) => {
      if (head?.owner !== this.runner) return Effect.succeed(true)
      const { createdAt } = head
      const append = { runId, createdAt, n: head.n + 1, rows: [], head: { isReleased: true }, takes: [] }
      return Effect.map(this.ask("append", this.journal.append([append]), runId), ([isWritten]) => isWritten)
    })
    return Effect.match(released, {
      onSuccess: (isOver) => {
        if (isOver === true) this.#left.delete(runId)
      },
      // it is tried again
      onFailure: () => {}
    })
  }

  /** Gives up what it owns and does not drive. */
  get #releaseLeft(): Effect.Effect<void> {
    return Effect.suspend(() =>
      Effect.forEach([...this.#left].filter((runId) => !this.#driving.has(runId)), (runId) => this.#release(runId), {
        discard: true
      })
    )
  }

  // ---------------------------------------------------------------------------
  // the end
  // ---------------------------------------------------------------------------

  /** Nothing is started any more; what runs may come to its next row, and is left to others then. */
  #stop(which: (driving: Driving) => boolean): Effect.Effect<void> {
    return Effect.suspend(() => {
      const fibers: Array<AnyFiber> = []
      const pens: Array<Pen> = []
      for (const driving of this.#driving.values()) {
        if (!which(driving)) continue
        const { fiber, inbox, pen } = driving
        // it was stopped with its definition, and has been waited for
        if (pen?.over?._tag === "Stopped") continue
        if (fiber !== undefined) fibers.push(fiber)
        if (pen === undefined) {
          fiber?.interruptUnsafe()
          continue
        }
        pens.push(pen)
        if (inbox?.known.isWaiting === true && pen.isIdle) pen.end({ _tag: "Stopped" })
        else pen.stop()
      }
      if (fibers.length === 0) return Effect.void
      return Effect.andThen(
        Effect.timeoutOption(Fiber.awaitAll(fibers), this.settings.stopWithin),
        Effect.suspend(() => {
          for (const pen of pens) pen.end({ _tag: "Stopped" })
          for (const fiber of fibers) fiber.interruptUnsafe()
          // a step that can be undone is not cut off: it ends by itself, and is in doubt for who goes on
          return Effect.asVoid(Effect.timeoutOption(Fiber.awaitAll(fibers), this.settings.stopWithin))
        })
      )
    })
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

/** It is there everywhere; the types of the build know of no runtime. */
const randomId = (): string =>
  (globalThis as unknown as { readonly crypto: { readonly randomUUID: () => string } }).crypto.randomUUID()

/** The letter that cancels a run which another one has started. */
export const cancelling: NewLetter = {
  kind: "cancel",
  name: "",
  key: undefined,
  id: undefined,
  data: "{\"compensate\":true}"
}

/** Whatever a store answers: who looks no more would wait without a word. */
const forever = (effect: Effect.Effect<void>, every: Duration.Duration): Effect.Effect<never> =>
  Effect.forever(Effect.andThen(
    Effect.catchDefect(effect, (defect) => Effect.logError("what drives durable runs has met a defect", defect)),
    Effect.sleep(every)
  ))

export type { Scope }
