import { FairleadError, TYPES_BY_OIP } from '@fairlead/contract'
import { shapeFault, sizeOf, type Tensor } from '../../domain/inference/index.ts'
import { type InputHead, readRaw, type Unfit } from '../tensor-bytes.ts'
import { readContents } from './contents.ts'
import type { InferMessage, InputMessage } from './infer-message.ts'

function refused(index: number, name: string, { code, detail }: Unfit): FairleadError {
  return new FairleadError(code, `input "${name.slice(0, 200)}": ${detail}`, { items: [{ path: `inputs[${index}]`, code, detail }] })
}

/** Name, datatype and shape of one input. Throws `request-invalid` or `shape-mismatch`, naming it. */
export function readHead({ name, datatype, shape }: InputMessage, index: number): InputHead {
  if (name === '') throw new FairleadError('request-invalid', `inputs[${index}] has no name of an input`)
  const type = TYPES_BY_OIP.get(datatype)
  if (type === undefined) {
    throw refused(index, name, {
      code: 'request-invalid',
      detail: `its datatype "${datatype.slice(0, 50)}" is not one of ${[...TYPES_BY_OIP.keys()].join(', ')}`,
    })
  }
  for (const dimension of shape) {
    if (dimension >= 0) continue
    const got = Number.isNaN(dimension) ? 'one dimension is too large' : `a dimension is ${dimension}`
    throw refused(index, name, { code: 'shape-mismatch', detail: `its shape must hold whole numbers of at least 0, and ${got}` })
  }
  const fault = shapeFault(shape)
  if (fault !== undefined) throw refused(index, name, { code: 'shape-mismatch', detail: fault })
  return { type, shape, size: sizeOf(shape) }
}

/**
 * The values of one input, raw or typed. Throws naming the input when its values do not fit its shape and datatype.
 */
export function readValues(message: InferMessage, index: number, head: InputHead): Tensor {
  const input = message.inputs[index]!
  const { type, shape, size } = head
  if (message.raws.length > 0) {
    if (input.contents.length > 0) {
      throw new FairleadError(
        'request-invalid',
        `contents field must not be specified when using raw_input_contents for '${input.name}' for model '${message.model}'`,
      )
    }
    const data = readRaw(message.bytes, { from: message.raws[2 * index]!, to: message.raws[2 * index + 1]! }, head)
    if ('detail' in data) throw refused(index, input.name, data)
    return { type, shape, data }
  }
  const data = readContents({ bytes: message.bytes, parts: input.contents }, type, size)
  if ('detail' in data) throw refused(index, input.name, data)
  return { type, shape, data }
}

/** The raw list has an entry for each input, or none at all. Throws `request-invalid`. */
export function checkRawCount({ inputs, raws }: InferMessage): void {
  if (raws.length === 0 || raws.length === 2 * inputs.length) return
  throw new FairleadError('request-invalid', `raw_input_contents has ${raws.length / 2} entries for ${inputs.length} inputs; one for each is needed`)
}
