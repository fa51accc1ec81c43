import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coded } from '../../../testing/fake-inference.ts'
import { FormChoice } from './forms.ts'

const forms = new FormChoice([{ mediaType: 'application/vnd.test', open: () => Promise.reject(new Error('not opened here')) }])

function chosen(contentType: string | undefined, accept: string | undefined): string[] {
  const { body, answer } = forms.choose(contentType, accept)
  return [body.mediaType, answer.mediaType]
}

test('an answer has the form of its request unless Accept prefers another', () => {
  const [json, csv, lines, other] = ['application/json', 'text/csv', 'application/x-ndjson', 'application/vnd.test']
  const cases: [string | undefined, string | undefined, (string | undefined)[]][] = [
    [undefined, undefined, [json, json]],
    [undefined, '*/*', [json, json]],
    ['Application/JSON; charset=utf-8', 'text/html,application/*;q=0.1', [json, json]],
    ['text/csv', undefined, [csv, csv]],
    ['text/csv; charset="UTF-8"; header=present', '*/*', [csv, csv]],
    ['application/jsonl', 'text/plain, application/ndjson', [lines, lines]],
    ['text/csv', 'application/json', [csv, json]],
    ['text/csv', 'application/json, text/csv', [csv, csv]],
    ['text/csv', 'application/json, text/csv;q=0.9', [csv, json]],
    ['text/csv', 'text/csv;q=0, */*;q=0.5', [csv, json]],
    ['application/json', 'text/*', [json, csv]],
    ['application/vnd.test', 'application/*', [other, other]],
    ['text/csv', 'application/vnd.test;q=0.2, application/x-ndjson;q=0.3', [csv, lines]],
    ['text/csv', 'application/json;q=1.000, text/csv;q=0.001', [csv, json]],
  ]
  for (const [contentType, accept, expected] of cases) assert.deepEqual(chosen(contentType, accept), expected, `${contentType} ${accept}`)
})

test('who takes no form there is, or sends one there is not, is told which there are', () => {
  const all = /application\/json, application\/x-ndjson, text\/csv or application\/vnd\.test/
  for (const accept of ['text/html', 'application/json;q=0', '*/*; q=0.0', 'application/jsonx', '', 'json', 'text/csv;q=2'])
    assert.throws(() => forms.choose('application/json', accept), coded('not-acceptable', all), accept)
  for (const type of ['text/xml', 'application/*', '*/*', 'csv', ';'])
    assert.throws(() => forms.choose(type, undefined), coded('media-type-unsupported', all), type)
  assert.throws(() => forms.choose('text/csv; charset=latin1', undefined), coded('media-type-unsupported', /UTF-8/))
  assert.throws(() => forms.choose('text/csv; header=absent', undefined), coded('media-type-unsupported', /without a header/))
})
