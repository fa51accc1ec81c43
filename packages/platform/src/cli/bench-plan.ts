import { createReadStream } from 'node:fs'
import { FairleadError, type Row, type Signature, TYPES_BY_OIP } from '@fairlead/contract'
import { type BenchInterface, INTERFACES, inventRows, type TensorInput } from '../bench/index.ts'
import type { Context } from './context.ts'
import { unreadableFile } from './model-source.ts'
import { formatOf, parseExact, readRows, rowsOf } from './rows.ts'

/** Rows that are read at most: more make no other load. */
const MOST_ROWS = 100_000
const INVENTED = 64
const ANSWER_MS = 10_000

/** What the options of `bench` say of what is asked. */
export interface PlanOptions {
  interface?: string
  rows: number
  row?: string[]
  file?: string
  format?: string
  server?: string
  grpc?: string
  key?: string
  seed: number
}

/** What is asked, and of whom. */
export interface Plan {
  url: string
  protocol?: 'grpc'
  headers: Record<string, string>
  interface: BenchInterface
  columns: Signature['columns']
  inputs: TensorInput[]
  rows: Row[]
  /** Where the rows come from, in words. */
  source: string
  /** The rows are made up from what is known of the inputs. */
  invented?: true
}

/** Finds the address, the columns and the rows of what is to be asked: a deployment, or with `--server` a model of any server of the tensor protocol. */
export async function planOf(context: Context, name: string, options: PlanOptions): Promise<Plan> {
  const asked = interfaceOf(options)
  if (asked !== 'grpc') return tensorsOrRows(context, name, { options, asked })
  const url = await grpcAddress(context, options)
  return { ...(await tensorsOrRows(context, name, { options, asked })), protocol: 'grpc', url }
}

/** Where gRPC is: as `--grpc` says, or as the platform does. */
async function grpcAddress(context: Context, { grpc, server }: PlanOptions): Promise<string> {
  if (grpc === undefined && server !== undefined) throw new FairleadError('usage', '--interface grpc with --server takes --grpc HOST:PORT, too.')
  const text = grpc ?? (await context.control.call('getStatus')).addresses.grpc
  if (!text) throw new FairleadError('unreachable', 'The platform serves no gRPC; name the address with --grpc HOST:PORT.')
  const url = /^https?:/.test(text) ? text : `http://${text}`
  if (!URL.canParse(url) || new URL(url).pathname !== '/') throw new FairleadError('usage', `--grpc takes HOST:PORT, or https://HOST:PORT, not "${text}".`)
  return new URL(url).origin
}

async function tensorsOrRows(context: Context, name: string, { options, asked }: { options: PlanOptions; asked: BenchInterface }): Promise<Plan> {
  const key = options.key ?? context.io.env.FAIRLEAD_API_KEY
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
  if (options.server !== undefined) return foreignPlan(name, { options, server: addressOf(options.server), headers, asked })
  const url = await context.predictionsAddress()
  const { signature, example } = await context.control.call('getDeploymentSignature', { params: { deployment: name } })
  const inputs = asked === 'rows' ? [] : await inputsOf(url, name, headers)
  const given = await rowsGiven(options, signature.columns)
  const shared = { url, headers, interface: asked, columns: signature.columns, inputs }
  if (given) return { ...shared, rows: given, source: options.file ?? '--row' }
  if (example.length > 0) return { ...shared, rows: example, source: 'the example rows of the deployment' }
  return { ...shared, rows: inventRows(signature.columns, INVENTED, options.seed), source: 'made up from the signature', invented: true }
}

