// Reads the model file named, and prints what it took as JSON: a process of its own, so that its memory is what reading takes.
import { readFileSync } from 'node:fs'
import { readPmml, readXGBoost } from '../../packages/evaluator/src/index.ts'

const before = process.memoryUsage().rss
const file = readFileSync(process.argv[2] as string)
const bytes = new Uint8Array(file.buffer, file.byteOffset, file.length)
const start = performance.now()
const used = process.cpuUsage()
const form = bytes[0] === 0x3c ? readPmml(bytes) : readXGBoost(bytes)
const seconds = (performance.now() - start) / 1000
const { user, system } = process.cpuUsage(used)
const step = form.steps.find(({ op }) => op === 'trees')
const nodes = step?.op === 'trees' ? step.trees.feature.length : 0
console.log(JSON.stringify({ seconds, processor: (user + system) / 1e6, nodes, bytes: bytes.length, before, peak: process.resourceUsage().maxRSS * 1024 }))
