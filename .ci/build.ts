// npm run build [folder]: what is published, in dist/ or in another folder. The types are those of TypeScript, one file for
// each of src/. The JavaScript is few files, since a file costs a program half a millisecond when it starts: one for each
// entry, and one for what several entries share, so that there is one copy of it; what only entries share that the index
// does not load, with the modules of Effect that it takes, is apart. docs/adr/0022 has the numbers.
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { type ChunkingContext, type Plugin, rolldown, RolldownMagicString } from "rolldown"
import { parseAst } from "rolldown/parseAst"
import { root } from "./programs.ts"

const folder = resolve(root, process.argv[2] ?? "dist")
const source = join(root, "src")
const entries = readdirSync(source).filter((file) => file.endsWith(".ts") && file !== "index.ts")

interface Node {
  readonly type: string
  readonly start: number
  readonly static?: boolean
}

const isNode = (u: unknown): u is Node => typeof u === "object" && u !== null && "type" in u

/** Where code is called when a module is loaded: all that is not inside of a function, or a field of an instance. */
const calls = (node: Node): ReadonlyArray<number> => {
  if (/Function|^TS(?!As|NonNull|Satisfies)/.test(node.type)) return []
  if (node.type === "PropertyDefinition" && node.static !== true) return []
  const inside = Object.values(node).flat().filter(isNode).flatMap(calls)
  return node.type === "CallExpression" || node.type === "NewExpression" ? [node.start, ...inside] : inside
}

/**
 * Says of these calls that they do nothing but make a value, as `sideEffects` in `package.json` says of modules: in one file
 * of many modules bundlers would keep them all.
 */
const pure: Plugin = {
  name: "pure",
  transform: (code, id) => {
    const statements = parseAst(code, { lang: "ts" }).body as ReadonlyArray<Node>
    const made = new RolldownMagicString(code)
    for (const start of new Set(statements.flatMap(calls))) made.appendLeft(start, "/*#__PURE__*/ ")
    const other = statements.find(({ type }) => !/^(Import|Export|Variable|Class|Function|TS)/.test(type))
    if (other !== undefined) throw new Error(`${id}: a bundler drops what a module does when it is loaded`)
    return { code: made.toString(), map: made.generateMap({ hires: true }).toString() }
  },
  // what has types alone is a module all the same
  renderChunk: (code) => code === "" ? { code: "export {}\n", map: null } : undefined
}

/** The modules that the index loads. */
const core = new Set<string>()
const load = (id: string, context: ChunkingContext): void => {
  if (core.has(id)) return
  core.add(id)
  for (const imported of context.getModuleInfo(id)?.importedIds ?? []) load(imported, context)
}
const sharedIn = (id: string, context: ChunkingContext): string => {
  if (core.size === 0) {
    const index = readFileSync(join(source, "index.ts"), "utf8")
    for (const [, file] of index.matchAll(/from "\.\/(.+)"/g)) load(join(source, file!), context)
  }
  return core.has(id) ? "shared" : "wings"
}

rmSync(folder, { recursive: true, force: true })
execFileSync(
  process.execPath,
  [join(root, "node_modules/typescript/bin/tsc"), "-p", join(root, "tsconfig.build.json"), "--outDir", folder],
  { stdio: "inherit" }
)
const bundle = await rolldown({
  cwd: root,
  input: Object.fromEntries(entries.map((file) => [file.slice(0, -3), join(source, file)])),
  // what is not a file of ours
  external: /^[^./]/,
  tsconfig: join(root, "tsconfig.json"),
  plugins: [pure],
  onLog: (_, log) => {
    throw new Error(log.message)
  }
})
await bundle.write({
  dir: folder,
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: "internal/[name].js",
  // pictures stay in the file of their entry: who draws nothing does not read them
  codeSplitting: {
    groups: [{ name: sharedIn, debugName: "shared", minShareCount: 2, test: /src\/(?!chart\.ts|internal\/chart\/)/ }]
  },
  // a text of other characters takes twice the memory, and longer to read
  charset: "ascii",
  comments: { annotation: true, legal: true, jsdoc: false },
  minifyInternalExports: false,
  sourcemap: true,
  // they are packed
  sourcemapExcludeSources: true
})
// The index stays the list of namespaces that it is: bundled it would make objects, of which a bundler keeps everything.
writeFileSync(join(folder, "index.js"), readFileSync(join(source, "index.ts"), "utf8").replaceAll(".ts\"", ".js\""))
