import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkForm } from '../form/check/index.ts'
import { field, type MadeAttribute, type MadeModel, makeModel, stumps } from '../testing/onnx.ts'
import { random } from '../testing/random.ts'
import { UnreadableModel, type UnreadableReason } from '../unreadable.ts'
import { readOnnx } from './index.ts'

const ML = 'ai.onnx.ml'
const X = { name: 'x', shape: ['N', 2] } as const
const Y = { name: 'y' } as const

function refuses(bytes: Uint8Array, reason: UnreadableReason, why: RegExp): void {
  assert.throws(
    () => readOnnx(bytes),
    (error) => {
      assert.ok(error instanceof UnreadableModel, String(error))
      assert.equal(error.reason, reason, error.message)
      assert.match(error.message, why)
      return true
    },
  )
}

function neg(more: Partial<MadeModel> = {}): Uint8Array {
  return makeModel({ nodes: [{ op: 'Neg', in: ['x'], out: ['y'] }], inputs: [X], outputs: [Y], ...more })
}

test('what is no ONNX file, or one that ends too early', () => {
  refuses(new Uint8Array(0), 'malformed', /no graph/)
  refuses(new TextEncoder().encode('{"learner": {}}'), 'malformed', /byte/)
  const whole = neg()
  assert.equal(readOnnx(whole).steps.length, 1)
  const ends = Array.from(whole.keys()).filter((length) => {
    try {
      return readOnnx(whole.subarray(0, length)).steps.length > 0
    } catch (error) {
      assert.ok(error instanceof UnreadableModel)
      return false
    }
  })
  assert.ok(ends.length <= 1, 'only the last field, a version that is not needed, may be missing')
})

test('lengths, numbers and nesting that lie', () => {
  refuses(Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f), 'malformed', /runs past the end/)
  refuses(Uint8Array.of(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f), 'malformed', /more than 64 bits/)
  refuses(Uint8Array.of(0x0b), 'malformed', /wire type 3/)
  refuses(Uint8Array.of(0x00), 'malformed', /no field number 0/)
})

test('graphs nested a hundred thousand deep are not followed', () => {
  const heads: number[][] = []
  let length = 0
  for (let level = 0; level < 100_000; level += 1) {
    // a graph in an attribute, in a node, in that graph
    const head = field([6, 5, 1][level % 3]!, new Uint8Array(0)).slice(0, -1)
    const size: number[] = []
    for (let rest = length; ; rest = Math.floor(rest / 128)) {
      size.push((rest % 128) + (rest > 127 ? 128 : 0))
      if (rest < 128) break
    }
    heads.push([...head, ...size])
    length += head.length + size.length
  }
  const graph = Uint8Array.from(heads.reverse().flat())
  const nodes = Uint8Array.from([...field(1, Uint8Array.from([...field(1, 'x'), ...field(2, 'y'), ...field(4, 'If'), ...field(5, graph)]))])
  const opset = field(8, Uint8Array.from([...field(1, ''), ...field(2, 21)]))
  refuses(Uint8Array.from([...field(1, 8), ...field(7, nodes), ...opset]), 'unsupported', /node 0 \(If\)/)
})

test('versions that are not known', () => {
  refuses(neg({ ir: 99 }), 'unsupported', /version 99 of the file format/)
  refuses(neg({ opset: 999 }), 'unsupported', /version 999 of ai\.onnx/)
  refuses(neg({ opset: 6 }), 'unsupported', /version 6 of ai\.onnx/)
  refuses(neg({ ml: 6 }), 'unsupported', /version 6 of ai\.onnx\.ml/)
})

