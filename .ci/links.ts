// The relative links of Markdown files: what they point at is there. `npm run packed` looks at those of the package;
// `node .ci/links.ts` at those of the repository.
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join, resolve, sep } from "node:path"

/** Prose only: what stands in code is no link. */
const prose = (text: string): string => text.replace(/^(`{3,}|~{3,})[\s\S]*?^\1/gm, "").replace(/`[^`\n]*`/g, "")

/** The anchor that a heading has on the usual hosts. */
const anchor = (heading: string): string =>
  heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").trim().replaceAll(" ", "-")

const anchors = (file: string): Set<string> =>
  new Set([...readFileSync(file, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchor(heading!)))

/** The links of all Markdown files of a folder that lead nowhere, or out of it; and how many there are. */
export const brokenLinks = (folder: string): { readonly broken: ReadonlyArray<string>; readonly total: number } => {
  let total = 0
  const broken: Array<string> = []
  for (const file of globSync("**/*.md", { cwd: folder, exclude: (name) => name === "node_modules" })) {
    const text = prose(readFileSync(join(folder, file), "utf8"))
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)].map(([, link, source]) =>
      link ?? source!
    )
    for (const target of targets.filter((each) => !/^[a-z]+:/.test(each))) {
      total++
      const [path = "", hash] = target.split("#")
      const to = path === "" ? join(folder, file) : resolve(folder, dirname(file), path)
      const found = (to + sep).startsWith(resolve(folder) + sep) && existsSync(to)
        && (hash === undefined || anchors(to).has(hash))
      if (!found) broken.push(`${file}: ${target}`)
    }
  }
  return { broken, total }
}

if (import.meta.main) {
  const { broken, total } = brokenLinks(resolve(import.meta.dirname, ".."))
  for (const link of broken) console.error(link)
  console.log(`${total} links, ${broken.length} lead nowhere`)
  process.exitCode = broken.length === 0 ? 0 : 1
}
