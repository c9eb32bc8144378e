/**
 * Durable runs in a cluster of `effect/cluster`: a run is an entity, and what is to be done for it is told by persisted messages.
 * Which runner drives it, routing, delivery after a crash and fail-over are the cluster's; what has happened is in the journal.
 *
 * An entry of its own, `effect-cano/cluster`, which the index does not load.
 *
 * @since 0.1.0
 */
import type * as Sharding from "effect/cluster/Sharding"
import * as Layer from "effect/Layer"
import type { Durable } from "./durable.ts"
import * as internal from "./internal/cluster/layer.ts"
import type { Journal } from "./journal.ts"
import type { Runs } from "./Runs.ts"

/**
 * Durable runs of a cluster, in place of `layer` of `effect-cano/durable`: definitions, their layers and `Runs` are used as
 * there.
 *
 * **Details**
 *
 * In a runner it drives the runs of its shards, of the definitions whose `layer` is there. In a client of the cluster it drives
 * none: it starts runs, sends to them, and waits for what the journal says of them.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Durable | Runs, never, Journal | Sharding.Sharding> = Layer.effectContext(internal.make)
