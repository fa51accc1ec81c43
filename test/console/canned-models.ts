import type { Signature } from '@fairlead/contract'
import type { MlflowLineage, Model, ModelGraph, ModelVersion, ModelVersionSummary } from '@fairlead/contract/control'
import { treeFacts } from './canned-inside.ts'

export const NOW = Date.now()
/** The time so many minutes ago, as the platform writes it. */
export const ago = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString()
export const sha = (seed: number): string => `sha256:${(seed * 2_654_435_761).toString(16).padStart(12, '7').repeat(6).slice(0, 64)}`

export const signature: Signature = {
  task: 'classification',
  inputs: [{ name: 'features', type: 'float32', shape: [-1, 9] }],
  outputs: [{ name: 'label', type: 'string', shape: [-1] }],
  columns: [
    { name: 'age', type: 'int64', tensor: 'age', min: 18, max: 120, unit: 'years', description: 'Age of the applicant' },
    { name: 'credit_amount', type: 'float32', tensor: 'credit_amount', min: 0, unit: 'EUR', description: 'Amount asked for' },
    { name: 'duration', type: 'int32', tensor: 'duration', min: 1, max: 120, unit: 'months' },
    {
      name: 'purpose',
      type: 'string',
      tensor: 'purpose',
      values: ['car', 'education', 'furniture', 'business', 'other'],
      description: 'What the money is for',
    },
    { name: 'owns_home', type: 'bool', tensor: 'owns_home' },
    { name: 'telephone', type: 'string', tensor: 'telephone', optional: true },
    { name: 'installment_rate_as_percentage_of_disposable_income_xxxxxxx', type: 'float64', tensor: 'rate', min: 0, max: 100, unit: '%', optional: true },
    { name: 'ملاحظة', type: 'string', tensor: 'note', optional: true, description: 'ملاحظات الموظف' },
    { name: '職業', type: 'string', tensor: 'job', values: ['会社員', '自営業', '学生'], optional: true },
  ],
  fields: [
    { name: 'label', kind: 'label', type: 'string', tensor: 'label', classes: ['bad', 'good'], description: 'Credit standing' },
    { name: 'probabilities', kind: 'probabilities', type: 'float32', tensor: 'probabilities', classes: ['bad', 'good'] },
  ],
}

export const exampleRow = { age: 35, credit_amount: 2500, duration: 24, purpose: 'car', owns_home: true, telephone: null, 職業: '会社員' }

/** What a tracking server tells, with long names and odd values. */
const mlflow: MlflowLineage = {
  trackingUri: 'https://mlflow.example.org/team/risk',
  uri: 'models:/credit-risk@champion',
  registered: {
    name: 'credit-risk',
    version: '12',
    stage: 'Production',
    description: 'Gradient boosting on the spring data, calibrated',
    aliases: ['champion', 'spring'],
    tags: { approved_by: 'ada' },
  },
  logged: { id: `m-${'7f3a9c2e'.repeat(4)}`, name: 'model', metrics: {}, params: {}, tags: {} },
  run: {
    id: '7f3a9c2e41b0',
    name: 'nightly-boosting',
    experiment: 'credit/nightly',
    user: 'ada',
    startedAt: ago(3300),
    source: 'pipelines/train.py',
    commit: '4be1c0de99d6a1f20b7a',
    branch: 'main',
    repository: 'https://git.example.org/risk/credit.git',
    metrics: {
      auc: { value: 0.8212345, step: 400 },
      validation_loss_of_the_last_fold_before_early_stopping_was_reached: { value: 0.3821, step: 12_000 },
      gain: { value: 'NaN' },
    },
    params: { learning_rate: '0.05', num_leaves: '31', objective: 'binary', features: 'age, credit_amount, duration, purpose, owns_home' },
    tags: { team: 'risk', 'mlflow.user': 'ada' },
    datasets: [{ name: 'loans-spring', digest: 'a91be3', context: 'training' }],
  },
  cut: ['tags of the run: 500 of 702 are kept'],
}

