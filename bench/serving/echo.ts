import { next, start } from '../load.ts'
import type { Contender, Face, Running } from './contender.ts'
import { pin } from './process.ts'
import { oipRow, ROWS, rawTensors, rowRequests } from './requests.ts'

/** As many bytes as ours answers, and the same for every row. */
const ANSWER = JSON.stringify({
  model_name: 'trees',
  model_version: '1',
  id: '00000000-0000-7000-8000-000000000000',
  outputs: [
    { name: 'label', datatype: 'INT64', shape: [1], data: [ROWS[0]?.label] },
    { name: 'probabilities', datatype: 'FP32', shape: [1, 2], data: ROWS[0]?.probabilities.map(Math.fround) },
  ],
})

const row: Face = { requests: rowRequests('/v2/models/trees/infer', oipRow).map(({ path, body }) => ({ path, body })), marker: '' }

export const echo: Contender = {
  name: 'echo',
  title: 'bare `node:http` echo, no model',
  settings: 'reads the body and answers a constant of the length of our answer; with the tensor, answers the bytes that came',
  install: async () => {},
  start: async (): Promise<Running> => {
    const [constant, same] = [start('./echo.process.ts', [ANSWER]), start('./echo.process.ts')]
    const both = [constant, same]
    const ports = await Promise.all(both.map((child) => next<{ port: number }>(child)))
    const pids = both.map(({ pid }) => pid as number)
    for (const pid of pids) pin(pid, 'server')
    return {
      port: { row: ports[0]?.port as number, tensor: ports[1]?.port as number },
      pids,
      stop: async () => {
        for (const child of both) child.disconnect()
      },
    }
  },
  faces: { row, tensor: { requests: rawTensors('/'), marker: '' } },
}
