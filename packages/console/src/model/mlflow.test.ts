import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MlflowLineage } from '@fairlead/contract/control'
import { metricsOf, tagsOf } from './mlflow.ts'

const run = {
  id: 'r',
  metrics: { auc: { value: 0.81234567, step: 4 }, odd: { value: 'NaN' as const } },
  params: {},
  tags: { team: 'risk', 'mlflow.user': 'ann' },
  datasets: [],
}
const mlflow: MlflowLineage = { trackingUri: 'https://m', uri: 'models:/a/1', run }

test('metrics are those of the run, and where the model has its own, those', () => {
  assert.deepEqual(metricsOf(mlflow), [
    ['auc', '0.8123 at step 4'],
    ['odd', 'NaN'],
  ])
  const logged = { id: 'm-1', metrics: { auc: { value: 0.5, step: 0 } }, params: {}, tags: {} }
  assert.equal(metricsOf({ ...mlflow, logged })[0]?.[1], '0.5000')
  assert.deepEqual(metricsOf({ trackingUri: 'https://m', uri: 'runs:/r' }), [])
})

test('tags of MLflow itself are left to the facts, and those of the registered version go first', () => {
  const registered = { name: 'a', version: '1', aliases: [], tags: { team: 'fraud' } }
  assert.deepEqual(tagsOf({ ...mlflow, registered }), [['team', 'fraud']])
  assert.deepEqual(tagsOf(mlflow), [['team', 'risk']])
})
