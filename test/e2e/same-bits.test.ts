import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chromium } from 'playwright-core'
import { decodeForm, type Elements } from '../../packages/evaluator/src/index.ts'
import { bundled } from '../support/bundle.ts'
import { findBrowser } from './browser.ts'
import { answersOf, formCases } from './form-cases.ts'

/** What runs in the page: elements come and go as base64. */
const PROGRAM = `
import { decodeForm } from '@fairlead/evaluator'
import { answersOf } from './test/e2e/form-cases.ts'
const ARRAYS = { Float32Array, Float64Array, BigInt64Array, Int32Array, Uint8Array }
const bytes = (text) => {
  const all = atob(text)
  const found = new Uint8Array(all.length)
  for (let at = 0; at < found.length; at++) found[at] = all.charCodeAt(at)
  return found
}
const base64 = ({ buffer }) => { let text = ''; for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte); return btoa(text) }
globalThis.answer = ({ form, inputs, rows, asks }) =>
  answersOf(decodeForm(bytes(form)), { rows, asks, inputs: inputs.map(({ kind, data }) => new ARRAYS[kind](bytes(data).buffer)) }).map(base64)
`

/** The kernels of this process, counted by the calls of each. */
function counted(): { readonly unused: () => string[]; readonly restore: () => void } {
  const used = new Map<string, number>()
  const { Instance } = WebAssembly
  class Counting {
    readonly exports: Record<string, unknown>
    constructor(module: WebAssembly.Module, imports: WebAssembly.Imports) {
      const kernels = Object.entries(new Instance(module, imports).exports).map(([name, kernel]): [string, unknown] => {
        used.set(name, used.get(name) ?? 0)
        if (typeof kernel !== 'function') return [name, kernel]
        const counting = (...given: number[]): unknown => {
          used.set(name, (used.get(name) ?? 0) + 1)
          return kernel(...given)
        }
        return [name, counting]
      })
      this.exports = Object.fromEntries(kernels)
    }
  }
  Object.assign(WebAssembly, { Instance: Counting })
  return {
    unused: () => [...used].flatMap(([name, calls]) => (calls === 0 && name !== 'memory' ? [name] : [])),
    restore: () => void Object.assign(WebAssembly, { Instance }),
  }
}

const base64 = ({ buffer, byteOffset, byteLength }: Elements | Uint8Array): string =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('base64')

test('every kernel gives the same bits in Chromium as in Node', async () => {
  const { code } = await bundled(PROGRAM)
  const browser = await chromium.launch({ executablePath: findBrowser() as string, args: ['--no-sandbox'] })
  const kernels = counted()
  try {
    const page = await browser.newPage()
    await page.addScriptTag({ content: code, type: 'module' })
    for (const one of formCases()) {
      const { name, form, inputs, rows, asks } = one
      const wanted = answersOf(decodeForm(form), one).map((elements) => base64(elements))
      const given = { form: base64(form), rows, asks, inputs: inputs.map((data) => ({ kind: data.constructor.name, data: base64(data) })) }
      const found = await page.evaluate((given) => (globalThis as unknown as { answer: (given: unknown) => string[] }).answer(given), given)
      assert.deepEqual(found, wanted, name)
    }
    assert.deepEqual(kernels.unused(), [], 'kernels that no case calls')
  } finally {
    kernels.restore()
    await browser.close()
  }
})
