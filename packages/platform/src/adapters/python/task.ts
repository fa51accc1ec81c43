import type { PythonModel } from '../../model/python/spec.ts'
import type { BuiltEnvironment } from './environments.ts'
import type { PythonHost } from './host.ts'

/** What a worker is started for. */
export interface WorkerTask {
  environment: BuiltEnvironment
  /** What it is told of its model. */
  model: { path: string; kind: PythonModel['kind']; inputs: PythonModel['inputs']; params: { name: string }[]; direct: boolean }
  /** Folder of all files of the model, which it reads. */
  folder: string
  memoryBytes: number
  network: boolean
  /** Where what the model prints goes; nowhere when absent. */
  log: string | undefined
}

/** What is in force around a worker, as it found it itself. */
export interface Measures {
  network: 'none' | 'host'
  files: string[]
  processes: string
  user: 'own' | 'same'
  limits: string[]
  rights?: string
}

const LIMITS = { fileBytes: 2 ** 30, openFiles: 1024, processes: 64, scratchBytes: 512 * 2 ** 20, nice: 5 }
let started = 0

/** What is asked for around a worker; what the system does not give is left out there. */
export function isolationOf({ environment, folder, memoryBytes, network, log }: WorkerTask, host: PythonHost): Record<string, unknown> {
  return {
    ...LIMITS,
    hide: host.hidden,
    keep: [environment.interpreter.prefix, environment.folder, folder, ...(network ? ['/run/systemd/resolve'] : [])],
    memoryBytes,
    network,
    log: log ?? null,
    own: true,
    scratch: host.scratch,
    // workers of one platform have users of their own, so that none can touch another
    seed: (process.pid * 64 + started++) % 0x10000,
  }
}

/** What is in force, in a sentence that claims no more than that. */
export function isolationWords({ network, files, processes, user, limits }: Measures): string {
  const parts = [
    network === 'none' ? 'no network' : 'the network of this machine',
    files.includes('hidden')
      ? `${files.includes('read-only') ? 'files read-only' : 'files writable'}, the data of the platform hidden`
      : 'all files of its user',
    processes.startsWith('own') ? 'processes of its own' : 'processes not kept apart',
    user === 'own' ? 'a user of its own' : 'the same user as the platform',
    limits.includes('memory') ? 'limited memory' : 'memory watched only',
  ]
  return `${parts.join('; ')}.`
}
