import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { buildConsole, consoleIsStale } from '../../scripts/console.ts'
import { ROOT } from '../../scripts/files.ts'
import { fairlead, type RunningPlatform, startPlatform } from '../support/platform.ts'
import { findBrowser } from './browser.ts'

const EXAMPLE = join(ROOT, 'examples/credit-risk')
const golden = JSON.parse(readFileSync(join(EXAMPLE, 'golden.json'), 'utf8')) as { rows: [Record<string, unknown>, ...Record<string, unknown>[]] }

/** First golden row of the example that every test here has deployed. */
export const goldenRow = golden.rows[0]

/** A platform with the credit-risk example and a second version of its model, and a page of a browser beside it. */
export interface OpenConsole extends AsyncDisposable {
  platform: RunningPlatform
  context: BrowserContext
  page: Page
  /** Errors that any page reported, but for answers of 4xx and calls that a test cut off. */
  broken: string[]
  /** Origins that any page asked for something. */
  asked: Set<string>
  /** Runs `fairlead` on the platform and answers what it printed. */
  run(...args: string[]): Promise<string>
  /** Asks the deployment for one prediction. */
  predict(): Promise<void>
}

/** Builds the console when it is stale; test files that run side by side wait for the one that builds. */
async function builtConsole(): Promise<void> {
  const lock = join(tmpdir(), `fairlead-console-${createHash('sha256').update(ROOT).digest('hex').slice(0, 12)}`)
  for (let tries = 0; consoleIsStale(); tries++) {
    try {
      mkdirSync(lock)
    } catch (error) {
      if (tries > 240) throw new Error(`${lock} is left of a build that was cut off; remove it.`, { cause: error })
      await pause(500)
      continue
    }
    try {
      if (consoleIsStale()) buildConsole()
    } finally {
      rmdirSync(lock)
    }
  }
}

/** Starts all of it; nobody is signed in yet. */
export async function openConsole(): Promise<OpenConsole> {
  await builtConsole()
  await using stack = new AsyncDisposableStack()
  const platform = stack.use(await startPlatform({ args: ['--processes', '1'] }))
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await fairlead(platform.data, args)
    assert.equal(code, 0, `fairlead ${args.join(' ')}:\n${stdout}${stderr}`)
    return stdout.trim()
  }
  await run('apply', EXAMPLE)
  await run('models', 'import', join(EXAMPLE, 'models/logistic'), '--name', 'credit-risk', '--signature', join(EXAMPLE, 'signature.yaml'))
  const browser = await chromium.launch({ executablePath: findBrowser() as string, args: ['--no-sandbox'] })
  stack.defer(() => browser.close())
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const broken: string[] = []
  const asked = new Set<string>()
  page.on('pageerror', (error) => broken.push(error.message))
  page.on('request', (request) => asked.add(new URL(request.url()).origin))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4\d\d|net::ERR_FAILED/.test(message.text())) broken.push(message.text())
  })
  const predict = async () => {
    const answer = await fetch(`${platform.run.http}/v1/deployments/credit-risk/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ rows: [goldenRow] }),
    })
    assert.equal(answer.status, 200, await answer.text())
  }
  const kept = stack.move()
  return { platform, context, page, broken, asked, run, predict, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/** Signs in by a link of its own. */
export async function signIn({ page, run }: Pick<OpenConsole, 'page' | 'run'>): Promise<void> {
  await page.goto(await run('status', '--sign-in'))
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
}
