import { FAIRLEAD, startPlatform } from '../../test/support/platform.ts'
import { cli, executionOf, importTrees } from '../platform.ts'
import type { Contender } from './contender.ts'
import { grpcRows } from './grpc.ts'
import { onServerCore } from './process.ts'
import { binaryTensors, IDENTITY, oipRow, rowRequests } from './requests.ts'

/** Ours, with trees run by the way that is named: `auto` as the import chose, `onnx`, `compiled`. */
export const fairlead = (runtime: string): Contender => ({
  name: 'fairlead',
  title: '**Fairlead**',
  settings:
    'as users start it, with one serve process (`--processes 1`); prediction log and metrics on; control, console and log writer run on the same core, and their time is counted',
  install: async () => {},
  start: async () => {
    const platform = await startPlatform({ command: onServerCore([process.execPath, FAIRLEAD, 'up']), args: ['--processes', '1'] })
    try {
      await importTrees(platform)
      await cli(platform, 'models', 'import', IDENTITY, '--name', 'identity')
      await cli(platform, 'deploy', 'trees', '--model', 'trees', '--set', `runtime=${runtime}`)
      await cli(platform, 'deploy', 'identity', '--model', 'identity')
      process.stderr.write(`fairlead: ${await executionOf(platform, 'trees')}\n`)
    } catch (error) {
      await platform[Symbol.asyncDispose]()
      throw error
    }
    const port = Number(new URL(platform.run.http).port)
    const grpc = Number(platform.run.grpc?.split(':').at(-1))
    return { port: { row: port, tensor: port, grpc }, pids: [platform.run.pid], stop: async () => await platform[Symbol.asyncDispose]() }
  },
  faces: {
    row: { requests: rowRequests('/v2/models/trees/infer', oipRow), marker: '"outputs"' },
    tensor: { requests: binaryTensors('/v2/models/identity/infer'), marker: '' },
    grpc: grpcRows('trees'),
  },
})
