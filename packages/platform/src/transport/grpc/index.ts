export type { GrpcLimits, ServeGrpcOptions } from './options.ts'
export { type GrpcServing, serveGrpc } from './server.ts'
