import { FairleadError } from '@fairlead/contract'
import { DATATYPES } from './datatypes.ts'
import { errorOf, type HttpAnswer, type HttpRequest } from './http.ts'
import { infer, inferBinary, modelPath } from './infer-request.ts'
import { readInference } from './inference.ts'
import { isObject, parseJson } from './json.ts'
import { plain } from './show.ts'
import type { Subject } from './subject.ts'
import { countOf, differenceOf, jsonable, makeTensor, type Tensor, type TensorSpec } from './tensors.ts'
import type { Transport } from './types.ts'

/** What a caller says about the server before it is asked. */
export interface DiscoveryOptions {
  /** The model; the first ready one of the repository when not given. */
  model?: string | undefined
  /** Inputs that the model accepts, in place of made-up ones. */
  inputs?: Tensor[] | undefined
  mayUnload?: boolean | undefined
  /** Told what a person should know. */
  note: (text: string) => void
}

const MAX_VALUES = 1_000_000
const ROWS = 2
/** Models that are named where one is misspelt. */
const MAX_NAMES = 10

type Send = Transport<HttpRequest, HttpAnswer>['send']

/**
 * Finds out what the cases need to know. Throws `unreachable` when the server cannot be reached, and `usage` when the server does not know the
 * model that was named, or none was named and none can be found. Whatever else is wrong is left to the cases.
 */
export async function discover(send: Send, url: URL, options: DiscoveryOptions): Promise<Subject> {
  const first = await send({ method: 'GET', path: '/v2' })
  if (!first.answer && (await send({ method: 'GET', path: '/v2/health/live' })).answer === undefined) {
    throw new FairleadError('unreachable', `${url.origin} does not answer: ${plain(first.exchange.failure ?? '')}`)
  }
  const server = serverOf(jsonOf(first.answer))
  const model = options.model ?? (await findModel(send))
  if (model === undefined) throw new FairleadError('usage', `${url.origin} does not say which models it has; name one with --model NAME.`)
  const metadata = jsonOf((await send({ method: 'GET', path: modelPath(model) })).answer)
  if (!metadata) {
    const models = await modelsOf(send)
    if (!models.includes(model) && (await isUnready(send, model))) throw unknownModel(url, model, models)
    options.note(`The server gives no metadata of the model "${plain(model)}".`)
  }
  const subject: Subject = {
    server,
    model,
    version: newest(metadata?.versions),
    inputs: specsOf(metadata?.inputs),
    outputs: specsOf(metadata?.outputs),
    sample: [],
    noSample: undefined,
    reference: undefined,
    deterministic: false,
    echoes: [],
    mayUnload: options.mayUnload ?? false,
  }
  const made = options.inputs ?? makeSample(subject.inputs)
  if (typeof made === 'string') subject.noSample = made
  else await tryOut(send, Object.assign(subject, { sample: made }), options)
  if (subject.noSample) options.note(`No inference is tried: ${subject.noSample}.`)
  return subject
}

