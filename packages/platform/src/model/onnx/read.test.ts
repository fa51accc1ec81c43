import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { deriveSignature } from '../signature/derive.ts'
import { fails, makeOnnx, onnxFile } from '../test-support.ts'
import { requireExternalData } from './external.ts'
import { onnxFacts } from './facts.ts'
import { onnxGraph } from './graph.ts'
import { everyNode } from './model.ts'
import { requireOperators } from './operators.ts'
import { WireWriter } from './protobuf.ts'
import { readOnnx } from './read.ts'
import { rewriteOnnx } from './rewrite.ts'

describe('reading ONNX files', () => {
  it('reads a classifier of skl2onnx: versions, producer, inputs, outputs, nodes', () => {
    const model = readOnnx(onnxFile('credit_v1'))
    assert.equal(model.irVersion, 8)
    assert.deepEqual(
      [...model.opsets],
      [
        ['ai.onnx.ml', 1],
        ['ai.onnx', 17],
      ],
    )
    assert.equal(`${model.producer} ${model.producerVersion}`, 'skl2onnx 1.20.0')
    assert.equal(model.graph.inputs.length, 9)
    assert.deepEqual(model.graph.inputs[1], { name: 'sex', type: { kind: 'tensor', elementType: 8, dimensions: [null, 1] } })
    const [label, probability] = model.graph.outputs
    assert.equal(label?.name, 'output_label')
    assert.deepEqual(probability?.type, {
      kind: 'sequence',
      element: { kind: 'map', keyType: 7, value: { kind: 'tensor', elementType: 1, dimensions: undefined } },
    })
    assert.equal(model.graph.nodes.filter((node) => node.operator === 'OneHotEncoder' && node.domain === 'ai.onnx.ml').length, 5)
  })

  it('reads named dimensions, metadata and odd names', () => {
    const named = readOnnx(onnxFile('hm-several-in-out'))
    assert.deepEqual(named.graph.inputs[2]?.type, { kind: 'tensor', elementType: 6, dimensions: ['N', 1] })
    assert.ok(readOnnx(onnxFile('hm-metadata')).metadata.size > 0)
    assert.deepEqual(
      readOnnx(onnxFile('hm-names-odd')).graph.inputs.map((value) => value.name),
      ['input/größe:0', 'a b'],
    )
  })

  it('leaves initializers out of the inputs, also where the file lists them', () => {
    const { graph } = readOnnx(onnxFile('hm-initializers-as-inputs'))
    assert.deepEqual(
      graph.inputs.map((value) => value.name),
      ['x'],
    )
    assert.deepEqual(
      graph.initializers.map((tensor) => [tensor.name, tensor.dimensions, tensor.elementType, tensor.sizeBytes]),
      [
        ['scale', [2], 1, 8],
        ['shift', [2], 1, 8],
      ],
    )
  })

  it('reads subgraphs and local functions', () => {
    const operators = (name: string) => [...everyNode(readOnnx(onnxFile(name)))].map(({ node }) => node.operator)
    assert.ok(operators('hm-if').length > readOnnx(onnxFile('hm-if')).graph.nodes.length)
    const local = readOnnx(onnxFile('hm-local-function'))
    assert.deepEqual(
      local.functions.map((body) => `${body.domain} ${body.name}`),
      ['local.ops ScaleShift'],
    )
    assert.ok(operators('hm-local-function').includes('Mul'))
  })

  it('says what a file is that is not ONNX', () => {
    const cases: [string | Uint8Array, RegExp][] = [
      ['', /m\.onnx is not an ONNX file: it is empty/],
      ['hello', /it is text/],
      ['{"learner": {}}', /XGBoost/],
      ['{"a": {}}', /JSON/],
      ['<html>', /HTML/],
      ['tree\nversion=v4\n', /LightGBM/],
      ['version https://git-lfs.github.com/spec/v1\noid sha256:00\n', /Git LFS/],
      [Uint8Array.of(0x80, 5, 0x95), /pickle/],
      [Uint8Array.of(0x50, 0x4b, 3, 4), /ZIP/],
      [Uint8Array.of(0x08, 8), /no graph at byte 2/],
      [new WireWriter().varint(1, 8).message(7, new WireWriter()).finish(), /no operator-set version/],
      [new WireWriter().message(7, new WireWriter()).finish(), /no version of the file format/],
      [new WireWriter().varint(1, 8).message(7, new WireWriter()).message(7, new WireWriter()).finish(), /second graph at byte 4/],
    ]
    for (const [content, detail] of cases) {
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
      assert.throws(() => readOnnx(bytes, 'm.onnx'), fails('model-file-invalid', detail))
    }
  })

  it('refuses a truncated file, naming the byte', () => {
    const bytes = onnxFile('credit_v1')
    assert.throws(() => readOnnx(bytes.subarray(0, 1500), 'm.onnx'), fails('model-file-invalid', /m\.onnx is not a readable ONNX file: .* at byte \d+/))
  })

  it('refuses subgraphs nested without end, negative sizes and nodes without operator', () => {
    let graph = new WireWriter().text(2, 'leaf')
    for (let level = 0; level < 60; level += 1) {
      const attribute = new WireWriter().text(1, 'body').message(6, graph)
      graph = new WireWriter().message(1, new WireWriter().text(4, 'Loop').message(5, attribute))
    }
    const file = (body: WireWriter) => new WireWriter().varint(1, 8).message(7, body).message(8, new WireWriter().varint(2, 17)).finish()
    assert.throws(() => readOnnx(file(graph)), fails('model-file-invalid', /nested deeper/))
    const negative = new WireWriter().message(5, new WireWriter().varint(1, -4))
    assert.throws(() => readOnnx(file(negative)), fails('model-file-invalid', /dimension of -4/))
    assert.throws(() => readOnnx(makeOnnx({ nodes: [{ op: '' }] })), fails('model-file-invalid', /names no operator/))
  })
})

