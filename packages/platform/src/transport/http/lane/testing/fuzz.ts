// Tries the fast lane against node:http for as long as you like: node …/lane/testing/fuzz.ts [--seed N] [--seconds S]
import { parseArgs } from 'node:util'
import { fuzz } from './differential.ts'

const { values } = parseArgs({ options: { seed: { type: 'string' }, seconds: { type: 'string', default: '60' } } })
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const { tried, accepted, differences } = await fuzz(seed, Number(values.seconds) * 1000)
for (const difference of differences) console.log(JSON.stringify(difference, null, 2))
console.log(`${tried} streams from seed ${seed} on, ${accepted} requests taken by the lane, ${differences.length} differences`)
process.exit(differences.length > 0 ? 1 : 0)
