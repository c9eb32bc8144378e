/**
 * The instance of a flow's Layer that all its runs share: built by the first run that needs it, and released when the
 * definition is out of use and the last run with it has ended.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type { AnyEffect } from "../fibers/any.ts"
import type { AnyLayer } from "./flow.ts"
import { log } from "./verdict.ts"

export class Shared {
  readonly #flow: string
  readonly #layer: AnyLayer
  readonly #services: Context.Context<unknown>
  #built:
    | { readonly scope: Scope.Closeable; readonly fiber: Fiber.Fiber<Context.Context<unknown>, unknown> }
    | undefined
  #users = 0
  #isRetired = false
  #release: Fiber.Fiber<void> | undefined
  constructor(flow: string, layer: AnyLayer, services: Context.Context<unknown>) {
    this.#flow = flow
    this.#layer = layer
    this.#services = services
  }

  enter(): void {
    this.#users++
  }

  leave(): void {
    this.#users--
    this.#end()
  }

  /** Nobody enters any more. */
  retire(): void {
    this.#isRetired = true
    this.#end()
  }

  /** Until it is released, if nobody has it. */
  readonly released: Effect.Effect<void> = Effect.suspend(() =>
    this.#release === undefined ? Effect.void : Effect.asVoid(Fiber.await(this.#release))
  )

  provide(body: AnyEffect): AnyEffect {
    // whoever is interrupted leaves the building to the others
    return Effect.flatMap(
      Effect.suspend(() => Fiber.join(this.#build())),
      (services) => Effect.provide(body, services)
    )
  }

  #build(): Fiber.Fiber<Context.Context<unknown>, unknown> {
    if (this.#built !== undefined) return this.#built.fiber
    const scope = Scope.makeUnsafe()
    const build = Layer.buildWithScope(this.#layer, scope)
    const fiber = Effect.runForkWith(this.#services)(build)
    const built = this.#built = { scope, fiber }
    fiber.addObserver((exit) => {
      if (Exit.isSuccess(exit)) return
      // the next run tries again
      if (this.#built === built) this.#built = undefined
      Effect.runForkWith(this.#services)(Scope.close(scope, exit))
    })
    return fiber
  }

  #end(): void {
    if (!this.#isRetired || this.#users > 0 || this.#built === undefined) return
    const { fiber, scope } = this.#built
    this.#built = undefined
    this.#release = Effect.runForkWith(this.#services)(
      Effect.andThen(Fiber.interrupt(fiber), Scope.close(scope, Exit.void)).pipe(
        Effect.catchCause((cause) =>
          Effect.sync(() =>
            log(this.#services, `flow "${this.#flow}": what its runs share failed to be released`, cause)
          )
        )
      )
    )
  }
}
