import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { mlflowSettings } from './mlflow.ts'

const USER = { MLFLOW_TRACKING_USERNAME: 'ann', MLFLOW_TRACKING_PASSWORD: 'p:w' }

test('the option goes before the environment, and neither shows credentials', () => {
  const env = { MLFLOW_TRACKING_URI: 'http://env:5000/mlflow/' }
  assert.equal(mlflowSettings(env, {}).trackingUri, 'http://env:5000/mlflow')
  const given = mlflowSettings(env, { trackingUri: 'https://bob:s%40cret@mlflow.example.com/?x=1' })
  assert.deepEqual(given, {
    trackingUri: 'https://mlflow.example.com',
    credentials: { username: 'bob', password: 's@cret' },
    tls: {},
    timeoutMs: 60_000,
    retries: 5,
  })
})

test('credentials, TLS and patience are those that the clients of MLflow read', () => {
  const settings = (more: Record<string, string>) => mlflowSettings({ MLFLOW_TRACKING_URI: 'https://h', ...more }, {})
  assert.deepEqual(settings(USER).credentials, { username: 'ann', password: 'p:w' })
  assert.deepEqual(settings({ ...USER, MLFLOW_TRACKING_TOKEN: 't' }).credentials, { username: 'ann', password: 'p:w' })
  assert.deepEqual(settings({ MLFLOW_TRACKING_TOKEN: 't' }).credentials, { token: 't' })
  const tls = { MLFLOW_TRACKING_INSECURE_TLS: 'true', MLFLOW_TRACKING_SERVER_CERT_PATH: '/ca.pem', MLFLOW_TRACKING_CLIENT_CERT_PATH: '/me.pem' }
  assert.deepEqual(settings(tls).tls, { insecure: true, caFile: '/ca.pem', clientCertFile: '/me.pem' })
  assert.deepEqual(settings({ MLFLOW_TRACKING_INSECURE_TLS: 'false' }).tls, {})
  assert.deepEqual(settings({ https_proxy: 'http://p:3128', NO_PROXY: 'h' }).proxy, { https_proxy: 'http://p:3128', NO_PROXY: 'h' })
  const patience = settings({ MLFLOW_HTTP_REQUEST_TIMEOUT: '7', MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' })
  assert.deepEqual([patience.timeoutMs, patience.retries], [7000, 0])
  assert.equal(settings({ MLFLOW_REGISTRY_URI: 'https://other' }).registryUri, 'https://other')
  assert.equal(settings({ MLFLOW_REGISTRY_URI: 'https://h/' }).registryUri, undefined)
})

test('what is missing or cannot be honoured is refused, and no message holds a password', () => {
  const cases: [Record<string, string>, string | undefined, string, RegExp][] = [
    [{}, undefined, 'usage', /--tracking-uri http:\/\/…, or set MLFLOW_TRACKING_URI/],
    [{ MLFLOW_TRACKING_URI: 'databricks' }, undefined, 'usage', /MLFLOW_TRACKING_URI takes the http: or https: address/],
    [{}, 'sqlite:///a.db', 'usage', /--tracking-uri takes .*, not a sqlite: address/],
    [{}, 'file:///mlruns', 'usage', /A folder is imported by its path/],
    [{ MLFLOW_TRACKING_USERNAME: 'ann' }, 'http://h', 'usage', /only one is set/],
    [{ MLFLOW_TRACKING_TOKEN: 'a\nb' }, 'http://h', 'usage', /MLFLOW_TRACKING_TOKEN has a character/],
    [{ MLFLOW_HTTP_REQUEST_TIMEOUT: 'soon' }, 'http://h', 'usage', /MLFLOW_HTTP_REQUEST_TIMEOUT takes a whole number from 1/],
    [{ MLFLOW_HTTP_REQUEST_MAX_RETRIES: '-1' }, 'http://h', 'usage', /MLFLOW_HTTP_REQUEST_MAX_RETRIES/],
    [{ MLFLOW_TRACKING_AWS_SIGV4: 'true' }, 'http://h', 'not-supported', /signed for AWS/],
    [{ MLFLOW_TRACKING_AUTH: 'plugin' }, 'http://h', 'not-supported', /MLFLOW_TRACKING_AUTH/],
    [{ MLFLOW_REGISTRY_URI: 'databricks-uc' }, 'http://h', 'usage', /MLFLOW_REGISTRY_URI/],
  ]
  for (const [env, trackingUri, code, words] of cases) {
    assert.throws(
      () => mlflowSettings(env, { trackingUri }),
      (error) => error instanceof FairleadError && error.code === code && words.test(error.message),
      JSON.stringify([env, trackingUri]),
    )
  }
  assert.throws(
    () => mlflowSettings({}, { trackingUri: 'ftp://ann:hunter2@h' }),
    (error) => !(error as Error).message.includes('hunter2'),
  )
})
