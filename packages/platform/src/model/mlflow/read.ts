import { FairleadError, parseJson, type Row, type Signature } from '@fairlead/contract'
import type { ReadingOptions } from '@fairlead/contract/control'
import { YAML_LIMIT } from '../../kernel/yaml.ts'
import { type FileListing, folderOf, hasFile, inFolder, sizeOf } from '../files.ts'
import type { ModelKind } from '../kind.ts'
import { insidePath } from '../onnx/external.ts'
import { exampleRows } from './example.ts'
import { type Flavour, flavourOf, requireKind } from './flavour.ts'
import { type Mlmodel, parseMlmodel, textOption } from './mlmodel.ts'
import { readServingExample, type ServingExample } from './serving-example.ts'
import { applyMlflowSignature, calledFirst } from './signature.ts'

/** Longest environment file kept as a fact. */
const ENVIRONMENT_LIMIT = 20_000
/** Largest environment file that is read at all, in bytes. */
const ENVIRONMENT_BYTES = 1_000_000
const EXAMPLE_LIMIT = 5_000_000

/** An MLflow model directory with a flavour that can be served. */
export interface MlflowModel {
  /** Path of the model file in the listing. */
  entry: string
  /** What the directory says of its model file. */
  reading: ReadingOptions
  /** Throws `model-format-unknown` for a file that is not what the flavour writes. */
  requireKind(kind: ModelKind): void
  trainingRun: string | undefined
  /** Lays the directory's signature over the one derived from the model file. */
  signature(derived: Signature): Signature
  /** Rows of the input example, by column name; empty where it has none. */
  example(signature: Signature): Promise<Row[]>
  /** The request that came as an example; none where there is none or it cannot be told. */
  serving(): Promise<ServingExample | undefined>
  /** Facts for the lineage: versions, run, environment files by name. */
  tool: Record<string, string>
}

/**
 * Reads an MLflow model directory by its `MLmodel` file (MLflow's model format; nothing in it is executed).
 * Throws FairleadError `model-format-unknown` without a flavour that is read, `model-path-escapes`, `model-data-missing`,
 * `model-file-invalid`.
 */
export async function readMlflow(files: FileListing, path: string): Promise<MlflowModel> {
  if (sizeOf(files, path) > YAML_LIMIT) throw new FairleadError('model-file-invalid', `${path} has more than ${YAML_LIMIT} bytes`)
  const model = parseMlmodel(await files.read(path), path)
  const folder = folderOf(path)
  const flavour = flavourOf(model, path)
  const entry = entryOf(files, flavour, path)
  return {
    entry,
    reading: flavour.reading,
    requireKind: (kind) => requireKind(flavour, kind, { path, entry }),
    trainingRun: model.run_id ?? undefined,
    signature: (derived) => calledFirst(applyMlflowSignature(derived, model, { path, byPosition: flavour.name === 'lightgbm' }), flavour.called),
    example: (signature) => readExample(files, { model, folder, signature }),
    serving: () => readServingExample(files, model, folder),
    tool: await toolFacts(files, model, folder),
  }
}

function entryOf(files: FileListing, { name, data }: Flavour, path: string): string {
  if (data === undefined) throw new FairleadError('model-file-invalid', `${path}: flavors.${name} names no file`)
  const entry = inFolder(folderOf(path), insidePath(data, path))
  if (!hasFile(files, entry))
    throw new FairleadError('model-data-missing', `${path} names the file ${entry}, which is not there`, {
      items: [{ path: entry, code: 'model-data-missing', detail: 'the file is missing' }],
    })
  return entry
}

/** Where flavours say which version of their library wrote the model. */
const VERSIONS = [
  ['onnx', 'onnx_version'],
  ['xgboost', 'xgb_version'],
  ['lightgbm', 'lgb_version'],
  ['sklearn', 'sklearn_version'],
  ['pytorch', 'pytorch_version'],
  ['keras', 'keras_version'],
  ['statsmodels', 'statsmodels_version'],
] as const

/** Facts for the lineage: versions, run, environment files by name. */
export async function toolFacts(files: FileListing, model: Mlmodel, folder: string): Promise<Record<string, string>> {
  const facts: Record<string, string> = { name: 'mlflow', flavors: Object.keys(model.flavors).join(', ') }
  const add = (key: string, value: string | null | undefined) => {
    if (value !== null && value !== undefined && value !== '') facts[key] = value
  }
  add('mlflow_version', model.mlflow_version)
  add('run_id', model.run_id)
  add('model_id', model.model_id)
  add('model_uuid', model.model_uuid)
  add('utc_time_created', model.utc_time_created)
  for (const [flavour, key] of VERSIONS) add(key, textOption(model, flavour, key))
  add('python_version', textOption(model, 'python_function', 'python_version'))
  for (const name of environmentFiles(model)) {
    const path = inFolder(folder, name)
    if (hasFile(files, path) && sizeOf(files, path) <= ENVIRONMENT_BYTES) add(name, await readText(files, path))
  }
  return facts
}

/** `env` is a map in current files and a plain text in those older than MLflow 2.0. */
function environmentFiles(model: Mlmodel): string[] {
  const env = model.flavors.python_function?.env
  const named = typeof env === 'string' ? [env] : typeof env === 'object' && env !== null ? Object.values(env) : []
  const paths = named.filter((name): name is string => typeof name === 'string').map((name) => insidePath(name, 'MLmodel'))
  return [...new Set(['python_env.yaml', 'conda.yaml', 'requirements.txt', ...paths])]
}

async function readText(files: FileListing, path: string): Promise<string> {
  const bytes = await files.read(path)
  const text = new TextDecoder().decode(bytes.subarray(0, ENVIRONMENT_LIMIT))
  return bytes.length > ENVIRONMENT_LIMIT ? `${text}…` : text
}

interface ExampleSource {
  model: Mlmodel
  folder: string
  signature: Signature
}

/** Rows of the input example, by column name; empty where it has none. */
export async function readExample(files: FileListing, { model, folder, signature }: ExampleSource): Promise<Row[]> {
  const info = model.saved_input_example_info
  for (const key of ['artifact_path', 'serving_input_path']) {
    const name = info?.[key]
    if (typeof name !== 'string') continue
    const path = inFolder(folder, insidePath(name, 'MLmodel'))
    const size = files.paths.find((file) => file.path === path)?.size
    if (size === undefined || size > EXAMPLE_LIMIT) continue
    const rows = exampleRows(await readJson(files, path), signature)
    if (rows.length > 0) return rows
  }
  return []
}

async function readJson(files: FileListing, path: string): Promise<unknown> {
  try {
    return parseJson(new TextDecoder().decode(await files.read(path)))
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new FairleadError('model-file-invalid', `${path} is not valid JSON: ${cause.message}`)
    throw cause
  }
}
