/** An id that nobody else has, in whatever process: of a runner, or of an order. */
export const uuid = (): string =>
  // it is there everywhere; the types of the build know of no runtime
  (globalThis as unknown as { readonly crypto: { readonly randomUUID: () => string } }).crypto.randomUUID()
