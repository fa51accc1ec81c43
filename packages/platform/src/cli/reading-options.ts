import { FairleadError } from '@fairlead/contract'
import { type ReadingOptions, readingOptions } from '@fairlead/contract/control'

/** What `models import` was told of a model, as the options have it: text by name. */
export type WrittenReading = { [K in keyof ReadingOptions]?: string | undefined }

const TAKES: Record<keyof ReadingOptions, string> = {
  as: 'booster, classifier or regressor',
  classes: 'labels with commas between them, or a JSON list',
  iterations: 'best, all, or a whole number from 1',
  missing: 'a number',
  unseen: 'refuse or missing',
  categorical: 'names of columns with commas between them, or a JSON list',
}

/** Reads the options that say what a model file leaves open; `undefined` where none was given. Throws `usage` with what an option takes. */
export function readReading(written: WrittenReading): ReadingOptions | undefined {
  const entries = Object.entries(written).filter((entry): entry is [keyof ReadingOptions, string] => entry[1] !== undefined)
  if (entries.length === 0) return undefined
  const reading: Record<string, unknown> = {}
  for (const [key, text] of entries) {
    const parsed = readingOptions.shape[key].safeParse(spelled(key, text))
    if (!parsed.success) throw new FairleadError('usage', `--${key} takes ${TAKES[key]}, not ${JSON.stringify(text)}.`)
    reading[key] = parsed.data
  }
  return reading
}

function spelled(key: keyof ReadingOptions, text: string): unknown {
  if (key === 'missing' || (key === 'iterations' && /^\d+$/.test(text))) return text.trim() === '' ? text : Number(text)
  return key === 'classes' || key === 'categorical' ? listOf(text) : text
}

/** Labels that are all written as whole numbers are numbers. Text in quotes, or with commas in it, comes as JSON. */
function listOf(text: string): unknown {
  if (!text.trimStart().startsWith('[')) {
    const parts = text.split(',').map((part) => part.trim())
    return parts.every((part) => /^-?\d{1,15}$/.test(part)) ? parts.map(Number) : parts
  }
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
