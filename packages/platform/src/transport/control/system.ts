import { FairleadError } from '@fairlead/contract'
import { SESSION_COOKIE } from '../../domain/governance/index.ts'
import { ANSWERED, type Context, type Handlers, whoOf } from './call.ts'
import { cookieOf } from './identity.ts'
import { openApi } from './openapi.ts'
import { SignInLimit } from './sign-in-limit.ts'
import { Broadcast } from './sse.ts'

type Names =
  | 'getOpenApi'
  | 'getStatus'
  | 'watchStatus'
  | 'getOperation'
  | 'watchOperation'
  | 'listKeys'
  | 'createKey'
  | 'revokeKey'
  | 'createSignInLink'
  | 'createSession'
  | 'getSession'
  | 'deleteSession'

const sessionCookie = (value: string, maxAge: number) => `${SESSION_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAge}`

/** The platform itself: status, operations, keys and sessions. */
export function systemHandlers(context: Context): Handlers<Names> {
  const { access, deployments, streams, clock } = context
  const limit = new SignInLimit(clock)
  const statuses = new Broadcast('status', () => context.status.status(), context.statusEveryMs ?? 2000)
  let document: Record<string, unknown> | undefined
  return {
    getOpenApi: async () => {
      document ??= openApi(context.version)
      return document
    },
    getStatus: () => context.status.status(),
    watchStatus: async ({ request, reply }) => {
      await statuses.add(streams.open(request, reply))
      return ANSWERED
    },
    getOperation: ({ params, query }) => deployments.getOperation(params.operation, { waitMs: query.wait * 1000 }),
    watchOperation: async ({ params, request, reply }) => {
      await deployments.getOperation(params.operation)
      const stream = streams.open(request, reply)
      for await (const operation of deployments.watchOperation(params.operation, stream.signal)) stream.send('operation', operation)
      stream.close()
      return ANSWERED
    },
    listKeys: ({ query }) => access.listKeys(query),
    createKey: (call) => access.createKey(call.body, whoOf(call)),
    revokeKey: async ({ params }) => void (await access.revokeKey(params.key)),
    createSignInLink: () => access.createSignInLink(context.consoleUrl()),
    createSession: async ({ body, request, reply }) => {
      limit.check(request.ip)
      try {
        const { session, cookie } = await access.signIn(body.token)
        limit.succeeded(request.ip)
        reply.header('set-cookie', sessionCookie(cookie, Math.max(0, Math.floor((Date.parse(session.expiresAt) - clock.now()) / 1000))))
        return session
      } catch (error) {
        if (error instanceof FairleadError) limit.failed(request.ip)
        throw error
      }
    },
    getSession: async ({ principal, request }) => {
      const cookie = cookieOf(request)
      const session = principal?.kind === 'session' && cookie !== undefined ? await access.authenticateSession(cookie) : undefined
      // a token has no session that could end
      return { subject: principal?.id ?? 'nobody', expiresAt: session?.expiresAt ?? '9999-12-31T23:59:59.999Z' }
    },
    deleteSession: async ({ request, reply }) => {
      const cookie = cookieOf(request)
      if (cookie !== undefined) await access.signOut(cookie)
      reply.header('set-cookie', sessionCookie('', 0))
      return undefined
    },
  }
}
