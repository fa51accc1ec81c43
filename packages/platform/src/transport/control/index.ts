export type { ControlServerOptions, PredictionSource, RegistrySource, StatusSource, TelemetryQuery, TelemetrySource } from './ports.ts'
export { controlServer } from './server.ts'
