import { isUtf8 } from 'node:buffer'
import { FairleadError, type InputColumn } from '@fairlead/contract'
import type { Table, TableAsk, TableCodec, TableColumn } from '../../../domain/inference/index.ts'
import { type CsvRecords, CsvScanner, findRecords } from '../../../kernel/csv.ts'
import { fieldReader } from '../../../kernel/csv-values.ts'
import { readJson } from '../json.ts'
import { wrongByte } from '../json-place.ts'
import { csvText } from './csv-text.ts'
import { tooManyRows } from './too-many-rows.ts'

/** A column of which nobody will ask a value: it is not part of the signature. */
function unread(name: string): TableColumn {
  return { name, at: () => undefined }
}

interface Text {
  bytes: Buffer
  scanner: CsvScanner
  records: CsvRecords
}

/**
 * Text columns: a field without quotes that is empty is null where the column is optional, else empty text, as a field of two
 * quotes always is. Other columns: an empty field is null. Arrays are JSON in a field.
 */
function columnAt({ bytes, scanner, records }: Text, index: number, { name, type, shape = [], optional }: InputColumn): TableColumn {
  const place = (row: number): [number, number] => {
    const from = records.start(row, index)
    return [from, scanner.fieldEnd(from)]
  }
  if (shape.length > 0) return { name, at: (row) => arrayOf(scanner.text(...place(row))) }
  if (type === 'string') {
    return {
      name,
      at(row) {
        const [from, end] = place(row)
        return from === end && optional === true ? null : scanner.text(from, end)
      },
    }
  }
  const read = fieldReader(type)
  return {
    name,
    at(row) {
      let [from, end] = place(row)
      if (scanner.isQuoted(from)) {
        from++
        end--
      }
      return from === end ? null : read(bytes, from, end)
    },
  }
}

function arrayOf(text: string): unknown {
  if (text === '') return null
  try {
    return readJson(Buffer.from(text), { exact: true })
  } catch {
    return text
  }
}

function read(body: Uint8Array, { columns, maxRows }: TableAsk): Table {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  if (!isUtf8(bytes)) throw new FairleadError('utf8-invalid', `the body is not valid UTF-8: byte ${wrongByte(bytes)}`)
  const scanner = new CsvScanner(bytes)
  const known = new Map(columns.map((column) => [column.name, column]))
  const records = findRecords(scanner, bytes, { wants: (name) => known.has(name), maxRows, tooMany: () => tooManyRows(maxRows) })
  const text = { bytes, scanner, records }
  const first = records.header.findIndex((name) => known.has(name))
  return {
    rows: records.rows,
    columns: records.header.map((name, index) => {
      const column = known.get(name)
      return column ? columnAt(text, index, column) : unread(name)
    }),
    ...(first < 0 ? {} : { place: (row: number) => `line ${scanner.line(records.start(row, first))}` }),
  }
}

/** CSV (RFC 4180) with a header: read by the columns' types, written with every digit. */
export const csvCodec: TableCodec = {
  read,
  write: (columns, rows) => Buffer.from(csvText(columns, rows)),
}
