/**
 * The two seams of a run: who runs its steps, and who is told of them. They are absent unless somebody provides them
 * around a run, and are looked for once, when it starts.
 */
import * as Context from "effect/Context"
import type { Host } from "./host.ts"
import type { Listener } from "./listener.ts"

export interface Seams {
  readonly host: Host | undefined
  readonly listener: Listener | undefined
}

export const none: Seams = { host: undefined, listener: undefined }

export const SeamsRef = Context.Reference<Seams>("effect-cano/Seams", { defaultValue: () => none })
