import { BINARY } from './cases/binary.ts'
import { COMPRESSION } from './cases/compression.ts'
import { ERRORS } from './cases/errors.ts'
import { HEALTH } from './cases/health.ts'
import { INFER } from './cases/infer.ts'
import { METADATA } from './cases/metadata.ts'
import { NUMBERS } from './cases/numbers.ts'
import { REPOSITORY } from './cases/repository.ts'
import { TELEMETRY } from './cases/telemetry.ts'
import type { HttpCase } from './expect.ts'
import type { Case, Level } from './types.ts'

/** The cases over HTTP, in the order in which they are asked. */
export const HTTP_CASES: readonly HttpCase[] = [...HEALTH, ...METADATA, ...INFER, ...NUMBERS, ...BINARY, ...COMPRESSION, ...REPOSITORY, ...TELEMETRY, ...ERRORS]

export { GRPC_CASES } from './cases/grpc.ts'

/** A case as others may read it. */
export interface CaseDescription {
  id: string
  title: string
  level: Level
  section: string
  extension?: readonly string[]
  /** What is stated about the answer to each of its requests. */
  steps: { statement: string; recommended: boolean }[][]
}

/** A case without its code. */
export function describeCase<Request, Answer>({ id, title, level, section, extension, steps }: Case<Request, Answer>): CaseDescription {
  const stated = steps.map(({ expect }) => expect.map(({ statement, soft = false }) => ({ statement, recommended: soft })))
  return { id, title, level, section, ...(extension ? { extension } : {}), steps: stated }
}
