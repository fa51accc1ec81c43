import { closeSync, openSync, writeSync } from 'node:fs'

/** A model file to make: complete trees of this depth. */
export interface Shape {
  readonly trees: number
  readonly depth: number
  readonly format: 'json' | 'ubjson' | 'pmml' | 'pmml-classifier'
  /** Only what a prediction needs: fewer bytes for a node than the library writes. */
  readonly terse?: boolean
}

const FEATURES = 30

/** Writes an XGBoost model (binary:logistic) of random splits; the same for the same shape. Gives the number of its nodes. */
export function writeXGBoost(path: string, { trees, depth, format, terse = false }: Shape): number {
  const file = openSync(path, 'w')
  const put = (piece: string | Uint8Array) => (typeof piece === 'string' ? writeSync(file, piece) : writeSync(file, piece))
  const encode = format === 'json' ? jsonTree : ubjsonTree
  put(format === 'json' ? jsonHead(trees) : ubjsonHead(trees))
  let nodes = 0
  for (let tree = 0; tree < trees; tree++) {
    const made = randomTree(tree, depth, terse)
    nodes += 2 ** (depth + 1) - 1
    if (format === 'json' && tree > 0) put(',')
    put(encode(made))
  }
  put(format === 'json' ? jsonTail() : ubjsonTail())
  closeSync(file)
  return nodes
}

type Arrays = Readonly<Record<string, Float32Array | Int32Array | Uint8Array>>

function randomTree(seed: number, depth: number, terse: boolean): Arrays {
  const nodes = 2 ** (depth + 1) - 1
  const inner = 2 ** depth - 1
  let state = (seed + 1) * 2654435761
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const isLeaf = (node: number) => node >= inner
  const integers = (value: (node: number) => number) => Int32Array.from({ length: nodes }, (_, node) => value(node))
  const floats = (value: (node: number) => number) => Float32Array.from({ length: nodes }, (_, node) => value(node))
  const needed = {
    default_left: Uint8Array.from({ length: nodes }, (_, node) => (isLeaf(node) ? 0 : Math.round(next()))),
    left_children: integers((node) => (isLeaf(node) ? -1 : 2 * node + 1)),
    right_children: integers((node) => (isLeaf(node) ? -1 : 2 * node + 2)),
    split_conditions: terse ? floats(() => Math.round(next() * 8)) : floats(() => next() * 4 - 2),
    split_indices: integers((node) => (isLeaf(node) ? 0 : Math.floor(next() * (terse ? 10 : FEATURES)))),
  }
  if (terse) return needed
  return {
    base_weights: floats(() => next() - 0.5),
    ...needed,
    loss_changes: floats((node) => (isLeaf(node) ? 0 : next() * 100)),
    parents: integers((node) => (node === 0 ? 0x7fffffff : (node - 1) >> 1)),
    split_type: new Uint8Array(nodes),
    sum_hessian: floats((node) => 2 ** (depth - Math.floor(Math.log2(node + 1))) * (1 + next())),
  }
}

const BEFORE = (trees: number) => ({
  gbtree_model_param: { num_parallel_tree: '1', num_trees: String(trees) },
  tree_info: new Array<number>(trees).fill(0),
})
const AFTER = {
  learner_model_param: { base_score: '[5E-1]', num_class: '0', num_feature: String(FEATURES), num_target: '1' },
  objective: { name: 'binary:logistic' },
}

function jsonHead(trees: number): string {
  return `{"learner":{"attributes":{},"feature_names":[],"gradient_booster":{"model":${JSON.stringify(BEFORE(trees)).slice(0, -1)},"trees":[`
}

function jsonTail(): string {
  return `]},"name":"gbtree"},${JSON.stringify(AFTER).slice(1, -1)}},"version":[3,2,0]}`
}

function jsonTree(arrays: Arrays): string {
  const members = Object.entries(arrays).map(([key, array]) => {
    const isFloat = array instanceof Float32Array
    return `"${key}":[${Array.from(array, (x) => (isFloat ? shortest(x) : String(x))).join(',')}]`
  })
  return `{${members.join(',')}}`
}

/** The digits that tell a float32 from all others, as the library writes them: `7.65E-1`. */
function shortest(x: number): string {
  if (Number.isInteger(x) && x >= 0 && x < 10) return String(x)
  for (let digits = 6; ; digits++)
    if (Math.fround(Number(x.toPrecision(digits))) === x) return Number(x.toPrecision(digits)).toExponential().replace('e', 'E').replace('+', '')
}

const utf8 = new TextEncoder()

function ubjsonText(text: string): Uint8Array {
  return Buffer.concat([ubjsonCount(text.length), utf8.encode(text)])
}

function ubjsonCount(count: number): Uint8Array {
  const bytes = Buffer.alloc(9)
  bytes.write('L')
  bytes.writeBigInt64BE(BigInt(count), 1)
  return bytes
}

function ubjson(value: unknown): Uint8Array {
  if (typeof value === 'string') return Buffer.concat([Buffer.from('S'), ubjsonText(value)])
  if (Array.isArray(value)) return ubjsonArray(Int32Array.from(value as number[]))
  const members = Object.entries(value as object).map(([key, member]) => Buffer.concat([ubjsonText(key), ubjson(member)]))
  return Buffer.concat([Buffer.from('{'), ...members, Buffer.from('}')])
}

function ubjsonArray(array: Float32Array | Int32Array | Uint8Array): Uint8Array {
  const type = array instanceof Float32Array ? 'd' : array instanceof Int32Array ? 'l' : 'U'
  const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength)
  return Buffer.concat([Buffer.from(`[$${type}#`), ubjsonCount(array.length), array instanceof Uint8Array ? bytes : bytes.swap32()])
}

function ubjsonHead(trees: number): Uint8Array {
  const open = (key: string) => [ubjsonText(key), Buffer.from('{')]
  return Buffer.concat([
    Buffer.from('{'),
    ...open('learner'),
    ...open('gradient_booster'),
    ...open('model'),
    Buffer.from(ubjson(BEFORE(trees))).subarray(1, -1),
    ubjsonText('trees'),
    Buffer.from('[#'),
    ubjsonCount(trees),
  ])
}

function ubjsonTail(): Uint8Array {
  const end = Buffer.from('}')
  const after = Buffer.from(ubjson(AFTER)).subarray(1)
  return Buffer.concat([end, ubjsonText('name'), ubjson('gbtree'), end, after, ubjsonText('version'), ubjson([3, 2, 0]), end])
}

function ubjsonTree(arrays: Arrays): Uint8Array {
  const members = Object.entries(arrays).map(([key, array]) => Buffer.concat([ubjsonText(key), ubjsonArray(array)]))
  return Buffer.concat([Buffer.from('{'), ...members, Buffer.from('}')])
}
