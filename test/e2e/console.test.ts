import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { ROOT } from '../../scripts/files.ts'
import type { RunningPlatform } from '../support/platform.ts'
import { goldenRow, type OpenConsole, openConsole } from './open-console.ts'

let open: OpenConsole
let platform: RunningPlatform
let context: BrowserContext
let page: Page

before(
  async () => {
    open = await openConsole()
    ;({ platform, context, page } = open)
  },
  { timeout: 120_000 },
)

after(async () => {
  await open?.[Symbol.asyncDispose]()
})

test('without a session the console asks to sign in', async () => {
  await page.goto(platform.run.control)
  await page.getByRole('heading', { name: 'Sign in to Fairlead' }).waitFor()
})

test('the sign-in link opens the overview, once', async () => {
  const link = await open.run('status', '--sign-in')
  await page.goto(link)
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  await page.getByRole('link', { name: 'credit-risk', exact: true }).first().waitFor()
  assert.ok(!page.url().includes('#'), 'the token is gone from the address')

  await using stranger = await (context.browser() as Browser).newContext()
  const other = await stranger.newPage()
  await other.goto(link)
  await other.getByText('sign-in-invalid').first().waitFor()
})

test('the first view takes under 300 KB over the wire, and leaves the charts for later', async () => {
  await using fresh = await (context.browser() as Browser).newContext({ storageState: await context.storageState() })
  const first = await fresh.newPage()
  await first.goto(platform.run.control)
  await first.getByRole('link', { name: 'credit-risk', exact: true }).first().waitFor()
  const sizes = await first.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map((entry) => entry as PerformanceResourceTiming)
      .filter((entry) => new URL(entry.name).pathname.startsWith('/assets/'))
      .map((entry) => ({ name: entry.name, bytes: entry.encodedBodySize })),
  )
  assert.ok(sizes.length > 3)
  assert.ok(sizes.reduce((sum, { bytes }) => sum + bytes, 0) < 300_000, JSON.stringify(sizes))
  assert.ok(!sizes.some(({ name }) => name.includes('charts')))
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
    while (going) await open.predict()
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
  await details.getByText(String(goldenRow.credit_amount)).or(details.getByText('probabilities_good')).first().waitFor()
})

