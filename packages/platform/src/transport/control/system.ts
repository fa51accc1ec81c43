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
  | 'patchKey'
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
    watchStatus: async (call) => {
      await statuses.add(streams.open(call))
      return ANSWERED
    },
    getOperation: ({ params, query }) => deployments.getOperation(params.operation, { waitMs: query.wait * 1000 }),
    watchOperation: async (call) => {
      const { params } = call
      await deployments.getOperation(params.operation)
      const stream = streams.open(call)
      for await (const operation of deployments.watchOperation(params.operation, stream.signal)) stream.send('operation', operation)
      stream.close()
      return ANSWERED
    },
    listKeys: ({ query }) => access.listKeys(query),
    createKey: async (call) => {
      const created = await access.createKey(call.body, whoOf(call))
      return { ...created, warnings: await unknownDeployments(context, created.deployments) }
    },
    patchKey: ({ params, body }) => access.patchKey(params.key, body),
    revokeKey: async ({ params }) => {
      await access.revokeKey(params.key)
      await streams.recheck()
      return undefined
    },
    createSignInLink: () => access.createSignInLink(context.consoleUrl()),
    createSession: async ({ body, request, reply }) => {
      limit.check(request.ip, body.token)
      try {
        const { session, cookie, seconds } = await access.signIn(body.token)
        limit.succeeded(request.ip)
        reply.header('set-cookie', sessionCookie(cookie, seconds))
        return session
      } catch (error) {
        if (error instanceof FairleadError) limit.failed(request.ip, body.token)
        throw error
      }
    },
    getSession: async ({ principal, request }) => {
      const cookie = cookieOf(request)
      const session = principal?.kind === 'session' && cookie !== undefined ? await access.authenticateSession(cookie) : undefined
      // a token has no session that could end
      return { subject: principal?.id ?? 'nobody', expiresAt: session?.expiresAt ?? null }
    },
    deleteSession: async ({ request, reply }) => {
      const cookie = cookieOf(request)
      if (cookie !== undefined) await access.signOut(cookie)
      await streams.recheck()
      reply.header('set-cookie', sessionCookie('', 0))
      return undefined
    },
  }
}

/** A key may be made before its deployment; a name that is only misspelt should be seen at once. */
async function unknownDeployments({ deployments }: Context, names: readonly string[]): Promise<string[]> {
  const missing = await Promise.all(names.map((name) => deployments.has(name).then((there) => (there ? [] : [name]))))
  return missing.flat().map((name) => `There is no deployment "${name}" yet; the key will work once there is.`)
}
