import { FairleadError, isInteger, type Row, type Signature, writeJson } from '@fairlead/contract'
import { inferRequest } from '../conformance/index.ts'
import { random } from './schedule.ts'
import type { BenchRequest } from './types.ts'

/** Most different requests; they take turns, so that no cache is flattered. */
const MOST_REQUESTS = 64

/** The ways to ask a deployment. */
export const INTERFACES = ['rows', 'oip', 'oip-binary', 'grpc'] as const
export type BenchInterface = (typeof INTERFACES)[number]

/** An input of a server of the Open Inference Protocol, as its metadata say. */
export interface TensorInput {
  name: string
  datatype: string
  shape: number[]
}

/** What requests are made of. */
export interface RequestPlan {
  deployment: string
  interface: BenchInterface
  rows: readonly Row[]
  rowsPerRequest: number
  columns: Signature['columns']
  /** The inputs of the tensor protocol; not needed for rows. */
  inputs: readonly TensorInput[]
}

/** Requests of `rowsPerRequest` rows each, of the rows in turn. Throws `not-supported` where a tensor cannot be made of columns. */
export function requestsOf(plan: RequestPlan): BenchRequest[] {
  const { rows, rowsPerRequest } = plan
  if (rows.length === 0) throw new FairleadError('rows-empty', 'There are no rows to ask with.')
  const count = Math.min(MOST_REQUESTS, Math.max(1, Math.ceil(rows.length / Math.min(rowsPerRequest, rows.length))), rows.length)
  return Array.from({ length: count }, (_, at) => {
    const own = Array.from({ length: rowsPerRequest }, (_, row) => rows[(at * rowsPerRequest + row) % rows.length]!)
    return plan.interface === 'rows' ? rowsRequest(plan, own) : tensorRequest(plan, own)
  })
}

function rowsRequest({ deployment }: RequestPlan, rows: Row[]): BenchRequest {
  return {
    path: `/v1/deployments/${encodeURIComponent(deployment)}/predict`,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(writeJson({ rows })),
    member: 'predictions',
    entries: rows.length,
  }
}

function tensorRequest(plan: RequestPlan, rows: Row[]): BenchRequest {
  const tensors = plan.inputs.map((input) => ({ ...input, ...valuesOf(input, plan.columns, rows) }))
  if (plan.interface === 'grpc') return { path: '/inference.GRPCInferenceService/ModelInfer', headers: {}, body: messageOf(plan, tensors), member: 'outputs' }
  const path = `/v2/models/${encodeURIComponent(plan.deployment)}/infer`
  const common = { path, member: 'outputs' as const }
  if (plan.interface === 'oip') {
    const inputs = tensors.map(({ name, datatype, shape, values }) => ({ name, datatype, shape, data: values }))
    return { ...common, headers: { 'content-type': 'application/json' }, body: Buffer.from(writeJson({ inputs })) }
  }
  const parts = tensors.map(({ name, datatype, values }) => binaryOf(name, datatype, values))
  const inputs = tensors.map(({ name, datatype, shape }, at) => ({ name, datatype, shape, parameters: { binary_data_size: parts[at]!.length } }))
  const head = Buffer.from(writeJson({ inputs }))
  const headers = { 'content-type': 'application/octet-stream', 'inference-header-content-length': String(head.length) }
  return { ...common, headers, body: Buffer.concat([head, ...parts]) }
}

/** A `ModelInferRequest` with raw contents, as clients send it. */
function messageOf({ deployment }: RequestPlan, tensors: readonly (TensorInput & { values: unknown[] })[]): Buffer {
  const raw = tensors.map(({ name, datatype, values }) => binaryOf(name, datatype, values))
  const inputs = tensors.map(({ name, datatype, shape }) => ({ name, datatype, shape, values: [] }))
  return inferRequest({ model: deployment, form: 'raw', inputs, raw })
}

