import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../testing/random.ts'
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
