import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Contender } from '../contender.ts'
import { freePort, launch } from '../process.ts'
import { IDENTITY, oipRow, rawTensors, rowRequests, TREES } from '../requests.ts'
import { run } from '../venv.ts'

/** The library that comes with the npm package, the same that ours uses. */
function onnxRuntime(): string {
  const entry = createRequire(import.meta.url).resolve('onnxruntime-node')
  const folder = join(dirname(dirname(entry)), 'bin/napi-v6', process.platform, process.arch)
  const name = readdirSync(folder).find((file) => /^libonnxruntime[.\d]*\.(so|dylib)/.test(file))
  if (!name) throw new Error(`no library of ONNX Runtime in ${folder}`)
  return join(folder, name)
}

export const axum: Contender = {
  name: 'axum',
  title: 'axum 0.8 + ONNX Runtime (Rust)',
  settings:
    'release build with link-time optimisation, one thread, the model called in place, no batching, no log, no metrics; `MALLOC_MMAP_THRESHOLD_` and `MALLOC_TRIM_THRESHOLD_` raised, without which glibc maps and unmaps memory for each tensor; the tensor as bare bytes',
  bars: { 'row-32': 1 },
  install: ({ cache }) =>
    run([
      'cargo',
      'build',
      '--quiet',
      '--release',
      '--locked',
      '--manifest-path',
      join(import.meta.dirname, 'Cargo.toml'),
      '--target-dir',
      join(cache, 'axum/target'),
    ]),
  start: async ({ cache }) => {
    const folder = join(cache, 'axum')
    const port = await freePort()
    return await launch({
      command: [join(folder, 'target/release/axum-server'), String(port), onnxRuntime(), TREES, IDENTITY],
      port,
      ready: '/v2/health/ready',
      log: join(folder, 'server.log'),
      env: { MALLOC_MMAP_THRESHOLD_: '33554432', MALLOC_TRIM_THRESHOLD_: '1073741824', MALLOC_ARENA_MAX: '1' },
    })
  },
  faces: {
    row: { requests: rowRequests('/v2/models/trees/infer', oipRow), marker: '' },
    tensor: { requests: rawTensors('/identity'), marker: '' },
  },
}
