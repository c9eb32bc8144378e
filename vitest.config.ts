import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const yielding = fileURLToPath(new URL("test/yielding/vitest.ts", import.meta.url))

export default defineConfig({
  // Tests import "effect-cano" as a user does; this condition of package.json#exports points at src/.
  ssr: { resolve: { conditions: ["effect-cano-source", "node", "import", "module", "default"] } },
  test: {
    // a test that hangs is noticed all the same, and a busy machine fails none
    testTimeout: 60_000,
    // one for each core, and not one less: many of them wait for processes most of the time
    maxWorkers: "100%",
    // a PostgreSQL server that tests start is kept as long as this process is there
    env: { POSTGRES_FOR: `${process.pid}-${Date.now()}` },
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: [["text", { skipFull: true }], "text-summary"],
      reportsDirectory: ".ci/tmp/coverage",
      thresholds: { lines: 95, branches: 95 }
    },
    projects: [
      {
        extends: true,
        test: { name: "tests", include: ["test/**/*.test.ts"], exclude: ["test/yielding"] }
      },
      // The laws once more, with yield points at random: see test/laws/README.md.
      {
        extends: true,
        plugins: [{
          name: "yields",
          enforce: "pre",
          resolveId: (source, importer) => source === "@effect/vitest" && importer !== yielding ? yielding : undefined
        }],
        test: {
          name: "yields",
          include: process.env["YIELD_FILES"]?.split(",") ?? ["test/laws/*.test.ts", "test/yielding/*.test.ts"],
          env: { YIELDS: "random" }
        }
      }
    ]
  }
})
