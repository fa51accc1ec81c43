import { join } from 'node:path'
import type { Contender } from '../contender.ts'
import { freePort, launch } from '../process.ts'
import { binaryTensors, IDENTITY, oipRow, rowRequests, TREES } from '../requests.ts'
import { python, venv, venvEnv } from '../venv.ts'

const PACKAGES = ['kserve==0.21.0', 'onnxruntime==1.30.0']

export const kserve: Contender = {
  name: 'kserve',
  title: "KServe 0.21's Python server + ONNX Runtime",
  settings:
    'a model class of its own around ONNX Runtime; uvicorn with uvloop, one worker, no gRPC, no log of latencies or accesses; the tensor by the binary extension',
  install: ({ cache }) => venv(join(cache, 'kserve'), PACKAGES),
  start: async ({ cache }) => {
    const folder = join(cache, 'kserve')
    const port = await freePort()
    return await launch({
      command: [python(folder), join(import.meta.dirname, 'server.py'), '--configure_logging', 'false'],
      port,
      ready: '/v2/models/trees/ready',
      log: join(folder, 'server.log'),
      env: { ...venvEnv(folder), PORT: String(port), TREES, IDENTITY },
    })
  },
  faces: {
    row: { requests: rowRequests('/v2/models/trees/infer', oipRow), marker: '"outputs"' },
    tensor: { requests: binaryTensors('/v2/models/identity/infer'), marker: '' },
  },
}
