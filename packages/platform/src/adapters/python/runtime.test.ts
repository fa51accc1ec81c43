import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FairleadError } from '@fairlead/contract'
import { homeFolder, processEnvironment } from '../../config/index.ts'
import type { Artifact, Session } from '../../domain/inference/index.ts'
import { bodyInterface, pythonSignature } from '../../model/python/signature.ts'
import type { BuiltEnvironment } from './environments.ts'
import type { PythonHost } from './host.ts'
import { findInterpreter, type Interpreter } from './interpreter.ts'
import { openPython, type PythonArtifact, type PythonOptions } from './runtime.ts'

const TESTDATA = join(import.meta.dirname, 'testdata')
const folder = mkdtempSync(join(tmpdir(), 'fairlead-python-'))
const at = (...parts: string[]) => join(folder, ...parts)
const secret = at('data', 'secret')
const host: PythonHost = {
  environments: at('data/python'),
  logs: at('logs'),
  scratch: at('scratch'),
  hidden: [at('data'), homeFolder()],
  interpreters: [],
  variables: { ...processEnvironment(), SECRET_TOKEN: 'do not tell' },
}
let interpreter: Interpreter
let options: PythonOptions

before(async () => {
  execFileSync('mkdir', ['-p', at('data'), at('logs'), at('scratch')])
  writeFileSync(secret, 'the key', { mode: 0o600 })
  interpreter = await findInterpreter(undefined, host)
  const environment = at('data/python/environment')
  execFileSync(interpreter.path, ['-I', '-m', 'venv', '--without-pip', environment])
  const site = readdirSync(join(environment, 'lib')).map((name) => join(environment, 'lib', name, 'site-packages'))[0]!
  cpSync(join(TESTDATA, 'environment'), site, { recursive: true })
  cpSync(join(TESTDATA, 'model'), at('data/model'), { recursive: true })
  const built: BuiltEnvironment = { folder: environment, python: join(environment, 'bin/python'), interpreter }
  const environments = { get: async () => built } as unknown as PythonOptions['environments']
  options = { host, environments, codec: { writer: () => () => new Uint8Array(), read: () => ({}) } }
})
after(() => rmSync(folder, { recursive: true, force: true }))

let opened = 0

async function open(more: Partial<PythonArtifact> = {}): Promise<{ session: Session; ask(body: unknown): Promise<never>; log(): string }> {
  const name = `test-${opened++}`
  const rows = bodyInterface()
  const environment = { digest: 'sha256:0', python: undefined, build: [], requirements: [], constraints: [], left: [] }
  const model = { folder: '', kind: rows.kind, inputs: rows.inputs, direct: true, environment }
  const asked: PythonArtifact = { model, memoryBytes: 512 * 2 ** 20, network: false, workers: 1, stuckMs: 20_000, name, ...more }
  const artifact: Artifact = { format: 'python', bytes: Buffer.from(JSON.stringify(asked)), folder: at('data/model'), signature: pythonSignature(rows) }
  const session = await openPython(artifact, options)
  return {
    session,
    async ask(body) {
      const { answer, status } = await session.run({ body: { type: 'string', shape: [1], data: [JSON.stringify(body)] } })
      assert.equal(status!.data[0], 200)
      return JSON.parse((answer!.data as string[])[0]!).predictions as never
    },
    log: () =>
      readdirSync(host.logs)
        .filter((file) => file.startsWith(`python-${name}-`))
        .map((file) => readFileSync(join(host.logs, file), 'utf8'))
        .join(''),
  }
}

const crashed = (words: RegExp) => (error: unknown) => error instanceof FairleadError && error.code === 'worker-crashed' && words.test(error.message)

/** Asks until a worker answers that took the place of the one that ended. */
async function answersAgain(ask: (body: unknown) => Promise<{ pid: number }>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      assert.ok((await ask({})).pid > 0)
      return
    } catch (error) {
      assert.ok(error instanceof FairleadError && error.code === 'worker-crashed', String(error))
      await sleep(100)
    }
  }
  assert.fail('no worker took the place')
}

