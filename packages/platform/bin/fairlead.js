#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const major = Number(process.versions.node.split('.')[0])
if (major >= 24) {
  // compiled code is kept between starts: they are faster, and need less memory
  module.enableCompileCache()
  const { main } = await import('../src/cli/main.ts')
  await main()
} else {
  const newer = nodeOfThePackages()
  if (newer === undefined) refuse()
  else runWith(newer)
}

/** The Node that npm installed beside this package, as it does in the repository. */
function nodeOfThePackages() {
  try {
    const path = join(createRequire(import.meta.url).resolve('node/package.json'), '../bin/node')
    return existsSync(path) ? path : undefined
  } catch {
    return undefined
  }
}

function refuse() {
  process.stderr.write(
    `fairlead needs Node.js 24 or newer; this is ${process.version}.\n` +
      'Run it through npm, which brings its own (npm start, npx fairlead in the repository), or install a newer one from https://nodejs.org.\n',
  )
  process.exitCode = 1
}

/** Does the same with another Node, and ends as it ends. */
function runWith(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  // a terminal's Ctrl-C reaches the child by itself, and a second one would end it at once
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal]
    process.removeAllListeners()
  })
}
