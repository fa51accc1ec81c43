import { FairleadError } from '@fairlead/contract'
import { type ReleasePlan, readPriority, type Tensors } from '../../domain/inference/index.ts'
import { ByName } from '../../kernel/by-name.ts'
import { checkRoom } from '../tensor-bytes.ts'
import { readJson } from './json.ts'
import { knownTensors } from './known-forms/tensors.ts'
import type { WantedOutput } from './oip-answer.ts'
import { BinaryPart, JSON_LENGTH_HEADER, jsonLength, readRawRequest } from './oip-binary.ts'
import { flag, type Members, parametersOf } from './oip-parameters.ts'
import { decodeInput, type NonFiniteForm } from './oip-tensors.ts'

/** Longest id of a request that is given back. */
const MAX_ID = 1000

/** An inference request, understood. */
export interface InferRequest {
  id: string | undefined
  inputs: Tensors
  wanted: WantedOutput[]
  nonFinite: NonFiniteForm
  /** Milliseconds that the caller waits at most. */
  timeoutMs: number | undefined
  /** Its level in the queue, where it names one. */
  priority?: number | undefined
}

function invalid(detail: string): FairleadError {
  return new FairleadError('request-invalid', detail)
}

/**
 * Reads the body of an inference request: JSON, JSON with binary tensors behind it, or, where the header says that the JSON has no bytes, the one
 * input alone. What it is, the header tells and never the content type, which clients set as they like. Throws the error to answer.
 */
export function readInferRequest(body: Buffer, header: string | string[] | undefined, serving: ReleasePlan): InferRequest {
  const length = jsonLength(header, body.length)
  if (length === 0) return rawRequest(body, serving)
  // what is plainest is read straight from its bytes
  const plain = length === undefined ? knownTensors(body, serving) : undefined
  if (plain) return { ...plain, wanted: allOutputs(serving, false), nonFinite: 'null', timeoutMs: undefined }
  const binary = length === undefined ? undefined : new BinaryPart(body, length)
  const value = readHead(body, length)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('the body must be an object with "inputs"')
  const { id, inputs, outputs, parameters } = value as Members
  if (id !== undefined && id !== null && typeof id !== 'string') throw invalid('"id" must be text')
  if (typeof id === 'string' && id.length > MAX_ID) throw invalid(`"id" must be text of at most ${MAX_ID} characters`)
  if (!Array.isArray(inputs)) throw invalid('"inputs" must be an array of tensors')
  const said = parametersOf(parameters, '')
  const tensors = readInputs(inputs, { binary, serving })
  binary?.end()
  return {
    id: id ?? undefined,
    inputs: tensors,
    wanted: wantedOutputs(outputs, { serving, allBinary: flag(said, 'binary_data_output', '') ?? false }),
    nonFinite: nonFiniteForm(said),
    timeoutMs: timeoutOf(said),
    priority: said.priority === undefined ? undefined : readPriority(said.priority, 'parameters.priority'),
  }
}

/** The JSON of a body. Where it is none, the header with its length is what callers get wrong most, so the error names it. */
function readHead(body: Buffer, length: number | undefined): unknown {
  try {
    return readJson(length === undefined ? body : body.subarray(0, length), { exact: true, nonFinite: true })
  } catch (error) {
    if (!(error instanceof FairleadError)) throw error
    if (length !== undefined) throw new FairleadError(error.code, `${error.message}; ${JSON_LENGTH_HEADER} says that it has ${length} bytes`)
    if (!body.includes('"binary_data_size"')) throw error
    throw new FairleadError(error.code, `${error.message}; with tensors as bytes behind it, the header ${JSON_LENGTH_HEADER} must say where it ends`)
  }
}

function rawRequest(body: Buffer, serving: ReleasePlan): InferRequest {
  const { name, tensor } = readRawRequest(body, serving.tensors.inputs)
  return { id: undefined, inputs: { [name]: tensor }, wanted: allOutputs(serving, true), nonFinite: 'null', timeoutMs: undefined }
}

function readInputs(inputs: unknown[], { binary, serving }: { binary: BinaryPart | undefined; serving: ReleasePlan }): Tensors {
  const tensors: Tensors = new ByName()
  for (let i = 0; i < inputs.length; i++) {
    const { name, tensor } = decodeInput(inputs[i], i, { binary, checkRoom: (own, size) => checkRoom(own, size, serving) })
    if (Object.hasOwn(tensors, name)) throw invalid(`inputs[${i}]: the input "${name}" is there twice`)
    tensors[name] = tensor
  }
  return tensors
}

const ALL_OUTPUTS = { json: new WeakMap<ReleasePlan, WantedOutput[]>(), binary: new WeakMap<ReleasePlan, WantedOutput[]>() }

function allOutputs(serving: ReleasePlan, binary: boolean): WantedOutput[] {
  const known = ALL_OUTPUTS[binary ? 'binary' : 'json']
  let wanted = known.get(serving)
  if (!wanted) {
    wanted = serving.tensors.outputs.map(({ name }) => ({ name, binary }))
    known.set(serving, wanted)
  }
  return wanted
}

/** The outputs to answer, in the order asked for; all where none is named. An output that says nothing follows the whole request. */
function wantedOutputs(value: unknown, { serving, allBinary }: { serving: ReleasePlan; allBinary: boolean }): WantedOutput[] {
  if (value !== undefined && value !== null && !Array.isArray(value)) throw invalid('"outputs" must be an array')
  if (!Array.isArray(value) || value.length === 0) return allOutputs(serving, allBinary)
  const all = serving.tensors.outputs.map((spec) => spec.name)
  const seen = new Set<string>()
  return value.map((output: unknown, i) => {
    const place = `outputs[${i}]`
    const { name, parameters } = typeof output === 'object' && output !== null ? (output as Members) : {}
    if (typeof name !== 'string') throw invalid(`${place}.name must be text`)
    if (!all.includes(name)) throw new FairleadError('tensor-unknown', `there is no output "${name.slice(0, 200)}"; the outputs are ${all.join(', ')}`)
    if (seen.has(name)) throw invalid(`output "${name}" already exists in request`)
    seen.add(name)
    return { name, binary: flag(parametersOf(parameters, place), 'binary_data', place) ?? allBinary }
  })
}

function nonFiniteForm({ nonfinite = 'null' }: Members): NonFiniteForm {
  if (nonfinite !== 'null' && nonfinite !== 'strings' && nonfinite !== 'tokens') throw invalid('the parameter "nonfinite" must be null, strings or tokens')
  return nonfinite
}

/** Triton's `timeout` parameter: microseconds; 0 means none. */
function timeoutOf({ timeout }: Members): number | undefined {
  if (timeout === undefined || timeout === 0) return undefined
  if (typeof timeout !== 'number' || !(timeout > 0)) throw invalid('the parameter "timeout" must be microseconds')
  return timeout / 1000
}
