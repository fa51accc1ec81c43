import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { FAIRLEAD, type RunningPlatform, startPlatform } from '../test/support/platform.ts'
import { type LoadRequest, load, start } from './load.ts'
import { cli } from './platform.ts'
import type { Figure } from './report.ts'
import { freePort, launch, onServerCore, pin } from './serving/process.ts'
import { python as interpreter, run, venv, venvEnv } from './serving/venv.ts'

const PACKAGES = ['mlflow==3.17.2', 'scikit-learn==1.9.1', 'pandas==3.1.1', 'numpy==2.4.6', 'uv==0.13.9', 'uvloop==0.23.0', 'httptools==0.9.0']
const ROWS = 64
const CONNECTIONS = 32

/**
 * A scikit-learn pickle of 30 typed columns through a worker: one row beside the model's own process, and as many as it takes beside
 * `mlflow models serve`, both on one core of their own. All answers of a server are compared with its first.
 */
export async function python({ rounds, seconds, cache }: { rounds: number; seconds: number; cache: string }): Promise<Figure[]> {
  const folder = join(cache, 'python')
  await venv(folder, PACKAGES)
  await run([interpreter(folder), join(import.meta.dirname, 'python/model.py'), folder, String(ROWS)], { cwd: folder, env: venvEnv(folder) })
  const rows = JSON.parse(readFileSync(join(folder, 'rows.json'), 'utf8')) as Record<string, number>[]
  await using platform = await served(folder)
  const mlflow = await mlflowServer(folder)
  const generator = start('./load.process.ts')
  if (generator.pid !== undefined) pin(generator.pid, 'generator')
  const measured: { own: number; library: number; one: number; ours: number; theirs: number; theirOne: number }[] = []
  try {
    const ours = (connections: number) =>
      load(generator, { port: portOf(platform), connections, seconds, marker: '"predictions"', requests: rowRequests(rows) })
    const theirs = (connections: number) =>
      load(generator, { port: mlflow.port.row, connections, seconds, marker: '"predictions"', requests: scoringRequests(rows) })
    for (let round = 0; round < rounds; round++) {
      const alone = await inProcess(folder, seconds)
      const one = await ours(1)
      const theirOne = await theirs(1)
      const both = round % 2 === 0 ? [await ours(CONNECTIONS), await theirs(CONNECTIONS)] : [await theirs(CONNECTIONS), await ours(CONNECTIONS)].reverse()
      measured.push({ own: alone.own, library: alone.mlflow, one: one.p50, theirOne: theirOne.p50, ours: both[0]!.perSecond, theirs: both[1]!.perSecond })
      process.stderr.write(`round ${round + 1} of ${rounds}\n`)
    }
  } finally {
    generator.kill()
    await mlflow.stop()
  }
  const of = (value: (one: (typeof measured)[number]) => number) => measured.map(value)
  return [
    { name: "one row in the model's own process, its own predict: p50", unit: 'µs', rounds: of(({ own }) => own) },
    { name: "one row in the model's own process, predict of MLflow: p50", unit: 'µs', rounds: of(({ library }) => library) },
    { name: 'one row over HTTP, worker: p50', unit: 'µs', rounds: of(({ one }) => one) },
    { name: 'one row over HTTP, `mlflow models serve`: p50', unit: 'µs', rounds: of(({ theirOne }) => theirOne) },
    { name: 'added to one row, beside its own predict: p50', unit: 'ms', rounds: of(({ one, own }) => (one - own) / 1000), bar: { most: 1.5 } },
    { name: `rows a second, ${CONNECTIONS} connections: worker`, unit: '/s', rounds: of(({ ours }) => ours) },
    { name: `rows a second, ${CONNECTIONS} connections: \`mlflow models serve\``, unit: '/s', rounds: of(({ theirs }) => theirs) },
    { name: 'times the rows of `mlflow models serve`', unit: '×', rounds: of(({ ours, theirs }) => ours / theirs), bar: { least: 2 } },
  ]
}

function portOf({ run: announced }: RunningPlatform): number {
  return Number(new URL(announced.http).port)
}

async function served(folder: string): Promise<RunningPlatform> {
  const path = `${join(folder, 'venv/bin')}:${process.env.PATH}`
  const platform = await startPlatform({ command: onServerCore([process.execPath, FAIRLEAD, 'up']), args: ['--processes', '1'], env: { PATH: path } })
  await cli(platform, 'models', 'import', join(folder, 'model'), '--name', 'linear', '--allow-code')
  await cli(platform, 'deploy', 'linear', '--model', 'linear', '--set', 'logEnabled=false')
  return platform
}

async function mlflowServer(folder: string) {
  const port = await freePort()
  const options = ['--env-manager', 'local', '--host', '127.0.0.1', '--port', String(port), '--workers', '1']
  return launch({
    command: [join(folder, 'venv/bin/mlflow'), 'models', 'serve', '--model-uri', join(folder, 'model'), ...options],
    cwd: folder,
    port,
    ready: '/ping',
    log: join(folder, 'server.log'),
    env: { ...venvEnv(folder), UVICORN_ACCESS_LOG: 'false', UVICORN_LOG_LEVEL: 'warning', MLFLOW_DISABLE_TELEMETRY: 'true' },
  })
}

function rowRequests(rows: readonly object[]): LoadRequest[] {
  return rows.map((row) => ({ path: '/v1/deployments/linear/predict', body: JSON.stringify({ rows: [row] }) }))
}

function scoringRequests(rows: readonly object[]): LoadRequest[] {
  return rows.map((row) => ({ path: '/invocations', body: JSON.stringify({ dataframe_split: { columns: Object.keys(row), data: [Object.values(row)] } }) }))
}

/** Microseconds that one row takes where the model lies, by the library and by MLflow's wrapper of it. */
async function inProcess(folder: string, seconds: number): Promise<{ own: number; mlflow: number }> {
  const [program = '', ...args] = onServerCore([interpreter(folder), join(import.meta.dirname, 'python/model.py'), folder, '--time', String(seconds)])
  const { stdout } = await promisify(execFile)(program, args, { env: { ...process.env, ...venvEnv(folder) } })
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as { own: number; mlflow: number }
}
