import { FairleadError } from '@fairlead/contract'
import { canonicalJson } from '../../kernel/canonical-json.ts'
import { sha256 } from '../../kernel/digest.ts'
import { readYaml, YAML_LIMIT, YamlFault } from '../../kernel/yaml.ts'
import { type FileListing, hasFile, inFolder, sizeOf } from '../files.ts'
import { insidePath } from '../onnx/external.ts'

/** The Python environment that a model asks for. */
export interface PythonEnvironment {
  /** Names the environment: models that ask for the same share it. */
  digest: string
  /** The version of Python that wrote the model, such as `3.11.7`; its first two numbers must be those of the interpreter. */
  python: string | undefined
  /** What is installed first: pip, setuptools, wheel. */
  build: string[]
  /** Lines as pip takes them, those of files that they name included. */
  requirements: string[]
  constraints: string[]
  /** What in the environment's files is left out, in words. */
  left: string[]
}

/** Files that may name others, and lines of all of them. */
const MOST_FILES = 20
const MOST_LINES = 5000
const NAME = /^([A-Za-z0-9][A-Za-z0-9._-]*)/
/** Counts the ways in which environments are built: those of another way are built anew. */
const BUILDING = 1

interface Gathered {
  python: string | undefined
  build: string[]
  lines: string[]
  left: string[]
}

/**
 * What to install for a model, in the order in which MLflow restores environments: `python_env.yaml`, else `requirements.txt` with the
 * versions of `conda.yaml`, else `conda.yaml` alone. `named` are the files that the `MLmodel` names. Nothing is run.
 * Throws FairleadError `model-file-invalid`, `model-data-missing` and `model-path-escapes`.
 */
export async function readEnvironment(
  files: FileListing,
  {
    folder,
    named,
    version,
    python,
  }: { folder: string; named: Partial<Record<'conda' | 'virtualenv', string>>; version: string | undefined; python: string | undefined },
): Promise<PythonEnvironment> {
  const at = (name: string) => inFolder(folder, insidePath(name, 'MLmodel'))
  const [virtual, conda, plain] = [at(named.virtualenv ?? 'python_env.yaml'), at(named.conda ?? 'conda.yaml'), at('requirements.txt')]
  const reader = new Lines(files, folder)
  const gathered = hasFile(files, virtual)
    ? await fromVirtual(files, virtual)
    : { ...(hasFile(files, conda) ? await fromConda(files, conda) : { python: undefined, build: [], lines: [], left: [] }) }
  if (!hasFile(files, virtual) && hasFile(files, plain)) gathered.lines = ['-r requirements.txt']
  for (const line of gathered.lines) await reader.add(line, '')
  const requirements = withMlflow(reader.requirements, version)
  const spec = { python: gathered.python ?? python, build: gathered.build, requirements, constraints: reader.constraints }
  const digest = sha256(canonicalJson({ ...spec, python: spec.python?.split('.').slice(0, 2).join('.') ?? null, files: reader.digests, building: BUILDING }))
  return { ...spec, digest, left: gathered.left }
}

async function yamlOf(files: FileListing, path: string): Promise<Record<string, unknown>> {
  if (sizeOf(files, path) > YAML_LIMIT) throw new FairleadError('model-file-invalid', `${path} has more than ${YAML_LIMIT} bytes`)
  try {
    // versions such as 3.10 would be read as numbers: every value is a text
    const { value } = readYaml(new TextDecoder().decode(await files.read(path)), { schema: 'failsafe' })
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
  } catch (cause) {
    if (!(cause instanceof YamlFault)) throw cause
    throw new FairleadError('model-file-invalid', `${path} is not valid YAML: ${cause.message}`, { cause })
  }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []
}

async function fromVirtual(files: FileListing, path: string): Promise<Gathered> {
  const { python, build_dependencies: build, dependencies } = await yamlOf(files, path)
  return { python: typeof python === 'string' ? python : undefined, build: texts(build), lines: texts(dependencies), left: [] }
}

const BUILD_TOOLS = ['pip', 'setuptools', 'wheel']

