import type { ResponseOf, RouteName, RouteSchemas, SCHEMAS } from '@fairlead/contract/control'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Principal } from '../../domain/governance/index.ts'
import type { ControlServerOptions } from './ports.ts'
import type { Streams } from './sse.ts'

type Read<K extends RouteName, P extends keyof RouteSchemas> = (typeof SCHEMAS)[K] extends { [Q in P]: infer S }
  ? S extends z.ZodType
    ? z.output<S>
    : undefined
  : undefined

/** One call of an operation: its checked parts, who calls, and the raw request and reply where they are needed. */
export interface Call<K extends RouteName> {
  params: Read<K, 'params'>
  query: Read<K, 'query'>
  body: Read<K, 'body'>
  /** Absent only for operations that are open to all. */
  principal: Principal | undefined
  request: FastifyRequest
  reply: FastifyReply
  /** Aborts when the caller goes away. */
  signal: AbortSignal
  /** Whether the caller may still do this: a key may be revoked, and a session end, while a stream is open. */
  allowed(): Promise<boolean>
}

/** Says that a handler has answered by itself. */
export const ANSWERED = Symbol('answered')

/** An answer that is JSON already. */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Answers one operation: with its response, or by itself. */
export type Handler<K extends RouteName> = (call: Call<K>) => Promise<ResponseOf<K> | JsonText | typeof ANSWERED>
/** Handlers of some operations. */
export type Handlers<K extends RouteName> = { [P in K]: Handler<P> }

/** What handlers share. */
export interface Context extends ControlServerOptions {
  streams: Streams
}

/** The caller's id, for records of who did what. */
export function whoOf(call: { principal: Principal | undefined }): string {
  return call.principal?.id ?? 'nobody'
}
