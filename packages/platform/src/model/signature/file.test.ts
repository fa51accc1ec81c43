import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DataType, Signature } from '@fairlead/contract'
import { signature as signatureSchema } from '@fairlead/contract/schemas'
import { fails } from '../test-support.ts'
import { applySignatureFile, parseSignatureFile } from './file.ts'

/** A classifier of two named columns, a wide tensor and a raw list of bytes. */
function derived(labelType: DataType = 'int64', classes?: string[]): Signature {
  return {
    task: 'classification',
    inputs: [
      { name: 'age', type: 'int64', shape: [-1, 1] },
      { name: 'purpose', type: 'string', shape: [-1, 1] },
      { name: 'features', type: 'float32', shape: [-1, 2] },
      { name: 'image', type: 'uint8', shape: [-1, 4, 4] },
    ],
    outputs: [
      { name: 'label', type: labelType, shape: [-1] },
      { name: 'probabilities', type: 'float32', shape: [-1, 2] },
      { name: 'amount', type: 'float64', shape: [-1] },
    ],
    columns: [
      { name: 'age', type: 'int64', tensor: 'age' },
      { name: 'purpose', type: 'string', tensor: 'purpose' },
      { name: 'features', type: 'float32', tensor: 'features', shape: [2] },
      { name: 'image', type: 'uint8', tensor: 'image', shape: [4, 4] },
    ],
    fields: [
      { name: 'label', kind: 'label', type: labelType, tensor: 'label' },
      { name: 'probabilities', kind: 'probabilities', type: 'float32', tensor: 'probabilities', ...(classes ? { classes } : {}) },
      { name: 'amount', kind: 'value', type: 'float64', tensor: 'amount' },
    ],
  }
}

function apply(text: string, base = derived()): Signature {
  const result = applySignatureFile(base, parseSignatureFile(text))
  assert.deepEqual(signatureSchema.parse(result), result)
  return result
}

/** The one refusal of a file: its path and words. */
function refused(text: string, path: string, detail: RegExp, base = derived()): void {
  assert.throws(
    () => apply(text, base),
    fails('signature-invalid', detail, (items) => items.some((item) => item.path === path && detail.test(item.detail))),
    text,
  )
}

