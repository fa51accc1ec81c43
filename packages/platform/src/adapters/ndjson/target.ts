import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { type BatchTarget, joinFiles, type PartWriter } from '../../domain/batch/index.ts'
import { type AnswerColumn, valueWriter } from '../../domain/inference/index.ts'

const CHUNK_ROWS = 512

/** Writes NDJSON: an object a line, flat names, lists as arrays. */
export const ndjsonTarget: BatchTarget = {
  holdsMetadata: false,
  part: (path) => new NdjsonPartWriter(path),
  join: (path, parts) => joinFiles(path, { parts: parts.map(({ path: part, facts }) => ({ path: part, rows: facts as number })) }),
}

class NdjsonPartWriter implements PartWriter {
  readonly #file: number
  #rows = 0
  #open = true

  constructor(path: string) {
    this.#file = openSync(path, 'w')
  }

  write(columns: readonly AnswerColumn[], rows: number): void {
    const members = columns.map((column, i) => ({ head: `${i === 0 ? '{' : ','}${JSON.stringify(column.name)}:`, value: memberOf(column) }))
    for (let from = 0; from < rows; from += CHUNK_ROWS) {
      let text = ''
      for (let row = from; row < Math.min(rows, from + CHUNK_ROWS); row++) {
        for (const { head, value } of members) text += head + value(row)
        text += '}\n'
      }
      const bytes = Buffer.from(text)
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at)
    }
    this.#rows += rows
  }

  end(): number {
    fsyncSync(this.#file)
    this[Symbol.dispose]()
    return this.#rows
  }

  [Symbol.dispose](): void {
    if (this.#open) closeSync(this.#file)
    this.#open = false
  }
}

function memberOf({ type, data, nulls, width }: AnswerColumn): (row: number) => string {
  const write = valueWriter(type)
  if (width === undefined) return (row) => (nulls?.[row] === 1 ? 'null' : write(data, row))
  return (row) => `[${Array.from({ length: width }, (_, k) => write(data, row * width + k)).join(',')}]`
}
