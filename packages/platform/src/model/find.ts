import { FairleadError } from '@fairlead/contract'
import type { FileListing } from './files.ts'
import { sniff } from './kind.ts'
import { ONNX_SIZE_LIMIT } from './onnx/model.ts'

/** Names that model files have beside `.onnx`. Among several files only these are looked into. */
const MODEL_NAME = /\.(?:bst|json|lgb|lgbm|model|pmml|skops|txt|ubj|xgb|xml)$/i
/** Most files that are looked into. */
const LOOKED_INTO = 50

/**
 * The one model file of a listing: the only file there is, the one that ends in `.onnx`, or the one whose bytes show another kind of
 * model. Throws `model-format-unknown` for none or several.
 */
export async function findModelFile(files: FileListing): Promise<string> {
  const paths = files.paths.map((file) => file.path)
  const [only] = paths
  if (only === undefined) throw new FairleadError('model-format-unknown', 'there are no files')
  if (paths.length === 1) return only
  const onnx = paths.filter((path) => /\.onnx$/i.test(path))
  if (onnx.length > 1) throw several('ONNX files', onnx)
  if (onnx[0] !== undefined) return onnx[0]
  const found: string[] = []
  const foreign: string[] = []
  const candidates = files.paths.filter(({ path, size }) => MODEL_NAME.test(path) && size <= ONNX_SIZE_LIMIT)
  for (const { path } of candidates.slice(0, LOOKED_INTO)) {
    const seen = sniff(await files.read(path))
    if ('foreign' in seen) foreign.push(`${path}: ${seen.foreign}`)
    else if (seen.kind !== 'onnx') found.push(path)
  }
  if (found.length > 1) throw several('model files', found)
  if (found[0] !== undefined) return found[0]
  const why = foreign.length === 0 ? '' : ` (${listed(foreign)})`
  throw new FairleadError(
    'model-format-unknown',
    `there is neither an MLmodel file, nor one that ends in .onnx, nor another model file among ${listed(paths)}${why}`,
  )
}

function several(what: string, paths: readonly string[]): FairleadError {
  return new FairleadError('model-format-unknown', `there are several ${what}: ${listed(paths)}; hand over one of them`)
}

/** Some of the names, and how many more there are. */
export function listed(paths: readonly string[]): string {
  const SHOWN = 8
  return paths.length <= SHOWN ? paths.join(', ') : `${paths.slice(0, SHOWN).join(', ')} and ${paths.length - SHOWN} more`
}
