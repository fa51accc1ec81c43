import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, request as requestHttp } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { mlflowLineage } from '@fairlead/contract/control'
import { type FetchOptions, fetchModel, lineageOfFolder } from './fetch.ts'
import type { MlflowServer } from './server.ts'
import { CREDIT_ROOT, creditRoutes, type FakeTracking, fakeTracking, mlflowError } from './testing/fake-server.ts'
import { ARTIFACTS_PATH } from './uri.ts'

const MODEL = { [`${CREDIT_ROOT}/MLmodel`]: 'run_id: abc123\n', [`${CREDIT_ROOT}/data/model.ubj`]: 'x'.repeat(5000) }

const credit = (more: FakeTracking['routes'] = {}) => fakeTracking({ ...MODEL }, { ...creditRoutes(), ...more })

async function fetched(server: FakeTracking, uri: string, given: Partial<MlflowServer> & Partial<FetchOptions> = {}) {
  const { limits, progress, ...more } = given
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-fetch-'))
  try {
    const options = { folder, ...(limits ? { limits } : {}), ...(progress ? { progress } : {}) }
    const model = await fetchModel({ trackingUri: server.url, timeoutMs: 10_000, retries: 3, ...more }, uri, options)
    const entries = await readdir(model.folder, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(model.folder.length + 1))
    const size = await Promise.all(files.map(async (file) => (await readFile(join(model.folder, file))).length))
    return { ...model, files: Object.fromEntries(files.map((file, at) => [file, size[at]])) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const fails = (code: string, words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof FairleadError, String(error))
  assert.equal(error.code, code, error.message)
  assert.match(error.message, words)
  return true
}

test('every address of a model leads to its files and its origin', async () => {
  await using server = await credit()
  const registered = ['models:/credit/3', 'models:/credit@champion', 'models:/credit/latest', 'models:/credit/LATEST', 'models:/credit/production']
  const others = [`models:/m-${'1'.repeat(32)}`, 'runs:/abc123/model', `mlflow-artifacts:/${CREDIT_ROOT}`, `${server.url}/${ARTIFACTS_PATH}/${CREDIT_ROOT}`]
  const host = `mlflow-artifacts://${new URL(server.url).host}/${CREDIT_ROOT}/`
  for (const uri of [...registered, ...others, host]) {
    const { files, lineage, notes } = await fetched(server, uri)
    assert.deepEqual(files, { MLmodel: 15, 'data/model.ubj': 5000 }, uri)
    assert.equal(lineage.run?.id, 'abc123', uri)
    assert.equal(lineage.run?.metrics.auc?.value, 0.79, uri)
    assert.equal(lineage.registered?.version, registered.includes(uri) ? '3' : undefined, uri)
    assert.deepEqual([notes.length, /stages are deprecated/.test(notes.join())], uri.endsWith('production') ? [1, true] : [0, false], uri)
  }
})

test('a path below a logged model, a single file, and the layout of MLflow 2', async () => {
  await using server = await credit()
  assert.deepEqual((await fetched(server, 'runs:/abc123/model/data')).files, { 'model.ubj': 5000 })
  assert.deepEqual((await fetched(server, `mlflow-artifacts:/${CREDIT_ROOT}/data/model.ubj`)).files, { 'model.ubj': 5000 })
  // a server of MLflow 2 has no logged models: they are among the run's artifacts
  delete server.routes['POST logged-models/search']
  server.files['1/abc123/artifacts/model/MLmodel'] = 'flavors: {}\n'
  const two = await fetched(server, 'runs:/abc123/model')
  assert.deepEqual([two.files, two.lineage.logged], [{ MLmodel: 12 }, undefined])
})

test('of several models logged under a name the one of the last step is taken', async () => {
  const model = (id: string, run: string) => ({
    info: { model_id: id, name: 'model', artifact_uri: `mlflow-artifacts:/1/models/${id}/artifacts`, source_run_id: run },
    data: {},
  })
  const run = {
    info: { run_id: 'abc123', experiment_id: '1' },
    outputs: {
      model_outputs: [
        { model_id: 'm-a', step: '7' },
        { model_id: 'm-b', step: 20 },
        { model_id: 'm-c', step: 3 },
      ],
    },
  }
  await using server = await credit({
    'GET runs/get': () => ({ json: { run } }),
    'POST logged-models/search': ({ body }) =>
      body.page_token === 'more'
        ? { json: { models: [model('m-b', 'abc123'), model('m-z', 'other')] } }
        : { json: { models: [model('m-a', 'abc123'), model('m-c', 'abc123')], next_page_token: 'more' } },
    'GET logged-models/m-b': () => ({ json: { model: model('m-b', 'abc123') } }),
  })
  server.files['1/models/m-b/artifacts/MLmodel'] = 'b'
  const { files, lineage } = await fetched(server, 'runs:/abc123/model')
  assert.deepEqual([files, lineage.logged?.id], [{ MLmodel: 1 }, 'm-b'])
})

test('the origin is kept whole, without passwords and the books MLflow keeps', async () => {
  await using server = await credit()
  const { lineage } = await fetched(server, 'models:/credit@champion')
  assert.deepEqual(mlflowLineage.parse(lineage), lineage)
  const { run, registered } = lineage
  assert.deepEqual([lineage.trackingUri, lineage.uri], [server.url, 'models:/credit@champion'])
  assert.deepEqual(registered, {
    name: 'credit',
    version: '3',
    stage: 'Production',
    description: 'the third',
    aliases: ['champion'],
    tags: { approved: 'yes' },
  })
  assert.deepEqual(run?.metrics, { auc: { value: 0.79, step: 4 }, odd: { value: 'NaN', step: 0 } })
  assert.deepEqual([run?.params, run?.experiment, run?.commit, run?.source], [{ leaves: '7' }, 'nightly', 'c0ffee', 'train.py'])
  assert.deepEqual([run?.startedAt, run?.endedAt], ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.000Z'])
  assert.deepEqual(run?.datasets, [{ name: 'loans', digest: 'd1', context: 'training', source: '{}' }])
  assert.equal(run?.repository, 'https://git.example.com/credit.git')
  assert.deepEqual(Object.keys(run?.tags ?? {}), ['mlflow.source.name', 'mlflow.source.git.commit', 'mlflow.source.git.repoURL', 'team'])
  assert.doesNotMatch(JSON.stringify(lineage), /secret/)
  assert.equal(lineage.cut, undefined)
})

test('what is too much or may not be read is left out and named', async () => {
  const many = Array.from({ length: 700 }, (_, at) => ({ key: `p${at}`, value: 'v' }))
  const run = { info: { run_id: 'abc123' }, data: { params: [{ key: 'long', value: 'ä'.repeat(9000) }, { key: 'k'.repeat(300), value: '' }, ...many] } }
  await using server = await credit({
    'GET runs/get': () => ({ json: { run } }),
    [`GET logged-models/m-${'1'.repeat(32)}`]: () => mlflowError(403, 'PERMISSION_DENIED', 'Permission denied'),
  })
  server.routes['GET model-versions/get-download-uri'] = () => ({ json: { artifact_uri: `mlflow-artifacts:/${CREDIT_ROOT}` } })
  const { lineage } = await fetched(server, 'models:/credit/3')
  assert.deepEqual(mlflowLineage.parse(lineage), lineage)
  assert.equal(Object.keys(lineage.run!.params).length, 500)
  assert.equal(lineage.run!.params.long?.length, 2000)
  assert.equal(lineage.logged, undefined)
  assert.match(
    lineage.cut!.join('\n'),
    /the logged model: .*Permission denied[\s\S]*parameters of the run: 500 of 702 are kept[\s\S]*parameters of the run long: 9000 characters/,
  )
})

test('a folder that names its run gets what the server knows of it', async () => {
  await using server = await credit()
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-fetch-'))
  try {
    const from = { trackingUri: server.url, timeoutMs: 10_000, retries: 0 }
    assert.equal(await lineageOfFolder(from, folder), undefined)
    await writeFile(join(folder, 'MLmodel'), 'run_id: abc123\nflavors: {}\n')
    const lineage = await lineageOfFolder(from, folder)
    assert.deepEqual([lineage?.uri, lineage?.run?.name], ['runs:/abc123', 'night'])
    await writeFile(join(folder, 'MLmodel'), '\0: [')
    assert.equal(await lineageOfFolder(from, folder), undefined)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('what is not there is said in the words of the server', async () => {
  await using server = await credit()
  const cases: [string, string, RegExp][] = [
    ['models:/credit/9', 'tracking-unknown', /Model Version \(name=credit, version=9\) not found/],
    ['models:/credit@none', 'tracking-unknown', /Registered model alias none not found/],
    ['models:/credit/Staging', 'tracking-unknown', /No versions of model with name 'credit' and stage 'Staging' found/],
    [`models:/m-${'2'.repeat(32)}`, 'tracking-unknown', /logged-models\/m-2222/],
    ['runs:/nobody/model', 'tracking-unknown', /Run with id=nobody not found/],
    ['runs:/abc123/nothing', 'tracking-unknown', /There is nothing at 1\/abc123\/artifacts\/nothing/],
    ['mlflow-artifacts:/nothing', 'tracking-unknown', /There is nothing at nothing/],
    ['models:/credit', 'tracking-unknown', /no logged model with the id "credit"\. A registered model is models:\/credit\/VERSION/],
    ['models:/credit/3/model.ubj', 'usage', /models:\/NAME\/VERSION/],
    ['models:/credit/', 'usage', /models:\/NAME\/VERSION/],
    ['models:/@champion', 'usage', /NAME@ALIAS/],
    ['models:/credit/bogus', 'usage', /"bogus" is neither a number, latest nor a stage/],
    ['models://profile@databricks/credit/1', 'not-supported', /Databricks/],
    ['runs:/abc123', 'usage', /runs:\/RUN_ID\/PATH/],
    ['runs:/abc123/../x', 'request-invalid', /has a part "\.\."/],
    ['mlflow-artifacts:/', 'usage', /mlflow-artifacts:\/PATH/],
    [`mlflow-artifacts:/${CREDIT_ROOT}/../../x`, 'request-invalid', /has a part "\.\."/],
  ]
  for (const [uri, code, words] of cases) await assert.rejects(fetched(server, uri), fails(code, words), uri)
})

test('a registered model without an MLmodel, and stores that are not read, are refused', async () => {
  await using server = await credit()
  const leadsTo = (uri: string) => {
    server.routes['GET model-versions/get-download-uri'] = () => ({ json: { artifact_uri: uri } })
  }
  leadsTo(`mlflow-artifacts:/${CREDIT_ROOT}/data`)
  await assert.rejects(fetched(server, 'models:/credit/3'), fails('tracking-unknown', /no MLmodel file/))
  for (const store of ['s3://bucket/model', 'gs://b/m', 'dbfs:/m', 'hdfs://h/m', 'https://example.com/model']) {
    leadsTo(store)
    await assert.rejects(fetched(server, 'models:/credit/3'), fails('not-supported', /--serve-artifacts/), store)
  }
  leadsTo('models:/credit/3')
  await assert.rejects(fetched(server, 'models:/credit/3'), fails('tracking-failed', /more than 5 times/))
})

test('files on the disk of the server count only where that is this machine, and only as a model', async () => {
  await using server = await credit()
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-fetch-'))
  try {
    const leadsTo = (uri: string) => {
      server.routes['GET model-versions/get-download-uri'] = () => ({ json: { artifact_uri: uri } })
    }
    leadsTo(`file://${folder}`)
    await writeFile(join(folder, 'secret.txt'), 'secret')
    await assert.rejects(fetched(server, 'models:/credit/3'), fails('tracking-unknown', /no MLmodel file/))
    await writeFile(join(folder, 'MLmodel'), 'flavors: {}\n')
    assert.equal((await fetched(server, 'models:/credit/3')).folder, folder)
    leadsTo('mlruns/1/model')
    await assert.rejects(fetched(server, 'models:/credit/3'), fails('not-supported', /on the disk of 127\.0\.0\.1/))
    leadsTo('file://elsewhere/model')
    await assert.rejects(fetched(server, 'models:/credit/3'), fails('not-supported', /a file of another machine/))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('registered models may be on another server, which gets the credentials too', async () => {
  await using tracking = await credit()
  await using registry = await credit()
  for (const path of Object.keys(tracking.routes).filter((route) => /registered-models|model-versions/.test(route))) delete tracking.routes[path]
  const { lineage } = await fetched(tracking, 'models:/credit@champion', { registryUri: registry.url, credentials: { token: 't' } })
  assert.deepEqual([lineage.registered?.version, lineage.run?.name], ['3', 'night'])
  assert.deepEqual([...new Set([...tracking.asked, ...registry.asked].map(({ authorization }) => authorization))], ['Bearer t'])
})

test('a proxy that the environment names is asked instead of the server', async () => {
  await using server = await credit()
  const seen: string[] = []
  const proxy = createServer((request, response) => {
    seen.push(request.url ?? '')
    const onward = requestHttp(request.url ?? '', { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(response)
    })
    request.pipe(onward)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const at = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  try {
    assert.deepEqual((await fetched(server, 'models:/credit/3', { proxy: { HTTP_PROXY: at } })).files, { MLmodel: 15, 'data/model.ubj': 5000 })
    assert.ok(seen.length > 5 && seen.every((url) => url.startsWith(server.url)), seen.join())
    const before = seen.length
    await fetched(server, 'models:/credit/3', { proxy: { HTTP_PROXY: at, NO_PROXY: '127.0.0.1' } })
    assert.equal(seen.length, before)
  } finally {
    proxy.close()
    proxy.closeAllConnections()
  }
})
