/**
 * The entity that a run is in a cluster, and the messages to it. A message says only that there is something to look at: what,
 * is in the journal. The values are good for the life of a program.
 */
import * as ClusterSchema from "effect/cluster/ClusterSchema"
import * as DeliverAt from "effect/cluster/DeliverAt"
import * as Entity from "effect/cluster/Entity"
import * as DateTime from "effect/DateTime"
import * as PrimaryKey from "effect/PrimaryKey"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import type { Head } from "../../journal.ts"
import type { Why } from "../durable/post.ts"

/** Of which run. */
const about = { runId: Schema.String, workflow: Schema.String }

// a bundler keeps a class with names that are worked out, unless it is made in a function
const make = () =>
  class Drive extends Schema.Class<Drive>("effect-cano/cluster/Drive")({
    ...about,
    key: Schema.String,
    /** Whether something has come that the run can't know of when it is parked. */
    isNews: Schema.Boolean,
    /** The instant at which it is delivered; 0 for at once. */
    at: Schema.Finite
  }) {
    [PrimaryKey.symbol](): string {
      return this.key
    }
    [DeliverAt.symbol](): DateTime.DateTime {
      return DateTime.makeUnsafe(this.at)
    }
  }

/** There is something to do for a run. It is kept until that is done, and of the same key there is one. */
export const Drive = make()
export type Drive = InstanceType<typeof Drive>

/** The same, which is lost where nobody can look just now: whoever sends it sends it again. */
const look = Rpc.make("look", { payload: about }).annotate(ClusterSchema.InterruptOnTermination, true)

const drive = Rpc.make("drive", { payload: Drive })
  .annotate(ClusterSchema.Persisted, true)
  // a run goes on elsewhere, and the message is then delivered there
  .annotate(ClusterSchema.InterruptOnTermination, true)

export const Run = Entity.make("cano/run", [drive, look])

/** A run may be made again of an id that was deleted, and is another one. */
export const driveOf = ({ createdAt, runId, workflow }: Head, why: Why): Drive => {
  const cause = why._tag === "Start" ? "start" : why._tag === "Letter" ? `letter/${why.seq}` : `timer/${why.at}`
  const id = idOf(workflow, runId)
  return new Drive({
    runId,
    workflow,
    // of a short id two runs share the entity
    key: id.endsWith(runId) ? `${createdAt}/${cause}` : `${runId}/${createdAt}/${cause}`,
    isNews: why._tag === "Letter",
    at: why._tag === "Timer" ? why.at : 0
  })
}

/** The id of the entity: there are databases in which it may have 255 characters. */
export const idOf = (workflow: string, runId: string): string => {
  const id = `${workflow.replaceAll("/", "%2F")}/${runId}`
  return id.length <= longest ? id : `${id.slice(0, longest - 20)}~${hash(id)}`
}

const longest = 200

/** Of few digits: two that have the same share an entity, and nothing else. */
const hash = (text: string): string => {
  let [a, b] = [0x811c9dc5, 0x9747b28c]
  for (let i = 0; i < text.length; i++) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x01000193)
    b = Math.imul(b ^ text.charCodeAt(text.length - 1 - i), 0x01000193)
  }
  return (a >>> 0).toString(36) + (b >>> 0).toString(36)
}
