/** What a worker is told to do, and with which settings; all of them in milliseconds. It lives as long as the worker. */
export interface Settings {
  readonly lease: number
  readonly poll: number
  readonly patience: number
  readonly stopWithin: number
  readonly pause: number
}

export interface Orders {
  /** Of SQLite, or the URL of a PostgreSQL database. */
  readonly file: string
  readonly ledger: string
  readonly seeds: ReadonlyArray<number>
  readonly settings: Settings
  /** The write with which it kills itself, counted from 1 on. */
  readonly kill: { readonly at: number; readonly when: "before" | "after" } | undefined
}

/** What a worker of jobs is told to do. */
export interface JobsOrders {
  readonly file: string
  readonly ledger: string
  readonly runIds: ReadonlyArray<string>
  readonly jobMillis: number
  readonly busyMillis: number
  readonly settings: Settings
  /** Who looks at SIGTERM. */
  readonly term: "handler" | "runMain"
}

/** What a worker is told to do with a run that waits. */
export interface WaitsOrders {
  readonly file: string
  readonly ledger: string
  readonly settings: Settings
  readonly role: "park" | "send" | "drive"
  /** Of the signal. */
  readonly value: number
}
