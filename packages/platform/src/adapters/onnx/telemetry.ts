/**
 * Switches the library's usage reports off. It reads the variable once, when it initialises, so this must run in the main
 * thread before the first model is opened: a worker's `process.env` is a copy that native code does not see.
 */
export function disableTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY = '1'
}
