import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Zip } from '../archive/zip.ts'
import { checkForm } from '../form/check/index.ts'
import type { Form } from '../form/form.ts'
import { makeZip } from '../testing/zip.ts'
import { UnreadableModel, type UnreadableReason } from '../unreadable.ts'
import { readSkops } from './read.ts'
import { scanSkops } from './scan.ts'

const file = (name: string) => new Uint8Array(readFileSync(join(import.meta.dirname, 'testdata', `${name}.skops`)))

/** The members of a file, as they may be changed. */
function members(name: string): Map<string, Uint8Array> {
  const zip = new Zip(file(name))
  return new Map(zip.names().map((member) => [member, zip.read(member).slice()]))
}

const pack = (all: ReadonlyMap<string, Uint8Array>) => makeZip([...all].map(([name, data]) => ({ name, data })))

/** A file with its schema changed as text. */
function withSchema(name: string, change: (schema: string) => string): Uint8Array {
  const all = members(name)
  const schema = new TextDecoder().decode(all.get('schema.json'))
  const changed = change(schema)
  assert.notEqual(changed, schema)
  return pack(all.set('schema.json', new TextEncoder().encode(changed)))
}

function refused(bytes: Uint8Array, reason: UnreadableReason, what: RegExp): void {
  const start = performance.now()
  assert.throws(
    () => readSkops(bytes),
    (error) => error instanceof UnreadableModel && error.reason === reason && what.test(error.message),
  )
  assert.ok(performance.now() - start < 5000)
}

const schema = (text: string) => makeZip([{ name: 'schema.json', data: text, deflate: text.length > 1000 }])

test('refuses an archive without a schema, and a schema that is none', () => {
  refused(makeZip([{ name: 'a', data: '' }]), 'malformed', /schema\.json.*no skops file/)
  refused(schema('{'), 'malformed', /not JSON/)
  refused(schema('[1]'), 'malformed', /not an object/)
  refused(schema('{}'), 'malformed', /does not say its protocol/)
  refused(schema('{"protocol":true}'), 'malformed', /protocol/)
  refused(schema('{"protocol":3}'), 'unsupported', /protocol 3 is newer/)
  refused(schema('{"protocol":2}'), 'unsupported', /is not read/)
  refused(schema('{"protocol":2,"__proto__":{"__class__":"Pipeline"}}'), 'unsupported', /is not read/)
})

