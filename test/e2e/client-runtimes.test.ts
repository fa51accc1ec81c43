import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createContext, runInContext } from 'node:vm'
import { type BrowserContext, chromium } from 'playwright-core'
import { EXAMPLE, eventually } from '../life/rig.ts'
import { bundled } from '../support/bundle.ts'
import { clientProgram, expectedOutcome } from '../support/client-program.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { findBrowser } from './browser.ts'

const { rows } = JSON.parse(readFileSync(join(EXAMPLE, 'golden.json'), 'utf8')) as { rows: [Record<string, string | number>] }
let platform: RunningPlatform
let context: BrowserContext
let code: string
let good: number

before(async () => {
  platform = await startPlatform({ args: ['--processes', '1', '--apply', EXAMPLE] })
  await eventually('the declaration is applied', () => /sign-in#/.test(platform.output()))
  ;({ code } = await bundled(clientProgram(rows[0])))
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ rows: [rows[0]] })
  const response = await fetch(`${platform.run.http}/v1/deployments/credit-risk/predict`, { method: 'POST', headers, body })
  good = ((await response.json()) as { predictions: [{ probabilities: { good: number } }] }).predictions[0].probabilities.good
  const browser = await chromium.launch({ executablePath: findBrowser() as string, args: ['--no-sandbox'] })
  context = await browser.newContext()
  // a website with the platform behind the same address
  await context.route('**/client-test/page', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>x</title>' }))
  const worker = `globalThis.http = location.origin; ${code}; outcome.then((found) => postMessage(found))`
  await context.route('**/client-test/worker.js', (route) => route.fulfill({ contentType: 'text/javascript', body: worker }))
})

after(async () => {
  await context?.browser()?.close()
  await platform[Symbol.asyncDispose]()
})

test('in a page of Chromium', async () => {
  const page = await context.newPage()
  await page.goto(`${platform.run.http}/client-test/page`)
  const found = await page.evaluate(`globalThis.http = location.origin; ${code}; globalThis.outcome`)
  assert.deepEqual(found, expectedOutcome(good))
})

test('in a web worker of Chromium', async () => {
  const page = await context.newPage()
  await page.goto(`${platform.run.http}/client-test/page`)
  const found = await page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const worker = new Worker('/client-test/worker.js', { type: 'module' })
        worker.addEventListener('message', ({ data }) => resolve(data))
        worker.addEventListener('error', ({ message }) => reject(new Error(message)))
      }),
  )
  assert.deepEqual(found, expectedOutcome(good))
})

test('where there is nothing but what edge runtimes have: no process, no Buffer, no require', async () => {
  const web = {
    AbortController,
    AbortSignal,
    Blob,
    CompressionStream,
    fetch,
    performance,
    ReadableStream,
    Response,
    setTimeout,
    clearTimeout,
    TextDecoder,
    TextEncoder,
  }
  const bare = createContext({ ...web, http: platform.run.http })
  assert.deepEqual(runInContext('[typeof process, typeof Buffer, typeof require, typeof window]', bare).join(), 'undefined,undefined,undefined,undefined')
  runInContext(code, bare)
  const found = structuredClone(await runInContext('outcome', bare))
  assert.deepEqual(found, expectedOutcome(good))
})
