/**
 * What keeps a workflow from being durable, in words: said by the compiler, as types, and by the rules at run time.
 */

/** Of the workflow as a whole. */
export const whole = {
  schema: "a durable run writes down its states: give them a Schema, Workflow.make(name, StateSchema)",
  store: "a MemoryStore of withResources does not survive a crash: hand data on in the states"
} as const

/** Of a state, by what is the matter with it; before it stands which one. */
export const ofState = {
  schema:
    "a durable run writes down what branches give: registerSplit needs schema: { success, error }, or one such pair for each branch",
  compensate: "a durable run writes down what is undone: schema: { success, error } is needed beside compensate",
  effect:
    "the branches are an Effect, which may give others after a crash: give a list, or a function of the state to a list",
  growing: "branches that are added as others run are not known after a crash: Split.growing can't be durable",
  losers: "losers that outlive their join can't be durable: leave losers out, or await them",
  hedge: "branches that are hedged can't be durable: leave hedge out",
  saga:
    "a workflow with compensations can't be the work of a durable state: make it durable itself, and run it as a child"
} as const
