/** One package: its package.json decoded, its files counted and hashed, its licence and install scripts found. */
import { Context, Data, Effect, FileSystem, Layer, Path } from "effect"
import { createHash } from "node:crypto"
import type { Installed } from "./discover.ts"
import * as Licence from "./licence.ts"
import * as Manifest from "./manifest.ts"
import * as Reason from "./reason.ts"

/** What a scan found. */
export interface PackageReport {
  readonly name: string
  readonly version: string | null
  readonly path: string
  readonly licence: string
  readonly files: number
  readonly bytes: number
  /** Over the names and contents of all files. */
  readonly sha256: string
  readonly installScripts: ReadonlyArray<InstallScript>
}

/** A command that npm runs when it installs the package. */
export interface InstallScript {
  readonly event: string
  readonly command: string
}

/** The package has no package.json. */
export class ManifestMissingError extends Data.TaggedError("ManifestMissingError")<{ readonly path: string }> {
  override get message(): string {
    return "there is no package.json"
  }
}

/** The package.json is not what npm would accept. */
export class ManifestInvalidError
  extends Data.TaggedError("ManifestInvalidError")<{ readonly path: string; readonly reason: string }>
{
  override get message(): string {
    return `package.json: ${this.reason}`
  }
}

/** A file or folder of the package can't be read. */
export class UnreadableError
  extends Data.TaggedError("UnreadableError")<{ readonly path: string; readonly reason: string }>
{
  override get message(): string {
    return this.reason
  }
}

export type ScanError = ManifestMissingError | ManifestInvalidError | UnreadableError

/** Scans packages. A service, so that a test can put another one in its place. */
export class Scanner extends Context.Service<Scanner, {
  readonly scan: (installed: Installed) => Effect.Effect<PackageReport, ScanError>
}>()("dependency-audit/Scanner") {
  static readonly layer = Layer.effect(
    Scanner,
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path

      const manifestOf = Effect.fn("manifest")(function*({ folder, path: at }: Installed) {
        const text = yield* fs.readFileString(path.join(folder, "package.json")).pipe(
          Effect.mapError((error) =>
            Reason.isMissing(error)
              ? new ManifestMissingError({ path: at })
              : new UnreadableError({ path: at, reason: Reason.ofPlatform(error) })
          )
        )
        return yield* Manifest.fromText(text).pipe(
          Effect.mapError((error) => new ManifestInvalidError({ path: at, reason: Reason.ofSchema(error) }))
        )
      })

      // The files of the package itself: its node_modules are packages of their own. Links are left out.
      const filesOf = Effect.fn("files")(function*(folder: string) {
        const files: Array<string> = []
        const pending = [""]
        for (const at of pending) {
          for (const { name, type } of yield* fs.readDirectoryEntries(path.join(folder, at))) {
            const there = at === "" ? name : `${at}/${name}`
            if (type === "File") files.push(there)
            else if (type === "Directory" && there !== "node_modules") pending.push(there)
          }
        }
        return files.sort()
      })

      const licenceFrom = Effect.fn("licence")(function*(folder: string, files: ReadonlyArray<string>) {
        for (const file of files) {
          if (!Licence.isFileName(file)) continue
          const licence = Licence.fromText(yield* fs.readFileString(path.join(folder, file)))
          if (licence !== undefined) return licence
        }
        return Licence.unknown
      })

      const scan = Effect.fn("scan")(
        function*(installed: Installed) {
          const { folder, path: at } = installed
          const manifest = yield* manifestOf(installed)
          const files = yield* filesOf(folder)

          // Files are read one after another through one buffer: a scan holds 64 KiB, however large the package is.
          const hash = createHash("sha256")
          const buffer = new Uint8Array(64 * 1024)
          let bytes = 0
          for (const name of files) {
            const size = yield* Effect.scoped(Effect.gen(function*() {
              const file = yield* fs.open(path.join(folder, name))
              hash.update(`${name}\0`)
              let size = 0
              for (;;) {
                const read = yield* file.read(buffer)
                if (read === 0) return size
                hash.update(buffer.subarray(0, read))
                size += read
              }
            }))
            hash.update(`\0${size}\0`)
            bytes += size
          }

          return {
            name: manifest.name,
            version: manifest.version ?? null,
            path: at,
            licence: Licence.declared(manifest) ?? (yield* licenceFrom(folder, files)),
            files: files.length,
            bytes,
            sha256: hash.digest("hex"),
            installScripts: installEvents.flatMap((event) => {
              const command = manifest.scripts?.[event]
              return typeof command === "string" ? [{ event, command }] : []
            })
          } satisfies PackageReport
        },
        (effect, { path: at }) =>
          Effect.catchTag(
            effect,
            "PlatformError",
            (error) => new UnreadableError({ path: at, reason: Reason.ofPlatform(error) })
          )
      )

      return Scanner.of({ scan })
    })
  )
}

/** What npm runs for a dependency, in its order. */
const installEvents = ["preinstall", "install", "postinstall"]
