/**
 * A scheduler: the flows it has, and what it can be asked. It lives until its scope closes.
 */
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { ConfigurationError, type Issue } from "../../CanoError.ts"
import type * as Scheduler from "../../Scheduler.ts"
import { misfit, show } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import * as flags from "../check/flags.ts"
import { Crew } from "./crew.ts"
import { Patterns } from "./cron.ts"
import { type Definition, parse } from "./definition.ts"
import type { Desks } from "./desk.ts"
import type { Bounds } from "./ending.ts"
import * as ending from "./ending.ts"
import { FlowValue } from "./flow.ts"
import { Hand } from "./hand.ts"
import { Herald } from "./herald.ts"
import { Lane } from "./lane.ts"
import { requestId, triggerId } from "./names.ts"
import { Past } from "./past.ts"
import * as requests from "./requests.ts"
import { Run } from "./run.ts"
import type { Setting } from "./setting.ts"
import { endedOf, log } from "./verdict.ts"

type Services = Context.Context<unknown>
type Named = Scheduler.AnyFlow | string

class Table {
  readonly patterns = new Patterns()
  readonly lanes = new Map<string, Lane>()
  /** Flows that were removed, and whose runs may not have ended. */
  readonly leaving = new Set<Lane>()
  readonly #crews = new Map<string, Crew>()
  readonly #past = new Past()
  readonly #services: Services
  readonly bounds: Bounds
  readonly setting: Setting
  readonly #driver: Fiber.Fiber<never>
  readonly #random: typeof Random.Random.Service
  /** Where somebody waits for the end. */
  #over: Deferred.Deferred<void> | undefined
  #stopping: Deferred.Deferred<Scheduler.Stopped> | undefined

  constructor(
    options: Read,
    clock: Clock.Clock,
    random: typeof Random.Random.Service,
    services: Services,
    desks: Desks | undefined
  ) {
    const { claim, drain, grace, listeners, tolerance } = options
    this.bounds = { drain, grace }
    this.#random = random
    this.#services = services
    const hand = new Hand(clock, (by, now) => this.#setBack(by, now))
    this.setting = {
      hand,
      herald: new Herald(listeners, services as Context.Context<never>),
      tolerance,
      claim,
      desks,
      error: options.error,
      ended: endedOf,
      over: () => this.#look()
    }
    this.#driver = Effect.runForkWith(services)(hand.run)
  }

  /** Ends `wait` when there is nothing left to wait for. */
  #look(): void {
    for (const lane of this.lanes.values()) if (!lane.isOver) return
    for (const lane of this.leaving) if (!lane.isOver) return
    if (this.#stopping === undefined) this.#end()
  }

  #end(): void {
    if (this.#over !== undefined) Deferred.doneUnsafe(this.#over, Exit.void)
    this.#over = undefined
  }

  /** The clock was set back: flows that wait for an instant wait longer, which is told to the log and to each of them. */
  #setBack(by: number, now: number): void {
    const sentence = `the clock was set back by ${Duration.format(Duration.millis(by))}; no tick is fired a second time`
    log(this.#services, sentence)
    this.setting.herald.whole(() => Array.from(this.lanes.values()).forEach((lane) => lane.stepped(by, now)))
  }

  enter(definition: Definition, services: Services): Effect.Effect<void> {
    const { id } = definition.flow
    return this.setting.herald.whole(() => {
      const past = this.#past.of(id, this.setting.hand.now)
      const lane = new Lane(this.setting, definition, services, this.#crewOf(id), past)
      this.lanes.set(id, lane)
      lane.enter()
      return saved(lane)
    })
  }

  #crewOf(id: string): Crew {
    const there = this.#crews.get(id)
    if (there !== undefined) return there
    const crew = new Crew(() => this.#crews.delete(id))
    this.#crews.set(id, crew)
    return crew
  }

  #fail(flow: string, reason: Scheduler.FlowError["reason"], detail?: string) {
    return Exit.fail(this.setting.error(flow, reason, detail))
  }

  /** A flow of this scheduler, by its id, or by the very value that it was added or changed with: that alone has its types. */
  #find(named: unknown): Result.Result<Lane, Scheduler.FlowError> {
    const isId = Predicate.isString(named)
    const id = named instanceof FlowValue ? named.id : named
    const lane = Predicate.isString(id) ? this.lanes.get(id) : undefined
    const fault = !isId && !(named instanceof FlowValue)
      ? "NotAFlow"
      : lane === undefined
      ? "Unknown"
      : !isId && lane.definition.flow !== named
      ? "Changed"
      : undefined
    if (lane !== undefined && fault === undefined) return Result.succeed(lane)
    return Result.fail(this.setting.error(Predicate.isString(id) ? id : show(id), fault ?? "Unknown"))
  }

