/** Texts that a database keeps: those that somebody has written for people are made fit, and names must be. */

/** Not in a database: NUL, and halves of characters. */
const unfit = /[\p{Surrogate}\0]/gu

export const fit = (text: string): string => text.replace(unfit, "\ufffd")

export const isFit = (text: string): boolean => fit(text) === text
