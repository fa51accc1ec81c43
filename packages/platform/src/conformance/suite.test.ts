import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeCase, GRPC_CASES, HTTP_CASES } from './catalogue.ts'
import { conforms, countCases } from './report/summary.ts'
import { type ConformanceOptions, runConformance } from './run.ts'
import { echoGrpc, type GrpcWrong } from './testing/echo-grpc.ts'
import { type Answered, type Asked, type EchoOptions, echoServer, json } from './testing/echo-server.ts'

/** Ids of the cases of a level, or of all, that ended so. */
async function judged(options: EchoOptions, more: Partial<ConformanceOptions> & { wrongGrpc?: GrpcWrong } = {}) {
  await using server = await echoServer(options)
  await using grpc = await echoGrpc(server.model, more.wrongGrpc)
  const { cases } = await runConformance({ url: server.url, grpc: grpc.url, mayUnload: true, timeoutMs: 5000, ...more })
  const ended = (...outcomes: string[]) => cases.filter(({ outcome }) => outcomes.includes(outcome)).map(({ id }) => id)
  return { cases, ended, red: ended('failed', 'deviates') }
}

test('a server that does all as the text says passes every case', async () => {
  const { cases, ended, red } = await judged({})
  assert.deepEqual(red, [], JSON.stringify(cases.filter(({ outcome }) => outcome === 'failed').slice(0, 3)))
  assert.equal(conforms(cases), true)
  assert.deepEqual(ended('not-offered'), [])
  // these say something about models with one input, or with half floats
  assert.deepEqual(ended('skipped'), ['binary/exact-fp16', 'binary/exact-bf16', 'binary/raw'])
})

test('a model of one input takes raw requests, and one of half floats is asked in binary alone', async () => {
  const one = await judged({ datatypes: ['FP32'] })
  assert.deepEqual(one.red, [])
  assert.ok(one.ended('passed').includes('binary/raw'))
  const half = await judged({ datatypes: ['FP16', 'BF16'] })
  assert.deepEqual(half.red, [])
  assert.ok(half.ended('passed').includes('binary/exact-bf16') && half.ended('skipped').includes('infer/flat'))
})

test('an extension that is neither advertised nor there is not offered; one that is advertised and not there failed', async () => {
  const gone = (asked: Asked, right: Answered) => (/repository|stats|config$/.test(asked.path) ? json({ error: 'no' }, 501) : right)
  const without = await judged({ wrong: gone, extensions: [] }, { model: 'echo', only: ['repository', 'statistics', 'configuration'] })
  assert.deepEqual(without.red, [])
  assert.ok(without.ended('not-offered').includes('statistics/model') && without.ended('not-offered').includes('repository/index'))
  const lying = await judged({ wrong: gone }, { model: 'echo', only: ['repository', 'statistics', 'configuration'] })
  assert.ok(lying.ended('failed').includes('statistics/model') && lying.ended('failed').includes('configuration/model'))
  assert.equal(conforms(lying.cases), true, 'no required case is among them')
})

const isInfer = ({ path, method }: Asked) => method === 'POST' && path.endsWith('/infer')

function rewritten(right: Answered, from: string | RegExp, to: string | ((text: string) => string)): Answered {
  return { ...right, body: Buffer.from(right.body.toString().replace(from, to as string)) }
}

interface Fault {
  what: string
  wrong: (asked: Asked, right: Answered) => Answered
  /** Cases that must go red, and the groups in which nothing else may. */
  red: string[]
  within: string[]
}

