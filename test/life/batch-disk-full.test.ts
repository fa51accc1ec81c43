import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { fairlead, startPlatform } from '../support/platform.ts'
import { mayMount, mountSmallDisk, testWhereMountsAreAllowed } from '../support/small-disk.ts'
import { controlOf, deploy, importFolder, MODELS, ROW, temporaryFolder } from './rig.ts'

const MEGABYTES = 4
const ROWS = 150_000

/** A job whose output finds no room fails with the reason, leaves nothing, and is done when there is room. */
async function scenario(): Promise<void> {
  await using folder = await temporaryFolder()
  using disk = mountSmallDisk(join(folder.path, 'disk'), MEGABYTES)
  const input = join(folder.path, 'in.csv')
  const line = Object.values(ROW).join(',')
  await writeFile(input, `${Object.keys(ROW).join(',')}\n${`${line}\n`.repeat(ROWS)}`)
  await using platform = await startPlatform({ data: join(folder.path, 'data'), cwd: folder.path, args: ['--processes', '1'] })
  const control = controlOf(platform)
  await importFolder(control, 'credit', { folder: MODELS.logistic })
  await deploy(control, 'credit', 'credit:1')
  const output = join(disk.path, 'out.csv')
  const run = (target: string) => fairlead(platform.data, ['batch', 'run', 'credit', '--input', input, '--output', target, '--keep-inputs', '--json'])
  const { code, stdout, stderr } = await run(output)
  assert.equal(code, 1, stderr)
  assert.equal(JSON.parse(stdout).code, 'storage-full')
  assert.deepEqual(readdirSync(disk.path), [])
  const elsewhere = await run(join(folder.path, 'out.csv'))
  assert.equal(elsewhere.code, 0, elsewhere.stderr)
  assert.equal(JSON.parse(elsewhere.stdout).scored, ROWS)
}

if (mayMount()) test('a disk that fills up fails the job and keeps nothing half written', { timeout: 180_000 }, scenario)
else
  test('a disk that fills up, in name spaces of their own', { timeout: 300_000 }, () => {
    const { status, output } = testWhereMountsAreAllowed(fileURLToPath(import.meta.url))
    assert.equal(status, 0, output)
  })
