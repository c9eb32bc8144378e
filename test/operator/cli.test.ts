/** `cano runs` and the others: in this process, and as the program in a terminal, on both databases. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { type Cause, ConfigProvider, Effect, Layer, Option, Queue, Terminal } from "effect"
import * as Cli from "effect-cano/cli"
import * as Journal from "effect-cano/journal"
import * as Sqlite from "effect-cano/sqlite"
import { CliError, Command, TerminalCapabilities } from "effect/cli"
import { SqlClient } from "effect/sql"
import { TestConsole } from "effect/testing"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { append, claim, create, newRun, row, signal } from "../journal/samples.ts"
import * as databases from "../postgres/databases.ts"
import * as terminal from "./terminal.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-cano-cli-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const day = 86_400_000

/** A file with a journal, which somebody fills. */
const journalIn = (fill: (store: Journal.Service) => Effect.Effect<unknown, unknown>) =>
  Effect.gen(function*() {
    const filename = join(yield* folder, "runs.db")
    yield* Effect.scoped(Effect.provide(
      Effect.flatMap(Effect.service(Journal.Journal), fill),
      Journal.layerSql.pipe(Layer.provide(Sqlite.layer({ filename })))
    ))
    return filename
  })

const host: Cli.Host = { self: [], hasColors: false, copyOf: () => undefined, columns: 60 }

/** Somebody at the keyboard, who answers each question with a key. */
const somebody = (key: string) =>
  Layer.succeed(Terminal.Terminal)(Terminal.make({
    columns: Effect.succeed(80),
    rows: Effect.succeed(24),
    size: Effect.flatMap(Queue.unbounded<Terminal.Size, Cause.Done>(), (queue) =>
      Effect.as(Queue.offer(queue, { columns: 80, rows: 24 }), queue)),
    // without a key he goes away
    readInput: Effect.flatMap(Queue.unbounded<Terminal.UserInput, Cause.Done>(), (queue) =>
      Effect.as(
        key === ""
          ? Queue.end(queue)
          : Queue.offer(queue, { input: Option.some(key), key: { name: key, ctrl: false, meta: false, shift: false } }),
        queue
      )),
    readLine: Effect.succeed(key),
    display: () =>
      Effect.void
  }))

/** Calls the command here, on a database. */
const cano = (db: string | undefined, ...args: ReadonlyArray<string>) => called(undefined, db, args)

const called = (key: string | undefined, db: string | undefined, args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const exit = yield* Effect.exit(
      Command.runWith(Cli.make(host), { version: "1" })([...args, ...(db === undefined ? [] : ["--db", db])])
    )
    const stdout = (yield* TestConsole.logLines).map(String)
    const stderr = (yield* TestConsole.errorLines).map(String).join("\n")
    return { code: Cli.exitCode(exit), stdout, stderr }
  }).pipe(
    Effect.provide([
      key === undefined ? Layer.empty : somebody(key),
      TestConsole.layer,
      ConfigProvider.layer(ConfigProvider.fromUnknown({})),
      Layer.succeed(TerminalCapabilities.TerminalCapabilities)({
        canColor: false,
        canAnimate: false,
        canPrompt: key !== undefined
      })
    ]),
    Effect.provide(NodeServices.layer)
  )

/** Changes a file by hand. */
const inFile = (filename: string, statement: string) =>
  Effect.scoped(Effect.provide(
    Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement)),
    Sqlite.layer({ filename })
  ))

const end = (store: Journal.Service, runId: string, outcome: Journal.Outcome, data = `{"x":{"s":"Done"}}`) =>
  store.append([append(runId, 1, [row("exit", data)], { head: { status: "ended", outcome } })])

const few = journalIn((store) =>
  Effect.gen(function*() {
    yield* create(store, newRun("order-17"))
    yield* create(store, newRun("order-17/1/Ship/far", { workflow: "parcel", parent: "order-17" }))
    yield* create(store, newRun("order-18", { state: "A state\nwith a very long name" }))
    yield* store.park("order-18", { n: 0, seen: 0, wakeAt: Date.now() + 10 * day, isReleased: true })
    yield* create(store, newRun("order-19"))
    yield* end(store, "order-19", "failed", `{"x":{"c":[{"e":{"_tag":"NoAnswer","host":"a"}}]}}`)
  })
)