describe('a Python worker', () => {
  it('answers, tells what is in force around it, and keeps its model from what it does not need', async () => {
    const { session, ask } = await open()
    await using _ = session
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const found: Record<string, unknown> = await ask({ do: 'reach', port, secret, pid: process.pid })
    server.close()
    assert.equal(found['own file'], '4')
    assert.equal(found['large file'], 'OSError', 'files have a limit')
    assert.ok(!(found.environment as string[]).includes('SECRET_TOKEN'))
    // what the system gave is what the words say, and no more
    const words = session.isolation!
    assert.match(words, /\.$/)
    assert.equal(words.includes('no network'), found.network !== 'None' && !String(found.network).startsWith('<socket'), `${words} ${found.network}`)
    assert.equal(words.includes('the data of the platform hidden'), found.secret === 'FileNotFoundError', `${words} ${found.secret}`)
    if (words.includes('files read-only')) assert.equal(found.write, 'OSError')
    if (words.includes('a user of its own')) assert.notEqual(found.user, process.getuid?.())
    if (words.includes('; processes of its own')) assert.equal(found.kill, 'ProcessLookupError')
  })

  it('costs its own request only when it exits, crashes, or writes noise; another takes its place', async () => {
    const { session, ask, log } = await open()
    await using _ = session
    for (const [body, words] of [
      [{ do: 'exit', code: 7 }, /ended by itself with code 7/],
      [{ do: 'exit', code: 0 }, /ended by itself with code 0/],
      [{ do: 'leave' }, /ended by itself with code 3/],
      [{ do: 'crash' }, /ended by SIGSEGV/],
      [{ do: 'noise' }, /sent what is no answer/],
    ] as const) {
      await assert.rejects(ask(body), crashed(words), JSON.stringify(body))
      await answersAgain(ask)
    }
    await assert.rejects(
      ask({ do: 'raise' }),
      (error: FairleadError) => error.code === 'model-run-failed' && /ValueError: the model says no/.test(error.message),
    )
    // what is printed comes by another way than the answer
    for (let tries = 0; tries < 50 && !/ValueError: the model says no/.test(log()); tries++) await sleep(100)
    assert.match(log(), /ValueError: the model says no/)
  })

  it('is ended when it does not answer in time', async () => {
    const { session, ask } = await open({ stuckMs: 2000 })
    await using _ = session
    await assert.rejects(ask({ do: 'sleep' }), crashed(/did not answer within 2000 ms and was ended/))
    await answersAgain(ask)
  })

  it('is not held up by what it prints, of which a bounded part is kept', async () => {
    const { session, ask, log } = await open({ stuckMs: 60_000 })
    await using _ = session
    await ask({ do: 'print', megabytes: 100 })
    const kept = log()
    assert.ok(kept.length > 1000 && kept.length < 6_000_000, `${kept.length} bytes`)
  })

  it('is ended when it takes too much memory, by itself or with what it starts, or runs too many processes', async () => {
    const { session, ask } = await open({ memoryBytes: 256 * 2 ** 20, stuckMs: 60_000 })
    await using _ = session
    // the system refuses it memory, or the watching process sees it
    await assert.rejects(ask({ do: 'memory' }), (error: FairleadError) => /MemoryError|more than 256 MB/.test(error.message))
    await answersAgain(ask)
    await assert.rejects(ask({ do: 'memory of children', bytes: 100_000_000 }), crashed(/more than 256 MB of memory, or ran too many processes/))
    await answersAgain(ask)
    await assert.rejects(ask({ do: 'fork' }), crashed(/too many processes/))
    await answersAgain(ask)
  })

  it('takes with it whatever it has started', async () => {
    const { session, ask } = await open()
    await ask({ do: 'leave behind' })
    const before = processesOf()
    assert.ok(before > 0)
    await session[Symbol.asyncDispose]()
    for (let tries = 0; tries < 50 && processesOf() > 0; tries++) await sleep(100)
    assert.equal(processesOf(), 0)
  })

  it('that fails takes nothing from the others: of four, one at a time dies under load', async () => {
    const { session, ask } = await open({ workers: 4 })
    await using _ = session
    let [answered, failed] = [0, 0]
    const callers = Array.from({ length: 3 }, async () => {
      for (let n = 0; n < 60; n++) {
        await ask({ n }).then(
          () => void answered++,
          () => void failed++,
        )
      }
    })
    const killer = (async () => {
      for (let n = 0; n < 3; n++) await assert.rejects(ask({ do: 'exit', code: 1 }), crashed(/code 1/))
    })()
    await Promise.all([...callers, killer])
    assert.deepEqual([answered, failed], [180, 0])
  })

  it('that cannot load its model says why, and nothing of it stays', async () => {
    writeFileSync(at('data/model/model.py'), 'raise RuntimeError("no weights here")')
    try {
      await assert.rejects(open(), (error: FairleadError) => error.code === 'load-failed' && /RuntimeError: no weights here/.test(error.message))
      writeFileSync(at('data/model/model.py'), 'import os; os._exit(9)')
      await assert.rejects(open(), (error: FairleadError) => error.code === 'load-failed' && /with code 9/.test(error.message))
    } finally {
      cpSync(join(TESTDATA, 'model/model.py'), at('data/model/model.py'))
    }
    assert.ok(existsSync(secret) && statSync(secret).size > 0)
  })
})

/** Processes that run in the test's environment. */
function processesOf(): number {
  const listed = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
  return listed.split('\n').filter((line) => line.includes(at('data/python/environment/bin/python'))).length
}
