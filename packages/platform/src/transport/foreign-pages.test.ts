import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refuseForeignPages } from './foreign-pages.ts'

const own = { host: '127.0.0.1:7310' }

test('callers on this machine are let in, and pages of the port itself', () => {
  refuseForeignPages(own)
  refuseForeignPages({ host: 'localhost:7310' })
  refuseForeignPages({ host: '[::1]:7310' })
  refuseForeignPages({ host: '127.0.0.2' })
  refuseForeignPages({ ...own, origin: 'http://127.0.0.1:7310', 'sec-fetch-site': 'same-origin' })
})

test('names that were pointed here are refused', () => {
  for (const host of ['evil.example', 'evil.example:7310', '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1', '', undefined])
    assert.throws(() => refuseForeignPages(host === undefined ? {} : { host }), { code: 'origin-refused' }, host)
})

test('pages that were allowed by name are let in, under a name of this machine alone', () => {
  const allowed = (origin: string) => origin === 'https://shop.example'
  refuseForeignPages({ ...own, origin: 'https://shop.example', 'sec-fetch-site': 'cross-site' }, allowed)
  assert.throws(() => refuseForeignPages({ host: 'evil.example', origin: 'https://shop.example' }, allowed), { code: 'origin-refused' })
  assert.throws(() => refuseForeignPages({ ...own, origin: 'https://evil.example' }, allowed), { code: 'origin-refused', message: /--allowed-origins/ })
})

test('pages of another origin are refused', () => {
  for (const origin of ['https://evil.example', 'http://127.0.0.1:9999', 'null', 'http://localhost:7310', ''])
    assert.throws(() => refuseForeignPages({ ...own, origin }), { code: 'origin-refused' }, origin)
})