/** One version with everything a version may have. */
export function version(model: string, number: number): ModelVersion {
  return {
    model,
    version: number,
    digest: sha(number),
    format: 'onnx',
    description: number % 2 ? 'Gradient boosting on the spring data' : '',
    tags: { stage: number > 3 ? 'candidate' : 'archived', team: 'risk' },
    metrics: { auc: 0.78 + number / 100, brier: 0.17 - number / 200, f1: 0.7 + number / 150 },
    aliases: number === 4 ? ['champion'] : number === 5 ? ['challenger'] : [],
    files: [
      { path: 'model.onnx', digest: sha(number + 10), size: 312_400 + number * 800 },
      { path: 'signature.yaml', digest: sha(number + 20), size: 1240 },
    ],
    sizeBytes: 313_640 + number * 800,
    signature: number > 2 ? signature : { ...signature, columns: signature.columns.slice(0, 7) },
    facts: {
      format: 'onnx',
      opsets: { 'ai.onnx': 18, 'ai.onnx.ml': 3 },
      irVersion: 9,
      producer: 'skl2onnx 1.17',
      metadata: { author: 'risk team' },
      operators: { 'ai.onnx.ml::TreeEnsembleClassifier': 1, 'ai.onnx.ml::LabelEncoder': 3, Concat: 2, Cast: 4 + number },
      unsupportedOperators: [],
      parameters: 41_200 + number * 100,
      sizeBytes: 312_400,
      rewrites: ['ZipMap was taken out; its class labels are in the signature.'],
      ...(number > 1 ? treeFacts(model, number) : {}),
      checks: [
        { name: 'determinism', ok: true, detail: '136 rows got the same answers twice, to the last bit.' },
        {
          name: 'serving',
          ok: number > 3,
          detail: number > 3 ? 'The serving example serving_input_example.json is answered (2 rows).' : 'Its 2 rows are not.',
        },
      ],
    },
    lineage: {
      source: 'runs:/7f3a9c/model',
      trainingRun: '7f3a9c2e41b0',
      codeCommit: '4be1c0de99d6a1f20b7a',
      dataDigests: { 'train.parquet': sha(91), 'validation.parquet': sha(92) },
      tool: { mlflow: '3.1.0' },
      ...(number === 4 ? { mlflow } : {}),
      importedBy: 'ada@example.org',
      importedAt: ago(3000 - number * 300),
    },
    example: [exampleRow],
    goldenRowCount: 200,
    createdAt: ago(3000 - number * 300),
    deployments: number === 4 ? [{ name: 'credit-risk', release: 7 }] : [],
  }
}

export function summary(model: string, number: number): ModelVersionSummary {
  const { files: _files, signature: _signature, facts: _facts, lineage, example: _example, ...rest } = version(model, number)
  return { ...rest, importedBy: lineage.importedBy }
}

export function model(name: string, versions: number, deployments: string[]): Model {
  return {
    name,
    description: name === 'credit-risk' ? 'Credit standing of private applicants, German credit data' : '',
    tags: name.length % 2 ? { team: 'risk' } : {},
    versions,
    newest: versions === 0 ? null : versions,
    aliases: versions >= 4 ? { champion: 4, challenger: 5 } : {},
    deployments,
    createdAt: ago(9000),
    updatedAt: ago(name.length * 7),
  }
}

/** A graph with parallel encoders, and a long run that folds. */
export const graph: ModelGraph = {
  nodes: [
    ...signature.columns.map((column) => ({ id: `in ${column.name}`, op: column.type, name: column.name, kind: 'input' as const })),
    ...signature.columns.map((column) => ({ id: `enc ${column.name}`, op: column.type === 'string' ? 'LabelEncoder' : 'Cast', kind: 'operator' as const })),
    ...['Concat', 'Reshape', 'Scaler', 'Cast', 'TreeEnsembleClassifier', 'Normalizer'].map((op, at) => ({
      id: `n${at}`,
      op,
      name: `node_${at}`,
      kind: 'operator' as const,
    })),
    { id: 'out label', op: 'string', name: 'label', kind: 'output' },
    { id: 'out probabilities', op: 'float32', name: 'probabilities', kind: 'output' },
  ],
  edges: [
    ...signature.columns.flatMap((column) => [
      { from: `in ${column.name}`, to: `enc ${column.name}` },
      { from: `enc ${column.name}`, to: 'n0' },
    ]),
    ...[0, 1, 2, 3, 4].map((at) => ({ from: `n${at}`, to: `n${at + 1}` })),
    { from: 'n5', to: 'out label' },
    { from: 'n5', to: 'out probabilities' },
  ],
  truncated: false,
}
