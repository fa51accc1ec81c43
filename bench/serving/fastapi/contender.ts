import { join } from 'node:path'
import type { Contender } from '../contender.ts'
import { freePort, launch } from '../process.ts'
import { IDENTITY, oipRow, rawTensors, rowRequests, TREES } from '../requests.ts'
import { python, venv, venvEnv } from '../venv.ts'

const PACKAGES = ['fastapi==0.165.0', 'uvicorn==0.54.0', 'uvloop==0.23.0', 'httptools==0.9.0', 'orjson==3.13.0', 'onnxruntime==1.30.0']

export const fastapi: Contender = {
  name: 'fastapi',
  title: 'FastAPI 0.165 + ONNX Runtime',
  settings:
    'uvicorn with uvloop and httptools, one worker, no access log; orjson straight from and to bytes, no models of pydantic; the model runs in the event loop, which is quicker than a thread for so cheap a one; the tensor as bare bytes',
  bars: { 'row-32': 6, tensor: 1.5 },
  install: ({ cache }) => venv(join(cache, 'fastapi'), PACKAGES),
  start: async ({ cache }) => {
    const folder = join(cache, 'fastapi')
    const port = await freePort()
    const options = ['--host', '127.0.0.1', '--port', String(port), '--loop', 'uvloop', '--http', 'httptools', '--no-access-log', '--log-level', 'warning']
    return await launch({
      command: [python(folder), '-m', 'uvicorn', 'server:app', '--app-dir', import.meta.dirname, ...options],
      port,
      ready: '/ready',
      log: join(folder, 'server.log'),
      env: { ...venvEnv(folder), TREES, IDENTITY },
    })
  },
  faces: {
    row: { requests: rowRequests('/predict', oipRow), marker: '' },
    tensor: { requests: rawTensors('/identity'), marker: '' },
  },
}