describe('the signature file', () => {
  it('names, describes and limits everything that the documentation shows', () => {
    const result = apply(`
inputs:
  - { name: age, type: int64, min: 18, max: 120, unit: years, description: Age in years }
  - { name: purpose, type: string, values: [car, education], optional: true }
  - { tensor: features, columns: [c00, c01] }
  - { name: c01, min: 0, optional: true }
outputs:
  - { tensor: label, name: label }
  - { tensor: probabilities, name: probabilities, classes: [bad, good] }
  - { tensor: amount, name: euros, unit: EUR }
`)
    assert.deepEqual(result.columns, [
      { name: 'age', type: 'int64', tensor: 'age', unit: 'years', description: 'Age in years', min: 18, max: 120 },
      { name: 'purpose', type: 'string', tensor: 'purpose', values: ['car', 'education'], optional: true },
      { name: 'c00', type: 'float32', tensor: 'features', index: 0 },
      { name: 'c01', type: 'float32', tensor: 'features', index: 1, min: 0, optional: true },
      { name: 'image', type: 'uint8', tensor: 'image', shape: [4, 4] },
    ])
    assert.deepEqual(
      result.fields.map((field) => [field.name, field.classes, field.unit]),
      [
        ['label', ['bad', 'good'], undefined],
        ['probabilities', ['bad', 'good'], undefined],
        ['euros', undefined, 'EUR'],
      ],
    )
  })

  it('reads JSON, an empty file, and leaves the derived signature as it was', () => {
    const base = derived()
    assert.equal(apply('{"inputs": [{"name": "years", "tensor": "age"}]}', base).columns[0]?.name, 'years')
    assert.deepEqual(apply('', base), base)
    assert.deepEqual(base, derived())
  })

  it('takes a column type that the tensor can hold and refuses others', () => {
    assert.equal(apply('inputs: [{ tensor: features, columns: [a, b] }, { name: a, type: int64 }]').columns[2]?.type, 'int64')
    refused('inputs: [{ name: age, type: float64 }]', 'inputs[0].type', /feeds a tensor of int64/)
    refused('inputs: [{ name: purpose, type: int64 }]', 'inputs[0].type', /feeds a tensor of string/)
  })

  it('refuses tensors, columns and counts that the model lacks, with suggestions', () => {
    refused('inputs: [{ name: aeg }]', 'inputs[0].name', /no column "aeg"; did you mean "age"\?/)
    refused('inputs: [{ name: x, tensor: featuers }]', 'inputs[0].tensor', /did you mean "features"/)
    refused('inputs: [{ tensor: nothing, columns: [a] }]', 'inputs[0].tensor', /no input tensor "nothing"; there are "age", "purpose"/)
    refused('inputs: [{ tensor: features, columns: [a, b, c] }]', 'inputs[0].columns', /has 2 columns and 3 names/)
    refused('inputs: [{ tensor: image, columns: [a, b] }]', 'inputs[0].columns', /only along one axis/)
    refused('outputs: [{ tensor: lable }]', 'outputs[0].tensor', /did you mean "label"/)
    refused('inputs: [{ tensor: features, columns: [a, b] }, { name: c, tensor: features }]', 'inputs[1].tensor', /has 2 columns; name them/)
  })

  it('refuses names that meet twice', () => {
    refused('inputs: [{ tensor: features, columns: [a, a] }]', 'inputs', /two columns have the name "a"/)
    refused('inputs: [{ tensor: features, columns: [age, b] }]', 'inputs', /two columns have the name "age"/)
    refused('inputs: [{ name: age }, { name: age }]', 'inputs[1].name', /described twice/)
    refused('outputs: [{ tensor: label }, { tensor: label }]', 'outputs[1].tensor', /described twice/)
    refused('outputs: [{ tensor: amount, name: label }]', 'outputs', /two fields have the name "label"/)
  })

  it('refuses ranges and values that are not of the type', () => {
    refused('inputs: [{ name: age, min: 5, max: 4 }]', 'inputs[0].min', /above the largest/)
    refused('inputs: [{ name: age, min: 1.5 }]', 'inputs[0].min', /1.5 is not a value of int64/)
    refused('inputs: [{ name: purpose, max: 3 }]', 'inputs[0].max', /is string and has no range/)
    refused('inputs: [{ name: purpose, values: [car, 7] }]', 'inputs[0].values[1]', /7 is not a value of string; put it in quotes/)
    refused('inputs: [{ name: age, values: [1, one] }]', 'inputs[0].values[1]', /"one" is not a value of int64/)
    refused('inputs: [{ name: age, values: [1, 1] }]', 'inputs[0].values[1]', /listed twice/)
    refused('inputs: [{ name: age, min: 0, values: [-1] }]', 'inputs[0].values[0]', /outside the column's range/)
    refused('inputs: [{ name: age, values: [] }]', 'inputs[0].values', /empty/)
  })

  it('refuses optional where nothing can stand for a missing value', () => {
    refused('inputs: [{ name: age, optional: true }]', 'inputs[0].optional', /int64, which cannot express a missing value/)
    refused('inputs: [{ name: features, optional: true }]', 'inputs[0].optional', /list of values/)
    assert.equal(apply('inputs: [{ name: age, optional: false }]').columns[0]?.optional, undefined)
  })

  it('keeps labels and probabilities of one mind', () => {
    assert.deepEqual(apply('outputs: [{ tensor: label, classes: [no, yes] }]').fields[1]?.classes, ['no', 'yes'])
    const numbered = apply('outputs: [{ tensor: probabilities, classes: [no, yes] }]', derived('int64', ['0', '1']))
    assert.deepEqual(
      [numbered.fields[0]?.classes, numbered.fields[1]?.classes],
      [
        ['no', 'yes'],
        ['no', 'yes'],
      ],
    )
    const text = apply('outputs: [{ tensor: probabilities, classes: [no, yes] }]', derived('string'))
    assert.deepEqual([text.fields[0]?.classes, text.fields[1]?.classes], [undefined, ['no', 'yes']])
    const own = apply('outputs: [{ tensor: probabilities, classes: [5, 9] }]', derived('int64', ['5', '9']))
    assert.equal(own.fields[0]?.classes, undefined)
  })

  it('refuses classes that contradict the model', () => {
    refused('outputs: [{ tensor: probabilities, classes: [a, b, c] }]', 'outputs', /has 2 classes and 3 are named/)
    refused('outputs: [{ tensor: probabilities, classes: [a] }]', 'outputs[0].classes', /at least two/)
    refused('outputs: [{ tensor: probabilities, classes: [a, a] }]', 'outputs[0].classes', /named twice/)
    refused('outputs: [{ tensor: amount, classes: [a, b] }]', 'outputs[0].classes', /neither labels nor one number per class/)
    refused('outputs: [{ tensor: label, classes: [a, b] }, { tensor: probabilities, classes: [b, a] }]', 'outputs', /different classes/)
    refused('outputs: [{ tensor: probabilities, classes: [a, b] }]', 'outputs', /names its classes itself \(5, 9\)/, derived('int64', ['5', '9']))
    refused('outputs: [{ tensor: label, unit: EUR }]', 'outputs[0].unit', /no unit/)
  })

  it('makes probabilities of a list of numbers that is given classes', () => {
    const base = derived()
    base.task = 'other'
    base.outputs = [{ name: 'p', type: 'float32', shape: [-1, 3] }]
    base.fields = [{ name: 'p', kind: 'values', type: 'float32', tensor: 'p', shape: [3] }]
    const result = apply('outputs: [{ tensor: p, name: probabilities, classes: [a, b, c] }]', base)
    assert.equal(result.task, 'classification')
    assert.deepEqual(result.fields, [{ name: 'probabilities', kind: 'probabilities', type: 'float32', tensor: 'p', classes: ['a', 'b', 'c'] }])
    refused('outputs: [{ tensor: p, classes: [a, b] }]', 'outputs[0].classes', /3 columns and 2 classes/, base)
  })

  it('names wrong keys and forms with their paths', () => {
    refused('inptus: []', 'inptus', /no such key; did you mean "inputs"/)
    refused('inputs: [{ name: age, mni: 3 }]', 'inputs[0].mni', /did you mean "min"/)
    refused('inputs: [{ name: age, min: low }]', 'inputs[0].min', /expected number/)
    refused('inputs: [{ tensor: features, columns: [] }]', 'inputs[0].columns', />=1/)
    refused('inputs: [{ name: age, type: integer }]', 'inputs[0].type', /int64/)
    refused('outputs: [{ name: x }]', 'outputs[0].tensor', /expected string/)
    assert.throws(() => parseSignatureFile('- 1'), fails('signature-invalid', /expected object/))
  })

  it('survives hostile text', () => {
    assert.throws(() => parseSignatureFile('inputs: [ { name: '), fails('signature-invalid', /not valid YAML \(line 1/))
    assert.throws(() => parseSignatureFile('a: 1\na: 2'), fails('signature-invalid', /not valid YAML/))
    assert.throws(() => parseSignatureFile('inputs: *nothing'), fails('signature-invalid', /alias/i))
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
    for (let level = 1; level < 9; level += 1) bomb.push(`${'abcdefghij'[level]}: &${'abcdefghij'[level]} [${`*${'abcdefghij'[level - 1]},`.repeat(9)}]`)
    assert.throws(() => parseSignatureFile(bomb.join('\n')), fails('signature-invalid', /aliases/))
    assert.throws(() => parseSignatureFile('x'.repeat(256_001)), fails('signature-invalid', /more than 256000 bytes/))
    assert.throws(() => parseSignatureFile('__proto__: { inputs: [] }'), fails('signature-invalid'))
  })
})
