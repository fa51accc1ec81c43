import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { buildConsole, consoleIsStale } from '../../scripts/console.ts'
import { ROOT } from '../../scripts/files.ts'
import { fairlead, type RunningPlatform, startPlatform } from '../support/platform.ts'
import { findBrowser } from './browser.ts'

const EXAMPLE = join(ROOT, 'examples/credit-risk')
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const golden = JSON.parse(readFileSync(join(EXAMPLE, 'golden.json'), 'utf8')) as { rows: Record<string, unknown>[] }

let platform: RunningPlatform
let browser: Browser
let context: BrowserContext
let page: Page
const broken: string[] = []

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await fairlead(platform.data, args)
  assert.equal(code, 0, `fairlead ${args.join(' ')}:\n${stdout}${stderr}`)
  return stdout.trim()
}

async function predict(): Promise<void> {
  const body = JSON.stringify({ rows: golden.rows.slice(0, 1) })
  const answer = await fetch(`${platform.run.http}/v1/deployments/credit-risk/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  assert.equal(answer.status, 200, await answer.text())
}

before(
  async () => {
    if (consoleIsStale()) buildConsole()
    platform = await startPlatform({ args: ['--processes', '1'] })
    await run('apply', EXAMPLE)
    await run('models', 'import', join(EXAMPLE, 'models/logistic'), '--name', 'credit-risk', '--signature', join(EXAMPLE, 'signature.yaml'))
    browser = await chromium.launch({ executablePath: findBrowser() as string, args: ['--no-sandbox'] })
    context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })
    page = await context.newPage()
    page.setDefaultTimeout(20_000)
    page.on('pageerror', (error) => broken.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && !/status of 401/.test(message.text())) broken.push(message.text())
    })
  },
  { timeout: 120_000 },
)

after(async () => {
  await browser?.close()
  await platform?.[Symbol.asyncDispose]()
})

test('without a session the console asks to sign in', async () => {
  await page.goto(platform.run.control)
  await page.getByRole('heading', { name: 'Sign in to Fairlead' }).waitFor()
})

test('the sign-in link opens the overview, once', async () => {
  const link = await run('status', '--sign-in')
  await page.goto(link)
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  await page.getByRole('link', { name: 'credit-risk', exact: true }).first().waitFor()
  assert.ok(!page.url().includes('#'), 'the token is gone from the address')

  await using stranger = await browser.newContext()
  const other = await stranger.newPage()
  await other.goto(link)
  await other.getByText('sign-in-invalid').first().waitFor()
})

test('deploys a second version, and the deployment page shows its release', async () => {
  await page.goto(`${platform.run.control}/models/credit-risk?version=2`)
  await page.getByRole('button', { name: 'Deploy version 2' }).click()
  await page.getByRole('button', { name: 'Release it to credit-risk' }).click()
  await page.waitForURL(/\/deployments\/credit-risk/)
  await page.getByText('credit-risk:2').first().waitFor()
  const answer = await fetch(`${platform.run.control}/api/v1/deployments/credit-risk`, { headers: { authorization: `Bearer ${platform.token}` } })
  const { current } = (await answer.json()) as { current: { number: number; model: { version: number } } }
  assert.deepEqual([current.number, current.model.version], [2, 2])
})

test('sees traffic live, without a reload', async () => {
  await page.goto(platform.run.control)
  const now = page.getByRole('row', { name: /credit-risk/ }).locator('[data-label="Now"]')
  await now.waitFor()
  let going = true
  const traffic = (async () => {
    while (going) await predict()
  })()
  try {
    await page.waitForFunction(() => Number.parseFloat(document.querySelector('[data-label="Now"]')?.textContent ?? '') > 1, undefined, { timeout: 15_000 })
  } finally {
    going = false
    await traffic
  }
})

test('tries a prediction with the form made from the signature', async () => {
  await page.goto(`${platform.run.control}/deployments/credit-risk`)
  await page.getByRole('button', { name: 'Predict', exact: true }).click()
  await page.getByRole('alert').getByText('to correct').waitFor()
  await page.getByRole('button', { name: 'Fill with an example' }).click()
  await page.getByRole('button', { name: 'Predict', exact: true }).click()
  await page.getByText('as this browser saw it').waitFor()
  await page.locator('.fl-shares li').first().waitFor()
  assert.equal(await page.locator('.fl-shares li').count(), 2, 'a bar for each class')
})

test('lists the logged predictions', async () => {
  await page.goto(`${platform.run.control}/deployments/credit-risk?tab=predictions`)
  await page
    .getByRole('button', { name: /^Details of/ })
    .first()
    .click()
  const details = page.getByRole('dialog')
  await details.getByText('credit_amount', { exact: true }).first().waitFor()
  await details.getByText(String(golden.rows[0]?.credit_amount)).or(details.getByText('probabilities_good')).first().waitFor()
})

const PAGES = {
  overview: '/',
  deployments: '/deployments',
  'deployment, try': '/deployments/credit-risk',
  'deployment, predictions': '/deployments/credit-risk?tab=predictions',
  'deployment, releases': '/deployments/credit-risk?tab=releases',
  'deployment, settings': '/deployments/credit-risk?tab=settings',
  models: '/models',
  'model, versions': '/models/credit-risk',
  'model, signature': '/models/credit-risk?tab=signature',
  'model, lineage': '/models/credit-risk?tab=lineage',
  'model, graph': '/models/credit-risk?tab=graph',
  system: '/system',
}

for (const scheme of ['light', 'dark'] as const) {
  test(`axe-core finds nothing on any page in the ${scheme} theme`, { timeout: 120_000 }, async () => {
    await page.emulateMedia({ colorScheme: scheme })
    const found: string[] = []
    for (const [name, path] of Object.entries(PAGES)) {
      await page.goto(platform.run.control + path)
      await page.getByRole('heading', { level: 1 }).first().waitFor()
      await page.waitForTimeout(500)
      found.push(...(await violations()).map((violation) => `${name}: ${violation}`))
    }
    assert.deepEqual(found, [])
  })
}

test('axe-core itself works: it finds a picture without a text', async () => {
  await page.evaluate(() => document.body.append(document.createElement('img')))
  assert.ok((await violations()).some((violation) => violation.startsWith('image-alt')))
})

test('no page reported an error', () => {
  assert.deepEqual(broken, [])
})

/** What axe-core finds on the page, as `rule: where`. */
async function violations(): Promise<string[]> {
  await page.evaluate(AXE)
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }> } }
    const { violations } = await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`))
  })
}
