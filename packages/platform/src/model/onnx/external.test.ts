import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { externalTensor, fails, makeOnnx, onnxFile } from '../test-support.ts'
import { externalDataFiles, requireExternalData } from './external.ts'
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
})
