import { closeSync, openSync, writeSync } from 'node:fs'
import type { Shape } from './xgboost.ts'

const FEATURES = 30
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">\n<Header/>\n'

/** Writes a random forest as sklearn2pmml does: of numbers, or of classes with their shares in every leaf. Gives the number of splits and leaves that it comes to. */
export function writePmml(path: string, { trees, depth, format }: Shape): number {
  const file = openSync(path, 'w')
  const isClassifier = format === 'pmml-classifier'
  const names = Array.from({ length: FEATURES }, (_, at) => `feature_${at}`)
  const target = isClassifier
    ? '<DataField name="y" optype="categorical" dataType="string">\n<Value value="bad"/>\n<Value value="good"/>\n</DataField>'
    : '<DataField name="y" optype="continuous" dataType="double"/>'
  const fields = names.map((name) => `<DataField name="${name}" optype="continuous" dataType="float"/>`)
  const schema = `<MiningSchema>\n${names.map((name) => `<MiningField name="${name}"/>`).join('\n')}\n</MiningSchema>`
  const kind = isClassifier ? 'classification' : 'regression'
  writeSync(file, `${HEAD}<DataDictionary>\n${target}\n${fields.join('\n')}\n</DataDictionary>\n<MiningModel functionName="${kind}">\n`)
  writeSync(
    file,
    `${schema.replace('<MiningSchema>', '<MiningSchema>\n<MiningField name="y" usageType="target"/>')}\n<Segmentation multipleModelMethod="average">\n`,
  )
  let nodes = 0
  for (let tree = 0; tree < trees; tree++) {
    nodes += 2 ** (depth + 1) - 1
    const options = isClassifier ? '' : ' missingValueStrategy="nullPrediction" noTrueChildStrategy="returnLastPrediction"'
    writeSync(file, `<Segment id="${tree + 1}">\n<True/>\n<TreeModel functionName="${kind}"${options}>\n${schema}\n`)
    writeSync(file, `${(isClassifier ? classTree : numberTree)(tree, depth)}</TreeModel>\n</Segment>\n`)
  }
  writeSync(file, '</Segmentation>\n</MiningModel>\n</PMML>\n')
  closeSync(file)
  return nodes
}

function numbersOf(seed: number): () => number {
  let state = (seed + 1) * 2654435761
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** A split: the field and its threshold as a float32 is written. */
function split(next: () => number, operator: string): string {
  const value = Math.fround(next() * 4 - 2).toPrecision(8)
  return `<SimplePredicate field="feature_${Math.floor(next() * FEATURES)}" operator="${operator}" value="${value}"/>\n`
}

/** Each split as one element inside its parent, whose own score is that of the other side. */
function numberTree(seed: number, depth: number): string {
  const next = numbersOf(seed)
  const parts: string[] = []
  const inside = (left: number, own: string): void => {
    parts.push(`<Node score="${next() * 40 - 20}">\n${own}`)
    for (let level = left; level > 0; level--) inside(level - 1, split(next, 'lessOrEqual'))
    parts.push('</Node>\n')
  }
  inside(depth, '<True/>\n')
  return parts.join('')
}

function classTree(seed: number, depth: number): string {
  const next = numbersOf(seed)
  const parts: string[] = []
  const inside = (left: number, own: string): void => {
    if (left === 0) {
      const [bad, all] = [Math.floor(next() * 30), 30]
      parts.push(`<Node score="${bad > 15 ? 'bad' : 'good'}" recordCount="${all}">\n${own}<ScoreDistribution value="bad" recordCount="${bad}"/>\n`)
      parts.push(`<ScoreDistribution value="good" recordCount="${all - bad}"/>\n</Node>\n`)
      return
    }
    parts.push(`<Node>\n${own}`)
    inside(left - 1, split(next, 'lessOrEqual'))
    inside(left - 1, '<True/>\n')
    parts.push('</Node>\n')
  }
  inside(depth, '<True/>\n')
  return parts.join('')
}
