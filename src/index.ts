/**
 * Typed workflows for Effect: a finite state machine whose tasks are Effects, with splits that join by strategy.
 *
 * @since 0.1.0
 */
export * as Bulkhead from "./Bulkhead.ts"
export * as CanoError from "./CanoError.ts"
export * as Definition from "./Definition.ts"
export * as Hedge from "./Hedge.ts"
export * as JoinStrategy from "./JoinStrategy.ts"
export * as MemoryStore from "./MemoryStore.ts"
export * as RunEvent from "./RunEvent.ts"
export * as Saga from "./Saga.ts"
export * as Split from "./Split.ts"
export * as SplitResult from "./SplitResult.ts"
export * as TaskResult from "./TaskResult.ts"
export * as Workflow from "./Workflow.ts"
