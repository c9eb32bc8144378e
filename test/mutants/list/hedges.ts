import type { Mutants } from "../mutant.ts"

export const hedges: Mutants = {}
