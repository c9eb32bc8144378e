// npm run mutants [-- text…]: changes the engine in one place at a time and looks whether a test notices. Takes a text of
// a mutant's line, such as the name of a file; without one all of them are tried, which takes some minutes. With --check
// only the list itself is looked at, as test/mutants/list.test.ts does.
//
// The tree is copied, two processes work on copies of their own, and the checkout is left alone. A mutant meets the tests
// that it names first, and all tests of the engine if those let it pass. One under which the tests do not end is noticed.
// What nobody can notice is listed with the reason, and tried all the same, so that a reason that has become wrong shows.
import { type ChildProcess, spawn } from "node:child_process"
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Candidate, candidates, faults, nameOf, root, sourceOf } from "./candidates.ts"

/** How many mutants are tried at the same time. */
const processes = 2

/** The share that must be noticed. */
const enough = 0.95

/** Seconds that the tests named by a mutant may take, and all of them. */
const limits = { named: 40, all: 240 }

/** Tests that know nothing of the engine, look at its text, or run each of its programs in a process of its own. */
const apart =
  /^test\/(exports|chart\/cli|examples\/(examples|scheduler)|durable\/crash\/(crash|processes)|mutants\/list|types\/.*)\.test\.ts$/

const all = globSync("test/**/*.test.ts", { cwd: root }).sort().filter((file) => !apart.test(file))

// -----------------------------------------------------------------------------
// running
// -----------------------------------------------------------------------------

const folder = mkdtempSync(join(tmpdir(), "mutants-"))
const children = new Set<ChildProcess>()

const end = (child: ChildProcess) => {
  try {
    // with the processes that it has started
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL")
  } catch {
    // it has ended by itself
  }
}

process.on("exit", () => {
  for (const child of children) end(child)
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1))

/** What a copy does not need, or shares. */
const kept = new Set([".git", ".ci", "dist", "node_modules"])

const treeOf = (name: string): string => {
  const tree = join(folder, name)
  for (const part of readdirSync(root)) {
    if (!kept.has(part)) cpSync(join(root, part), join(tree, part), { recursive: true })
  }
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"))
  return tree
}

interface Report {
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: ReadonlyArray<{ readonly status: string; readonly fullName: string }>
  }>
}

type Result =
  | { readonly _tag: "passed" }
  | { readonly _tag: "failed"; readonly by: string }
  /** A file of tests could not be loaded, so that nothing was tested. */
  | { readonly _tag: "broken"; readonly why: string }

/** Runs tests until the first of them fails. */
const run = (tree: string, tests: ReadonlyArray<string>, seconds: number) =>
  new Promise<Result>((done) => {
    const file = join(tree, "report.json")
    rmSync(file, { force: true })
    const args = [
      "run",
      "--project",
      "tests",
      "--bail",
      "1",
      "--maxWorkers",
      "1",
      "--no-isolate",
      "--testTimeout",
      "15000"
    ]
    const child = spawn(
      process.execPath,
      [join(root, "node_modules/vitest/vitest.mjs"), ...args, "--reporter", "json", "--outputFile", file, ...tests],
      { cwd: tree, detached: true, stdio: "ignore", env: { ...process.env, CI: "true" } }
    )
    children.add(child)
    let late = false
    const timer = setTimeout(() => {
      late = true
      end(child)
    }, seconds * 1000)
    child.on("close", (code) => {
      clearTimeout(timer)
      children.delete(child)
      end(child)
      done(
        late ? { _tag: "failed", by: `no end within ${seconds} s` } : code === 0 ? { _tag: "passed" } : read(file, tree)
      )
    })
  })

const read = (file: string, tree: string): Result => {
  if (!existsSync(file)) return { _tag: "failed", by: "the process of the tests has crashed" }
  const { testResults } = JSON.parse(readFileSync(file, "utf8")) as Report
  for (const { assertionResults, message, name, status } of testResults) {
    const test = name.slice(tree.length + 1)
    const failure = assertionResults.find((assertion) => assertion.status === "failed")
    if (failure !== undefined) return { _tag: "failed", by: `${test}: ${failure.fullName}` }
    if (status === "failed" && message !== "" && assertionResults.length === 0) {
      return { _tag: "broken", why: `${test}: ${message}` }
    }
  }
  return { _tag: "failed", by: "an error outside of any test" }
}

/** Tries a mutant on the tests that it names, and then on the others. */
const attempt = async (tree: string, mutant: Candidate): Promise<Result> => {
  const path = sourceOf(tree, mutant.file)
  const source = readFileSync(path, "utf8")
  writeFileSync(path, source.replace(mutant.from, () => mutant.to))
  const named = await run(tree, mutant.first, limits.named)
  const result = named._tag === "passed"
    ? await run(tree, all.filter((test) => !mutant.first.includes(test)), limits.all)
    : named
  writeFileSync(path, source)
  return result
}

// -----------------------------------------------------------------------------
// telling
// -----------------------------------------------------------------------------

type Verdict = "killed" | "survived" | "equivalent" | "WRONG"

const verdictOf = ({ equivalent }: Candidate, result: Result): readonly [Verdict, string] => {
  if (result._tag === "broken") return ["WRONG", `it does not load: ${result.why}`]
  if (equivalent === undefined) return result._tag === "passed" ? ["survived", ""] : ["killed", result.by]
  return result._tag === "passed"
    ? ["equivalent", equivalent]
    : ["WRONG", `it is no equivalent, but killed by ${result.by}`]
}

/** Says what is wrong with the list, if anything is. */
const check = (): boolean => {
  const found = faults()
  console.log(found.length === 0 ? `${candidates.length} mutants, each with its text and its tests` : found.join("\n"))
  return found.length === 0
}

const main = async (args: ReadonlyArray<string>): Promise<number> => {
  if (!check()) return 1
  if (args.includes("--check")) return 0
  const filters = args
  const chosen = candidates.filter((mutant) =>
    filters.length === 0 || filters.some((filter) => nameOf(mutant).includes(filter))
  )
  if (chosen.length === 0) {
    console.log("no mutant has this text")
    return 1
  }
  const begin = performance.now()
  const trees = Array.from({ length: processes }, (_, i) => treeOf(String(i)))
  // all of them: a mutant that passes those it names meets the others
  const healthy = await run(trees[0]!, all, limits.all)
  if (healthy._tag !== "passed") {
    console.log("the tests fail without any mutant:", healthy)
    return 1
  }
  const counts = { killed: 0, survived: 0, equivalent: 0, WRONG: 0 }
  const left = chosen.values()
  await Promise.all(trees.map(async (tree) => {
    for (const mutant of left) {
      const start = performance.now()
      const [verdict, why] = verdictOf(mutant, await attempt(tree, mutant))
      counts[verdict]++
      const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(5)
      console.log(`${verdict.padEnd(10)} ${seconds} s  ${nameOf(mutant)}`)
      if (why !== "") console.log(`${" ".repeat(20)}${why}`)
    }
  }))
  const { WRONG, equivalent, killed, survived } = counts
  const share = killed + survived === 0 ? 1 : killed / (killed + survived)
  const minutes = ((performance.now() - begin) / 60_000).toFixed(1)
  console.log(
    `\n${chosen.length} mutants in ${minutes} min: ${killed} killed, ${survived} survived, ${equivalent} equivalent` +
      `${WRONG === 0 ? "" : `, ${WRONG} wrong`}; ${
        (share * 100).toFixed(1)
      } % of those that are not equivalent are killed`
  )
  return share >= enough && WRONG === 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
process.exit()
