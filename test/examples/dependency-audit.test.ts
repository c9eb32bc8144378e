import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, FileSystem, Latch, Layer, Path, type Scope, Sink, Stdio, Terminal } from "effect"
import { Command } from "effect/cli"
import { TestClock, TestConsole } from "effect/testing"
import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { fileURLToPath } from "node:url"
import { command } from "../../examples/dependency-audit/cli.ts"
import * as Discover from "../../examples/dependency-audit/discover.ts"
import * as Licence from "../../examples/dependency-audit/licence.ts"
import * as Manifest from "../../examples/dependency-audit/manifest.ts"
import { line, Progress } from "../../examples/dependency-audit/progress.ts"
import * as Report from "../../examples/dependency-audit/report.ts"
import { type PackageReport, Scanner } from "../../examples/dependency-audit/scan.ts"
import * as Audit from "../../examples/dependency-audit/workflow.ts"

/** Makes a project of the given files; it is removed when the test ends. */
const project = Effect.fn("project")(function*(files: Record<string, string>) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = yield* Effect.flatMap(fs.makeTempDirectoryScoped({ prefix: "audit-" }), fs.realPath)
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name)
    yield* fs.makeDirectory(path.dirname(file), { recursive: true })
    yield* fs.writeFileString(file, text)
  }
  return folder
})

const root = { "package.json": `{"name":"app","version":"1.0.0"}` }

const pkg = (name: string, more: object = {}) => JSON.stringify({ name, version: "1.0.0", license: "MIT", ...more })

/** A project of so many packages, p00 and on, of which the first few have a broken package.json. */
const packages = (count: number, broken = 0): Record<string, string> => ({
  ...root,
  ...Object.fromEntries(Array.from({ length: count }, (_, i) => {
    const name = `p${String(i).padStart(2, "0")}`
    return [`node_modules/${name}/package.json`, i < broken ? "{" : pkg(name)]
  }))
})

const orchestrate = (folder: string, options: { readonly bulkhead?: number } = {}) =>
  Audit.make({ bulkhead: 16, timeout: "30 seconds", ...options }).orchestrate({ _tag: "Discover", folder })

const audit = (folder: string) =>
  orchestrate(folder).pipe(
    Effect.map((state) => state.audit),
    Effect.provide(Scanner.layer)
  )

const cli = (...args: ReadonlyArray<string>) =>
  Command.runWith(command, { version: "0.1.0" })(args).pipe(Effect.provide(Scanner.layer))

/** What a terminal, or a pipe, was given. */
const terminal = (isTerminal: { readonly stdout: boolean; readonly stderr: boolean }) => {
  const written: Array<string> = []
  const layer = Layer.mergeAll(
    Stdio.layerTest({
      stdoutIsTerminal: Effect.succeed(isTerminal.stdout),
      stderrIsTerminal: Effect.succeed(isTerminal.stderr),
      stderr: () => Sink.forEach((text: string | Uint8Array) => Effect.sync(() => written.push(String(text))))
    }),
    Layer.succeed(
      Terminal.Terminal,
      Terminal.make({
        columns: Effect.succeed(80),
        rows: Effect.succeed(24),
        size: Effect.die("unused"),
        readInput: Effect.die("unused"),
        readLine: Effect.die("unused"),
        display: () => Effect.die("unused")
      })
    )
  )
  return { written, layer }
}

const platform = Layer.mergeAll(NodeServices.layer, terminal({ stdout: false, stderr: false }).layer)

/** A test on the real file system, with its own clock and console, and nobody at the terminal. */
const effect = <A, E>(name: string, body: () => Effect.Effect<A, E, NodeServices.NodeServices | Scope.Scope>) =>
  it.effect(name, () => Effect.provide(body(), platform), 30_000)

