import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { loadSettings, SETTINGS, type SettingSources } from './settings.ts'

function refused(sources: SettingSources, code: string, words: RegExp): void {
  assert.throws(
    () => loadSettings(sources),
    (error) => error instanceof FairleadError && error.code === code && words.test(error.message),
  )
}

test('without anything said a platform is on loopback, on its standard ports, in ./.fairlead', () => {
  const settings = loadSettings({})
  assert.equal(settings.dataDir, resolve('.fairlead'))
  assert.deepEqual([settings.host, settings.port, settings.httpPort, settings.grpcPort], ['127.0.0.1', 7300, 7310, 7311])
  assert.deepEqual([settings.open, settings.fastLane], [false, true])
  assert.ok(settings.processes >= 1 && settings.processes <= 8)
})

test('an option wins over the environment, the environment over the file', () => {
  const file = { port: 1001, httpPort: 1002, grpcPort: 1003 }
  const env = { FAIRLEAD_PORT: '2001', FAIRLEAD_HTTP_PORT: '2002' }
  const settings = loadSettings({ flags: { port: '3001' }, env, file })
  assert.deepEqual([settings.port, settings.httpPort, settings.grpcPort], [3001, 2002, 1003])
})

test('the fast lane can be turned off in each place', () => {
  for (const sources of [{ flags: { fastLane: 'false' } }, { env: { FAIRLEAD_FAST_LANE: '0' } }, { file: { fastLane: false } }]) {
    assert.equal(loadSettings(sources).fastLane, false)
  }
  refused({ flags: { fastLane: 'off' } }, 'usage', /^--fast-lane takes true or false/)
})

test('origins of pages are said as a list or as text, and as browsers send them', () => {
  const origins = (allowedOrigins: unknown) => loadSettings({ file: { allowedOrigins } }).allowedOrigins
  assert.deepEqual(loadSettings({}).allowedOrigins, [])
  assert.deepEqual(origins('https://Shop.example:443, http://localhost:8081/'), ['https://shop.example', 'http://localhost:8081'])
  assert.deepEqual(origins(['*', 'https://münchen.example', '*']), ['*', 'https://xn--mnchen-3ya.example'])
  assert.deepEqual(loadSettings({ env: { FAIRLEAD_ALLOWED_ORIGINS: '*' } }).allowedOrigins, ['*'])
  for (const wrong of ['shop.example', 'https://shop.example/path', 'https://*.shop.example', 'null', 'file:///x', 'https://u:p@x', 'https://a,,', 5, ['']])
    refused({ file: { allowedOrigins: wrong } }, 'setting-invalid', /^platform\.allowedOrigins takes/)
  refused({ flags: { allowedOrigins: 'x' } }, 'usage', /^--allowed-origins takes origins of pages/)
  refused({ file: { allowedOrigins: Array.from({ length: 101 }, (_, at) => `https://${at}.example`) } }, 'setting-invalid', /at most 100/)
})

test('how long a serve process may hang is told in seconds', () => {
  assert.equal(loadSettings({}).hungAfterMs, 10_000)
  assert.equal(loadSettings({ flags: { hungAfter: '30' } }).hungAfterMs, 30_000)
  refused({ env: { FAIRLEAD_HUNG_AFTER: '1' } }, 'setting-invalid', /^FAIRLEAD_HUNG_AFTER takes a whole number from 2 to 3600/)
})

test('memory for models is said in bytes or with a unit, and is by default a share of the machine for each process', () => {
  const memory = (modelMemory: unknown) => loadSettings({ file: { modelMemory } }).models.memoryBytes
  assert.deepEqual([memory('512M'), memory('1.5 GiB'), memory('2g'), memory(2 ** 21), memory('4194304')], [2 ** 29, 1.5 * 2 ** 30, 2 ** 31, 2 ** 21, 2 ** 22])
  for (const wrong of ['1', '12 parsecs', -1, '1e9', '99999T', true])
    refused({ file: { modelMemory: wrong } }, 'setting-invalid', /platform\.modelMemory takes a size/)
  const [one, four] = [1, 4].map((processes) => loadSettings({ file: { processes } }).models)
  assert.ok(one!.memoryBytes > 2 ** 20 && Math.abs(one!.memoryBytes / four!.memoryBytes - 4) < 0.01)
  assert.deepEqual([one!.loads, one!.preload], [2, 32])
  assert.equal(loadSettings({ env: { FAIRLEAD_PRELOAD: '0' }, flags: { loads: '3' } }).models.preload, 0)
  refused({ flags: { loads: '0' } }, 'usage', /^--loads takes a whole number from 1/)
})

test('an empty variable counts as not set, and variables of others are left alone', () => {
  const env = { FAIRLEAD_PORT: '', FAIRLEAD_SERVICE_HOST: '10.0.0.1', FAIRLEAD_PORT_7300_TCP: 'tcp://10.0.0.1:7300' }
  assert.equal(loadSettings({ env }).port, 7300)
})

test('a wrong value names the place it came from and what it takes', () => {
  refused({ flags: { port: '70000' } }, 'usage', /^--port takes a whole number from 0 to 65535/)
  refused({ env: { FAIRLEAD_PROCESSES: '0' } }, 'setting-invalid', /^FAIRLEAD_PROCESSES takes .* from 1/)
  refused({ file: { open: 'perhaps' } }, 'setting-invalid', /^platform\.open takes true or false/)
  refused({ file: { logLevel: 'loud' } }, 'setting-invalid', /trace, debug, info/)
  refused({ file: { data: ' ' } }, 'setting-invalid', /platform\.data/)
  refused({ flags: { port: '1.5' } }, 'usage', /--port/)
})

test('an unknown key of the file is refused with the nearest one', () => {
  refused({ file: { htpPort: 1 } }, 'setting-unknown', /platform\.htpPort is not a setting\. Did you mean "httpPort"/)
})

test('two interfaces cannot share a port, but each may take any free one', () => {
  refused({ flags: { port: '7310' } }, 'usage', /must differ/)
  refused({ file: { port: 7310 } }, 'setting-invalid', /must differ/)
  assert.equal(loadSettings({ flags: { port: '0', httpPort: '0', grpcPort: '0' } }).port, 0)
  assert.equal(loadSettings({ flags: { httpPort: '0' } }).grpcPort, 0)
  assert.equal(loadSettings({ flags: { httpPort: '0', grpcPort: '7311' } }).grpcPort, 7311)
})

test('roles that this version cannot run alone are refused, all of them together are not', () => {
  refused({ flags: { role: 'serve' } }, 'not-supported', /--role serve/)
  refused({ flags: { role: 'serv' } }, 'usage', /control, serve, work/)
  assert.equal(loadSettings({ flags: { role: 'work,control,serve' } }).port, 7300)
})

test('every setting can be said in all three places', () => {
  for (const { name, env, flag, read, fallback } of SETTINGS) {
    assert.match(env, /^FAIRLEAD_[A-Z_]+$/)
    const camel = flag.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    assert.equal(camel, name, 'commander hands the option over under the name of the setting')
    assert.doesNotThrow(() => read(fallback({})), `${name} takes its own default`)
  }
})
