import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { access, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FairleadError } from '@fairlead/contract'
import type { PythonEnvironment } from '../../model/python/environment.ts'
import type { PythonHost } from './host.ts'
import { type BuildRoom, openBuildLog, runStep } from './installer.ts'
import { findInterpreter, type Interpreter, onPath } from './interpreter.ts'
import { uvVariables } from './uv.ts'

/** An environment that is there. */
export interface BuiltEnvironment {
  folder: string
  /** Its own interpreter, and the one that it is made of. */
  python: string
  interpreter: Interpreter
}

/** What is said while an environment is built. */
export interface BuildState {
  /** What is happening now. */
  line: string
  startedAt: number
}

const READY = 'fairlead-environment.json'
const LOCK_MS = 500

/** The Python environments of a platform: each is built once, by whoever asks first, and shared by all models that ask for the same. */
export class PythonEnvironments {
  readonly #host: PythonHost
  readonly #building = new Map<string, Promise<BuiltEnvironment>>()
  readonly #states = new Map<string, BuildState>()

  constructor(host: PythonHost) {
    this.#host = host
  }

  /** Removes what builds of a run before have left half done. Call it while nobody builds. */
  async tidy(): Promise<void> {
    const names = await readdir(this.#host.environments).catch(() => [])
    for (const name of names) if (/\.(building|lock)$/.test(name)) await rm(join(this.#host.environments, name), { recursive: true, force: true })
  }

  /** What is happening with an environment; undefined while nobody here builds it. */
  state(digest: string): BuildState | undefined {
    return this.#states.get(digest)
  }

  /** Where the log of a build lies. */
  logOf(digest: string): string {
    return join(this.#host.logs, `environment-${nameOf(digest)}.log`)
  }

  /**
   * The environment, built where it is not there. `model` is the folder that files in its requirements lie in.
   * Throws `environment-failed` with the reason and the end of the log.
   */
  async get(environment: PythonEnvironment, model: string): Promise<BuiltEnvironment> {
    const { digest } = environment
    const found = this.#building.get(digest) ?? (await this.#ready(environment))
    if (found) return found
    // somebody may have begun while that was looked at
    let building = this.#building.get(digest)
    if (!building) {
      building = this.#build(environment, model).finally(() => {
        this.#building.delete(digest)
        this.#states.delete(digest)
      })
      this.#building.set(digest, building)
    }
    return building
  }

  #folderOf(digest: string): string {
    return join(this.#host.environments, nameOf(digest))
  }

  async #ready({ digest }: PythonEnvironment): Promise<BuiltEnvironment | undefined> {
    const folder = this.#folderOf(digest)
    try {
      const { interpreter } = JSON.parse(readFileSync(join(folder, READY), 'utf8')) as { interpreter: Interpreter }
      await access(interpreter.path)
      return { folder, python: join(folder, 'bin/python'), interpreter }
    } catch {
      return undefined
    }
  }

  async #build(environment: PythonEnvironment, model: string): Promise<BuiltEnvironment> {
    const state = { line: 'looking for an interpreter', startedAt: Date.now() }
    this.#states.set(environment.digest, state)
    const interpreter = await findInterpreter(environment.python, this.#host)
    await mkdir(this.#host.environments, { recursive: true })
    await mkdir(this.#host.logs, { recursive: true })
    using _ = await this.#lock(environment.digest)
    const already = await this.#ready(environment)
    if (already) return already
    const target = `${this.#folderOf(environment.digest)}.building`
    await rm(target, { recursive: true, force: true })
    await mkdir(target)
    const log = openBuildLog(this.logOf(environment.digest))
    try {
      await this.#install(environment, {
        interpreter,
        target,
        reads: [model],
        log,
        onLine(line) {
          state.line = line
        },
      })
      await writeFile(join(target, READY), JSON.stringify({ interpreter, environment }, null, 2))
      await rm(this.#folderOf(environment.digest), { recursive: true, force: true })
      await rename(target, this.#folderOf(environment.digest))
    } finally {
      log.end()
      await rm(target, { recursive: true, force: true })
    }
    return { folder: this.#folderOf(environment.digest), python: join(this.#folderOf(environment.digest), 'bin/python'), interpreter }
  }

  async #install(environment: PythonEnvironment, room: BuildRoom): Promise<void> {
    const { target, interpreter } = room
    const python = join(target, 'bin/python')
    const [requirements, constraints] = [join(target, 'requirements.txt'), join(target, 'constraints.txt')]
    await writeFile(requirements, `${environment.requirements.join('\n')}\n`)
    await writeFile(constraints, `${environment.constraints.join('\n')}\n`)
    const uv = await onPath('uv', this.#host)
    const step = async (words: string, command: string, args: string[]) => {
      const failed = await runStep({ words, command, args, cwd: room.reads[0]! }, room, {
        ...this.#host,
        ...(uv ? { variables: uvVariables(this.#host.variables) } : {}),
      })
      if (failed !== undefined) throw this.#failed(environment.digest, words, failed)
    }
    const install = async (words: string, packages: string[]) => {
      const args = ['-c', constraints, ...packages]
      if (uv) await step(words, uv, ['pip', 'install', '--python', python, '--compile-bytecode', '--no-cache', ...args])
      else await step(words, python, ['-m', 'pip', 'install', '--no-cache-dir', '--progress-bar', 'off', ...args])
    }
    if (uv) room.reads = [...room.reads, uv]
    if (uv) await step(`making an environment of Python ${interpreter.version}`, uv, ['venv', '--allow-existing', '--python', interpreter.path, target])
    else await step(`making an environment of Python ${interpreter.version}`, interpreter.path, ['-I', '-m', 'venv', target])
    const build = environment.build.filter((line) => !uv || !/^pip\b/i.test(line))
    if (build.length > 0) await install(`installing ${build.join(', ')}`, build)
    await install(`installing ${environment.requirements.length} requirements`, ['-r', requirements])
    for (const name of ['mlflow', 'pandas']) if (!(await this.#has(python, name, room))) await install(`installing ${name}`, [name])
    if (await this.#has(python, 'pyarrow', room)) return
    // it says nothing of the numpy that it needs, which is 2 from this version on
    const old = await this.#holds(python, 'importlib.metadata.version("numpy").startswith("1.")', room)
    await install('installing pyarrow', [old ? 'pyarrow<19' : 'pyarrow'])
  }

  #has(python: string, name: string, room: BuildRoom): Promise<boolean> {
    return this.#holds(python, `importlib.util.find_spec("${name}") is not None`, room)
  }

  /** Whether an expression of Python is true in an environment; one that fails is not. */
  async #holds(python: string, expression: string, room: BuildRoom): Promise<boolean> {
    const program = `import importlib.metadata, importlib.util, sys; sys.exit(not (${expression}))`
    const quiet = { ...room, onLine: () => {} }
    return (await runStep({ words: 'looking at what is installed', command: python, args: ['-I', '-c', program], cwd: '/' }, quiet, this.#host)) === undefined
  }

  #failed(digest: string, words: string, tail: string): FairleadError {
    return new FairleadError('environment-failed', `${words} failed:\n${tail}\nThe whole log is in ${this.logOf(digest)}.`)
  }

  /** One build of an environment at a time, also among processes; a lock whose holder is gone does not count. */
  async #lock(digest: string): Promise<Disposable> {
    const path = `${this.#folderOf(digest)}.lock`
    for (;;) {
      try {
        const file = openSync(path, 'wx')
        writeSync(file, String(process.pid))
        closeSync(file)
        break
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
        if (isGone(path)) await rm(path, { force: true })
        else await sleep(LOCK_MS)
      }
    }
    return { [Symbol.dispose]: () => rmSync(path, { force: true }) }
  }
}

function isGone(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, 'utf8'))
    if (!(pid > 0)) return false
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function nameOf(digest: string): string {
  return digest.replace('sha256:', '').slice(0, 16)
}
