import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DOUBLE, FLOAT, LIST, listValue, UBIGINT } from '@duckdb/node-api'
import { jsonReader } from './types.ts'

test('a float32 has no more digits than it takes to tell it apart, also within lists; a double keeps all of its own', () => {
  const values = [5.1, 0.81, 1e-45, 3.4028234663852886e38, 16777217, -0.1, 123456.79].map(Math.fround)
  const read = jsonReader(FLOAT)
  for (const value of values) assert.equal(Math.fround(read(value) as number), value)
  assert.deepEqual([read(Math.fround(5.1)), read(Math.fround(0.81)), read(Math.fround(16777217))], [5.1, 0.81, 16777216])
  assert.deepEqual(jsonReader(LIST(FLOAT))(listValue([Math.fround(5.1), null, Number.NaN])), [5.1, null, 'NaN'])
  assert.equal(jsonReader(DOUBLE)(5.099999904632568), 5.099999904632568)
  assert.equal(jsonReader(UBIGINT)(18446744073709551615n), '18446744073709551615')
})
