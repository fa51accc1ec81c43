import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../scripts/files.ts'
import { KERNELS_FILE, renderKernels } from '../scripts/kernels.ts'

test('the kernels are what their sources give (npm run build:kernels)', () => {
  assert.ok(readFileSync(join(ROOT, KERNELS_FILE), 'utf8') === renderKernels(), `${KERNELS_FILE} is not what packages/evaluator/assembly gives`)
})
