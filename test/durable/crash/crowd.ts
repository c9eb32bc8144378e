/**
 * Several workers that drive the same runs of one file, of which each is killed, stopped and let go on at random, until all
 * runs have ended. It lives as long as one case.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as books from "./book.ts"
import { answer, judge } from "./judge.ts"
import * as lives from "./lives.ts"
import * as plan from "./plan.ts"
import * as random from "./random.ts"

export const run = async (
  name: string,
  folder: string,
  worker: string,
  seed: number,
  most = 24,
  file = join(folder, `${name}.db`)
): Promise<lives.Report> => {
  const start = Date.now()
  const r = random.make(seed * 53 + 5)
  const seeds = [seed, seed + 1]
  const ledger = join(folder, `${name}.txt`)
  const wrong: Array<string> = []
  let [kills, begun] = [0, 0]
  const one = (): { readonly life: lives.Life; isOver: boolean } => {
    begun++
    const life = lives.live(worker, { file, ledger, seeds, settings: lives.settings, kill: undefined })
    const own = { life, isOver: false }
    void life.ended.then(({ code, signal }) => {
      own.isOver = true
      if (signal !== "SIGKILL" && code !== 0) wrong.push(`a process has ended with ${code}: ${life.output()}`)
      if (/ERROR/.test(life.output())) wrong.push(`a process has said: ${life.output()}`)
    })
    return own
  }
  const crowd = [one(), one(), one()]
  for (let deeds = 0; deeds < most && !crowd.every(({ isOver }) => isOver); deeds++) {
    await new Promise((resolve) => setTimeout(resolve, r.int(20, 250)))
    const i = r.int(0, crowd.length - 1)
    const { child } = crowd[i]!.life
    const deed = r.of(["SIGKILL", "SIGSTOP", "SIGSTOP", "SIGCONT", "SIGCONT"])
    if (crowd[i]!.isOver) crowd[i] = one()
    else child.kill(deed)
    if (deed === "SIGKILL") kills++
  }
  for (const { life: { child } } of crowd) child.kill("SIGCONT")
  crowd.push(one())
  const late = setTimeout(() => {
    for (const { life } of crowd) {
      wrong.push(`it has not ended within 60 s: ${life.output()}`)
      life.child.kill("SIGKILL")
    }
  }, 60_000)
  await Promise.all(crowd.map(({ life }) => life.ended))
  clearTimeout(late)
  const lines = readFileSync(ledger, "utf8").split("\n")
  /** What a process has recorded itself is not done again by it. */
  const over = new Set<string>()
  for (const line of lines) {
    const [what, first, second, third] = line.split(" ")
    if (what === "rec") over.add(`${first} ${second} ${third}`)
    if (what !== "exec" && what !== "undo") continue
    const pid = line.split(" ").at(-1)!
    for (let key = first!; key.includes("/"); key = key.slice(0, key.lastIndexOf("/"))) {
      if (over.has(`${what === "exec" ? "settle" : "compensate"} ${key} ${pid}`)) {
        wrong.push(`${line}: ${key} was written`)
      }
    }
  }
  for (const seed of seeds) {
    const runId = `r${seed}`
    const own = plan.make(seed)
    const book = await books.of(file, runId)
    if (book?.status !== "ended") {
      wrong.push(`${runId} is ${book?.status}`)
      continue
    }
    const should = answer(book)
    const answers = lines.filter((line) => line.startsWith(`end ${runId} `)).map((line) => line.split(" ")[2])
    if (answers.length === 0 || answers.some((said) => said !== should)) {
      wrong.push(`${runId}: ${answers} and not ${should}`)
    }
    wrong.push(...judge(own, book).map((sentence) => `${runId}: ${sentence}`))
  }
  return { wrong: [...new Set(wrong)], kills, lives: begun, millis: Date.now() - start }
}
