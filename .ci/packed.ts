// npm run packed: packs the library, installs the tarball in an empty folder and uses it as a stranger would, on every
// runtime and with every compiler of the README that the registry has.
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { brokenLinks } from "./links.ts"
import { lines, root, run } from "./programs.ts"
import { compilers, type Found, install, runtimes } from "./runtimes.ts"
import * as shipped from "./shipped.ts"
import { expectedLines, snippets } from "./snippets.ts"

const json = (file: string) => JSON.parse(readFileSync(file, "utf8"))
const installed = (name: string): string => json(join(root, "node_modules", name, "package.json")).version
const sh = (cwd: string, command: string, ...args: ReadonlyArray<string>) => {
  try {
    execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 120_000 })
  } catch (error) {
    const { stderr, stdout } = error as { stdout: string; stderr: string }
    throw new Error(`${command} ${args.join(" ")}\n${stdout}${stderr}`)
  }
}

const machine = `
import { Effect } from "effect"
import { Workflow } from "effect-cano"
export const machine = Workflow.make("m").register("Start", { run: Effect.void, next: "Done" }).addExitStates("Done")
`

const modules = readdirSync(join(root, "src")).filter((file) => file.endsWith(".ts") && file !== "index.ts")
  .map((file) => file.slice(0, -3))

