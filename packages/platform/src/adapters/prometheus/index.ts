export { type Exposed, prometheusText } from './render.ts'
