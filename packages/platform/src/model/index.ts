import { FairleadError, type Row, type Signature } from '@fairlead/contract'
import type { ModelFacts, ModelGraph, ReadingOptions } from '@fairlead/contract/control'
import { formFacts } from './compiled/facts.ts'
import { formGraph } from './compiled/graph.ts'
import { readForm, refuseOptions, told } from './compiled/read.ts'
import { formSignature } from './compiled/signature.ts'
import { contentsCheck } from './contents.ts'
import { type FileListing, folderOf } from './files.ts'
import { findModelFile, listed } from './find.ts'
import { type ModelKind, sniff } from './kind.ts'
import { type MlflowModel, readMlflow } from './mlflow/read.ts'
import type { ServingExample } from './mlflow/serving-example.ts'
import { requireExternalData } from './onnx/external.ts'
import { onnxFacts } from './onnx/facts.ts'
import { onnxGraph } from './onnx/graph.ts'
import { ONNX_SIZE_LIMIT } from './onnx/model.ts'
import { requireOperators } from './onnx/operators.ts'
import { readOnnx } from './onnx/read.ts'
import { rewriteOnnx } from './onnx/rewrite.ts'
import { pickleContents } from './pickle.ts'
import { isPythonModel, readPython } from './python/read.ts'
import { deriveSignature } from './signature/derive.ts'
import { applySignatureFile, parseSignatureFile } from './signature/file.ts'

export type { FileListing } from './files.ts'
export type { ModelKind } from './kind.ts'
export type { ServingExample } from './mlflow/serving-example.ts'
export { ONNX_SIZE_LIMIT } from './onnx/model.ts'

/** What a model is read as: by the kind of its file, or as one that Python runs. */
export type ModelFormat = ModelKind | 'python'

/** What a model is, read from its files without running it. */
export interface ReadModel {
  format: ModelFormat
  /** Path of the model file in the listing. */
  entry: string
  /** Paths of the weight files that the model file refers to, checked to be there. */
  externalData: string[]
  facts: ModelFacts
  graph: ModelGraph
  signature: Signature
  /** Rows that came with the model, by column name; empty where none did. */
  example: Row[]
  /** A request that came with the model, in the form of MLflow's scoring protocol. */
  serving: ServingExample | undefined
  /** Facts of the tool that wrote the model, for its lineage. */
  tool: Record<string, string>
  trainingRun: string | undefined
}

/** What the one who hands a model over says beside its files. */
export interface ReadOptions {
  /** Text of a signature file (YAML or JSON), laid over what the files say. */
  signatureFile?: string | undefined
  /** What the model file leaves open; it goes before what an MLflow directory says. */
  reading?: ReadingOptions | undefined
  /** Whether a model may be taken that only Python can run: to load it is to run its author's code. */
  allowCode?: boolean | undefined
}

/**
 * Reads a model from its files: an MLflow directory with a flavour that is read, else the one model file there is, of whatever name.
 * Throws FairleadError of the codes `model-…` and `signature-invalid`; nothing of the model is executed.
 */
export async function readModel(files: FileListing, options: ReadOptions = {}): Promise<ReadModel> {
  const mlmodel = findMlmodel(files)
  if (mlmodel === undefined) return await readNative(files, mlmodel, options)
  try {
    return await readNative(files, mlmodel, options)
  } catch (error) {
    // natively where it can be, by Python where it must
    if (!(error instanceof FairleadError) || !PYTHON_HELPS.has(error.code) || !(await isPythonModel(files, mlmodel))) throw error
    return await readForPython(files, mlmodel, { ...options, why: error })
  }
}

/** What a model is refused for that Python may run all the same. */
const PYTHON_HELPS: ReadonlySet<string> = new Set([
  'model-format-unknown',
  'model-part-unsupported',
  'model-operator-unsupported',
  'model-opset-unsupported',
  'model-input-unsupported',
  'model-output-unsupported',
])