const FAULTS: Fault[] = [
  {
    what: 'live answers 503',
    wrong: (asked, right) => (asked.path === '/v2/health/live' ? json({ live: false }, 503) : right),
    red: ['health/live', 'health/live-body', 'health/wrong-method'],
    within: ['health', 'metadata'],
  },
  {
    what: 'every model is ready',
    wrong: (asked, right) => (asked.path.endsWith('/ready') ? json({}) : right),
    red: ['health/ready-body', 'health/unknown-model-ready'],
    within: ['health'],
  },
  {
    what: 'the metadata have no extensions and shapes of text',
    wrong: (asked, right) =>
      asked.method === 'GET' ? rewritten(rewritten(right, /"extensions":\[.*?\]/, '"x":1'), '"shape":[-1,2]', '"shape":["-1",2]') : right,
    red: ['metadata/server', 'metadata/server-slash', 'metadata/query-ignored', 'metadata/model', 'metadata/model-version', 'metadata/name-encoded'],
    within: ['metadata', 'health'],
  },
  {
    what: 'the id is lost',
    wrong: (asked, right) => (isInfer(asked) ? rewritten(right, /"id":"(\\.|[^"])*",/, '') : right),
    red: ['infer/id', 'infer/id-unicode', 'infer/json-freedom'],
    within: ['infer'],
  },
  {
    what: 'all outputs are answered, whatever was asked for',
    wrong: (asked, right) =>
      isInfer(asked) && /"outputs"/.test(asked.body.toString('latin1')) && right.status === 200
        ? rewritten(right, /"outputs":\[/, '"outputs":[{"name":"fp32_out","datatype":"FP32","shape":[0],"data":[]},')
        : right,
    red: ['infer/wanted-output', 'infer/wanted-empty'],
    within: ['infer'],
  },
  {
    what: 'nested data are read column by column',
    wrong: (asked, right) => (isInfer(asked) && asked.body.includes('[[') ? rewritten(right, /"data":\[0,0.25/, '"data":[0.25,0') : right),
    red: ['infer/nested'],
    within: ['infer', 'health'],
  },
  {
    what: 'errors are told as FastAPI does',
    wrong: (_asked, right) => (right.status === 400 ? json({ detail: 'no' }, 422) : right),
    red: ['errors/malformed-json', 'errors/data-short', 'errors/missing-inputs', 'compression/broken'],
    within: ['infer', 'health'],
  },
  {
    what: 'wrong shapes are answered',
    wrong: (asked, right) => (isInfer(asked) && right.status === 400 ? json('{"model_name":"echo","outputs":[]}') : right),
    red: [
      'errors/data-long',
      'errors/shape-negative',
      'errors/unknown-input',
      'errors/integer-out-of-range',
      'binary/size-long',
      'binary/trailing',
      'binary/header-text',
    ],
    within: ['infer', 'health'],
  },
  {
    what: 'whole numbers are read into doubles',
    wrong: (_asked, right) => rewritten(right, '9007199254740993', '9007199254740992'),
    red: ['numbers/int64', 'numbers/uint64'],
    within: ['infer', 'numbers'],
  },
  {
    what: 'NaN is written as a bare word',
    wrong: (asked, right) => (isInfer(asked) ? rewritten(right, /\[null/g, '[NaN') : right),
    red: ['numbers/nan-null', 'numbers/nan-text'],
    within: ['infer', 'numbers'],
  },
  {
    what: 'the server fails where a float is no number',
    wrong: (asked, right) => (/\[(NaN|-Infinity|1e400)/.test(asked.body.toString('latin1')) ? { status: 500, headers: {}, body: Buffer.from('oops') } : right),
    red: ['numbers/nan-word', 'numbers/infinity-word', 'numbers/float-overflow'],
    within: ['infer', 'numbers', 'binary'],
  },
  {
    what: 'the header length is off by one',
    wrong: (_asked, right) => {
      const length = right.headers['inference-header-content-length']
      return length ? { ...right, headers: { ...right.headers, 'inference-header-content-length': String(Number(length) + 1) } } : right
    },
    red: ['binary/all-outputs', 'binary/both-ways', 'binary/exact-fp32'],
    within: ['infer', 'numbers'],
  },
  {
    what: 'binary data are told shorter than they are',
    wrong: (_asked, right) => {
      const at = right.body.indexOf('"binary_data_size":8')
      if (at < 0) return right
      const body = Buffer.from(right.body)
      body.write('4', at + 19)
      return { ...right, body }
    },
    red: ['binary/all-outputs', 'binary/both-ways'],
    within: ['infer', 'numbers'],
  },
  {
    what: 'a compressed answer is none',
    wrong: (_asked, right) => (right.headers['content-encoding'] ? { ...right, body: Buffer.from('{}') } : right),
    red: ['compression/response-gzip', 'compression/response-deflate', 'compression/binary'],
    within: ['infer', 'numbers', 'binary', 'compression'],
  },
  {
    what: 'the index is an object, and a model that is unloaded never comes back',
    wrong: (asked, right) => {
      if (asked.path.endsWith('/index')) return json({ models: [] })
      return asked.path === '/v2/repository/models/echo/load' ? json({ error: 'no' }, 500) : right
    },
    red: ['repository/index', 'repository/index-ready', 'repository/index-no-body', 'repository/reload', 'repository/unload-load'],
    within: ['infer', 'numbers', 'binary', 'compression', 'repository'],
  },
  {
    what: 'statistics stand still, and lack a duration',
    wrong: (asked, right) =>
      asked.path.endsWith('/stats') && right.status === 200
        ? rewritten(right, /"(success|queue)":\{"count":\d+,"ns":\d+\},?/g, (text) => (text.includes('success') ? '"success":{"count":1,"ns":1},' : ''))
        : right,
    red: ['statistics/model', 'statistics/all', 'statistics/grow'],
    within: ['infer', 'statistics', 'configuration'],
  },
  {
    what: 'the configuration names a tensor that is not there',
    wrong: (asked, right) => (asked.path.endsWith('/config') ? rewritten(right, '"name":"fp32"', '"name":"x"') : right),
    red: ['configuration/model'],
    within: ['statistics', 'configuration'],
  },
]

for (const { what, wrong, red, within } of FAULTS) {
  test(`goes red where ${what}`, async () => {
    const found = await judged({ wrong }, { model: 'echo', only: [...within, ...red] })
    const missing = red.filter((id) => !found.red.includes(id))
    assert.deepEqual(missing, [], 'cases that should be red')
    const more = found.red.filter((id) => within.includes(id.split('/')[0] ?? '') && !red.includes(id))
    assert.deepEqual(more, [], 'cases that should not be red')
  })
}

const GRPC_FAULTS: { what: string; wrong: GrpcWrong; red: string[] }[] = [
  {
    what: 'the server is not live',
    wrong: (method, right) => (method === 'ServerLive' ? { status: 0, message: Buffer.from([8, 0]) } : right),
    red: ['grpc/live'],
  },
  {
    what: 'metadata are another model',
    wrong: (method, right) => (method === 'ModelMetadata' ? { ...right, message: Buffer.from([10, 1, 120]) } : right),
    red: ['grpc/model-metadata', 'grpc/model-version-metadata'],
  },
  {
    what: 'wrong calls are answered',
    wrong: (method, right) => (method === 'ModelInfer' && right.status !== 0 ? { status: 0, message: Buffer.alloc(0) } : right),
    red: [
      'grpc/infer-unknown-model',
      'grpc/infer-unknown-version',
      'grpc/missing-inputs',
      'grpc/raw-short',
      'grpc/raw-count',
      'grpc/typed-short',
      'grpc/mixed-contents',
      'grpc/datatype-unknown',
      'grpc/not-a-message',
    ],
  },
  { what: 'unknown methods are NOT_FOUND', wrong: (_method, right) => (right.status === 12 ? { ...right, status: 5 } : right), red: ['grpc/unknown-method'] },
  {
    what: 'answers are cut',
    wrong: (method, right) => (method === 'ModelInfer' && right.status === 0 ? { ...right, message: right.message.subarray(0, -3) } : right),
    red: ['grpc/infer-raw', 'grpc/exact-int64-raw', 'grpc/afterwards'],
  },
]

for (const { what, wrong, red } of GRPC_FAULTS) {
  test(`goes red over gRPC where ${what}`, async () => {
    const found = await judged({}, { wrongGrpc: wrong, only: ['grpc/'] })
    assert.deepEqual(
      red.filter((id) => !found.red.includes(id)),
      [],
    )
    if (red.length < 3) assert.deepEqual(found.red, red)
  })
}

test('a model that is not there may say that it is not ready with 200, as the text has it', async () => {
  const wrong = (asked: Asked, right: Answered) => (asked.path.endsWith('/ready') && right.status === 404 ? json({ name: 'x', ready: false }) : right)
  const { cases } = await judged({ wrong }, { model: 'echo', only: ['health/unknown-model-ready'] })
  assert.equal(cases[0]?.outcome, 'deviates')
})

test('the list of cases is readable by programs: unique ids, a statement for every step', () => {
  const all = [...HTTP_CASES.map(describeCase), ...GRPC_CASES.map(describeCase)]
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length)
  for (const { id, title, steps } of all) {
    assert.match(id, /^[a-z]+\/[a-z0-9-]+$/)
    assert.ok(title.length > 10 && steps.length > 0 && steps.every((step) => step.length > 0), id)
  }
  const counts = countCases([])
  assert.deepEqual(counts.required, { passed: 0, failed: 0, deviates: 0, 'not-offered': 0, skipped: 0 })
})
