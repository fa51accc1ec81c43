import { parseJson, writeJson } from '@fairlead/contract'
import { type FileListing, inFolder } from '../files.ts'
import { insidePath } from '../onnx/external.ts'
import type { Mlmodel } from './mlmodel.ts'

/** A request that came with a model. */
export interface ServingExample {
  /** The file it is from. */
  path: string
  /** The JSON body of `POST /invocations`. */
  body: string
}

const LIMIT = 5_000_000

/**
 * The body of a scoring request that a directory brings: `serving_input_example.json` as it is (MLflow 2.14 and later), else the input
 * example in the form that its kind is sent in. None where there is neither, it is too large, or its kind has no such form.
 */
export async function readServingExample(files: FileListing, model: Mlmodel, folder: string): Promise<ServingExample | undefined> {
  const info = model.saved_input_example_info
  const named = info?.serving_input_path
  const ready = await textOf(files, folder, typeof named === 'string' ? named : 'serving_input_example.json')
  if (ready) return ready
  if (!info || typeof info.artifact_path !== 'string' || String(info.type).startsWith('sparse')) return undefined
  const input = await textOf(files, folder, info.artifact_path)
  return input && { path: input.path, body: bodyOf(input.body, info) }
}

function bodyOf(text: string, { type, params }: Record<string, unknown>): string {
  const key = type === 'dataframe' || type === undefined ? 'dataframe_split' : 'inputs'
  // the file is wrapped where there are parameters; what is no JSON is for the reader of requests to refuse
  const wrapped = String(params) === 'true' ? parts(text) : undefined
  if (wrapped) return writeJson({ [key]: wrapped.inputs, params: wrapped.params })
  return `{"${key}": ${text}}`
}

function parts(text: string): Record<string, unknown> | undefined {
  try {
    const value = parseJson(text)
    return typeof value === 'object' && value !== null && 'inputs' in value ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

async function textOf(files: FileListing, folder: string, name: string): Promise<ServingExample | undefined> {
  const path = inFolder(folder, insidePath(name, 'MLmodel'))
  const size = files.paths.find((file) => file.path === path)?.size
  return size === undefined || size > LIMIT ? undefined : { path, body: new TextDecoder().decode(await files.read(path)) }
}
