/** What can be a parameter of a statement, and what becomes of it. It lives for one statement. */
import * as describe from "../check/describe.ts"
import * as failure from "./failure.ts"
import type { Bound } from "./node.ts"

/** In the form of SQLite; it throws for what would be kept as something else. */
export const bind = (params: ReadonlyArray<unknown>): ReadonlyArray<Bound> => params.map(one)

const one = (param: unknown, i: number): Bound => {
  switch (typeof param) {
    case "string":
      return param
    case "number":
      // SQLite would keep NULL
      return Number.isNaN(param) ? refuse(param, i) : param
    case "bigint":
      return BigInt.asIntN(64, param) === param ? param : refuse(param, i)
    case "boolean":
      return param ? 1 : 0
    case "undefined":
      return null
    case "object":
      if (param === null || ArrayBuffer.isView(param) || param instanceof ArrayBuffer) return param
      if (param instanceof Date && !Number.isNaN(param.getTime())) return param.toISOString()
  }
  return refuse(param, i)
}

const refuse = (param: unknown, i: number): never => {
  const expected = "null, a boolean, a number, a bigint of 64 bits, a string, a valid Date, or bytes"
  throw new failure.Refused("execute", describe.misfit(`parameter ${i + 1}`, param, expected))
}
