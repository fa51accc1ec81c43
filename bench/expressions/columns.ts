import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Column, Frame } from '../../packages/platform/src/domain/pipeline/columns.ts'
import { SPECS } from './cases.ts'

/** Numbers in [0, 1), the same each time. */
function random(): () => number {
  let state = 0x2545f491
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

const PURPOSES = ['car', 'education', 'business', 'furniture', 'repairs', 'television', 'retraining', 'household appliances', 'other', 'holiday']
const NAMES = ['Anna', 'Hannah', 'Jean-Luc', 'María', 'Zoë', 'Friedrich', 'Li', 'Susanne', 'Bo', 'Konstantin']

/** Columns as `SPECS` names them. */
export function columns(rows: number): Frame {
  const next = random()
  const numbers = (of: () => number): Column => ({ type: 'number', data: Float64Array.from({ length: rows }, of) })
  const pick = (from: readonly string[]): string => from[Math.floor(next() * from.length)]!
  return [
    numbers(next),
    numbers(() => 0.001 + next()),
    numbers(() => 1 + next()),
    { ...numbers(next), nulls: Uint8Array.from({ length: rows }, () => +(next() < 0.1)) } as Column,
    { type: 'integer', data: BigInt64Array.from({ length: rows }, () => BigInt(1 + Math.floor(next() * 100_000))) },
    { type: 'time', data: Float64Array.from({ length: rows }, () => Math.floor(9e11 + next() * 8e11)) },
    // made of bytes, as texts that come from a request or a file are, so that no two rows share one
    { type: 'text', data: Array.from({ length: rows }, () => Buffer.from(pick(PURPOSES)).toString()) },
    { type: 'text', data: Array.from({ length: rows }, () => Buffer.from(`${pick(NAMES)} ${Math.floor(next() * 1e6)} ${pick(NAMES)}`).toString()) },
  ]
}

/** Writes the columns where polars reads them. */
export function writeColumns(folder: string, frame: Frame): void {
  mkdirSync(folder, { recursive: true })
  for (const [place, { name }] of SPECS.entries()) {
    const { type, data, nulls } = frame[place]!
    if (nulls) writeFileSync(join(folder, `${name}.nulls`), nulls)
    if (type === 'text') writeFileSync(join(folder, `${name}.text`), data.join('\n'))
    else writeFileSync(join(folder, `${name}.${type === 'integer' ? 'i64' : 'f64'}`), new Uint8Array(data.buffer))
  }
}

/** Stops where an answer is another than the one that polars left. Functions whose last digit libraries differ in may be 1e-14 apart. */
export function compare(name: string, ours: Column, path: string): void {
  const nulls = readFileSync(`${path}.nulls`)
  const theirs = readData(ours, path)
  for (let row = 0; row < nulls.length; row++) {
    const isNull = ours.nulls?.[row] === 1
    const [mine, other] = [ours.data[row]!, theirs[row]!]
    const same = isNull ? nulls[row] === 1 : nulls[row] === 0 && (mine === other || near(Number(mine), Number(other)))
    if (!same) throw new Error(`${name}, row ${row}: ${isNull ? null : mine}, polars has ${nulls[row] === 1 ? null : other}`)
  }
}

function near(a: number, b: number): boolean {
  return Number.isNaN(a) ? Number.isNaN(b) : Math.abs(a - b) <= 1e-14 * Math.max(1, Math.abs(b))
}

function readData(like: Column, path: string): ArrayLike<number | bigint | string> {
  const bytes = readFileSync(path)
  if (like.type === 'boolean') return bytes
  if (like.type !== 'text') {
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
    return like.type === 'integer' ? new BigInt64Array(buffer) : new Float64Array(buffer)
  }
  const lengths = readFileSync(`${path}.lengths`)
  let at = 0
  return Array.from({ length: lengths.length / 4 }, (_, i) => {
    const from = at
    at += lengths.readInt32LE(i * 4)
    return bytes.toString('utf8', from, at)
  })
}
