import { type AnswerColumn, allocate } from '../inference/index.ts'

type Numbers = Float64Array

/** The columns of a part of the rows. */
export interface ColumnsPart {
  columns: readonly AnswerColumn[]
  rows: number
}

/** The first `rows` rows. */
export function cutColumns(columns: readonly AnswerColumn[], rows: number): AnswerColumn[] {
  return columns.map((column) => {
    const many = rows * (column.width ?? 1)
    const cut = { ...column, data: column.data.slice(0, many) as AnswerColumn['data'] }
    return column.nulls ? { ...cut, nulls: column.nulls.slice(0, many) } : cut
  })
}

/** Some rows of columns, by their numbers. */
export function pickColumns(columns: readonly AnswerColumn[], rows: Uint32Array): AnswerColumn[] {
  return columns.map((column) => {
    const { type, data, nulls, width = 1 } = column
    const picked = allocate(type, rows.length * width) as Numbers
    const marks = nulls && new Uint8Array(rows.length * width)
    for (let i = 0, at = 0; i < rows.length; i++) {
      for (let k = 0, from = rows[i]! * width; k < width; k++, from++, at++) {
        picked[at] = (data as Numbers)[from]!
        if (marks) marks[at] = nulls[from]!
      }
    }
    return { ...column, data: picked, ...(marks ? { nulls: marks } : {}) }
  })
}

/** Parts below each other. All have the same columns. */
export function joinColumns(parts: readonly ColumnsPart[]): AnswerColumn[] {
  const [first] = parts
  if (!first) return []
  if (parts.length === 1) return [...first.columns]
  const rows = parts.reduce((sum, part) => sum + part.rows, 0)
  return first.columns.map((column, place) => {
    const { type, width = 1 } = column
    const data = allocate(type, rows * width) as Numbers
    let nulls: Uint8Array | undefined
    let at = 0
    for (const part of parts) {
      const own = part.columns[place]!
      const many = part.rows * width
      for (let i = 0; i < many; i++) data[at + i] = (own.data as Numbers)[i]!
      if (own.nulls) {
        nulls ??= new Uint8Array(rows * width)
        nulls.set(own.nulls, at)
      }
      at += many
    }
    const { nulls: _, ...plain } = column
    return { ...plain, data, ...(nulls ? { nulls } : {}) }
  })
}
