// Writes the documents that are made from source. `npm run docs`
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERRORS } from '../packages/contract/src/errors.ts'
import { processIo } from '../packages/platform/src/cli/io.ts'
import { buildProgram } from '../packages/platform/src/cli/program.ts'
import { renderReference } from '../packages/platform/src/cli/reference.ts'
import { renderDeclarationSchema } from '../packages/platform/src/config/index.ts'
import { renderErrors } from './error-docs.ts'
import { ROOT } from './files.ts'

const documents = {
  'docs/errors.md': renderErrors(ERRORS),
  'docs/reference/cli.md': renderReference(buildProgram(processIo())),
  'packages/platform/fairlead.schema.json': renderDeclarationSchema(),
}
for (const [path, text] of Object.entries(documents)) {
  mkdirSync(join(ROOT, path, '..'), { recursive: true })
  writeFileSync(join(ROOT, path), text)
  console.error(`${path} written`)
}
