import { posix } from 'node:path'
import { Readable } from 'node:stream'
import { wholeBody } from './body.ts'
import { ANSWERED, type Call, type Context, type Handlers, whoOf } from './call.ts'
import { notModified, Preconditions } from './conditional.ts'

const MAX_FILE_BYTES = 16 * 2 ** 30

type Names =
  | 'createUpload'
  | 'putUploadFile'
  | 'deleteUpload'
  | 'listModels'
  | 'getModel'
  | 'patchModel'
  | 'deleteModel'
  | 'importVersion'
  | 'listVersions'
  | 'getVersion'
  | 'patchVersion'
  | 'deleteVersion'
  | 'getVersionGraph'
  | 'getVersionTree'
  | 'compareVersions'
  | 'verifyVersion'
  | 'getVersionFile'
  | 'setAlias'
  | 'deleteAlias'
  | 'resolveModel'

/** Models, versions, aliases and uploads. */
export function modelHandlers({ registry, inside, maxFileBytes = MAX_FILE_BYTES }: Context): Handlers<Names> {
  const preconditions = new Preconditions()
  const changeModel = <T>(
    { request, params }: Call<'getModel'> | Call<'patchModel'> | Call<'setAlias'> | Call<'deleteAlias'> | Call<'deleteModel'>,
    work: () => Promise<T>,
  ) => preconditions.change(request, { key: params.model, read: () => registry.getModel(params.model) }, work)
  const changeVersion = <T>({ request, params }: Call<'patchVersion'> | Call<'deleteVersion'>, work: () => Promise<T>) =>
    preconditions.change(request, { key: params.model, read: () => registry.getVersion(params.model, params.version) }, work)
  const tagged = <K extends 'getModel' | 'getVersion', T>({ request, reply }: Call<K>, value: T): T | typeof ANSWERED => {
    if (!notModified(request, reply, value)) return value
    reply.send()
    return ANSWERED
  }

  return {
    createUpload: () => registry.createUpload(),
    putUploadFile: ({ params, request }) => {
      const header = request.headers['content-length']
      const stream = request.body instanceof Readable ? request.body : Readable.from([])
      return registry.putFile(params.upload, params['*'], wholeBody(stream, header === undefined ? undefined : Number(header), maxFileBytes))
    },
    deleteUpload: async ({ params }) => void (await registry.dropUpload(params.upload)),
    listModels: ({ query }) => registry.listModels(query),
    getModel: async (call) => tagged(call, await registry.getModel(call.params.model)),
    patchModel: (call) => changeModel(call, () => registry.patchModel(call.params.model, call.body)),
    deleteModel: (call) => changeModel(call, async () => void (await registry.deleteModel(call.params.model))),
    importVersion: async (call) => {
      const result = await registry.importVersion(call.params.model, call.body, whoOf(call))
      if (!result.created) call.reply.code(200)
      return result
    },
    listVersions: ({ params, query }) => registry.listVersions(params.model, query),
    getVersion: async (call) => tagged(call, await registry.getVersion(call.params.model, call.params.version)),
    patchVersion: (call) => changeVersion(call, () => registry.patchVersion(call.params.model, call.params.version, call.body)),
    deleteVersion: (call) => changeVersion(call, async () => void (await registry.deleteVersion(call.params.model, call.params.version))),
    getVersionGraph: ({ params }) => registry.graph(params.model, params.version),
    getVersionTree: ({ params, query }) => inside.tree(params.model, params.version, query),
    compareVersions: ({ params }) => inside.compare(params.model, params.version, params.other),
    verifyVersion: ({ params }) => registry.verify(params.model, params.version),
    getVersionFile: async ({ params, reply }) => {
      const file = await registry.openFile(params.model, params.version, params['*'])
      const name = encodeURIComponent(posix.basename(params['*']))
      reply.headers({
        'content-length': String(file.size),
        etag: `"${file.digest}"`,
        // a model's file is never shown as a page of ours
        'content-disposition': `attachment; filename*=UTF-8''${name}`,
      })
      reply.type('application/octet-stream').send(Readable.from(file.body, { objectMode: false }))
      return ANSWERED
    },
    setAlias: (call) => changeModel(call, () => registry.setAlias(call.params.model, call.params.alias, call.body.version)),
    deleteAlias: (call) => changeModel(call, async () => void (await registry.deleteAlias(call.params.model, call.params.alias))),
    resolveModel: ({ query }) => registry.resolve(query.ref),
  }
}
