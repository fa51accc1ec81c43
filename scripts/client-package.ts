import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { filesBelow, ROOT } from './files.ts'
import { controlTypes } from './schema-types.ts'

/** What the client's declarations take from the contract that needs no zod. */
const CONTRACT_TYPES = `export type { ExplainedOutput, Explanation, Prediction, PredictRequest, PredictResponse } from './contract/prediction.js'
export type { Problem, ProblemItem } from './contract/problem.js'
export type { Row } from './contract/signature.js'
`

/**
 * Makes the staged client stand alone: what it takes from the contract goes into its one file of JavaScript, and into
 * declarations of its own, so that it is installed without any other package. `dist` is where it was compiled to,
 * `contract` where the contract was.
 */
export async function standAlone(dist: string, contract: string): Promise<void> {
  const bundle = await rolldown({ input: join(ROOT, 'packages/client/src/index.ts'), platform: 'neutral', cwd: ROOT })
  for (const file of filesBelow(dist, (path) => path.endsWith('.js'))) rmSync(join(ROOT, file))
  await bundle.write({ file: join(ROOT, dist, 'index.js'), format: 'es', comments: { annotation: true, jsdoc: false, legal: false } })
  await bundle.close()
  for (const path of ['prediction.d.ts', 'problem.d.ts', 'errors.d.ts', 'errors'])
    cpSync(join(ROOT, contract, path), join(ROOT, dist, 'contract', path), { recursive: true, filter: (from) => !from.endsWith('.js') })
  const write = (path: string, text: string) => writeFileSync(join(ROOT, dist, path), text)
  write('contract/signature.d.ts', 'export type Row = Record<string, unknown>\n')
  write('contract.d.ts', CONTRACT_TYPES)
  write('control-types.d.ts', controlTypes())
  for (const file of filesBelow(dist, (path) => path.endsWith('.d.ts'))) {
    const text = readFileSync(join(ROOT, file), 'utf8')
    writeFileSync(
      join(ROOT, file),
      text.replace(/'@fairlead\/contract\/control'/g, "'./control-types.js'").replace(/'@fairlead\/contract'/g, "'./contract.js'"),
    )
  }
}
