import { spawn } from 'node:child_process'
import { createWriteStream, type WriteStream } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { installerVariables, type PythonHost } from './host.ts'
import type { Interpreter } from './interpreter.ts'

/** One command of a build. */
export interface BuildStep {
  /** In words, for whoever waits. */
  words: string
  command: string
  args: string[]
  cwd: string
}

/** What a build may see and write. */
export interface BuildRoom {
  interpreter: Interpreter
  /** The folder that is made. */
  target: string
  /** Folders that it reads. */
  reads: string[]
  /** Told what is happening. */
  onLine(line: string): void
  log: WriteStream
}

const LAUNCH = fileURLToPath(new URL('./launch.py', import.meta.url))
const TAIL_LINES = 12
const LINE_LENGTH = 300
/** Longest step of a build. */
const STEP_MS = 60 * 60_000
const LIMITS = { memoryBytes: 8 * 2 ** 30, fileBytes: 16 * 2 ** 30, openFiles: 4096, processes: 256, scratchBytes: 8 * 2 ** 30, nice: 10 }

/** Opens the log of a build; what was in it of an earlier one goes. */
export function openBuildLog(path: string): WriteStream {
  return createWriteStream(path, { mode: 0o600 })
}

/**
 * Runs one command of a build: apart from the data of the platform as far as the system allows, since packages that are built from source run
 * code of theirs. Its lines go to the log. Resolves with undefined, or the end of what it said where it failed.
 */
export function runStep(step: BuildStep, room: BuildRoom, host: PythonHost): Promise<string | undefined> {
  const { log, onLine } = room
  log.write(`> ${step.words}: ${step.command} ${step.args.join(' ')}\n`)
  onLine(step.words)
  const home = host.variables.HOME ?? homedir()
  const asked = {
    ...LIMITS,
    hide: host.hidden,
    keep: [room.interpreter.prefix, ...room.reads, ...['.config/pip', '.pip', '.config/uv', '.netrc'].map((path) => join(home, path))],
    write: [room.target],
    network: true,
    own: false,
    scratch: host.scratch,
    command: [step.command, ...step.args],
    cwd: step.cwd,
  }
  const child = spawn(room.interpreter.path, ['-I', '-S', '-B', LAUNCH, JSON.stringify(asked)], {
    env: installerVariables(host),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: STEP_MS,
    killSignal: 'SIGKILL',
  })
  const tail: string[] = []
  const take = (line: string) => {
    log.write(`${line}\n`)
    const words = line.trim().slice(0, LINE_LENGTH)
    if (words === '') return
    tail.push(words)
    if (tail.length > TAIL_LINES) tail.shift()
    onLine(words)
  }
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', take)
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => {
      if (code === 0) resolve(undefined)
      else resolve([...tail, `${step.words} ended with ${signal ?? `code ${code}`}`].join('\n'))
    })
  })
}
