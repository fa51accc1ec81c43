/** The kinds of model files that are read. */
export type ModelKind = 'onnx' | 'xgboost' | 'lightgbm' | 'skops' | 'pmml'

/** What the first bytes of a file show it to be, or why it is none of the files that are read. */
export type Sniffed = { kind: ModelKind } | { foreign: string; pickle?: true }

const GIT_LFS = 'version https://git-lfs'
const SNIFFED = 4096
/** Where the list of an archive's files stands: at its end, after them. */
const ARCHIVE_TAIL = 256 * 1024

const RESAVE = 'load it where it was made and save it again'

/**
 * Says by its bytes what a file is; its name does not matter. Anything that shows no other kind may be ONNX, which has no mark of its own.
 * Only the first few thousand bytes are looked at, and of archives the last.
 */
export function sniff(bytes: Uint8Array): Sniffed {
  if (bytes.length === 0) return { foreign: 'it is empty' }
  const binary = sniffBinary(bytes)
  if (binary) return binary
  const head = bytes.subarray(0, SNIFFED)
  return isText(head) ? sniffText(textOf(head)) : { kind: 'onnx' }
}

/** Why a file is not ONNX; undefined when it may be. */
export function foreignToOnnx(bytes: Uint8Array): string | undefined {
  const found = sniff(bytes)
  return 'foreign' in found ? found.foreign : found.kind === 'onnx' ? undefined : `it is ${KIND_WORDS[found.kind]}`
}

/** Each kind in words, with its article. */
export const KIND_WORDS: Readonly<Record<ModelKind, string>> = {
  onnx: 'an ONNX model',
  xgboost: 'an XGBoost model',
  lightgbm: 'a LightGBM text model',
  skops: 'a scikit-learn model saved with skops',
  pmml: 'a PMML model',
}

function sniffBinary(bytes: Uint8Array): Sniffed | undefined {
  const [first = 0, second = 0] = bytes
  const head = textOf(bytes.subarray(0, 16))
  if (first === 0x80 && second >= 2 && second <= 5)
    return { foreign: `it is a Python pickle, which is never executed here; ${RESAVE} with skops, to ONNX, or by the library's own save_model`, pickle: true }
  if (head.startsWith('PK\x03\x04')) return sniffArchive(bytes)
  if (first === 0x50 && second === 0x4b) return { foreign: 'it is a ZIP archive' }
  if (first === 0x1f && second === 0x8b) return { foreign: 'it is compressed with gzip' }
  if (head.startsWith('\x89HDF')) return { foreign: 'it is an HDF5 file; convert it to ONNX' }
  if (head.startsWith('CBM1')) return { foreign: 'it is a CatBoost model; save it with save_model(…, format="onnx")' }
  if (head.startsWith('binf') || head.startsWith('bs64'))
    return { foreign: "it is an XGBoost model in the old binary format; load it with an XGBoost older than 3.1 and save it as '.json' or '.ubj'" }
  // an object of UBJSON: the length of its first key is marked with a letter
  if (first === 0x7b && 'iUIlL$#'.includes(String.fromCharCode(second)) && bytes.subarray(2, 16).some((byte) => byte < 0x09)) return { kind: 'xgboost' }
  return undefined
}

/** By the names that the list at an archive's end has. */
function sniffArchive(bytes: Uint8Array): Sniffed {
  const names = textOf(bytes.subarray(-ARCHIVE_TAIL))
  if (names.includes('schema.json')) return { kind: 'skops' }
  if (names.includes('data.pkl')) return { foreign: 'it is a PyTorch file, which holds a Python pickle; convert it to ONNX', pickle: true }
  if (names.includes('metadata.json') && names.includes('config.json')) return { foreign: 'it is a Keras file; convert it to ONNX' }
  return { foreign: 'it is a ZIP archive without the schema.json of a skops file; unpack it, and hand over the folder' }
}

function sniffText(text: string): Sniffed {
  if (text.startsWith(GIT_LFS)) return { foreign: 'it is a Git LFS pointer, not the file it stands for (run `git lfs pull`)' }
  if (/^tree\r?\n/.test(text)) return { kind: 'lightgbm' }
  const trimmed = text.replace(/^(?:\u00ef\u00bb\u00bf)?\s*/, '')
  if (trimmed.startsWith('<')) return /<(?:\w+:)?PMML[\s>]/.test(trimmed) ? { kind: 'pmml' } : { foreign: 'it is an HTML or XML page' }
  if (trimmed.startsWith('{')) return sniffJson(trimmed)
  if (trimmed.startsWith('[')) {
    const dump = trimmed.includes('"nodeid"')
    return { foreign: dump ? 'it is a dump of XGBoost trees, which lacks what predictions need; use save_model' : 'it is JSON text' }
  }
  if (/^booster\[\d+\]:?/.test(trimmed)) return { foreign: 'it is a dump of XGBoost trees, which lacks what predictions need; use save_model' }
  return { foreign: 'it is text' }
}

function sniffJson(text: string): Sniffed {
  if (/^\{\s*"(?:learner|version)"\s*:\s*[[{]/.test(text)) return { kind: 'xgboost' }
  if (/"tree_info"|"num_tree_per_iteration"/.test(text)) return { foreign: 'it is a dump of a LightGBM model; use save_model, which writes its text form' }
  if (/"oblivious_trees"|"model_guid"/.test(text)) return { foreign: 'it is a CatBoost model; save it with save_model(…, format="onnx")' }
  return { foreign: 'it is JSON text, and not an XGBoost model' }
}

function textOf(bytes: Uint8Array): string {
  // a decoder's latin1 is Windows-1252, which has other letters for some bytes
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0x1b)
}