/** Of conda's packages only Python and the tools that build are had from an index of Python packages; others are left out, and told. */
async function fromConda(files: FileListing, path: string): Promise<Gathered> {
  const { dependencies } = await yamlOf(files, path)
  const found: Gathered = { python: undefined, build: [], lines: [], left: [] }
  for (const one of Array.isArray(dependencies) ? dependencies : []) {
    if (typeof one === 'object' && one !== null) {
      found.lines.push(...texts((one as Record<string, unknown>).pip))
      continue
    }
    const line = String(one).trim()
    const name = NAME.exec(line)?.[1]?.toLowerCase() ?? ''
    if (name === 'python') found.python = condaPython(line, path)
    else if (BUILD_TOOLS.includes(name)) found.build.push(line.replace(/^([^=<>!~\s]+)\s*=\s*(?=[^=])/, '$1=='))
    else found.left.push(line)
  }
  return found
}

function condaPython(line: string, path: string): string | undefined {
  if (/[<>!]/.test(line)) throw new FairleadError('model-file-invalid', `${path}: "${line}" names no version of Python; it must be pinned, as in python=3.11.7`)
  return /(\d+\.\d+(?:\.\d+)?)/.exec(line)?.[1]
}

/** An environment must have MLflow; where its version is left open, that which wrote the model is the one that reads it. */
function withMlflow(requirements: string[], version: string | undefined): string[] {
  const pinned = version === undefined ? 'mlflow' : `mlflow==${version.replace(/\.dev\d*$/, '')}`
  const at = requirements.findIndex((line) => /^mlflow(-skinny)?(\[[^\]]*\])?\s*($|;|#)/i.test(line))
  if (at >= 0)
    return requirements.map((line, i) => (i === at ? line.replace(/^(mlflow(?:-skinny)?(?:\[[^\]]*\])?)/i, `$1${pinned.slice('mlflow'.length)}`) : line))
  return requirements.some((line) => /^mlflow(-skinny)?\b(?!-)/i.test(line)) ? requirements : [pinned, ...requirements]
}

/** Lines of requirement files, with those of the files that they name, all inside the model's folder. */
class Lines {
  readonly requirements: string[] = []
  readonly constraints: string[] = []
  /** Digests of files that are installed from the folder. */
  readonly digests: Record<string, string> = {}
  readonly #files: FileListing
  readonly #folder: string
  readonly #read = new Set<string>()

  constructor(files: FileListing, folder: string) {
    this.#files = files
    this.#folder = folder
  }

  async add(line: string, inside: string, into = this.requirements): Promise<void> {
    const text = line.replace(/(^|\s)#.*$/, '').trim()
    if (text === '') return
    const include = /^(?:-r|--requirement)(?:\s+|=)(.+)$/.exec(text)
    const constrain = /^(?:-c|--constraint)(?:\s+|=)(.+)$/.exec(text)
    if (include) return this.#file(include[1]!.trim(), inside, into)
    if (constrain) return this.#file(constrain[1]!.trim(), inside, this.constraints)
    if (this.requirements.length + this.constraints.length >= MOST_LINES)
      throw new FairleadError('model-file-invalid', `the requirements of the model have more than ${MOST_LINES} lines`)
    into.push(text)
    const path = inFolder(this.#folder, text.replace(/^-e\s+|^\.\//g, '').split(/[;\s]/)[0]!)
    if (/^[\w./-]+$/.test(text) && hasFile(this.#files, path)) this.digests[text] = sha256(await this.#files.read(path))
  }

  async #file(name: string, inside: string, into: string[]): Promise<void> {
    const path = inFolder(this.#folder, insidePath(inFolder(inside, name), 'the requirements'))
    if (!hasFile(this.#files, path))
      throw new FairleadError('model-data-missing', `the requirements of the model name the file ${path}, which is not there`, {
        items: [{ path, code: 'model-data-missing', detail: 'the file is missing' }],
      })
    if (sizeOf(this.#files, path) > YAML_LIMIT) throw new FairleadError('model-file-invalid', `${path} has more than ${YAML_LIMIT} bytes`)
    if (this.#read.has(path)) return
    this.#read.add(path)
    if (this.#read.size > MOST_FILES) throw new FairleadError('model-file-invalid', `the requirements of the model lie in more than ${MOST_FILES} files`)
    const text = new TextDecoder().decode(await this.#files.read(path)).replaceAll(/\\\r?\n/g, ' ')
    const folder = name.includes('/') ? inFolder(inside, name.slice(0, name.lastIndexOf('/'))) : inside
    for (const line of text.split(/\r?\n/)) await this.add(line, folder, into)
  }
}
