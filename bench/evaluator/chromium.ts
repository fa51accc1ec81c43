import { chromium } from 'playwright-core'
import { findBrowser } from '../../test/e2e/browser.ts'
import { bundled } from '../../test/support/bundle.ts'

/** What runs in the page: the model and its rows are kept between rounds, a round is the fastest run in a tenth of a second. */
const PROGRAM = `
import { compile, readXGBoost } from '@fairlead/evaluator'
const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
let predictor, rows, out
globalThis.load = (model, data) => {
  predictor = compile(readXGBoost(bytes(model)))
  rows = new Float32Array(bytes(data).buffer)
  out = predictor.predict(rows)
}
globalThis.fastest = () => {
  let best = Infinity
  for (const begin = performance.now(); performance.now() - begin < 100; ) {
    const start = performance.now()
    for (let time = 0; time < 4; time++) predictor.predict(rows, out)
    best = Math.min(best, (performance.now() - start) / 4)
  }
  return best / 1000
}
`

/** The package in a page of Chromium: seconds of a batch; undefined where there is no Chromium. */
export async function inChromium(
  model: Uint8Array,
  rows: Float32Array<ArrayBuffer>,
): Promise<({ seconds: () => Promise<number> } & AsyncDisposable) | undefined> {
  const executablePath = findBrowser()
  if (executablePath === undefined) return undefined
  const { code } = await bundled(PROGRAM)
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  const page = await browser.newPage()
  await page.addScriptTag({ content: code, type: 'module' })
  const base64 = (bytes: Uint8Array): string => JSON.stringify(Buffer.from(bytes).toString('base64'))
  await page.evaluate(`load(${base64(model)}, ${base64(new Uint8Array(rows.buffer))})`)
  return { seconds: async () => (await page.evaluate('fastest()')) as number, [Symbol.asyncDispose]: () => browser.close() }
}
