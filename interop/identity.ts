// Writes ONNX files that give their inputs back, for the checks: node identity.ts FOLDER
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DATA_TYPES } from '../packages/contract/src/index.ts'
import { everyType } from '../packages/platform/src/testing/echo-session.ts'
import { identityModel } from '../packages/platform/src/testing/identity-model.ts'

const [folder = '.'] = process.argv.slice(2)
writeFileSync(join(folder, 'every.onnx'), identityModel(everyType(DATA_TYPES)).bytes)
writeFileSync(join(folder, 'one.onnx'), identityModel([{ name: 'x', type: 'float32', shape: [-1, -1] }]).bytes)