test('all operators that are not read are named, with their nodes', () => {
  const nodes = [
    { op: 'Scan', in: ['x'], out: ['a'], name: 'the scan' },
    { op: 'Neg', in: ['a'], out: ['b'] },
    { op: 'Tokenizer', domain: 'com.microsoft', in: ['b'], out: ['y'] },
  ]
  refuses(neg({ nodes }), 'unsupported', /node "the scan" \(Scan\), node 2 \(com\.microsoft:Tokenizer\): these operators are not read/)
  const known = [
    { op: 'ReduceSum', in: ['x'], out: ['a'], name: 'all' },
    { op: 'Transpose', in: ['x'], out: ['b'] },
    { op: 'Cast', in: ['b'], out: ['c'], attributes: { to: 10 } },
    { op: 'Add', in: ['a', 'c'], out: ['y'] },
  ]
  refuses(neg({ nodes: known }), 'unsupported', /node "all" \(ReduceSum\): it brings rows together; node 2 \(Cast\): it casts to the ONNX type 10/)
  for (const op of ['__proto__', 'constructor', 'toString'])
    refuses(neg({ nodes: [{ op, in: ['x'], out: ['y'] }] }), 'unsupported', /these operators are not read/)
})

test('inputs that are not rows of a known width', () => {
  const input = (shape: (string | number | null)[] | undefined, type = 'f32') =>
    neg({ inputs: [{ name: 'x', ...(shape ? { shape } : {}), type: type as 'f32' }] })
  refuses(input(undefined), 'unsupported', /input "x": it has no known dimensions/)
  refuses(input([]), 'unsupported', /it has 0 dimensions/)
  refuses(input([3, 2]), 'unsupported', /first dimension is 3/)
  refuses(input(['N', null]), 'unsupported', /second dimension is not a number/)
  refuses(input(['N', 0]), 'unsupported', /second dimension is 0/)
  refuses(input(['N', 2], 'u8'), 'unsupported', /ONNX type 2/)
  refuses(neg({ inputs: [X, { name: 'z', shape: ['M', 2] }] }), 'unsupported', /several names: N, M/)
  refuses(neg({ initializers: { x: { dims: [1], data: [0] } } }), 'unsupported', /callers may replace its default/)
})

test('names that nothing gives, that are given twice, or come too early', () => {
  refuses(neg({ nodes: [{ op: 'Neg', in: ['z'], out: ['y'] }] }), 'malformed', /node 0 \(Neg\): nothing before it gives "z"/)
  refuses(neg({ outputs: [{ name: 'z' }] }), 'malformed', /output "z": nothing gives it/)
  const nodes = [
    { op: 'Neg', in: ['b'], out: ['y'] },
    { op: 'Neg', in: ['x'], out: ['b'] },
  ]
  refuses(neg({ nodes }), 'malformed', /nothing before it gives "b"/)
  refuses(neg({ nodes: [...nodes.slice(1), ...nodes.slice(1)] }), 'malformed', /"b" is given twice/)
  refuses(neg({ inputs: [X, X] }), 'malformed', /two of this name/)
})

test('outputs that are not rows', () => {
  const constant = { nodes: [{ op: 'Neg', in: ['c'], out: ['y'] }], initializers: { c: { dims: [2], data: [1, 2] } } }
  refuses(neg(constant), 'unsupported', /output "y": it is the same for all rows/)
  refuses(neg({ nodes: [{ op: 'Transpose', in: ['x'], out: ['y'] }] }), 'unsupported', /rows are not along the first/)
  refuses(neg({ nodes: [{ op: 'Identity', in: ['x'], out: ['y'] }], inputs: [{ ...X, type: 'text' }] }), 'unsupported', /a text as it was given/)
})

test('constants whose values and shapes do not fit, or that lie elsewhere', () => {
  const add = (c: object) => neg({ nodes: [{ op: 'Add', in: ['x', 'c'], out: ['y'] }], initializers: { c: c as never } })
  refuses(add({ dims: [3], data: [1, 2] }), 'malformed', /initializer "c": it has 2 values, and its shape asks for 3/)
  refuses(add({ dims: [2 ** 40], data: [1] }), 'malformed', /a dimension of/)
  refuses(add({ type: 'u8', dims: [1], data: [1] }), 'unsupported', /ONNX type 2/)
  refuses(add({ type: 'f64', dims: [2], data: [1, 2] }), 'malformed', /f32 and f64 meet/)
  refuses(add({ dims: [3], data: [1, 2, 3] }), 'unsupported', /dimensions 3 and 2 meet/)
  refuses(
    add({ dims: [7, 2], data: Array.from({ length: 14 }, () => 1) }),
    'unsupported',
    /dimensions of the rows and 7 meet|dimensions 7 and of the rows meet/,
  )
})

