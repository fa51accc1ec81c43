import { FairleadError, type Row } from '@fairlead/contract'
import type { ModelFacts, ModelGraph } from '@fairlead/contract/control'
import { YAML_LIMIT } from '../../kernel/yaml.ts'
import { type FileListing, folderOf, sizeOf } from '../files.ts'
import { type Mlmodel, parseMlmodel, signatureInputs, signatureParams, textOption } from '../mlflow/mlmodel.ts'
import { readExample, toolFacts } from '../mlflow/read.ts'
import { readServingExample, type ServingExample } from '../mlflow/serving-example.ts'
import { insidePath } from '../onnx/external.ts'
import { readEnvironment } from './environment.ts'
import { bodyInterface, interfaceOf, type PythonInterface, pythonSignature } from './signature.ts'
import { BODY, type PythonModel } from './spec.ts'

/** A `python_function` model, and what a version says of it. */
export interface ReadPython {
  model: PythonModel
  signature: ReturnType<typeof pythonSignature>
  facts: ModelFacts
  graph: ModelGraph
  example: Row[]
  serving: ServingExample | undefined
  tool: Record<string, string>
  trainingRun: string | undefined
}

/** Whether a directory has the flavour that Python runs; one whose `MLmodel` cannot be read has not. */
export async function isPythonModel(files: FileListing, path: string): Promise<boolean> {
  return sizeOf(files, path) <= YAML_LIMIT && hasPythonFunction(parseMlmodel(await files.read(path), path))
}

function hasPythonFunction(model: Mlmodel): boolean {
  return textOption(model, 'python_function', 'loader_module') !== undefined
}

/**
 * What a worker needs to know of a model to run it, from its `MLmodel` and environment files alone.
 * Throws FairleadError `model-format-unknown`, `model-file-invalid`, `model-data-missing`, `model-path-escapes`.
 */
export async function pythonModel(files: FileListing, path: string, body = false): Promise<{ model: PythonModel; rows: PythonInterface; mlmodel: Mlmodel }> {
  if (sizeOf(files, path) > YAML_LIMIT) throw new FairleadError('model-file-invalid', `${path} has more than ${YAML_LIMIT} bytes`)
  const mlmodel = parseMlmodel(await files.read(path), path)
  if (!hasPythonFunction(mlmodel)) throw new FairleadError('model-format-unknown', `${path} has no python_function flavour with a loader_module`)
  if (isExternal(mlmodel)) throw new FairleadError('model-format-unknown', `${path} is of a model that lies elsewhere: its folder has nothing to load`)
  const folder = folderOf(path)
  for (const key of ['data', 'model_path', 'code', 'python_model']) {
    const named = textOption(mlmodel, 'python_function', key)
    if (named !== undefined && named !== '.') insidePath(named, path)
  }
  const rows = rowsOf(mlmodel, path, body)
  const environment = await readEnvironment(files, {
    folder,
    named: environmentFiles(mlmodel),
    version: mlmodel.mlflow_version ?? undefined,
    python: textOption(mlmodel, 'python_function', 'python_version'),
  })
  const direct = mlmodel.is_signature_from_type_hint !== true && mlmodel.type_hint_from_example !== true
  return { model: { folder, kind: rows.kind, inputs: rows.inputs, direct, environment }, rows, mlmodel }
}

function isExternal({ metadata }: Mlmodel): boolean {
  const inner = (metadata?.mlflow as { model?: { isExternal?: unknown } } | undefined)?.model
  return metadata?.['mlflow.model.isExternal'] === true || inner?.isExternal === true
}

function rowsOf(mlmodel: Mlmodel, path: string, body: boolean): PythonInterface {
  if (body || mlmodel.is_signature_from_type_hint === true) return bodyInterface()
  return interfaceOf(signatureInputs(mlmodel, path), signatureParams(mlmodel, path)) ?? bodyInterface()
}