test('rolls back after asking once, and offers the way back', async () => {
  await page.goto(`${platform.run.control}/deployments/credit-risk?tab=releases`)
  await page
    .getByRole('row', { name: /Release 1/ })
    .getByRole('button', { name: 'Roll back to release 1' })
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('The way back').waitFor()
  await dialog.getByRole('button', { name: 'Roll back to release 1' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('region', { name: 'What runs' }).getByRole('link', { name: 'credit-risk:1' }).waitFor()
})

test('makes a key that is shown once and works, and revokes it', async () => {
  await page.goto(`${platform.run.control}/system`)
  await page.getByRole('button', { name: 'Make a key' }).click()
  await page.getByLabel('Name').fill('e2e')
  await page.getByLabel('Read', { exact: true }).check()
  await page.getByLabel('Rate').fill('often')
  await page.getByText('Such as 100/s or 600/min').waitFor()
  assert.ok(await page.getByRole('button', { name: 'Make the key' }).isDisabled())
  await page.getByLabel('Rate').fill('7/s')
  await page.getByLabel('Burst').fill('20')
  await page.getByLabel('Quota').fill('2000/month')
  await page.getByRole('button', { name: 'Make the key' }).click()
  const key = await page.getByRole('dialog').locator('.fl-command code').innerText()
  const status = async () => (await fetch(`${platform.run.control}/api/v1/deployments`, { headers: { authorization: `Bearer ${key}` } })).status
  assert.equal(await status(), 200)
  await page.getByRole('button', { name: 'I have copied it' }).click()
  await page.getByRole('row', { name: /e2e/ }).getByText('7/s, 20 at once, 2000/month').waitFor()
  await page.getByRole('button', { name: 'Limit e2e' }).click()
  assert.deepEqual([await page.getByLabel('Rate').inputValue(), await page.getByLabel('Burst').inputValue()], ['7/s', '20'])
  await page.getByLabel('Rate').fill('5')
  await page.getByText('Such as 100/s or 600/min').waitFor()
  await page.getByLabel('Rate').fill('5/min')
  await page.getByLabel('Quota').fill('1000/day')
  await page.getByRole('button', { name: 'Save the limits' }).click()
  await page.getByRole('row', { name: /e2e/ }).getByText('0 of 1,000 rows today').waitFor()
  await page.getByRole('button', { name: 'Revoke e2e' }).click()
  await page.getByRole('button', { name: 'Revoke the key' }).click()
  await page.getByRole('row', { name: /e2e/ }).getByText('Revoked').waitFor()
  assert.equal(await status(), 401)
})

test('the snippet of the typed client answers as pasted', async () => {
  await page.goto(`${platform.run.control}/deployments/credit-risk`)
  await page.getByRole('tab', { name: 'TypeScript' }).click()
  const snippet = await page.getByRole('region', { name: 'TypeScript snippet' }).locator('code').innerText()
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', snippet], { cwd: ROOT, encoding: 'utf8' })
  assert.match(printed, /label: '(good|bad)'/)
})

test('filters of the predictions stand in the address, and a wrong condition says where it is wrong', async () => {
  await page.goto(`${platform.run.control}/deployments/credit-risk?tab=predictions`)
  const condition = page.getByLabel('Condition')
  const apply = page.getByRole('button', { name: 'Apply' })
  await condition.fill('credit_amount > 100000')
  await apply.click()
  await page.getByText('No prediction matches').waitFor()
  assert.equal(new URL(page.url()).searchParams.get('where'), 'credit_amount > 100000')

  await condition.fill('ag > 3')
  await apply.click()
  await page.getByText('Did you mean "age"?').waitFor()

  await page.goBack()
  await page.getByText('No prediction matches').waitFor()
  assert.equal(await condition.inputValue(), 'credit_amount > 100000', 'the field follows the address')

  await page.goto(`${platform.run.control}/deployments/credit-risk?tab=predictions&release=2`)
  const releases = page.locator('td[data-label="Release"]')
  await releases.first().waitFor()
  assert.deepEqual([...new Set(await releases.allInnerTexts())], ['2'])
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.waitForFunction(() => !location.search.includes('release'))
})

test('new predictions are announced above the rows, which stand still until asked', async () => {
  await page.goto(`${platform.run.control}/deployments/credit-risk?tab=predictions`)
  const rows = page.getByRole('button', { name: /^Details of/ })
  await rows.first().waitFor()
  const before = await rows.first().innerText()
  await page.getByText('Live', { exact: true }).waitFor()
  await page.waitForTimeout(2500)
  await open.predict()
  const newer = page.getByRole('button', { name: 'Show newer' })
  await newer.waitFor()
  assert.equal(await rows.first().innerText(), before)
  await newer.click()
  await page.waitForFunction((was) => document.querySelector('.fl-open')?.textContent?.includes(was) === false, before.replace('Details of', '').trim())
})

test('keyboard: Ctrl-K finds a page, arrows move between tabs, the first wrong field takes the focus', async () => {
  await page.goto(platform.run.control)
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Find' }).fill('credit')
  await page
    .getByRole('option', { name: /credit-risk/ })
    .first()
    .waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/deployments\/credit-risk/)
  await page.waitForFunction(() => document.activeElement?.id === 'content')
  await page.getByRole('tab', { name: 'Try', exact: true }).focus()
  await page.keyboard.press('ArrowRight')
  await page.getByRole('tab', { name: 'Predictions', selected: true }).waitFor()
  await page.keyboard.press('ArrowLeft')
  await page.getByRole('button', { name: 'Predict', exact: true }).focus()
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-invalid') === 'true')
})

test('an address that leads nowhere says so beside the rail', async () => {
  await page.goto(`${platform.run.control}/nowhere/at-all`)
  await page.getByText('There is nothing at this address').waitFor()
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Models' }).waitFor()
})

test('while the platform does not answer the pages say so, and go on by themselves when it is back', async () => {
  await page.route('**/api/v1/**', (route) => route.abort())
  await page.goto(platform.run.control)
  await page.getByText('The platform does not answer').first().waitFor()
  await page.getByText(/^Link lost/).waitFor()
  await page.getByRole('link', { name: 'Models', exact: true }).click()
  await page.getByRole('heading', { name: 'Models', level: 1 }).waitFor()
  await page.getByText('The platform does not answer').first().waitFor()
  await page.unroute('**/api/v1/**')
  await page.getByRole('link', { name: 'credit-risk', exact: true }).first().waitFor()
  assert.equal(await page.getByText('The platform does not answer').count(), 0)
})

test('the theme that was chosen outlives a reload', async () => {
  await page.emulateMedia({ colorScheme: 'light' })
  await page.goto(`${platform.run.control}/system`)
  const scheme = () => page.evaluate(() => document.documentElement.dataset.mantineColorScheme)
  const choose = async (name: string) => await page.locator('label').filter({ hasText: name }).last().click()
  await choose('Dark')
  await page.waitForFunction(() => document.documentElement.dataset.mantineColorScheme === 'dark')
  await page.reload()
  await page.getByRole('heading', { name: 'System', level: 1 }).waitFor()
  assert.equal(await scheme(), 'dark')
  await choose('As the system')
  await page.waitForFunction(() => document.documentElement.dataset.mantineColorScheme === 'light')
})

test('after signing out the pages ask to sign in', async () => {
  await page.goto(`${platform.run.control}/system`)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in to Fairlead' }).waitFor()
  await page.goto(`${platform.run.control}/models`)
  await page.getByRole('heading', { name: 'Sign in to Fairlead' }).waitFor()
})

test('no page reported an error or asked another host for anything', () => {
  assert.deepEqual(open.broken, [])
  assert.deepEqual([...open.asked], [platform.run.control])
})
