import { type DataType, OIP_TYPES, type TensorSpec } from '@fairlead/contract'
import type { ServableRelease, Session, Tensors } from '../domain/inference/index.ts'
import { fakeRelease } from './fake-model.ts'
import { identitySignature } from './identity-model.ts'

/** A session that answers each input `x` as `x_out`, in the very memory it got. */
export function echoSession(): Session {
  const echo = (inputs: Tensors): Tensors => Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [`${name}_out`, tensor]))
  return { runSync: echo, run: async (inputs) => echo(inputs), [Symbol.asyncDispose]: async () => {} }
}

/** A release of the echo with these inputs. */
export function echoRelease(inputs: TensorSpec[]): ServableRelease {
  return fakeRelease({ signature: identitySignature(inputs), example: [] })
}

/** One input of every type, called as the type is in the Open Inference Protocol, each `[-1, -1]`. */
export function everyType(types: readonly DataType[]): TensorSpec[] {
  return types.map((type) => ({ name: OIP_TYPES[type], type, shape: [-1, -1] }))
}
