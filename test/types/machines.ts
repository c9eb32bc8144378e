/**
 * Programs with machines of a given size, for the compiler: does it check them, and in what time?
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "../..")

export type Kind = "string" | "tagged"

const preamble = `import { Context, Data, Effect, Layer } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"

class Bad extends Data.TaggedError("Bad")<{ readonly at: number }> {}
class Service extends Context.Service<Service, { readonly work: Effect.Effect<number, Bad> }>()("Service") {}
const work = Effect.flatMap(Service, (service) => service.work)
`

/** A program that has all but a machine. */
export const baseline = `${preamble}
export const resources = Layer.succeed(Service, { work: Effect.fail(new Bad({ at: 0 })) })
export const strategy = JoinStrategy.all
export const program = Effect.provide(work, resources)
export const make = Workflow.make<"State0" | "Done">
`

/**
 * A machine of `size` states that leads through all of them, in all forms of registering. Each state may fail with an
 * error of its own, and the type of the run is checked.
 */
export const machine = (kind: Kind, size: number): string => {
  const numbers = Array.from({ length: size }, (_, i) => i)
  const states = kind === "string"
    ? [...numbers.map((i) => `"State${i}"`), "\"Done\"", "\"Degraded\""]
    : [
      ...numbers.map((i) => `{ readonly _tag: "State${i}"; readonly n${i}: number }`),
      "{ readonly _tag: \"Done\"; readonly n: number }",
      "{ readonly _tag: \"Degraded\" }"
    ]
  const to = (i: number, n: string): string =>
    kind === "string"
      ? i === size ? "\"Done\"" : `"State${i}"`
      : i === size
      ? `{ _tag: "Done", n: ${n} }`
      : `{ _tag: "State${i}", n${i}: ${n} }`
  const degraded = kind === "string" ? "\"Degraded\"" : "{ _tag: \"Degraded\" }"
  const data = (i: number): string => kind === "string" ? "1" : `state.n${i}`
  const calls = numbers.map((i) => {
    const state = `"State${i}"`
    switch (i % 6) {
      case 0:
        return `register(${state}, function*(state) {
    if ((yield* work) > 100) return yield* Effect.fail("failed ${i}" as const)
    return ${data(i)} > 0 ? ${to(i + 1, "1")} : ${degraded}
  })`
      case 1:
        return `register(${state}, (state) => Effect.succeed(${to(i + 1, data(i))}))`
      case 2:
        return `register(${state}, { run: work, next: (n) => n > 0 ? ${to(i + 1, "n")} : ${degraded} })`
      case 3:
        return `registerSplit(${state}, [work, Effect.succeed("${i}"), Effect.fail(${i} as const)], {
    strategy: JoinStrategy.quorum(2),
    timeout: "1 second",
    next: ${to(i + 1, "0")},
    otherwise: ${degraded}
  })`
      case 4:
        return `registerSplit(${state}, (state) => [${data(i)}, 2].map((n) => Effect.as(work, n)), {
    strategy: JoinStrategy.all,
    next: (result) => result.values.length > 1 ? ${to(i + 1, "result.values.length")} : ${degraded}
  })`
      default:
        return `register(${state}, Effect.as(work, ${to(i + 1, "1")} as const))`
    }
  })
  const first = kind === "string" ? "\"State0\"" : "{ _tag: \"State0\", n0: 1 }"
  return `${preamble}
type State =
  | ${states.join("\n  | ")}

const workflow = Workflow.make<State>("machine")
  .addExitStates("Done", "Degraded")
  .${calls.join("\n  .")}
  .withResources(Layer.succeed(Service, { work: Effect.succeed(1) }))

export const program: Effect.Effect<
  Extract<State, ${kind === "string" ? "\"Done\" | \"Degraded\"" : "{ readonly _tag: \"Done\" | \"Degraded\" }"}>,
  Workflow.Error<typeof workflow>
> = workflow.orchestrate(${first})
`
}

/** A machine of `size` states, with an exit state that is added by itself for each. */
export const exits = (size: number): string => {
  const numbers = Array.from({ length: size }, (_, i) => i)
  const calls = numbers.map((i) =>
    `register("State${i}", () => Effect.succeed("${
      i + 1 === size ? "Exit0" : `State${i + 1}`
    }")).addExitState("Exit${i}")`
  )
  return `import { Effect } from "effect"
import { Workflow } from "effect-cano"

type State = ${numbers.map((i) => `"State${i}" | "Exit${i}"`).join(" | ")}

export const program = Workflow.make<State>("exits")
  .${calls.join("\n  .")}
  .orchestrate("State0")
`
}

/** A machine of `size` states, each of which is a part of its own. */
export const parts = (size: number): string => {
  const numbers = Array.from({ length: size }, (_, i) => i)
  const calls = numbers.map((i) =>
    `merge(Workflow.make<State>("part").register("State${i}", () => Effect.succeed("State${i + 1}")))`
  )
  return `import { Effect } from "effect"
import { Workflow } from "effect-cano"

type State = ${[...numbers, size].map((i) => `"State${i}"`).join(" | ")}

export const program = Workflow.make<State>("parts")
  .addExitStates("State${size}")
  .${calls.join("\n  .")}
  .orchestrate("State0")
`
}

/** The compilers that are supported, by the names they are installed under. */
export const compilers = { "TypeScript 7": "typescript", "TypeScript 5.9": "typescript-5.9" } as const

/** Compiles programs in a folder of their own, and gives the compiler's words. */
export const typecheck = (
  name: string,
  programs: { readonly [file: string]: string },
  options: ReadonlyArray<string> = [],
  compiler: string = compilers["TypeScript 7"]
): string => {
  const folder = join(root, ".ci/tmp", compiler, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [file, source] of Object.entries(programs)) writeFileSync(join(folder, `${file}.ts`), source)
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: "../../../../tsconfig.json",
      compilerOptions: { noUnusedParameters: false },
      include: ["*.ts"]
    })
  )
  const { error, stdout } = spawnSync(
    process.execPath,
    [join(root, "node_modules", compiler, "bin/tsc"), "-p", folder, "--pretty", "false", ...options],
    { cwd: folder, encoding: "utf8" }
  )
  if (error !== undefined) throw error
  return stdout
}
