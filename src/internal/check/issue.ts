/**
 * Issues: each is made here, so that what it says begins with the state it speaks of.
 */
import type { Issue } from "../../CanoError.ts"

export const make = (
  state: string | undefined,
  rule: Issue["rule"],
  sentence: string,
  subject?: Issue["subject"]
): Issue => ({
  state,
  rule,
  ...(subject === undefined ? {} : { subject }),
  message: state === undefined ? sentence : `state "${state}": ${sentence}`
})
