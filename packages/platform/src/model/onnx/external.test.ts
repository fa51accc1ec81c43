import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { externalEntry, externalTensor, fails, makeOnnx, onnxFile } from '../test-support.ts'
import { externalDataFiles, requireExternalData } from './external.ts'
import { WireWriter } from './protobuf.ts'
import { readOnnx } from './read.ts'

const withData = (location: string, extra: Record<string, string> = {}) => readOnnx(makeOnnx({ initializers: [externalTensor('w', location, extra)] }))

describe('external data', () => {
  it('lists the files and how much of each is read', () => {
    assert.deepEqual(externalDataFiles(readOnnx(onnxFile('hm-external-data'))), [{ path: 'weights.bin', needed: 8320 }])
    assert.deepEqual(externalDataFiles(readOnnx(onnxFile('hm-external-data-subfolder'))), [{ path: 'weights/W.bin', needed: 32 }])
    assert.deepEqual(externalDataFiles(readOnnx(onnxFile('credit_v1'))), [])
    assert.deepEqual(externalDataFiles(withData('./a/./w.bin', { offset: '100', length: '16' })), [{ path: 'a/w.bin', needed: 116 }])
  })

  it('refuses every path that could leave the folder', () => {
    for (const path of ['/etc/passwd', '../w.bin', 'a/../../w', 'a/..', '..\\w.bin', 'a\\b', 'C:/w', 'c:w', '', '.', 'a//b', 'w\0.bin', '//host/w', 'a/'])
      assert.throws(() => externalDataFiles(withData(path)), fails('model-path-escapes', /tensor "w"/), path)
    assert.equal(externalDataFiles(withData('..w.bin'))[0]?.path, '..w.bin')
  })

  it('names what is missing or too short', () => {
    const model = readOnnx(onnxFile('hm-external-data'))
    assert.deepEqual(requireExternalData(model, [{ path: 'm/weights.bin', size: 8320 }], 'm'), [{ path: 'm/weights.bin', needed: 8320 }])
    assert.throws(
      () => requireExternalData(model, [{ path: 'other.bin', size: 1 }]),
      fails('model-data-missing', /weights\.bin \(the file is missing\)/, ([item]) => item?.path === 'weights.bin'),
    )
    assert.throws(
      () => requireExternalData(model, [{ path: 'weights.bin', size: 8319 }]),
      fails('model-data-missing', /has 8319 bytes and the model reads 8320/),
    )
  })

  it('refuses byte counts that are none', () => {
    for (const offset of ['-1', '1e3', 'x', '99999999999999999'])
      assert.throws(() => withData('w.bin', { offset }), fails('model-file-invalid', /where a byte count belongs/))
  })

  it('takes a tensor for external by its place or by its entries, and refuses places that do not exist', () => {
    const place = (value: number | bigint) => () => readOnnx(makeOnnx({ initializers: [externalTensor('w', 'w.bin').varint(14, value)] }))
    assert.deepEqual(externalDataFiles(place(0)()), [{ path: 'w.bin', needed: 16 }])
    for (const odd of [2, 2n ** 32n, 2n ** 32n + 1n, -1n, 2n ** 63n])
      assert.throws(place(odd), fails('model-file-invalid', /data location .*; there are 0 and 1/))
    const unnamed = () => readOnnx(makeOnnx({ initializers: [new WireWriter().text(8, 'w').varint(14, 1)] }))
    assert.throws(unnamed, fails('model-file-invalid', /names no file/))
    assert.throws(() => withData('*/_ORT_MEM_ADDR_/*'), fails('model-file-invalid', /names with \*/))
    const twice = externalTensor('w', 'w.bin').message(13, externalEntry('location', 'other.bin'))
    assert.throws(() => readOnnx(makeOnnx({ initializers: [twice] })), fails('model-file-invalid', /says twice/))
  })

  it('finds it wherever a tensor can stand', () => {
    const tensor = () => externalTensor('w', '../secret')
    const sparse = (field: number) => new WireWriter().message(1, new WireWriter().text(8, 's')).message(field, tensor())
    const attribute = (field: number, value: WireWriter) => new WireWriter().text(1, 'a').message(field, value)
    const node = (field: number, value: WireWriter) => new WireWriter().text(4, 'Constant').message(5, attribute(field, value))
    const graph = (field: number, value: WireWriter) => new WireWriter().message(field, value)
    const places: Record<string, WireWriter> = {
      initializer: new WireWriter().message(7, graph(5, tensor())),
      'sparse values': new WireWriter().message(7, graph(15, sparse(1))),
      'sparse indices': new WireWriter().message(7, graph(15, sparse(2))),
      attribute: new WireWriter().message(7, graph(1, node(5, tensor()))),
      'list of an attribute': new WireWriter().message(7, graph(1, node(10, tensor()))),
      'sparse attribute': new WireWriter().message(7, graph(1, node(22, sparse(2)))),
      'list of sparse attributes': new WireWriter().message(7, graph(1, node(23, sparse(2)))),
      subgraph: new WireWriter().message(7, graph(1, node(6, graph(5, tensor())))),
      'list of subgraphs': new WireWriter().message(7, graph(1, node(11, graph(1, node(5, tensor()))))),
      function: new WireWriter().message(25, new WireWriter().message(7, node(5, tensor()))),
      'default of a function': new WireWriter().message(25, new WireWriter().message(11, attribute(5, tensor()))),
      'training initialization': new WireWriter().message(20, new WireWriter().message(1, graph(5, tensor()))),
      'training algorithm': new WireWriter().message(20, new WireWriter().message(2, graph(1, node(5, tensor())))),
    }
    for (const [place, part] of Object.entries(places)) {
      const rest = new WireWriter().varint(1, 8).message(8, new WireWriter().varint(2, 17))
      if (part.finish()[0] !== 0x3a) rest.message(7, new WireWriter().text(2, 'g'))
      const model = readOnnx(rest.raw(part.finish()).finish())
      assert.throws(() => externalDataFiles(model), fails('model-path-escapes', /secret/), place)
    }
  })
})
