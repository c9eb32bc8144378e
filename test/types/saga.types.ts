import { type Cause, Context, Data, Effect, Schedule } from "effect"
import { type CanoError, JoinStrategy, type Saga, Workflow } from "effect-cano"
import type { Equals } from "./exactly.ts"
import { proves } from "./exactly.ts"

class Declined extends Data.TaggedError("Declined")<{}> {}
class RefundFailed extends Data.TaggedError("RefundFailed")<{}> {}
class Bank extends Context.Service<Bank, {
  readonly pay: (sum: number) => Effect.Effect<{ readonly receipt: string }, Declined>
}>()("Bank") {}
class Desk extends Context.Service<Desk, {
  readonly refund: (receipt: string) => Effect.Effect<void, RefundFailed>
}>()("Desk") {}

type Trip = { readonly _tag: "Pay"; readonly sum: number } | "Hold" | "Booked" | "NoTrip"
const trip = Workflow.make<Trip>("trip")
const pay = (sum: number) => Effect.flatMap(Bank, (bank) => bank.pay(sum))
const refund = (receipt: string) => Effect.flatMap(Desk, (desk) => desk.refund(receipt))
declare const seat: Effect.Effect<{ readonly row: number }, Declined>
const room = Effect.succeed({ bed: "double" })

type ErrorOf<W> = W extends Workflow.Workflow<any, any, infer E, any> ? E : never
type ServicesOf<W> = W extends Workflow.Workflow<any, any, any, infer R> ? R : never

// a compensation is told what its own step has done, and in which state
const paying = trip.register("Pay", {
  run: ({ sum }) => pay(sum),
  compensate: (done, { branch, cause, key, state }) => {
    proves<[Equals<typeof done, Saga.Done<{ readonly receipt: string }, Declined>>]>()
    proves<[Equals<typeof state, { readonly _tag: "Pay"; readonly sum: number }>]>()
    proves<[Equals<typeof cause, Cause.Cause<unknown>>]>()
    return done._tag === "Succeeded" ? refund(done.value.receipt) : refund(`${key} ${branch?.name}`)
  },
  next: ({ receipt }) => receipt === "" ? "NoTrip" as const : "Booked" as const
})
proves<[Equals<ErrorOf<typeof paying>, Declined | CanoError.CompensationError<RefundFailed, never>>]>()
proves<[Equals<ServicesOf<typeof paying>, Bank | Desk>]>()

// what is in doubt is not told of where it is skipped
trip.register("Pay", {
  run: ({ sum }) => pay(sum),
  inDoubt: "skip",
  compensate: ({ value }) => refund(value.receipt),
  next: "Booked"
})

// one that cannot fail, and none
const safe = trip.register("Hold", { run: room, compensate: () => Effect.void, next: "Booked" })
const none = trip.register("Hold", { run: room, next: "Booked" }, { pivot: true })
proves<[Equals<ErrorOf<typeof safe>, CanoError.CompensationError<never, never>>]>()
proves<[Equals<ErrorOf<typeof none>, never>]>()

// by branch
const holding = trip.registerSplit("Hold", { seat, room }, {
  strategy: JoinStrategy.all,
  otherwise: "NoTrip",
  compensate: {
    seat: (done) => done._tag === "Succeeded" ? refund(`seat ${done.value.row.toFixed()}`) : Effect.void,
    room: (done) => done._tag === "Succeeded" ? Effect.log(done.value.bed.toUpperCase()) : Effect.void
  },
  next: ({ values }) => values.seat.row > 1 ? "Booked" as const : "NoTrip" as const
})
proves<[Equals<ErrorOf<typeof holding>, CanoError.CompensationError<RefundFailed, never>>]>()
proves<[Equals<ServicesOf<typeof holding>, Desk>]>()

trip.registerSplit("Hold", { seat, room }, {
  strategy: JoinStrategy.all,
  inDoubt: { seat: "skip" },
  compensate: {
    seat: ({ value }) => refund(`seat ${value.row}`),
    room: (done) => done._tag === "Succeeded" ? Effect.log(done.value.bed) : Effect.void
  },
  next: "Booked"
})
trip.registerSplit("Hold", [seat, room], {
  strategy: JoinStrategy.all,
  inDoubt: "skip",
  compensate: [undefined, ({ value }) => Effect.log(value.bed)],
  next: "Booked"
})
const list = trip.registerSplit("Pay", function*({ sum }) {
  for (let i = 0; i < 3; i++) yield pay(sum)
}, {
  strategy: JoinStrategy.quorum(2),
  keep: "completed",
  compensate: (done, { branch, state }) =>
    done._tag === "Succeeded" ? refund(`${done.value.receipt} ${branch?.name} of ${state.sum}`) : Effect.void,
  next: "Booked"
})
proves<[
  Equals<
    ErrorOf<typeof list>,
    | CanoError.JoinUnsatisfiedError<Declined, ReadonlyArray<{ readonly receipt: string }>>
    | CanoError.CompensationError<RefundFailed, never>
  >
]>()

// the error of a run knows what else there was
const whole = paying.merge(holding).addExitStates("Booked", "NoTrip").withCompensation({
  timeout: "10 seconds",
  retry: Schedule.recurs(3)
})
const run = whole.orchestrate("Hold")
proves<[
  Equals<
    Effect.Error<typeof run>,
    | Declined
    | CanoError.CompensationError<RefundFailed, Declined>
    | CanoError.ConfigurationError
    | CanoError.WorkflowError
  >
]>()

trip.register("Pay", {
  run: ({ sum }) => pay(sum),
  // @ts-expect-error the compensation takes something else
  compensate: (_receipt: number) => Effect.void,
  next: "Booked"
})
trip.registerSplit("Hold", { seat, room }, {
  strategy: JoinStrategy.all,
  // @ts-expect-error there is no branch "seats"
  compensate: { seats: () => Effect.void },
  next: "Booked"
})
trip.registerSplit("Hold", { seat, room }, {
  strategy: JoinStrategy.all,
  // @ts-expect-error the room has no row
  compensate: { room: (done) => done._tag === "Succeeded" ? Effect.log(done.value.row) : Effect.void },
  next: "Booked"
})