async function readNative(files: FileListing, mlmodel: string | undefined, options: ReadOptions): Promise<ReadModel> {
  const mlflow = mlmodel === undefined ? undefined : await readMlflow(files, mlmodel)
  const entry = mlflow?.entry ?? (await findModelFile(files))
  const size = files.paths.find((file) => file.path === entry)?.size ?? 0
  if (size > ONNX_SIZE_LIMIT) throw new FairleadError('model-too-large', `${entry} has ${size} bytes; a model file holds at most 2 GB`)
  const bytes = await files.read(entry)
  const kind = kindOf(bytes, entry, mlflow)
  // a skops file has what the class of its model answers
  const reading = { ...(kind === 'skops' ? {} : mlflow?.reading), ...options.reading }
  const known = kind === 'onnx' ? readOnnxModel(bytes, { entry, files, reading }) : readFormModel(kind, bytes, { entry, reading })
  const contents = await contentsCheck(files, { skops: kind === 'skops' ? bytes : undefined, folder: mlflow !== undefined })
  if (contents) known.facts.checks = [contents]
  const signature = fullSignature(known.signature, mlflow, options.signatureFile)
  return {
    ...known,
    format: kind,
    entry,
    signature,
    example: mlflow ? await mlflow.example(signature) : [],
    serving: await mlflow?.serving(),
    tool: mlflow?.tool ?? {},
    trainingRun: mlflow?.trainingRun,
  }
}

/** A model that Python runs. Throws `code-not-allowed` where that is not allowed, saying what would run. */
async function readForPython(
  files: FileListing,
  mlmodel: string,
  { allowCode, signatureFile, reading, why }: ReadOptions & { why: FairleadError },
): Promise<ReadModel> {
  const read = await readPython(files, mlmodel)
  const { runs = [], requirements = [] } = read.facts.python ?? {}
  if (allowCode !== true) {
    const packages = requirements.length === 0 ? '' : `, in an environment of ${listed(requirements)}`
    throw new FairleadError('code-not-allowed', `${why.message}. Only Python can run it. Loading it would run ${runs.join(', ')}${packages}.`, {
      items: why.items,
    })
  }
  refuseOptions(reading ?? {}, [], 'a model that Python runs')
  const contents = await contentsCheck(files, { skops: undefined, folder: true })
  if (contents) read.facts.checks = [contents]
  return { ...read, format: 'python', entry: mlmodel, externalData: [], signature: fullSignature(read.signature, undefined, signatureFile) }
}

type Known = Pick<ReadModel, 'externalData' | 'facts' | 'graph' | 'signature'>

function readOnnxModel(bytes: Uint8Array, { entry, files, reading }: { entry: string; files: FileListing; reading: ReadingOptions }): Known {
  refuseOptions(reading, [], 'an ONNX model')
  const model = readOnnx(bytes, entry)
  requireOperators(model)
  const externalData = requireExternalData(model, files.paths, folderOf(entry)).map((file) => file.path)
  const rewritten = rewriteOnnx(model)
  const served = rewritten.rewrites.length > 0 ? readOnnx(rewritten.bytes, entry) : model
  return {
    externalData,
    facts: onnxFacts(model, rewritten.rewrites),
    graph: onnxGraph(served),
    signature: deriveSignature(served, rewritten.classes),
  }
}

function readFormModel(kind: Exclude<ModelKind, 'onnx'>, bytes: Uint8Array, { entry, reading }: { entry: string; reading: ReadingOptions }): Known {
  const form = readForm(kind, bytes, { file: entry, reading })
  try {
    const facts = formFacts(form, bytes.length)
    if (Object.keys(reading).length > 0) facts.reading = reading
    return { externalData: [], facts, graph: formGraph(form), signature: formSignature(form) }
  } catch (cause) {
    // a form may be read that is not sound: of more columns than forms have
    throw told(cause, entry)
  }
}

/** What the file is by its bytes; an MLflow directory must hold what its flavour says. */
function kindOf(bytes: Uint8Array, entry: string, mlflow: MlflowModel | undefined): ModelKind {
  const found = sniff(bytes)
  if ('foreign' in found) {
    if (/\.onnx$/i.test(entry)) return 'onnx'
    const { words, items } = found.pickle ? pickleContents(bytes, entry) : { words: '', items: [] }
    throw new FairleadError('model-format-unknown', `${entry} is not a model that can be read: ${found.foreign}${words}`, { items })
  }
  mlflow?.requireKind(found.kind)
  return found.kind
}

function fullSignature(derived: Signature, mlflow: MlflowModel | undefined, file: string | undefined): Signature {
  const declared = mlflow ? mlflow.signature(derived) : derived
  return file === undefined ? declared : applySignatureFile(declared, parseSignatureFile(file))
}

function findMlmodel(files: FileListing): string | undefined {
  const found = files.paths.map((file) => file.path).filter((path) => path === 'MLmodel' || path.endsWith('/MLmodel'))
  if (found.includes('MLmodel')) return 'MLmodel'
  if (found.length > 1) throw new FairleadError('model-format-unknown', `there are several MLflow models: ${listed(found)}; hand over one of these folders`)
  return found[0]
}
