import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Contender } from '../contender.ts'
import { freePort, launch } from '../process.ts'
import { rowRequests, TREES } from '../requests.ts'
import { python, venv, venvEnv } from '../venv.ts'

const PACKAGES = ['ray[serve]==2.60.0', 'onnxruntime==1.30.0', 'orjson==3.13.0']

export const ray: Contender = {
  name: 'ray',
  title: 'Ray Serve 2.60 + ONNX Runtime',
  settings:
    'one replica, one proxy, `RAY_SERVE_THROUGHPUT_OPTIMIZED=1`, no access log, no dashboard; orjson from and to bytes; no `@serve.batch`, which waits; its processes (proxy, replica, raylet, store) share the core',
  install: ({ cache }) => venv(join(cache, 'ray'), PACKAGES),
  start: async ({ cache }) => {
    const folder = join(cache, 'ray')
    const port = await freePort()
    // the names of its sockets have to be short
    const files = mkdtempSync(join(tmpdir(), 'ray-'))
    const running = await launch({
      command: [python(folder), join(import.meta.dirname, 'server.py'), String(port), files],
      cwd: folder,
      port,
      ready: '/-/healthz',
      log: join(folder, 'server.log'),
      env: { ...venvEnv(folder), TREES, RAY_SERVE_THROUGHPUT_OPTIMIZED: '1', RAY_USAGE_STATS_ENABLED: '0' },
    }).catch((error) => {
      rmSync(files, { recursive: true, force: true })
      throw error
    })
    const stop = async (): Promise<void> => {
      await running.stop()
      rmSync(files, { recursive: true, force: true, maxRetries: 3 })
    }
    return { ...running, stop }
  },
  faces: {
    row: { requests: rowRequests('/predict', (features) => ({ features })), marker: '' },
  },
}
