export type { AccessRequest, HttpLimits, ServeHttpOptions } from './options.ts'
export { type HttpServing, type ListenOptions, serveHttp } from './server.ts'
