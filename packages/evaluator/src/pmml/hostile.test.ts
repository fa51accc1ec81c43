import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkForm } from '../form/check/index.ts'
import type { Form } from '../form/form.ts'
import { UnreadableModel, type UnreadableReason } from '../unreadable.ts'
import { readPmml } from './read.ts'

const text = (name: string) => readFileSync(join(import.meta.dirname, 'testdata', `${name}.pmml`), 'utf8')
const bytes = (content: string) => new TextEncoder().encode(content)

function refused(content: string, reason: UnreadableReason, what: RegExp): void {
  const start = performance.now()
  assert.throws(
    () => readPmml(bytes(content)),
    (error) => error instanceof UnreadableModel && error.reason === reason && what.test(error.message),
  )
  assert.ok(performance.now() - start < 5000)
}

/** A document changed in one place, which must be there. */
function changed(name: string, from: string | RegExp, to: string): string {
  const before = text(name)
  const after = before.replace(from, to)
  assert.notEqual(after, before)
  return after
}

const TREE = 'handmade/tree-none-LastPrediction'

test('refuses what is not PMML, and versions that are not known', () => {
  refused('<html/>', 'malformed', /not a PMML document/)
  refused(changed(TREE, 'version="4.4"', 'version="3.2"'), 'unsupported', /version 3\.2/)
  refused('<PMML version="4.4"/>', 'malformed', /DataDictionary/)
  refused(changed(TREE, /<TreeModel[\s\S]*<\/TreeModel>/, ''), 'malformed', /no model/)
})

test('refuses by name what is not understood', () => {
  for (const [from, to, what] of [
    ['TreeModel ', 'NeuralNetwork ', /NeuralNetwork/],
    ['missingValueStrategy="none"', 'missingValueStrategy="aggregateNodes"', /aggregateNodes/],
    ['missingValueStrategy="none"', 'missingValueStrategy="weightedConfidence"', /weightedConfidence/],
    ['booleanOperator="and"', 'booleanOperator="xor"', /xor/],
    ['dataType="double"', 'dataType="date"', /date/],
    ['functionName="regression"', 'functionName="clustering"', /clustering/],
    ['<MiningField name="x"/>', '<MiningField name="x" outliers="asExtremeValues"/>', /outliers/],
    ['<MiningField name="x"/>', '<MiningField name="x" invalidValueTreatment="returnValue"/>', /returnValue/],
    ['operator="lessThan"', 'operator="near"', /near/],
    ['field="k" operator="notEqual"', 'field="k" operator="lessThan"', /order/],
  ] as const)
    refused(
      text(TREE)
        .replace('</TreeModel>', to === 'NeuralNetwork ' ? '</NeuralNetwork>' : '</TreeModel>')
        .replace(from, to),
      'unsupported',
      what,
    )
  refused(changed('handmade/forest-average', 'multipleModelMethod="average"', 'multipleModelMethod="median"'), 'unsupported', /median/)
  refused(
    changed(
      'handmade/forest-average',
      '<Segment id="0" weight="1"><True/>',
      '<Segment id="0" weight="1"><SimplePredicate field="x" operator="lessThan" value="1"/>',
    ),
    'unsupported',
    /some rows alone/,
  )
  refused(changed('handmade/derived', 'function="exp"', 'function="system"'), 'unsupported', /system/)
  refused(changed('handmade/regression-none', 'normalizationMethod="none"', 'normalizationMethod="cauchit"'), 'unsupported', /cauchit/)
})

