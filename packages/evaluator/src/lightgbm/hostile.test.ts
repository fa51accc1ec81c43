import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkForm } from '../form/check/index.ts'
import { UnreadableModel } from '../unreadable.ts'
import { readLightGBM } from './read.ts'
import { file, type Parts, parts, text } from './testing/file.ts'

/** The message of the refusal, after `change` had its way with a good file. */
function refusal(change: (made: Parts) => void): string {
  try {
    readLightGBM(file(change))
  } catch (error) {
    assert.ok(error instanceof UnreadableModel, String(error))
    return error.message
  }
  return assert.fail('it was read')
}

const inTree = (fields: Record<string, string>, tree = 0) => refusal((made) => Object.assign(made.trees[tree]!, fields))

test('counts that the file does not bear out are refused, naming tree and key', () => {
  assert.match(inTree({ num_leaves: '5' }), /^Tree=0 split_feature: has 3 numbers, not 4/)
  assert.match(inTree({ num_leaves: '3' }), /^Tree=0 split_feature: has more than 2 numbers/)
  assert.match(inTree({ num_leaves: '2147483647' }), /^Tree=0 num_leaves: says 2147483647 leaves, and leaf_value has \d+ bytes/)
  assert.match(inTree({ num_leaves: '0' }), /^Tree=0 num_leaves\[0\]: the number is 0, not from 1/)
  assert.match(inTree({ num_leaves: '99999999999999999999' }), /^Tree=0 num_leaves/)
  assert.match(inTree({ num_cat: '2000000000' }), /^Tree=0 num_cat: says 2000000000 sets/)
  assert.match(inTree({ num_cat: '0' }), /^Tree=0 threshold\[1\]: is set 0 of 0/)
  assert.match(inTree({ cat_boundaries: '0 2' }), /^Tree=0 cat_boundaries\[1\]/)
  assert.match(inTree({ cat_boundaries: '1 1' }), /^Tree=0 cat_boundaries\[0\]: does not begin at 0/)
  assert.match(inTree({ num_cat: '2', cat_boundaries: '0 1 0', cat_threshold: '5' }), /^Tree=0 cat_boundaries\[2\]: goes down/)
  assert.match(inTree({ cat_threshold: '4294967296' }), /^Tree=0 cat_threshold\[0\]/)
  assert.match(inTree({ num_features: '2 1' }, 1), /^Tree=1 num_features\[1\]: counts more/)
  assert.match(inTree({ num_features: '1 0' }, 1), /^Tree=1 num_features: counts fewer/)
  assert.match(inTree({ leaf_features: '0 3' }, 1), /^Tree=1 leaf_features\[1\]/)
})

test('children that make no tree are refused', () => {
  assert.match(inTree({ left_child: '1 -1 3' }), /^Tree=0 left_child\[2\]: the number is 3/)
  assert.match(inTree({ right_child: '2 -2 -5' }), /^Tree=0 right_child\[2\]: the number is -5/)
  assert.match(inTree({ left_child: '0 -1 -3' }), /^Tree=0 left_child\[0\]: is the root/)
  assert.match(inTree({ left_child: '1 -1 -1' }), /^Tree=0 left_child\[2\]: leaf 0 is the child of two/)
  assert.match(inTree({ right_child: '1 -2 -4' }), /^Tree=0 right_child\[0\]: split 1 is the child of two/)
  assert.match(inTree({ left_child: '-1 2 1', right_child: '-2 -3 -4' }), /^Tree=0 left_child: 2 splits do not hang on the root/)
  assert.match(inTree({ split_feature: '0 1 3' }), /^Tree=0 split_feature\[2\]/)
  assert.match(inTree({ decision_type: '2 1 12' }), /^Tree=0 decision_type\[2\]/)
})

