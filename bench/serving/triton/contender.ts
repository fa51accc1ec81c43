import { copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contender } from '../contender.ts'
import { grpcRows } from '../grpc.ts'
import { freePort, launch } from '../process.ts'
import { binaryTensors, IDENTITY, oipRow, rowRequests, TREES } from '../requests.ts'
import { venv, venvEnv } from '../venv.ts'

const PACKAGES = ['nvidia-pytriton==0.7.0', 'onnxruntime==1.30.0']
const SITE = 'venv/lib/python3.11/site-packages'
const SERVER = join(SITE, 'pytriton/tritonserver')

interface Tensor {
  name: string
  type: string
  dims: string
}

const tensors = (list: readonly Tensor[]): string => list.map(({ name, type, dims }) => `{ name: "${name}" data_type: ${type} dims: ${dims} }`).join(', ')

function config(name: string, model: { file: string; inputs: Tensor[]; outputs: Tensor[] }): string {
  return `name: "${name}"
backend: "python"
max_batch_size: 64
dynamic_batching {}
instance_group [{ count: 1 kind: KIND_CPU }]
parameters: { key: "file" value: { string_value: "${model.file}" } }
input [${tensors(model.inputs)}]
output [${tensors(model.outputs)}]
`
}

const MODELS = {
  trees: config('trees', {
    file: TREES,
    inputs: [{ name: 'features', type: 'TYPE_FP32', dims: '[30]' }],
    outputs: [
      { name: 'label', type: 'TYPE_INT64', dims: '[1]' },
      { name: 'probabilities', type: 'TYPE_FP32', dims: '[2]' },
    ],
  }),
  identity: config('identity', {
    file: IDENTITY,
    inputs: [{ name: 'input', type: 'TYPE_FP32', dims: '[3, 224, 224]' }],
    outputs: [{ name: 'output', type: 'TYPE_FP32', dims: '[3, 224, 224]' }],
  }),
}

/** Writes the model repository and gives its folder. */
function repository(folder: string): string {
  const models = join(folder, 'models')
  rmSync(models, { recursive: true, force: true })
  for (const [name, text] of Object.entries(MODELS)) {
    mkdirSync(join(models, name, '1'), { recursive: true })
    writeFileSync(join(models, name, 'config.pbtxt'), text)
    cpSync(join(import.meta.dirname, 'model.py'), join(models, name, '1/model.py'))
  }
  return models
}

export const triton: Contender = {
  name: 'triton',
  title: 'Triton 2.51, Python backend + ONNX Runtime',
  settings:
    'the server inside the wheel of nvidia-pytriton 0.7, started directly; `dynamic_batching {}` without delay, at most 64 rows, one instance, one HTTP thread, since eight do no more on one core; no metrics, no log of information; the tensor by the binary extension',
  bars: { 'row-32': 3, 'grpc-64': 2 },
  install: async ({ cache }) => {
    const folder = join(cache, 'triton')
    await venv(folder, PACKAGES)
    // its own Python wrapper puts the stub of the Python at hand to the backend in the same way
    copyFileSync(
      join(folder, SERVER, 'python_backend_stubs/3.11/triton_python_backend_stub'),
      join(folder, SERVER, 'backends/python/triton_python_backend_stub'),
    )
  },
  start: async ({ cache }) => {
    const folder = join(cache, 'triton')
    const [port, grpc] = [await freePort(), await freePort()]
    const options = {
      'model-repository': repository(folder),
      'backend-directory': join(folder, SERVER, 'backends'),
      'cache-directory': join(folder, SERVER, 'caches'),
      'http-address': '127.0.0.1',
      'http-port': port,
      'http-thread-count': 1,
      'grpc-address': '127.0.0.1',
      'grpc-port': grpc,
      'allow-metrics': false,
      'log-info': false,
    }
    const running = await launch({
      command: [join(folder, SERVER, 'bin/tritonserver'), ...Object.entries(options).map(([name, value]) => `--${name}=${value}`)],
      port,
      ready: '/v2/health/ready',
      log: join(folder, 'server.log'),
      env: { ...venvEnv(folder), PYTHONPATH: join(folder, SITE) },
    })
    return { ...running, port: { ...running.port, grpc } }
  },
  faces: {
    row: { requests: rowRequests('/v2/models/trees/infer', oipRow), marker: '"outputs"' },
    tensor: { requests: binaryTensors('/v2/models/identity/infer'), marker: '' },
    grpc: grpcRows('trees'),
  },
}
