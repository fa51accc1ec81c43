/** One operation of the control API. Paths are under `/api/v1`; `:name` marks a parameter, `*` the rest of the path. */
export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  summary: string
  /** `open` needs no credentials. */
  access: 'open' | 'read' | 'admin'
  /** Tag under which the OpenAPI document lists it. */
  tag: 'models' | 'deployments' | 'predictions' | 'jobs' | 'access' | 'system'
}

/** Every operation of the control API by name. Schemas of their parameters and bodies are in `schemas.ts`. */
export const ROUTES = {
  getOpenApi: { method: 'GET', path: '/openapi.json', summary: 'This document', access: 'open', tag: 'system' },
  getStatus: { method: 'GET', path: '/status', summary: 'State of the platform and of every deployment', access: 'read', tag: 'system' },
  /** Server-sent events: `status` with a Status every two seconds. */
  watchStatus: { method: 'GET', path: '/status/events', summary: 'State as it changes (server-sent events)', access: 'read', tag: 'system' },

  createUpload: { method: 'POST', path: '/uploads', summary: 'Begin an upload of model files', access: 'admin', tag: 'models' },
  putUploadFile: {
    method: 'PUT',
    path: '/uploads/:upload/files/*',
    summary: 'Send one file of an upload (application/octet-stream)',
    access: 'admin',
    tag: 'models',
  },
  deleteUpload: { method: 'DELETE', path: '/uploads/:upload', summary: 'Drop an upload', access: 'admin', tag: 'models' },

  listModels: { method: 'GET', path: '/models', summary: 'Models by name', access: 'read', tag: 'models' },
  getModel: { method: 'GET', path: '/models/:model', summary: 'One model', access: 'read', tag: 'models' },
  patchModel: { method: 'PATCH', path: '/models/:model', summary: 'Change description or tags', access: 'admin', tag: 'models' },
  deleteModel: { method: 'DELETE', path: '/models/:model', summary: 'Remove a model with all its versions', access: 'admin', tag: 'models' },
  importVersion: { method: 'POST', path: '/models/:model/versions', summary: 'Make a version of an upload', access: 'admin', tag: 'models' },
  listVersions: { method: 'GET', path: '/models/:model/versions', summary: 'Versions, newest first', access: 'read', tag: 'models' },
  getVersion: { method: 'GET', path: '/models/:model/versions/:version', summary: 'One version', access: 'read', tag: 'models' },
  patchVersion: { method: 'PATCH', path: '/models/:model/versions/:version', summary: 'Change description, tags or metrics', access: 'admin', tag: 'models' },
  deleteVersion: { method: 'DELETE', path: '/models/:model/versions/:version', summary: 'Remove a version', access: 'admin', tag: 'models' },
  getVersionGraph: {
    method: 'GET',
    path: '/models/:model/versions/:version/graph',
    summary: 'The graph of the model, for drawing',
    access: 'read',
    tag: 'models',
  },
  getVersionTree: {
    method: 'GET',
    path: '/models/:model/versions/:version/tree',
    summary: 'One tree of a tree ensemble, for drawing',
    access: 'read',
    tag: 'models',
  },
  compareVersions: {
    method: 'GET',
    path: '/models/:model/versions/:version/comparison/:other',
    summary: 'In what two versions differ: inputs, outputs, trees, importance',
    access: 'read',
    tag: 'models',
  },
  verifyVersion: {
    method: 'POST',
    path: '/models/:model/versions/:version/verify',
    summary: 'Read every file again and compare digests',
    access: 'read',
    tag: 'models',
  },
  getVersionFile: { method: 'GET', path: '/models/:model/versions/:version/files/*', summary: 'One file of a version', access: 'read', tag: 'models' },
  setAlias: { method: 'PUT', path: '/models/:model/aliases/:alias', summary: 'Point an alias at a version', access: 'admin', tag: 'models' },
  deleteAlias: { method: 'DELETE', path: '/models/:model/aliases/:alias', summary: 'Remove an alias', access: 'admin', tag: 'models' },
  resolveModel: { method: 'GET', path: '/resolve', summary: 'The version a reference names (?ref=name@alias)', access: 'read', tag: 'models' },

  listDeployments: { method: 'GET', path: '/deployments', summary: 'Deployments by name', access: 'read', tag: 'deployments' },
  getDeployment: { method: 'GET', path: '/deployments/:deployment', summary: 'One deployment', access: 'read', tag: 'deployments' },
  deleteDeployment: {
    method: 'DELETE',
    path: '/deployments/:deployment',
    summary: 'Remove a deployment; its prediction log stays',
    access: 'admin',
    tag: 'deployments',
  },
  createRelease: {
    method: 'POST',
    path: '/deployments/:deployment/releases',
    summary: 'Make, load, check and activate the next release; makes the deployment when there is none',
    access: 'admin',
    tag: 'deployments',
  },
  listReleases: { method: 'GET', path: '/deployments/:deployment/releases', summary: 'Releases, newest first', access: 'read', tag: 'deployments' },
  getRelease: { method: 'GET', path: '/deployments/:deployment/releases/:release', summary: 'One release', access: 'read', tag: 'deployments' },
  rollback: {
    method: 'POST',
    path: '/deployments/:deployment/rollback',
    summary: 'Make an earlier release current again',
    access: 'admin',
    tag: 'deployments',
  },
  tryDeployment: {
    method: 'POST',
    path: '/deployments/:deployment/try',
    summary: 'A prediction through the public interface, for the console',
    access: 'read',
    tag: 'deployments',
  },
  getDeploymentSignature: {
    method: 'GET',
    path: '/deployments/:deployment/signature',
    summary: 'The signature callers see, with an example',
    access: 'read',
    tag: 'deployments',
  },
  getTelemetry: {
    method: 'GET',
    path: '/deployments/:deployment/telemetry',
    summary: 'Traffic, errors and latency over time',
    access: 'read',
    tag: 'deployments',
  },

  listPredictions: {
    method: 'GET',
    path: '/deployments/:deployment/predictions',
    summary: 'Logged predictions (JSON, text/csv or Parquet by Accept)',
    access: 'read',
    tag: 'predictions',
  },

  createJob: { method: 'POST', path: '/jobs', summary: 'Score files with a deployment', access: 'admin', tag: 'jobs' },
  previewJob: {
    method: 'POST',
    path: '/jobs/preview',
    summary: 'What a job would do: mapping, first answers, estimate; nothing is written',
    access: 'admin',
    tag: 'jobs',
  },
  listJobs: { method: 'GET', path: '/jobs', summary: 'Jobs, newest first', access: 'read', tag: 'jobs' },
  getJob: { method: 'GET', path: '/jobs/:job', summary: 'One job; ?wait=SECONDS waits for its end', access: 'read', tag: 'jobs' },
  watchJob: { method: 'GET', path: '/jobs/:job/events', summary: 'A job as it goes on (server-sent events)', access: 'read', tag: 'jobs' },
  pauseJob: { method: 'POST', path: '/jobs/:job/pause', summary: 'Stop a job; what is done is kept', access: 'admin', tag: 'jobs' },
  resumeJob: { method: 'POST', path: '/jobs/:job/resume', summary: 'Go on with a job that was paused or failed', access: 'admin', tag: 'jobs' },
  cancelJob: { method: 'POST', path: '/jobs/:job/cancel', summary: 'End a job; nothing of it stays', access: 'admin', tag: 'jobs' },

  getOperation: { method: 'GET', path: '/operations/:operation', summary: 'One operation; ?wait=SECONDS waits for its end', access: 'read', tag: 'system' },
  watchOperation: {
    method: 'GET',
    path: '/operations/:operation/events',
    summary: 'An operation as it goes on (server-sent events)',
    access: 'read',
    tag: 'system',
  },

  listKeys: { method: 'GET', path: '/keys', summary: 'API keys', access: 'admin', tag: 'access' },
  createKey: { method: 'POST', path: '/keys', summary: 'Make an API key; it is shown once', access: 'admin', tag: 'access' },
  patchKey: { method: 'PATCH', path: '/keys/:key', summary: 'Change the limits of an API key', access: 'admin', tag: 'access' },
  revokeKey: { method: 'DELETE', path: '/keys/:key', summary: 'Revoke an API key', access: 'admin', tag: 'access' },
  createSignInLink: { method: 'POST', path: '/sign-in-links', summary: 'Make a single-use sign-in link for the console', access: 'admin', tag: 'access' },
  createSession: { method: 'POST', path: '/session', summary: 'Sign in with the token of a link or the admin token', access: 'open', tag: 'access' },
  getSession: { method: 'GET', path: '/session', summary: 'Who is signed in', access: 'read', tag: 'access' },
  deleteSession: { method: 'DELETE', path: '/session', summary: 'Sign out', access: 'read', tag: 'access' },
} as const satisfies Record<string, Route>

/** Name of an operation of the control API. */
export type RouteName = keyof typeof ROUTES