test('a tree whose splits stand in any order is read as the tree it is', () => {
  const form = readLightGBM(
    file((made) =>
      Object.assign(made.trees[0]!, { left_child: '2 -3 -1', right_child: '1 -4 -2', split_feature: '0 2 1', threshold: '41.5 0 0', decision_type: '2 10 1' }),
    ),
  )
  assert.equal(form.steps.length, 2)
  // the second split hangs on the third, which comes later
  const late = { left_child: '2 -1 1', right_child: '-4 -2 -3', split_feature: '0 0 2', threshold: '41.5 1 0', decision_type: '2 2 10' }
  readLightGBM(file((made) => Object.assign(made.trees[0]!, late)))
})

test('what is no number is refused', () => {
  assert.match(inTree({ threshold: '1 0 x' }), /^Tree=0 threshold\[2\]: "x" is not a number/)
  assert.match(inTree({ threshold: 'nan 0 1' }), /^Tree=0 threshold\[0\]: is not a number/)
  assert.match(inTree({ leaf_value: '1 2 3 0x4' }), /^Tree=0 leaf_value\[3\]/)
  assert.match(inTree({ left_child: '1 -1 --3' }), /^Tree=0 left_child\[2\]/)
  assert.match(inTree({ leaf_count: '1 2 3 1e3' }), /^Tree=0 leaf_count\[3\]/)
  assert.match(inTree({ threshold: `1 0 ${'9'.repeat(1_000_000)}` }), /^Tree=0 threshold\[2\]/)
})

test('keys that are missing, stand twice or are not known are refused', () => {
  for (const key of [
    'num_leaves',
    'split_feature',
    'threshold',
    'decision_type',
    'left_child',
    'right_child',
    'leaf_value',
    'cat_boundaries',
    'cat_threshold',
  ]) {
    assert.match(
      refusal((made) => delete made.trees[0]![key]),
      /^Tree=0 /,
      key,
    )
  }
  assert.match(
    refusal((made) => Object.assign(made.trees[1]!, { quantized: '1' })),
    /^Tree=1: the key of "quantized=1" is not known/,
  )
  assert.match(
    refusal((made) => Object.assign(made.trees[1]!, { 'num_leaves=2\nnum_leaves': '2' })),
    /^Tree=1 num_leaves: stands twice/,
  )
  for (const key of ['version', 'num_tree_per_iteration', 'max_feature_idx', 'feature_names']) {
    assert.match(
      refusal((made) => delete made.header[key]),
      new RegExp(`^${key}`),
      key,
    )
  }
})

test('a head that lies is refused', () => {
  const head = (fields: Record<string, string>) => refusal((made) => Object.assign(made.header, fields))
  assert.match(head({ version: 'v9' }), /^version: the version is "v9"/)
  assert.match(head({ max_feature_idx: '2147483647' }), /^max_feature_idx: 2147483648 features/)
  assert.match(head({ max_feature_idx: '3' }), /^feature_names: has 3 names; max_feature_idx says 4/)
  assert.match(head({ feature_names: 'a b a' }), /^feature_names: "a" stands twice/)
  assert.match(head({ feature_infos: '[0:1] none' }), /^feature_infos: has 2 words for 3 features/)
  assert.match(head({ feature_infos: '[0:1] 1:x:2 none' }), /^feature_infos: "x" is not a category/)
  assert.match(head({ num_tree_per_iteration: '1000000000' }), /^num_tree_per_iteration/)
  const sizes = (said: string) => refusal((made) => Object.assign(made, { sizes: false, header: { ...made.header, tree_sizes: said } }))
  assert.match(sizes('1 2'), /^tree_sizes\[0\]: says 1 bytes; Tree=0 has \d+/)
  assert.match(sizes('1 -2'), /^tree_sizes\[1\]/)
  assert.match(sizes(''), /^tree_sizes: has 0 numbers for 2 trees/)
  assert.match(
    refusal((made) => Object.assign(made.header, { x: 'BARE' })),
    /^header: the line "x" has no '='/,
  )
  assert.match(
    refusal((made) => Object.assign(made.header, Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`k${i}`, ''])))),
    /^header: more than 1000 lines/,
  )
})

