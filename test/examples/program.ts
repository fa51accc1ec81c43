import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ROOT } from '../../scripts/files.ts'
import { nodeFirst } from '../support/platform.ts'

/** A program of `examples` that listens. */
export interface ExampleProgram extends AsyncDisposable {
  url: string
  said(): string
}

/** Starts a program of `examples` on a free port and waits for the address that it prints. */
export async function startExample(path: string, env: Record<string, string>): Promise<ExampleProgram> {
  const child = spawn(process.execPath, [join(ROOT, 'examples', path)], { cwd: ROOT, env: nodeFirst({ ...env, PORT: '0' }), stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        said += chunk
        const address = /http:\/\/127\.0\.0\.1:\d+/.exec(said)
        if (address) resolve(address[0])
      })
    child.once('exit', (code) => reject(new Error(`${path} ended with ${code}: ${said}`)))
  })
  const dispose = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill()
    await ended
  }
  return { url, said: () => said, [Symbol.asyncDispose]: dispose }
}
