import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Browser, chromium } from 'playwright-core'
import { EXAMPLE, eventually } from '../life/rig.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { findBrowser } from './browser.ts'

const { rows } = JSON.parse(readFileSync(join(EXAMPLE, 'golden.json'), 'utf8')) as { rows: object[] }
let page: Server
let platform: RunningPlatform
let browser: Browser

const port = () => (page.address() as AddressInfo).port

before(async () => {
  page = createServer((_request, response) => response.end('<!doctype html><title>a page</title>')).listen(0, '127.0.0.1')
  await once(page, 'listening')
  platform = await startPlatform({ args: ['--processes', '1', '--apply', EXAMPLE, '--allowed-origins', `http://127.0.0.1:${port()}`] })
  await eventually('the declaration is applied', () => /sign-in#/.test(platform.output()))
  browser = await chromium.launch({ executablePath: findBrowser() as string, args: ['--no-sandbox'] })
})

after(async () => {
  await browser?.close()
  page.close()
  await platform?.[Symbol.asyncDispose]()
})

/** What a script of a page of this host gets: the answer, or that the browser kept it back. */
async function asked(host: string, headers: Record<string, string>, type = 'application/json') {
  const context = await browser.newContext()
  try {
    const tab = await context.newPage()
    await tab.goto(`http://${host}:${port()}/`)
    const asking = { url: `${platform.run.http}/v1/deployments/credit-risk/predict`, body: JSON.stringify({ rows: rows.slice(0, 1) }), headers, type }
    return await tab.evaluate(async ({ url, body, headers: more, type: contentType }) => {
      try {
        const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': contentType, ...more } })
        const answer = (await response.json()) as { predictions?: unknown[] }
        return { status: response.status, id: response.headers.get('x-request-id'), predictions: answer.predictions?.length }
      } catch (error) {
        return { kept: String(error) }
      }
    }, asking)
  } finally {
    await context.close()
  }
}

test('in a browser, a page that was named asks with any header of ours and reads the answer', async () => {
  assert.deepEqual(await asked('127.0.0.1', { 'x-request-id': 'from-a-page', 'x-request-timeout': '5000' }), { status: 200, id: 'from-a-page', predictions: 1 })
})

test('in a browser, a page of another origin can neither ask in plain text nor in JSON', async () => {
  for (const type of ['text/plain', 'application/json']) assert.match((await asked('localhost', {}, type)).kept ?? '', /Failed to fetch/, type)
})
