// node .ci/rooms.ts: the picture in docs/ARCHITECTURE.md has the arrows between the rooms of src/internal that the imports
// have, and the files that the page names are there.
import { existsSync, globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./programs.ts"

const internal = join(root, "src/internal")
const page = readFileSync(join(root, "docs/ARCHITECTURE.md"), "utf8")

/** What the page says in words instead. */
const isLeftOut = (file: string, to: string): boolean =>
  to === "check" || (file === "fibers/warn.ts" && to === "run") ||
  (file.startsWith("run/") && (to === "split" || to === "saga"))

/** The arrows of the imports, each with the files that have it. */
const imported = new Map<string, Array<string>>()
for (const file of globSync("*/*.ts", { cwd: internal })) {
  const [room] = file.split("/")
  for (const [, to] of readFileSync(join(internal, file), "utf8").matchAll(/from "\.\.\/(\w+)\//g)) {
    if (isLeftOut(file, to!)) continue
    const arrow = `${room} --> ${to}`
    imported.set(arrow, [...imported.get(arrow) ?? [], file])
  }
}

const picture = /```mermaid\n([\s\S]*?)```/.exec(page)![1]!
const drawn = new Set(
  [...picture.matchAll(/^ +(\w+) --> (.+)$/gm)].flatMap(([, from, to]) =>
    to!.split(" & ").map((one) => `${from} --> ${one}`)
  )
)

const wrong: Array<string> = []
for (const [arrow, files] of imported) {
  if (!drawn.has(arrow)) wrong.push(`${arrow} is not in the picture: ${[...new Set(files)].join(", ")}`)
}
for (const arrow of drawn) if (!imported.has(arrow)) wrong.push(`${arrow} is in the picture, and no import`)

const names = globSync("{*,*/*}.ts", { cwd: internal }).concat(globSync("*.ts", { cwd: join(root, "src") }))
for (const [, name] of page.matchAll(/`([\w/]+\.ts)`/g)) {
  const found = names.some((file) => file === name || file.endsWith(`/${name}`)) || existsSync(join(root, name!))
  if (!found) wrong.push(`${name} is named, and is no file of src/`)
}

for (const sentence of new Set(wrong)) console.error(sentence)
console.log(`${drawn.size} arrows, ${new Set(wrong).size} mistakes`)
process.exitCode = wrong.length === 0 ? 0 : 1
