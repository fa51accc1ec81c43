// node test/console/shots.ts FOLDER [WORD]: a picture of every page in every state, width and theme, with axe-core run on each. Exits 1 on a finding.
import { mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { chromium, type Page } from 'playwright-core'
import { type CannedState, startCanned } from './canned-server.ts'

interface Shot {
  name: string
  path: string
  state: CannedState
  /** What is done before the picture. */
  act?: (page: Page) => Promise<void>
}

const D = '/deployments/credit-risk'
const M = '/models/credit-risk'
const LONGEST = 'churn-prediction-for-business-customers-of-the-northern-region-v2'
const SHOTS: Shot[] = [
  { name: 'overview', path: '/', state: 'little' },
  { name: 'overview-empty', path: '/', state: 'empty' },
  { name: 'overview-lots', path: '/', state: 'lots' },
  { name: 'overview-error', path: '/', state: 'error' },
  { name: 'overview-lost', path: '/', state: 'lost' },
  { name: 'sign-in', path: '/', state: 'signed-out' },
  { name: 'sign-in-refused', path: '/sign-in#used-up', state: 'signed-out' },
  { name: 'deployments-lots', path: '/deployments?health=attention', state: 'lots' },
  { name: 'deployments-empty', path: '/deployments', state: 'empty' },
  { name: 'models', path: '/models', state: 'lots' },
  { name: 'models-empty', path: '/models', state: 'empty' },
  { name: 'model-versions', path: `${M}?compare=3-5`, state: 'little' },
  { name: 'model-signature', path: `${M}?tab=signature`, state: 'little' },
  { name: 'model-not-compared', path: `${M}?compare=1-2`, state: 'little' },
  { name: 'model-inside', path: `${M}?tab=inside`, state: 'little' },
  { name: 'model-inside-deep', path: `${M}?tab=inside&version=3&tree=7&depth=5`, state: 'little', act: (page) => page.getByText('The tree in words').click() },
  { name: 'model-inside-wide', path: `/models/${LONGEST}?tab=inside&depth=2`, state: 'lots' },
  { name: 'model-lineage', path: `${M}?tab=lineage&version=4`, state: 'little' },
  { name: 'model-graph', path: `${M}?tab=graph`, state: 'little' },
  { name: 'model-files', path: `${M}?tab=files`, state: 'little' },
  { name: 'model-metrics', path: `${M}?tab=metrics`, state: 'little' },
  { name: 'model-deploy', path: M, state: 'little', act: (page) => page.getByRole('button', { name: /^Deploy version/ }).click() },
  {
    name: 'try',
    path: `${D}?tab=try`,
    state: 'little',
    act: async (page) => {
      await page.getByRole('button', { name: 'Fill with an example' }).click()
      await page.getByRole('button', { name: 'Predict' }).click()
      await page.getByText('Answered in').waitFor()
      await page.getByRole('heading', { name: 'Why' }).scrollIntoViewIfNeeded()
    },
  },
  {
    name: 'try-classes',
    path: `/deployments/${LONGEST}?tab=try`,
    state: 'lots',
    act: async (page) => {
      await page.getByRole('button', { name: 'Fill with an example' }).click()
      await page.getByRole('button', { name: 'Predict' }).click()
      await page.getByRole('heading', { name: 'Why' }).scrollIntoViewIfNeeded()
    },
  },
  {
    name: 'try-unexplained',
    path: '/deployments/churn?tab=try',
    state: 'little',
    act: async (page) => {
      await page.getByRole('button', { name: 'Fill with an example' }).click()
      await page.getByRole('button', { name: 'Predict' }).click()
      await page.getByText('Without an explanation').scrollIntoViewIfNeeded()
    },
  },
  {
    name: 'try-excel',
    path: `/deployments/${LONGEST}?range=6h`,
    state: 'lots',
    act: async (page) => {
      await page.getByRole('button', { name: 'Predict' }).click()
      await page.getByRole('tab', { name: 'Excel' }).click()
    },
  },
  { name: 'charts-table', path: `${D}?view=table&tab=settings`, state: 'little' },
  { name: 'charts-none', path: `${D}?tab=predictions`, state: 'empty' },
  { name: 'deployment-error', path: D, state: 'error' },
  { name: 'predictions', path: `${D}?tab=predictions`, state: 'little' },
  {
    name: 'prediction-one',
    path: `${D}?tab=predictions`,
    state: 'little',
    act: (page) =>
      page
        .getByRole('button', { name: /^Details of/ })
        .first()
        .click(),
  },
  { name: 'releases', path: `${D}?tab=releases`, state: 'little' },
  { name: 'rollback', path: `${D}?tab=releases`, state: 'little', act: (page) => page.getByRole('button', { name: 'Roll back to release 6' }).first().click() },
  { name: 'system', path: '/system', state: 'little' },
  { name: 'limits', path: '/system', state: 'little', act: (page) => page.getByRole('button', { name: 'Limit website' }).click() },
  { name: 'key', path: '/system', state: 'little', act: (page) => page.getByRole('button', { name: 'Make a key' }).click() },
  {
    name: 'key-limits',
    path: '/system',
    state: 'little',
    act: async (page) => {
      await page.getByRole('button', { name: 'Make a key' }).click()
      await page.getByLabel('Name').fill('partner')
      await page.getByLabel('Rate').fill('100')
      await page.getByLabel('Quota').fill('5000000/month')
      await page.getByLabel('Quota').scrollIntoViewIfNeeded()
    },
  },
  {
    name: 'palette',
    path: '/',
    state: 'little',
    act: async (page) => {
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox', { name: 'Find' }).fill('cred')
    },
  },
]
const WIDTHS = [1440, 1024, 390]

interface AxeResult {
  violations: { id: string; help: string; nodes: { target: string[]; failureSummary: string }[] }[]
}

const [folder = '', word = ''] = process.argv.slice(2)
if (folder === '') {
  console.error('Name the folder for the pictures.')
  process.exit(2)
}
mkdirSync(folder, { recursive: true })
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const executablePath = process.env.FAIRLEAD_CHROMIUM ?? '/usr/bin/chromium'
const browser = await chromium.launch({ executablePath, args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-background-networking'] })
const servers = new Map<CannedState, Awaited<ReturnType<typeof startCanned>>>()
let findings = 0

async function take(shot: Shot, width: number, theme: 'light' | 'dark'): Promise<void> {
  const server = servers.get(shot.state) ?? (await startCanned(shot.state))
  servers.set(shot.state, server)
  const page = await browser.newPage({ viewport: { width, height: width < 720 ? 844 : 900 }, colorScheme: theme, reducedMotion: 'reduce' })
  const name = `${shot.name}-${width}-${theme}`
  const tell = (words: string) => {
    findings++
    console.log(`${name}: ${words}`)
  }
  page.on('pageerror', (error) => tell(`page error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) tell(`console: ${message.text()}`)
  })
  await page.goto(server.url + shot.path)
  await page.waitForTimeout(shot.state === 'error' ? 2300 : 600)
  try {
    await shot.act?.(page)
  } catch (error) {
    tell(`could not act: ${String(error).split('\n')[0]}`)
  }
  await page.waitForTimeout(150)
  const wide = Number(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'))
  if (wide > 0) tell(`the page is ${wide} px wider than the window`)
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: !shot.act && shot.state !== 'lots' })
  const result = (await page.evaluate(
    `${axe}; axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`,
  )) as AxeResult
  for (const { id, help, nodes } of result.violations)
    tell(`${id}: ${help} (${nodes.length}) ${nodes[0]?.target.join(' ')} ${nodes[0]?.failureSummary.split('\n')[1] ?? ''}`)
  await page.close()
}

const jobs = SHOTS.filter((one) => one.name.includes(word)).flatMap((shot) =>
  WIDTHS.flatMap((width) => (['light', 'dark'] as const).map((theme) => ({ shot, width, theme }))),
)
const worker = async (): Promise<void> => {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await take(job.shot, job.width, job.theme)
}
await Promise.all([worker(), worker(), worker()])
await browser.close()
for (const { server } of servers.values()) server.close().closeAllConnections()
console.log(findings === 0 ? 'Nothing found.' : `${findings} findings.`)
process.exit(findings === 0 ? 0 : 1)
