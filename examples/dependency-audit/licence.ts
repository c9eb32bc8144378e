/** The licence of a package: what its package.json declares, else what its licence file looks like. */
import type { License, Manifest } from "./manifest.ts"

export const unknown = "unknown"

/** The names a licence file goes by. */
export const isFileName = (name: string): boolean => /^(un)?licen[cs]e|^copying/i.test(name)

/** What package.json declares, where that is a licence and not a pointer to a file. */
export const declared = (manifest: Manifest): string | undefined => {
  const name = nameOf(manifest.license) ?? nameOf(manifest.licenses)
  return name === undefined || /^see licen[cs]e in /i.test(name) ? undefined : name
}

/** What the text of a licence file looks like. */
export const fromText = (text: string): string | undefined => {
  const flat = text.replace(/\s+/g, " ").toLowerCase()
  return marks.find(([, mark]) => mark.test(flat))?.[0]
}

const nameOf = (license: License | undefined): string | undefined => {
  if (license === undefined || license === null) return undefined
  if (typeof license === "string") return tidy(license)
  if ("type" in license) return tidy(license.type)
  const names = license.flatMap((one) => nameOf(one) ?? [])
  return names.length === 0 ? undefined : names.join(" OR ")
}

/** "(MIT OR Apache-2.0)" and "MIT OR Apache-2.0" are one licence. */
const tidy = (name: string): string | undefined => name.trim().replace(/^\(([^()]*)\)$/, "$1") || undefined

/** A phrase that gives a licence away; the narrower one comes first. */
const marks: ReadonlyArray<readonly [licence: string, mark: RegExp]> = [
  ["Apache-2.0", /apache license,? version 2\.0/],
  ["LGPL-3.0", /gnu lesser general public license,? version 3/],
  ["AGPL-3.0", /gnu affero general public license,? version 3/],
  ["GPL-3.0", /gnu general public license,? version 3/],
  ["GPL-2.0", /gnu general public license,? version 2/],
  ["MPL-2.0", /mozilla public license,? (version|v\.) ?2\.0/],
  ["BlueOak-1.0.0", /blue oak model license/],
  ["CC0-1.0", /cc0 1\.0 universal/],
  ["Unlicense", /free and unencumbered software released into the public domain/],
  ["MIT", /permission is hereby granted, free of charge, to any person obtaining a copy/],
  [
    "ISC",
    /use, copy, modify, and(\/or)? distribute this software for any purpose with or without fee is hereby granted, provided/
  ],
  [
    "0BSD",
    /use, copy, modify, and(\/or)? distribute this software for any purpose with or without fee is hereby granted/
  ],
  ["BSD-3-Clause", /redistribution and use in source and binary forms.*neither the name/],
  ["BSD-2-Clause", /redistribution and use in source and binary forms/]
]