const consumer = mkdtempSync(join(tmpdir(), "effect-cano-"))
process.env["DENO_DIR"] = join(consumer, "tools/deno")
try {
  const pack = join(consumer, "pack")
  mkdirSync(pack)
  sh(root, "npm", "pack", "--pack-destination", pack)
  const tarball = readdirSync(pack)[0]
  assert(tarball !== undefined, "npm pack wrote no tarball")

  writeFileSync(join(consumer, "package.json"), JSON.stringify({ private: true, type: "module" }))
  sh(
    consumer,
    "npm",
    "install",
    "--prefer-offline",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    `./pack/${tarball}`,
    `effect@${installed("effect")}`,
    `typescript@${installed("typescript")}`
  )
  const library = join(consumer, "node_modules/effect-cano")

  // What is in it: code with its types, both with maps to sources that are there as well; nothing else.
  shipped.mapped(library)
  shipped.few(library, [...modules, "index"])
  shipped.pure(library, [...modules, "index"])
  await shipped.light(consumer)
  await shipped.traced(consumer)
  const tops = readdirSync(library).sort()
  assert.deepEqual(
    tops,
    "CHANGELOG.md CONTRIBUTING.md LICENSE README.md bench bin dist docs examples package.json src test".split(" ")
  )
  const links = brokenLinks(library)
  assert.deepEqual(links.broken, [], "links that lead nowhere in the package")
  assert(links.total > 50, `only ${links.total} links were found`)
  for (const file of globSync("**/*.*", { cwd: library })) {
    assert(!readFileSync(join(library, file), "utf8").includes(root), `${file} names the folder it was built in`)
  }

  // A strict program that imports every module; the library's types are checked as well.
  writeFileSync(
    join(consumer, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "ES2022",
        module: "NodeNext",
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        allowImportingTsExtensions: true,
        skipLibCheck: false,
        types: []
      },
      include: ["*.ts"]
    })
  )
  writeFileSync(
    join(consumer, "program.ts"),
    [
      `import * as Root from "effect-cano"`,
      ...modules.map((name) => `import * as ${name} from "effect-cano/${name}"`),
      `const root: Record<string, unknown> = Root`,
      `const modules: Record<string, object> = { ${modules.join(", ")} }`,
      `for (const [name, module] of Object.entries(modules)) {`,
      `  if (name in root && root[name] !== module) throw new Error(name + " is loaded twice")`,
      `}`,
      ``
    ].join("\n")
  )
  const readme = snippets().find((snippet) => snippet.file === "README.md")
  if (readme !== undefined) writeFileSync(join(consumer, "readme.ts"), readme.code.join("\n"))
  writeFileSync(join(consumer, "stranger.ts"), readFileSync(join(import.meta.dirname, "stranger.ts")))

  const wanted = readFileSync(join(root, "README.md"), "utf8")
  const used: Array<string> = []
  const missing: Array<string> = []
  /** Does something with each that can be had; the README must name all of them. */
  const each = async (all: typeof runtimes, own: Found, use: (found: Found) => void | Promise<void>) => {
    for (const one of [own, ...all]) {
      assert(wanted.includes(one.label), `README.md does not say that ${one.label} is tested`)
      const found = "path" in one ? one : install(join(consumer, "tools"), one)
      if ("path" in found) {
        await use(found)
        used.push(`${found.label} (${found.version})`)
      } else {
        missing.push(`not tested: ${found.label}: ${found.reason}`)
      }
    }
  }

  const typescript = installed("typescript")
  await each(compilers, {
    label: `TypeScript ${typescript.split(".")[0]}`,
    version: typescript,
    path: join(consumer, "node_modules/typescript/bin/tsc"),
    args: []
  }, ({ path }) => sh(consumer, process.execPath, path))

  await each(runtimes, {
    label: `Node ${process.versions.node.split(".")[0]}`,
    version: process.versions.node,
    path: process.execPath,
    args: []
  }, async ({ args, label, path }) => {
    for (const program of globSync("*.ts", { cwd: consumer })) {
      const { code, stderr, stdout } = await run(program, { cwd: consumer, condition: false, runtime: [path, ...args] })
      assert.equal(code, 0, `${label}: ${basename(program)} failed\n${stdout}${stderr}`)
      const expected = expectedLines(readFileSync(join(consumer, program), "utf8").split("\n"))
      if (expected.length > 0) assert.deepEqual(lines(stdout), expected, `${label}: ${program} printed something else`)
    }
  })

  // The program of the package: without its optional peers it says which one is missing, and draws with one of them.
  writeFileSync(join(consumer, "machine.mjs"), machine)
  const cano = (...args: ReadonlyArray<string>) =>
    run(bin, { cwd: consumer, condition: false }, ["draw", "machine.mjs", ...args])
  const bin = join(consumer, "node_modules/.bin/cano")
  assert.match((await cano()).stderr, /^cano needs @effect\/platform-node, which is not installed/)
  const platform = `@effect/platform-node@${installed("@effect/platform-node")}`
  sh(consumer, "npm", "install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", platform)
  assert.deepEqual(lines((await cano()).stdout).slice(-1), ["  ◎ Done"])
  const runs = (db: string) => run(bin, { cwd: consumer, condition: false }, ["runs", "--db", db])
  assert.match((await runs("none.db")).stderr, /there is no file none\.db/)
  assert.match(
    (await runs("postgres://localhost/app")).stderr,
    /PostgreSQL needs @effect\/sql-pg, which is not installed/
  )
  assert.match((await cano("--svg")).stdout, /^<svg /)
  assert.match((await cano("--svg", "--layout", "elk")).stderr, /elkjs can't be loaded, npm install elkjs/)

  // What is private stays so.
  writeFileSync(
    join(consumer, "closed.js"),
    [
      `for (const path of ["internal/split", "internal/split.ts", "index", "src/index.ts"]) {`,
      `  const code = await import("effect-cano/" + path).then(() => "imported", (error) => error.code)`,
      `  const closed = code === "ERR_PACKAGE_PATH_NOT_EXPORTED" || path.startsWith("src/") && code === "ERR_MODULE_NOT_FOUND"`,
      `  if (!closed) throw new Error("effect-cano/" + path + ": " + code)`,
      `}`
    ].join("\n")
  )
  const { code, stderr } = await run("closed.js", { cwd: consumer, condition: false })
  assert.equal(code, 0, stderr)
  console.log(`${tarball}: ${modules.length + 1} entry points type-check and load, ${links.total} links resolve`)
  console.log(`used with ${used.join(", ")}`)
  for (const line of missing) console.log(line)
} finally {
  rmSync(consumer, { recursive: true, force: true })
}
