import { setTimeout as sleep } from 'node:timers/promises'
import { ANSWER, slowServer } from './slow-server.ts'

// waits and does not work: so it is as quick on a busy machine
let last: Promise<unknown> = Promise.resolve()
const server = await slowServer(0, (_, response) => {
  last = last.then(() => sleep(10)).then(() => response.writeHead(200).end(ANSWER))
})
process.send?.({ url: server.url })
process.on('disconnect', () => process.exit(0))
