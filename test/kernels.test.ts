import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../scripts/files.ts'
import { KERNEL_MODULES, renderKernels } from '../scripts/kernels.ts'

for (const module of KERNEL_MODULES) {
  test(`${module.file} is what its sources give (npm run build:kernels)`, () => {
    assert.ok(readFileSync(join(ROOT, module.file), 'utf8') === renderKernels(module), `${module.file} is not what ${module.sources} gives`)
  })
}
