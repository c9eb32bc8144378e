/**
 * Mutants of the stores of journals: D1 to D5, and what makes them quick.
 */
import type { Mutants } from "../mutant.ts"

export const journals: Mutants = {
  "journal/writing": [
    {
      what: "D1: an append before the last row is written",
      from: "AND cano_runs.n = ${number(sql, \"before\")}",
      to: "AND cano_runs.n >= ${number(sql, \"before\")}",
      tests: "journal/sql"
    },
    {
      what: "D1: a run that has ended goes on",
      from: "AND cano_runs.parked = 0 AND cano_runs.status NOT IN ('ended', 'stuck')",
      to: "AND cano_runs.parked = 0",
      tests: "journal/sql"
    },
    {
      what: "D2: a fenced run has its rows written",
      from: "if (!moved.has(runId)) continue",
      to: "if (!moved.has(runId) && n < 0) continue",
      tests: "journal/sql"
    },
    {
      what: "D2: of several appends for one run the last is written first",
      from: "      while (left.length > 0) {",
      to: "      left.reverse()\n      while (left.length > 0) {",
      tests: "journal/sql"
    },
    {
      what: "D3: a letter is taken twice",
      from: "AND taken_at IS NULL AND ${",
      to: "AND ${",
      tests: "journal/sql"
    },
    {
      what: "a run that is parked can't go on",
      from: "const unmoved = new Set(plain.length > moved.size ?",
      to: "const unmoved = new Set(plain.length < moved.size ?",
      tests: "journal/sql"
    },
    {
      what: "an append does not end the waiting",
      from: "      parked = 0, wake_at = NULL\n",
      to: "      parked = parked, wake_at = NULL\n",
      tests: "journal/sql"
    },
    {
      what: "an order is followed of a run that goes on",
      from: "isOrdered ? over : sql`NOT ${over}`",
      to: "isOrdered ? sql`IS NOT NULL` : sql`NOT ${over}`",
      tests: "journal/sql"
    },
    {
      what: "a run that is stuck is not looked at once more",
      from: "if (status === \"stuck\" || ",
      to: "if (status === \"stuck\") return null\n    if (",
      tests: "journal/sql"
    },
    {
      what: "a run that has ended has an owner",
      from: "owner = ${hasEnded || isReleased ? null",
      to: "owner = ${isReleased ? null",
      tests: "journal/sql"
    }
  ],
  "journal/transaction": [
    {
      what: "D2: what has failed is not rolled back",
      from: "Effect.onError(() => Effect.ignore(control(\"ROLLBACK\")))",
      to: "Effect.onError(() => Effect.ignore(control(\"COMMIT\")))",
      tests: "journal/failures"
    }
  ],
  "journal/letters": [
    {
      what: "D3: an id that has ended with its run is new",
      from: "if (first !== undefined) {",
      to: "if (first !== undefined && doing !== \"ended\") {",
      tests: "journal/sql"
    },
    {
      what: "D4: a letter does not make a run due that waits",
      from: "isOrder || Number(head[\"parked\"]) === 1",
      to: "isOrder || Number(head[\"parked\"]) === 2",
      tests: "journal/sql"
    },
    {
      what: "one more letter is kept than may be",
      from: "if (Number(many![\"many\"]) >= capacity)",
      to: "if (Number(many![\"many\"]) > capacity)",
      tests: "journal/sql"
    },
    {
      what: "looking for letters looks at all runs of a runner",
      from: "FROM cano_inbox CROSS JOIN cano_runs",
      to: "FROM cano_inbox JOIN cano_runs",
      tests: "journal/sql"
    },
    {
      what: "whoever drives a run receives the letters of others",
      from: "AND owner = ${runner} ORDER BY place",
      to: "ORDER BY place",
      tests: "journal/sql"
    }
  ],
  "journal/locks": [
    {
      what: "a letter is committed behind one that has a higher place",
      from: "letters: sql`SELECT pg_advisory_xact_lock(${counter})`",
      to: "letters: Effect.void",
      tests: "journal/postgresFailures"
    },
    {
      what: "two who change the same runs wait for each other",
      from: ".sort((a, b) => compare(idOf(items[a]!), idOf(items[b]!)))",
      to: "",
      tests: "journal/postgresFailures"
    },
    {
      what: "a runner is forgotten while it takes a run",
      from: "ON CONFLICT (runner) DO UPDATE SET until = cano_runners.until",
      to: "ON CONFLICT (runner) DO NOTHING",
      tests: "journal/postgresFailures"
    }
  ],
  "journal/sql": [
    {
      what: "D4: a run is parked beside a letter that nobody has seen",
      from: "AND n = ${n} AND sent <= ${seen}\n",
      to: "AND n = ${n} AND sent <= ${seen + 1}\n",
      tests: "journal/sql"
    },
    {
      what: "D5: a lease lasts for an instant longer",
      from: "if (until !== undefined && until > now) return { _tag: \"Held\"",
      to: "if (until !== undefined && until >= now) return { _tag: \"Held\"",
      tests: "journal/sql"
    },
    {
      what: "D5: whoever takes a run writes no row",
      from: "    yield* insert(connection, [[runId, n, \"owner\", \"\", runner, now, 0]])\n",
      to: "",
      tests: "journal/sql"
    },
    {
      what: "a runner without a lease has the run for ever",
      from: "VALUES (${runner}, 0) ON CONFLICT",
      to: "VALUES (${runner}, 9000000000000) ON CONFLICT",
      tests: "journal/sql"
    },
    {
      what: "a claim looks at all rows of a run",
      from: "sql.literal(\"INDEXED BY cano_journal_kept\")",
      to: "sql.literal(\"\")",
      tests: "journal/sql"
    },
    {
      what: "one run with rows behind its head fences all",
      from: "const isTaken = ({ reason }: SqlError.SqlError) => reason._tag === \"UniqueViolation\"",
      to: "const isTaken = ({ reason }: SqlError.SqlError) => reason._tag === \"DeadlockError\"",
      tests: "journal/failures"
    }
  ],
  "journal/tables": [
    {
      what: "newer tables are used",
      from: "if (version > newest) {",
      to: "if (version > newest + 1) {",
      tests: "journal/failures"
    },
    {
      what: "who comes second makes the tables again",
      from: "      if (version === steps.length) return\n",
      to: "",
      tests: "journal/tables"
    },
    {
      what: "tables that are brought up to date are not looked at",
      from: "      yield* check(sql, component)\n    })",
      to: "    })",
      tests: "journal/tables"
    },
    {
      what: "tables of a name of ours are taken over",
      from: "return there === undefined ? { isNew: false, version: 0 } : yield* notOurs",
      to: "return { isNew: false, version: 0 }",
      tests: "journal/failures"
    }
  ],
  "journal/reading": [
    {
      what: "rows that are missing are passed over",
      from: "if (n >= from && n !== next)",
      to: "if (n < from && n !== next && n < 0)",
      tests: "journal/failures"
    }
  ],
  "journal/memory": [
    {
      what: "D4: a run is parked beside a letter that nobody has seen",
      from: "run.head.sent > seen) return false",
      to: "run.head.sent > seen + 1) return false",
      tests: "journal/memory"
    },
    {
      what: "D5: a lease lasts for an instant longer",
      from: "if (until !== undefined && until > now)",
      to: "if (until !== undefined && until >= now)",
      tests: "journal/memory"
    }
  ],
  "journal/order": [
    {
      what: "ids are sorted by halves of their characters",
      from:
        "if (i > 0 && isHigh(a.charCodeAt(i - 1))) i--\n  return (a.codePointAt(i) ?? -1) - (b.codePointAt(i) ?? -1)",
      to:
        "if (i > 9999 && isHigh(a.charCodeAt(i - 1))) i--\n  return (a.charCodeAt(i) || -1) - (b.charCodeAt(i) || -1)",
      tests: "journal/memory"
    }
  ]
}
