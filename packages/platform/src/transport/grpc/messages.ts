import { create, type DescMessage, fromBinary, fromJson, type JsonValue, type MessageInitShape, type MessageShape, toBinary } from '@bufbuild/protobuf'
import { FairleadError } from '@fairlead/contract'
import { frame } from './framing.ts'

/** Reads a message. Throws `request-invalid`. */
export function read<D extends DescMessage>(schema: D, bytes: Buffer): MessageShape<D> {
  try {
    return fromBinary(schema, bytes)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new FairleadError('request-invalid', `the protobuf message is malformed: ${why}`)
  }
}

/** A message behind its prefix. */
export function write<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Buffer {
  return frame(toBinary(schema, create(schema, init)))
}

/** A message whose fields have the names of the REST form, behind its prefix. */
export function writeJson<D extends DescMessage>(schema: D, value: object): Buffer {
  return frame(toBinary(schema, fromJson(schema, value as JsonValue, { ignoreUnknownFields: true })))
}