/** The values of one tensor, flat: a column of the same name, or the columns that are laid side by side in it. */
function valuesOf({ name, shape }: TensorInput, columns: Signature['columns'], rows: Row[]): { shape: number[]; values: unknown[] } {
  const named = columns.filter((column) => column.name === name)
  const own = named.length === 1 ? named : columns.filter(({ tensor }) => tensor === name).sort((a, b) => (a.index ?? 0) - (b.index ?? 0))
  if (own.length === 0)
    throw new FairleadError('not-supported', `The input "${name}" of the tensor interface has no column, so no request can be made of rows.`)
  const values = rows.flatMap((row) => own.flatMap((column) => [row[column.name]].flat(Number.POSITIVE_INFINITY)))
  if (values.some((value) => value === undefined || value === null)) {
    throw new FairleadError(
      'not-supported',
      `The rows leave values of "${name}" out, and a tensor has no place for what is missing: fill them, or use --interface rows.`,
    )
  }
  const inner = values.length / rows.length
  return { shape: [rows.length, ...(shape.length <= 2 ? shape.slice(1).map(() => inner) : shape.slice(1))], values }
}

const WRITERS: Record<string, (view: DataView, at: number, value: never) => void> = {
  BOOL: (view, at, value: boolean) => view.setUint8(at, value ? 1 : 0),
  INT8: (view, at, value: number) => view.setInt8(at, value),
  INT16: (view, at, value: number) => view.setInt16(at, value, true),
  INT32: (view, at, value: number) => view.setInt32(at, value, true),
  INT64: (view, at, value: number) => view.setBigInt64(at, BigInt(value), true),
  UINT8: (view, at, value: number) => view.setUint8(at, value),
  UINT16: (view, at, value: number) => view.setUint16(at, value, true),
  UINT32: (view, at, value: number) => view.setUint32(at, value, true),
  UINT64: (view, at, value: number) => view.setBigUint64(at, BigInt(value), true),
  FP32: (view, at, value: number) => view.setFloat32(at, value, true),
  FP64: (view, at, value: number) => view.setFloat64(at, value, true),
}

const SIZES: Record<string, number> = { BOOL: 1, INT8: 1, UINT8: 1, INT16: 2, UINT16: 2, INT32: 4, UINT32: 4, FP32: 4, INT64: 8, UINT64: 8, FP64: 8 }

function binaryOf(name: string, datatype: string, values: unknown[]): Buffer {
  if (datatype === 'BYTES') {
    return Buffer.concat(
      values.flatMap((value) => {
        const text = Buffer.from(String(value))
        const length = Buffer.alloc(4)
        length.writeUInt32LE(text.length)
        return [length, text]
      }),
    )
  }
  const [size, write] = [SIZES[datatype], WRITERS[datatype]]
  if (!size || !write)
    throw new FairleadError('not-supported', `The input "${name}" is ${datatype}, which this benchmark does not write as binary: use --interface oip.`)
  const bytes = Buffer.alloc(values.length * size)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (const [at, value] of values.entries()) write(view, at * size, value as never)
  return bytes
}

/** Rows made up from a signature: within its limits, of its values, the same for the same seed. */
export function inventRows(columns: Signature['columns'], count: number, seed: number): Row[] {
  const next = random(seed)
  return Array.from({ length: count }, () => Object.fromEntries(columns.map((column) => [column.name, inventValue(column, next)])))
}

function inventValue(column: Signature['columns'][number], next: () => number): unknown {
  const one = () => inventScalar(column, next)
  const fill = ([size, ...rest]: number[]): unknown => (size === undefined ? one() : Array.from({ length: Math.max(1, size) }, () => fill(rest)))
  return fill(column.shape ?? [])
}

function inventScalar({ type, min, max, values }: Signature['columns'][number], next: () => number): unknown {
  if (values && values.length > 0) return values[Math.floor(next() * values.length)]
  if (type === 'string') return `text ${Math.floor(next() * 100)}`
  if (type === 'bool') return next() < 0.5
  const low = min ?? (max === undefined ? 0 : Math.min(0, max - 1))
  const high = max ?? low + (isInteger(type) ? 100 : 1)
  const value = low + next() * (high - low)
  if (!isInteger(type)) return Number(value.toPrecision(6))
  return Math.min(Math.floor(high), Math.max(Math.ceil(low), Math.round(value)))
}
