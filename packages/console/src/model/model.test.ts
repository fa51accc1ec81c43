import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ModelVersion } from '@fairlead/contract/control'
import { columnWords, compareVersions } from './compare.ts'
import { lineageGraph } from './lineage.ts'

const version: ModelVersion = {
  model: 'credit-risk',
  version: 3,
  digest: `sha256:${'a'.repeat(64)}`,
  format: 'onnx',
  description: '',
  tags: { stage: 'candidate' },
  metrics: { auc: 0.81234 },
  aliases: ['champion'],
  files: [],
  sizeBytes: 300_000,
  signature: {
    task: 'classification',
    inputs: [],
    outputs: [],
    columns: [{ name: 'age', type: 'int64', tensor: 'age', min: 18, max: 120, unit: 'years' }],
    fields: [{ name: 'label', kind: 'label', type: 'string', tensor: 'label' }],
  },
  facts: { format: 'onnx', opsets: {}, metadata: {}, operators: { Scaler: 1 }, unsupportedOperators: [], parameters: 1200, sizeBytes: 300_000, rewrites: [] },
  lineage: {
    importedBy: 'ada',
    importedAt: '2026-05-01T12:00:00.000Z',
    trainingRun: 'run-7',
    codeCommit: '0123456789abcdef',
    dataDigests: { train: `sha256:${'b'.repeat(64)}` },
  },
  goldenRowCount: 0,
  createdAt: '2026-05-01T12:00:00.000Z',
  deployments: [{ name: 'credit', release: 7 }],
}

test('lineage leads from data and code over the run to the version and on to its deployments', () => {
  const { nodes, edges } = lineageGraph(version)
  assert.deepEqual(
    nodes.map((node) => node.id),
    ['data train', 'code', 'run', 'version', 'deployment credit'],
  )
  assert.deepEqual(
    edges.map((edge) => `${edge.from}>${edge.to}`),
    ['data train>run', 'code>run', 'run>version', 'version>deployment credit'],
  )
})

test('a version of unknown origin still stands in the drawing', () => {
  const { nodes, edges } = lineageGraph({ ...version, lineage: { importedBy: 'ada', importedAt: version.createdAt }, deployments: [] })
  assert.equal(nodes.length, 1)
  assert.equal(edges.length, 0)
})

test('a comparison names what only one side has', () => {
  const other = { ...version, metrics: { auc: 0.9, f1: 0.5 }, signature: { ...version.signature, columns: [] } }
  const topics = compareVersions(version, other)
  const find = (title: string, name: string) => topics.find((topic) => topic.title === title)?.lines.find((line) => line.name === name)
  assert.deepEqual(find('Metrics', 'f1'), { name: 'f1', left: 'absent', right: '0.5000', same: false })
  assert.equal(find('Inputs', 'age')?.right, 'absent')
  assert.equal(find('Operators', 'Scaler')?.same, true)
})

test('a column in words', () => {
  assert.equal(columnWords(version.signature.columns[0]), 'int64 · 18 to 120 · years')
  assert.equal(columnWords({ name: 'a', type: 'string', tensor: 'a', values: ['x', 'y'], optional: true }), 'string · one of x, y · optional')
})
