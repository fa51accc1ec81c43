import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { compile, readXGBoost } from '../../packages/evaluator/src/index.ts'
import { ROOT } from '../../scripts/files.ts'
import { bundled } from '../support/bundle.ts'
import { findBrowser } from './browser.ts'

const EXAMPLE = join(ROOT, 'examples/in-browser')
const MODEL = join(ROOT, 'bench/fixtures/trees_100x30.xgb.ubj')
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src data:"
let server: Server
let browser: Browser
let url: string

before(async () => {
  const { code } = await bundled(readFileSync(join(EXAMPLE, 'page.js'), 'utf8'))
  const files: Record<string, [string, string | Buffer]> = {
    '/': ['text/html', readFileSync(join(EXAMPLE, 'index.html'))],
    '/style.css': ['text/css', readFileSync(join(EXAMPLE, 'style.css'))],
    '/page.bundle.js': ['text/javascript', code],
  }
  server = createServer((request, response) => {
    const [type, body] = files[request.url ?? ''] ?? ['text/plain', '']
    response.writeHead(body === '' ? 404 : 200, { 'content-type': type, 'content-security-policy': POLICY }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  browser = await chromium.launch({ executablePath: findBrowser() as string, args: ['--no-sandbox'] })
})

after(async () => {
  await browser?.close()
  server.close()
})

async function open(): Promise<Page> {
  const page = await browser.newPage()
  page.setDefaultTimeout(20_000)
  await page.goto(url)
  return page
}

test('a model that is chosen predicts in the page what it predicts in Node', async () => {
  const page = await open()
  await page.getByLabel('Model file').setInputFiles(MODEL)
  await page.getByText('100 trees, 30 columns').waitFor()
  const predictor = compile(readXGBoost(readFileSync(MODEL)))
  const row = new Float32Array(30)
  const said = async (): Promise<number> => Number(/prediction: (.*)/.exec(await page.locator('#answer').innerText())?.[1])
  const wanted = (): number => Number(Number(predictor.predict(row)[0]).toPrecision(7))
  assert.equal(await said(), wanted())
  const fields = page.locator('#row input')
  await fields.nth(3).fill('1.5')
  row[3] = 1.5
  assert.equal(await said(), wanted())
  await fields.nth(3).fill('')
  row[3] = Number.NaN
  assert.equal(await said(), wanted())
  await page.getByRole('button', { name: 'Predict 100,000 random rows' }).click()
  assert.match(await page.locator('#speed').innerText(), /^[\d,]+ rows a second$/)
})

test('a file that is no model is refused in words', async () => {
  const page = await open()
  await page.getByLabel('Model file').setInputFiles({ name: 'model.json', mimeType: 'application/json', buffer: Buffer.from('{"learner": 5}') })
  const problem = await page.getByRole('alert').innerText()
  assert.match(problem, /learner/)
  assert.equal(await page.locator('#loaded').isVisible(), false)
})
