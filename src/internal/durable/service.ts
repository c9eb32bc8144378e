/**
 * The service of durable runs, as others see it. It lives as long as the Layer that gives it.
 */
import * as Context from "effect/Context"
import type { Runner } from "./runner.ts"

export interface Service {
  /** The name of the runner, which owns the runs that it drives. */
  readonly runner: string
}

export class Durable extends Context.Service<Durable, Service>()("effect-cano/Durable") {}

/** Nobody else gives it. */
export const runnerOf = (service: Service): Runner => service as Runner
