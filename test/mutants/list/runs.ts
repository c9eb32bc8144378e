import type { Mutants } from "../mutant.ts"

export const runs: Mutants = {}
