// The package, built in a folder of its own, for who looks at what is shipped.
import { execFileSync } from "node:child_process"
import { copyFileSync, mkdtempSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { root } from "./programs.ts"

/** Makes a temporary folder that is the built package, and can import itself by its name. */
export const build = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "effect-cano-built-"))
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
  copyFileSync(join(root, "package.json"), join(folder, "package.json"))
  execFileSync(process.execPath, [join(root, ".ci/build.ts"), join(folder, "dist")], { stdio: "inherit" })
  return folder
}
