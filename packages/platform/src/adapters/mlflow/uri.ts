import { FairleadError } from '@fairlead/contract'
import { checkPath } from '../../kernel/relative-path.ts'

/** What an address of MLflow names. */
export type MlflowUri =
  | { kind: 'version'; name: string; version: string }
  | { kind: 'alias'; name: string; alias: string }
  /** The newest version in a stage; without one, in any. */
  | { kind: 'stage'; name: string; stage: string | undefined }
  | { kind: 'logged'; id: string }
  | { kind: 'run'; run: string; path: string }
  /** Artifacts that a server hands out itself: of the tracking server, or of the one at `origin`, or at a whole `base`. */
  | { kind: 'artifacts'; path: string; host?: string | undefined; base?: string | undefined }
  | { kind: 'file'; path: string }
  /** Anywhere else. */
  | { kind: 'other'; scheme: string }

/** Where a server hands out artifacts, below its address. */
export const ARTIFACTS_PATH = 'api/2.0/mlflow-artifacts/artifacts'

const STAGES = ['None', 'Staging', 'Production', 'Archived']
const RUN_ID = /^[a-zA-Z0-9][\w-]{0,255}$/

/** Whether a source is an address that a tracking server resolves, and no file. */
export function isMlflowUri(source: string): boolean {
  return /^(?:models|runs|mlflow-artifacts):/i.test(source) || (/^https?:\/\//i.test(source) && source.includes(`/${ARTIFACTS_PATH}/`))
}

/** Takes an address of MLflow apart (its documented URI forms). Throws `usage` with the forms there are. */
export function parseMlflowUri(uri: string): MlflowUri {
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(uri)?.[1]?.toLowerCase()
  if (scheme === 'models') return modelUri(uri)
  if (scheme === 'runs') return runUri(uri)
  if (scheme === 'mlflow-artifacts') return artifactsUri(uri)
  if (scheme === 'http' || scheme === 'https') return httpUri(uri)
  if (scheme === 'file') return { kind: 'file', path: filePath(uri) }
  // one letter before the colon is a drive of Windows
  if (scheme === undefined || scheme.length === 1) return { kind: 'file', path: uri }
  return { kind: 'other', scheme }
}

function wrong(uri: string, forms: string): FairleadError {
  return new FairleadError('usage', `"${uri.slice(0, 200)}" is not a proper address: it takes ${forms}.`)
}

const MODEL_FORMS = 'models:/NAME/VERSION, models:/NAME@ALIAS, models:/NAME/latest, models:/NAME/STAGE or models:/MODEL_ID'

function modelUri(uri: string): MlflowUri {
  const rest = uri.slice('models:'.length)
  if (rest.startsWith('//')) {
    throw new FairleadError(
      'not-supported',
      `"${uri.slice(0, 200)}" names a registry of Databricks, whose protocol is another one; download the model and import its folder.`,
    )
  }
  const [first = '', second, ...more] = rest.replace(/^\//, '').split('/')
  if (!rest.startsWith('/') || first === '' || second === '' || more.length > 0) throw wrong(uri, MODEL_FORMS)
  if (second === undefined) {
    const at = first.lastIndexOf('@')
    if (at < 0) return { kind: 'logged', id: first }
    const [name, alias] = [first.slice(0, at), first.slice(at + 1)]
    if (name === '' || alias === '') throw wrong(uri, MODEL_FORMS)
    return { kind: 'alias', name, alias }
  }
  if (/^\d{1,18}$/.test(second)) return { kind: 'version', name: first, version: second }
  if (second.toLowerCase() === 'latest') return { kind: 'stage', name: first, stage: undefined }
  const stage = STAGES.find((one) => one.toLowerCase() === second.toLowerCase())
  if (stage === undefined) throw wrong(uri, `${MODEL_FORMS}; "${second.slice(0, 50)}" is neither a number, latest nor a stage (${STAGES.join(', ')})`)
  return { kind: 'stage', name: first, stage }
}

function runUri(uri: string): MlflowUri {
  const [empty, run = '', ...rest] = uri.slice('runs:'.length).split('/')
  const path = rest.join('/').replace(/\/+$/, '')
  if (empty !== '' || !RUN_ID.test(run) || path === '') throw wrong(uri, 'runs:/RUN_ID/PATH')
  checkPath(path)
  return { kind: 'run', run, path }
}

function artifactsUri(uri: string): MlflowUri {
  const parts = /^mlflow-artifacts:(?:\/\/([^/]*))?\/+(.*)$/i.exec(uri)
  const path = (parts?.[2] ?? '').replace(/\/+$/, '')
  if (path === '') throw wrong(uri, 'mlflow-artifacts:/PATH or mlflow-artifacts://HOST:PORT/PATH')
  checkPath(path)
  return { kind: 'artifacts', path, host: parts?.[1] || undefined }
}

function httpUri(uri: string): MlflowUri {
  const url = URL.parse(uri)
  const at = url?.pathname.indexOf(`/${ARTIFACTS_PATH}/`) ?? -1
  if (!url || at < 0) return { kind: 'other', scheme: uri.slice(0, uri.indexOf(':')).toLowerCase() }
  const path = decodeURIComponent(url.pathname.slice(at + ARTIFACTS_PATH.length + 2)).replace(/\/+$/, '')
  checkPath(path)
  return { kind: 'artifacts', path, base: `${url.origin}${url.pathname.slice(0, at)}` }
}

function filePath(uri: string): string {
  const url = URL.parse(uri)
  if (url?.protocol === 'file:' && (url.host === '' || url.host === 'localhost')) return decodeURIComponent(url.pathname)
  throw new FairleadError('not-supported', `"${uri.slice(0, 200)}" is a file of another machine.`)
}
