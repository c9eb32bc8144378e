import type { Mutants } from "../mutant.ts"

export const input: Mutants = {}
