import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputColumn } from '@fairlead/contract'
import { registryRig, textReader } from '../../testing/registry-rig.ts'
import { temporaryFolder } from '../../testing/temporary.ts'

/** The columns are the lines of the file: `age`, or `age?` for an optional one. */
const readColumns: typeof textReader = async (files, options) => {
  const read = await textReader(files, options)
  const lines = Buffer.from(await files.read(read.entry))
    .toString()
    .split('\n')
  const columns = lines.map(
    (line): InputColumn => ({ name: line.replace('?', ''), type: 'float32', tensor: line, ...(line.endsWith('?') ? { optional: true } : {}) }),
  )
  return { ...read, signature: { ...read.signature, columns } }
}

test('a new version says what it means to the callers of the newest before it', async () => {
  await using folder = await temporaryFolder()
  await using rig = await registryRig(folder.path, { readModel: readColumns })
  const checkOf = async (text: string) =>
    (await rig.registry.importVersion('m', { upload: await rig.upload({ 'model.onnx': text }) }, 'ann')).version.facts.checks?.[0]
  assert.equal(await checkOf('age'), undefined, 'there is none before')
  assert.deepEqual(await checkOf('age\nwage?'), {
    name: 'signature',
    ok: true,
    detail: 'Callers of version 1 go on as they are; columns.wage added, optional.',
  })
  const broken = await checkOf('wage?\nheight')
  assert.equal(broken?.ok, false)
  assert.equal(
    broken.detail,
    'Callers of version 2 would break: columns.age removed: rows that send it are refused; columns.height added: rows without it are refused.',
  )
  assert.deepEqual((await checkOf('age'))?.detail, undefined, 'what is there already is not compared again')
})

test('many changes are counted', async () => {
  await using folder = await temporaryFolder()
  await using rig = await registryRig(folder.path, { readModel: readColumns })
  const run = async (text: string) => (await rig.registry.importVersion('m', { upload: await rig.upload({ 'model.onnx': text }) }, 'ann')).version
  await run('a')
  const { facts } = await run(['a', ...Array.from({ length: 13 }, (_, at) => `b${at}`)].join('\n'))
  assert.match(facts.checks![0]!.detail, /; and 3 more\.$/)
})