describe("cano, in a process", () => {
  it.live("lists runs: a table that fits the terminal, and JSON that is one document a line", () =>
    Effect.gen(function*() {
      const db = yield* few
      const { code, stdout } = yield* cano(db, "runs")
      assert.strictEqual(code, 0)
      assert.match(stdout[0]!, /^STATUS +SINCE +WORKFLOW +STATE +RUN$/)
      assert.match(stdout[2]!, /^running +\d+ m?s +parcel +Ask +order-17\/1\/Ship\/far$/)
      // an id is never cut
      assert.match(stdout[3]!, /^waiting +\d+ m?s +order +A state\\nw?i?.*… +order-18$/)
      assert.isTrue(stdout.every((line) => line.length <= 60))
      const ids = (...args: ReadonlyArray<string>) =>
        Effect.map(cano(db, "runs", ...args), ({ stdout }) => stdout.slice(1).map((line) => line.split(/ +/).at(-1)))
      assert.deepStrictEqual(yield* ids("--workflow", "order", "--status", "waiting", "--status", "ended"), [
        "order-18",
        "order-19"
      ])
      assert.deepStrictEqual(yield* ids("--parent", "order-17"), ["order-17/1/Ship/far"])
      assert.deepStrictEqual(yield* ids("--outcome", "failed", "--newer", "1h"), ["order-19"])
      assert.deepStrictEqual(yield* ids("--after", "order-18"), ["order-19"])
      const old = yield* cano(db, "runs", "--older", "3 days")
      assert.deepStrictEqual(old, { code: 0, stdout: [], stderr: "there are none" })
      const page = yield* cano(db, "runs", "--limit", "2")
      assert.strictEqual(page.stdout.length, 3)
      assert.strictEqual(page.stderr, "there are more: --limit 4, or --after order-17/1/Ship/far")
      const json = yield* cano(db, "runs", "--json", "--state", "Ask")
      const first = JSON.parse(json.stdout[0]!)
      assert.deepInclude(first, { runId: "order-17", workflow: "order", outcome: null, parent: null })
      assert.strictEqual(json.stdout.length, 3)
      assert.strictEqual((yield* cano(db, "runs", "--json", "--limit", "1")).stdout.length, 1)
    }).pipe(Effect.scoped))

  it.live("counts runs", () =>
    Effect.gen(function*() {
      const db = yield* few
      const { stdout } = yield* cano(db, "runs", "--count")
      assert.deepStrictEqual(stdout, [
        "WORKFLOW  STATUS   RUNS",
        "order     failed   1",
        "order     running  1",
        "order     waiting  1",
        "parcel    running  1"
      ])
      const json = yield* cano(db, "runs", "--count", "--workflow", "parcel", "--json")
      assert.deepStrictEqual(json.stdout, [`{"workflow":"parcel","status":"running","outcome":null,"runs":1}`])
      assert.strictEqual((yield* cano(db, "runs", "--count", "--workflow", "no")).stderr, "there are none")
    }).pipe(Effect.scoped))

  it.live("shows a run, why it waits and what was written of it", () =>
    Effect.gen(function*() {
      const db = yield* few
      const { stdout } = yield* cano(db, "show", "order-17")
      assert.deepStrictEqual(stdout.slice(0, 3), [
        "run       order-17",
        "workflow  order, version 1",
        "status    running in state Ask, visit 1"
      ])
      assert.include(stdout.join("\n"), "\nPATH\n  1  Ask  ")
      assert.include(stdout.join("\n"), "\nCHILDREN\n  order-17/1/Ship/far  running")
      assert.isTrue(stdout.every((line) => line.length <= 60))
      const over = (yield* cano(db, "show", "order-19")).stdout
      assert.include(over, "end       failed: NoAnswer: {\"host\":\"a\"}")
      assert.strictEqual(JSON.parse((yield* cano(db, "show", "order-19", "--json")).stdout[0]!).head.outcome, "failed")
      const why = (yield* cano(db, "why", "order-18")).stdout.join(" ")
      assert.match(why, /^it has waited in state "A state\\nwith a very long name" for \d+ m?s: for .*Z, in 9 days$/)
      assert.strictEqual(JSON.parse((yield* cano(db, "why", "order-18", "--json")).stdout[0]!).because._tag, "Waiting")
      const history = yield* cano(db, "history", "order-19")
      assert.match(history.stdout[1]!, /^0 +enter +\d.*Z +\/1\/Ask +\{"_tag.*…?$/)
      assert.strictEqual((yield* cano(db, "history", "order-19", "--json", "--from", "1")).stdout.length, 1)
      assert.strictEqual((yield* cano(db, "history", "order-19", "--limit", "1")).stdout.length, 2)
      assert.strictEqual((yield* cano(db, "history", "order-19", "--from", "9")).code, 0)
      for (const command of ["show", "why", "history"]) {
        const { code, stderr } = yield* cano(db, command, "no")
        assert.strictEqual(code, 3)
        assert.include(stderr, "cano: there is no run no")
      }
    }).pipe(Effect.scoped))

  it.live("shows what a visit has come to, how far a run has gone back, and what is in its inbox", () =>
    Effect.gen(function*() {
      const key = (kind: Journal.Kind, key: string, data: string) => ({ kind, key, data, kept: false })
      const db = yield* journalIn((store) =>
        Effect.gen(function*() {
          yield* create(store, newRun("r", { parent: "p" }))
          yield* store.append([
            append("r", 1, [
              key("settle", "/1/Ask/ada", `{"i":0,"x":{"s":{"price":7}}}`),
              key("settle", "/1/Ask/bob", `{"i":1,"x":{"c":[{"d":{"name":"Error","message":"gone"}}]}}`),
              key("settle", "/1/Ask/cyd", "hidden"),
              key("join", "/1/Ask", `{"verdict":"fail","reason":"too few"}`),
              key("join", "/1/Ask/x", `{"verdict":"proceed"}`),
              key("compensate", "", `{"x":[{"i":1}]}`),
              key("compensate", "/1/Ask/ada", `{"how":"failed","x":[{"e":"no"}]}`),
              key("compensate", "/1/Ask/bob", "{}")
            ], { head: { status: "compensating" } })
          ])
          yield* create(store, newRun("s"))
          yield* store.append([
            append("s", 1, [
              ...Array.from({ length: 100 }, (_, i) => key("settle", `/1/Ask/b${i}`, `{"i":${i},"x":{"s":${i}}}`)),
              key("settle", "/1/Ask/ada", `{"i":0,"x":{"s":{"price":7}}}`),
              key("settle", "/1/Ask/bob", `{"i":1,"x":{"c":[{"d":{"name":"Error","message":"gone"}}]}}`),
              key("settle", "/1/Ask", "hidden"),
              key("join", "/1/Ask", `{"verdict":"fail","reason":"too few"}`),
              key("join", "/1/Ask/x", `{"verdict":"proceed"}`)
            ])
          ])
          yield* store.send("r", signal("go", { id: "mail-1" }))
          yield* store.send("r", signal("", { kind: "cancel" }))
          for (let visit = 2; visit < 9; visit++) {
            const { n } = (yield* store.show("r"))!
            yield* store.append([
              append("r", n + 1, [key("enter", `/${visit}/Ask`, "1")], {
                head: { entered: { visit, state: "Ask", version: 1 } }
              })
            ])
          }
        })
      )
      const shown = (yield* cano(db, "show", "r", "--visits", "2")).stdout.join("\n")
      assert.include(shown, "parent    p\n")
      assert.match(shown, /\nPATH\n {2}… 6 before\n {2}7 {2}Ask {2}.*Z {2}\d+ ms\n {2}8 {2}Ask/)
      assert.match(
        shown,
        /\nROLLBACK\n {2}since .*: it was interrupted\n {2}r\/1\/Ask\/ada {2}failed: no\n {2}r\/1\/Ask\/bob {2}undone\n/
      )
      const open = (yield* cano(db, "show", "s")).stdout.join("\n")
      assert.match(open, /\nBRANCHES\n {2}… and others before\n {2}b5 +succeeded: 5\n/)
      assert.match(
        open,
        /\n {2}ada +succeeded: \{"price":7\}\n {2}bob +failed: Error: gone\n {2}\/1\/Ask {2}can't be read: hidden\n/
      )
      assert.match(open, /\nJOINS\n {2}\/1\/Ask {2}too few\n {2}\/1\/Ask\/x {2}proceed$/)
      assert.match(shown, /\nLETTERS\n {2}signal go {2}.*Z {2}mail-1\n {2}cancel {2}.*Z$/)
    }).pipe(Effect.scoped))

  it.live("sends orders, each as its letter, and says that nobody has answered yet", () =>
    Effect.gen(function*() {
      const db = yield* few
      const orders: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
        [["signal", "order-17", "go"], "signal null"],
        [["signal", "order-17", "go", `{"a":1}`, "--key", "k"], `signal {"a":1}`],
        [["cancel", "order-17"], `cancel {"compensate":true}`],
        [["cancel", "order-17", "--no-compensation"], `cancel {"compensate":false}`],
        [["pause", "order-17", "--note", "eva"], `pause {"note":"eva"}`],
        [["resume", "order-17"], "resume {}"],
        [["retry", "order-17"], `retry {"branches":"failed"}`],
        [["retry", "order-17", "--all-branches"], `retry {"branches":"all"}`],
        [["rerun", "order-17", `"Ask"`], `rerun {"state":"Ask"}`],
        [["skip", "order-17", "--branch", "bob", "--value", "7"], `skip {"branch":"bob","value":7}`],
        [["skip", "order-17", "--to", `"Done"`], `skip {"state":"Done"}`],
        [["skip", "order-17", "--step", "/1/Pay"], `skip {"step":"/1/Pay"}`],
        [["end", "order-17"], "end {}"]
      ]
      for (const [i, [args, letter]] of orders.entries()) {
        const { code, stdout } = yield* cano(db, ...args, "--wait", "0s", "--request", `x${i}`)
        assert.deepStrictEqual([code, stdout.length], [5, 1], letter)
        assert.match(stdout[0]!, /^kept, and not answered yet: it has been /)
      }
      const letters = yield* Effect.provide(
        Effect.flatMap(Effect.service(Journal.Journal), (store) => store.letters("order-17")),
        Journal.layerSql.pipe(Layer.provide(Sqlite.layer({ filename: db })))
      )
      assert.deepStrictEqual(letters.map(({ data, kind }) => `${kind} ${data}`), orders.map(([, letter]) => letter))
      const json = yield* cano(db, "resume", "order-17", "--wait", "1ms", "--request", "x5", "--json")
      assert.deepInclude(JSON.parse(json.stdout[0]!), { _tag: "Kept", requestId: "x5", isRepeated: true })
      assert.strictEqual(json.code, 5)
      const again = yield* cano(db, "pause", "order-17", "--request", "x4")
      assert.strictEqual(again.code, 4)
      assert.include(
        again.stderr,
        "cano: refused, as it was ordered before: request id \"x4\" was given to another order"
      )
      assert.include((yield* cano(db, "pause", "order-19")).stderr, "cano: the run has ended: failed")
      const none = yield* cano(db, "cancel", "no", "--json")
      assert.deepStrictEqual([none.code, JSON.parse(none.stdout[0]!)._tag, none.stderr], [3, "NoSuchRun", ""])
    }).pipe(Effect.scoped))

  it.live("says what was answered", () =>
    Effect.gen(function*() {
      const db = yield* journalIn((store) =>
        Effect.gen(function*() {
          for (const runId of ["a", "b", "c"]) {
            yield* create(store, newRun(runId))
            yield* store.send(runId, signal("", { kind: "resume", id: "x", data: "{}" }))
            yield* store.send(runId, signal("quote", { id: "y", data: "1" }))
          }
          yield* store.append(["a", "b"].map((runId, i) =>
            append(runId, 1, [row("settle")], {
              takes: [
                { seq: 1, answer: i === 0 ? `{"done":true}` : `{"refused":"not now"}` },
                { seq: 2, answer: `{"value":[7]}` }
              ]
            })
          ))
        })
      )
      const done = yield* cano(db, "resume", "a", "--request", "x")
      assert.deepStrictEqual(done, { code: 0, stdout: ["done, as it was ordered before"], stderr: "" })
      const reply = yield* cano(db, "signal", "a", "quote", "1", "--request", "y")
      assert.deepStrictEqual(reply.stdout, ["done, as it was ordered before: [7]"])
      const refused = yield* cano(db, "resume", "b", "--request", "x", "--json")
      assert.deepStrictEqual([refused.code, JSON.parse(refused.stdout[0]!).why], [4, "not now"])
      const all = (...args: ReadonlyArray<string>) =>
        cano(db, "resume", "--workflow", "order", "--yes", "--request", "x", "--wait", "0s", ...args)
      const { code, stdout } = yield* all()
      assert.deepStrictEqual([code, stdout.slice(0, 2)], [
        4,
        ["a  done, as it was ordered before", "b  refused, as it was ordered before: not now"]
      ])
      yield* inFile(db, `UPDATE cano_inbox SET kind = '7' WHERE run_id = 'c'`)
      const broken = yield* all()
      assert.strictEqual(broken.code, 1)
      assert.match(broken.stdout[2]!, /^c {2}failed: the journal of run "c" can't be used/)
      const json = yield* all("--json")
      assert.deepInclude(JSON.parse(json.stdout[2]!), { _tag: "Failed", runId: "c", requestId: "x" })
    }).pipe(Effect.scoped))

  it.live("finds a journal in PostgreSQL, and says why it can't be used", () =>
    Effect.gen(function*() {
      const url = yield* databases.shared
      const none = yield* cano(url, "runs")
      assert.strictEqual(none.code, 1)
      assert.include(none.stderr, `there is no journal in ${url.replace(/:[^:@/]*@/, ":…@")}`)
      yield* Effect.scoped(Effect.provide(
        Effect.flatMap(Effect.service(Journal.Journal), (store) => create(store, newRun("r"))),
        Journal.layerSql.pipe(Layer.provide(databases.client(url)))
      ))
      assert.match((yield* cano(url, "runs")).stdout[1]!, /^running .* r$/)
      const gone = yield* cano("postgresql://ada:secret@localhost:1/app", "runs")
      assert.strictEqual(gone.code, 1)
      assert.match(gone.stderr, /cano: postgresql:\/\/ada:…@localhost:1\/app: .*ECONNREFUSED/)
      assert.notInclude(gone.stderr, "secret")
    }).pipe(Effect.scoped))

  it.live("orders something of all that are selected, when it is told that it may", () =>
    Effect.gen(function*() {
      const db = yield* few
      const asked = yield* cano(db, "cancel", "--workflow", "order")
      assert.strictEqual(asked.code, 2)
      assert.include(asked.stderr, "order-18\n")
      assert.notInclude(asked.stderr, "order-19", "of one that has ended it would come too late")
      assert.include(asked.stderr, "cano: it would order cancel of 2 runs: --yes says that it may")
      const all = yield* cano(db, "cancel", "--workflow", "order", "--yes", "--wait", "0s", "--request", "bulk-1")
      assert.deepStrictEqual([all.code, all.stdout.length], [5, 2])
      assert.match(all.stdout[1]!, /^order-18 {2}kept, and not answered yet: /)
      const json = yield* cano(
        db,
        "cancel",
        "--workflow",
        "order",
        "--yes",
        "--wait",
        "0s",
        "--request",
        "bulk-1",
        "--json"
      )
      assert.deepStrictEqual(json.stdout.map((line) => JSON.parse(line).isRepeated), [true, true])
      const late = yield* cano(db, "pause", "--status", "ended", "--yes")
      assert.deepStrictEqual([late.code, late.stdout], [4, ["order-19  the run has ended: failed"]])
      assert.strictEqual((yield* cano(db, "resume", "--workflow", "no")).stderr, "there are none")
      const one = yield* cano(db, "end", "--parent", "order-17")
      assert.include(one.stderr, "it would order end of 1 run: --yes")
    }).pipe(Effect.scoped))

  it.live("purges runs that have ended, when it is told that it may", () =>
    Effect.gen(function*() {
      const db = yield* few
      const purge = (...args: ReadonlyArray<string>) => cano(db, "purge", ...args)
      assert.deepStrictEqual((yield* purge("--older", "1d")).stdout, ["forgotten: 0 runs, with 0 rows and 0 letters"])
      const dry = yield* purge("--older", "0s", "--dry-run")
      assert.deepStrictEqual(dry.stdout, ["would be forgotten: 1 run, with 2 rows and 0 letters"])
      const asked = yield* purge("--older", "0s", "--outcome", "failed")
      assert.strictEqual(asked.code, 2)
      assert.include(
        asked.stderr,
        "cano: it would forget 1 run, with 2 rows and 0 letters for good: --yes says that it may"
      )
      const json = yield* purge("--older", "0s", "--json", "--yes")
      assert.deepStrictEqual(json, { code: 0, stdout: [`{"runs":1,"rows":2,"letters":0}`], stderr: "" })
      assert.strictEqual((yield* cano(db, "show", "order-19")).code, 3)
    }).pipe(Effect.scoped))

  it.live("asks before it purges, where there is somebody to be asked", () =>
    Effect.gen(function*() {
      const db = yield* few
      const purge = ["purge", "--older", "0s"]
      for (const key of ["n", ""]) {
        const { code, stderr } = yield* called(key, db, purge)
        assert.strictEqual(code, 1)
        assert.include(stderr, "cano: nothing was done")
      }
      assert.strictEqual((yield* cano(db, "show", "order-19")).code, 0)
      assert.deepStrictEqual((yield* called("y", db, purge)).stdout, ["forgotten: 1 run, with 2 rows and 0 letters"])
    }).pipe(Effect.scoped))

  const misuses: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
    [["cancel"], "which run? Name it, or select some"],
    [["cancel", "order-17", "--workflow", "order"], "there is a run, and flags that select others"],
    [["skip", "order-17"], "what is skipped? --branch bob --value 7"],
    [["skip", "order-17", "--branch", "bob"], "what is skipped?"],
    [["skip", "order-17", "--to", "1", "--step", "a"], "what is skipped?"],
    [["skip", "order-17", "--to", "Done"], "--to is no JSON: a text has quotes of its own"],
    [["rerun", "order-17", "Done"], "state is no JSON"],
    [["runs", "--older", "yesterday"], "--older: \"yesterday\" is neither an age, as 30d, nor a date"],
    [["resume", "order-17", "--wait", "long"], "--wait: \"long\" is no span of time"],
    [["resume", "--workflow", "order", "--wait", "5 fortnights"], "--wait: \"5 fortnights\" is no span of time"],
    [["runs", "--status", "odd"], "Expected: \"running\" | \"waiting\""]
  ]
  it.live("has the commands that its page names, each with examples that are commands", () =>
    Effect.gen(function*() {
      const page = readFileSync(join(import.meta.dirname, "../../docs/OPERATING.md"), "utf8")
      const { stdout } = yield* cano(undefined, "--help")
      const help = stdout.join("\n")
      const commands = [...help.slice(help.indexOf("SUBCOMMANDS")).matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name!)
      for (const command of commands) {
        if (command === "draw") continue
        assert.match(page, new RegExp(`\`${command}\\b`), command)
        const own = (yield* cano(undefined, command, "--help")).stdout.join("\n")
        assert.match(own, new RegExp(`EXAMPLES[^]*cano ${command} .*--db`), command)
      }
      for (const [, command] of page.matchAll(/^\$ cano (\w+)/gm)) assert.include(commands, command)
    }))

  it.live("says what is wrong with a call, and ends with 2", () =>
    Effect.gen(function*() {
      const db = yield* few
      for (const [args, sentence] of misuses) {
        const { code, stderr } = yield* cano(db, ...args)
        assert.deepStrictEqual([code, stderr.includes(sentence)], [2, true], `${args.join(" ")}: ${stderr}`)
      }
      const none = yield* cano(undefined, "runs")
      assert.strictEqual(none.code, 2)
      assert.include(none.stderr, "--db")
      assert.strictEqual(
        Cli.exitCode(yield* Effect.exit(Effect.fail(new CliError.ShowHelp({ commandPath: [], errors: [] })))),
        0
      )
      assert.strictEqual(Cli.exitCode(yield* Effect.exit(Effect.die("no"))), 1)
    }).pipe(Effect.scoped))

  it.live("makes no database, and looks at none that is another's, or of another release", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const said = (db: string) => Effect.map(cano(db, "runs"), ({ code, stderr }) => ({ code, stderr }))
      const missing = yield* said(`sqlite:${join(path, "none.db")}`)
      assert.strictEqual(missing.code, 1)
      assert.include(missing.stderr, `there is no file ${join(path, "none.db")}: a program that drives runs makes it`)
      assert.include((yield* said(path)).stderr, `${path} is no file`)
      assert.include((yield* said("mysql://a:b@host/app")).stderr, "mysql://a:…@host/app is no database that is known")
      writeFileSync(join(path, "text"), "this is a text and no database, however long it may be")
      assert.include((yield* said(join(path, "text"))).stderr, "file is not a database")
      const other = join(path, "other.db")
      yield* inFile(other, "CREATE TABLE users (id TEXT)")
      assert.include((yield* said(`file:${other}`)).stderr, `there is no journal in file:${other}`)
      const db = yield* few
      yield* inFile(db, "UPDATE cano_meta SET version = 99")
      assert.include((yield* said(db)).stderr, "its tables are of version 99, and this library knows")
      yield* inFile(db, "UPDATE cano_meta SET version = 1")
      assert.include((yield* said(db)).stderr, `the journal in ${db} is of an older release, whose cano can read it`)
      yield* inFile(db, "UPDATE cano_meta SET version = 2")
      yield* inFile(db, "UPDATE cano_runs SET status = 7")
      const corrupt = yield* said(db)
      assert.strictEqual(corrupt.code, 1)
      assert.include(corrupt.stderr, "cano: the journal of run \"order-17\" can't be used (list)")
    }).pipe(Effect.scoped))

  it.live("a claim of its own is none: who only looks changes nothing", () =>
    Effect.gen(function*() {
      const db = yield* journalIn((store) =>
        Effect.andThen(
          create(store, newRun("r")),
          Effect.andThen(store.lease("ada", Date.now() + day), claim(store, "r", "ada"))
        )
      )
      const before = yield* cano(db, "show", "r", "--json")
      yield* cano(db, "why", "r")
      yield* cano(db, "history", "r")
      const { at: _, sentence: __, ...why } = JSON.parse((yield* cano(db, "why", "r", "--json")).stdout[0]!)
      assert.deepInclude(JSON.parse(before.stdout[0]!).why, why)
      assert.strictEqual(why.because._tag, "Driven")
    }).pipe(Effect.scoped))
})

