// The runtimes and compilers that the packed library is used on, as packages of the registry: each lives in a folder of
// its own below the one it is given, for as long as that does.
//
// What is installed are the packages that hold the executable, without install scripts. One that cannot be had says so.
import { execFileSync } from "node:child_process"
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

export interface Found {
  /** How the README names it. */
  readonly label: string
  readonly version: string
  readonly path: string
  /** What stands before the name of a program. */
  readonly args: ReadonlyArray<string>
}

export interface Missing {
  readonly label: string
  readonly reason: string
}

interface Wanted {
  readonly label: string
  readonly spec: string
  /** Where the executable is, below `node_modules`. */
  readonly executable: string
  /** The package whose version it has, below `node_modules`. */
  readonly versioned: string
  readonly args?: ReadonlyArray<string>
}

const platform = process.platform === "win32" ? "win" : process.platform
const node = (version: string): Wanted => ({
  label: `Node ${version}`,
  spec: `tested@npm:node-${platform}-${process.arch}@${version}`,
  executable: "tested/bin/node*",
  versioned: "tested"
})

/** Beside the Node of this repository: the oldest that is supported, and the newest. */
export const runtimes: ReadonlyArray<Wanted> = [
  node("22.19"),
  node("26"),
  { label: "Bun 1", spec: "bun@1", executable: "@oven/bun-*/bin/bun*", versioned: "bun" },
  {
    label: "Deno 2",
    spec: "deno@2",
    executable: "@deno/*/deno*",
    versioned: "deno",
    args: ["run", "--no-remote", "--no-lock", "--allow-env", "--allow-read"]
  }
]

/** Beside the TypeScript of this repository: the oldest that is supported. */
export const compilers: ReadonlyArray<Wanted> = [
  { label: "TypeScript 5.9", spec: "typescript@5.9", executable: "typescript/bin/tsc", versioned: "typescript" }
]

/** The first two lines of an error of npm: its code, and what it means. */
const npmError = (text: string): string =>
  text.trim().split("\n").slice(0, 2).map((line) => line.replace(/^npm error (code )?/, "")).join(": ")

/** Installs one of them, or says why the registry has none for this machine. */
export const install = (folder: string, { args = [], executable, label, spec, versioned }: Wanted): Found | Missing => {
  const cwd = join(folder, label.replaceAll(" ", "-"))
  mkdirSync(cwd, { recursive: true })
  writeFileSync(join(cwd, "package.json"), JSON.stringify({ private: true }))
  try {
    execFileSync("npm", ["install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", spec], {
      cwd,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 60_000
    })
  } catch (error) {
    const { code, stderr } = error as { readonly code?: string; readonly stderr?: string }
    return {
      label,
      reason: code === "ETIMEDOUT" ? "npm took more than 60 s" : npmError(stderr ?? "")
    }
  }
  const modules = join(cwd, "node_modules")
  const path = globSync(executable, { cwd: modules })[0]
  if (path === undefined) return { label, reason: `there is none for ${process.platform} ${process.arch}` }
  const { version } = JSON.parse(readFileSync(join(modules, versioned, "package.json"), "utf8"))
  return { label, version: version.replace(/^v/, ""), path: join(modules, path), args }
}
