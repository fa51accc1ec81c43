/** Paths of the model repository extension. */
export type RepositoryRoute = 'repository-index' | 'repository-load' | 'repository-unload'

/** What a path of the serve port means. `deployment` is decoded; `release` is the text as it stands in the path. */
export interface Route {
  name:
    | 'predict'
    | 'infer'
    | 'oip-server'
    | 'oip-live'
    | 'oip-ready'
    | 'oip-models'
    | 'oip-model'
    | 'oip-model-ready'
    | 'oip-model-stats'
    | 'oip-model-config'
    | 'deployments'
    | 'deployment'
    | 'openapi'
    | 'docs'
    | 'metrics'
    | 'healthz'
    | 'invocations'
    | 'scoring-ping'
    | 'scoring-version'
    | 'readyz'
    | RepositoryRoute
  method: 'GET' | 'POST'
  /** Absent also where MLflow's scoring is asked at the root: then the only deployment is meant. */
  deployment?: string
  release?: string
}

const FIXED: Record<string, Route> = {
  '/v2': { name: 'oip-server', method: 'GET' },
  '/v2/health/live': { name: 'oip-live', method: 'GET' },
  '/v2/health/ready': { name: 'oip-ready', method: 'GET' },
  '/v2/models': { name: 'oip-models', method: 'GET' },
  '/v1/deployments': { name: 'deployments', method: 'GET' },
  '/metrics': { name: 'metrics', method: 'GET' },
  '/healthz': { name: 'healthz', method: 'GET' },
  '/readyz': { name: 'readyz', method: 'GET' },
}

/** MLflow's scoring protocol, at the root and for each deployment. */
const SCORING: Record<string, Route> = {
  invocations: { name: 'invocations', method: 'POST' },
  ping: { name: 'scoring-ping', method: 'GET' },
  health: { name: 'scoring-ping', method: 'GET' },
  version: { name: 'scoring-version', method: 'GET' },
}
const SCORING_PATH = /^(?:\/deployments\/([^/]+))?\/(invocations|ping|health|version)$/

const OIP = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(ready|infer|stats|config))?$/
const OWN = /^\/v1\/deployments\/([^/]+)(?:\/releases\/([^/]+)(?=\/predict$))?(?:\/(predict|openapi\.json|docs))?$/
// there is one repository, so that its name tells nothing
const REPOSITORY = /^\/v2\/repository\/(?:[^/]+\/)??(?:(index)|models\/([^/]+)\/(load|unload))$/
const OIP_NAMES = { ready: 'oip-model-ready', stats: 'oip-model-stats', config: 'oip-model-config', infer: 'infer' } as const
const OWN_NAMES = { predict: 'predict', 'openapi.json': 'openapi', docs: 'docs' } as const

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

function match(path: string): Route | undefined {
  if (Object.hasOwn(FIXED, path)) return FIXED[path]
  const scoring = SCORING_PATH.exec(path)
  if (scoring) return scoringRoute(scoring[2]!, scoring[1])
  const repository = REPOSITORY.exec(path)
  if (repository) return repositoryRoute(repository)
  const oip = OIP.exec(path)
  const found = oip ?? OWN.exec(path)
  if (!found) return undefined
  const [, rawName = '', release, action] = found
  const deployment = decoded(rawName)
  if (deployment === undefined) return undefined
  const name = oip ? (OIP_NAMES[action as keyof typeof OIP_NAMES] ?? 'oip-model') : (OWN_NAMES[action as keyof typeof OWN_NAMES] ?? 'deployment')
  const method = name === 'predict' || name === 'infer' ? 'POST' : 'GET'
  return { name, method, deployment, ...(release === undefined ? {} : { release }) }
}

function scoringRoute(action: string, rawName: string | undefined): Route | undefined {
  const deployment = rawName === undefined ? undefined : decoded(rawName)
  if (rawName === undefined) return SCORING[action]
  return deployment === undefined ? undefined : { ...SCORING[action]!, deployment }
}

/** Whether a target is answered in the form of MLflow's scoring protocol, errors too. */
export function isScoring(target: string): boolean {
  const path = target.split('?')[0]!
  return path.startsWith('/deployments/') || SCORING_PATH.test(path)
}

function repositoryRoute([, index, rawName = '', action]: RegExpExecArray): Route | undefined {
  if (index !== undefined) return { name: 'repository-index', method: 'POST' }
  const deployment = decoded(rawName)
  return deployment === undefined ? undefined : { name: action === 'load' ? 'repository-load' : 'repository-unload', method: 'POST', deployment }
}

const REMEMBERED = 1000
const remembered = new Map<string, Route>()

/** The route of a request's target; its query is ignored. `undefined` when there is nothing at that path. */
export function findRoute(target: string): Route | undefined {
  const known = remembered.get(target)
  if (known) return known
  const query = target.indexOf('?')
  const path = query < 0 ? target : target.slice(0, query)
  const route = match(path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path)
  // few paths are asked for again and again; what is odd is not worth a place
  if (route && query < 0 && remembered.size < REMEMBERED) remembered.set(target, route)
  return route
}
