// npm test: runs every *.test.ts of the packages and of test/. Words given narrow it to files whose path holds one of them.
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { findBrowser } from '../test/e2e/browser.ts'
import { filesBelow, ROOT } from './files.ts'

const words = process.argv.slice(2).filter((word) => !word.startsWith('-'))
const options = process.argv.slice(2).filter((word) => word.startsWith('-'))
const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path)

const all = ['packages', 'test', 'bench', 'examples'].flatMap((folder) => filesBelow(folder, isTest))
const wanted = all.filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
const browser = findBrowser()
const files = wanted.filter((path) => browser !== undefined || !needsBrowser(path))

if (wanted.length === 0) {
  console.error(`No test file has ${words.map((word) => `"${word}"`).join(' or ')} in its path.`)
  process.exit(2)
}

// a test file that hangs fails, rather than hold up everything
const FILE_TIMEOUT_MS = 240_000
const parallel = Math.max(1, Math.min(4, availableParallelism()))
const child = spawn(process.execPath, ['--test', `--test-concurrency=${parallel}`, `--test-timeout=${FILE_TIMEOUT_MS}`, ...options, ...files], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => {
  if (files.length < wanted.length) {
    console.error(
      `\n${wanted.length - files.length} browser test files were left out: no Chromium on this machine.\nInstall one (Debian: apt-get install chromium) or name it in FAIRLEAD_CHROMIUM.`,
    )
  }
  process.exit(signal ? 1 : (code ?? 1))
})

function needsBrowser(path: string): boolean {
  return path.startsWith('test/e2e/') || path.startsWith('test/console/')
}
