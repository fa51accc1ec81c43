export type { ControlServerOptions, InsideSource, PredictionSource, Readiness, RegistrySource, StatusSource, TelemetryQuery, TelemetrySource } from './ports.ts'
export { controlServer } from './server.ts'
