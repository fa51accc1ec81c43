import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readYaml, YAML_LIMIT, YamlFault } from './yaml.ts'

const fault = (words: RegExp, line?: number) => (error: unknown) =>
  error instanceof YamlFault && words.test(error.message) && (line === undefined || error.place?.line === line)

test('ordinary texts are read, with their places', () => {
  const { value, document, lines } = readYaml('a: 1\nb: [x, { c: null }]\nd: &d { e: 2 }\nf: *d\n')
  assert.deepEqual(value, { a: 1, b: ['x', { c: null }], d: { e: 2 }, f: { e: 2 } })
  assert.equal(document.errors.length, 0)
  assert.deepEqual(lines.linePos(5), { line: 2, col: 1 })
  assert.equal(readYaml('').value, null)
  assert.deepEqual(readYaml('big: 9007199254740993', { intAsBigInt: true }).value, { big: 9007199254740993n })
})

test('names of the language are plain keys', () => {
  const { value } = readYaml('__proto__: { polluted: 1 }\nconstructor: 2')
  assert.deepEqual(Object.keys(value as object), ['__proto__', 'constructor'])
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
})

test('what is no YAML is refused with its place', () => {
  assert.throws(() => readYaml('a: 1\nb: ]'), fault(/flow-seq-end/, 2))
  assert.throws(() => readYaml('a: [1'), fault(/end with a \]/))
  assert.throws(() => readYaml('a: 1\nb: 2\na: 3'), fault(/the key "a" stands twice/, 3))
  assert.throws(() => readYaml('x: [{ k: 1, "k": 2 }]'), fault(/the key "k" stands twice/, 1))
  assert.throws(() => readYaml('a: *nowhere'), fault(/anchor/))
})

test('what only serves to blow up is refused', () => {
  const laughs = `a: &a [${'x,'.repeat(9)}x]\n${[...'bcdefgh'].map((name, i) => `${name}: &${name} [${`*${'abcdefgh'[i]},`.repeat(8)}1]`).join('\n')}`
  assert.throws(() => readYaml(laughs), fault(/aliases/))
  assert.throws(() => readYaml(' '.repeat(YAML_LIMIT + 1)), fault(/more than 256000 bytes/))
  assert.throws(() => readYaml('é'.repeat(YAML_LIMIT / 2 + 1)), fault(/more than 256000 bytes/))
  assert.equal(readYaml(`${'['.repeat(90)}${']'.repeat(90)}`).document.errors.length, 0)
  for (const deep of ['[', '{a: ', '- ', '? ']) assert.throws(() => readYaml(deep.repeat(1000)), fault(/deeper than 100 levels/, 1), deep)
})

test('a text of full length takes seconds at most, whatever it says', () => {
  const full = (part: (index: number) => string) => {
    let text = ''
    for (let index = 0; text.length + part(index).length <= YAML_LIMIT; index++) text += part(index)
    return text
  }
  const texts = {
    keys: full((index) => `k${index}: 1\n`),
    closing: full(() => ']'),
    aliases: full(() => '- *'),
  }
  for (const [name, text] of Object.entries(texts)) {
    const start = process.cpuUsage()
    try {
      readYaml(text)
    } catch (error) {
      assert.ok(error instanceof YamlFault, `${name}: ${error}`)
    }
    const { user, system } = process.cpuUsage(start)
    // with every key compared with every other, minutes
    assert.ok(user + system < 10e6, `${name} took ${(user + system) / 1000} ms`)
  }
})
