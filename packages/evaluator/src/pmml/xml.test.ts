import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnreadableModel, type UnreadableReason } from '../unreadable.ts'
import { Element } from './element.ts'
import { Xml } from './xml.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const root = (text: string) => new Element(new Xml(bytes(text)), 0)

function refused(text: string, reason: UnreadableReason, what: RegExp): void {
  const start = performance.now()
  assert.throws(
    () => new Xml(bytes(text)),
    (error) => error instanceof UnreadableModel && error.reason === reason && what.test(error.message),
    text.slice(0, 80),
  )
  assert.ok(performance.now() - start < 5000)
}

test('finds elements, siblings, attributes and text', () => {
  const a = root('\uFEFF<?xml version="1.0" encoding="UTF-8"?>\n<!-- <x> --><a p="1" q=\'"2"\'><b/><c>text</c><d><e/></d></a>\n<!-- end -->')
  assert.equal(a.name, 'a')
  assert.equal(a.find('p'), '1')
  assert.equal(a.find('q'), '"2"')
  assert.equal(a.find('r'), undefined)
  assert.deepEqual(
    a.children().map(({ name }) => name),
    ['b', 'c', 'd'],
  )
  assert.equal(a.child('c')?.text, 'text')
  assert.deepEqual(a.child('b')?.children(), [])
  assert.equal(a.child('d')?.child('e')?.name, 'e')
  assert.equal(a.child('e'), undefined)
})

test('drops prefixes of names, and declarations of namespaces are no attributes that mean anything', () => {
  const a = root('<p:a xmlns:p="http://x" xmlns="y" p:k="1"><p:b/></p:a>')
  assert.equal(a.name, 'a')
  assert.equal(a.children()[0]?.name, 'b')
  assert.equal(a.find('k'), '1')
  assert.equal(a.find('p'), undefined)
  const other = root('<a xk="0" p:q:k="1" k="2" k="3" ></a>')
  assert.equal(other.find('k'), '2')
  assert.equal(other.find('q:k'), '1')
})

test('reads the five entities, numbered characters and character sections; no others', () => {
  const a = root('<a v="&lt;&gt;&amp;&quot;&apos;&#233;&#x1F600;"><b>x &amp; <![CDATA[<raw> &amp;]]> y<!-- gone --></b><c>&file;</c><d>&#xFFFFFFF;</d></a>')
  assert.equal(a.find('v'), '<>&"\'é😀')
  assert.equal(a.child('b')?.text, 'x & <raw> &amp; y')
  assert.throws(() => a.child('c')?.text, UnreadableModel)
  assert.throws(() => a.child('d')?.text, UnreadableModel)
})

test('refuses document types, and with them every way to expand or fetch', () => {
  const laughs = `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">${Array.from({ length: 9 }, (_, i) => `<!ENTITY lol${i} "${`&lol${i - 1};`.repeat(10)}">`).join('')}]><lolz>&lol9;</lolz>`
  refused(laughs, 'unsupported', /document type/)
  refused('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', 'unsupported', /document type/)
  refused('<a><!ENTITY x "y"></a>', 'unsupported', /declaration/)
  refused('<?xml version="1.0" encoding="UTF-16"?><a/>', 'unsupported', /UTF-16/)
})

test('refuses what is not well formed', () => {
  for (const text of [
    '',
    ' ',
    'text',
    '<',
    '<a',
    '<a>',
    '<a></b>',
    '</a>',
    '<a/><b/>',
    '<a b></a>',
    '<a b=c></a>',
    '<a b="c></a>',
    '<a / ></a>',
    '<a><!-- ',
    '<a><![CDATA[ ',
    '<?xml ',
    '<1/>x',
    'x<a/>',
    '<a/>x',
    '<a b="1" ',
    '< a/>',
  ])
    refused(text, 'malformed', /./)
})

test('refuses elements nested too deep, and more attributes than any has', () => {
  refused('<a>'.repeat(100_000), 'malformed', /nested deeper/)
  refused(`<a ${Array.from({ length: 300 }, (_, i) => `k${i}="1"`).join(' ')}/>`, 'malformed', /more than 200 attributes/)
  refused(`<${'a'.repeat(5000)}/>`, 'malformed', /name/)
})

test('large documents take time and memory in proportion', () => {
  const start = performance.now()
  const xml = new Xml(bytes(`<a>${'<b c="1"/>'.repeat(1_000_000)}</a>`))
  assert.equal(xml.elements, 1_000_001)
  assert.ok(performance.now() - start < 5000)
})
