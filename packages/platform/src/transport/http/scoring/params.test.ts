import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FairleadError, type InputColumn } from '@fairlead/contract'
import { bodyAnswer, bodyTable, bodyTensors, goesAsItIs } from './body.ts'
import { withParams } from './params.ts'

const COLUMNS: InputColumn[] = [
  { name: 'a', type: 'float64', tensor: 'a' },
  { name: 'scale', type: 'float64', tensor: 'scale', optional: true, parameter: true },
  { name: 'whole', type: 'int64', tensor: 'whole', optional: true, parameter: true },
  { name: 'on', type: 'bool', tensor: 'on', optional: true, parameter: true },
  { name: 'words', type: 'string', tensor: 'words', shape: [-1], optional: true, parameter: true },
]
const table = { rows: 2, columns: [{ name: 'a', at: (row: number) => row }] }
const given = (params: unknown) => Object.fromEntries(withParams(table, params, COLUMNS).columns.map(({ name, at }) => [name, at(1)]))

describe('parameters of a scoring request', () => {
  it('are columns with the same value for every row; what the model has not is left alone', () => {
    assert.deepEqual(given({ scale: 2, whole: 3n, on: true, words: ['x', 'y'], other: 1 }), { a: 1, scale: 2, whole: 3n, on: true, words: ['x', 'y'] })
    assert.deepEqual(given({ scale: null }), { a: 1 })
    assert.deepEqual(given(undefined), { a: 1 })
    const [, words] = withParams(table, { words: ['x'] }, COLUMNS).columns
    assert.notEqual(words!.at(0), words!.at(1), 'each row has a list of its own')
  })

  it('of another type are refused as MLflow does, and so are parameters that are no object', () => {
    for (const params of [{ scale: 'x' }, { whole: 1.5 }, { on: 1 }, { words: 'x' }, { words: [1] }, { scale: [1] }, [1], 'x']) {
      assert.throws(
        () => given(params),
        (error: unknown) =>
          error instanceof FairleadError && error.code === 'value-type' && /Invalid parameters found|must be a dictionary/.test(error.message),
        JSON.stringify(params),
      )
    }
  })

  it('go to the model as they came where they may change what fields the answer has', () => {
    const signature = { task: 'other' as const, inputs: [], outputs: [], fields: [], columns: COLUMNS }
    const body = Buffer.from('{"inputs": [1], "params": {}}')
    assert.equal(goesAsItIs({ ...signature, answer: 'records' }, body), true)
    assert.equal(goesAsItIs({ ...signature, answer: 'records' }, Buffer.from('{"inputs": [1]}')), false)
    assert.equal(goesAsItIs({ ...signature, answer: 'array' }, body), false)
    assert.equal(goesAsItIs({ ...signature, answer: 'records', columns: COLUMNS.slice(0, 1) }, body), false)
    assert.equal(goesAsItIs({ ...signature, columns: [], answer: 'body' }, Buffer.from('')), true)
  })
})

describe('a model that reads scoring requests itself', () => {
  it('gets the body and its type as one row, and answers a status and a text', () => {
    assert.deepEqual(bodyTensors(bodyTable(Buffer.from('{"é": 1}'), 'application/json')), {
      body: { type: 'string', shape: [1], data: ['{"é": 1}'] },
      type: { type: 'string', shape: [1], data: ['application/json'] },
    })
    const answer = {
      answer: { type: 'string' as const, shape: [1], data: ['{}'] },
      status: { type: 'int32' as const, shape: [1], data: new Int32Array([400]) },
    }
    assert.deepEqual(bodyAnswer(answer), { status: 400, text: '{}' })
    assert.equal(bodyAnswer({}).status, 500)
    assert.throws(() => bodyTable(Buffer.from(''), 'application/vnd.apache.parquet'), /takes application\/json and text\/csv/)
  })
})
