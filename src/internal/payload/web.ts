/** What is used of the web's own in every runtime, with types of ours, as who imports the library may have none of them. */

interface Coder {
  readonly TextEncoder: new() => { readonly encode: (text: string) => Uint8Array<ArrayBuffer> }
  readonly TextDecoder: new(label: string, options: { readonly fatal: boolean; readonly ignoreBOM: boolean }) => {
    readonly decode: (bytes: Uint8Array) => string
  }
  readonly CompressionStream: new(format: "gzip") => Through
  readonly DecompressionStream: new(format: "gzip") => Through
  readonly Blob: new(parts: ReadonlyArray<Uint8Array>) => { readonly stream: () => Readable }
  readonly Response: new(body: Readable) => { readonly arrayBuffer: () => Promise<ArrayBuffer> }
}

interface Through {
  readonly readable: Readable
  readonly writable: unknown
}

interface Readable {
  readonly pipeThrough: (through: Through) => Readable
}

const web = (): Coder => globalThis as unknown as Coder

export const bytesOf = (text: string): Uint8Array => new (web().TextEncoder)().encode(text)

/** It throws where they are no text; a mark at the beginning belongs to it. */
export const textOf = (bytes: Uint8Array): string =>
  new (web().TextDecoder)("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)

export const gzip = (bytes: Uint8Array): Promise<Uint8Array> => piped(bytes, new (web().CompressionStream)("gzip"))

export const gunzip = (bytes: Uint8Array): Promise<Uint8Array> => piped(bytes, new (web().DecompressionStream)("gzip"))

const piped = (bytes: Uint8Array, through: Through): Promise<Uint8Array> => {
  const { Blob, Response } = web()
  return new Response(new Blob([bytes]).stream().pipeThrough(through)).arrayBuffer().then((all) => new Uint8Array(all))
}
