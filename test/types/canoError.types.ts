// The types of CanoError: checked by the compiler, never run.
import { Data, Effect, type Scope } from "effect"
import { CanoError, JoinStrategy, Workflow } from "effect-cano"
import { exactly } from "./exactly.ts"

class Offline extends Data.TaggedError("Offline") {}

const workflow = Workflow.make<"A" | "Done">("w")
  .registerSplit("A", [Effect.fail(new Offline())], { strategy: JoinStrategy.all, next: "Done" })
  .addExitStates("Done")

// orDie takes the two errors of a wrong definition away, and leaves all else as it is
exactly<Effect.Effect<"Done", CanoError.JoinUnsatisfiedError<Offline, readonly [never]>>>()(
  workflow.orchestrate("A").pipe(CanoError.orDie)
)
exactly<Effect.Effect<"Done", CanoError.JoinUnsatisfiedError<Offline, readonly [never]>>>()(
  CanoError.orDie(workflow.orchestrate("A"))
)
exactly<Effect.Effect<number>>()(CanoError.orDie(Effect.succeed(1)))
exactly<Effect.Effect<never, unknown>>()(CanoError.orDie(Effect.fail<unknown>(1)))
declare const wide: Effect.Effect<1, string | CanoError.ConfigurationError | CanoError.WorkflowError, Scope.Scope>
exactly<Effect.Effect<1, string, Scope.Scope>>()(CanoError.orDie(wide))

// what an error of a join tells of what lies below it is not typed: it may be a stand-in
declare const error: CanoError.JoinUnsatisfiedError<Offline>
exactly<unknown>()(error.cause)
exactly<ReadonlyArray<unknown>>()(error.errors)

// what a wrong definition is called
declare const configuration: CanoError.ConfigurationError
exactly<CanoError.Subject>()(configuration.subject)
