import { join } from 'node:path'
import type { Contender } from '../contender.ts'
import { freePort, launch } from '../process.ts'
import { rowRequests, TREES } from '../requests.ts'
import { venv, venvEnv } from '../venv.ts'

// 1.4.40 wants a certifi that is not to be had
const PACKAGES = ['bentoml==1.4.39', 'onnxruntime==1.30.0', 'uvloop==0.23.0', 'httptools==0.9.0']

export const bentoml: Contender = {
  name: 'bentoml',
  title: 'BentoML 1.4 + ONNX Runtime',
  settings:
    'one worker, no metrics, no tracking; its adaptive batching (`batchable=True`) with 32 connections, where it doubles the rate, and without for one, where it makes a request wait',
  install: ({ cache }) => venv(join(cache, 'bentoml'), PACKAGES),
  start: async ({ cache }) => {
    const folder = join(cache, 'bentoml')
    const port = await freePort()
    return await launch({
      command: [
        join(folder, 'venv/bin/bentoml'),
        'serve',
        'service:Trees',
        '--host',
        '127.0.0.1',
        '--port',
        String(port),
        '--working-dir',
        import.meta.dirname,
      ],
      port,
      ready: '/readyz',
      log: join(folder, 'server.log'),
      env: { ...venvEnv(folder), TREES, BENTOML_DO_NOT_TRACK: 'True', BENTOML_HOME: join(folder, 'home') },
    })
  },
  faces: {
    row: { requests: rowRequests('/predict_batched', (features) => ({ features: [features] })), marker: '' },
    lone: { requests: rowRequests('/predict', (features) => ({ features: [features] })), marker: '' },
  },
}
