import { defineConfig } from "vitest/config"

export default defineConfig({
  // Tests import "effect-cano" as a user does; this condition of package.json#exports points at src/.
  ssr: { resolve: { conditions: ["effect-cano-source", "node", "import", "module", "default"] } },
  test: {
    include: ["test/**/*.test.ts"],
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: [["text", { skipFull: true }], "text-summary"],
      reportsDirectory: ".ci/tmp/coverage",
      thresholds: { lines: 95, branches: 95 }
    }
  }
})
