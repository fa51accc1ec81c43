import assert from 'node:assert/strict'
import { type DataType, FairleadError } from '@fairlead/contract'
import { type PipelineInput, pipeline as pipelineSchema } from '@fairlead/contract/control'
import type { Column } from '../columns.ts'
import { nameOf } from '../pipeline.ts'
import { Plan } from '../plan.ts'
import { Scope } from '../scope.ts'
import { compileStep } from '../steps/index.ts'
import { columnTypeOf } from '../values.ts'

type Cell = number | bigint | string | boolean | null
type Row = Record<string, Cell>

/** Columns of callers by name: their type, `?` behind it where they may be null. */
export type Columns = Record<string, DataType | `${DataType}?`>

function compile(steps: PipelineInput, columns: Columns): { plan: Plan; scope: Scope } {
  const plan = new Plan()
  const scope = new Scope(plan, [], new Set())
  for (const [name, type] of Object.entries(columns))
    scope.declare({ name, type: type.replace('?', '') as DataType, tensor: name, ...(type.endsWith('?') ? { optional: true } : {}) })
  for (const [index, step] of pipelineSchema.parse(steps).entries()) {
    scope.step = { index, name: nameOf(step) }
    assert.ok(!('model' in step))
    compileStep(step, scope)
  }
  return { plan, scope }
}

/** Steps before a model over rows: what every row is behind them. A null is given as null; columns come in the order of the pipeline. */
export function runSteps(steps: PipelineInput, columns: Columns, rows: readonly Row[]): Row[] {
  const { plan, scope } = compile(steps, columns)
  const places = scope.bindings().map((binding) => ({ name: binding.spec.name, nullable: binding.spec.nullable, place: scope.materialise(binding) }))
  const frame: Column[] = []
  for (const { place, source, name } of plan.phases[0]!.fills)
    frame[place] = columnFrom(
      rows.map((row) => row[source.tensor] ?? null),
      columnTypeOf(source.type),
      name,
    )
  for (const operation of plan.phases[0]!.operations) operation.run(frame, rows.length)
  return rows.map((_, row) =>
    Object.fromEntries(
      places.map(({ name, nullable, place }) => {
        const column = frame[place]!
        assert.ok(nullable || !column.nulls?.[row], `${name} is said to have a value in every row`)
        return [name, column.nulls?.[row] ? null : column.type === 'boolean' ? column.data[row] === 1 : column.data[row]!]
      }),
    ),
  )
}

function columnFrom(cells: readonly Cell[], type: 'number' | 'integer' | 'text' | 'boolean', name: string): Column {
  const marks = Uint8Array.from(cells, (cell) => (cell === null ? 1 : 0))
  const nulls = marks.includes(1) ? marks : undefined
  for (const cell of cells) assert.ok(cell === null || typeof cell === { number: 'number', integer: 'bigint', text: 'string', boolean: 'boolean' }[type], name)
  if (type === 'text') return { type, data: cells.map((cell) => (cell ?? '') as string), nulls }
  if (type === 'integer') return { type, data: BigInt64Array.from(cells, (cell) => (cell ?? 0n) as bigint), nulls }
  return type === 'boolean' ? { type, data: Uint8Array.from(cells, Number), nulls } : { type, data: Float64Array.from(cells, Number), nulls }
}

/** The refusal of steps over columns. */
export function refusalOf(steps: PipelineInput, columns: Columns): { message: string; path: string } {
  try {
    compile(steps, columns)
  } catch (error) {
    assert.ok(error instanceof FairleadError)
    assert.equal(error.code, 'pipeline-invalid')
    return { message: error.message, path: error.items[0]!.path }
  }
  assert.fail('the steps were accepted')
}
