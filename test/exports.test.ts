import { assert, describe, it } from "@effect/vitest"
import * as index from "effect-cano"
import { globSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"

const source = join(import.meta.dirname, "../src")

/** What each public module gives at run time. */
const surface: { readonly [module: string]: ReadonlyArray<string> } = {
  Bulkhead: ["TypeId", "layer", "make"],
  CanoError: [
    "BulkheadFullError",
    "BulkheadReentryError",
    "CompensationError",
    "ConfigurationError",
    "JoinTimeoutError",
    "JoinUnsatisfiedError",
    "WorkflowError",
    "WorkflowTimeoutError",
    "isCanoError",
    "orDie"
  ],
  Definition: [],
  Hedge: ["budget", "latencies", "percentile", "run", "throttle"],
  JoinStrategy: [
    "accept",
    "agreement",
    "all",
    "allFailFast",
    "allOf",
    "any",
    "anyOf",
    "atLeast",
    "decide",
    "format",
    "isCustom",
    "make",
    "optional",
    "partialResults",
    "partialSuccesses",
    "partialTimeout",
    "partialTimeoutAtLeast",
    "percentage",
    "quorum",
    "reducer",
    "reject",
    "relax",
    "required",
    "resolve",
    "tolerate",
    "until",
    "weighted"
  ],
  MemoryStore: ["MemoryStore", "StoreError", "key", "layer", "make"],
  RunEvent: ["cause", "layer", "listener"],
  Saga: ["format"],
  Split: ["GrowingTypeId", "growing", "run"],
  SplitResult: ["isDetached", "isFailed", "isLate", "isSucceeded"],
  TaskResult: ["isSplit", "split"],
  Workflow: ["CurrentRun", "TypeId", "fromEntries", "isWorkflow", "make", "orchestrate", "path"]
}

/** What entries of their own give, which the index does not load. */
const wings: typeof surface = {
  RunLogs: ["make"],
  RunMetrics: ["make"],
  RunSpans: ["layer"],
  RunStream: ["make"],
  Runs: ["AmbiguousBranchError", "Runs", "ask", "cancel", "fork", "get", "layer", "list", "signal"],
  Scheduler: ["FlowError", "FlowTypeId", "Scheduler", "explain", "flow", "layer", "make", "provide"],
  Signal: ["SignalError", "SignalTimeoutError", "TypeId", "make", "wait"],
  SplitStream: ["make"],
  Task: ["PollTimeoutError", "TypeId", "isTask", "poll", "retry", "run", "stream", "timer", "workflow"],
  chart: ["LayoutError", "make", "toDot", "toMermaid", "toSvg", "toText", "trail"],
  cli: ["exitCode", "make"],
  cluster: ["layer"],
  durable: [
    "Durable",
    "PayloadTooLargeError",
    "RestoreError",
    "Settings",
    "VersionMismatchError",
    "findings",
    "history",
    "layer",
    "layerMemory",
    "layerSql",
    "list",
    "make",
    "report",
    "settings",
    "show"
  ],
  http: [
    "JournalUnavailableError",
    "NoSuchRunError",
    "OrderRefusedError",
    "RunEndedError",
    "RunsGroup",
    "layer"
  ],
  journal: ["Journal", "JournalError", "layerMemory", "layerSql", "makeMemory"],
  operator: [
    "Operator",
    "cancel",
    "end",
    "layer",
    "pause",
    "requestId",
    "rerun",
    "resume",
    "retry",
    "signal",
    "skipBranch",
    "skipStep",
    "skipTo"
  ],
  payload: ["PayloadError", "compress", "encrypt", "layer", "offload", "usage"],
  schedules: [
    "Schedules",
    "flow",
    "forget",
    "history",
    "layer",
    "layerMemory",
    "layerSql",
    "list",
    "make",
    "makeMemory",
    "pause",
    "reset",
    "resume",
    "running",
    "show"
  ],
  sqlite: ["layer", "layerConfig", "make"]
}

const modules = Object.keys(surface)

/** The names that a pattern finds, each with the doc block that stands right before it. */
const documented = (text: string, pattern: RegExp): ReadonlyArray<{ readonly name: string; readonly doc: string }> =>
  [...text.matchAll(pattern)].map((match) => {
    const before = text.slice(0, match.index).trimEnd()
    return { name: match[1]!, doc: before.endsWith("*/") ? before.slice(before.lastIndexOf("/**")) : "" }
  })

const declared = (text: string) => documented(text, /^ *export (?:const|function|class|interface|type) (\w+)/gm)
const namespaces = (text: string) => documented(text, /^export declare namespace (\w+)/gm)

/**
 * Declarations, also those inside of a namespace, and the names inside of `export { … }`, where their docs stand too. Of the
 * types of another file the docs are where they are declared.
 */
const exported = (file: string): ReturnType<typeof documented> => {
  const text = readFileSync(file, "utf8")
  return [
    ...declared(text),
    ...[...text.matchAll(/^export (?:type )?\{\n(.*?)^\}/gms)].flatMap((block) =>
      documented(block[1]!, /^ {2}(?:\w+ as )?(\w+)/gm)
    ),
    ...[...text.matchAll(/^export type \{ (.*) \} from "(.*)"$/gm)].flatMap(([, names, from]) =>
      names!.split(", ").flatMap((name) => {
        const there = readFileSync(join(file, "..", from!), "utf8")
        return declared(there).find((each) => each.name === name) ??
          (namespaces(there).some((each) => each.name === name) ? [] : { name, doc: "" })
      })
    )
  ]
}

describe("exports", () => {
  it("the index gives the public modules, each as a namespace", () => {
    assert.deepStrictEqual(Object.keys(index).sort(), modules)
    assert.deepStrictEqual(
      readdirSync(source).filter((file) => file.endsWith(".ts")).sort(),
      [...modules, ...Object.keys(wings), "index"].map((module) => `${module}.ts`).sort()
    )
  })

  for (const [module, names] of Object.entries({ ...surface, ...wings })) {
    it(`effect-cano/${module} gives these names and no other, a module of the index also through that`, async () => {
      const self: object = await import(`../src/${module}.ts`)
      assert.deepStrictEqual(Object.keys(self).sort(), names)
      const indexed = new Map<string, object>(Object.entries(index)).get(module)
      assert.strictEqual(indexed, module in wings ? undefined : self)
    })

    it(`every export of effect-cano/${module} has a doc block with @category and @since`, () => {
      const file = join(source, `${module}.ts`)
      const text = readFileSync(file, "utf8")
      assert.match(text, /^\/\*\*\n \* .*?\n \* @since \d+\.\d+\.\d+\n \*\/\n/s, "the file begins with its doc block")
      const found = exported(file)
      for (const { doc, name } of found) {
        assert.match(doc, /^\/\*\*\s+\* \S/, `${name} has a doc block`)
        assert.match(doc, /@category [a-z ]+\n/, `${name} has a category`)
        assert.match(doc, /@since \d+\.\d+\.\d+\n/, `${name} has a since`)
      }
      // a namespace holds documented types, and says since when
      for (const { doc, name } of namespaces(text)) {
        assert.match(doc, /@since \d+\.\d+\.\d+\n/, `${name} has a since`)
      }
      assert.includeMembers(found.map(({ name }) => name), [...names])
    })
  }

  it("the package gives the modules by name and closes the rest", async () => {
    const { exports, sideEffects } = JSON.parse(readFileSync(join(source, "../package.json"), "utf8"))
    assert.deepStrictEqual(exports, {
      "./package.json": "./package.json",
      ".": { "effect-cano-source": "./src/index.ts", default: "./dist/index.js" },
      "./*": { "effect-cano-source": "./src/*.ts", default: "./dist/*.js" },
      "./internal/*": null,
      "./index": null
    })
    assert.deepStrictEqual(sideEffects, [])
    assert.match(import.meta.resolve("effect-cano/Workflow"), /src\/Workflow\.ts$/)
    for (const specifier of ["effect-cano/internal/split", "effect-cano/internal/machine", "effect-cano/index"]) {
      assert.throws(() => import.meta.resolve(specifier), /not (exported|defined by "exports")|is not exported/)
    }
  })
})

/** What the files of `test/` import, as paths from the root where they are relative; the list of mutants quotes the engine. */
const imported = globSync("**/*.ts", { cwd: import.meta.dirname, exclude: ["mutants/list/*"] }).map((file) => {
  const path = join(import.meta.dirname, file)
  const specifiers = [
    ...readFileSync(path, "utf8").matchAll(/(?:\b(?:from|import) |\bimport\()"([^"]+)"|\bimport\(`([^`]+)`/g)
  ]
  return {
    file,
    modules: specifiers.map(([, text, template]) => text ?? template!).map((specifier) =>
      specifier.startsWith(".")
        ? relative(join(source, ".."), resolve(dirname(path), specifier)).replaceAll("\\", "/")
        : specifier
    )
  }
})

describe("the core", () => {
  /** The files that the index loads, and what they load of others. */
  const loaded = (): { readonly files: ReadonlySet<string>; readonly others: ReadonlySet<string> } => {
    const files = new Set<string>()
    const others = new Set<string>()
    const visit = (file: string) => {
      if (files.has(file)) return
      files.add(file)
      const imports = /^(?:import|export) (?:\* as \w+|\{[^}]*\}) from "([^"]+)"|\bimport\("([^"]+)"\)/gm
      for (const [, from, dynamic] of readFileSync(file, "utf8").matchAll(imports)) {
        const specifier = from ?? dynamic!
        if (specifier.startsWith(".")) visit(resolve(dirname(file), specifier))
        else others.add(specifier)
      }
    }
    visit(join(source, "index.ts"))
    return { files, others }
  }

  it("loads no wing, and of others stable modules of Effect only", () => {
    const { files, others } = loaded()
    assert.isAbove(files.size, 50)
    for (const file of files) {
      assert.notMatch(
        relative(source, file),
        /^(chart|cli|durable|journal|payload|sqlite|Runs|Signal|internal\/(chart|cli|durable|journal|payload|runs|sqlite)\/.*)\.ts$/
      )
    }
    for (const other of others) assert.match(other, /^effect\/[A-Z]\w+$/)
  })
})

describe("the tests", () => {
  it("import the library by its public names, and never its internals", () => {
    for (const { file, modules } of imported) {
      const own = modules.filter((module) => /(^|\/)src\/|\binternal\b/.test(module))
      // this file asks each public module whether it is the one that the index gives
      assert.deepStrictEqual(own, file === "exports.test.ts" ? ["src/${module}.ts"] : [], file)
    }
  })

  it("have a kit that imports nothing of them, so that it can leave them", () => {
    const kit = imported.filter(({ file }) => dirname(file) === "kit")
    assert.isAbove(kit.length, 0)
    for (const { file, modules } of kit) {
      const foreign = modules.filter((module) =>
        !/^(test\/kit\/\w+\.ts|effect(\/testing)?|effect-cano|node:\w+)$/.test(module)
      )
      // one of them knows the runner of the tests
      assert.deepStrictEqual(foreign, file === join("kit", "expect.ts") ? ["@effect/vitest"] : [], file)
    }
  })
})
