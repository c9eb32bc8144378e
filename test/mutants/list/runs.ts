/**
 * Mutants of a run: its machine, its limits, its resources and its path.
 */
import type { Mutants } from "../mutant.ts"

export const runs: Mutants = {
  "run/run": [
    {
      what: "runs in the tasks of a hosted run are hosted",
      from: "host === undefined ? context : Context.add(",
      to: "true ? context : Context.add(",
      tests: "machine/seams"
    },
    {
      what: "the numbers of splits go on in the next state",
      from: "    this.#numbering = undefined\n",
      to: "",
      tests: "machine/keys laws/keys"
    },
    {
      what: "the path of a resumed run has holes",
      from: "const place = this.#entered++ - this.#before",
      to: "const place = this.#entered++",
      tests: "machine/seams"
    },
    {
      what: "keys of splits in each other have no end",
      from: "if (this.#nested > mostNested) {",
      to: "if (false) {",
      tests: "machine/keys"
    },
    {
      what: "splits in each other beyond the most have one key",
      from: "/#~${digest(current!.key)}`",
      to: "/#~`",
      tests: "machine/keys"
    },
    {
      what: "a split outside of any run holds the one before",
      from: "this.#from = run && current",
      to: "this.#from = current",
      tests: "machine/limits"
    },
    {
      what: "a follow-on branch has the key of the state in which the run is when it starts",
      from: "key: `${stem}/${branch}`",
      to: "key: `${this.#visited(this.#entered, this.#state)}/${branch}`",
      tests: "adversarial/chains"
    },
    {
      what: "follow-on branches have no limit",
      from: "allowance: this.allowance,",
      to: "allowance: undefined,",
      tests: "machine/limits machine/Workflow"
    },
    {
      what: "follow-on branches have one key",
      from: "key: `${stem}/${branch}`",
      to: "key: stem",
      tests: "machine/Workflow machine/limits"
    },
    {
      what: "a limit of a run that has ended holds",
      from: "if (this.allowance?.owner === this) this.allowance.end()",
      to: "",
      tests: "machine/limits"
    },
    {
      what: "a run that has ended is around its children",
      from: "super.end()\n    if (this.allowance",
      to: "if (this.allowance",
      tests: "machine/limits"
    },
    {
      what: "a run has another id each time",
      from: "root.#runId ??= randomId",
      to: "root.#runId = randomId",
      tests: "machine/Workflow"
    },
    {
      what: "a path keeps one run too many",
      from: "const omitted = runs.length - headSize - tailSize",
      to: "const omitted = runs.length - headSize - tailSize - 1",
      tests: "machine/limits laws/machine"
    },
    {
      what: "a path does not say how many runs are left out",
      from: "omitted === 0 ? own : { ...own, omitted }",
      to: "own",
      tests: "machine/limits errors/CanoError"
    },
    {
      what: "a path does not turn its tail",
      from: "this.#head.concat(this.#tail.slice(oldest), this.#tail.slice(0, oldest))",
      to: "this.#head.concat(this.#tail)",
      tests: "laws/machine"
    },
    {
      what: "the branches of a split see where the run is now",
      from: "from instanceof Run ? from.keyAt(this.visit, this.state)",
      to: "from instanceof Run ? from.key",
      tests: "machine/limits"
    },
    {
      what: "a nested run's path is replaced by that of the run around",
      from: "reason.annotate(annotation)",
      to: "reason.annotate(annotation, { overwrite: true })",
      tests: "adversarial/chains"
    },
    {
      what: "what runs after a run is still in it",
      from: "      self!.setContext(before)\n",
      to: "",
      tests: "machine/Workflow machine/limits"
    },
    {
      what: "a run does not end",
      from: "run.end()",
      to: "",
      tests: "machine/limits"
    }
  ],
  "run/keys": [
    {
      what: "a name is no other than the path it looks like",
      from: "name.replace(others, encoded)",
      to: "name",
      tests: "machine/keys"
    },
    {
      what: "two splits of a task have one name",
      from: "if (isAlone && !names.has(name)) {",
      to: "if (isAlone) {",
      tests: "machine/keys laws/keys"
    },
    {
      what: "a split beside branches may have the name of one",
      from: "if (isAlone && !names.has(name)) {",
      to: "if (!names.has(name)) {",
      tests: "machine/keys laws/keys"
    }
  ],
  "run/seams": [
    {
      what: "there is another absence for each run",
      from: "defaultValue: () => none",
      to: "defaultValue: () => ({ ...none })",
      tests: "machine/seams",
      equivalent: "only slower: the loop asks for a host and a listener that are not there"
    }
  ],
  "run/host": [
    {
      what: "a resumed run counts its visits anew",
      from: "run.resumeAt(resumed.visit)",
      to: "",
      tests: "machine/seams"
    },
    {
      what: "an instant is a time from now",
      from: "Math.max(0, instant - now)",
      to: "instant",
      tests: "machine/seams"
    }
  ],
  "run/listener": [
    {
      what: "what a listener throws fails the run",
      from: "attempt(() => isPromise(f()))",
      to: "f()",
      tests: "machine/seams"
    },
    {
      what: "the ends are not counted",
      from: "listener.ended(span, exit, ++numbers.happened)",
      to: "listener.ended(span, exit, numbers.happened)",
      tests: "machine/seams"
    }
  ],
  "machine/loop": [
    {
      what: "a run that is paused enters the next state",
      from: "if (this.known.isPaused) this.held = { state }",
      to: "if (this.known.isPaused && this.run.visit < 0) this.held = { state }",
      tests: "runs/Runs"
    },
    {
      what: "an Exit is a state",
      from: "(typeof state === \"object\" && Effect.isEffect(state))",
      to: "false",
      tests: "adversarial/machine machine/Workflow machine/states"
    },
    {
      what: "a state that is entered is not noted",
      from: "run.enter(tag)",
      to: "",
      tests: "machine/Workflow"
    },
    {
      what: "transitions are not counted",
      from: "run.allowance && limits.spend(run.allowance, \"transitions\", 1)",
      to: "undefined",
      tests: "machine/limits"
    },
    {
      what: "states are not checked on the way",
      from: "exhausted(run) ?? unfit(machine, run, next)",
      to: "exhausted(run)",
      tests: "machine/states"
    }
  ],
  "machine/machine": [
    {
      what: "a state that is not known is checked against the Schema",
      from: "machine.unfit !== undefined && isKnown(machine, state)",
      to: "machine.unfit !== undefined",
      tests: "machine/states"
    }
  ],
  "machine/task": [
    {
      what: "a Promise is told of as any value",
      from: "if (returned.isPromise(out)) {",
      to: "if (false) {",
      tests: "machine/Workflow adversarial/machine check/callbacks"
    },
    {
      what: "what a generator yields is not looked at",
      from: "if (result.done === true || Effect.isEffect(result.value)) return result",
      to: "if (true) return result",
      tests: "machine/Workflow adversarial/machine check/callbacks"
    },
    {
      what: "a generator made by hand is no task",
      from: "if (isIterator(out) && Predicate",
      to: "if (!isIterator(out) && Predicate",
      tests: "machine/Workflow adversarial/machine"
    }
  ],
  "machine/splitState": [
    {
      what: "otherwise is asked for any failure",
      from: "error instanceof JoinUnsatisfiedError || error instanceof JoinTimeoutError\n",
      to: "true\n",
      tests: "machine/Workflow check/callbacks"
    },
    {
      what: "otherwise is not asked after a deadline",
      from: "error instanceof JoinUnsatisfiedError || error instanceof JoinTimeoutError\n",
      to: "error instanceof JoinUnsatisfiedError\n",
      tests: "machine/Workflow"
    },
    {
      what: "what next answers is not looked at",
      from: "if (!Effect.isEffect(out)) return toState(machine, run, `${option} returned`, out, names)",
      to: "if (!Effect.isEffect(out)) return Exit.succeed(out)",
      tests: "check/callbacks machine/Workflow"
    },
    {
      what: "what an Effect of next gives is not looked at",
      from:
        "return Effect.flatMap(answer, (next) => toState(machine, run, `the Effect of ${option} gave`, next, names))",
      to: "return answer",
      tests: "check/callbacks machine/Workflow"
    },
    {
      what: "follow-on states are those of the array at the time",
      from: "const own: ReadonlyArray<unknown> = [...states]",
      to: "const own: ReadonlyArray<unknown> = states",
      tests: "machine/Workflow adversarial/machine adversarial/workflow",
      equivalent: "branches are made of all of them before anybody else runs"
    },
    {
      what: "follow-on states are not checked against the Schema",
      from: "undeclared(run, names, whose, state)) ?? unfit(machine, run, state)",
      to: "undeclared(run, names, whose, state))",
      tests: "machine/states"
    },
    {
      what: "the observer of a state does not know it",
      from: "onOutcome && ((outcome) => onOutcome(outcome, state))",
      to: "onOutcome && ((outcome) => onOutcome(outcome))",
      tests: "split/observers"
    }
  ],
  "run/limits": [
    {
      what: "one less than the limit passes",
      from: "at.done[kind] + count <= at.most[kind]",
      to: "at.done[kind] + count < at.most[kind]",
      tests: "machine/limits laws/limits"
    },
    {
      what: "what is around does not count",
      from: "at !== undefined; at = at.outer) at.done[kind] += count",
      to: "at !== undefined; at = undefined) at.done[kind] += count",
      tests: "machine/limits laws/limits"
    },
    {
      what: "the limits around are not looked at",
      from: "<= at.most[kind]) at = at.outer",
      to: "<= at.most[kind]) at = undefined",
      tests: "machine/limits laws/limits"
    },
    {
      what: "what is refused is counted",
      from: "if (full === undefined) {",
      to: "if (true) {",
      tests: "machine/limits laws/limits"
    },
    {
      what: "a run with limits counts into nothing around it",
      from: ": new Allowance(owner, limits, outer)",
      to: ": new Allowance(owner, limits, undefined)",
      tests: "machine/limits laws/limits"
    }
  ],
  "run/level": [
    {
      what: "a level more than the limit",
      from: "if (this.#depth < this.#limit) return undefined",
      to: "if (this.#depth <= this.#limit) return undefined",
      tests: "machine/limits adversarial/size"
    },
    {
      what: "what has ended counts for ever",
      from: "if (this.#depth >= this.#limit || this.#strictest?.ended === true) this.#recount()",
      to: "",
      tests: "machine/limits laws/limits"
    },
    {
      what: "the limit of a run that has ended holds",
      from: "this.#depth >= this.#limit || this.#strictest?.ended === true",
      to: "this.#depth >= this.#limit",
      tests: "adversarial/chains"
    },
    {
      what: "the larger limit holds",
      from: "maxDepth > (strictest?.maxDepth ?? maxDepth)",
      to: "maxDepth < (strictest?.maxDepth ?? maxDepth)",
      tests: "machine/limits laws/limits"
    },
    {
      what: "the outermost of equal limits is named",
      from: "maxDepth > (strictest?.maxDepth ?? maxDepth)",
      to: "maxDepth >= (strictest?.maxDepth ?? maxDepth + 1)",
      tests: "adversarial/chains",
      equivalent: "it is counted anew, from the inside, before it is named"
    },
    {
      what: "a run that is a branch is deeper than its split",
      from: "this.isSplit || (outer !== undefined && !outer.isSplit) ? 1 : 0",
      to: "this.isSplit || outer !== undefined ? 1 : 0",
      tests: "machine/limits adversarial/size"
    },
    {
      what: "the larger limit holds when it is counted anew",
      from: "at.maxDepth !== undefined && at.maxDepth < least",
      to: "at.maxDepth !== undefined",
      tests: "machine/limits laws/limits"
    }
  ],
  "run/nested": [
    {
      what: "what has ended is around those inside",
      from: "while (found !== undefined && found.#ended) found = found.#outer",
      to: "",
      tests: "machine/limits"
    },
    {
      what: "who has been passed over is passed over each time",
      from: "passed!.#outer = found\n",
      to: "",
      tests: "machine/limits",
      equivalent: "only slower: whoever looks has passed over them itself"
    },
    {
      what: "what has passed over another still holds it",
      from: "    this.#outer = found\n    return found",
      to: "    return found",
      tests: "machine/limits",
      equivalent: "it holds one more that has ended, and that one leads past the others"
    },
    {
      what: "what has ended holds what ended before",
      from: "this.#outer = this.outer\n",
      to: "\n",
      tests: "adversarial/chains"
    },
    {
      what: "starts inside of what has ended",
      from: "this.#outer = standing(outer)",
      to: "this.#outer = outer",
      tests: "machine/limits",
      equivalent: "whoever makes one has looked for what stands around it"
    }
  ],
  "machine/resources": [
    {
      what: "a Layer is not built on those before",
      from: "Layer.provideMerge(layer, below.layer)",
      to: "Layer.merge(layer, below.layer)",
      tests: "machine/Workflow machine/parts adversarial/services"
    },
    {
      what: "a part is served by another's instance",
      from: "Context.merge(second[0]!, part)",
      to: "Context.merge(part, second[0]!)",
      tests: "machine/parts"
    },
    {
      what: "a second part is served by the first one's instance",
      from: "Context.merge(first[0]!, part)",
      to: "Context.merge(part, first[0]!)",
      tests: "machine/parts"
    },
    {
      what: "the second part is not built on the first",
      from: "Effect.provideContext(build(self.second, memo, scope), first[0]!)",
      to: "build(self.second, memo, scope)",
      tests: "machine/parts"
    },
    {
      what: "a Layer after a merge serves after the parts' own",
      from: "below.map((part) => Context.merge(part, services))",
      to: "below.map((part) => Context.merge(services, part))",
      tests: "machine/parts"
    },
    {
      what: "every state is served by the first part",
      from: "fiber.getRef(Parts)[part]!",
      to: "fiber.getRef(Parts)[0]!",
      tests: "machine/parts"
    }
  ],
  "check/schema": [
    {
      what: "whatever the Schema says fits",
      from: "if (Result.isSuccess(fits) && fits.success) return undefined",
      to: "if (Result.isSuccess(fits)) return undefined",
      tests: "machine/states"
    },
    {
      what: "an issue of any length is quoted",
      from: "clip(format(issue).replace(/\\s+/g, \" \"), mostIssue)",
      to: "format(issue).replace(/\\s+/g, \" \")",
      tests: "machine/states"
    },
    {
      what: "an issue is several lines",
      from: "format(issue).replace(/\\s+/g, \" \")",
      to: "format(issue)",
      tests: "machine/states"
    }
  ],
  "machine/graph": [
    {
      what: "something is said though a task may lead anywhere",
      from: "if (targets.anywhere || targets.branchesAnywhere) return []",
      to: "",
      tests: "machine/states machine/rules machine/Workflow laws/machine"
    },
    {
      what: "something is said though branches may enter other states",
      from: "if (targets.anywhere || targets.branchesAnywhere) return []",
      to: "if (targets.anywhere) return []",
      tests: "machine/states machine/rules machine/Workflow laws/machine"
    },
    {
      what: "an exit that nothing leads to is not told of",
      from: "return [...graph.keys(), ...exits]",
      to: "return [...graph.keys()]",
      tests: "machine/states machine/rules machine/Workflow laws/machine"
    },
    {
      what: "a task that may lead anywhere leads to no exit",
      from: "if (anywhere) ending.add(state)",
      to: "",
      tests: "machine/states machine/rules machine/Workflow laws/machine"
    },
    {
      what: "only what leads straight to an exit ends",
      from: "for (const state of ending) for",
      to: "for (const state of [...ending]) for",
      tests: "machine/states machine/rules machine/Workflow laws/machine"
    }
  ],
  "machine/definition": [
    {
      what: "a way that is declared is unknown",
      from: "source: names === undefined ? \"unknown\" : \"declared\"",
      to: "source: \"unknown\"",
      tests: "machine/declared machine/definition"
    },
    {
      what: "branches of a function are no way",
      from: "if (list.kind === \"dynamic\" && (list.from === \"function\"",
      to: "if (list.kind === \"dynamic\" && (list.from === \"iterable\" as string",
      tests: "machine/definition machine/declared machine/states"
    },
    {
      what: "the parts of a merge take each other's Layers",
      from: "part: entry.part + before",
      to: "part: entry.part",
      tests: "machine/parts"
    },
    {
      what: "a merge has the Schema of the second",
      from: "states: one.states ?? other.states",
      to: "states: other.states ?? one.states",
      tests: "machine/states"
    },
    {
      what: "a merge forgets what is no Layer",
      from: "notLayers: [...one.notLayers, ...other.notLayers]",
      to: "notLayers: one.notLayers",
      tests: "machine/parts"
    },
    {
      what: "a merge forgets the exits of the second",
      from: "entries: [...one.entries, ...moved]",
      to: "entries: [...one.entries, ...moved.filter(({ _tag }) => _tag !== \"Exit\")]",
      tests: "laws/machine"
    },
    {
      what: "a merge forgets the time limit of the second",
      from: "timeouts: [...one.timeouts, ...other.timeouts]",
      to: "timeouts: one.timeouts",
      tests: "machine/parts"
    },
    {
      what: "the longest time limit holds",
      from: "a === undefined ? b : Duration.min(a, b)",
      to: "a === undefined ? b : Duration.max(a, b)",
      tests: "laws/machine"
    }
  ],
  "machine/declared": [
    {
      what: "a task may go on to what it does not declare",
      from: "const error = isState(machine, next) ? undeclared(run, names, whose, next) : undefined",
      to: "const error = undefined as WorkflowError | undefined",
      tests: "machine/declared machine/rules"
    },
    {
      what: "what is no state is told of as one that is not declared",
      from: "isState(machine, next) ? undeclared(run, names, whose, next) : undefined",
      to: "undeclared(run, names, whose, next)",
      tests: "machine/declared"
    },
    {
      what: "a name that is no state is declared",
      from: "given.filter((name) => !known.has(name))",
      to: "given.filter(() => false)",
      tests: "machine/rules"
    },
    {
      what: "what is written down may be left out of to",
      from: "way.to.filter((name) => !given.includes(name))",
      to: "way.to.filter(() => false)",
      tests: "machine/rules"
    },
    {
      what: "to may name more than what is written down",
      from: "known.has(name) && !way.to.includes(name)",
      to: "false",
      tests: "machine/rules"
    },
    {
      what: "branches that are no states may be declared as such",
      from: "if (Array.isArray(given) && given.length === 0) return []",
      to: "if (Array.isArray(given)) return []",
      tests: "machine/rules"
    }
  ],
  "machine/issues": [
    {
      what: "limits of a run may be fractions",
      from: "(Number.isInteger(value) && value >= least)",
      to: "(value >= least)",
      tests: "machine/rules machine/Workflow machine/limits"
    },
    {
      what: "a limit of a run may be one less",
      from: "(Number.isInteger(value) && value >= least)",
      to: "(Number.isInteger(value) && value >= least - 1)",
      tests: "machine/rules machine/Workflow machine/limits"
    }
  ],
  "machine/compile": [
    {
      what: "states are checked on the way though only the first is to be",
      from: "validate === \"transitions\" ? unfit : undefined",
      to: "unfit",
      tests: "machine/states"
    }
  ],
  "machine/start": [
    {
      what: "a run in a task is not bounded in its depth",
      from: "outer instanceof Run ? tooDeep(machine, outer) : undefined",
      to: "undefined",
      tests: "machine/limits"
    },
    {
      what: "a run counts nowhere",
      from: "instanceof Undoing ? undefined : around?.allowance,",
      to: "instanceof Undoing ? undefined : undefined,",
      tests: "machine/limits"
    },
    {
      what: "a run does not wait for branches that were left behind",
      from: "return nursery.close(run.nursery!, exit)",
      to: "return Effect.void",
      tests: "split/losers"
    },
    {
      what: "a run that is releasing is out of time",
      from: "if (ended || run.saga",
      to: "if (run.saga",
      tests: "laws/machine"
    },
    {
      what: "runs share their Layers",
      from: "    around(Effect.flatMap(\n      resources.build(layers, Layer.makeMemoMapUnsafe(), scope)",
      to:
        "    around(Effect.flatMap(\n      resources.build(layers, ((Layer as any).shared ??= Layer.makeMemoMapUnsafe()), scope)",
      tests: "laws/machine"
    }
  ],
  "machine/workflow": [
    {
      what: "is compiled for each run",
      from: "return this.#compiled ??= compiled(",
      to: "return this.#compiled = compiled(",
      tests: "machine/states"
    },
    {
      what: "an initial state is not checked against the Schema",
      from: "const refused = unfit?.(initial)",
      to: "const refused = undefined",
      tests: "machine/states"
    },
    {
      what: "limits of a run are not looked at",
      from: "...issues.ofRun(options), ",
      to: "",
      tests: "machine/Workflow machine/rules machine/limits"
    },
    {
      what: "a run that starts in an exit state is a run",
      from: "if (isOver && fiber.getRef(SeamsRef).host?.isBack !== true) return Exit.succeed(initial)",
      to: "",
      tests: "machine/Workflow adversarial/machine laws/machine"
    }
  ],
  "fibers/open": [
    {
      what: "what a fiber leaves open when it ends as a whole stays open",
      from: "while (ends.length > 0) ends.pop()!(exit)",
      to: "",
      tests: "machine/seams"
    }
  ]
}
