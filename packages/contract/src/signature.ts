import type { z } from 'zod'
import type * as schemas from './signature-schemas.ts'

/** A tensor as the model file declares it. A dimension of -1 varies; the first -1 is the rows. */
export type TensorSpec = z.infer<typeof schemas.tensorSpec>

/** One named input column of a row, and where its value goes in the model's tensors. */
export type InputColumn = z.infer<typeof schemas.inputColumn>

/** One named field of an answer. */
export type OutputField = z.infer<typeof schemas.outputField>

/** The typed, named inputs and outputs of a model: tensors as the file has them, columns and fields as people use them. */
export type Signature = z.infer<typeof schemas.signature>

/** What a user may write in a signature file (YAML or JSON): names, ranges, units and class labels the model file lacks. */
export type SignatureFile = z.infer<typeof schemas.signatureFile>

/** A row by column name. */
export type Row = Record<string, unknown>
