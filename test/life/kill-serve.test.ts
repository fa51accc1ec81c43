import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { Load } from './load.ts'
import { controlOf, deploy, eventually, importFolder, logged, MODELS, samples } from './rig.ts'

const counters = (all: Map<string, number>) => [...all].filter(([name]) => /_(total|bucket|count)[{ ]|_total$/.test(name) && !name.includes('process='))

/** Reads the counters of both ports again and again, and tells of those that went back. */
class Watch implements AsyncDisposable {
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
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

/** The place that a process fills, by which metrics call it. */
const slotOf = (id: string) => id.split('-').slice(0, 2).join('-')

async function busiest(platform: RunningPlatform): Promise<{ id: string; pid: number; restarts: number } | undefined> {
  const all = await samples(platform.run.http)
  const { processes } = await controlOf(platform).call('getStatus')
  const serving = processes.filter(({ role }) => role === 'serve')
  const connections = serving.map(({ id }) => all.get(`fairlead_connections{process="${slotOf(id)}",role="serve"}`) ?? 0)
  // the load is spread by the kernel, and both must have some of it
  return connections.every((n) => n > 1) ? serving[connections[0]! > connections[1]! ? 1 : 0] : undefined
}

const serveOf = async (platform: RunningPlatform) => (await controlOf(platform).call('getStatus')).processes.filter(({ role }) => role === 'serve')

test('a serve process that is killed under load costs its own connections only, and comes back', async () => {
  await using platform = await startPlatform({ args: ['--processes', '2'] })
  const control = controlOf(platform)
  const version = await importFolder(control, 'credit', { folder: MODELS.logistic })
  assert.equal((await deploy(control, 'credit', `credit:${version}`, { logDurability: 'sync' })).state, 'done')
  await using watch = new Watch(platform)
  const acknowledged: string[] = []
  const victims: string[] = []
  for (const expected of [1, 2]) {
    // new connections, which the kernel spreads over both: those of the round before are all on the one that was spared
    await using load = new Load({ http: platform.run.http, deployment: 'credit', connections: 16, pauseMs: 20 })
    await load.more(50)
    const victim = await eventually('both processes have connections', () => busiest(platform))
    victims.push(victim.id)
    process.kill(victim.pid, 'SIGKILL')
    await load.more(100)
    const back = await eventually('the process is back', async () => {
      const found = await serveOf(platform)
      return found.length === 2 && found.every(({ state, id }) => state === 'ready' && !victims.includes(id)) && found
    })
    const restarts = back.reduce((sum, { restarts }) => sum + restarts, 0)
    assert.equal(restarts, expected)
    const ready = await eventually('the platform is whole', async () => {
      const response = await fetch(`${platform.run.control}/readyz`)
      const found = (await response.json()) as { degraded?: string[] }
      return response.status === 200 && found.degraded?.length === 0 && found
    })
    assert.deepEqual(ready, { status: 'ready', reasons: [], degraded: [] })
    assert.equal((await control.call('getDeployment', { params: { deployment: 'credit' } })).state, 'ready')
    const { good, answered, broken } = await load.stop()
    assert.deepEqual(
      answered.filter(({ status }) => status !== 200),
      [],
    )
    // what was in hand on the connections of the victim, once each; whoever was on the other process noticed nothing
    const struck = broken.map(({ connection }) => connection)
    assert.ok(struck.length < 16 && new Set(struck).size === struck.length, JSON.stringify(broken))
    for (const { id } of good) acknowledged.push(id)
  }
  assert.deepEqual(await watch.stop(), [], 'counters that went back')
  const counts = await logged(control, 'credit')
  assert.deepEqual(
    acknowledged.filter((id) => counts.get(id) !== 1),
    [],
    'acknowledged, and not once in the log',
  )
  assert.deepEqual(
    [...counts.values()].filter((n) => n !== 1),
    [],
  )
})

test('a process that keeps dying is restarted after longer and longer pauses, and its neighbour answers all the while', async () => {
  await using platform = await startPlatform({ args: ['--processes', '2'] })
  const control = controlOf(platform)
  const version = await importFolder(control, 'credit', { folder: MODELS.logistic })
  assert.equal((await deploy(control, 'credit', `credit:${version}`)).state, 'done')
  await using load = new Load({ http: platform.run.http, deployment: 'credit', connections: 8, pauseMs: 20 })
  await load.more(50)
  const pauses: number[] = []
  const [spared] = await serveOf(platform)
  const readyz = () => fetch(`${platform.run.control}/readyz`)
  let brokenAtFirst = 0
  for (let round = 1; round <= 4; round++) {
    const [victim] = (await serveOf(platform)).filter(({ id }) => id !== spared?.id)
    process.kill(victim?.pid ?? 0, 'SIGKILL')
    const killed = Date.now()
    const readiness = await eventually('readiness tells of it', async () => {
      const response = await readyz()
      assert.equal(response.status, 200, 'the neighbour answers')
      const found = (await response.json()) as { reasons: string[]; degraded: string[] }
      return found.degraded.length > 0 && found
    })
    assert.match(readiness.degraded.join(), /^serve-\S+ is (dead|starting)$/)
    assert.deepEqual(readiness.reasons, [])
    await eventually('it starts again', async () => (await serveOf(platform)).some(({ restarts }) => restarts === round))
    pauses.push(Date.now() - killed)
    await load.more(20)
    if (round === 1) brokenAtFirst = load.broken.length
  }
  await eventually('all are ready', async () => ((await (await readyz()).json()) as { degraded: string[] }).degraded.length === 0)
  assert.ok((pauses[3] ?? 0) >= 800, String(pauses))
  const { answered, broken } = await load.stop()
  assert.ok(answered.every(({ status }) => status === 200))
  // after the first time all connections are on the one that was spared, and it never fails them
  assert.equal(broken.length, brokenAtFirst, JSON.stringify(broken))
})