test('trees out of order, or not whole rounds, are refused', () => {
  const changed = (change: (text: string) => string) => () => readLightGBM(new TextEncoder().encode(change(text({ ...parts(), sizes: false }))))
  assert.throws(
    changed((all) => all.replace('Tree=1', 'Tree=2')),
    /^UnreadableModel: Tree=1: the line "Tree=2" stands where it should begin/,
  )
  assert.throws(
    changed((all) => all.replace('num_tree_per_iteration=1', 'num_tree_per_iteration=3').replace('binary sigmoid:1', 'multiclass num_class:3')),
    /no whole number of rounds/,
  )
  assert.throws(
    changed((all) => all.replace('tree\n', 'tre\n')),
    /line 1/,
  )
  const latin = file()
  latin[latin.indexOf(0xc3) + 1] = 0x78
  assert.throws(() => readLightGBM(latin), /^UnreadableModel: feature_names: is not UTF-8/)
})

test('a file cut off anywhere before its trees end is refused; after that, wherever the cut can be seen', () => {
  const whole = file()
  const all = new TextDecoder().decode(whole)
  const treesEnd = whole.length - new TextEncoder().encode(all.slice(all.indexOf('end of trees'))).length + 'end of trees'.length
  const wholeLines = new Set<string>()
  for (let length = 0; length < whole.length - 1; length++) {
    try {
      readLightGBM(whole.subarray(0, length))
      assert.ok(length >= treesEnd, `read when cut to ${length} bytes`)
      wholeLines.add(new TextDecoder().decode(whole.subarray(treesEnd, length)))
    } catch (error) {
      assert.ok(error instanceof UnreadableModel, `cut to ${length} bytes: ${String(error)}`)
    }
  }
  for (const rest of wholeLines) assert.match(rest, /^\n*(feature_importances:\n?(age=1)?\n*)?$|end of parameters\n*$/)
})

test('bytes changed at random are read into a sound form or refused, nothing else', () => {
  const good = file()
  const alphabet = new TextEncoder().encode('0123456789-+.eE =\n\rTree:[]",xnaif\u0000')
  let state = 20_240_817
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  let refused = 0
  for (let round = 0; round < 4_000; round++) {
    const bytes = good.slice()
    for (let change = random(4); change >= 0; change--) bytes[random(bytes.length)] = random(3) === 0 ? random(256) : alphabet[random(alphabet.length)]!
    const [from, to] = [random(bytes.length), random(bytes.length)]
    const hostile = random(4) === 0 ? Uint8Array.from([...bytes.subarray(0, from), ...bytes.subarray(to)]) : bytes
    try {
      checkForm(readLightGBM(hostile))
    } catch (error) {
      refused++
      assert.ok(error instanceof UnreadableModel && !error.where.includes('steps'), `round ${round}: ${error instanceof Error ? error.stack : String(error)}`)
    }
  }
  assert.ok(refused > 1_000, `${refused} were refused`)
})

test('long lines and many tokens cost no more than their bytes', () => {
  assert.match(
    refusal((made) => Object.assign(made.header, { objective: 'x '.repeat(100_000) })),
    /^objective: has over/,
  )
  assert.match(
    refusal((made) => Object.assign(made.header, { objective: `custom${'\n'.repeat(2000)}` })),
    /^header: more than 1000 lines/,
  )
  assert.match(inTree({ num_leaves: `4${'\n'.repeat(200)}` }), /^Tree=0: has more than 100 lines/)
  assert.match(
    refusal((made) => Object.assign(made, { tail: 'age=1\n'.repeat(20_000) })),
    /^after the trees: stand more than 10003 lines/,
  )
  assert.match(inTree({ num_leaves: `${' '.repeat(3_000_000)}4x` }), /^Tree=0 num_leaves/)
  assert.match(
    refusal((made) => Object.assign(made, { tail: `\npandas_categorical:${'['.repeat(100_000)}` })),
    /^pandas_categorical/,
  )
  assert.match(
    refusal((made) => Object.assign(made, { tail: `\npandas_categorical:[${'[],'.repeat(100_000)}[]]` })),
    /more lists than the 3 features/,
  )
})
