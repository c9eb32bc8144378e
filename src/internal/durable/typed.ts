/**
 * What the types say of a workflow that is made durable: what keeps it from that, and which of its errors need a Schema. Types
 * only.
 */
import type { MemoryStore } from "../../MemoryStore.ts"
import type { Graph } from "../machine/typed.ts"
import type { InMemory, WithSchema } from "../machine/typedDurable.ts"
import type { LayerOut } from "../machine/typedWork.ts"
import type { ofState, whole } from "./sentences.ts"

/** What keeps a machine from being durable, in sentences; `unknown` where nothing does. */
export type Undurable<G extends Graph.Any> = unknown extends G["ways"] ? unknown
  : [Sentences<G>] extends [never] ? unknown
  : Sentences<G>

export type Sentences<G extends Graph.Any> =
  | ([Extract<G["ways"], WithSchema>] extends [never] ? typeof whole["schema"] : never)
  | ([Extract<LayerOut<G["provided"]>, MemoryStore>] extends [never] ? never : typeof whole["store"])
  | OfState<G["ways"]>

export type OfState<Ways> = Ways extends InMemory<infer From extends string, infer Why extends keyof typeof ofState>
  ? `state "${From}": ${typeof ofState[Why]}`
  : never

/** An error by its name, for a sentence. */
export type ErrorName<E> = E extends { readonly _tag: infer T extends string } ? `"${T}"` : "an error without a _tag"
