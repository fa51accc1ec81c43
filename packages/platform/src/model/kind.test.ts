import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foreignToOnnx, sniff } from './kind.ts'

const bytesOf = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0))
const kindOf = (text: string) => {
  const found = sniff(bytesOf(text))
  return 'kind' in found ? found.kind : `foreign: ${found.foreign}`
}

test('each kind is known by its bytes', () => {
  assert.equal(kindOf('{L\0\0\0\0\0\0\0\x07learner{'), 'xgboost')
  assert.equal(kindOf('{i\x07learner{'), 'xgboost')
  assert.equal(kindOf('{"learner":{"attributes":{}}}'), 'xgboost')
  assert.equal(kindOf('\n {\n  "version": [3, 2, 0],\n "learner": {}}'), 'xgboost')
  assert.equal(kindOf('tree\nversion=v4\n'), 'lightgbm')
  assert.equal(kindOf('tree\r\nversion=v3\r\n'), 'lightgbm')
  assert.equal(kindOf('<?xml version="1.0"?>\n<!-- made by R -->\n<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4">'), 'pmml')
  assert.equal(kindOf('<p:PMML xmlns:p="http://www.dmg.org/PMML-4_4">'), 'pmml')
  assert.equal(kindOf(`PK\x03\x04\x14\0${'x'.repeat(2000)}schema.jsonPK\x05\x06`), 'skops')
  assert.equal(kindOf('\x08\x08\x12\x07skl2onnx'), 'onnx')
})

test('what is no model that is read is named, with what to do', () => {
  for (const [text, words] of [
    ['', /empty/],
    ['\x80\x05\x95', /Python pickle, which is never executed here; .* skops/],
    ['PK\x03\x04\x14\0archive/data.pkl', /PyTorch/],
    ['PK\x03\x04\x14\0metadata.json config.json', /Keras/],
    ['PK\x03\x04\x14\0notes.txt', /ZIP archive without the schema\.json/],
    ['\x1f\x8b\x08', /gzip/],
    ['\x89HDF\r\n', /HDF5/],
    ['CBM1\0\0', /CatBoost .*format="onnx"/],
    ['binf\0\0\0?', /old binary format; load it with an XGBoost older than 3\.1/],
    ['version https://git-lfs.github.com/spec/v1\noid', /Git LFS pointer/],
    ['<html><body>404</body></html>', /HTML or XML page/],
    ['[ { "nodeid": 0, "split": "f0" } ]', /dump of XGBoost trees/],
    ['booster[0]:\n0:[f0<1] yes=1,no=2', /dump of XGBoost trees/],
    ['{"name":"tree","version":"v4","num_class":1,"num_tree_per_iteration":1}', /dump of a LightGBM model/],
    ['{"features_info":{},"model_info":{"model_guid":"x"}}', /CatBoost/],
    ['{"a": 1}', /JSON text, and not an XGBoost model/],
    ['age,sex\n1,2\n', /it is text/],
  ] as const) {
    const found = sniff(bytesOf(text))
    assert.match('foreign' in found ? found.foreign : found.kind, words)
  }
})

test('other kinds are foreign to ONNX', () => {
  assert.equal(foreignToOnnx(bytesOf('tree\nversion=v4')), 'it is a LightGBM text model')
  assert.equal(foreignToOnnx(bytesOf('\x08\x08\x12\x07skl2onnx')), undefined)
})
