import assert from 'node:assert/strict'
import { test } from 'node:test'
import { traceIdOf } from './trace-context.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'

test('a trace id is read from this version and from those to come', () => {
  for (const header of [`00-${TRACE}-${PARENT}-01`, `01-${TRACE}-${PARENT}-01`, `cc-${TRACE}-${PARENT}-00-what-else`])
    assert.equal(traceIdOf(header), TRACE, header)
})

test('what is not of the form has none', () => {
  const odd = [undefined, ['a'], '', 'nonsense', `ff-${TRACE}-${PARENT}-01`, `00-${TRACE}-${PARENT}-01-more`, `01-${TRACE}-${PARENT}-01more`]
  const zeros = [`00-${'0'.repeat(32)}-${PARENT}-01`, `00-${TRACE}-${'0'.repeat(16)}-01`, `00-${TRACE.toUpperCase()}-${PARENT}-01`]
  for (const header of [...odd, ...zeros]) assert.equal(traceIdOf(header), undefined, String(header))
})
