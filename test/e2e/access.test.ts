import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { RunningPlatform } from '../support/platform.ts'
import { type OpenConsole, openConsole, signIn } from './open-console.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let open: OpenConsole
let platform: RunningPlatform
let page: Page

before(
  async () => {
    open = await openConsole()
    ;({ platform, page } = open)
    for (let asked = 0; asked < 20; asked++) await open.predict()
    await signIn(open)
  },
  { timeout: 120_000 },
)

after(async () => {
  await open?.[Symbol.asyncDispose]()
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
  'model, inside': '/models/credit-risk?tab=inside',
  'model, compared': '/models/credit-risk?compare=1-2',
  'model, lineage': '/models/credit-risk?tab=lineage',
  'model, graph': '/models/credit-risk?tab=graph',
  system: '/system',
}

for (const scheme of ['light', 'dark'] as const) {
  test(`in the ${scheme} theme axe-core finds nothing on any page, and none is wider than the window`, { timeout: 120_000 }, async () => {
    await page.emulateMedia({ colorScheme: scheme })
    const found: string[] = []
    for (const [name, path] of Object.entries(PAGES)) {
      await page.goto(platform.run.control + path)
      await heading(name)
      await page.waitForTimeout(500)
      found.push(...(await violations()).map((violation) => `${name}: ${violation}`))
      if (scheme === 'dark') found.push(...(await tooWide()).map((width) => `${name}: ${width}`))
    }
    assert.deepEqual(found, [])
  })
}

test('axe-core itself works: it finds a picture without a text', async () => {
  await page.evaluate(() => document.body.append(document.createElement('img')))
  assert.ok((await violations()).some((violation) => violation.startsWith('image-alt')))
})

test('no page reported an error', () => {
  assert.deepEqual(open.broken, [])
})

/** Waits for the heading of a page; what stands there instead goes into the error. */
async function heading(name: string): Promise<void> {
  try {
    await page.getByRole('heading', { level: 1 }).first().waitFor()
  } catch (error) {
    const text = await page.evaluate(() => document.body.innerText).catch(() => 'nothing that can be read')
    throw new Error(`${name} has no heading; the page at ${page.url()} says: ${text.slice(0, 400)}`, { cause: error })
  }
}

/** Widths of windows, from phones up, in which the page on show has to be scrolled sideways. */
async function tooWide(): Promise<string[]> {
  const wide: string[] = []
  for (const width of [390, 768, 1024]) {
    await page.setViewportSize({ width, height: 844 })
    await page.waitForTimeout(100)
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    if (over > 0) wide.push(`${over} px too wide at ${width} px`)
  }
  await page.setViewportSize({ width: 1440, height: 900 })
  return wide
}

/** What axe-core finds on the page, as `rule: where`. */
async function violations(): Promise<string[]> {
  await page.evaluate(AXE)
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }> } }
    const { violations } = await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`))
  })
}
