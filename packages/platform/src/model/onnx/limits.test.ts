import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fails, makeOnnx } from '../test-support.ts'
import { WireWriter } from './protobuf.ts'
import { readOnnx } from './read.ts'
import { NAME_LIMIT } from './reading.ts'
import { rewriteOnnx } from './rewrite.ts'

const MANY = 3_000_000

/** The same field again and again, as a message of two bytes where it is empty. */
function repeated(field: WireWriter, count: number): Uint8Array {
  return Buffer.alloc(field.finish().length * count, field.finish())
}

/** A model whose graph has these fields beside nothing. */
function withGraph(fields: Uint8Array, beside = new WireWriter()): Uint8Array {
  return new WireWriter().varint(1, 8).message(8, new WireWriter().varint(2, 17)).message(7, new WireWriter().raw(fields)).raw(beside.finish()).finish()
}

const empty = () => new WireWriter()
const node = (part: Uint8Array) => new WireWriter().message(1, new WireWriter().text(4, 'Add').raw(part)).finish()

/** Runs `check` and tells how long this process worked for it, in milliseconds. */
function costOf(check: () => void): number {
  const start = process.cpuUsage()
  check()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

describe('what a small file can ask for', () => {
  const floods: Record<string, () => Uint8Array> = {
    initializers: () => withGraph(repeated(empty().message(5, empty()), MANY)),
    'sparse initializers': () => withGraph(repeated(empty().message(15, empty().message(1, empty())), MANY)),
    inputs: () => withGraph(repeated(empty().message(11, empty()), MANY)),
    outputs: () => withGraph(repeated(empty().message(12, empty()), MANY)),
    nodes: () => withGraph(repeated(empty().message(1, empty().text(4, 'A')), MANY)),
    'inputs of a node': () => withGraph(node(repeated(empty().text(1, ''), 2 * MANY))),
    'attributes of a node': () => withGraph(node(repeated(empty().message(5, empty()), MANY))),
    'subgraphs of an attribute': () =>
      withGraph(
        node(
          empty()
            .message(5, empty().raw(repeated(empty().message(11, empty()), MANY)))
            .finish(),
        ),
      ),
    'tensors of an attribute': () =>
      withGraph(
        node(
          empty()
            .message(5, empty().raw(repeated(empty().message(10, empty()), MANY)))
            .finish(),
        ),
      ),
    functions: () => withGraph(new Uint8Array(), empty().raw(repeated(empty().message(25, empty()), MANY))),
    'operator sets': () => withGraph(new Uint8Array(), empty().raw(repeated(empty().message(8, empty()), MANY))),
    metadata: () => withGraph(new Uint8Array(), empty().raw(repeated(empty().message(14, empty()), MANY))),
    names: () => withGraph(node(repeated(empty().text(1, 'x'.repeat(NAME_LIMIT)), 70_000))),
  }
  for (const [what, bytes] of Object.entries(floods)) {
    it(`is bounded for ${what}`, () => {
      const file = bytes()
      const millis = costOf(() => assert.throws(() => readOnnx(file), fails('model-too-large', /more nodes, tensors, values and names/)))
      assert.ok(millis < 5000, `${millis} ms`)
    })
  }

  it('names the name and the tensor that are too long', () => {
    const named = (length: number) => () => readOnnx(makeOnnx({ inputs: [{ name: 'x'.repeat(length) }] }))
    assert.equal(named(NAME_LIMIT)().graph.inputs[0]?.name.length, NAME_LIMIT)
    assert.throws(named(NAME_LIMIT + 1), fails('model-file-invalid', /a name has 4097 bytes; at most 4096/))
    const flat = (length: number) => () => readOnnx(makeOnnx({ initializers: [empty().bytes(1, Buffer.alloc(length, 1))] }))
    assert.equal(flat(64)().graph.initializers[0]?.dimensions.length, 64)
    assert.throws(flat(10_000_000), fails('model-file-invalid', /more than 64 numbers/))
    assert.throws(
      () => readOnnx(makeOnnx({ initializers: [empty().raw(repeated(empty().varint(1, 1), 65))] })),
      fails('model-file-invalid', /more than 64 dim/),
    )
  })

  it('keeps the beginning of long descriptions', () => {
    const model = readOnnx(
      withGraph(
        new Uint8Array(),
        empty()
          .text(6, 'ä'.repeat(1_000_000))
          .message(14, empty().text(1, 'k').text(2, 'v'.repeat(1_000_000))),
      ),
    )
    assert.equal(model.description, 'ä'.repeat(20_000))
    assert.equal(model.metadata.get('k')?.length, 40_000)
  })

  it('refuses more inputs and outputs than a signature can have', () => {
    const values = Array.from({ length: 10_001 }, (_, index) => ({ name: `x${index}` }))
    assert.throws(() => readOnnx(makeOnnx({ inputs: values })), fails('model-too-large', /10001 inputs; at most 10000/))
    assert.throws(() => readOnnx(makeOnnx({ outputs: values })), fails('model-too-large', /10001 outputs; at most 10000/))
  })

  it('reads labels up to a limit, and each list once', () => {
    const sequence = empty().message(4, empty().message(1, empty().message(5, empty().varint(1, 8))))
    const outputs = Array.from({ length: 5000 }, (_, index) => `o${index}`)
    const model = (labels: number) => {
      const attribute = empty()
        .text(1, 'classlabels_strings')
        .raw(repeated(empty().text(9, 'a'), labels))
      const zip = empty().text(1, 'x').text(4, 'ZipMap').text(7, 'ai.onnx.ml').message(5, attribute)
      for (const name of outputs) zip.text(2, name)
      const graph = empty().message(1, zip)
      for (const name of outputs) graph.message(12, empty().text(1, name).message(2, sequence))
      return withGraph(graph.finish(), empty().message(8, empty().text(1, 'ai.onnx.ml').varint(2, 1)))
    }
    assert.throws(() => rewriteOnnx(readOnnx(model(100_001))), fails('model-too-large', /lists more than 100000 values/))
    const millis = costOf(() => assert.equal(rewriteOnnx(readOnnx(model(50_000))).classes.get('o4999')?.length, 50_000))
    assert.ok(millis < 3000, `${millis} ms`)
  })

  it('finds the operators of many outputs in one pass', () => {
    const graph = empty()
    for (let index = 0; index < 80_000; index += 1) graph.message(1, empty().text(2, `t${index}`).text(4, 'Abs'))
    const attribute = empty().text(1, 'classlabels_strings').text(9, 'a')
    const sequence = empty().message(4, empty())
    for (let index = 0; index < 10_000; index += 1) {
      graph.message(1, empty().text(1, 't0').text(2, `o${index}`).text(4, 'ZipMap').text(7, 'ai.onnx.ml').message(5, attribute))
      graph.message(12, empty().text(1, `o${index}`).message(2, sequence))
    }
    const model = readOnnx(withGraph(graph.finish()))
    const millis = costOf(() => assert.equal(rewriteOnnx(model).classes.size, 10_000))
    assert.ok(millis < 3000, `${millis} ms`)
  })
})
