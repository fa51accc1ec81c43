export { machineSpeed } from './machine-speed.ts'
export { compiledRuntime } from './runtime.ts'