  /** Asks a flow of this scheduler, as a whole. */
  #with<A>(named: unknown, f: (lane: Lane) => Effect.Effect<A, Scheduler.FlowError>) {
    return Effect.suspend(() => {
      const found = this.#find(named)
      return Result.isFailure(found) ? Exit.fail(found.failure) : this.setting.herald.whole(() => f(found.success))
    })
  }

  readonly add = (flow: Scheduler.AnyFlow) =>
    this.#define(flow, (definition, services) => {
      const there = this.lanes.get(flow.id)
      if (there?.definition.flow === flow) return Exit.void
      if (there !== undefined) return this.#fail(flow.id, "Exists")
      return this.enter(definition, services)
    })

  readonly change = (flow: Scheduler.AnyFlow, options: { readonly cursor?: "keep" | "reset" | undefined } = {}) =>
    this.#define(flow, (definition, services) => {
      const { cursor = "keep", ...rest } = Predicate.isObject(options) ? options : { options }
      if ((cursor !== "keep" && cursor !== "reset") || Object.keys(rest).length > 0) {
        const message = misfit("what change is given", options, `{ cursor }, "keep" or "reset"`)
        return misconfigured([{ state: undefined, rule: "scheduler", subject: "scheduler", message }])
      }
      return this.#with(flow.id, (lane) => then(lane, lane.change(definition, services, cursor)))
    })

  #define(
    flow: Scheduler.AnyFlow,
    then: (
      definition: Definition,
      services: Services
    ) => Effect.Effect<void, ConfigurationError | Scheduler.FlowError>
  ) {
    return Effect.flatMap(
      Effect.context<unknown>(),
      (services): Effect.Effect<void, ConfigurationError | Scheduler.FlowError> => {
        const parsed = parse(flow, this.setting.hand.now, this.patterns)
        if (Result.isFailure(parsed)) return misconfigured(parsed.failure)
        return this.#stopping === undefined ? then(parsed.success, services) : this.#fail(flow.id, "Stopping")
      }
    )
  }

  readonly trigger = (flow: Scheduler.AnyFlow, options?: { readonly id?: string | undefined }) =>
    this.#with(flow, (lane) => {
      const { now } = this.setting.hand
      const id = requests.read(options)
      if (Result.isFailure(id)) return this.#fail(lane.id, "Options", id.failure)
      const isNamed = id.success !== undefined
      const runId = id.success === undefined ? triggerId(lane.id, this.#random) : requestId(lane.id, id.success)
      const known = isNamed ? requests.known(lane, runId) : undefined
      if (known !== undefined) return aside(known)
      const answer: NonNullable<Run["answer"]> = Deferred.makeUnsafe()
      const run = new Run({ flow: lane.id, by: "trigger", due: now, runId }, now, now, lane.definition.flow, answer)
      if (lane.desk === undefined) lane.trigger(run)
      else lane.desk.trigger(run, isNamed)
      // whoever asks next, anywhere, finds it ended
      return Effect.tap(aside(answer), saved(lane))
    })

  /** Asks one flow, or all where none is named, with one option. */
  #each<A>(
    named: Named | undefined,
    what: string,
    options: unknown,
    option: string,
    expected: string,
    isRight: Predicate.Refinement<unknown, A>,
    f: (lane: Lane, value: A | undefined) => void
  ) {
    return Effect.suspend((): Effect.Effect<void, Scheduler.FlowError> => {
      const { [option]: value, ...rest } = (Predicate.isObject(options) ? { ...options } : { options }) as {
        readonly [option: string]: unknown
      }
      const isGiven = options !== undefined
      if (isGiven && (Object.keys(rest).length > 0 || !(value === undefined || isRight(value)))) {
        const detail = misfit(`what ${what} is given`, options, `{ ${option} }, ${expected}`)
        return this.#fail(Predicate.isString(named) ? named : named?.id ?? "*", "Options", detail)
      }
      const given = isGiven ? value as A | undefined : undefined
      if (named !== undefined) return this.#with(named, (lane) => then(lane, f(lane, given)))
      const lanes = Array.from(this.lanes.values())
      this.setting.herald.whole(() => lanes.forEach((lane) => f(lane, given)))
      return Effect.forEach(lanes, saved, { discard: true })
    })
  }

  readonly pause = (flow?: Named, options?: { readonly note?: string | undefined }) =>
    this.#each(flow, "pause", options, "note", "a text", Predicate.isString, (lane, note) => lane.pause(note))

  readonly resume = (flow?: Named, options?: { readonly catchUp?: boolean | undefined }) =>
    this.#each(
      flow,
      "resume",
      options,
      "catchUp",
      "a boolean",
      Predicate.isBoolean,
      (lane, catchUp = false) => lane.resume(catchUp)
    )

  readonly reset = (flow: Named) => this.#with(flow, (lane) => then(lane, lane.reset()))

  readonly cancel = (flow: Named) =>
    this.#with(flow, (lane) => this.#apart(ending.end(this.setting, lane.all, { ...this.bounds, drain: 0 })))

  readonly remove = (flow: Named) =>
    this.#with(flow, (lane) => {
      const { id } = lane
      this.lanes.delete(id)
      this.leaving.add(lane)
      this.setting.herald.tell({ _tag: "Removed", flow: id, at: this.setting.hand.now })
      lane.close("Removed")
      this.#past.keep(id, lane.course.cursor)
      this.#crews.get(id)?.look()
      return this.#apart(Effect.tap(ending.end(this.setting, [...lane.runs], this.bounds, true), () =>
        Effect.andThen(
          Effect.andThen(ending.release([lane], this.bounds), saved(lane)),
          Effect.sync(() => this.#left(lane))
        )))
    })

  /** What was left alone of a flow that was removed counts until it ends. */
  #left(lane: Lane): void {
    const look = () => {
      if (lane.isOver) this.leaving.delete(lane)
    }
    for (const run of lane.runs) run.watch(look)
    look()
    this.#look()
  }

  /** Goes on when whoever asked for it does not, from this step on. */
  #apart<A>(effect: Effect.Effect<A>): Effect.Effect<A> {
    return Fiber.join(Effect.runForkWith(this.#services)(effect))
  }

  readonly info = (flow: Named) =>
    Effect.suspend(() => {
      const found = this.#find(flow)
      if (Result.isSuccess(found)) return Exit.succeed(Option.some(found.success.info))
      return found.failure.reason === "Unknown" ? Exit.succeed(Option.none()) : Exit.fail(found.failure)
    })

  readonly list = Effect.sync(() => Array.from(this.lanes.values(), ({ info }) => info))

  readonly history = (flow: Named) =>
    Effect.suspend(() => {
      const found = this.#find(flow)
      if (Result.isFailure(found)) return Exit.fail(found.failure)
      const { definition, record } = found.success
      return Exit.succeed(record.newest(definition.history, Predicate.isString(flow) ? undefined : definition.flow))
    })

  get events() {
    return this.setting.herald.events
  }

  readonly stop: Effect.Effect<Scheduler.Stopped> = Effect.suspend(() => {
    if (this.#stopping !== undefined) return Deferred.await(this.#stopping)
    const report = this.#stopping = Deferred.makeUnsafe<Scheduler.Stopped>()
    const lanes = [...this.lanes.values(), ...this.leaving]
    this.#driver.interruptUnsafe()
    this.setting.herald.whole(() => lanes.forEach((lane) => lane.close("Stopping")))
    // whoever has called first may leave, and the others still get the report
    const stopping = Effect.flatMap(
      ending.end(this.setting, lanes.flatMap(({ runs }) => [...runs]), this.bounds, true),
      (stopped) =>
        Effect.andThen(
          Effect.andThen(ending.release(lanes, this.bounds), this.setting.desks?.close ?? Effect.void),
          Effect.sync(() => {
            this.setting.herald.end()
            Deferred.doneUnsafe(report, Exit.succeed(stopped))
            this.#end()
          })
        )
    )
    return Effect.andThen(this.#apart(stopping), Deferred.await(report))
  })

  readonly wait = Effect.suspend(() => {
    if (this.#stopping !== undefined) return Effect.asVoid(Deferred.await(this.#stopping))
    const over = this.#over ??= Deferred.makeUnsafe<void>()
    this.#look()
    return aside(over)
  })
}

/** What was asked of a lane is written down, where there is a store that answers. */
const saved = ({ desk }: Lane): Effect.Effect<void> => desk === undefined ? Effect.void : desk.saved

const then = (lane: Lane, _done: void): Effect.Effect<void> => saved(lane)

/** Who waits for something of a lane goes on in a task of its own, and not on the stack of what the lane decides. */
const aside = <A, E>(deferred: Deferred.Deferred<A, E>): Effect.Effect<A, E> =>
  Effect.flatMap(Effect.exit(Deferred.await(deferred)), (exit) => Effect.andThen(Effect.yieldNow, exit))

type Read = Required<Pick<Scheduler.Options, "listeners">> & Bounds & {
  readonly tolerance: number
  readonly listeners: ReadonlyArray<(event: Scheduler.Event) => void>
  readonly claim: Scheduler.Options["claim"]
  readonly error: Setting["error"]
}

const defaults = { drain: 30_000, grace: 30_000, tolerance: 60_000 }

const known: ReadonlyArray<keyof Scheduler.Options> = ["drain", "grace", "tolerance", "listeners", "claim"]

const read = (given: Scheduler.Options, error: Setting["error"], issues: Array<Issue>): Read => {
  const add = (message: string) => issues.push({ state: undefined, rule: "scheduler", subject: "scheduler", message })
  if (!Predicate.isObject(given)) add(misfit("options", given, "an object"))
  const options: Scheduler.Options = Predicate.isObject(given) ? given : {}
  for (const sentence of flags.unknown(options, known)) add(sentence)
  const millis = (name: keyof typeof defaults): number => {
    const input = options[name]
    if (input === undefined) return defaults[name]
    const wrong = durations.wrong(input, name)
    if (wrong !== undefined) add(wrong)
    return wrong === undefined ? Duration.toMillis(Duration.fromInputUnsafe(input)) : 0
  }
  const { claim, listeners = [] } = options
  if (!Array.isArray(listeners) || !listeners.every(Predicate.isFunction)) {
    add(misfit("listeners", listeners, "an array of functions of an Event"))
  }
  if (claim !== undefined && !Predicate.isFunction(claim)) {
    add(misfit("claim", claim, "a function of a Fire to an Effect of a boolean"))
  }
  return { drain: millis("drain"), grace: millis("grace"), tolerance: millis("tolerance"), listeners, claim, error }
}

const misconfigured = (issues: ReadonlyArray<Issue>) =>
  Exit.fail(new ConfigurationError({ workflow: undefined, issues }))

export const make = (
  flows: ReadonlyArray<Scheduler.AnyFlow>,
  options: Scheduler.Options,
  error: Setting["error"],
  open?: (clock: Clock.Clock, services: Services) => Desks
): Effect.Effect<Table, ConfigurationError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.flatMap(Effect.context<never>(), (services) =>
      Effect.flatMap(
        Clock.clockWith((clock) => Effect.succeed(clock)),
        (clock) =>
          Effect.flatMap(Random.Random, (random) => {
            const issues: Array<Issue> = []
            const settings = read(options, error, issues)
            const now = clock.currentTimeMillisUnsafe()
            const patterns = new Patterns()
            const found = new Map<string, Definition>()
            if (!Array.isArray(flows)) {
              issues.push({
                state: undefined,
                rule: "scheduler",
                subject: "scheduler",
                message: misfit("flows", flows, "an array of flows")
              })
            }
            for (const flow of Array.isArray(flows) ? flows : []) {
              const parsed = parse(flow, now, patterns)
              if (Result.isFailure(parsed)) issues.push(...parsed.failure)
              else if (found.has(flow.id) && found.get(flow.id)!.flow !== flow) {
                issues.push({
                  state: undefined,
                  rule: "flow-twice",
                  subject: `flow "${flow.id}"`,
                  message: `flow ${show(flow.id)}: there are two definitions with this id; give each its own`
                })
              } else found.set(flow.id, parsed.success)
            }
            if (issues.length > 0) return misconfigured(issues)
            const all = services as Services
            const table = new Table(settings, clock, random, all, open?.(clock, all))
            const entered = Array.from(found.values(), (definition) => table.enter(definition, all))
            return open === undefined ? Exit.succeed(table) : Effect.as(Effect.all(entered, { discard: true }), table)
          })
      )),
    (table) => table.stop
  )
