import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const VERSION = '1.14.7'

type Bytes = (value: Buffer) => Buffer

interface MethodDefinition {
  path: string
  requestStream: boolean
  responseStream: boolean
  requestSerialize: Bytes
  requestDeserialize: Bytes
  responseSerialize: Bytes
  responseDeserialize: Bytes
}

/** The part of @grpc/grpc-js that the echo uses; the package is no dependency of ours. */
export interface Grpc {
  Server: new (
    options: Record<string, number>,
  ) => {
    addService(
      methods: Record<string, MethodDefinition>,
      handlers: Record<string, (call: unknown, callback: (error: null, answer: Buffer) => void) => void>,
    ): void
    bindAsync(address: string, credentials: object, told: (error: Error | null, port: number) => void): void
  }
  ServerCredentials: { createInsecure(): object }
}

/** Installs the package below `cache`, unless it is there, and answers a path from which it is found. */
export function installGrpcJs(cache: string): string {
  const folder = join(cache, `grpc-js-${VERSION}`)
  if (!existsSync(join(folder, 'node_modules/@grpc/grpc-js/package.json'))) {
    execFileSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', `@grpc/grpc-js@${VERSION}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }
  return join(folder, 'index.js')
}
