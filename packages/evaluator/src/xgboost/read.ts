import type { Form } from '../form/form.ts'
import { ANSWERS, requireBytes, requireWord } from '../given.ts'
import { UnreadableModel } from '../unreadable.ts'
import { assemble } from './assemble.ts'
import type { Cursor } from './cursor.ts'
import { JsonCursor } from './json.ts'
import type { XGBoostOptions } from './options.ts'
import { type Outline, readOutline } from './outline.ts'
import { UbjsonCursor } from './ubjson.ts'

/**
 * Reads a model that XGBoost 1.0 to 3.x wrote with `save_model`, as JSON or UBJSON:
 * https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html
 *
 * @throws UnreadableModel for a file that is broken, hostile, or made of parts that are not understood
 * @throws TypeError for options that do not fit the model
 */
export function readXGBoost(bytes: Uint8Array, options: XGBoostOptions = {}): Form {
  requireBytes(bytes)
  requireWord('as', options.as, ANSWERS)
  requireWord('iterations', options.iterations, ['all', 'best'])
  requireWord('unseen', options.unseen, ['refuse', 'missing'])
  const cursor = open(bytes)
  const outline: Outline = readOutline(cursor)
  if (!cursor.ended()) cursor.refuse('something follows the end of the model')
  return assemble(cursor, outline, options)
}

const OLD = 'the binary format of XGBoost before 3.1; load it with xgboost < 3.1 and save it as JSON'

function open(bytes: Uint8Array): Cursor {
  const start = String.fromCharCode(...bytes.subarray(0, 4))
  if (start === 'binf' || start === 'bs64') throw new UnreadableModel('unsupported', 'byte 0', OLD)
  const first = bytes.findIndex((byte) => !isSpace(byte))
  if (first < 0) throw new UnreadableModel('malformed', 'byte 0', 'the file is empty')
  if (bytes[first] !== 0x7b) throw new UnreadableModel('malformed', `byte ${first}`, otherwise(bytes, start))
  const next = bytes[first + 1]
  const json = next === undefined || isSpace(next) || next === 0x22 || next === 0x7d
  return json ? new JsonCursor(bytes) : new UbjsonCursor(bytes)
}

/** What a file may be that is none of `save_model`. */
function otherwise(bytes: Uint8Array, start: string): string {
  if (bytes[0] === 0x80) return 'this looks like a Python pickle, which is not read; save the model with save_model'
  if (start.startsWith('[') || start === 'boos') return 'this looks like a dump of trees, which lacks what predictions need; use save_model'
  return 'neither JSON nor UBJSON, as save_model writes; if it is the binary format of XGBoost before 3.1, load it with xgboost < 3.1 and save it as JSON'
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
