import { DATA_TYPES, FairleadError, OIP_TYPES } from '@fairlead/contract'
import { bytesOf, ReleasePlan, type Tensors } from '../../../domain/inference/index.ts'
import { echoRelease, everyType } from '../../../testing/echo-session.ts'
import { Random } from '../lane/testing/random.ts'
import { renderAnswer } from '../oip-answer.ts'
import { readInferRequest } from '../oip-request.ts'
import { binaryBody, bytesOfTexts, readOutputs, type SentTensor } from './binary-request.ts'

/** Something that should not happen, with the seed that makes it happen again. */
export interface Fault {
  seed: number
  what: string
}

const EVERY = new ReleasePlan(echoRelease(everyType(DATA_TYPES)))
const ONE = DATA_TYPES.map((type) => new ReleasePlan(echoRelease([{ name: 'x', type, shape: [-1, -1] }])))
const NUMBERS = [
  '0',
  '-1',
  '1',
  '2',
  '8',
  '16',
  '4294967295',
  '4294967296',
  '9007199254740993',
  '18446744073709551616',
  '1e3',
  '1e400',
  '0.5',
  'NaN',
  '""',
  'null',
]
const WORDS = ['"data":[1]', '"shape":[]', '"shape":[1,1]', '"shape":[4294967296,4294967296]', '"datatype":"BYTES"', '"datatype":"BF16"', '"datatype":"INT8"']
const PARAMETERS = [
  '"binary_data_size":0',
  '"binary_data_size":8',
  '"binary_data":true',
  '"binary_data_output":true',
  '"shared_memory_region":"r"',
  '"timeout":1',
]

function values(type: (typeof DATA_TYPES)[number], size: number, random: Random): Buffer {
  if (type === 'string') return bytesOfTexts(Array.from({ length: size }, () => random.pick(['', 'a', 'ü€😀', 'a\u0000b', '\ufffd', 'x'.repeat(300)])))
  const bytes = Buffer.from(Array.from({ length: size * bytesOf(type) }, () => (type === 'bool' ? random.int(2) : random.int(256))))
  return random.chance(0.2) ? bytes.fill(type === 'bool' ? 1 : random.pick([0x00, 0xff, 0x7f, 0x80])) : bytes
}

function sent(name: string, type: (typeof DATA_TYPES)[number], rows: number, random: Random): SentTensor {
  const shape = [rows, random.int(4)]
  return { name, datatype: OIP_TYPES[type], shape, bytes: values(type, rows * shape[1]!, random) }
}

function spoiled(body: Buffer, jsonLength: number, random: Random): Buffer {
  const at = random.int(body.length)
  const inJson = random.int(Math.max(1, jsonLength))
  const spliced = (from: number, to: number, text: string | Uint8Array) => Buffer.concat([body.subarray(0, from), Buffer.from(text), body.subarray(to)])
  const text = body.toString('latin1', 0, jsonLength)
  const numbers = [...text.matchAll(/\d+/g)]
  const number = numbers.length > 0 ? random.pick(numbers) : undefined
  return random.pick([
    () => body.subarray(0, at),
    () => body.subarray(0, Math.max(0, body.length - 1 - random.int(4))),
    () => Buffer.concat([body, Buffer.alloc(1 + random.int(4))]),
    () => spliced(at, at, random.pick(['\u0000', '\u00ff', '{', '"', 'abcdefgh'])),
    () => spliced(at, at + 1 + random.int(9), ''),
    () => spliced(at, at + 1, Uint8Array.of(random.int(256))),
    () => (number ? spliced(number.index, number.index + number[0].length, random.pick(NUMBERS)) : body),
    () => spliced(inJson, inJson, `${random.pick([...WORDS, ...PARAMETERS])},`),
    () => Buffer.from(Array.from({ length: random.int(64) }, () => random.int(256))),
  ])()
}

/** A request of a seed, right or spoiled, and what it would be answered by a model that gives everything back. */
function tryRequest(random: Random): string | undefined {
  const single = random.chance(0.3)
  const plan = single ? random.pick(ONE) : EVERY
  const rows = 1 + random.int(3)
  const inputs = plan.tensors.inputs.map(({ name, type }) => sent(name, type, rows, random))
  const members = random.chance(0.9) ? { parameters: { binary_data_output: true } } : {}
  const right = binaryBody(inputs, { members, padding: random.int(9) })
  let header: string | undefined = right.headers['inference-header-content-length']
  let body: Buffer = right.body
  const isRight = random.chance(0.2)
  while (!isRight && random.chance(0.6)) body = spoiled(body, Number(header), random)
  if (!isRight && random.chance(0.2)) header = random.pick([undefined, ...NUMBERS, String(body.length), String(random.int(body.length + 2))])
  // the body lies anywhere in its memory
  const offset = random.int(9)
  const memory = Buffer.concat([Buffer.alloc(offset), body]).subarray(offset)
  let tensors: Tensors
  try {
    const request = readInferRequest(memory, header, plan)
    tensors = plan.tensors.toModel(request.inputs).inputs
    const outputs = Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${name}_out`, tensor]))
    const answer = renderAnswer({ model: 'm', version: 1, id: 'x' }, outputs, { wanted: request.wanted, nonFinite: request.nonFinite })
    const whole = 'text' in answer ? Buffer.from(answer.text) : Buffer.concat(answer.parts)
    const got = readOutputs(whole, 'text' in answer ? undefined : String(answer.jsonLength))
    if (isRight && 'parts' in answer) {
      const wrong = inputs.find(({ name, bytes }) => !got.outputs.find((output) => output.name === `${name}_out`)!.bytes!.equals(bytes!))
      if (wrong) return `the bytes of ${wrong.name} came back changed`
    }
  } catch (error) {
    if (!(error instanceof FairleadError)) return `${error instanceof Error ? error.stack : String(error)}`
    if (error.status >= 500 && error.code !== 'not-supported') return `answered ${error.status}: ${error.message}`
    return isRight && inputs.every(({ shape }) => shape[0]! > 0) ? `a right request is refused: ${error.message}` : undefined
  }
  const room = Object.values(tensors).reduce((sum, { data }) => sum + (Array.isArray(data) ? 4 * data.length : data.byteLength), 0)
  return room > 16 * body.length + 64 ? `${room} bytes of values were made of ${body.length}` : undefined
}

/** Tries requests from `seed` on for `millis`, or until some faults are found. */
export function fuzzInfer(seed: number, millis: number): { tried: number; faults: Fault[] } {
  const until = performance.now() + millis
  const faults: Fault[] = []
  let tried = 0
  for (; performance.now() < until && faults.length < 5; tried++) {
    const what = tryRequest(new Random(seed + tried))
    if (what !== undefined) faults.push({ seed: seed + tried, what })
  }
  return { tried, faults }
}
