import { FairleadError, type Row, type Signature } from '@fairlead/contract'
import type { ModelFacts, ModelGraph } from '@fairlead/contract/control'
import { type FileListing, folderOf } from './files.ts'
import { type MlflowModel, readMlflow } from './mlflow/read.ts'
import { requireExternalData } from './onnx/external.ts'
import { onnxFacts } from './onnx/facts.ts'
import { onnxGraph } from './onnx/graph.ts'
import { ONNX_SIZE_LIMIT } from './onnx/model.ts'
import { requireOperators } from './onnx/operators.ts'
import { readOnnx } from './onnx/read.ts'
import { rewriteOnnx } from './onnx/rewrite.ts'
import { foreignFormat } from './onnx/sniff.ts'
import { deriveSignature } from './signature/derive.ts'
import { applySignatureFile, parseSignatureFile } from './signature/file.ts'

export type { FileListing } from './files.ts'
export { ONNX_SIZE_LIMIT } from './onnx/model.ts'

/** What a model is, read from its files without running it. */
export interface ReadModel {
  format: 'onnx'
  /** Path of the model file in the listing. */
  entry: string
  /** Paths of the weight files that the model file refers to, checked to be there. */
  externalData: string[]
  facts: ModelFacts
  graph: ModelGraph
  signature: Signature
  /** Rows that came with the model, by column name; empty where none did. */
  example: Row[]
  /** Facts of the tool that wrote the model, for its lineage. */
  tool: Record<string, string>
  trainingRun: string | undefined
}

/**
 * Reads a model from its files: an MLflow directory with the `onnx` flavour, else the one ONNX file there is.
 * `signatureFile` is the text of a user's signature file (YAML or JSON), laid over what the files say.
 * Throws FairleadError of the codes `model-…` and `signature-invalid`; nothing of the model is executed.
 */
export async function readModel(files: FileListing, options: { signatureFile?: string | undefined } = {}): Promise<ReadModel> {
  const mlmodel = findMlmodel(files)
  const mlflow = mlmodel === undefined ? undefined : await readMlflow(files, mlmodel)
  const entry = mlflow?.entry ?? (await findOnnx(files))
  const size = files.paths.find((file) => file.path === entry)?.size ?? 0
  if (size > ONNX_SIZE_LIMIT) throw new FairleadError('model-too-large', `${entry} has ${size} bytes; an ONNX file holds at most 2 GB`)
  const model = readOnnx(await files.read(entry), entry)
  requireOperators(model)
  const externalData = requireExternalData(model, files.paths, folderOf(entry)).map((file) => file.path)
  const rewritten = rewriteOnnx(model)
  const served = rewritten.rewrites.length > 0 ? readOnnx(rewritten.bytes, entry) : model
  const signature = fullSignature(deriveSignature(served, rewritten.classes), mlflow, options.signatureFile)
  return {
    format: 'onnx',
    entry,
    externalData,
    facts: onnxFacts(model, rewritten.rewrites),
    graph: onnxGraph(served),
    signature,
    example: mlflow ? await mlflow.example(signature) : [],
    tool: mlflow?.tool ?? {},
    trainingRun: mlflow?.trainingRun,
  }
}

function fullSignature(derived: Signature, mlflow: MlflowModel | undefined, file: string | undefined): Signature {
  const declared = mlflow ? mlflow.signature(derived) : derived
  const signature = file === undefined ? declared : applySignatureFile(declared, parseSignatureFile(file))
  checkNames(signature)
  return signature
}

/** Names become keys of rows, answers and tensors, here and in callers' programs: the one that is no plain key of an object is refused. */
function checkNames({ inputs, outputs, columns, fields }: Signature): void {
  for (const { name } of [...inputs, ...outputs, ...columns, ...fields])
    if (name === '__proto__') throw new FairleadError('signature-invalid', `"${name}" cannot be the name of an input, an output, a column or a field`)
}

function findMlmodel(files: FileListing): string | undefined {
  const found = files.paths.map((file) => file.path).filter((path) => path === 'MLmodel' || path.endsWith('/MLmodel'))
  if (found.includes('MLmodel')) return 'MLmodel'
  if (found.length > 1) throw new FairleadError('model-format-unknown', `there are several MLflow models: ${list(found)}; hand over one of these folders`)
  return found[0]
}

async function findOnnx(files: FileListing): Promise<string> {
  const paths = files.paths.map((file) => file.path)
  const found = paths.filter((path) => /\.onnx$/i.test(path))
  if (found.length > 1) throw new FairleadError('model-format-unknown', `there are several ONNX files: ${list(found)}; hand over one of them`)
  if (found[0] !== undefined) return found[0]
  const [only] = files.paths
  if (!only) throw new FairleadError('model-format-unknown', 'there are no files')
  if (files.paths.length === 1 && only.size <= ONNX_SIZE_LIMIT) {
    const foreign = foreignFormat(await files.read(only.path))
    if (foreign === undefined) return only.path
    throw new FairleadError('model-format-unknown', `${only.path} is not a model that can be read: ${foreign}`)
  }
  throw new FairleadError('model-format-unknown', `there is neither an MLmodel file nor a file that ends in .onnx among ${list(paths)}`)
}

function list(paths: readonly string[]): string {
  const SHOWN = 8
  return paths.length <= SHOWN ? paths.join(', ') : `${paths.slice(0, SHOWN).join(', ')} and ${paths.length - SHOWN} more`
}
