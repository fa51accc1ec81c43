import { numbersFor } from '../column-memory.ts'
import type { Column, ColumnSpec, ColumnType, Frame } from '../columns.ts'
import { Compiler } from './compiler.ts'
import { beginScratch, kernels, TILE_ROWS } from './kernels/memory.ts'
import { forgetTexts, type Operand, Tile, type ValueType } from './operand.ts'
import { parseExpression } from './parser.ts'
import { Scope } from './scope.ts'

/** An expression over columns, ready to run. */
export interface CompiledColumns {
  readonly type: ColumnType
  /** Whether a row may have no answer. */
  readonly nullable: boolean
  /** Places in the frame that it reads; the frame may lack the others. */
  readonly uses: readonly number[]
  /** The answer for each row. Throws `expression-too-large` where texts grow past their limit. The answer may be a column of the frame itself. */
  evaluate(frame: Frame, rows: number): Column
}

/**
 * Parses an expression and compiles it over columns known by name: docs/reference/expressions.md tells what it may say. Of columns of one name the
 * last is meant. Throws `expression-invalid` with the place in the text, and with a suggestion where a name is nearly one that there is.
 */
export function compileColumns(text: string, specs: readonly ColumnSpec[]): CompiledColumns {
  beginScratch()
  const scope = new Scope(specs)
  return runnable(new Compiler(text, scope).compile(parseExpression(text), 0), scope)
}

function runnable(root: Operand, scope: Scope): CompiledColumns {
  const columns = scope.used()
  const { type, nullable } = root
  const uses = columns.map((column) => column.place)
  const itself = columns.find(({ operand }) => operand === root)
  if (itself) return { type, nullable, uses, evaluate: (frame) => frame[itself.place]! }
  const usesTexts = type === 'text' || columns.some(({ operand }) => operand.type === 'text')
  return {
    type,
    nullable,
    uses,
    evaluate(frame, rows) {
      try {
        return run(root, frame, rows)
      } finally {
        for (const column of columns) column.forget()
        if (usesTexts) forgetTexts(rows)
      }
    },
  }
}

function run(root: Operand, frame: Frame, rows: number): Column {
  const data = allocate(root.type, rows)
  let nulls: Uint8Array | undefined
  const tile = new Tile(frame)
  for (let start = 0; start < rows; start += TILE_ROWS) {
    const count = Math.min(TILE_ROWS, rows - start)
    tile.start = start
    tile.count = count
    tile.serial++
    root.run(tile)
    copy(root.data, data, start, count)
    if (root.nulls && kernels.any(root.nulls.byteOffset, count) !== 0) {
      nulls ??= new Uint8Array(rows)
      nulls.set(root.nulls.length === count ? root.nulls : root.nulls.subarray(0, count), start)
    }
  }
  return { type: root.type, data, ...(nulls ? { nulls } : {}) } as Column
}

type AnyData = Operand['data']

function allocate(type: ValueType, rows: number): AnyData {
  if (type === 'text') return new Array<string>(rows)
  if (type === 'boolean') return new Uint8Array(rows)
  return type === 'integer' ? new BigInt64Array(rows) : numbersFor(rows)
}

function copy(from: AnyData, to: AnyData, start: number, count: number): void {
  if (Array.isArray(to)) {
    for (let i = 0; i < count; i++) to[start + i] = (from as string[])[i]!
    return
  }
  const whole = from as Float64Array
  ;(to as Float64Array).set(whole.length === count ? whole : whole.subarray(0, count), start)
}
