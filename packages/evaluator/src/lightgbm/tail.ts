import { UnreadableModel } from '../unreadable.ts'
import type { Lines } from './lines.ts'

/** What stands after the trees. */
export interface Tail {
  /** Numbers of the columns that were declared categorical, where the file says so with numbers. */
  readonly declared?: readonly number[]
  /** Text of `pandas_categorical`; undefined where the file has none. */
  readonly pandas?: string
}

/** The longest list of categories that is read. */
const longestPandas = 64 * 2 ** 20
const longestDeclared = 2 ** 20

/** Lines that are neither importances nor categories: the library writes about 150. */
const mostLines = 10_000

/** Reads the lines after `end of trees`: importances, one a feature at most, the parameters of the training, pandas' categories. */
export function readTail(lines: Lines, features: number): Tail {
  let section = ''
  let declared: readonly number[] | undefined
  let pandas: string | undefined
  for (let read = 0; lines.next(); read++) {
    if (read > mostLines + features) throw new UnreadableModel('malformed', 'after the trees', `stand more than ${mostLines + features} lines`)
    if (section !== '') {
      if (lines.is(`end of ${section}`)) section = ''
      else if (section === 'parameters' && lines.starts('[categorical_feature: ')) declared = declaredOf(lines) ?? declared
    } else if (lines.is('parameters:') || lines.is('parser:')) section = lines.is('parser:') ? 'parser' : 'parameters'
    else if (lines.starts('pandas_categorical:')) pandas = pandasOf(lines)
    else if (!lines.empty && !lines.is('feature_importances:') && !importance(lines)) {
      throw new UnreadableModel('malformed', 'after the trees', `the line ${lines.excerpt} is not known; is the file cut off?`)
    }
  }
  if (section !== '') throw new UnreadableModel('malformed', section, `the file ends before 'end of ${section}'`)
  return { ...(declared === undefined ? {} : { declared }), ...(pandas === undefined ? {} : { pandas }) }
}

/** `name=12`: what comes after the last equals sign is a number. */
function importance(lines: Lines): boolean {
  const equals = lines.bytes.lastIndexOf(61, lines.to - 1)
  if (equals <= lines.from || lines.to - equals > 40) return false
  return /^[-+.\deinfa]+$/.test(String.fromCharCode(...lines.bytes.subarray(equals + 1, lines.to)))
}

function declaredOf(lines: Lines): readonly number[] | undefined {
  if (lines.to - lines.from > longestDeclared) return undefined
  const text = new TextDecoder().decode(lines.bytes.subarray(lines.from, lines.to))
  const list = /^\[categorical_feature: (\d+(?:,\d+)*)\]$/.exec(text)?.[1]
  return list?.split(',').map(Number)
}

function pandasOf(lines: Lines): string {
  const from = lines.from + 'pandas_categorical:'.length
  if (lines.to - from > longestPandas) throw new UnreadableModel('too-large', 'pandas_categorical', `has over ${longestPandas} bytes`)
  return new TextDecoder().decode(lines.bytes.subarray(from, lines.to))
}
