export { type AccessRequest, type HttpLimits, type ServeHttpOptions } from './options.ts'
export { type HttpServing, type ListenOptions, serveHttp } from './server.ts'
