import { FairleadError, type InputColumn } from '@fairlead/contract'
import type { Table } from '../../../domain/inference/index.ts'
import { tooManyRows } from '../formats/too-many-rows.ts'
import { readJson } from '../json.ts'
import { unreadable } from './cast.ts'
import { castFrame } from './cast-frame.ts'
import { frameOf } from './frame.ts'
import { withParams } from './params.ts'

/** Objects of a body beside one for each row. */
const OTHER_OBJECTS = 100

/** What a scoring request is read for. */
export interface ScoringTarget {
  columns: readonly InputColumn[]
  maxRows: number
  /** Whether a column takes whole numbers that a double cannot hold. */
  exactIntegers: boolean
}

/**
 * Reads the JSON body of a scoring request (MLflow's protocol) as a table of the columns that are taken. Throws what the protocol answers with
 * 400: `request-invalid`, `column-missing`, `shape-mismatch`, `rows-empty`; and `body-too-large` past the rows.
 */
export function readScoringBody(body: Buffer, { columns, maxRows, exactIntegers }: ScoringTarget): Table {
  let value: unknown
  try {
    const checkObjects = (objects: number) => {
      if (objects > maxRows + OTHER_OBJECTS) throw tooManyRows(maxRows)
    }
    value = readJson(body, { exact: exactIntegers, nonFinite: true, lastWins: true, checkObjects })
  } catch (error) {
    if (!(error instanceof FairleadError) || error.status !== 400) throw error
    throw unreadable(`Invalid input. Ensure that input is a valid JSON formatted string. Error: '${error.message}'`)
  }
  const ofRows = columns.filter(({ parameter }) => !parameter)
  const table = castFrame(frameOf(value, new Set(ofRows.map(({ name }) => name))), ofRows)
  return withParams(table, (value as Record<string, unknown>).params, columns)
}