function jsonOf(answer: HttpAnswer | undefined): Record<string, unknown> | undefined {
  if (answer?.status !== 200) return undefined
  try {
    const value = parseJson(answer.body)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function serverOf(json: Record<string, unknown> | undefined): Subject['server'] {
  const extensions = Array.isArray(json?.extensions) ? json.extensions.filter((one): one is string => typeof one === 'string') : []
  return { name: textOf(json?.name), version: textOf(json?.version), extensions }
}

function newest(versions: unknown): string | undefined {
  const texts = Array.isArray(versions) ? versions.filter((one): one is string => typeof one === 'string' && one !== '') : []
  return texts.at(-1)
}

/** Tensors that a model's metadata declare; what is none is left out. */
export function specsOf(value: unknown): TensorSpec[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((one): TensorSpec[] => {
    if (!isObject(one) || typeof one.name !== 'string' || typeof one.datatype !== 'string' || !Array.isArray(one.shape)) return []
    const shape = one.shape.map(Number)
    return shape.every((size) => Number.isSafeInteger(size) && size >= -1) ? [{ name: one.name, datatype: one.datatype, shape }] : []
  })
}

async function findModel(send: Send): Promise<string | undefined> {
  return (await modelsOf(send))[0]
}

/** The models that a server lists, those that are ready first. */
async function modelsOf(send: Send): Promise<string[]> {
  const headers = { 'content-type': 'application/json' }
  const { answer } = await send({ method: 'POST', path: '/v2/repository/index', headers, body: '{}' })
  const index = (answer?.status === 200 ? listOf(answer) : []).filter((entry) => isObject(entry) && textOf(entry.name) !== '') as Record<string, unknown>[]
  const isReady = (entry: Record<string, unknown>) => ['READY', 'State.READY'].includes(textOf(entry.state))
  const listed = [...index.filter(isReady), ...index.filter((entry) => !isReady(entry))].map(({ name }) => textOf(name))
  if (listed.length > 0) return [...new Set(listed)]
  // KServe has no index and lists its models here
  const { models } = jsonOf((await send({ method: 'GET', path: '/v2/models' })).answer) ?? {}
  return Array.isArray(models) ? models.filter((one): one is string => typeof one === 'string') : []
}

/** Whether a server says that a model is not ready, as it does of one that it does not have. */
async function isUnready(send: Send, model: string): Promise<boolean> {
  const { answer } = await send({ method: 'GET', path: `${modelPath(model)}/ready` })
  return answer !== undefined && (answer.status === 404 || answer.status === 400 || jsonOf(answer)?.ready === false)
}

function unknownModel(url: URL, model: string, models: readonly string[]): FairleadError {
  const names = models.map((name) => `"${plain(name)}"`)
  const shown = names.length > MAX_NAMES ? `${names.slice(0, MAX_NAMES).join(', ')} and ${names.length - MAX_NAMES} more` : names.join(', ')
  return new FairleadError('usage', `${url.origin} does not know the model "${plain(model)}".${shown && ` It has ${shown}.`}`)
}

function listOf(answer: HttpAnswer): unknown[] {
  try {
    const value = parseJson(answer.body)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

/** Valid inputs for declared ones, or why there are none. */
function makeSample(inputs: readonly TensorSpec[]): Tensor[] | string {
  if (inputs.length === 0) return 'the metadata declare no inputs; give a request that the model accepts with --request FILE'
  const unknown = inputs.find(({ datatype }) => !DATATYPES[datatype])
  if (unknown) return `the datatype ${plain(unknown.datatype)} of the input "${plain(unknown.name)}" is none of the protocol`
  const size = inputs.reduce((sum, { shape }) => sum + countOf(shape.map((one, i) => (one >= 0 ? one : i === 0 ? ROWS : 1))), 0)
  if (size > MAX_VALUES) return `the model's inputs have ${size} values, and the suite makes at most ${MAX_VALUES}`
  return inputs.map((spec) => makeTensor(spec, ROWS))
}

/** Asks the sample twice and odd values once: what the model answers, whether always the same, and what comes back. */
async function tryOut(send: Send, subject: Subject, { inputs }: DiscoveryOptions): Promise<void> {
  const ask = async (tensors: Tensor[]) => {
    const request = jsonable(tensors)
      ? infer(subject, { inputs: tensors })
      : inferBinary(subject, { inputs: tensors, members: { parameters: '{"binary_data_output":true}' } })
    const { answer, exchange } = await send(request)
    return { outputs: outputsOf(answer), refusal: answer ? `${answer.status} ${errorOf(answer) ?? ''}`.trim() : exchange.failure }
  }
  const first = await ask(subject.sample)
  if (!first.outputs) {
    const why = `the model refused the ${inputs ? 'given' : 'made-up'} inputs (${plain(first.refusal ?? '').slice(0, 300)})`
    subject.noSample = inputs ? why : `${why}; if it wants particular values, give a request that it accepts with --request FILE`
    return
  }
  subject.reference = first.outputs
  const second = await ask(subject.sample)
  subject.deterministic = second.outputs !== undefined && differenceOf(second.outputs, first.outputs) === undefined
  const odd = subject.sample.map((tensor) => ({ ...makeTensor(tensor, ROWS, 'odd') }))
  const third = await ask(odd)
  if (third.outputs) subject.echoes = echoesOf(subject, first.outputs, { odd, outputs: third.outputs })
}

function outputsOf(answer: HttpAnswer | undefined): Tensor[] | undefined {
  if (answer?.status !== 200) return undefined
  try {
    return readInference(answer).outputs
  } catch {
    return undefined
  }
}

function echoesOf({ sample, inputs }: Subject, first: Tensor[], { odd, outputs }: { odd: Tensor[]; outputs: Tensor[] }): Subject['echoes'] {
  return sample.flatMap((tensor, i) => {
    const output = first.find((one) => same(one, tensor) && outputs.some((other) => other.name === one.name && same(other, odd[i]!)))
    const input = inputs.find(({ name }) => name === tensor.name) ?? tensor
    return output ? [{ input, output: output.name }] : []
  })
}

function same(output: Tensor, input: Tensor): boolean {
  return differenceOf([{ ...output, name: input.name }], [input]) === undefined
}
