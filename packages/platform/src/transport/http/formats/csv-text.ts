import { type AnswerColumn, valueWriter } from '../../../domain/inference/index.ts'

type WriteCell = (row: number) => string

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function listCell({ type, data }: AnswerColumn, width: number): WriteCell {
  const write = valueWriter(type)
  return (row) => quoted(`[${Array.from({ length: width }, (_, k) => write(data, row * width + k)).join(',')}]`)
}

function cellOf(column: AnswerColumn): WriteCell {
  const { type, data, width } = column
  if (width !== undefined) return listCell(column, width)
  // an empty text is told from a null, which is an empty field without quotes
  if (type === 'string') return (row) => (data[row] === '' ? '""' : quoted(data[row] as string))
  const write = valueWriter(type)
  // JSON has what is not finite in quotes
  return (row) => {
    const text = write(data, row)
    return text.startsWith('"') ? text.slice(1, -1) : text
  }
}

/** Answers as CSV (RFC 4180): a header, lines end in CR LF, nulls are empty fields, lists are JSON. */
export function csvText(columns: readonly AnswerColumn[], rows: number): string {
  const cells = columns.map((column) => ({ nulls: column.nulls, write: cellOf(column) }))
  let text = `${columns.map(({ name }) => quoted(name)).join(',')}\r\n`
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < cells.length; i++) {
      const { nulls, write } = cells[i]!
      text += (i === 0 ? '' : ',') + (nulls?.[row] === 1 ? '' : write(row))
    }
    text += '\r\n'
  }
  return text
}
