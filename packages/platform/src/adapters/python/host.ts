/** What of the machine a Python model gets to see, and where its environments lie. */
export interface PythonHost {
  /** Folder of the environments, one below it for each digest. */
  environments: string
  /** Where the logs of builds and of workers lie. */
  logs: string
  /** Where workers have their files, where the system gives them no place that only they see. */
  scratch: string
  /** Folders that no worker may see: the data of the platform, the home of its user. */
  hidden: readonly string[]
  /** Interpreters that were named, tried before those that are found. */
  interpreters: readonly string[]
  /** The variables of the platform's own process, of which little is handed on. */
  variables: Readonly<Record<string, string | undefined>>
}

/** Variables that programs need to run, and that tell nothing. */
const PLAIN = ['PATH', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'SYSTEMROOT']
/** Variables by which installers are told where packages come from. */
const INSTALLING = /^(?:PIP_\w+|UV_\w+|(?:https?|no|all)_proxy|SSL_CERT_(?:FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE)$/i

/** The environment of a worker: none of the platform's secrets, nor anything else that it does not need. */
export function workerVariables({ variables }: Pick<PythonHost, 'variables'>): Record<string, string> {
  return {
    ...picked(variables, (name) => PLAIN.includes(name)),
    // memory that the C library keeps for each thread would count against the limit
    MALLOC_ARENA_MAX: '2',
    OMP_NUM_THREADS: '1',
    OPENBLAS_NUM_THREADS: '1',
    MKL_NUM_THREADS: '1',
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONHASHSEED: '0',
    _MLFLOW_IS_IN_SERVING_ENVIRONMENT: 'true',
    MLFLOW_DISABLE_TELEMETRY: 'true',
    DO_NOT_TRACK: 'true',
    USER: 'model',
    LOGNAME: 'model',
  }
}

/** The environment of what builds: also the settings of pip and uv, and the way to the network. */
export function installerVariables({ variables }: Pick<PythonHost, 'variables'>): Record<string, string> {
  return { ...picked(variables, (name) => PLAIN.includes(name) || INSTALLING.test(name)), PIP_NO_INPUT: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1' }
}

function picked(variables: PythonHost['variables'], wanted: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined && wanted(entry[0])))
}
