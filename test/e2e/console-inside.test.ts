import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { ROOT } from '../../scripts/files.ts'
import { type OpenConsole, openConsole, signIn } from './open-console.ts'

/** Columns of the models of sums. */
const COLUMNS = Array.from({ length: 8 }, (_, at) => `x${at}`)
const CASES = join(ROOT, 'test/models/cases')

let open: OpenConsole
let page: Page
let control: string

before(
  async () => {
    open = await openConsole()
    ;({ page } = open)
    control = open.platform.run.control
    await open.run('models', 'import', join(CASES, 'lightgbm/lgb-multiclass/model.txt'), '--name', 'flowers')
    const golden = join(open.platform.data, 'golden.json')
    writeFileSync(
      golden,
      JSON.stringify({ rows: [0, 1, 5].map((value) => Object.fromEntries(COLUMNS.map((name) => [name, value]))), predictions: [{}, {}, {}] }),
    )
    await open.run('models', 'import', join(CASES, 'lightgbm/lgb-binary/model.txt'), '--name', 'flowers')
    for (const name of ['lgb-fair', 'lgb-poisson'])
      await open.run('models', 'import', join(CASES, 'lightgbm', name, 'model.txt'), '--name', 'sums', '--golden', golden)
    await open.run('deploy', 'flowers', '--model', 'flowers:1')
    await open.run('models', 'import', join(CASES, 'lightgbm/lgb-linear-tree/model.txt'), '--name', 'slopes')
    await open.run('deploy', 'slopes', '--model', 'slopes')
    await signIn(open)
  },
  { timeout: 180_000 },
)

after(async () => {
  await open?.[Symbol.asyncDispose]()
})

test('what a version is made of is reached by keyboard, and its tree is there in words too', async () => {
  await page.goto(`${control}/models/flowers?version=1&tab=signature`)
  await page.getByRole('tab', { name: 'Signature' }).focus()
  await page.keyboard.press('ArrowRight')
  await page.getByRole('tab', { name: 'Inside', selected: true }).waitFor()
  await page.getByRole('region', { name: 'Tree 0, its root at the top' }).waitFor()
  await page.getByText('The tree in words').focus()
  await page.keyboard.press('Enter')
  const lines = page.locator('.fl-tree li')
  await lines.first().waitFor()
  assert.match(await lines.first().innerText(), /^x\d .*\?$/)
  const boxes = await page.locator('.fl-box').count()
  assert.equal(await lines.count(), boxes, 'a line for each box')
})

test('which tree, and how deep, stands in the address', async () => {
  await page.goto(`${control}/models/flowers?version=1&tab=inside`)
  const tree = (number: number) => page.getByRole('region', { name: `Tree ${number}, its root` }).waitFor()
  await tree(0)
  assert.ok(await page.getByRole('button', { name: 'Previous' }).isDisabled())
  await page.getByRole('button', { name: 'Next' }).press('Enter')
  await tree(1)
  await page.waitForURL(/[?&]tree=1\b/)
  await page.getByRole('button', { name: 'Previous' }).press('Enter')
  await tree(0)
  await page.goto(`${control}/models/flowers?version=1&tab=inside&tree=79&depth=2`)
  await tree(79)
  assert.ok(await page.getByRole('button', { name: 'Next' }).isDisabled())
  assert.ok((await page.locator('.fl-box[data-kind="split"]').count()) <= 3, 'two levels have three splits at most')
})

test('two versions are compared by what they are made of', async () => {
  await page.goto(`${control}/models/flowers?compare=1-2`)
  const structure = page.getByRole('region', { name: 'Structure' })
  await structure.getByRole('rowheader', { name: 'objective' }).waitFor()
  await structure.getByText(/trees? the same, .* removed\.$/).waitFor()
  await structure
    .getByRole('link', { name: /^tree \d+$/ })
    .first()
    .click()
  await page.waitForURL(/tab=inside/)
  await page.getByRole('region', { name: /^Tree \d+, its root/ }).waitFor()
})

test('two versions are compared by what they answer to the rows that came with them', async () => {
  await page.goto(`${control}/models/sums?compare=1-2`)
  const structure = page.getByRole('region', { name: 'Structure' })
  await structure.getByText('Answered the same').waitFor()
  const rows = structure.getByRole('region', { name: 'Rows that differ most' }).getByRole('row')
  await rows.nth(3).waitFor()
  assert.match(await rows.nth(1).innerText(), /^x0 \d, x1 \d, x2 \d, …\s+value\s+-?[\d.]+\s+-?[\d.]+\s+[+−][\d.]+$/)
})

test('an answer says why, in words and in a table, for the class that won and for any other', async () => {
  await page.goto(`${control}/deployments/flowers?tab=try`)
  await page.getByRole('button', { name: 'Fill with an example' }).click()
  await page.getByRole('button', { name: 'Predict', exact: true }).click()
  const why = page.getByRole('region', { name: 'Why this answer' })
  await why
    .getByText(/^x\d = .* (raises|lowers) it by \d/)
    .first()
    .waitFor()
  await page.getByText('explanation included').waitFor()
  const numbers = async () => (await why.locator('td.fl-number').allInnerTexts()).map((text) => Number(text.replace('−', '-').replaceAll(',', '')))
  const shown = await numbers()
  const [margin = Number.NaN, ...parts] = shown.toReversed()
  assert.ok(Math.abs(parts.reduce((sum, one) => sum + one, 0) - margin) < 0.1, `${shown.join(', ')} add up but for what is rounded away`)
  await why.getByRole('combobox', { name: 'Class that is explained' }).click()
  await page.getByRole('option', { name: 'class 3' }).click()
  await why.getByText('What counts most for the margin of class 3:').waitFor()
  assert.notDeepEqual(await numbers(), shown)
})

test('a release that cannot be explained says why in a line, and is not asked for an explanation again', async () => {
  await page.goto(`${control}/deployments/slopes?tab=try`)
  const asked: boolean[] = []
  page.on('request', (request) => {
    if (request.url().endsWith('/try')) asked.push(request.postData()?.includes('"explain"') === true)
  })
  await page.getByRole('button', { name: 'Fill with an example' }).click()
  for (const expected of [
    [true, false],
    [true, false, false],
  ]) {
    const answered = page.waitForResponse((response) => response.url().endsWith('/try') && response.ok())
    await page.getByRole('button', { name: 'Predict', exact: true }).click()
    await answered
    await page.getByText('Without an explanation:').waitFor()
    assert.deepEqual(asked, expected)
  }
})

test('no page reported an error', () => {
  assert.deepEqual(open.broken, [])
})
