/** Runs that an operator orders something of, and machines that need one. */
import { assert } from "@effect/vitest"
import { Effect, type Exit } from "effect"
import { JoinStrategy } from "effect-cano"
import type * as Journal from "effect-cano/journal"
import { primeClock, type Untyped } from "../kit/index.ts"
import {
  durableMachine,
  durably,
  inLife,
  inLifeForked,
  type Life,
  makeWorld,
  pass,
  passUntil,
  quick,
  texts
} from "./kit.ts"

/** A run that is driven, and an operator. */
export const begin = (machine: (life: Life, trail: Array<string>) => Untyped, options: object = {}, initial = "A") =>
  Effect.gen(function*() {
    yield* primeClock
    const world = yield* makeWorld
    const { store } = world
    const trail: Array<string> = []
    let definition: any
    const define = (life: Life) => [definition = durably(machine(life, trail), options)]
    const live = (settings = quick) => world.life(define, { settings })
    const first = yield* live()
    yield* inLife(first, definition.start("r", initial))
    yield* pass(100)
    const head = Effect.map(Effect.orDie(store.show("r")), (head) => head!)
    const becomes = (status: Journal.Status) =>
      Effect.gen(function*() {
        const is = yield* passUntil(Effect.map(head, (head) => head.status === status), { most: 3000 })
        assert.isTrue(is, `it is ${(yield* head).status}, and not ${status}`)
      })
    let number = 0
    /** Sends an order, and gives its answer. */
    const order = (kind: Journal.LetterKind, data: unknown = {}, id = `${kind} ${++number}`) =>
      Effect.gen(function*() {
        const sent = yield* Effect.orDie(
          store.send("r", { kind, name: "", key: undefined, id, data: JSON.stringify(data) })
        )
        assert.include(["Kept", "Duplicate"], sent._tag)
        const { seq } = sent as { readonly seq: number }
        const letter = Effect.orDie(store.letter("r", seq))
        const isAnswered = yield* passUntil(Effect.map(letter, (letter) => letter!.isTaken), { most: 3000 })
        assert.isTrue(isAnswered, `${kind} is not answered`)
        return JSON.parse((yield* letter)!.answer!) as { readonly done?: true; readonly refused?: string }
      })
    const orders = (kind: Journal.LetterKind, data?: unknown) =>
      Effect.map(order(kind, data), (answer) => assert.deepStrictEqual(answer, { done: true }))
    const refuses = (kind: Journal.LetterKind, data: unknown, why: string) =>
      Effect.map(order(kind, data), ({ refused }) => assert.include(refused ?? "it is done", why))
    const exitIn = (life: Life) =>
      Effect.gen(function*() {
        const fiber = yield* inLifeForked(life, Effect.exit(definition.run("r", initial)))
        yield* pass(100)
        return (fiber.pollUnsafe() as any)?.value as Exit.Exit<unknown, any> | undefined
      })
    const keys = Effect.map(world.rows("r"), (rows) => rows.map(({ key, kind }) => `${kind} ${key}`))
    return { world, store, trail, first, live, head, becomes, order, orders, refuses, exitIn, keys }
  })

/** Fails so many times, and then gives a text. */
export const flaky = (life: Life, trail: Array<string>, name: string, times: number) => {
  let left = times
  return Effect.flatMap(
    life.act(() => trail.push(name)),
    () => left-- > 0 ? Effect.fail(`${name} failed`) : Effect.succeed(name)
  )
}

/** Books and then pays; what books is undone, which fails so many times. */
export const booking = (undoes: number, pays: number) => (life: Life, trail: Array<string>) => {
  const pay = flaky(life, trail, "pay", pays)
  const undo = flaky(life, trail, "undo", undoes)
  const also = flaky(life, trail, "undo seat", 0)
  return durableMachine("w", "A", "Seat", "B", "Done")
    .register("A", {
      run: life.act(() => (trail.push("book"), "a")),
      schema: texts,
      compensate: () => undo,
      next: "Seat"
    })
    .register("Seat", { run: Effect.succeed("s"), schema: texts, compensate: () => also, next: "B" })
    .register("B", { run: pay, next: "Done" })
    .addExitStates("Done")
}

/** A split of branches, each of which fails so many times. */
export const shopping = (fails: { readonly [branch: string]: number }) => (life: Life, trail: Array<string>) =>
  durableMachine("w", "A", "Done")
    .registerSplit(
      "A",
      Object.fromEntries(Object.entries(fails).map(([name, times]) => [name, flaky(life, trail, name, times)])),
      {
        strategy: JoinStrategy.all,
        schema: texts,
        next: ({ values }: any) => (trail.push(JSON.stringify(values)), "Done")
      }
    )
    .addExitStates("Done")
