import { join } from 'node:path'
import type { Contender } from '../contender.ts'
import { freePort, launch } from '../process.ts'
import { rowRequests, TREES } from '../requests.ts'
import { python, venv, venvEnv } from '../venv.ts'

const PACKAGES = ['litserve==0.2.19', 'onnxruntime==1.30.0', 'uvloop==0.23.0', 'httptools==0.9.0']

export const litserve: Contender = {
  name: 'litserve',
  title: 'LitServe 0.2 + ONNX Runtime',
  settings:
    'one worker and one API process, batches of at most 32 without waiting, no access log; not its `fast_queue`, which needs twice the processor time here',
  install: ({ cache }) => venv(join(cache, 'litserve'), PACKAGES),
  start: async ({ cache }) => {
    const folder = join(cache, 'litserve')
    const port = await freePort()
    return await launch({
      command: [python(folder), join(import.meta.dirname, 'server.py'), String(port)],
      cwd: folder,
      port,
      ready: '/health',
      log: join(folder, 'server.log'),
      env: { ...venvEnv(folder), TREES },
    })
  },
  faces: {
    row: { requests: rowRequests('/predict', (features) => ({ features })), marker: '' },
  },
}
