// node test/console/serve.ts [--state little] [--port 7399]: the built console on canned answers.
import { parseArgs } from 'node:util'
import { STATES, startCanned } from './canned-server.ts'

const { values } = parseArgs({ options: { state: { type: 'string', default: 'little' }, port: { type: 'string', default: '7399' } } })
const state = STATES.find((one) => one === values.state)
if (state === undefined) {
  console.error(`--state must be one of ${STATES.join(', ')}`)
  process.exit(2)
}
const { url } = await startCanned(state, Number(values.port))
console.log(`${url} (${state})`)
