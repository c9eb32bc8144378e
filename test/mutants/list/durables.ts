/**
 * Mutants of what keeps a workflow from being durable, and of the Schemas of what work gives.
 */
import type { Mutants } from "../mutant.ts"

export const durables: Mutants = {
  "machine/schemas": [
    {
      what: "a branch that is called success is taken for a Schema",
      from: "Predicate.isObject(u) && schema.isSchema(u[\"success\"])",
      to: "Predicate.isObject(u) && u[\"success\"] !== undefined",
      tests: "machine/definition machine/rules"
    },
    {
      what: "follow-on states may have Schemas of their own",
      from: "if (state.kind === \"split\" && areStates(state)) {",
      to: "if (false) {",
      tests: "machine/rules"
    },
    {
      what: "a Schema of errors may be anything",
      from: "given.error === undefined || schema.isSchema(given.error)",
      to: "true",
      tests: "machine/rules"
    },
    {
      what: "a branch may be left out of the Schemas",
      from: "...names.filter((name) => !given.includes(name)).map",
      to: "...[].map",
      tests: "machine/rules"
    },
    {
      what: "Schemas may be for a branch that there is not",
      from: "...given.filter((name) => !names.includes(name)).map",
      to: "...[].map",
      tests: "machine/rules"
    }
  ],
  "durable/definition": [
    {
      what: "branches that a function answers need Schemas, though they may be states",
      from: "branches.kind === \"static\" || branches.from === \"iterable\"",
      to: "true",
      tests: "durable/definition"
    },
    {
      what: "what a function answers needs no Schemas, though it is undone",
      from: "(compensates.length > 0 || ",
      to: "(",
      tests: "durable/definition"
    },
    {
      what: "a step that is compensated needs no Schemas",
      from: "compensates !== undefined && !hasSchemas",
      to: "false",
      tests: "durable/definition"
    },
    {
      what: "losers may outlive their join",
      from: "losers === \"interrupt\" || losers === \"await\"",
      to: "losers !== \"detach\"",
      tests: "durable/definition"
    },
    {
      what: "a version is migrated to itself",
      from: "Number(from) < version",
      to: "Number(from) <= version",
      tests: "durable/definition"
    }
  ]
}
