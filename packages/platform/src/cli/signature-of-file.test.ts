import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FAKE_SIGNATURE } from '../testing/fake-model.ts'
import { signatureOfFile } from './signature-of-file.ts'

test('a whole signature is taken as it is, also inside of what models show prints', () => {
  assert.deepEqual(signatureOfFile(FAKE_SIGNATURE), FAKE_SIGNATURE)
  assert.deepEqual(signatureOfFile({ name: 'credit', signature: FAKE_SIGNATURE }), FAKE_SIGNATURE)
})

test('a signature file stands for a model where it names types and outputs', () => {
  const { columns, fields } = signatureOfFile({
    inputs: [{ name: 'age', type: 'int64', min: 18 }],
    outputs: [{ tensor: 'l', name: 'label', classes: ['a', 'b'] }, { tensor: 'p', name: 'probabilities', classes: ['a', 'b'] }, { tensor: 'v' }],
  })
  assert.deepEqual(columns, [{ name: 'age', type: 'int64', min: 18, tensor: 'age' }])
  assert.deepEqual(
    fields.map(({ name, kind }) => [name, kind]),
    [
      ['label', 'label'],
      ['probabilities', 'probabilities'],
      ['v', 'value'],
    ],
  )
})

test('what is no signature is refused', () => {
  assert.throws(() => signatureOfFile({ inputs: [{ name: 'age' }] }), { code: 'signature-invalid', message: /inputs\[0\].*its type/ })
  assert.throws(() => signatureOfFile({ inputs: [{ tensor: 't', columns: ['a'] }] }), { code: 'signature-invalid' })
  assert.throws(() => signatureOfFile('text'), { code: 'signature-invalid' })
  assert.throws(() => signatureOfFile({ inptus: [] }), { code: 'signature-invalid' })
})
