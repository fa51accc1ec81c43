import { isUtf8 } from 'node:buffer'
import { FairleadError } from '@fairlead/contract'
import { checkJsonSize, readJson } from '../json.ts'
import { wrongByte } from '../json-place.ts'
import { tooManyRows } from './too-many-rows.ts'

const LF = 0x0a
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0d])

/** Where the first thing of a line stands, or its end. */
function contentOf(bytes: Buffer, from: number): number {
  let at = from
  while (SPACES.has(bytes[at]!)) at++
  return at
}

/** Rows with the lines on which they stand. */
interface Lines {
  rows: unknown[]
  lines: number[]
}

/**
 * Reads NDJSON: a JSON object a line; blank lines are skipped. Throws as `readJson` and `rows-too-many`, and `body-too-large` as that does for all lines together; messages name the line.
 */
export function readNdjson(body: Buffer, { exact, maxRows }: { exact: boolean; maxRows: number }): Lines {
  if (!isUtf8(body)) throw new FairleadError('utf8-invalid', `the body is not valid UTF-8: byte ${wrongByte(body)}`)
  checkJsonSize(body, exact)
  const found: Lines = { rows: [], lines: [] }
  let line = 1
  for (let from = 0; from < body.length; line++) {
    const content = contentOf(body, from)
    let to = content
    if (to < body.length && body[to] !== LF) {
      const next = body.indexOf(LF, to)
      to = next < 0 ? body.length : next
      if (found.rows.length === maxRows) throw tooManyRows(maxRows)
      found.rows.push(readLine(body.subarray(from, to), line, exact))
      found.lines.push(line)
    }
    from = to + 1
  }
  return found
}

/** The same error, its places also told as lines. */
export function withLines(error: FairleadError, lines: readonly number[]): FairleadError {
  const [first] = error.items
  const items = error.items.map((item) => {
    const row = /^rows\[(\d+)\]/.exec(item.path)?.[1]
    return row === undefined ? item : { ...item, detail: `${item.detail} (line ${lines[Number(row)]})` }
  })
  return new FairleadError(error.code, first ? error.message.replace(first.detail, () => items[0]!.detail) : error.message, { items })
}

function readLine(bytes: Buffer, line: number, exact: boolean): unknown {
  try {
    const row = readJson(bytes, { exact })
    if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row
    throw new FairleadError('request-invalid', 'an object with a value per column is needed')
  } catch (error) {
    if (!(error instanceof FairleadError)) throw error
    // the place within the line is told as that of a document of one line
    throw new FairleadError(error.code, `line ${line}: ${error.message.replace('(line 1, ', '(')}`, { items: error.items })
  }
}
