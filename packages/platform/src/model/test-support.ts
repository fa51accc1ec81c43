import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type ErrorCode, FairleadError, type ProblemItem } from '@fairlead/contract'
import type { FileListing } from './files.ts'
import { WireWriter } from './onnx/protobuf.ts'

const FOLDER = join(import.meta.dirname, 'testdata')

/** Bytes of an ONNX file among the test data. */
export function onnxFile(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(FOLDER, 'onnx', `${name}.onnx`)))
}

/** A listing of files given as text or bytes. */
export function listing(files: Record<string, string | Uint8Array>): FileListing {
  const all = new Map(Object.entries(files).map(([path, data]) => [path, typeof data === 'string' ? new TextEncoder().encode(data) : data]))
  return {
    paths: [...all].map(([path, bytes]) => ({ path, size: bytes.length })),
    read: async (path) => all.get(path) ?? assert.fail(`${path} was read and is not listed`),
  }
}

/** The files of an MLflow directory among the test data, as a map to change before listing it. */
export function mlflowFiles(name: string): Record<string, string | Uint8Array> {
  const folder = join(FOLDER, 'mlflow', name)
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => statSync(join(folder, path)).isFile())
  return Object.fromEntries(paths.map((path) => [path, new Uint8Array(readFileSync(join(folder, path)))]))
}

/** A check that an error is a FairleadError of this code whose detail matches, for `assert.throws` and `assert.rejects`. */
export function fails(code: ErrorCode, detail: RegExp = /./, items?: (items: ProblemItem[]) => boolean): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof FairleadError, `${error} is not a FairleadError`)
    assert.equal(error.code, code, error.message)
    assert.match(error.message, detail)
    if (items) assert.ok(items(error.items), JSON.stringify(error.items))
    return true
  }
}

/** A hand-made value: name, element type by ONNX number, dimensions. */
export interface MadeValue {
  name: string
  type?: number
  shape?: (number | string)[]
}

/** A hand-made node. */
export interface MadeNode {
  op: string
  inputs?: string[]
  outputs?: string[]
  domain?: string
}

/** Writes a small ONNX file of float inputs and outputs. */
export function makeOnnx(parts: { inputs?: MadeValue[]; outputs?: MadeValue[]; nodes?: MadeNode[]; initializers?: WireWriter[]; opset?: number }): Uint8Array {
  const graph = new WireWriter().text(2, 'made')
  for (const { op, inputs = [], outputs = [], domain = '' } of parts.nodes ?? []) {
    const node = new WireWriter()
    for (const name of inputs) node.text(1, name)
    for (const name of outputs) node.text(2, name)
    graph.message(1, node.text(4, op).text(7, domain))
  }
  for (const tensor of parts.initializers ?? []) graph.message(5, tensor)
  for (const value of parts.inputs ?? []) graph.message(11, valueInfo(value))
  for (const value of parts.outputs ?? []) graph.message(12, valueInfo(value))
  const opset = new WireWriter().text(1, '').varint(2, parts.opset ?? 17)
  return new WireWriter().varint(1, 8).message(7, graph).message(8, opset).finish()
}

function valueInfo({ name, type = 1, shape }: MadeValue): WireWriter {
  const tensor = new WireWriter().varint(1, type)
  if (shape) {
    const dimensions = new WireWriter()
    for (const size of shape) dimensions.message(1, typeof size === 'number' ? new WireWriter().varint(1, size) : new WireWriter().text(2, size))
    tensor.message(2, dimensions)
  }
  return new WireWriter().text(1, name).message(2, new WireWriter().message(1, tensor))
}

/** An initializer whose values lie in another file. */
export function externalTensor(name: string, location: string, extra: Record<string, string> = {}): WireWriter {
  const tensor = new WireWriter().varint(1, 4).varint(2, 1).text(8, name)
  for (const [key, value] of Object.entries({ location, ...extra })) tensor.message(13, externalEntry(key, value))
  return tensor.varint(14, 1)
}

/** One fact of where a tensor's values lie. */
export function externalEntry(key: string, value: string): WireWriter {
  return new WireWriter().text(1, key).text(2, value)
}