/** The whole path of an import over bytes that may be anything. */
function digest(bytes: Uint8Array): void {
  const model = readOnnx(bytes)
  onnxGraph(model)
  onnxFacts(model, [])
  requireExternalData(model, [])
  requireOperators(model)
  const rewritten = rewriteOnnx(model)
  deriveSignature(readOnnx(rewritten.bytes), rewritten.classes)
}

/** Small deterministic generator (mulberry32), so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function attempt(bytes: Uint8Array, what: string): boolean {
  try {
    digest(bytes)
    return true
  } catch (error) {
    assert.ok(error instanceof FairleadError, `${what}: ${error instanceof Error ? error.stack : error}`)
    return false
  }
}

describe('hostile ONNX files', () => {
  for (const name of ['credit_v1', 'hm-if', 'hm-local-function', 'hm-external-data', 'hm-zipmap-int', 'onnx-mlp']) {
    it(`every truncation of ${name} is read or refused in words`, () => {
      const bytes = onnxFile(name)
      assert.ok(name === 'hm-external-data' || attempt(bytes, 'the whole file'))
      for (let length = 0; length < bytes.length; length += 1) attempt(bytes.subarray(0, length), `${length} bytes`)
    })

    it(`flipped bytes of ${name} are read or refused in words`, () => {
      const original = onnxFile(name)
      const next = random(7)
      let refused = 0
      for (let round = 0; round < 1500; round += 1) {
        const bytes = original.slice()
        const flips = 1 + Math.floor(next() * 4)
        for (let flip = 0; flip < flips; flip += 1) bytes[Math.floor(next() * bytes.length)] = Math.floor(next() * 256)
        if (!attempt(bytes, `round ${round}`)) refused += 1
      }
      assert.ok(refused > 100, `only ${refused} refused`)
    })
  }
})
