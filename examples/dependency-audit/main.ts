/**
 * A dependency audit: scans every package that is installed in an npm project, and says what it found.
 *
 *     npm start                        audits this project
 *     npm start -- <folder> --json     audits another one, as JSON
 *     npm start -- --chart audit.svg   draws its states
 *     npm start -- --trace             prints the run as a tree, too
 *     npm start -- --help              lists the options
 *
 * Discover → Scan (one branch for each package) → Report → Complete | Degraded: see workflow.ts.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { CliConfig, Command, GlobalFlag } from "effect/cli"
import { command } from "./cli.ts"
import { Scanner } from "./scan.ts"

Command.run(command, { version: "0.1.0" }).pipe(
  Effect.provide([Scanner.layer, CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] })]),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
