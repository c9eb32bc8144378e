// House rules that oxlint has no rule of its own for.

const namedImportsFrom = new Set(["effect/Function", "effect/Pipeable", "effect/Predicate"])

/** Calls `check(source, node, report)` for every import and export that names a module. */
const onModule = (check) => ({
  create: (context) => {
    const visit = (node) => {
      const source = node.source?.value
      if (typeof source === "string") check(source, node, (message) => context.report({ node: node.source, message }))
    }
    return {
      ImportDeclaration: visit,
      ImportExpression: visit,
      ExportNamedDeclaration: visit,
      ExportAllDeclaration: visit
    }
  }
})

const importsValueByName = (node) =>
  node.type === "ImportDeclaration" && node.importKind !== "type" && node.specifiers.some((specifier) =>
    specifier.type === "ImportSpecifier" && specifier.importKind !== "type"
  )

export default {
  meta: { name: "house" },
  rules: {
    "relative-import-ends-in-ts": onModule((source, _, report) => {
      if (/^\.\.?(\/|$)/.test(source) && !/\.(ts|json)$/.test(source)) report("A relative import ends in .ts.")
    }),
    "import-by-namespace": onModule((source, node, report) => {
      const barrel = source === "effect" || source === "effect-cano" || /^@effect\/[^/]+$/.test(source)
      const byName = source.startsWith("effect/") && !namedImportsFrom.has(source) && importsValueByName(node)
      if (barrel || byName) report(`Import the module: \`import * as Effect from "effect/Effect"\`.`)
    }),
    "no-async": {
      create: (context) => {
        const visit = (node) => {
          if (node.async) context.report({ node, message: "No async function in src/: write an Effect." })
        }
        return { FunctionDeclaration: visit, FunctionExpression: visit, ArrowFunctionExpression: visit }
      }
    },
    "no-try": {
      create: (context) => ({
        TryStatement: (node) =>
          context.report({ node, message: "No try in src/: use Effect.try, Effect.exit or Effect.onExit." })
      })
    }
  }
}
