import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { externalTensor, makeOnnx } from '../../packages/platform/src/model/test-support.ts'
import { fairlead, type RunningPlatform, startPlatform } from '../support/platform.ts'
import { controlOf, deploy, ended, eventually, temporaryFolder } from './rig.ts'

const ONE = [1, 10, 100, 1000]

/** Writes a model that multiplies four columns by weights of a file of their own, which begin at its 32nd byte. */
function writeModel(folder: string, weights: number[]): string {
  const initializers = [externalTensor('w', 'weights/w.bin', { offset: '32', length: '16' })]
  const nodes = [{ op: 'Mul', inputs: ['x', 'w'], outputs: ['y'] }]
  const tensor = { type: 1, shape: ['N', 4] }
  mkdirSync(join(folder, 'weights'), { recursive: true })
  writeFileSync(join(folder, 'model.onnx'), makeOnnx({ inputs: [{ name: 'x', ...tensor }], outputs: [{ name: 'y', ...tensor }], nodes, initializers }))
  writeFileSync(join(folder, 'weights/w.bin'), Buffer.concat([Buffer.alloc(32, 0xff), Buffer.from(new Float32Array(weights).buffer)]))
  return folder
}

async function importCli(platform: RunningPlatform, folder: string): Promise<void> {
  const { code, stderr } = await fairlead(platform.data, ['models', 'import', folder, '--name', 'scaled'])
  assert.equal(code, 0, stderr)
}

async function infer({ run }: RunningPlatform): Promise<number[] | undefined> {
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [2, 4], data: [...ONE, ...ONE.map((x) => -x)] }]
  const response = await fetch(`${run.http}/v2/models/scaled/infer`, { method: 'POST', body: JSON.stringify({ inputs }) }).catch(() => undefined)
  if (response?.status !== 200) return undefined
  const { outputs } = (await response.json()) as { outputs: { data: number[]; shape: number[] }[] }
  assert.deepEqual(outputs[0]?.shape, [2, 4])
  return outputs[0]?.data
}

const expected = (weights: number[]) => [...weights.map((w, i) => w * (ONE[i] as number)), ...weights.map((w, i) => -w * (ONE[i] as number))]

test('a model whose weights lie in a file of their own is deployed, rolled back and found again, with its own weights each time', async () => {
  await using folder = await temporaryFolder()
  const data = join(folder.path, 'data')
  const [first, second] = [
    [2, 3, 4, 5],
    [7, 6, 5, 4],
  ] as const
  {
    await using platform = await startPlatform({ data, cwd: folder.path, args: ['--processes', '1'] })
    const control = controlOf(platform)
    await importCli(platform, writeModel(join(folder.path, 'one'), [...first]))
    assert.equal((await deploy(control, 'scaled', 'scaled:1')).state, 'done')
    assert.deepEqual(await infer(platform), expected([...first]))
    await importCli(platform, writeModel(join(folder.path, 'two'), [...second]))
    assert.equal((await deploy(control, 'scaled', 'scaled:2')).state, 'done')
    assert.deepEqual(await infer(platform), expected([...second]))
    // what is laid out for the runtime may be deleted at any time
    rmSync(join(data, 'cache'), { recursive: true })
    const { id } = await control.call('rollback', { params: { deployment: 'scaled' }, body: {} })
    assert.equal((await ended(control, id)).state, 'done')
    assert.deepEqual(await infer(platform), expected([...first]))
    // and what was tampered with is not used
    const { digest } = await control.call('getVersion', { params: { model: 'scaled', version: 1 } })
    const laidOut = join(data, 'cache', digest.replace(':', '-'), 'weights/w.bin')
    rmSync(laidOut)
    writeFileSync(laidOut, Buffer.alloc(48, 1))
    const serving = (await control.call('getStatus')).processes.find(({ role }) => role === 'serve')
    process.kill(serving?.pid ?? 0, 'SIGKILL')
    await eventually('it is gone', async () => (await infer(platform)) === undefined)
    assert.deepEqual(await eventually('it answers again', () => infer(platform)), expected([...first]))
  }
  await using again = await startPlatform({ data, cwd: folder.path, args: ['--processes', '1'] })
  assert.deepEqual(await infer(again), expected([...first]))
})

test('a model that asks for the admin token is refused, and serve processes run where there is nothing to ask for', async () => {
  await using folder = await temporaryFolder()
  await using platform = await startPlatform({ data: join(folder.path, '.fairlead'), cwd: folder.path, args: ['--processes', '1'] })
  const thief = externalTensor('w', '.fairlead/admin-token', { length: '16' }).varint(14, 2n ** 32n + 1n)
  const tensor = { type: 1, shape: ['N', 4] }
  const nodes = [{ op: 'Mul', inputs: ['x', 'w'], outputs: ['y'] }]
  const file = join(folder.path, 'model.onnx')
  writeFileSync(file, makeOnnx({ inputs: [{ name: 'x', ...tensor }], outputs: [{ name: 'y', ...tensor }], nodes, initializers: [thief] }))
  const { code, stderr } = await fairlead(platform.data, ['models', 'import', file, '--name', 'thief'])
  assert.equal(code, 1)
  assert.match(stderr, /data location 4294967297/)
  const serving = (await controlOf(platform).call('getStatus')).processes.find(({ role }) => role === 'serve')
  const cwd = readlinkSync(`/proc/${serving?.pid}/cwd`)
  assert.equal(cwd, realpathSync(join(platform.data, 'empty')))
  assert.deepEqual(readdirSync(cwd), [])
})
