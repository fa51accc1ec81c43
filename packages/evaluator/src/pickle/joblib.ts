import { Broken, type Reader } from './reader.ts'
import { Call, Dict, Tuple, type Value } from './values.ts'

const WRAPPER = 'joblib.numpy_pickle.NumpyArrayWrapper'

/** What follows the object that joblib puts in an array's place. */
export type Following = 'nothing' | 'bytes' | 'pickle'

/**
 * joblib writes an array's bytes into the stream right after a small object that stands for it. Steps over them where the
 * value just set up is such an object; an array of objects is a pickle of its own. Throws Broken for one it cannot measure.
 */
export function skipArray(reader: Reader, value: Value | undefined): Following {
  if (!(value instanceof Call) || value.of === undefined || `${value.of.module}.${value.of.name}` !== WRAPPER) return 'nothing'
  const { state } = value
  const dtype = state instanceof Dict ? state.entries.get('dtype') : undefined
  const shape = state instanceof Dict ? state.entries.get('shape') : undefined
  const size = itemSize(dtype)
  if (!(state instanceof Dict) || !(shape instanceof Tuple) || size === undefined) throw new Broken('an array of joblib whose size is not understood')
  if (size === 'objects') return 'pickle'
  if (typeof state.entries.get('numpy_array_alignment_bytes') === 'number') reader.skip(reader.byte())
  let bytes = size
  for (const length of shape.items) {
    if (typeof length !== 'number' || length < 0) throw new Broken('an array of joblib whose shape is not understood')
    bytes *= length
  }
  reader.skip(bytes)
  return 'bytes'
}

/** Bytes of an element of a pickled `numpy.dtype`. */
function itemSize(dtype: Value | undefined): number | 'objects' | undefined {
  if (!(dtype instanceof Call) || dtype.of?.module !== 'numpy' || dtype.of.name !== 'dtype' || !(dtype.arguments instanceof Tuple)) return undefined
  const match = /^([a-zA-Z])(\d{1,9})$/.exec(String(dtype.arguments.items[0]))
  if (match === null) return undefined
  if (match[1] === 'O') return 'objects'
  return Number(match[2]) * (match[1] === 'U' ? 4 : 1)
}
