export { type Exposed, PROMETHEUS_TYPE, prometheusText } from './render.ts'
