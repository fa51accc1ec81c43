import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Form } from '../form/form.ts'
import type { Step } from '../form/steps.ts'
import { random } from '../testing/random.ts'
import { askedTexts } from './asked-texts.ts'
import { TextPositions } from './text-positions.ts'

/** What a Map says of these texts, it says too. */
function asAMap(texts: readonly string[], asked: readonly unknown[]): void {
  const map = new Map(texts.map((text, position): [unknown, number] => [text, position]))
  const positions = new TextPositions(texts)
  for (const text of [...texts, ...asked]) assert.equal(positions.of(text as string), map.get(text) ?? -1, JSON.stringify(text))
}

const OTHERS = ['', ' ', 'a', 'own ', 'Own', 'oxn', 'ownn', 'female\0', 'ü', '\u{1f600}', 'x'.repeat(1000), undefined, 5, {}]

test('some of many texts are written where they are asked for, a null as none', () => {
  for (const texts of [['own', 'rent', '__proto__', '7'], Array.from({ length: 100 }, (_, at) => `${at}`)]) {
    const into = new Int32Array(6).fill(99)
    new TextPositions(texts).write(['x', '7', null, 'none', 'own', 'x'], into, { from: 1, to: 2, length: 4 })
    const known = (text: string): number => texts.indexOf(text)
    assert.deepEqual([...into], [99, 99, known('7'), -2, -1, known('own')])
  }
})

test('known texts have their position, others none', () => {
  asAMap(['female', 'male', 'free', 'own', 'rent', 'little', 'moderate', 'not_known', 'quite_rich', 'rich'], OTHERS)
  asAMap(['', 'own'], OTHERS)
  asAMap(['own'], OTHERS)
  asAMap([], OTHERS)
  asAMap(['a', 'aa', 'aaa', 'ä', '\u{1f600}', '\ud83d', '\0'], [...OTHERS, 'aaaa', '\u{1f601}'])
})

test('texts that differ in the middle, nowhere near their ends, or not at all', () => {
  const codes = Array.from({ length: 60 }, (_, at) => `A${10 + at}0`)
  asAMap(codes, ['A100', 'A10', 'A1000', 'B110', 'A11O'])
  const inside = ['one', 'two', 'six'].map((word) => `${'x'.repeat(20)}${word}${'x'.repeat(20)}`)
  asAMap(inside, ['x'.repeat(43)])
  asAMap(['b', 'a', 'b', ''], OTHERS)
})

test('lists of every size', () => {
  for (const size of [2, 3, 17, 63, 64, 65, 1000]) {
    const next = random(size)
    const word = () => Array.from({ length: 1 + Math.floor(next() * 6) }, () => String.fromCharCode(97 + Math.floor(next() * 4))).join('')
    const texts = [...new Set(Array.from({ length: size }, word))]
    asAMap(texts, Array.from({ length: 500 }, word))
  }
})

test('with positions that are asked for, other texts are unknown', () => {
  const texts = ['own', 'rent', 'own', 'free', '']
  const positions = (asked: number[]) => texts.map((text) => new TextPositions(texts, asked).of(text))
  assert.deepEqual(positions([1, 3]), [-1, 1, -1, 3, -1])
  assert.deepEqual(positions([0, 1]), [-1, 1, -1, -1, -1], 'of a text that stands twice, the last position counts')
  assert.deepEqual(positions([2, 4]), [2, -1, 2, -1, 4])
  assert.deepEqual(positions([]), [-1, -1, -1, -1, -1])
})

test('of an input that is only looked up, the texts it is looked up by are asked for; of any other, all', () => {
  const form = (steps: Step[], outputs: number[] = []): Form => ({
    version: 1,
    source: { format: 'onnx', version: '', objective: '' },
    inputs: [
      { name: 'city', type: 'text', width: 1 },
      { name: 'land', type: 'text', width: 1 },
    ],
    steps,
    outputs: outputs.map((value) => ({ name: `${value}`, value, role: 'other', rank: 2 })),
    texts: ['a', 'b', 'c', 'd'],
  })
  const onehot = { op: 'onehot', of: [0], categories: [3, 1], unknown: 'zeros', to: 'f32' } as const
  const lookup = { op: 'lookup', of: [0], keys: [1, 0, -2], values: [5, 6, 7], otherwise: 0, to: 'f64' } as const
  assert.deepEqual(askedTexts(form([onehot, { ...lookup, of: [1] }]), 0), [3, 1])
  assert.deepEqual(askedTexts(form([onehot, lookup]), 0), [3, 1, 0, -2])
  assert.deepEqual(askedTexts(form([onehot, { ...lookup, keys: [1, 0, -1] }]), 0), [0, 1, 2, 3], 'a key for what is not known')
  assert.deepEqual(askedTexts(form([onehot, { op: 'concat', of: [0, 1] }]), 0), [0, 1, 2, 3])
  assert.deepEqual(askedTexts(form([onehot], [0]), 0), [0, 1, 2, 3])
})