test('shapes that would take more room than a row has', () => {
  const nodes = [
    { op: 'Expand', in: ['x', 'huge'], out: ['w'] },
    { op: 'Neg', in: ['w'], out: ['y'] },
  ]
  refuses(
    neg({ nodes, inputs: [{ name: 'x', shape: ['N', 1] }], initializers: { huge: { type: 'i64', dims: [2], data: [1, 2 ** 30] } } }),
    'too-large',
    /more than/,
  )
  const filled = [
    { op: 'ConstantOfShape', in: ['huge'], out: ['c'] },
    { op: 'Add', in: ['x', 'c'], out: ['y'] },
  ]
  refuses(neg({ nodes: filled, initializers: { huge: { type: 'i64', dims: [2], data: [2 ** 30, 2 ** 30] } } }), 'too-large', /more than/)
})

/** A regressor of so many trees of one split each, with what is wrong in `more`. */
function forest(more: Readonly<Record<string, MadeAttribute>>, trees = 2): Uint8Array {
  const leaves = Array.from({ length: trees * 2 }, (_, at) => at)
  const targets = {
    target_treeids: leaves.map((at) => at >> 1),
    target_nodeids: leaves.map((at) => 1 + (at & 1)),
    target_ids: leaves.map(() => 0),
    target_weights: { floats: leaves },
  }
  const attributes = stumps(trees, { ...targets, n_targets: 1, ...more })
  return neg({ nodes: [{ op: 'TreeEnsembleRegressor', domain: ML, name: 'forest', in: ['x'], out: ['y'], attributes }] })
}

test('trees that are none: the node, and what of it', () => {
  const cases: [Readonly<Record<string, MadeAttribute>>, RegExp][] = [
    [{ nodes_truenodeids: [0, 0, 0, 1, 0, 0] }, /node "forest" .*tree 0 comes to node 0 of the list twice/],
    [{ nodes_truenodeids: [2, 0, 0, 1, 0, 0] }, /tree 0 comes to node 2 of the list twice/],
    [{ nodes_truenodeids: [7, 0, 0, 1, 0, 0] }, /nodes_truenodeids\[0\] is 7/],
    [{ nodes_falsenodeids: [-1, 0, 0, 2, 0, 0] }, /nodes_falsenodeids\[0\] is -1/],
    [{ nodes_treeids: [0, 0, 0, 1, 1, 0] }, /nodes_treeids\[5\]: the tree 0 begins again/],
    [{ nodes_nodeids: [0, 1, 1, 0, 1, 2] }, /nodes_nodeids\[2\]: its tree has two nodes 1/],
    [{ nodes_nodeids: [0, 1, 2, 0, 1] }, /nodes_nodeids has 5 elements for 6 nodes/],
    [{ nodes_values: { floats: [1] } }, /nodes_values has 1 elements for 6 nodes/],
    [{ nodes_modes: ['BRANCH_LT', 'LEAF', 'LEAF'] }, /nodes_modes has 3 elements for 6 nodes/],
    [{ nodes_modes: ['BRANCH_LT', 'LEAF', 'LEAF', 'BRANCH_XX', 'LEAF', 'LEAF'] }, /nodes_modes\[3\] is "BRANCH_XX"/],
    [{ nodes_modes: ['LEAF', 'LEAF', 'LEAF', 'BRANCH_LT', 'LEAF', 'LEAF'] }, /has no weight|no tree comes to node 1/],
    [{ nodes_featureids: [2, 0, 0, 1, 0, 0] }, /nodes_featureids\[0\] is 2, and a row has 2 columns/],
    [{ nodes_featureids: [-1, 0, 0, 1, 0, 0] }, /nodes_featureids\[0\] is -1/],
    [{ target_nodeids: [1, 2, 0, 2] }, /target_nodeids\[2\]: tree 1 has no leaf 0/],
    [{ target_ids: [0, 0, 0, 1] }, /target_ids\[3\] is 1 of 1/],
    [{ target_weights: { floats: [1] } }, /has 4 elements for 1 nodes/],
    [{ n_targets: 0 }, /n_targets is 0/],
    [{ n_targets: 2 ** 40 }, /n_targets is/],
    [{ nodes_values: [1, 2] }, /the attribute nodes_values is of attribute type 7 where floats belongs/],
    [{ aggregate_function: 'MEDIAN' }, /no aggregate_function MEDIAN/],
    [{ post_transform: 'CUBE' }, /no post_transform CUBE/],
    [{ base_values: { floats: [1, 2, 3] } }, /3 base values for 1 outputs/],
    [{ nodes_treeids: [], nodes_nodeids: [], nodes_featureids: [], nodes_modes: [], nodes_values: { floats: [] } }, /no trees|is of attribute type/],
  ]
  for (const [more, why] of cases) refuses(forest(more), 'malformed', why)
  assert.equal(readOnnx(forest({})).steps.length, 1)
  // tree 1 leads to itself through its own leaf's number
  refuses(forest({ nodes_modes: ['BRANCH_LT', 'BRANCH_LT', 'LEAF', 'BRANCH_LT', 'LEAF', 'LEAF'] }), 'malformed', /tree 0 comes to node 0 of the list twice/)
})

