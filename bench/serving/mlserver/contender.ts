import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contender } from '../contender.ts'
import { grpcRows } from '../grpc.ts'
import { freePort, launch } from '../process.ts'
import { IDENTITY, jsonTensors, oipRow, rowRequests, TREES } from '../requests.ts'
import { venv, venvEnv } from '../venv.ts'

const PACKAGES = ['mlserver==1.7.1', 'onnxruntime==1.30.0']

/** Writes the settings of the server and of its two models, and gives the folder. */
function configure(folder: string, ports: { http: number; grpc: number }): string {
  const models = join(folder, 'models')
  const files = {
    'settings.json': {
      host: '127.0.0.1',
      http_port: ports.http,
      grpc_port: ports.grpc,
      parallel_workers: 0,
      debug: false,
      metrics_endpoint: null,
      gzip_enabled: false,
    },
    'batched/model-settings.json': {
      name: 'batched',
      implementation: 'runtime.OnnxModel',
      parameters: { uri: TREES },
      max_batch_size: 32,
      max_batch_time: 0.002,
    },
    'trees/model-settings.json': { name: 'trees', implementation: 'runtime.OnnxModel', parameters: { uri: TREES } },
    'identity/model-settings.json': { name: 'identity', implementation: 'runtime.OnnxModel', parameters: { uri: IDENTITY } },
  }
  for (const name of ['batched', 'trees', 'identity']) mkdirSync(join(models, name), { recursive: true })
  for (const [name, settings] of Object.entries(files)) writeFileSync(join(models, name), JSON.stringify(settings))
  return models
}

export const mlserver: Contender = {
  name: 'mlserver',
  title: 'MLServer 1.7.1 + ONNX Runtime',
  settings:
    'a model class of its own around ONNX Runtime, in the process of the server (`parallel_workers: 0`), no metrics, no gzip, debug off; adaptive batching of 32 requests or 2 ms with 32 connections, none with one, since it makes a lone request wait its whole time; the tensor as JSON, since it has no binary form over REST',
  bars: { 'row-32': 15, tensor: 30 },
  install: ({ cache }) => venv(join(cache, 'mlserver'), PACKAGES),
  start: async ({ cache }) => {
    const folder = join(cache, 'mlserver')
    const port = await freePort()
    const grpc = await freePort()
    const models = configure(folder, { http: port, grpc })
    const running = await launch({
      command: [join(folder, 'venv/bin/mlserver'), 'start', models],
      port,
      ready: '/v2/models/trees/ready',
      log: join(folder, 'server.log'),
      env: { ...venvEnv(folder), PYTHONPATH: import.meta.dirname },
    })
    return { ...running, port: { ...running.port, grpc } }
  },
  faces: {
    row: { requests: rowRequests('/v2/models/batched/infer', oipRow), marker: '"outputs"' },
    lone: { requests: rowRequests('/v2/models/trees/infer', oipRow), marker: '"outputs"' },
    tensor: { requests: jsonTensors('/v2/models/identity/infer'), marker: '"outputs"' },
    grpc: grpcRows('batched'),
  },
}
