import { startPlatform } from '../test/support/platform.ts'
import { measureBeside, side } from './beside.ts'
import { load, next, start } from './load.ts'
import { cli, serveProcess } from './platform.ts'
import type { Figure } from './report.ts'
import { binaryTensors, IDENTITY } from './serving/requests.ts'

const CONNECTIONS = 8

/**
 * A tensor of 602,112 bytes as binary through a model that gives it back, prediction log and metrics on, one serve process, beside a bare node:http
 * server that gives back the same bytes. Every answer is compared byte for byte.
 */
export async function tensors(options: { rounds: number; seconds: number; fastLane: string }): Promise<Figure[]> {
  await using platform = await startPlatform({ args: ['--processes', '1', '--fast-lane', options.fastLane] })
  await cli(platform, 'models', 'import', IDENTITY, '--name', 'identity')
  await cli(platform, 'deploy', 'identity', '--model', 'identity')
  const generator = start('./load.process.ts')
  const echo = start('./echo.process.ts')
  try {
    const { port: echoPort } = await next<{ port: number }>(echo)
    const requests = binaryTensors('/v2/models/identity/infer')
    const run = (port: number) => (seconds: number) => load(generator, { port, connections: CONNECTIONS, marker: '', requests, seconds })
    const pid = await serveProcess(platform)
    const ours = side('tensor', pid, run(Number(new URL(platform.run.http).port)))
    const echoed = side('echo', pid && echo.pid, run(echoPort))
    return await measureBeside([{ ours, echo: echoed, least: 0.9 }], options)
  } finally {
    generator.disconnect()
    echo.disconnect()
  }
}