describe("dependency audit", () => {
  describe("discovery", () => {
    effect("finds scoped, nested and linked packages, and nothing else", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* project({
          ...root,
          "packages/local/package.json": pkg("local"),
          "node_modules/.package-lock.json": "{}",
          "node_modules/.bin/tool": "",
          "node_modules/a/package.json": pkg("a"),
          "node_modules/a/node_modules/b/package.json": pkg("b"),
          "node_modules/a/node_modules/@s/c/package.json": pkg("@s/c"),
          "node_modules/a/lib/node_modules/fixture/package.json": pkg("fixture"),
          "node_modules/@s/c/package.json": pkg("@s/c"),
          "node_modules/notes.txt": ""
        })
        yield* fs.symlink("../packages/local", `${folder}/node_modules/local`)
        const found = yield* Discover.packages(yield* Discover.project(folder))
        assert.deepStrictEqual(found.map(({ name, path }) => [name, path]), [
          ["@s/c", "node_modules/@s/c"],
          ["a", "node_modules/a"],
          ["@s/c", "node_modules/a/node_modules/@s/c"],
          ["b", "node_modules/a/node_modules/b"],
          ["local", "node_modules/local"]
        ])
        assert.strictEqual(found[4]?.folder, `${folder}/packages/local`)
      }))

    effect("finds each package of a pnpm project once", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* project({
          ...root,
          "node_modules/.pnpm/lock.yaml": "",
          "node_modules/.pnpm/a@1.0.0/node_modules/a/package.json": pkg("a"),
          "node_modules/.pnpm/b@1.0.0/node_modules/b/package.json": pkg("b")
        })
        yield* fs.symlink(".pnpm/a@1.0.0/node_modules/a", `${folder}/node_modules/a`)
        yield* fs.symlink("../../b@1.0.0/node_modules/b", `${folder}/node_modules/.pnpm/a@1.0.0/node_modules/b`)
        const { tally } = yield* audit(folder)
        assert.deepStrictEqual(tally, { total: 2, succeeded: 2, failed: 0, interrupted: 0, notStarted: 0 })
      }))

    effect("ends where symbolic links form a loop, and names the broken ones", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* project({ ...root, "node_modules/a/package.json": pkg("a") })
        yield* fs.makeDirectory(`${folder}/node_modules/a/node_modules`)
        yield* fs.symlink("../..", `${folder}/node_modules/a/node_modules/up`)
        yield* fs.symlink("..", `${folder}/node_modules/a/self`)
        yield* fs.symlink(folder, `${folder}/node_modules/app`)
        yield* fs.symlink("../a", `${folder}/node_modules/a/node_modules/a`)
        yield* fs.symlink("me", `${folder}/node_modules/me`)
        yield* fs.symlink("gone", `${folder}/node_modules/lost`)
        const { failures, files, state } = yield* audit(folder)
        assert.strictEqual(state, "Degraded")
        assert.strictEqual(files, 1)
        assert.deepStrictEqual(failures.map(({ path }) => path), [
          "node_modules/a/node_modules/a",
          "node_modules/a/node_modules/up",
          "node_modules/lost",
          "node_modules/me"
        ])
        assert.strictEqual(failures[2]?.reason, "there is no package.json")
      }))

    const unfit: ReadonlyArray<readonly [why: string, files: Record<string, string>, reason: string]> = [
      ["has no package.json", { "node_modules/a/package.json": pkg("a") }, "it has no package.json"],
      ["has no node_modules", root, "it has no node_modules, run npm install there first"],
      ["has a file for node_modules", { ...root, "node_modules": "" }, "its node_modules is not a folder"],
      [
        "has a package.json that is no JSON",
        { "package.json": "{", "node_modules/a/package.json": pkg("a") },
        "its package.json can't be read: Expected a valid JSON string"
      ]
    ]
    for (const [why, files, reason] of unfit) {
      effect(`refuses a folder that ${why}`, () =>
        Effect.gen(function*() {
          const folder = yield* project(files)
          const error = yield* Effect.flip(audit(folder))
          assert(error._tag === "DiscoveryError")
          assert.strictEqual(error.message, `can't audit ${folder}: ${reason}`)
        }))
    }
  })

  describe("scan", () => {
    effect("ends a healthy project in Complete, with an exact report", () =>
      Effect.gen(function*() {
        const a = pkg("a", { scripts: { postinstall: "node build.js", test: "vitest", install: "node-gyp rebuild" } })
        const c = `{"name":"@s/c","licenses":[{"type":"MIT"},{"type":"Apache-2.0"}]}`
        const folder = yield* project({
          ...root,
          "node_modules/a/package.json": a,
          "node_modules/a/lib/index.js": "x".repeat(100_000),
          "node_modules/a/node_modules/b/package.json": `{"name":"b","version":"2.0.0"}`,
          "node_modules/a/node_modules/b/LICENSE": "Permission is hereby granted, free of charge,\n to any person " +
            "obtaining a copy",
          "node_modules/@s/c/package.json": c
        })
        const bytes = { a: a.length + 100_000, b: 30 + 77, c: c.length }
        const sha = (...files: ReadonlyArray<readonly [string, string]>) =>
          files.reduce((hash, [name, text]) => hash.update(`${name}\0${text}\0${text.length}\0`), createHash("sha256"))
            .digest("hex")

        const report = yield* audit(folder)

        assert.deepStrictEqual(
          { ...report, packages: report.packages.map(({ name }) => name) },
          {
            state: "Complete",
            project: { name: "app", version: "1.0.0", folder },
            elapsedMillis: 0,
            timedOut: false,
            tally: { total: 3, succeeded: 3, failed: 0, interrupted: 0, notStarted: 0 },
            files: 5,
            bytes: bytes.a + bytes.b + bytes.c,
            licences: [{ licence: "MIT", packages: 2 }, { licence: "MIT OR Apache-2.0", packages: 1 }],
            largest: [
              { name: "a", version: "1.0.0", licence: "MIT", files: 2, bytes: bytes.a, path: "node_modules/a" },
              {
                name: "b",
                version: "2.0.0",
                licence: "MIT",
                files: 2,
                bytes: bytes.b,
                path: "node_modules/a/node_modules/b"
              },
              {
                name: "@s/c",
                version: null,
                licence: "MIT OR Apache-2.0",
                files: 1,
                bytes: bytes.c,
                path: "node_modules/@s/c"
              }
            ],
            installScripts: [
              { name: "a", version: "1.0.0", path: "node_modules/a", event: "install", command: "node-gyp rebuild" },
              { name: "a", version: "1.0.0", path: "node_modules/a", event: "postinstall", command: "node build.js" }
            ],
            failures: [],
            cutOff: [],
            packages: ["@s/c", "a", "b"]
          }
        )
        assert.strictEqual(
          report.packages[1]?.sha256,
          sha(["lib/index.js", "x".repeat(100_000)], ["package.json", a])
        )
      }))

    effect("ends a project without packages in Complete, with empty tables", () =>
      Effect.gen(function*() {
        const folder = yield* project({ ...root, "node_modules/.package-lock.json": "{}" })
        const report = yield* audit(folder)
        assert.strictEqual(
          Report.toText(report),
          [
            "Dependency audit of app 1.0.0",
            folder,
            "",
            "0 packages, 0 files, 0 B, in 0 ms",
            "",
            "Licences",
            "  none",
            "",
            "Largest packages",
            "  none",
            "",
            "Install scripts",
            "  none",
            "",
            "Failures",
            "  none",
            "",
            "Complete: 0 of 0 packages scanned, 0 failed, 0 interrupted, 0 not started"
          ].join("\n")
        )
      }))

    effect("says of each package that fails why it does", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* project({
          ...root,
          "node_modules/json/package.json": `{"name":`,
          "node_modules/list/package.json": "[]",
          "node_modules/nameless/package.json": `{"version":"1.0.0"}`,
          "node_modules/number/package.json": pkg("number", { license: 5 })
        })
        yield* fs.makeDirectory(`${folder}/node_modules/empty`)
        yield* fs.makeDirectory(`${folder}/node_modules/folder/package.json`, { recursive: true })
        const { failures, state, tally } = yield* audit(folder)
        assert.strictEqual(state, "Degraded")
        assert.deepStrictEqual(tally, { total: 6, succeeded: 0, failed: 6, interrupted: 0, notStarted: 0 })
        assert.deepStrictEqual(failures, [
          { path: "node_modules/empty", reason: "there is no package.json" },
          { path: "node_modules/folder", reason: "EISDIR: illegal operation on a directory, read" },
          { path: "node_modules/json", reason: "package.json: Expected a valid JSON string" },
          { path: "node_modules/list", reason: "package.json: Expected object" },
          { path: "node_modules/nameless", reason: `package.json: Missing key at ["name"]` },
          {
            path: "node_modules/number",
            reason: `package.json: Expected string | object | array | null at ["license"]`
          }
        ])
      }))

    effect("is Complete with 5 % of the packages failed, and Degraded with more", () =>
      Effect.gen(function*() {
        const tolerable = yield* audit(yield* project(packages(20, 1)))
        const tooMany = yield* audit(yield* project(packages(19, 1)))
        assert.deepStrictEqual([tolerable.state, tolerable.tally.failed], ["Complete", 1])
        assert.deepStrictEqual([tooMany.state, tooMany.tally.failed], ["Degraded", 1])
      }))
  })

  describe("deadline", () => {
    const scanned = (name: string): PackageReport => ({
      name,
      version: null,
      path: `node_modules/${name}`,
      licence: "MIT",
      files: 1,
      bytes: 1,
      sha256: "",
      installScripts: []
    })

    /** A scanner that never ends for some packages; the latch opens when so many of them have started. */
    const endless = (endless: (name: string) => boolean, awaited: number) => {
      const latch = Latch.makeUnsafe()
      let started = 0
      const layer = Layer.succeed(Scanner, {
        scan: ({ name }) =>
          Effect.suspend(() => {
            if (!endless(name)) return Effect.succeed(scanned(name))
            if (++started === awaited) latch.openUnsafe()
            return Effect.never
          })
      })
      return { latch, layer }
    }

    effect("cuts off what has not settled when it passes, and names it", () =>
      Effect.gen(function*() {
        const folder = yield* project(packages(6))
        const { latch, layer } = endless((name) => name !== "p00" && name !== "p02", 2)
        const run = yield* orchestrate(folder, { bulkhead: 2 }).pipe(Effect.provide(layer), Effect.forkChild)
        yield* latch.await
        yield* TestClock.adjust("30 seconds")
        const { audit } = yield* Fiber.join(run)
        assert.strictEqual(audit.state, "Degraded")
        assert.strictEqual(audit.elapsedMillis, 30_000)
        assert.deepStrictEqual(audit.tally, { total: 6, succeeded: 2, failed: 0, interrupted: 2, notStarted: 2 })
        assert.deepStrictEqual(audit.cutOff, [
          { path: "node_modules/p01", reason: "interrupted" },
          { path: "node_modules/p03", reason: "interrupted" },
          { path: "node_modules/p04", reason: "not started" },
          { path: "node_modules/p05", reason: "not started" }
        ])
        const text = Report.toText(audit).split("\n")
        assert.deepStrictEqual(text.slice(text.indexOf("Cut off")), [
          "Cut off",
          "  node_modules/p01  interrupted",
          "  node_modules/p03  interrupted",
          "  node_modules/p04  not started",
          "  node_modules/p05  not started",
          "",
          "Degraded: 2 of 6 packages scanned, 0 failed, 2 interrupted, 2 not started"
        ])
      }))

    effect(
      "is Degraded also when nothing at all has settled, and the text names the first twenty",
      () =>
        Effect.gen(function*() {
          const folder = yield* project(packages(23))
          const { latch, layer } = endless(() => true, 16)
          const run = yield* orchestrate(folder).pipe(Effect.provide(layer), Effect.forkChild)
          yield* latch.await
          yield* TestClock.adjust("30 seconds")
          const { audit } = yield* Fiber.join(run)
          assert.deepStrictEqual(audit.tally, { total: 23, succeeded: 0, failed: 0, interrupted: 16, notStarted: 7 })
          assert.strictEqual(audit.cutOff.length, 23)
          assert.deepStrictEqual(Report.toText(audit).split("\n").slice(-4), [
            "  node_modules/p19  not started",
            "  and 3 more",
            "",
            "Degraded: 0 of 23 packages scanned, 0 failed, 16 interrupted, 7 not started"
          ])
        })
    )

    effect("never scans more packages at once than the bulkhead allows", () =>
      Effect.gen(function*() {
        const folder = yield* project(packages(12))
        let running = 0
        let most = 0
        const layer = Layer.succeed(Scanner, {
          scan: ({ name }) =>
            Effect.acquireUseRelease(
              Effect.sync(() => most = Math.max(most, ++running)),
              () => Effect.as(Effect.yieldNow, scanned(name)),
              () => Effect.sync(() => running--)
            )
        })
        const { audit } = yield* orchestrate(folder, { bulkhead: 3 }).pipe(Effect.provide(layer))
        assert.strictEqual(audit.tally.succeeded, 12)
        assert.strictEqual(most, 3)
      }))
  })

  describe("progress", () => {
    effect("repaints one line on a terminal and wipes it at the end", () =>
      Effect.gen(function*() {
        const { layer, written } = terminal({ stdout: true, stderr: true })
        yield* Effect.gen(function*() {
          const progress = yield* Progress
          yield* TestClock.adjust("80 millis")
          yield* progress.begin(4)
          yield* progress.track(Effect.void)
          yield* Effect.exit(progress.track(Effect.fail("broken")))
          yield* TestClock.adjust("80 millis")
        }).pipe(Effect.provide(Progress.layer.pipe(Layer.provide(layer))))
        assert.deepStrictEqual(written.filter((text, i) => text !== written[i - 1]), [
          "\r\x1b[2Klooking for packages",
          "\r\x1b[2K████████████░░░░░░░░░░░░ 2/4 packages, 1 failed",
          "\r\x1b[2K"
        ])
      }))

    for (const isTerminal of [{ stdout: false, stderr: true }, { stdout: true, stderr: false }]) {
      effect(`writes nothing when ${isTerminal.stdout ? "stderr" : "stdout"} is piped`, () =>
        Effect.gen(function*() {
          const { layer, written } = terminal(isTerminal)
          const folder = yield* project(packages(3))
          yield* audit(folder).pipe(Effect.provide(layer))
          assert.deepStrictEqual(written, [])
        }))
    }

    it("is never wider than the terminal", () => {
      const counts = { total: 1000, settled: 500, failed: 3 }
      assert.strictEqual(line(counts, 20).length, 19)
      assert.strictEqual(line(counts, 0), "████████████░░░░░░░░░░░░ 500/1000 packages, 3 failed")
      assert.strictEqual(line({ ...counts, total: 0 }, 10), "looking f")
    })
  })

  describe("licence", () => {
    const declared = (json: object) =>
      Effect.map(Manifest.fromText(JSON.stringify({ name: "a", ...json })), Licence.declared)

    effect("reads every shape that package.json has had for it", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* declared({ license: " (MIT OR CC0-1.0) " }), "MIT OR CC0-1.0")
        assert.strictEqual(yield* declared({ license: { type: "ISC", url: "https://example.com" } }), "ISC")
        assert.strictEqual(yield* declared({ license: ["MIT", { type: "ISC" }] }), "MIT OR ISC")
        assert.strictEqual(yield* declared({ licenses: [{ type: "BSD" }] }), "BSD")
        for (const json of [{}, { license: null }, { license: "" }, { license: "SEE LICENSE IN x" }]) {
          assert.strictEqual(yield* declared(json), undefined)
        }
      }))

    it("recognises the text of common licences", () => {
      const grant =
        "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee " +
        "is hereby granted"
      assert.strictEqual(Licence.fromText("Apache License\n   Version 2.0, January 2004"), "Apache-2.0")
      assert.strictEqual(Licence.fromText(`${grant}, provided that the above`), "ISC")
      assert.strictEqual(Licence.fromText(`${grant}.`), "0BSD")
      assert.strictEqual(Licence.fromText("All rights reserved"), undefined)
    })
  })

  describe("text", () => {
    effect("lets no control character of a package reach the terminal", () =>
      Effect.gen(function*() {
        const scripts = { install: "echo \x1b[2J\n\x07done" }
        const folder = yield* project({ ...root, "node_modules/a/package.json": pkg("a", { scripts }) })
        const text = Report.toText(yield* audit(folder))
        assert.include(text, "  a  1.0.0  install  echo \uFFFD[2J\uFFFD\uFFFDdone\n")
      }))
  })

  describe("command line", () => {
    effect("prints one JSON document with --json", () =>
      Effect.gen(function*() {
        const folder = yield* project(packages(2))
        yield* cli(folder, "--json")
        const lines = yield* TestConsole.logLines
        assert.strictEqual(lines.length, 1)
        assert.deepStrictEqual(JSON.parse(String(lines[0])), JSON.parse(Report.toJson(yield* audit(folder))))
        assert.deepStrictEqual(yield* TestConsole.errorLines, [])
      }))

    effect("draws its states with --chart, and audits nothing", () =>
      Effect.gen(function*() {
        const folder = yield* project({})
        const fs = yield* FileSystem.FileSystem
        yield* cli("--chart", `${folder}/audit.svg`)
        const svg = yield* fs.readFileString(`${folder}/audit.svg`)
        for (const text of ["Discover", "Scan", "each package", "partialTimeout · 30 s", "Degraded"]) {
          assert.include(svg, text)
        }
        assert.deepStrictEqual(yield* TestConsole.logLines, [
          `The states of the audit are drawn in ${folder}/audit.svg.`
        ])
        yield* Effect.flip(cli("--chart", `${folder}/nowhere/audit.svg`))
        assert.match((yield* TestConsole.errorLines).join("\n"), /dependency-audit: ENOENT/)
      }))

    effect(
      "prints the run as a tree to stderr with --trace, beside the document, or when it has failed",
      () =>
        Effect.gen(function*() {
          const folder = yield* project(packages(12))
          yield* cli(folder, "--json", "--trace")
          const told = (lines: ReadonlyArray<unknown>) =>
            lines.join("\n").split("\n").map((line) => line.replace(/\d+ ms/, "… ms"))
          const [first, ...rest] = told(yield* TestConsole.errorLines)
          assert.match(first!, /^dependency-audit \w+ → Complete {2}… ms$/)
          assert.deepStrictEqual(rest.filter((line) => !line.includes("branch")), [
            "├─ Discover → Scan  … ms",
            "├─ Scan → Report, partialTimeout satisfied: 12 of 12 succeeded, 0 failed  … ms",
            "│  └─ 4 more, none longer than  … ms",
            "└─ Report → Complete  … ms"
          ])
          assert.strictEqual(rest.filter((line) => /branch \d+ Succeeded/.test(line)).length, 8)
          assert.strictEqual((yield* TestConsole.logLines).length, 1)
          yield* Effect.exit(cli(`${folder}/nowhere`, "--trace"))
          assert.include(told(yield* TestConsole.errorLines).join("\n"), "└─ Discover → failed  … ms")
        })
    )

    effect("prints aligned tables without it", () =>
      Effect.gen(function*() {
        const folder = yield* project({
          ...root,
          "node_modules/long-name/package.json": pkg("long-name", { version: "10.0.0" }),
          "node_modules/x/package.json": pkg("x", { license: "Apache-2.0" }),
          "node_modules/x/data.bin": "x".repeat(2048)
        })
        yield* cli(folder)
        const [text] = yield* TestConsole.logLines
        assert.deepStrictEqual(String(text).split("\n").slice(3, 14), [
          "2 packages, 3 files, 2.1 KiB, in 0 ms",
          "",
          "Licences",
          "  Apache-2.0  1",
          "  MIT         1",
          "",
          "Largest packages",
          "  package    version  files     size  licence",
          "  x          1.0.0        2  2.1 KiB  Apache-2.0",
          "  long-name  10.0.0       1     55 B  MIT",
          ""
        ])
      }))

    effect("lists its flags with --help", () =>
      Effect.gen(function*() {
        yield* cli("--help")
        const help = (yield* TestConsole.logLines).join("\n")
        for (const part of ["dependency-audit [flags] [<folder>]", "--json", "--bulkhead", "--timeout", "--help"]) {
          assert.include(help, part)
        }
      }))

    for (
      const args of [["--bulkhead", "0"], ["--timeout", "soon"], ["--timeout", "0 seconds"], ["--timeout", "Infinity"]]
    ) {
      effect(`refuses ${args.join(" ")}`, () =>
        Effect.gen(function*() {
          const exit = yield* Effect.exit(cli(...args))
          assert.isTrue(Exit.isFailure(exit))
          assert.include((yield* TestConsole.errorLines).join("\n"), `Invalid value for flag ${args[0]}`)
        }))
    }

    /** Runs the program itself, with its output piped. */
    const spawn = (...args: ReadonlyArray<string>) =>
      Effect.callback<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }>((resume) => {
        const main = fileURLToPath(new URL("../../examples/dependency-audit/main.ts", import.meta.url))
        const { FORCE_COLOR: _, ...env } = process.env
        execFile(
          process.execPath,
          ["--conditions=effect-cano-source", main, ...args],
          { env: { ...env, NO_COLOR: "1", NODE_NO_WARNINGS: "1" } },
          (error, stdout, stderr) => resume(Effect.succeed({ code: error === null ? 0 : error.code, stdout, stderr }))
        )
      })

    effect("ends a bad folder with exit code 1 and one line that says why", () =>
      Effect.gen(function*() {
        const folder = yield* project({})
        assert.deepStrictEqual(yield* spawn(`${folder}/nowhere`), {
          code: 1,
          stdout: "",
          stderr: `dependency-audit: can't audit ${folder}/nowhere: there is no such folder\n`
        })
      }))

    effect("ends a degraded audit with exit code 0, and writes no progress into a pipe", () =>
      Effect.gen(function*() {
        const folder = yield* project(packages(3, 1))
        const { code, stderr, stdout } = yield* spawn(folder, "--json")
        assert.deepStrictEqual([code, stderr, JSON.parse(stdout).state], [0, "", "Degraded"])
      }))
  })
})
