export { type Exposed, PROMETHEUS_TYPE, renderMetrics } from './render.ts'
