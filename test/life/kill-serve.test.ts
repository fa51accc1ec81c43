import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { Load } from './load.ts'
import { controlOf, deploy, eventually, importFolder, logged, MODELS } from './rig.ts'

/** Samples of a Prometheus text by name and labels. */
async function samples(url: string): Promise<Map<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

const counters = (all: Map<string, number>) => [...all].filter(([name]) => /_(total|bucket|count)[{ ]|_total$/.test(name) && !name.includes('process='))

/** Reads the counters of both ports again and again, and tells of those that went back. */
class Watch {
  readonly went: string[] = []
  readonly #platform: RunningPlatform
  readonly #loop: Promise<void>
  #stopped = false

  constructor(platform: RunningPlatform) {
    this.#platform = platform
    this.#loop = this.#run()
  }

  async stop(): Promise<string[]> {
    this.#stopped = true
    await this.#loop
    return this.went
  }

  async #run(): Promise<void> {
    const { control, http } = this.#platform.run
    const last = new Map<string, number>()
    while (!this.#stopped) {
      for (const url of [control, http]) {
        // a scrape that meets the process while it is killed is tried again
        for (const [name, value] of counters(await samples(url).catch(() => new Map()))) {
          const key = `${url} ${name}`
          if (value < (last.get(key) ?? 0)) this.went.push(`${key}: from ${last.get(key)} to ${value}`)
          last.set(key, value)
        }
      }
      await sleep(100)
    }
  }
}

async function busiest(platform: RunningPlatform): Promise<{ id: string; pid: number; restarts: number } | undefined> {
  const all = await samples(platform.run.http)
  const { processes } = await controlOf(platform).call('getStatus')
  const serving = processes.filter(({ role }) => role === 'serve')
  const connections = serving.map(({ id }) => all.get(`fairlead_connections{process="${id}",role="serve"}`) ?? 0)
  // the load is spread by the kernel, and both must have some of it
  return connections.every((n) => n > 1) ? serving[connections[0]! > connections[1]! ? 1 : 0] : undefined
}

const serveOf = async (platform: RunningPlatform) => (await controlOf(platform).call('getStatus')).processes.filter(({ role }) => role === 'serve')

test('a serve process that is killed under load costs its own connections only, and comes back', async () => {
  await using platform = await startPlatform({ args: ['--processes', '2'] })
  const control = controlOf(platform)
  const version = await importFolder(control, 'credit', { folder: MODELS.logistic })
  assert.equal((await deploy(control, 'credit', `credit:${version}`, { logDurability: 'sync' })).state, 'done')
  const load = new Load({ http: platform.run.http, deployment: 'credit', connections: 16, pauseMs: 20 })
  const watch = new Watch(platform)
  const victims: string[] = []
  for (const expected of [1, 2]) {
    await load.more(50)
    const victim = await eventually('both processes have connections', () => busiest(platform))
    victims.push(victim.id)
    const brokenBefore = load.broken.length
    process.kill(victim.pid, 'SIGKILL')
    await load.more(100)
    // whoever was on the other process noticed nothing
    assert.ok(new Set(load.broken.slice(brokenBefore).map(({ connection }) => connection)).size < 16)
    const back = await eventually('the process is back', async () => {
      const found = await serveOf(platform)
      return found.length === 2 && found.every(({ state, id }) => state === 'ready' && !victims.includes(id)) && found
    })
    const restarts = back.reduce((sum, { restarts }) => sum + restarts, 0)
    assert.equal(restarts, expected)
    await eventually('the platform is ready', async () => (await fetch(`${platform.run.control}/readyz`)).status === 200)
    assert.equal((await control.call('getDeployment', { params: { deployment: 'credit' } })).state, 'ready')
  }
  await load.more(100)
  assert.deepEqual(await watch.stop(), [], 'counters that went back')
  const { good, answered, broken } = await load.stop()
  assert.deepEqual(
    answered.filter(({ status }) => status !== 200),
    [],
  )
  // at most what was in hand on the connections of the two victims
  assert.ok(broken.length <= 32, JSON.stringify(broken.slice(0, 50)))
  const counts = await logged(control, 'credit')
  assert.deepEqual(
    good.filter(({ id }) => counts.get(id) !== 1),
    [],
    'acknowledged, and not once in the log',
  )
  assert.deepEqual(
    [...counts.values()].filter((n) => n !== 1),
    [],
  )
})

test('a process that keeps dying is restarted after longer and longer pauses, and its neighbour answers all the while', async () => {
  await using platform = await startPlatform({ args: ['--processes', '2', '--apply', 'nothing'].slice(0, 2) })
  const control = controlOf(platform)
  const version = await importFolder(control, 'credit', { folder: MODELS.logistic })
  assert.equal((await deploy(control, 'credit', `credit:${version}`)).state, 'done')
  const pauses: number[] = []
  const [spared] = await serveOf(platform)
  for (let round = 1; round <= 4; round++) {
    const [victim] = (await serveOf(platform)).filter(({ id }) => id !== spared?.id)
    process.kill(victim?.pid ?? 0, 'SIGKILL')
    const killed = Date.now()
    const readiness = await eventually('readiness falls', async () => {
      const response = await fetch(`${platform.run.control}/readyz`)
      return response.status === 503 && ((await response.json()) as { reasons: string[] })
    })
    assert.match(readiness.reasons.join(), /is (dead|starting)/)
    await eventually('it starts again', async () => (await serveOf(platform)).some(({ restarts }) => restarts === round))
    pauses.push(Date.now() - killed)
    const answer = await fetch(`${platform.run.http}/v1/deployments/credit`)
    assert.equal(answer.status, 200)
  }
  assert.ok((pauses[3] ?? 0) >= 800, String(pauses))
})
