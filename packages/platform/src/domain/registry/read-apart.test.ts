import assert from 'node:assert/strict'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { test } from 'node:test'
import { readModel } from '../../model/index.ts'
import { WireWriter } from '../../model/onnx/protobuf.ts'
import { fails, listing, makeOnnx, mlflowFiles, onnxFile } from '../../model/test-support.ts'
import { readApart } from './read-apart.ts'

const none = { signatureFile: undefined }
const identity = (name: string) =>
  makeOnnx({ nodes: [{ op: 'Identity', inputs: ['x'], outputs: [name] }], inputs: [{ name: 'x', shape: ['N'] }], outputs: [{ name, shape: ['N'] }] })

/** A file of tree weights one by one, each a field of its own: allowed, and long to read. */
function long(count: number): Uint8Array {
  const floats = Buffer.alloc(5 * count, Uint8Array.of(0x3d, 0, 0, 0, 0))
  const attribute = new WireWriter().text(1, 'a').raw(floats)
  const node = new WireWriter().text(1, 'x').text(2, 'y').text(4, 'Identity').message(5, attribute)
  return new WireWriter().varint(1, 8).message(8, new WireWriter().varint(2, 17)).message(7, new WireWriter().message(1, node)).finish()
}

test('a model read apart is the model read here', async () => {
  for (const files of [mlflowFiles('credit-risk'), mlflowFiles('v3-onnx-zipmap'), { 'model.onnx': onnxFile('credit_v1') }]) {
    // what it reads moves to the thread
    const expected = await readModel(listing(structuredClone(files)))
    assert.deepEqual(await readApart({ hereBytes: 0 })(listing(files), none), expected)
  }
})

test('errors keep their code, words and items', async () => {
  const read = readApart({ hereBytes: 0 })
  await assert.rejects(read(listing({ 'model.onnx': 'no model' }), none), fails('model-file-invalid', /model\.onnx is not an ONNX file: it is text/))
  const files = listing({ 'model.onnx': onnxFile('hm-external-data') })
  await assert.rejects(
    read(files, none),
    fails('model-data-missing', /weights\.bin/, ([item]) => item?.path === 'weights.bin'),
  )
  const signatureFile = 'inputs:\n  - { name: nope, type: int64 }\n'
  await assert.rejects(read(listing({ 'model.onnx': identity('y') }), { signatureFile }), fails('signature-invalid', /nope/))
  const broken = { ...listing({ 'model.onnx': identity('y') }), read: () => Promise.reject(new Error('the disk is gone')) }
  await assert.rejects(read(broken, none), /the disk is gone/)
})

test('a model that takes too long is given up, and this process goes on meanwhile', async () => {
  using delay = Object.assign(monitorEventLoopDelay({ resolution: 10 }), { [Symbol.dispose]: () => delay.disable() })
  const files = listing({ 'model.onnx': long(20_000_000) })
  delay.enable()
  await assert.rejects(readApart({ hereBytes: 0, millis: 300 })(files, none), fails('model-too-large', /takes more than 0\.3 s/))
  assert.ok(delay.max < 1e9, `the loop stood still for ${delay.max / 1e6} ms`)
})

test('the time that a slow disk takes does not count', async () => {
  const files = listing({ 'model.onnx': identity('y') })
  const slow = { ...files, read: (path: string) => new Promise<Uint8Array>((resolve) => setTimeout(() => resolve(files.read(path)), 6000)) }
  assert.equal((await readApart({ hereBytes: 0, millis: 5000 })(slow, none)).entry, 'model.onnx')
})

test('a model that takes too much memory is given up alone', async () => {
  const nodes = Array.from({ length: 80_000 }, (_, index) => ({ op: 'Identity', inputs: [index === 0 ? 'x' : `t${index - 1}`], outputs: [`t${index}`] }))
  const file = makeOnnx({ nodes, inputs: [{ name: 'x', shape: ['N'] }], outputs: [{ name: 't79999', shape: ['N'] }] })
  await assert.rejects(readApart({ hereBytes: 0, heapMb: 24 })(listing({ 'model.onnx': file }), none), fails('model-too-large', /more than 24 MB of memory/))
})

test('only so many are read at once, and each in its turn', async () => {
  let open = 0
  let most = 0
  const read = readApart({ hereBytes: 0, atOnce: 2 })
  const one = (index: number) => {
    const files = listing({ 'model.onnx': identity(`y${index}`) })
    return read(
      {
        ...files,
        read: async (path) => {
          most = Math.max(most, ++open)
          await new Promise((resolve) => setTimeout(resolve, 50))
          open -= 1
          return files.read(path)
        },
      },
      none,
    )
  }
  const all = await Promise.all(Array.from({ length: 6 }, (_, index) => one(index)))
  assert.deepEqual(
    all.map((model) => model.signature.outputs[0]?.name),
    ['y0', 'y1', 'y2', 'y3', 'y4', 'y5'],
  )
  assert.ok(most <= 2, `${most} at once`)
})
