import { FairleadError } from '@fairlead/contract'
import type { ReadingOptions } from '@fairlead/contract/control'
import { type Form, readLightGBM, readPmml, readSkops, readXGBoost, UnreadableModel } from '@fairlead/evaluator'
import { KIND_WORDS, type ModelKind } from '../kind.ts'

/** Kinds that are read into a form and run compiled; ONNX has a way of its own beside that. */
export type FormKind = Exclude<ModelKind, 'onnx'>

type Read = (bytes: Uint8Array, options: Stated) => Form

/** Options without those that say nothing. */
type Stated = { [K in keyof ReadingOptions]: Exclude<ReadingOptions[K], undefined> }

interface Reader {
  read: Read
  /** What may be stated about a file of this kind. */
  takes: readonly (keyof ReadingOptions)[]
}

const READERS: Record<FormKind, Reader> = {
  lightgbm: {
    takes: ['as', 'categorical', 'classes', 'iterations'],
    // which rounds a text file has, the best or all, was decided when it was saved
    read: (bytes, { iterations, ...options }) => readLightGBM(bytes, { ...options, ...(typeof iterations === 'number' ? { iterations } : {}) }),
  },
  pmml: { takes: [], read: (bytes) => readPmml(bytes) },
  skops: { takes: [], read: (bytes) => readSkops(bytes) },
  xgboost: {
    takes: ['as', 'classes', 'iterations', 'missing', 'unseen'],
    read: (bytes, { iterations, ...options }) => {
      if (typeof iterations === 'number') throw new RangeError('iterations is best or all, not a number, for XGBoost')
      return readXGBoost(bytes, { ...options, ...(iterations === undefined ? {} : { iterations }) })
    },
  },
}

/**
 * Reads a model file of a kind other than ONNX into the neutral form. Nothing in it is executed. Throws FairleadError `model-file-invalid`
 * for a broken file, `model-part-unsupported` for a part that is not understood, `model-too-large`, and `model-option-invalid` for options
 * that do not fit the kind or the model; each names the file and the place in it.
 */
export function readForm(kind: FormKind, bytes: Uint8Array, { file, reading = {} }: { file: string; reading?: ReadingOptions | undefined }): Form {
  const reader = READERS[kind]
  refuseOptions(reading, reader.takes, KIND_WORDS[kind])
  try {
    return reader.read(bytes, Object.fromEntries(Object.entries(reading).filter(([, value]) => value !== undefined)))
  } catch (cause) {
    throw told(cause, file, reading)
  }
}

/** Throws `model-option-invalid` for options that files of this kind leave no room for. */
export function refuseOptions(reading: ReadingOptions, takes: readonly string[], words: string): void {
  const wrong = Object.keys(reading).filter((key) => !takes.includes(key))
  if (wrong.length === 0) return
  const items = wrong.map((key) => ({ path: `reading.${key}`, code: 'model-option-invalid' as const, detail: `"${key}" says nothing of ${words}` }))
  const some = takes.length === 0 ? 'nothing can be stated about it' : `what can be stated about it is ${takes.join(', ')}`
  throw new FairleadError('model-option-invalid', `${items.map((item) => item.detail).join('; ')}: ${some}`, { items })
}

const CODES = { malformed: 'model-file-invalid', unsupported: 'model-part-unsupported', 'too-large': 'model-too-large' } as const

/** What a reader threw, as an error of the platform's table. */
export function told(cause: unknown, file: string, reading: ReadingOptions = {}): unknown {
  if (cause instanceof UnreadableModel) {
    const code = CODES[cause.reason]
    const items = cause.where === '' ? [] : [{ path: cause.where, code, detail: cause.message }]
    return new FairleadError(code, `${file} ${cause.reason === 'malformed' ? 'is not readable' : 'cannot be read'}: ${cause.message}`, { items, cause })
  }
  const isOption = cause instanceof RangeError || cause instanceof TypeError
  // what was stated about a model and does not fit it
  if (isOption && Object.keys(reading).length > 0) return new FairleadError('model-option-invalid', `${file}: ${cause.message}`, { cause })
  return cause
}
