import { type Deployment, type ModelVersion, type Operation, type Release, releaseSettings } from '@fairlead/contract/control'

const AT = '2026-01-02T03:04:05.678Z'
const DIGEST = `sha256:${'ab'.repeat(32)}`

/** A model version as control answers it. */
export function sampleVersion(change: Partial<ModelVersion> = {}): ModelVersion {
  return {
    model: 'credit-risk',
    version: 3,
    digest: DIGEST,
    format: 'onnx',
    description: '',
    tags: { team: 'risk' },
    metrics: { auc: 0.764 },
    aliases: ['champion'],
    files: [{ path: 'model.onnx', digest: DIGEST, size: 10 }],
    sizeBytes: 49_219,
    signature: {
      task: 'classification',
      inputs: [{ name: 'age', type: 'int64', shape: [-1, 1] }],
      outputs: [{ name: 'output_label', type: 'int64', shape: [-1] }],
      columns: [
        { name: 'age', type: 'int64', tensor: 'age', min: 18, max: 120, unit: 'years' },
        { name: 'purpose', type: 'string', tensor: 'purpose', optional: true },
        { name: 'amount', type: 'float64', tensor: 'amount' },
      ],
      fields: [{ name: 'label', kind: 'label', type: 'int64', tensor: 'output_label', classes: ['bad', 'good'] }],
    },
    facts: {
      format: 'onnx',
      opsets: { 'ai.onnx': 17 },
      metadata: {},
      operators: {},
      unsupportedOperators: [],
      parameters: 0,
      sizeBytes: 49_219,
      rewrites: ['ZipMap removed'],
    },
    lineage: { importedBy: 'admin', importedAt: AT },
    goldenRowCount: 0,
    createdAt: AT,
    deployments: [],
    ...change,
  }
}

/** A release as control answers it. */
export function sampleRelease(change: Partial<Release> = {}): Release {
  return {
    deployment: 'credit-risk',
    number: 2,
    digest: DIGEST,
    model: { name: 'credit-risk', version: 3, digest: DIGEST },
    pipeline: [{ model: {} }],
    settings: releaseSettings.parse({}),
    state: 'active',
    failure: null,
    execution: null,
    checks: [{ kind: 'golden', rows: 50, passed: true, largestDifference: 1.2e-7 }],
    createdAt: AT,
    createdBy: 'admin',
    activatedAt: AT,
    ...change,
  }
}

/** A deployment as control answers it. */
export function sampleDeployment(change: Partial<Deployment> = {}): Deployment {
  return {
    name: 'credit-risk',
    state: 'ready',
    reason: 'release 2 answers',
    current: sampleRelease(),
    releases: 2,
    observed: [],
    urls: { predict: 'http://p/predict', openapi: 'http://p/openapi.json', docs: 'http://p/docs', oip: 'http://p/v2' },
    createdAt: AT,
    updatedAt: AT,
    ...change,
  }
}

/** An operation as control answers it. */
export function sampleOperation(change: Partial<Operation> = {}): Operation {
  return {
    id: 'op-1',
    kind: 'deploy',
    state: 'done',
    step: 'active',
    progress: 1,
    target: { deployment: 'credit-risk', release: 2 },
    error: null,
    startedAt: AT,
    endedAt: '2026-01-02T03:04:06.078Z',
    ...change,
  }
}
