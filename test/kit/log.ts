/**
 * What is logged while an effect runs. It lives as long as the layer that a test provides.
 */
import { Logger } from "effect"

/** Collects the messages that are logged, without what is added to them. */
export const messages = (into: Array<string>) =>
  Logger.layer([Logger.make(({ message }) => {
    into.push(String(Array.isArray(message) ? message[0] : message))
  })])

/** Collects the defects that are logged. */
export const defectLog = () => {
  const logged: Array<unknown> = []
  const layer = Logger.layer([Logger.make(({ cause }) => {
    logged.push(...cause.reasons.flatMap((reason) => reason._tag === "Die" ? [reason.defect] : []))
  })])
  return { logged, layer }
}
