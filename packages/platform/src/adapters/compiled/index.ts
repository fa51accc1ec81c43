export { compiledRuntime } from './runtime.ts'
