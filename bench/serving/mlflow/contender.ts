import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Contender } from '../contender.ts'
import { freePort, launch } from '../process.ts'
import { rowRequests, TREES } from '../requests.ts'
import { python, run, venv, venvEnv } from '../venv.ts'

const PACKAGES = ['mlflow==3.17.2', 'onnxruntime==1.30.0', 'onnx==1.23.2', 'uvloop==0.23.0', 'httptools==0.9.0']

export const mlflow: Contender = {
  name: 'mlflow',
  title: '`mlflow models serve` 3.17',
  settings: 'the model saved by `mlflow.onnx` with a signature of tensors; uvicorn with uvloop and httptools, one worker, no access log',
  install: async ({ cache }) => {
    const folder = join(cache, 'mlflow')
    await venv(folder, PACKAGES)
    rmSync(join(folder, 'model'), { recursive: true, force: true })
    await run([python(folder), join(import.meta.dirname, 'save.py'), TREES, join(folder, 'model')], { cwd: folder, env: venvEnv(folder) })
  },
  start: async ({ cache }) => {
    const folder = join(cache, 'mlflow')
    const port = await freePort()
    const options = ['--env-manager', 'local', '--host', '127.0.0.1', '--port', String(port), '--workers', '1']
    return await launch({
      command: [join(folder, 'venv/bin/mlflow'), 'models', 'serve', '--model-uri', join(folder, 'model'), ...options],
      cwd: folder,
      port,
      ready: '/ping',
      log: join(folder, 'server.log'),
      env: { ...venvEnv(folder), UVICORN_ACCESS_LOG: 'false', UVICORN_LOG_LEVEL: 'warning', MLFLOW_DISABLE_TELEMETRY: 'true' },
    })
  },
  faces: {
    row: { requests: rowRequests('/invocations', (features) => ({ inputs: { features: [features] } })), marker: '' },
  },
}
