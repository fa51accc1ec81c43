import type { Status } from '@fairlead/contract/control'
import type { Context } from '../context.ts'
import { ago, bytes, cell, figure } from '../format.ts'
import type { Output } from '../output.ts'
import type { Registrar } from '../registrar.ts'

/** `fairlead status`: how the platform does. */
export function registerStatus({ program, run }: Registrar): void {
  const command = program
    .command('status')
    .description('how the platform and its deployments do')
    .option('--sign-in', 'print a fresh link that signs in to the console, good once and for a short time')
    .addHelpText('after', '\nExamples:\n  fairlead status\n  fairlead status --sign-in')
  run(command, status)
}

async function status({ control, output }: Context, _args: string[], options: Record<string, unknown>): Promise<undefined> {
  if (options.signIn) {
    const link = await control.call('createSignInLink')
    output.result(link, () => output.line(link.url))
    return undefined
  }
  const found = await control.call('getStatus')
  output.result(found, () => print(output, found))
  return undefined
}

function print(output: Output, found: Status): void {
  output.line(output.paint('bold', cell(found.sentence)))
  const { control, http, grpc } = found.addresses
  output.line(`  version ${found.version}, started ${ago(found.startedAt)}, console ${control}, predictions ${http}${grpc === null ? '' : `, gRPC ${grpc}`}`)
  output.line(
    `  data ${found.storage.dataDir}: models ${bytes(found.storage.modelBytes)}, log ${bytes(found.storage.logBytes)}, free ${bytes(found.storage.freeBytes)}`,
  )
  if (found.deployments.length > 0) {
    output.line()
    output.table(
      ['DEPLOYMENT', 'HEALTH', 'RELEASE', 'MODEL', 'REQUESTS', 'P50', 'P99', 'REFUSED', 'FAILED', 'LAST PREDICTION'],
      found.deployments.map((one) => [
        one.name,
        one.health,
        cell(one.release),
        one.model ?? '–',
        figure(one.requestsPerSecond, '/s'),
        figure(one.latency.p50, 'ms'),
        figure(one.latency.p99, 'ms'),
        share(one.refusedRate),
        share(one.failedRate),
        ago(one.lastPredictionAt),
      ]),
    )
    for (const one of found.deployments) if (one.health !== 'ok') output.line(`${one.name}: ${cell(one.reason)}`)
  }
  output.line()
  output.table(
    ['PROCESS', 'ROLE', 'STATE', 'PID', 'MEMORY', 'RESTARTS', 'SINCE'],
    found.processes.map((one) => [one.id, one.role, one.state, String(one.pid), bytes(one.memoryBytes), String(one.restarts), ago(one.startedAt)]),
  )
}

/** A share as percents; of a platform that does not tell it, nothing. */
function share(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : figure(value * 100, '%')
}
