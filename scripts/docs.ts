// Writes the documents that are made from source. `npm run docs`
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERRORS } from '../packages/contract/src/errors.ts'
import { renderErrors } from './error-docs.ts'
import { ROOT } from './files.ts'

writeFileSync(join(ROOT, 'docs/errors.md'), renderErrors(ERRORS))
console.error('docs/errors.md written')
