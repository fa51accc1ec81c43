import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createControl } from '@fairlead/client'
import { identityModel } from '../packages/platform/src/testing/identity-model.ts'
import { fairlead, startPlatform } from './support/platform.ts'

/** The first whole number that a double cannot hold. */
const ODD = '9007199254740993'

test('a number of 64 bits is the same from a golden file to an answer, by every way', { timeout: 120_000 }, async () => {
  await using platform = await startPlatform({ args: ['--processes', '1'] })
  const at = (name: string) => join(platform.data, name)
  await writeFile(at('model.onnx'), identityModel([{ name: 'id', type: 'int64', shape: [-1, 1] }]).bytes)
  await writeFile(at('golden.json'), `{"rows":[{"id":${ODD}}],"predictions":[{"id_out":${ODD}}],"tolerance":0}`)
  await writeFile(at('golden.yaml'), `rows: [{ id: ${ODD} }]\npredictions: [{ id_out: ${ODD} }]\ntolerance: 0\n`)
  await writeFile(at('near.json'), `{"rows":[{"id":${ODD}}],"predictions":[{"id_out":9007199254740992}],"tolerance":0}`)
  const cli = (...args: string[]) => fairlead(platform.data, args)
  for (const [name, golden, code] of [
    ['json', 'golden.json', 0],
    ['yaml', 'golden.yaml', 0],
    ['near', 'near.json', 1],
  ] as const) {
    const imported = await cli('models', 'import', at('model.onnx'), '--name', name, '--golden', at(golden))
    assert.equal(imported.code, 0, imported.stderr)
    const deployed = await cli('deploy', name, '--model', name)
    assert.equal(deployed.code, code, `${name}: ${deployed.stderr}`)
    if (code === 1) assert.match(deployed.stderr, /expected 9007199254740992, got 9007199254740993/)
  }
  for (const name of ['json', 'yaml']) {
    const shown = await cli('models', 'show', name, '--json')
    assert.match(shown.stdout, new RegExp(`"id": ${ODD}\\b`), `the example of ${name}`)
  }
  const asked = await cli('predict', 'json', '--row', `{"id": ${ODD}}`, '--json')
  assert.match(asked.stdout, new RegExp(`"id_out": ${ODD}\\b`))
  const headers = { authorization: `Bearer ${platform.token}`, 'content-type': 'application/json' }
  const url = `${platform.run.control}/api/v1/deployments/json/try`
  const tried = await fetch(url, { method: 'POST', headers, body: `{"rows":[{"id":${ODD}}]}` })
  assert.match(await tried.text(), new RegExp(`"id_out":${ODD}\\b`))
  const control = createControl({ url: platform.run.control, token: platform.token })
  const { example } = await control.call('getDeploymentSignature', { params: { deployment: 'json' } })
  assert.deepEqual(example, [{ id: BigInt(ODD) }])
  const wrong = await fetch(url, { method: 'POST', headers, body: `{"rows":[{"id":[${ODD}]}]}` })
  assert.deepEqual([wrong.status, ((await wrong.json()) as { code: string }).code], [422, 'value-type'])
})
