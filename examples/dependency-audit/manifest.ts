/** A package.json, as it is found in the wild: what the audit needs of it, and no more. */
import { Schema } from "effect"

const Named = Schema.Struct({ type: Schema.String })

/** How a package names its licence: today a text, once an object or a list of them. */
export const License = Schema.Union([
  Schema.String,
  Named,
  Schema.Array(Schema.Union([Schema.String, Named])),
  Schema.Null
])
export type License = typeof License.Type

/** The package.json of an installed package. */
export const Manifest = Schema.Struct({
  name: Schema.NonEmptyString,
  version: Schema.optionalKey(Schema.String),
  license: Schema.optionalKey(License),
  licenses: Schema.optionalKey(License),
  scripts: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown)))
})
export type Manifest = typeof Manifest.Type

/** The package.json of the audited project, which need not have a name. */
export const ProjectManifest = Schema.Struct({
  name: Schema.optionalKey(Schema.String),
  version: Schema.optionalKey(Schema.String)
})

export const fromText = Schema.decodeEffect(Schema.fromJsonString(Manifest))
export const projectFromText = Schema.decodeEffect(Schema.fromJsonString(ProjectManifest))
