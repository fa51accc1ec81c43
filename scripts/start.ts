// npm start: `fairlead up` with the credit-risk example applied, unless --empty. Every other option goes to `fairlead up`.
import { join } from 'node:path'
import { buildConsole, consoleIsStale } from './console.ts'
import { ROOT } from './files.ts'

if (consoleIsStale()) {
  process.stderr.write('Building the console (only when its sources changed) … ')
  const start = performance.now()
  try {
    buildConsole()
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : error}`)
    process.exit(1)
  }
  console.error(`${((performance.now() - start) / 1000).toFixed(1)} s`)
}

const given = process.argv.slice(2)
if (given.includes('--help') || given.includes('-h')) {
  console.log('npm start is `fairlead up` with the credit-risk example applied; with --empty without it. All other options are those of `fairlead up`:\n')
}
const example = given.includes('--empty') ? [] : ['--apply', join(ROOT, 'examples/credit-risk')]
const bin = join(ROOT, 'packages/platform/bin/fairlead.js')

// ONNX Runtime reads it when it is loaded, so it is set before anything else is.
process.env.ORT_DISABLE_TELEMETRY = '1'
process.argv = [process.execPath, bin, 'up', ...example, ...given.filter((option) => option !== '--empty')]
// In this process, so that signals and the exit code are the platform's own.
await import(bin)
