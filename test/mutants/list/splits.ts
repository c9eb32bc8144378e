import type { Mutants } from "../mutant.ts"

export const splits: Mutants = {}
