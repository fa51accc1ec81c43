import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { identityModel } from '../../packages/platform/src/testing/identity-model.ts'

const HERE = import.meta.dirname
const FAIRLEAD = join(HERE, '../../packages/platform/bin/fairlead.js')
const ENV = { ...process.env, ORT_DISABLE_TELEMETRY: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1' }

/** A server under test, serving the model `echo`. */
export interface Running {
  http: string
  grpc: string
  stop: () => Promise<void>
}

/** Servers by name: each installs what it needs, starts on free ports and answers when it is ready. */
export const SERVERS: Record<string, () => Promise<Running>> = {
  fairlead,
  mlserver: () =>
    python('mlserver', ({ bin, folder, http, grpc, metrics }) => {
      const settings = { host: '127.0.0.1', http_port: http, grpc_port: grpc, metrics_port: metrics, parallel_workers: 0 }
      writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings))
      return [join(bin, 'mlserver'), 'start', '.']
    }),
  kserve: () => python('kserve', ({ bin, http, grpc }) => [join(bin, 'python'), 'echo.py', `--http_port=${http}`, `--grpc_port=${grpc}`]),
}

interface Place {
  /** The virtual environment's programs. */
  bin: string
  folder: string
  http: number
  grpc: number
  metrics: number
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  for (const server of servers) server.close()
  return ports
}

function run(command: string, args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { env: ENV, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stderr.slice(-2000)}`)
}

/** The virtual environment of a server, made anew when its requirements changed. */
function environment(name: string): string {
  const folder = join(HERE, '.venv', name)
  const wanted = readFileSync(join(HERE, name, 'requirements.txt'), 'utf8')
  const stamp = join(folder, 'installed.txt')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return join(folder, 'bin')
  console.error(`installing ${wanted.trim()}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  run('python3', ['-m', 'venv', folder])
  run(join(folder, 'bin/pip'), ['install', '--quiet', '-r', join(HERE, name, 'requirements.txt')])
  writeFileSync(stamp, wanted)
  return join(folder, 'bin')
}

async function python(name: string, commandOf: (place: Place) => string[]): Promise<Running> {
  const bin = environment(name)
  const folder = mkdtempSync(join(tmpdir(), `fairlead-${name}-`))
  cpSync(join(HERE, name), folder, { recursive: true })
  const [http = 0, grpc = 0, metrics = 0] = await freePorts(3)
  const [command = '', ...args] = commandOf({ bin, folder, http, grpc, metrics })
  const child = start(command, args, folder)
  const address = `http://127.0.0.1:${http}`
  return until(child, folder, async () => ((await isReady(address)) ? { http: address, grpc: `127.0.0.1:${grpc}` } : undefined))
}

async function fairlead(): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-echo-'))
  const tensors = JSON.parse(readFileSync(join(HERE, 'fairlead.json'), 'utf8'))
  writeFileSync(join(folder, 'echo.onnx'), identityModel(tensors).bytes)
  const data = ['--data', join(folder, 'data')]
  const child = start(process.execPath, [FAIRLEAD, 'up', ...data, '--port', '0', '--http-port', '0', '--grpc-port', '0', '--processes', '1'], folder)
  return until(child, folder, async () => {
    const info = join(folder, 'data/run.json')
    if (!existsSync(info)) return undefined
    run(process.execPath, [FAIRLEAD, 'models', 'import', join(folder, 'echo.onnx'), '--name', 'echo', ...data])
    run(process.execPath, [FAIRLEAD, 'deploy', 'echo', '--model', 'echo', ...data])
    const { http, grpc } = JSON.parse(readFileSync(info, 'utf8'))
    return { http, grpc }
  })
}

function start(command: string, args: string[], cwd: string): ChildProcess {
  const log = openSync(join(cwd, 'output.txt'), 'a')
  return spawn(command, args, { cwd, env: { ...ENV, PYTHONPATH: cwd }, stdio: ['ignore', log, log] })
}

async function isReady(address: string): Promise<boolean> {
  const answer = await fetch(`${address}/v2/models/echo/ready`).catch(() => undefined)
  return answer?.ok ?? false
}

async function until(child: ChildProcess, folder: string, ready: () => Promise<Pick<Running, 'http' | 'grpc'> | undefined>): Promise<Running> {
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await Promise.race([once(child, 'exit'), sleep(15_000, undefined, { ref: false })])
      child.kill('SIGKILL')
    }
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    for (let waited = 0; waited < 120_000; waited += 250) {
      if (child.exitCode !== null) break
      const found = await ready()
      if (found) return { ...found, stop }
      await sleep(250)
    }
    throw new Error(`the server did not become ready:\n${readFileSync(join(folder, 'output.txt'), 'utf8').slice(-3000)}`)
  } catch (error) {
    await stop()
    throw error
  }
}