describe("the program cano", () => {
  /** The life of a few runs, as an operator sees it; a short one is what a database may do otherwise. */
  const life = (url: string, isShort: boolean) => async () => {
    const cano = (...args: ReadonlyArray<string>) => terminal.cano([...args, "--db", url])
    const broken = await terminal.drive(url, "broken", "a,b,c")
    try {
      const signalled = await cano("signal", "a", "approval", "false", "--request", "mail-1", "--json")
      assert.deepInclude(JSON.parse(signalled.stdout), { _tag: "Done", isRepeated: false })
      assert.strictEqual(signalled.stderr, "")
      if (!isShort) {
        const again = await cano("signal", "a", "approval", "false", "--request", "mail-1")
        assert.deepStrictEqual(again, { code: 0, stdout: "done, as it was ordered before\n", stderr: "" })
        assert.strictEqual((await cano("pause", "b", "--note", "ask Eva", "--wait", "0s")).code, 5)
        assert.strictEqual((await cano("resume", "b")).stdout, "done\n")
      }
      assert.strictEqual((await cano("cancel", "b")).stdout, "done\n")
      assert.strictEqual((await cano("signal", "c", "approval", "true")).stdout, "done\n")
      const listed = await cano("runs")
      assert.match(listed.stdout, /\nsucceeded .* NoTrip +a\ncancelled .* Ask +b\nfailed .* Book +c\n$/)
    } finally {
      await broken.end()
    }
    const kept = await cano("retry", "c", "--wait", "0s", "--request", "again")
    assert.deepStrictEqual([kept.code, kept.stderr], [5, ""])
    assert.match(kept.stdout, /^kept, .* as something was ordered of it, .*there is no runner; start a process/)
    const sound = await terminal.drive(url, "sound")
    try {
      assert.strictEqual((await cano("retry", "c", "--request", "again")).stdout, "done, as it was ordered before\n")
      if (!isShort) {
        const refused = await cano("skip", "c", "--to", "7")
        assert.strictEqual(refused.code, 4)
        assert.include(refused.stderr, "cano: refused: ")
      }
    } finally {
      await sound.end()
    }
    const shown = await cano("show", "c")
    assert.match(shown.stdout, /end +succeeded: "Booked"/)
    const purged = await cano("purge", "--older", "0s", "--yes", "--json")
    assert.strictEqual(JSON.parse(purged.stdout).runs, 3)
    if (isShort) return
    const none = await cano("show", "c")
    assert.strictEqual(none.code, 3)
    assert.strictEqual(none.stdout, "")
  }

  it("operates runs on a file of SQLite, while a program drives them", async () => {
    const path = mkdtempSync(join(tmpdir(), "effect-cano-cli-"))
    try {
      await life(join(path, "runs.db"), false)()
    } finally {
      rmSync(path, { recursive: true, force: true })
    }
  })

  it.live("does the same on PostgreSQL, by its URL", () =>
    Effect.flatMap(databases.shared, (url) => Effect.promise(life(url, true))).pipe(Effect.scoped))

  it("takes the database of CANO_DB, has help with examples, and names a package that is missing", async () => {
    const without = (missing: string): ReadonlyArray<string> => [
      "--import",
      `data:text/javascript,${
        encodeURIComponent(
          `import { registerHooks } from "node:module"
           registerHooks({ resolve: (name, context, next) => {
             if (!name.startsWith("${missing}")) return next(name, context)
             throw Object.assign(new Error("Cannot find package '${missing}'"), { code: "ERR_MODULE_NOT_FOUND" })
           } })`
        )
      }`
    ]
    const [fromEnv, help, missing] = await Promise.all([
      terminal.cano(["runs"], { CANO_DB: "/nowhere/runs.db" }),
      terminal.cano(["purge", "--help"]),
      terminal.cano(["runs", "--db", "postgres://localhost/app"], {}, without("@effect/sql-pg"))
    ])
    assert.strictEqual(fromEnv!.code, 1)
    assert.include(fromEnv!.stderr, "there is no file /nowhere/runs.db")
    assert.strictEqual(help!.code, 0)
    assert.include(help!.stdout, "cano purge --db runs.db --older 30d --dry-run")
    assert.strictEqual(missing!.code, 1)
    assert.include(
      missing!.stderr,
      "cano: PostgreSQL needs @effect/sql-pg, which is not installed: npm install @effect/sql-pg"
    )
  })
})
