/**
 * node keeper.ts <folder> [<pid>]: a PostgreSQL server of its own in a folder of its own, which is gone with the folder when
 * the process is gone that it is kept for: that of the pid, or else whoever writes to its stdin. What it says stands in the
 * folder: `url` once the server answers, or `error`.
 *
 * From its stdin it takes the orders `stop`, `kill`, `start`, `freeze` and `thaw`, and writes to its stdout when each is done.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { chmodSync, chownSync, cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import * as binaries from "./binaries.ts"

const [folder, pid] = process.argv.slice(2) as [string, string | undefined]
// the server refuses to run as root
const ids = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
const data = join(folder, "data")
const password = randomBytes(12).toString("hex")

const say = (file: string, text: string) => {
  writeFileSync(join(folder, `${file}.new`), text)
  renameSync(join(folder, `${file}.new`), join(folder, file))
}

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().on("error", reject).listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { readonly port: number }
      server.close(() => resolve(port))
    })
  })

let server: ChildProcess | undefined
let gone: Promise<void> = Promise.resolve()

/** Starts the server; answers what it has said if it did not come up. */
const start = (bin: string, port: number) =>
  new Promise<string | undefined>((resolve) => {
    const options = [
      ["listen_addresses", "127.0.0.1"],
      ["unix_socket_directories", ""],
      ["max_connections", "200"],
      ["shared_buffers", "16MB"],
      ["fsync", process.env["POSTGRES_FSYNC"] ?? "off"],
      ["full_page_writes", process.env["POSTGRES_FSYNC"] ?? "off"]
    ].flatMap(([name, value]) => ["-c", `${name}=${value}`])
    const child = server = spawn(join(bin, "postgres"), ["-D", data, "-p", `${port}`, ...options], {
      ...ids,
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"]
    })
    let said = ""
    child.stderr!.on("data", (chunk) => {
      if (said.length < 10_000) said += chunk
      if (/ready to accept connections/.test(`${chunk}`)) resolve(undefined)
    })
    child.on("error", (error) => resolve(String(error)))
    gone = new Promise((end) =>
      child.on("close", () => {
        resolve(said)
        end()
      })
    )
  })

const stop = async (signal: "SIGINT" | "SIGKILL") => {
  // the backends of a server that was killed would go on for as long as their statement
  const backends = signal === "SIGKILL" && server !== undefined ? childrenOf(server.pid!) : []
  server?.kill(signal)
  for (const backend of backends) {
    try {
      process.kill(backend, "SIGKILL")
    } catch {
      // it is gone
    }
  }
  await gone
}

const childrenOf = (pid: number): ReadonlyArray<number> =>
  execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child!)

let isOver = false
const end = async () => {
  if (isOver) return
  isOver = true
  // nobody is there any more for whom anything is to be kept
  await Promise.race([stop("SIGINT"), new Promise((resolve) => setTimeout(resolve, 3000))])
  await stop("SIGKILL")
  rmSync(folder, { recursive: true, force: true })
  process.exit()
}
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void end())

const orders = pid === undefined ? createInterface({ input: process.stdin }) : undefined
orders?.on("close", () => void end())
if (pid !== undefined) {
  setInterval(() => {
    try {
      process.kill(Number(pid), 0)
    } catch {
      void end()
    }
  }, 100)
}

try {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o711)
  let bin = await binaries.folder()
  if (ids.uid !== undefined && !binaries.isOpen(bin)) {
    // the checkout is root's alone
    const copy = join(folder, "native")
    cpSync(dirname(bin), copy, { recursive: true, verbatimSymlinks: true })
    bin = join(copy, "bin")
  }
  const secret = join(folder, "password")
  writeFileSync(secret, password, { mode: 0o600 })
  mkdirSync(data, { mode: 0o700 })
  if (ids.uid !== undefined) { for (const path of [secret, data]) chownSync(path, ids.uid, ids.gid) }
  const cluster = ["-D", data, "-U", "cano", "--auth=scram-sha-256", "--pwfile", secret]
  execFileSync(join(bin, "initdb"), [...cluster, "--no-sync", "--no-locale", "-E", "UTF8"], {
    ...ids,
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"]
  })
  let port = await freePort()
  let said = await start(bin, port)
  for (let tries = 0; said !== undefined && /already in use/.test(said) && tries < 5; tries++) {
    said = await start(bin, port = await freePort())
  }
  if (said !== undefined) throw new Error(said)
  orders?.on("line", async (order) => {
    if (order === "start") {
      const said = await start(bin, port)
      if (said !== undefined) return void console.log(`failed ${JSON.stringify(said)}`)
    } else if (order === "freeze" || order === "thaw") {
      const signal = order === "freeze" ? "SIGSTOP" : "SIGCONT"
      for (const pid of [server!.pid!, ...childrenOf(server!.pid!)]) process.kill(pid, signal)
    } else await stop(order === "kill" ? "SIGKILL" : "SIGINT")
    console.log("done")
  })
  say("url", `postgres://cano:${password}@127.0.0.1:${port}`)
} catch (error) {
  const said = error instanceof Error && "stderr" in error ? `${error.message}\n${error.stderr}` : String(error)
  say("error", said)
  process.exitCode = 1
  // whoever waits for it has read it
  setTimeout(() => void end(), 60_000)
}
