import type { ChildProcess } from 'node:child_process'
import { startPlatform } from '../test/support/platform.ts'
import { type LoadResult, load, next, start } from './load.ts'
import { cli, importTrees } from './platform.ts'
import type { Figure } from './report.ts'
import { treeRequests } from './steady/load.ts'
import { type AreaOptions, controlOf } from './steady/rig.ts'

/** A single connection, each request after the answer to the last: what a prediction takes beyond an echo, beside the model's own time. */
export async function oneConnection({ rounds, seconds, ...options }: AreaOptions & { runtime: string }): Promise<Figure[]> {
  await using platform = await startPlatform({ args: ['--processes', '1'] })
  await importTrees(platform)
  const control = controlOf(platform)
  await cli(platform, 'deploy', 'trees', '--model', 'trees', '--set', `runtime=${options.runtime}`)
  const { current } = await control.call('getDeployment', { params: { deployment: 'trees' } })
  const model = current?.execution?.measured.find(({ rows }) => rows === 1)?.micros
  if (model === undefined) throw new Error('The platform does not say what a run of the model takes.')
  process.stderr.write(`${current?.execution?.reason}\n`)
  const requests = treeRequests('trees')
  const sample = await fetch(platform.run.http + requests[0]!.path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: String(requests[0]!.body),
  })
  const [generator, echo]: ChildProcess[] = [start('./load.process.ts'), start('./echo.process.ts', [await sample.text()])]
  try {
    const { port } = await next<{ port: number }>(echo!)
    const ask = (own: number, marker: string, all: typeof requests): Promise<LoadResult> =>
      load(generator!, { port: own, connections: 1, seconds, marker, requests: all })
    const ours = () => ask(Number(new URL(platform.run.http).port), '"predictions"', requests)
    const theirs = () =>
      ask(
        port,
        '',
        requests.map(({ path, body }) => ({ path, body })),
      )
    const found = { ours: [] as LoadResult[], echo: [] as LoadResult[] }
    for (const warmUp of [ours, theirs]) await warmUp()
    for (let round = 0; round < rounds; round++) {
      for (const [name, turn] of round % 2 === 0
        ? ([
            ['ours', ours],
            ['echo', theirs],
          ] as const)
        : ([
            ['echo', theirs],
            ['ours', ours],
          ] as const))
        found[name].push(await turn())
      process.stderr.write(`round ${round + 1} of ${rounds}\n`)
    }
    const added = found.ours.map(({ p50 }, at) => p50 - found.echo[at]!.p50)
    return [
      { name: 'ours: p50', unit: 'µs', rounds: found.ours.map(({ p50 }) => p50) },
      { name: 'echo: p50', unit: 'µs', rounds: found.echo.map(({ p50 }) => p50) },
      { name: 'added', unit: 'µs', rounds: added },
      { name: 'a run of the model by itself, as measured at load', unit: 'µs', rounds: [model] },
      { name: 'added, in runs of the model', unit: '×', rounds: added.map((micros) => micros / model), bar: { most: 1.5 } },
    ]
  } finally {
    generator!.disconnect()
    echo!.disconnect()
  }
}
