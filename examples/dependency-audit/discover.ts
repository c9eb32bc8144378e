/**
 * The packages that are installed in a project: every folder of its node_modules, scopes and nested node_modules included.
 *
 * A symbolic link (a workspace, or the layout of pnpm) is followed to its package. No folder is visited twice, so a loop of
 * links ends.
 */
import { Data, Effect, FileSystem, Path, type PlatformError, Runtime } from "effect"
import * as Manifest from "./manifest.ts"
import * as Reason from "./reason.ts"

/** The project that is audited. */
export interface Project {
  readonly name: string
  readonly version: string | null
  readonly folder: string
}

/** A package as it was found, not yet opened. */
export interface Installed {
  readonly name: string
  /** Where it was found, from the project's folder, with forward slashes. */
  readonly path: string
  /** Where it lives, links resolved. */
  readonly folder: string
}

/** The folder is no project with installed packages. */
export class DiscoveryError extends Data.TaggedError("DiscoveryError")<{
  readonly folder: string
  readonly reason: string
}> {
  // One line is enough of it: the command line prints the message.
  override readonly [Runtime.errorReported] = false

  override get message(): string {
    return `can't audit ${this.folder}: ${this.reason}`
  }
}

/** Opens a project. */
export const project = Effect.fn("project")(function*(folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const absolute = path.resolve(folder)
  const fail = (reason: string) => new DiscoveryError({ folder: absolute, reason })
  const missing = (what: string) => (error: PlatformError.PlatformError) =>
    fail(Reason.isMissing(error) ? what : Reason.ofPlatform(error))

  const root = yield* fs.realPath(absolute).pipe(Effect.mapError(missing("there is no such folder")))
  if ((yield* fs.stat(root).pipe(Effect.mapError(missing("there is no such folder")))).type !== "Directory") {
    return yield* fail("it is not a folder")
  }
  const text = yield* fs.readFileString(path.join(root, "package.json")).pipe(
    Effect.mapError(missing("it has no package.json"))
  )
  const manifest = yield* Manifest.projectFromText(text).pipe(
    Effect.mapError((error) => fail(`its package.json can't be read: ${Reason.ofSchema(error)}`))
  )
  const modules = yield* fs.stat(path.join(root, "node_modules")).pipe(
    Effect.mapError(missing("it has no node_modules, run npm install there first"))
  )
  if (modules.type !== "Directory") return yield* fail("its node_modules is not a folder")
  return {
    name: manifest.name ?? path.basename(root),
    version: manifest.version ?? null,
    folder: root
  } satisfies Project
})

/** Lists the packages of a project, in the order of their paths. */
export const packages = Effect.fn("packages")(function*({ folder: root }: Project) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path

  const found: Array<Installed> = []
  const seen = new Set([root])
  // Folders of packages that are still to be listed; the list grows while it is read, so the outer folders come first.
  const pending = [{ folder: path.join(root, "node_modules"), at: "node_modules", scope: "" }]

  const list = (folder: string) =>
    fs.readDirectoryEntries(folder).pipe(
      Effect.map((entries) => entries.toSorted((a, b) => compare(a.name, b.name))),
      Effect.catchIf(Reason.isMissing, () => Effect.succeed([])),
      Effect.mapError((error) => new DiscoveryError({ folder, reason: Reason.ofPlatform(error) }))
    )

  // The folder behind an entry, if it is one. A broken link stays what it is: its scan says what is wrong with it.
  const resolve = (folder: string, entry: FileSystem.DirectoryEntry) => {
    if (entry.type === "Directory") return Effect.succeed({ folder, broken: false })
    if (entry.type !== "SymbolicLink" && entry.type !== "Unknown") return Effect.undefined
    return Effect.gen(function*() {
      const real = yield* fs.realPath(folder)
      return (yield* fs.stat(real)).type === "Directory" ? { folder: real, broken: false } : undefined
    }).pipe(Effect.orElseSucceed(() => ({ folder, broken: true })))
  }

  for (const { at, folder, scope } of pending) {
    for (const entry of yield* list(folder)) {
      const where = path.join(folder, entry.name)
      const there = `${at}/${entry.name}`
      if (entry.name === ".pnpm") {
        for (const { name } of yield* list(where)) {
          pending.push({
            folder: path.join(where, name, "node_modules"),
            at: `${there}/${name}/node_modules`,
            scope: ""
          })
        }
      }
      if (entry.name.startsWith(".")) continue
      const target = yield* resolve(where, entry)
      if (target === undefined) continue
      if (scope === "" && entry.name.startsWith("@") && !target.broken) {
        pending.push({ folder: target.folder, at: there, scope: `${entry.name}/` })
        continue
      }
      if (seen.has(target.folder)) continue
      seen.add(target.folder)
      found.push({ name: scope + entry.name, path: there, folder: target.folder })
      if (!target.broken) {
        pending.push({ folder: path.join(target.folder, "node_modules"), at: `${there}/node_modules`, scope: "" })
      }
    }
  }
  return found.toSorted((a, b) => compare(a.path, b.path))
})

/** The order of code units: the same on every machine. */
const compare = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0
