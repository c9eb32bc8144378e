/**
 * The module that a user names: loaded by the runtime itself, once in the life of a process, and what of its exports can be
 * drawn. What may go wrong on the way are sentences that say what to do.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Predicate from "effect/Predicate"
import type { Chart } from "../../chart.ts"
import * as Charts from "../../chart.ts"
import type { Host } from "../../cli.ts"
import type { Definition } from "../../Definition.ts"
import * as Workflow from "../../Workflow.ts"
import { DrawError } from "./error.ts"

export interface Found {
  /** The name of the export. */
  readonly key: string
  readonly chart: Chart
}

/** How long a module may take until it is loaded. */
const patience = "20 seconds"

const runs = "A module that runs when it is imported does run: keep the workflow in one that only exports it."

export const load = Effect.fnUntraced(function*(host: Host, module: string, wanted: string | undefined) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.resolve(module)
  const found = yield* Effect.option(fs.stat(file))
  if (Option.isNone(found)) return yield* new DrawError({ message: `there is no ${module}` })
  if (found.value.type === "Directory") {
    return yield* new DrawError({ message: `${module} is a folder: name a module in it` })
  }
  const url = yield* Effect.mapError(path.toFileUrl(file), ({ message }) => new DrawError({ message }))
  const exports = yield* Effect.tryPromise({
    try: (): PromiseLike<Record<string, unknown>> => import(url.href),
    catch: (cause) => new DrawError({ message: refusal(module, cause) })
  }).pipe(Effect.timeoutOrElse({
    duration: patience,
    orElse: () => Effect.fail(new DrawError({ message: `${module} is still not loaded after ${patience}. ${runs}` }))
  }))
  const names = Object.keys(exports)
  if (wanted !== undefined && !names.includes(wanted)) {
    return yield* new DrawError({ message: `${module} exports no ${wanted}; it exports ${listed(names)}` })
  }
  const workflows = names.filter((name) => Workflow.isWorkflow(exports[name]) && (wanted ?? name) === name)
  if (workflows.length === 0) {
    const functions = names.filter((name) => typeof exports[name] === "function")
    const hint = functions.length > 0
      ? `A function that makes a workflow is none: export what ${functions[0]} returns.`
      : runs
    const which = wanted === undefined ? `no export of ${module}` : `${wanted} of ${module}`
    return yield* new DrawError({
      message: `${which} is ${wanted === undefined ? "a" : "no"} workflow; it exports ${listed(names)}. ${hint}`
    })
  }
  // the same export under two names is drawn once
  const once = workflows.filter((name, i) => workflows.findIndex((other) => exports[other] === exports[name]) === i)
  return yield* Effect.forEach(once, (key): Effect.Effect<Found, DrawError> => {
    const chart = read(exports[key])
    if (chart !== undefined) return Effect.succeed({ key, chart })
    const copy = host.copyOf(file)
    return Effect.fail(
      new DrawError({
        message: `${key} of ${module} is a workflow of another copy of effect-cano` +
          `${copy === undefined ? "" : `, ${copy}`}, which this one can't read. ` +
          `Call the cano of that copy: npx cano in the folder of ${module}.`
      })
    )
  })
})

/** The chart, unless the definition is none of this version. */
const read = (workflow: unknown): Chart | undefined => {
  const { definition } = workflow as { readonly definition?: Definition }
  const isKnown = Predicate.isObject(definition) && Array.isArray(definition.states) &&
    definition.states.every((state: unknown) =>
      Predicate.isObject(state) && "kind" in state && "name" in state && "ways" in state && Array.isArray(state.ways)
    )
  return isKnown ? Charts.make({ definition }) : undefined
}

const listed = (names: ReadonlyArray<string>): string => names.length === 0 ? "nothing" : names.join(", ")

/** Why a runtime does not load a module, and what to do. */
const refusal = (module: string, cause: unknown): string => {
  const code = Predicate.isObject(cause) && "code" in cause ? String(cause.code) : ""
  const text = Predicate.isObject(cause) && "message" in cause ? String(cause.message) : String(cause)
  const first = text.split("\n").find((line) => line.trim() !== "")?.trim() ?? ""
  const known = reasons().find(([pattern]) => pattern.test(`${code} ${text}`))
  return `${module} can't be loaded: ${first}${known === undefined ? "" : `. ${known[1]}`}`
}

const loader = "Or load it with a compiler: node --import tsx node_modules/effect-cano/bin/cano.js draw …"

// made when it is asked for, as a bundler does not see that expressions and texts made of others are constants
const reasons = (): ReadonlyArray<readonly [RegExp, string]> => [
  [
    /ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING/,
    "Node strips no types in node_modules: draw a .js, or a module of your own that exports it."
  ],
  [
    // of a decorator Node says no more than that its character is an invalid one
    /ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX|TypeScript (enum|parameter property|namespace)|^ ?Invalid or unexpected token$/i,
    `Node strips types and compiles nothing, so enums, parameter properties, namespaces and decorators are refused. ${loader}`
  ],
  [
    /Cannot use import statement outside a module|Unexpected token 'export'/,
    "Its package.json says that it is CommonJS: write \"type\": \"module\" there, or name it .mts."
  ],
  [
    /Cannot find package '(?![@~]\/)/,
    "Install it; where it is a path of a tsconfig.json, write it as a relative one, as Node knows no others."
  ],
  [/ERR_UNKNOWN_FILE_EXTENSION.*\.[jt]sx/, `Node reads no JSX. ${loader}`],
  [
    /does not provide an export named/,
    "A type has to be imported as one: import type { … }, as Node only strips what says that it is a type."
  ],
  [
    /ERR_MODULE_NOT_FOUND|ERR_UNSUPPORTED_DIR_IMPORT|ERR_PACKAGE_IMPORT_NOT_DEFINED/,
    `Node wants relative imports with their extension, ./state.ts, and knows no paths of a tsconfig.json. ${loader}`
  ]
]
