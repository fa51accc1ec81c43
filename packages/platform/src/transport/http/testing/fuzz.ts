// Tries the reader of inference requests for as long as you like: node …/http/testing/fuzz.ts [--seed N] [--seconds S]
import { parseArgs } from 'node:util'
import { fuzzInfer } from './infer-fuzz.ts'

const { values } = parseArgs({ options: { seed: { type: 'string' }, seconds: { type: 'string', default: '60' } } })
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const { tried, faults } = fuzzInfer(seed, Number(values.seconds) * 1000)
for (const fault of faults) console.log(JSON.stringify(fault, null, 2))
console.log(`${tried} requests from seed ${seed} on, ${faults.length} faults`)
process.exit(faults.length > 0 ? 1 : 0)