function interfaceOf({ interface: asked, server, grpc }: PlanOptions): BenchInterface {
  if (grpc !== undefined && asked !== undefined && asked !== 'grpc') throw new FairleadError('usage', `--grpc is another interface than --interface ${asked}.`)
  const found = INTERFACES.find((one) => one === (asked ?? (grpc !== undefined ? 'grpc' : server === undefined ? 'rows' : 'oip')))
  if (!found) throw new FairleadError('usage', `--interface takes ${INTERFACES.join(', ')}, not "${asked}".`)
  if (server !== undefined && found === 'rows')
    throw new FairleadError('usage', 'Another server is asked by --interface oip, oip-binary or grpc; rows are an interface of Fairlead.')
  return found
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) throw new FairleadError('usage', `--server takes an address like http://127.0.0.1:8000, not "${text}".`)
  if (url.username || url.password) throw new FairleadError('usage', '--server takes an address without user and password; a key is given with --key.')
  return url.href.replace(/\/$/, '')
}

interface Foreign {
  options: PlanOptions
  server: string
  headers: Record<string, string>
  asked: BenchInterface
}

async function foreignPlan(name: string, { options, server, headers, asked }: Foreign): Promise<Plan> {
  const inputs = await inputsOf(server, name, headers)
  const columns = inputs.map(({ name: input, datatype, shape }): Signature['columns'][number] => {
    const type = TYPES_BY_OIP.get(datatype)
    if (!type) throw new FairleadError('not-supported', `The input "${input}" has the datatype ${datatype}, of which no values can be made.`)
    return { name: input, type, tensor: input, shape: shape.slice(1).map((size) => Math.max(1, size)) }
  })
  const given = await rowsGiven(options, columns)
  const shared = { url: server, headers, interface: asked, columns, inputs }
  if (given) return { ...shared, rows: given, source: options.file ?? '--row' }
  return { ...shared, rows: inventRows(columns, INVENTED, options.seed), source: "made up from the model's metadata", invented: true }
}

/** The inputs of a model as its server says them. Throws `unreachable`, or `request-invalid` where the answer is none. */
async function inputsOf(url: string, name: string, headers: Record<string, string>): Promise<TensorInput[]> {
  const response = await fetch(`${url}/v2/models/${encodeURIComponent(name)}`, { headers, signal: AbortSignal.timeout(ANSWER_MS) }).catch((cause: unknown) => {
    throw new FairleadError('unreachable', `${url} does not answer.`, { cause })
  })
  const text = await response.text()
  const found = response.ok ? metadataOf(text) : undefined
  if (!found)
    throw new FairleadError('request-invalid', `${url} does not say what the inputs of "${name}" are (status ${response.status}): ${text.slice(0, 300)}`)
  return found
}

function metadataOf(text: string): TensorInput[] | undefined {
  try {
    const { inputs } = JSON.parse(text) as { inputs?: unknown }
    if (!Array.isArray(inputs) || inputs.length === 0) return undefined
    const whole = (input: TensorInput) => typeof input?.name === 'string' && typeof input.datatype === 'string' && Array.isArray(input.shape)
    return inputs.every(whole) ? inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape.map(Number) })) : undefined
  } catch {
    return undefined
  }
}

async function rowsGiven(options: PlanOptions, columns: Signature['columns']): Promise<Row[] | undefined> {
  if (options.row && options.file !== undefined) throw new FairleadError('usage', 'Rows are given with --row or with --file.')
  if (options.row) return options.row.flatMap((text) => rowsOf(parseExact(text, '--row'), '--row'))
  const { file } = options
  if (file === undefined) return undefined
  const stream = createReadStream(file)
  const opened = new Promise<void>((resolve, reject) => stream.once('ready', resolve).once('error', reject))
  await opened.catch((cause: unknown) => {
    throw unreadableFile(file, cause)
  })
  const named = async () => new Map(columns.map((column) => [column.name, column]))
  const rows: Row[] = []
  for await (const row of readRows({ chunks: stream, format: formatOf(options.format, file), columns: named })) {
    if (rows.push(row) === MOST_ROWS) break
  }
  if (rows.length === 0) throw new FairleadError('rows-empty', `There are no rows in ${file}.`)
  return rows
}
