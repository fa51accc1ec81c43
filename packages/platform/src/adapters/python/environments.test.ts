import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { FairleadError } from '@fairlead/contract'
import { homeFolder, processEnvironment } from '../../config/index.ts'
import type { PythonEnvironment } from '../../model/python/environment.ts'
import { PythonEnvironments } from './environments.ts'
import { installerVariables, type PythonHost, workerVariables } from './host.ts'
import { findInterpreter } from './interpreter.ts'
import { uvVariables } from './uv.ts'

let folder: string
let host: PythonHost
const at = (...parts: string[]) => join(folder, ...parts)

/** An environment that needs nothing from any index: what is installed lies in the model's folder. */
const wanted = (more: Partial<PythonEnvironment> = {}): PythonEnvironment => ({
  digest: 'sha256:0123456789abcdef0123',
  python: undefined,
  build: [],
  requirements: ['./own'],
  constraints: [],
  left: [],
  ...more,
})

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-environments-'))
  for (const name of ['environments', 'logs', 'scratch', 'bin', 'model']) mkdirSync(at(name))
  host = {
    environments: at('environments'),
    logs: at('logs'),
    scratch: at('scratch'),
    hidden: [homeFolder()],
    interpreters: [],
    variables: { ...processEnvironment() },
  }
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** An interpreter that says a version and makes environments in which pip does as it is told. */
function fakePython({ version = '3.11.7', pip = 'exit 0' } = {}): string {
  const path = at('bin', 'python3')
  const script = `#!/bin/sh
case "$*" in
  *_base_executable*) echo '["${path}", "${version}", "${at('bin')}"]' ;;
  *launch.py*) shift 4; for last; do :; done; exec /usr/bin/env python3 ${at('bin', 'run.py')} "$last" ;;
  *"-m venv"*) for last; do :; done; mkdir -p "$last/bin"; cp ${path} "$last/bin/python" ;;
  *"-m pip"*) ${pip} ;;
  *) exit 0 ;;
esac
`
  writeFileSync(path, script)
  writeFileSync(
    at('bin', 'run.py'),
    'import json, os, sys\nasked = json.loads(sys.argv[1])\nos.chdir(asked["cwd"])\nos.execvp(asked["command"][0], asked["command"])\n',
  )
  chmodSync(path, 0o755)
  return path
}

describe('Python environments', () => {
  it('are built once, however many ask, and found again', async () => {
    const path = fakePython({ pip: `echo installing; echo once >> ${at('count')}; sleep 0.3` })
    host = { ...host, interpreters: [path], variables: { PATH: '/usr/bin:/bin' } }
    const environments = new PythonEnvironments(host)
    const all = await Promise.all(Array.from({ length: 5 }, () => environments.get(wanted(), at('model'))))
    assert.equal(new Set(all.map(({ python }) => python)).size, 1)
    assert.equal(readFileSync(at('count'), 'utf8').trim().split('\n').length, 1)
    assert.match(readFileSync(environments.logOf(wanted().digest), 'utf8'), /> installing 1 requirements.*\ninstalling\n/)
    assert.equal((await new PythonEnvironments(host).get(wanted(), at('model'))).python, all[0]!.python)
    assert.equal(readFileSync(at('count'), 'utf8').trim().split('\n').length, 1)
  })

  it('that cannot be installed say why, with the end of the log and where it lies, and leave nothing half done', async () => {
    host = { ...host, interpreters: [fakePython({ pip: 'echo "No matching distribution found for own" >&2; exit 1' })] }
    const environments = new PythonEnvironments({ ...host, variables: { PATH: '/usr/bin:/bin' } })
    await assert.rejects(environments.get(wanted(), at('model')), (error: FairleadError) => {
      assert.equal(error.code, 'environment-failed')
      assert.match(error.message, /installing 1 requirements failed:\n.*No matching distribution found for own\n.*code 1\nThe whole log is in /s)
      return true
    })
    assert.deepEqual(readdirSync(host.environments), [])
    assert.match(readFileSync(environments.logOf(wanted().digest), 'utf8'), /No matching distribution/)
    assert.equal(environments.state(wanted().digest), undefined)
  })

  it('that a run before left half built are removed, and so are its locks', async () => {
    for (const name of ['a.building', 'b.lock', 'kept']) mkdirSync(at('environments', name))
    await new PythonEnvironments(host).tidy()
    assert.deepEqual(readdirSync(host.environments), ['kept'])
  })

  it('wait for another process that builds, and not for one that is gone', async () => {
    host = { ...host, interpreters: [fakePython()], variables: { PATH: '/usr/bin:/bin' } }
    writeFileSync(at('environments', '0123456789abcdef.lock'), '999999999')
    const { folder: built } = await new PythonEnvironments(host).get(wanted(), at('model'))
    assert.ok(existsSync(join(built, 'fairlead-environment.json')))
    assert.ok(!existsSync(at('environments', '0123456789abcdef.lock')))
  })

  it('need an interpreter of the wanted version: one that is named goes first, and where none fits that is said', async () => {
    const path = fakePython({ version: '3.4.2' })
    const named = { interpreters: ['/no/such/python', path], variables: { PATH: '' } }
    assert.deepEqual(await findInterpreter('3.4.10', named), { path, version: '3.4.2', prefix: at('bin') })
    await assert.rejects(findInterpreter('3.99.1', named), (error: unknown) => {
      assert.ok(error instanceof FairleadError)
      assert.equal(error.code, 'environment-failed')
      assert.match(error.message, /needs Python 3\.99, with which it was made \(3\.99\.1\), and found were 3\.4\.2\. Install it, .*--python PATH/)
      return true
    })
    await assert.rejects(findInterpreter('3.99', { interpreters: [], variables: {} }), /no Python was found/)
    assert.match((await findInterpreter(undefined, host)).version, /^3\./)
  })
})

describe('what programs of models are told', () => {
  const variables = { PATH: '/bin', HOME: '/home/x', AWS_SECRET_ACCESS_KEY: 's', PIP_INDEX_URL: 'https://pip.example', https_proxy: 'http://p', LANG: 'C' }

  it('is next to nothing for workers; installers know the way to the packages', () => {
    const worker = workerVariables({ variables })
    assert.deepEqual(
      [worker.PATH, worker.LANG, worker.HOME, worker.AWS_SECRET_ACCESS_KEY, worker.PIP_INDEX_URL],
      ['/bin', 'C', undefined, undefined, undefined],
    )
    const installer = installerVariables({ variables })
    assert.deepEqual([installer.PIP_INDEX_URL, installer.https_proxy, installer.AWS_SECRET_ACCESS_KEY], ['https://pip.example', 'http://p', undefined])
  })

  it('is said to uv in its own names, which go before those of pip', () => {
    assert.equal(uvVariables(variables).UV_DEFAULT_INDEX, 'https://pip.example')
    assert.equal(uvVariables({ ...variables, UV_DEFAULT_INDEX: 'https://uv.example' }).UV_DEFAULT_INDEX, 'https://uv.example')
  })
})
