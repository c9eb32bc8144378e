#!/usr/bin/env node
// The program `cano`: effect-cano/cli on Node. It is what it is in plain JavaScript, so that it can say what is missing.
import { createRequire } from "node:module"
import { dirname } from "node:path"

/** A package that need not be there for the rest of effect-cano. */
const optional = async (name) => {
  try {
    return await import(name)
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND" || !error.message.includes("@effect/platform-node")) throw error
    console.error("cano needs @effect/platform-node, which is not installed: npm install @effect/platform-node")
    process.exit(1)
  }
}

const NodeRuntime = await optional("@effect/platform-node/NodeRuntime")
const NodeServices = await optional("@effect/platform-node/NodeServices")
const Console = await import("effect/Console")
const Effect = await import("effect/Effect")
const Command = await import("effect/cli/Command")
const Cli = await import("effect-cano/cli")
const { version } = createRequire(import.meta.url)("../package.json")

const host = {
  self: [process.execPath, ...process.execArgv, process.argv[1]],
  columns: process.stdout.columns,
  hasColors: process.stdout.isTTY === true && process.env.NO_COLOR === undefined && process.stdout.hasColors(),
  copyOf: (file) => {
    try {
      return dirname(createRequire(file).resolve("effect-cano/package.json"))
    } catch {
      return undefined
    }
  }
}

// what a module prints when it is loaded is no part of the picture
const own = { ...console }
console.log = console.info = console.debug = console.error

// a module that runs may end the process, too
const early = () => console.error("cano: what was loaded has ended the program: draw a module that only exports workflows")
process.once("exit", early)

Command.run(Cli.make(host), { version }).pipe(
  Effect.provideService(Console.Console, own),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({
    // what the module of the user has left open must not keep the program
    teardown: (exit) => {
      process.off("exit", early)
      process.stdout.write("", () => process.exit(Cli.exitCode(exit)))
    }
  })
)