test('refuses a schema nested a hundred thousand deep, or stuffed with values', () => {
  refused(schema(`{"protocol":2,"content":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), 'malformed', /nested deeper than/)
  refused(schema(`{"protocol":2,"content":[${'[],'.repeat(1_000_000)}1]}`), 'too-large', /values in/)
  assert.throws(() => scanSkops(schema(`{"protocol":2,"content":${'{"a":'.repeat(100_000)}`)), UnreadableModel)
})

test('refuses a pipeline inside itself as deep as a schema may go, by its end', () => {
  const open =
    '{"__class__":"Pipeline","__module__":"sklearn.pipeline","__loader__":"ObjectNode","content":{"__loader__":"DictNode","content":{"steps":{"content":[{"content":[{},'
  const depth = 240
  refused(
    schema(
      `{"protocol":2,${open.slice(1).repeat(1)}${open.repeat(depth)}{"__class__":"Birch","__module__":"sklearn.cluster","__loader__":"ObjectNode"}${']}]}}}}'.repeat(depth + 1)}`,
    ),
    'unsupported',
    /Birch/,
  )
})

test('refuses references to objects elsewhere, so that nothing can go in a circle', () => {
  refused(
    withSchema('ridge', (text) =>
      text.replace(/"coef_": \{[^{}]*\}/, '"coef_": {"__class__": null, "__module__": null, "__loader__": "CachedNode", "__id__": 1}'),
    ),
    'unsupported',
    /coef_/,
  )
})

test('refuses classes of other libraries, and other modules under known names', () => {
  refused(
    withSchema('ridge', (text) => text.replace('"sklearn.linear_model._ridge"', '"evil.linear_model"')),
    'unsupported',
    /evil\.linear_model\.Ridge/,
  )
  refused(
    withSchema('tree-regressor', (text) => text.replaceAll('"sklearn.tree._tree"', '"evil"')),
    'unsupported',
    /tree_: evil\.Tree/,
  )
})

test('refuses a file that names a member which is not there, or another type of array', () => {
  refused(
    withSchema('ridge', (text) => text.replace(/"file": "\d+\.npy"/g, '"file": "../../etc/passwd"')),
    'malformed',
    /no such member/,
  )
  refused(
    withSchema('ridge', (text) => text.replaceAll('"type": "numpy"', '"type": "pickle"')),
    'unsupported',
    /array of numbers/,
  )
})

test('refuses arrays that lie about their size', () => {
  for (const [member, bytes] of members('ridge')) {
    if (!member.endsWith('.npy')) continue
    const text = new TextDecoder('latin1').decode(bytes)
    const at = text.indexOf("'shape': (")
    if (!text.includes('(5,)')) continue
    const lie = bytes.slice()
    lie.set(new TextEncoder().encode("'shape': (9,)"), at)
    refused(pack(members('ridge').set(member, lie)), 'malformed', /9 elements of 8 bytes do not fit/)
    return
  }
  assert.fail('no array of five numbers')
})

/** The array of nodes of a tree's file, changed. */
function withNodes(change: (view: DataView, record: number) => void): Uint8Array {
  const all = members('tree-classifier')
  for (const [member, bytes] of all) {
    const header = new TextDecoder('latin1').decode(bytes.subarray(0, 1000))
    if (!header.includes('left_child')) continue
    const start = 10 + new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true)
    change(new DataView(bytes.buffer, bytes.byteOffset + start), 64)
    return pack(all.set(member, bytes))
  }
  return assert.fail('no nodes')
}

test('refuses trees that are none: circles, shared nodes, children and columns out of range', () => {
  refused(
    withNodes((view) => view.setBigInt64(0, 0n, true)),
    'malformed',
    /nodes\[0\]: a child is node 0/,
  )
  refused(
    withNodes((view) => view.setBigInt64(8, view.getBigInt64(0, true), true)),
    'malformed',
    /reached twice/,
  )
  refused(
    withNodes((view) => view.setBigInt64(0, 999_999n, true)),
    'malformed',
    /a child is node 999999/,
  )
  refused(
    withNodes((view) => view.setBigInt64(0, -2n, true)),
    'malformed',
    /a child is node -2/,
  )
  refused(
    withNodes((view) => view.setBigInt64(16, 5n, true)),
    'malformed',
    /tests column 5 of 5/,
  )
  refused(
    withNodes((view) => view.setBigInt64(16, -7n, true)),
    'malformed',
    /tests column -7/,
  )
  refused(
    withNodes((view, record) => view.setBigInt64(record, -1n, true)),
    'malformed',
    /belong to no tree/,
  )
})

test('refuses unions of unions that double their columns at every level', () => {
  const leaf = '{"__class__":"str","__module__":"builtins","__loader__":"JsonNode","content":"\\"passthrough\\"","is_json":true}'
  const attributes = (list: string) =>
    `{"__class__":"FeatureUnion","__module__":"sklearn.pipeline","__loader__":"ObjectNode","content":{"__loader__":"DictNode","content":{"n_features_in_":{"__class__":"str","__module__":"builtins","__loader__":"JsonNode","content":"1000"},"transformer_list":{"__loader__":"ListNode","content":[${list}]}}}}`
  const pair = (item: string) => `{"__loader__":"TupleNode","content":[{},${item}]}`
  const steps = Array.from({ length: 30 }, () => pair(attributes(`${pair(leaf)},${pair(leaf)}`))).join(',')
  const pipeline = `{"protocol":2,"__class__":"Pipeline","__module__":"sklearn.pipeline","__loader__":"ObjectNode","content":{"__loader__":"DictNode","content":{"steps":{"__loader__":"ListNode","content":[${steps}]}}}}`
  refused(schema(pipeline), 'too-large', /columns/)
})

test('whatever bytes are changed, a file is read or refused, and soon', () => {
  for (const name of ['ridge', 'pipeline-logistic', 'tree-classifier', 'hist-categories']) {
    const all = members(name)
    for (let seed = 1; seed <= 150; seed += 1) {
      const changed = new Map(all)
      const names = [...all.keys()]
      const member = seed % 3 === 0 ? (names[seed % names.length] as string) : 'schema.json'
      const bytes = (all.get(member) as Uint8Array).slice()
      for (let k = 0; k < 1 + (seed % 4); k += 1)
        bytes[(Math.imul(seed * 97 + k, 2654435761) >>> 0) % bytes.length] = [0, 34, 45, 57, 91, 123, 125, 255][(seed + k) % 8] as number
      const start = performance.now()
      let form: Form | undefined
      try {
        form = readSkops(pack(changed.set(member, bytes)))
      } catch (error) {
        assert.ok(error instanceof UnreadableModel, `${name} ${seed}: ${(error as Error).stack}`)
      }
      if (form !== undefined) checkForm(form)
      assert.ok(performance.now() - start < 5000)
    }
  }
})

/** A pipeline of many scalers, whose constants are all one array of `columns` ones. */
function scalers(columns: number, many: number): Uint8Array {
  const text = (all: ReadonlyMap<string, Uint8Array>) => new TextDecoder().decode(all.get('schema.json'))
  const scaler = JSON.parse(text(members('standard')))
  const attributes = JSON.stringify(scaler.content.content)
    .replaceAll(/"file":"[^"]+"/g, '"file":"ones.npy"')
    .replace(/("n_features_in_":\{[^{}]*"content":")\d+"/, `$1${columns}"`)
  scaler.content.content = JSON.parse(attributes)
  const pipeline = JSON.parse(text(members('pipeline-logistic')))
  const { steps } = pipeline.content.content
  const [pair] = steps.content
  steps.content = Array.from({ length: many }, () => ({ ...pair, content: [pair.content[0], scaler] }))
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (${columns},), }\n`
  const ones = new Uint8Array(10 + header.length + columns * 8)
  ones.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0])
  ones.set(new TextEncoder().encode(header), 10)
  new Float64Array(columns).forEach((_, at) => {
    ones.set([0xf0, 0x3f], 10 + header.length + at * 8 + 6)
  })
  return makeZip([
    { name: 'schema.json', data: JSON.stringify(pipeline), deflate: true },
    { name: 'ones.npy', data: ones, deflate: true },
  ])
}

test('refuses objects that share large arrays, or go through many columns, more often than their file can justify', () => {
  assert.equal(readSkops(scalers(5, 3)).inputs[0]?.width, 5)
  refused(scalers(1_000_000, 20), 'too-large', /too often|too many/)
  refused(scalers(60_000, 60), 'too-large', /too often|too many/)
})
