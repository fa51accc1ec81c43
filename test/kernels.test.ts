import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inflateRawSync } from 'node:zlib'
import { ROOT } from '../scripts/files.ts'
import { KERNEL_MODULES, renderKernels } from '../scripts/kernels.ts'

/** A generated file without its base64, and the bytes of its module: zlib need not pack alike on every machine. */
function parts(text: string): { text: string; bytes: Buffer } {
  const packed = /deflated: \[([^\]]*)\]/.exec(text)?.[1] ?? ''
  return { text: text.replace(packed, ''), bytes: inflateRawSync(Buffer.from(packed.replace(/[^A-Za-z0-9+/=]/g, ''), 'base64')) }
}

for (const module of KERNEL_MODULES) {
  test(`${module.file} is what its sources give (npm run build:kernels)`, () => {
    const [found, wanted] = [parts(readFileSync(join(ROOT, module.file), 'utf8')), parts(renderKernels(module))]
    assert.equal(found.text, wanted.text)
    assert.ok(found.bytes.equals(wanted.bytes), `${module.file} is not what ${module.sources} gives`)
    assert.ok(wanted.bytes.length > 1000)
  })
}
