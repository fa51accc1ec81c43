import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Signature } from '@fairlead/contract'
import { loadableOnnx } from '../../model/onnx/loadable.ts'
import { WireWriter } from '../../model/onnx/protobuf.ts'
import { externalEntry, fails } from '../../model/test-support.ts'
import { coded } from '../../testing/fake-inference.ts'
import { identityModel } from '../../testing/identity-model.ts'
import { runtimeSuite } from '../../testing/runtime-suite.ts'
import { temporaryFolder } from '../../testing/temporary.ts'
import { onnxRuntime } from './runtime.ts'

runtimeSuite({ make: () => onnxRuntime(), identity: identityModel })

test('a tree classifier answers what its library answered', async () => {
  const bytes = await readFile(new URL('./testdata/credit-risk.onnx', import.meta.url))
  await using session = await onnxRuntime().open({ format: 'onnx', bytes, signature: {} as Signature })
  const text = (value: string) => ({ type: 'string' as const, shape: [1, 1], data: [value] })
  const whole = (value: bigint) => ({ type: 'int64' as const, shape: [1, 1], data: new BigInt64Array([value]) })
  const { label, probabilities } = await session.run({
    age: whole(67n),
    sex: text('male'),
    job: whole(2n),
    housing: text('own'),
    saving_accounts: text('not_known'),
    checking_account: text('little'),
    credit_amount: whole(1169n),
    duration: whole(6n),
    purpose: text('radio_tv'),
  })
  assert.deepEqual(label!.data, new BigInt64Array([1n]))
  assert.deepEqual(probabilities!.shape, [1, 2])
  const [bad, good] = probabilities!.data as Float32Array
  assert.ok(Math.abs(bad! + good! - 1) < 1e-6 && good! > 0.5)
})

test('usage reports are switched off before the library is loaded', () => {
  onnxRuntime()
  assert.equal(process.env.ORT_DISABLE_TELEMETRY, '1')
})

const SECRET = 'fl_admin_0123456789'

/** A model that answers the bytes of a file, through a tensor whose place a reader of 64 bits takes for inside and the runtime for outside. */
function thief(location: string, place: bigint, as: 'initializer' | 'attribute'): Uint8Array {
  const tensor = new WireWriter().varint(1, SECRET.length).varint(2, 2).text(8, 'w').varint(14, place)
  for (const [key, value] of Object.entries({ location, length: String(SECRET.length) })) tensor.message(13, externalEntry(key, value))
  const type = new WireWriter().message(1, new WireWriter().varint(1, 2).message(2, new WireWriter().message(1, new WireWriter().varint(1, SECRET.length))))
  const output = new WireWriter().text(1, 'y').message(2, type)
  const constant = new WireWriter().text(2, 'w').text(4, 'Constant').message(5, new WireWriter().text(1, 'value').message(5, tensor).varint(20, 4))
  const graph = new WireWriter().text(2, 'g')
  if (as === 'initializer') graph.message(5, tensor)
  else graph.message(1, constant)
  graph.message(1, new WireWriter().text(1, 'w').text(2, 'y').text(4, 'Identity')).message(12, output)
  return new WireWriter().varint(1, 8).message(8, new WireWriter().varint(2, 17)).message(7, graph).finish()
}

test('no model reads a file of the current folder, with or without the reader that refuses it', async () => {
  await using folder = await temporaryFolder()
  await mkdir(join(folder.path, '.fairlead'))
  await writeFile(join(folder.path, '.fairlead', 'admin-token'), SECRET)
  const before = process.cwd()
  process.chdir(folder.path)
  try {
    for (const as of ['initializer', 'attribute'] as const) {
      for (const location of ['.fairlead/admin-token', './.fairlead/admin-token', join(folder.path, '.fairlead/admin-token')]) {
        assert.throws(() => loadableOnnx(thief(location, 2n ** 32n + 1n, as)), fails('model-file-invalid', /data location/))
        for (const place of [1n, 2n ** 32n + 1n]) {
          const bytes = thief(location, place, as)
          await assert.rejects(onnxRuntime().open({ format: 'onnx', bytes, signature: {} as Signature }), coded('load-failed'), `${as} ${location} ${place}`)
        }
      }
    }
  } finally {
    process.chdir(before)
  }
})

test('a file that only looks like the library’s other format is read as ONNX', async () => {
  const { bytes, signature } = identityModel([{ name: 'x', type: 'float32', shape: [-1] }])
  const mark = new WireWriter().text(2, '\0\0ORTM').raw(bytes).finish()
  await using session = await onnxRuntime().open({ format: 'onnx', bytes: mark, signature })
  const x = { type: 'float32' as const, shape: [1], data: new Float32Array([3]) }
  assert.deepEqual({ ...(await session.run({ x })) }, { x_out: x })
})
