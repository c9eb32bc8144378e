import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { until } from "../durable/crash/together.ts"

/** A process that starts a server for itself, and does nothing else. */
const owner = (kind: "own" | "shared", env: NodeJS.ProcessEnv) => {
  const text = `
    import { Effect } from "effect"
    import * as server from ${JSON.stringify(join(import.meta.dirname, "server.ts"))}
    const said = (server) => console.log(server.url ?? server)
    Effect.runFork(Effect.scoped(Effect.andThen(Effect.map(server.${kind}, said), Effect.never)))`
  const child = spawn(process.execPath, ["--input-type=module", "-e", text], {
    env: { ...process.env, POSTGRES_FOR: "", ...env },
    stdio: ["ignore", "pipe", "inherit"],
    cwd: join(import.meta.dirname, "../..")
  })
  let said = ""
  child.stdout.on("data", (data) => said += data)
  return { child, said: () => said.trim() }
}

const isThere = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1")
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false))
    socket.on("connect", () => socket.destroy())
  })

describe("a PostgreSQL server of the tests", () => {
  for (const kind of ["own", "shared"] as const) {
    it.live(`is gone with its folder when the process is killed that it was started for (${kind})`, () =>
      Effect.promise(async () => {
        const folder = mkdtempSync(join(tmpdir(), "effect-cano-servers-"))
        // the server may not be of this user
        chmodSync(folder, 0o711)
        const { child, said } = owner(kind, { TMPDIR: folder })
        await until(() => /:\d+$/.test(said()))
        const port = Number(said().split(":").at(-1))
        assert.isTrue(await isThere(port))
        child.kill("SIGKILL")
        while (await isThere(port)) await new Promise((resolve) => setTimeout(resolve, 10))
        await until(() => readdirSync(folder).every((name) => !name.startsWith("effect-cano-postgres")))
        rmSync(folder, { recursive: true })
      }))
  }
})