/** `env` is a map in current files and a plain text in those older than MLflow 2.0. */
function environmentFiles({ flavors }: Mlmodel): Partial<Record<'conda' | 'virtualenv', string>> {
  const env = flavors.python_function?.env
  if (typeof env === 'string') return { conda: env }
  const { conda, virtualenv } = (env ?? {}) as Record<string, unknown>
  return { ...(typeof conda === 'string' ? { conda } : {}), ...(typeof virtualenv === 'string' ? { virtualenv } : {}) }
}

/**
 * Reads an MLflow directory as a model that a Python worker runs. Nothing of it is imported, unpickled or executed here. With `body` its rows
 * are bodies of scoring requests, whatever its signature says. Throws as `pythonModel`.
 */
export async function readPython(files: FileListing, path: string, { body = false }: { body?: boolean } = {}): Promise<ReadPython> {
  const { model, rows, mlmodel } = await pythonModel(files, path, body)
  const signature = pythonSignature(rows)
  const read = { model: mlmodel, folder: model.folder, signature }
  const serving = await readServingExample(files, mlmodel, model.folder)
  const example = rows.kind === 'body' ? (serving ? [{ [BODY.input]: serving.body }] : []) : withoutNulls(await readExample(files, read))
  return {
    model,
    signature,
    facts: factsOf(files, { model, mlmodel }),
    graph: {
      nodes: [
        ...signature.inputs.map(({ name }) => ({ id: `input ${name}`, op: name, kind: 'input' as const })),
        { id: 'python', op: 'python_function', name: loaderOf(mlmodel), kind: 'operator' },
      ],
      edges: signature.inputs.map(({ name }) => ({ from: `input ${name}`, to: 'python' })),
      truncated: false,
    },
    example,
    serving: rows.kind === 'body' ? undefined : serving,
    tool: await toolFacts(files, mlmodel, model.folder),
    trainingRun: mlmodel.run_id ?? undefined,
  }
}

function loaderOf(mlmodel: Mlmodel): string {
  return textOption(mlmodel, 'python_function', 'loader_module') ?? ''
}

/** A parameter without a value is one that is not given. */
function withoutNulls(rows: Row[]): Row[] {
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)))
}

function factsOf(files: FileListing, { model, mlmodel }: { model: PythonModel; mlmodel: Mlmodel }): ModelFacts {
  const { environment } = model
  const code = textOption(mlmodel, 'python_function', 'code')
  return {
    format: 'python',
    opsets: {},
    producer: `mlflow ${mlmodel.mlflow_version ?? ''}`.trim(),
    metadata: {},
    operators: {},
    unsupportedOperators: [],
    parameters: 0,
    sizeBytes: files.paths.reduce((sum, { size }) => sum + size, 0),
    rewrites: environment.left.map((line) => `the conda package ${line} is not installed: only Python packages are`),
    python: {
      loader: loaderOf(mlmodel),
      ...(environment.python === undefined ? {} : { version: environment.python }),
      requirements: environment.requirements,
      environment: environment.digest,
      rows: model.kind,
      runs: whatRuns(files, { mlmodel, folder: model.folder, code }),
    },
  }
}

const MOST_NAMED = 10

/** What of the model's files is code that loading it runs, in words. */
export function whatRuns(files: FileListing, { mlmodel, folder, code }: { mlmodel: Mlmodel; folder: string; code: string | undefined }): string[] {
  const under = folder === '' ? '' : `${folder}/`
  const paths = files.paths.map(({ path }) => path).filter((path) => path.startsWith(under))
  const scripts = paths.filter((path) => /\.(py|so|pyd)$/i.test(path))
  const pickles = paths.filter((path) => /\.(pkl|pickle|cloudpickle|joblib|pth|pt|statsmodels|pmd)$/i.test(path))
  const found = [`the loader ${loaderOf(mlmodel)}`]
  if (pickles.length > 0) found.push(`pickled objects (${named(pickles)})`)
  if (scripts.length > 0) found.push(`programs (${named(scripts)})`)
  if (code !== undefined && scripts.length === 0) found.push(`the modules in ${code}`)
  return found
}

function named(paths: readonly string[]): string {
  const some = paths.slice(0, MOST_NAMED).join(', ')
  return paths.length > MOST_NAMED ? `${some} and ${paths.length - MOST_NAMED} more` : some
}
