import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyForm, fieldOfPath, fieldsOf, fillForm, rangeWords, readForm } from './form-model.ts'

const fields = fieldsOf({
  columns: [
    { name: 'age', type: 'int64', tensor: 'age', min: 18, max: 120, unit: 'years' },
    { name: 'amount', type: 'float32', tensor: 'amount', min: 0 },
    { name: 'purpose', type: 'string', tensor: 'purpose', values: ['car', 'education'], optional: true },
    { name: 'owner', type: 'bool', tensor: 'owner' },
    { name: 'married', type: 'bool', tensor: 'married', optional: true },
    { name: 'note', type: 'string', tensor: 'note', optional: true },
    { name: 'grade', type: 'int32', tensor: 'grade', values: [1, 2, 3] },
    { name: 'embedding', type: 'float32', tensor: 'embedding', shape: [3] },
    { name: 'level', type: 'uint8', tensor: 'level', optional: true },
  ],
})
const good = { age: '35', amount: '1.5e3', purpose: 'car', owner: 'true', married: '', note: '', grade: '2', embedding: '[1,2,3]', level: '' }

test('each type gets the control that suits it', () => {
  assert.deepEqual(
    fields.map((field) => field.control),
    ['integer', 'number', 'choice', 'switch', 'choice', 'text', 'choice', 'json', 'integer'],
  )
  assert.deepEqual(fields[4]?.options, ['true', 'false'])
  assert.equal(fields[8]?.max, 255)
})

test('a filled form becomes a row of the right types, without the empty optional ones', () => {
  const { row, errors } = readForm(fields, good)
  assert.deepEqual(errors, {})
  assert.deepEqual(row, { age: 35, amount: 1500, purpose: 'car', owner: true, grade: 2, embedding: [1, 2, 3] })
})

test('what cannot be sent is said at its field', () => {
  const { errors } = readForm(fields, { ...good, age: '17', amount: 'a lot', grade: '9', embedding: '{', level: '3.5' })
  assert.deepEqual(Object.keys(errors).sort(), ['age', 'amount', 'embedding', 'grade', 'level'])
  assert.match(errors.age ?? '', /18 to 120 years/)
  assert.match(readForm(fields, { ...good, age: '' }).errors.age ?? '', /needed/)
  assert.match(readForm(fields, { ...good, embedding: '3' }).errors.embedding ?? '', /list/)
})

test('numbers that JavaScript cannot hold exactly are refused, not rounded', () => {
  const id = fieldsOf({ columns: [{ name: 'id', type: 'int64', tensor: 'id' }] })
  assert.match(readForm(id, { id: '9007199254740993' }).errors.id ?? '', /exact/)
})

test('infinities and NaN go as the platform writes them', () => {
  const x = fieldsOf({ columns: [{ name: 'x', type: 'float64', tensor: 'x' }] })
  assert.deepEqual(readForm(x, { x: '-inf' }).row, { x: '-Infinity' })
  assert.deepEqual(readForm(x, { x: 'nan' }).row, { x: 'NaN' })
})

test('an example fills the form and reads back as itself', () => {
  const row = { age: 40, amount: 2.5, owner: false, grade: 3, embedding: [0, 1, 0], unknown: 1 }
  const values = fillForm(fields, row)
  assert.equal(values.embedding, '[0,1,0]')
  const { unknown: _, ...known } = row
  assert.deepEqual(readForm(fields, values).row, known)
  assert.equal(emptyForm(fields).owner, 'false')
})

test('ranges in words', () => {
  assert.equal(rangeWords({ min: 0, max: undefined, unit: 'EUR' }), 'at least 0 EUR')
  assert.equal(rangeWords({ min: undefined, max: 5, unit: undefined }), 'at most 5')
  assert.equal(rangeWords({ min: undefined, max: undefined, unit: undefined }), '')
})

test('error paths lead to their field', () => {
  assert.equal(fieldOfPath('rows[0].age'), 'age')
  assert.equal(fieldOfPath('rows[0]["loan amount"]'), 'loan amount')
  assert.equal(fieldOfPath('rows[1].age'), undefined)
})
