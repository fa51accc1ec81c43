import { FairleadError } from '@fairlead/contract'

const BEGINNINGS: readonly [RegExp, string][] = [
  [/^PAR1/, 'application/vnd.apache.parquet'],
  [/^ARROW1/, 'application/vnd.apache.arrow.file'],
  [/^\xff\xff\xff\xff/, 'application/vnd.apache.arrow.stream'],
  [/^\s*[[{]\s*["{[]/, 'application/json'],
]

/** The error of a body that could not be read as `mediaType`, with the form that it begins like where that is another. */
export function mistaken(error: unknown, body: Buffer, mediaType: string): unknown {
  if (!(error instanceof FairleadError) || error.code !== 'table-invalid') return error
  const start = body.toString('latin1', 0, 64)
  const likely = BEGINNINGS.find(([beginning]) => beginning.test(start))?.[1]
  if (likely === undefined || likely === mediaType) return error
  return new FairleadError(error.code, `${error.message}; its content type is ${mediaType}, and it begins like ${likely}`, { items: error.items })
}

/** A CSV that has no rows: most often one whose ends of lines were lost on the way. */
export function checkLines(body: Buffer, rows: number): void {
  if (rows > 0 || body.includes('\n')) return
  throw new FairleadError(
    'rows-empty',
    'the CSV has a header and no rows; it is one line: curl drops the ends of lines with -d, and keeps them with --data-binary',
  )
}
