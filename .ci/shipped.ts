// The built library as files, for `npm run packed`: types and maps that lead to the sources, few scripts, nothing that a
// bundler would have to keep, and nothing loaded that most programs do without.
import { buildSync } from "esbuild"
import assert from "node:assert/strict"
import { cpSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { run } from "./programs.ts"

/** Code and types have maps, and these point at sources that are there. */
export const mapped = (library: string): void => {
  const files = globSync("dist/**/*.{js,d.ts}", { cwd: library })
  assert(files.length > 0, "dist is empty")
  for (const file of files) {
    const [, map] = /\/\/# sourceMappingURL=(.*)\s*$/.exec(readFileSync(join(library, file), "utf8")) ?? []
    // a list of what other files export is not mapped
    assert(map !== undefined || file.endsWith(".js"), `${file} has no map`)
    if (map === undefined) continue
    const { sources } = JSON.parse(readFileSync(join(library, dirname(file), map), "utf8"))
    for (const source of sources) {
      assert(existsSync(join(library, dirname(file), source)), `${map} points at ${source}, which is not packed`)
    }
  }
}

/** A file for each entry, with its types, one for what they share, and one for pictures, which two of them draw. */
export const few = (library: string, entries: ReadonlyArray<string>): void => {
  const scripts = globSync("dist/**/*.js", { cwd: library }).map((file) => file.slice("dist/".length, -".js".length))
  assert.deepEqual(scripts.sort(), [...entries, "internal/chart", "internal/shared", "internal/wings"].sort())
  for (const entry of entries) assert(existsSync(join(library, `dist/${entry}.d.ts`)), `${entry} has no types`)
}

/** What a program imports and does not use is dropped, also inside of a file of which it uses something. */
export const pure = (library: string, entries: ReadonlyArray<string>): void => {
  // without the package.json that says so of whole files
  const dist = join(dirname(library), "pure")
  cpSync(join(library, "dist"), dist, { recursive: true })
  const contents = entries.map((entry) => `import "./${entry}.js"\n`).join("")
  const [bundle] = buildSync({
    stdin: { contents, resolveDir: dist },
    bundle: true,
    format: "esm",
    packages: "external",
    write: false
  }).outputFiles
  rmSync(dist, { recursive: true })
  const kept = bundle!.text.replace(/^(import |\/\/).*\n/gm, "")
  // of a constant that is worked out esbuild does not see that it is one
  assert(kept.length < 300, `a bundler keeps this in a program that uses nothing of it:\n${kept}`)
}

/** The main entry leaves alone what is much to load and seldom used. */
export const light = async (consumer: string): Promise<void> => {
  writeFileSync(
    join(consumer, "light.js"),
    [
      `import { registerHooks } from "node:module"`,
      `const loaded = []`,
      `registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })`,
      `await import("effect-cano")`,
      `const heavy = loaded.filter((url) => /effect\\/dist\\/(Stream|Channel|Schema)\\.js$/.test(url))`,
      `if (loaded.length < 50 || heavy.length > 0) throw new Error(heavy.join() || "the hook sees nothing")`
    ].join("\n")
  )
  const { code, stderr } = await run("light.js", { cwd: consumer, condition: false })
  assert.equal(code, 0, stderr)
}

/** A stack shows the sources, with Node's source maps. */
export const traced = async (consumer: string): Promise<void> => {
  writeFileSync(
    join(consumer, "traced.js"),
    [
      `import * as Effect from "effect/Effect"`,
      `import { JoinStrategy, Split } from "effect-cano"`,
      `const reduce = { initial: () => { throw new Error("of the user") }, step: () => 0 }`,
      `await Effect.runPromise(Split.run([Effect.void], { strategy: JoinStrategy.all, reduce }))`
    ].join("\n")
  )
  const runtime = [process.execPath, "--enable-source-maps"]
  const { stderr } = await run("traced.js", { cwd: consumer, condition: false, runtime })
  assert.match(stderr, /at new Reduction \(.*effect-cano\/src\/internal\/split\/reduction\.ts:\d+:\d+\)/)
}