test('refuses what is missing, doubled or no number', () => {
  refused(changed(TREE, 'value="2"', 'value="two"'), 'malformed', /"two" is not a number/)
  refused(changed(TREE, 'field="x"', 'field="z"'), 'malformed', /no field "z"/)
  refused(changed(TREE, 'score="3"', 'score=""'), 'malformed', /not a number/)
  refused(changed(TREE, 'name="k" optype', 'name="x" optype'), 'malformed', /stands twice/)
  refused(changed(TREE, '<Array n="2"', '<Array n="7"'), 'malformed', /says 7 items/)
  refused(changed('handmade/forest-average', 'ScoreDistribution value="so"', 'ScoreDistribution value="what"'), 'malformed', /none of the classes/)
  refused(changed(TREE, /<SimplePredicate field="x" operator="lessThan"[^>]*>/, ''), 'malformed', /no predicate/)
})

test('refuses classifications that may come to no answer', () => {
  refused(
    changed(
      'handmade/tree-label-not-likeliest',
      '<True/><ScoreDistribution',
      '<SimplePredicate field="x" operator="greaterThan" value="6"/><ScoreDistribution',
    ),
    'unsupported',
    /no answer/,
  )
})

test('refuses expressions and predicates nested without end, and trees that their predicates blow up', () => {
  const nested = `${'<Apply function="+">'.repeat(5000)}<FieldRef field="x"/>${'</Apply>'.repeat(5000)}`
  refused(
    changed(
      'handmade/derived',
      /<DerivedField name="e"[\s\S]*?<\/DerivedField>/,
      `<DerivedField name="e" optype="continuous" dataType="double">${nested}</DerivedField>`,
    ),
    'malformed',
    /nested deeper/,
  )
  const or =
    '<CompoundPredicate booleanOperator="or"><SimplePredicate field="x" operator="lessThan" value="1"/><SimplePredicate field="x" operator="greaterThan" value="2"/></CompoundPredicate>'
  const deep = `${`<Node score="1">${or}`.repeat(60)}${'</Node>'.repeat(60)}`
  refused(changed(TREE, /<Node id="0"[\s\S]*<\/Node>\s*<\/TreeModel>/, `<Node score="0"><True/>${deep}</Node></TreeModel>`), 'unsupported', /too many splits/)
  refused(
    changed(TREE, /<Node id="0"[\s\S]*<\/Node>\s*<\/TreeModel>/, `${'<Node score="0"><True/>'.repeat(20_000)}${'</Node>'.repeat(20_000)}</TreeModel>`),
    'malformed',
    /nested deeper/,
  )
})

test('reads trees that are thousands of nodes deep', () => {
  const deep = Array.from({ length: 3000 }, (_, i) => `<Node score="${i}"><SimplePredicate field="x" operator="greaterThan" value="${i}"/>`).join('')
  const form = readPmml(
    bytes(changed(TREE, /<Node id="0"[\s\S]*<\/Node>\s*<\/TreeModel>/, `<Node score="-1"><True/>${deep}${'</Node>'.repeat(3000)}</Node></TreeModel>`)),
  )
  assert.ok(form.steps.some((step) => step.op === 'trees' && step.trees.feature.length > 6000))
})

test('whatever bytes are changed, a document is read or refused, and soon', () => {
  for (const name of ['boosting-classifier-three', 'pipeline-logistic', 'xgboost', TREE, 'handmade/derived', 'handmade/forest-majorityVote']) {
    const whole = bytes(text(name))
    for (let seed = 1; seed <= 200; seed += 1) {
      const content = whole.slice()
      for (let k = 0; k < 1 + (seed % 4); k += 1)
        content[(Math.imul(seed * 131 + k, 2654435761) >>> 0) % content.length] = [0, 34, 38, 45, 47, 57, 60, 62, 101, 255][(seed * 7 + k) % 10] as number
      const start = performance.now()
      let form: Form | undefined
      try {
        form = readPmml(seed % 5 === 0 ? content.subarray(0, (Math.imul(seed, 2654435761) >>> 0) % content.length) : content)
      } catch (error) {
        assert.ok(error instanceof UnreadableModel, `${name} ${seed}: ${(error as Error).stack}`)
      }
      if (form !== undefined) checkForm(form)
      assert.ok(performance.now() - start < 5000)
    }
  }
})