test('nodes may stand in any order, with any numbers', () => {
  const numbers = { nodes_nodeids: [40, 7, 9, 0, 1, 2], nodes_truenodeids: [7, 0, 0, 1, 0, 0], nodes_falsenodeids: [9, 0, 0, 2, 0, 0] }
  const form = readOnnx(forest({ ...numbers, nodes_treeids: [5, 5, 5, 2, 2, 2], target_treeids: [5, 5, 2, 2], target_nodeids: [7, 9, 1, 2] }))
  const [step] = form.steps
  assert.ok(step?.op === 'trees')
  assert.deepEqual([...step.trees.roots], [0, 3])
  assert.deepEqual([...step.trees.value], [0.5, 0, 1, 0.5, 2, 3])
})

const CASES = join(import.meta.dirname, '../../../../test/models/cases/onnx')
const BROKEN = [
  'hm-tree5-member',
  'hm-treec-softmax',
  'hm-linear-classifier',
  'hm-label-encoder',
  'hm-sparse-initializer',
  'onnx-kbins',
  'onnx-voting',
  'onnx-table-onehot-logistic',
]

/** Bytes changed, cut out, repeated or put in anywhere. */
function mutated(bytes: Uint8Array, next: () => number): Uint8Array {
  const below = (n: number) => Math.floor(next() * n)
  const kind = below(5)
  const at = below(bytes.length)
  const length = 1 + below(kind === 0 ? 4 : 40)
  if (kind === 0) return bytes.with(at, below(256))
  if (kind === 1) return bytes.map((byte, place) => (place >= at && place < at + length ? below(256) : byte))
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(kind === 2 ? Math.min(bytes.length, at + length) : at)]
  const middle = kind === 3 ? bytes.subarray(at, at + length) : kind === 4 ? Uint8Array.from({ length }, () => below(256)) : new Uint8Array(0)
  return Uint8Array.from([...head, ...middle, ...tail])
}

test('files changed anywhere are read as sound forms or refused, each in little time', () => {
  const next = random(2026)
  let read = 0
  for (const name of BROKEN) {
    const bytes = new Uint8Array(readFileSync(join(CASES, name, 'model.onnx')))
    for (let round = 0; round < 400; round += 1) {
      const changed = mutated(round % 3 === 0 ? mutated(bytes, next) : bytes, next)
      const began = performance.now()
      try {
        checkForm(readOnnx(changed))
        read += 1
      } catch (error) {
        assert.ok(error instanceof UnreadableModel, `${name}, round ${round}: ${error instanceof Error ? error.stack : String(error)}`)
      }
      assert.ok(performance.now() - began < 5000, `${name}, round ${round} takes too long`)
    }
  }
  assert.ok(read > 40, `${read} of the changed files are read`)
})
