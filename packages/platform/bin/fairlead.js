#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  process.stderr.write(
    `fairlead needs Node.js 24 or newer; this is ${process.version}.\n` +
      'Run it through npm, which brings its own (npm start, npx fairlead in the repository), or install a newer one from https://nodejs.org.\n',
  )
  process.exitCode = 1
} else {
  // compiled code is kept between starts: they are faster, and need less memory
  enableCompileCache()
  const { main } = await import('../src/cli/main.ts')
  await main()
}
