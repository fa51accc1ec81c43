import { FairleadError } from '@fairlead/contract'
import { inputTensor } from './inference.ts'
import { parseObject } from './json.ts'
import type { Tensor } from './tensors.ts'
import { must, Unmet } from './unmet.ts'

/** Inputs of an inference request in JSON, as a caller gives them in a file. Throws `request-invalid` naming the file and the place. */
export function readRequest(bytes: Uint8Array, file: string): Tensor[] {
  try {
    const { inputs } = parseObject(bytes)
    must(Array.isArray(inputs) && inputs.length > 0, '"inputs" must be an array of at least one input')
    return inputs.map((input, i) => inputTensor(input, `inputs[${i}]`))
  } catch (error) {
    if (error instanceof Unmet) throw new FairleadError('request-invalid', `${file} is no inference request: ${error.message}`)
    throw error
  }
}
