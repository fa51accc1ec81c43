import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { type ExampleProgram, startExample } from '../examples/program.ts'
import { EXAMPLE, eventually } from '../life/rig.ts'
import { fairlead, type RunningPlatform, startPlatform } from '../support/platform.ts'
import { findBrowser } from './browser.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const golden = JSON.parse(readFileSync(join(EXAMPLE, 'golden.json'), 'utf8')) as {
  rows: Record<string, string | number>[]
  predictions: { probabilities: { good: number } }[]
}
let platform: RunningPlatform
let website: ExampleProgram
let browser: Browser

before(async () => {
  platform = await startPlatform({ args: ['--processes', '1', '--apply', EXAMPLE] })
  await eventually('the declaration is applied', () => /sign-in#/.test(platform.output()))
  const { stdout } = await fairlead(platform.data, ['keys', 'create', 'website', '--deployment', 'credit-risk'])
  website = await startExample('website/server.ts', { FAIRLEAD_HTTP: platform.run.http, FAIRLEAD_API_KEY: stdout.trim() })
  browser = await chromium.launch({ executablePath: findBrowser() as string, args: ['--no-sandbox'] })
})

after(async () => {
  await browser?.close()
  await website?.[Symbol.asyncDispose]()
  await platform[Symbol.asyncDispose]()
})

async function open(url: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<Page & AsyncDisposable> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  await page.goto(url)
  return Object.assign(page, { [Symbol.asyncDispose]: () => context.close() })
}

async function fill(page: Page, row: Record<string, string | number>): Promise<void> {
  for (const [name, value] of Object.entries(row)) {
    const field = page.locator(`[name="${name}"]`)
    if ((await field.evaluate((one) => one.tagName)) === 'SELECT') await field.selectOption(String(value))
    else await field.fill(String(value))
  }
}

const ask = (page: Page) => page.getByRole('button', { name: 'Ask for a decision' }).click()

test('an application is filled in by its labels and decided as training said', async () => {
  await using page = await open(website.url)
  for (const label of ['Age', 'Sex', 'Work', 'Housing', 'Savings', 'Checking account', 'Amount', 'Paid back over', 'For'])
    assert.equal(await page.getByLabel(label).count(), 1, label)
  for (const at of [0, 1]) {
    await fill(page, golden.rows[at]!)
    await ask(page)
    const { good } = golden.predictions[at]!.probabilities
    const status = page.getByRole('status').filter({ hasText: `${(100 * good).toFixed(0)} %` })
    await status.waitFor()
    assert.match(await status.innerText(), good < 0.7 ? /A person will look at it/ : /Accepted/)
  }
})

test('what does not fit is said beside the field, and goes when it is mended', async () => {
  await using page = await open(website.url)
  await page.getByLabel('Age').fill('7')
  await page.getByLabel('Amount').fill('')
  await ask(page)
  await page.getByRole('status').filter({ hasText: 'does not fit' }).waitFor()
  const age = page.getByLabel('Age')
  assert.equal(await age.getAttribute('aria-invalid'), 'true')
  assert.match(await page.locator(`#${await age.getAttribute('aria-describedby')}`).innerText(), /18/)
  assert.ok(await age.evaluate((one) => one === document.activeElement))
  await age.fill('40')
  await page.getByLabel('Amount').fill('1000')
  await ask(page)
  await page.getByRole('status').filter({ hasText: 'Reference' }).waitFor()
  assert.equal(await page.locator('[aria-invalid], .error').count(), 0)
})

test('a platform that is away is said in words, and nothing of it is told to the page', async () => {
  await using lost = await startExample('website/server.ts', { FAIRLEAD_HTTP: 'http://127.0.0.1:9' })
  await using page = await open(lost.url)
  const answered = page.waitForResponse((one) => one.url().endsWith('/api/decision'))
  await ask(page)
  await page.getByRole('status').filter({ hasText: 'Please try again in a minute' }).waitFor()
  assert.doesNotMatch(await (await answered).text(), /127\.0\.0\.1|unreachable/)
})

test('the key never reaches the page, and no other place is asked for anything', async () => {
  await using page = await open('about:blank')
  const origins = new Set<string>()
  const texts: string[] = []
  page.on('response', async (one) => {
    origins.add(new URL(one.url()).origin)
    texts.push(JSON.stringify(one.headers()) + (await one.text().catch(() => '')))
  })
  await page.goto(website.url)
  await ask(page)
  await page.getByRole('status').filter({ hasText: 'Reference' }).waitFor()
  assert.deepEqual([...origins], [website.url])
  assert.ok(texts.length >= 3 && !texts.some((text) => text.includes('fl_')))
})

test('axe finds nothing and nothing is cut off, in light and dark, wide and narrow', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1440, 390, 320]) {
      await using page = await open(website.url, { colorScheme, viewport: { width, height: 900 }, bypassCSP: true })
      await page.getByLabel('Age').fill('7')
      await ask(page)
      await page.locator('.error').waitFor()
      await page.evaluate(AXE)
      const found = await page.evaluate(async () => {
        const { violations } = await (window as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe.run()
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
      })
      assert.deepEqual(found, [], `${colorScheme} ${width}`)
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${width} is wide enough`)
      if (process.env.FAIRLEAD_SHOTS) await page.screenshot({ path: join(process.env.FAIRLEAD_SHOTS, `website-${colorScheme}-${width}.png`), fullPage: true })
    }
  }
})
