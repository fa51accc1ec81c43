import type { DataType } from '@fairlead/contract'
import type { PythonEnvironment } from './environment.ts'

/** One tensor of a Python model's rows, and what the model is given of it. */
export interface PythonInput {
  name: string
  type: DataType
  /** What texts stand for, where the model is not given texts: moments as ISO 8601, bytes as base64. */
  of?: 'datetime' | 'binary'
  /** Values of one row; absent for a plain value. -1 where their number varies. */
  shape?: number[]
  /** Whether it is a parameter of the prediction, given once for rows that share it, and left out where no row says anything. */
  param?: true
}

/**
 * What the rows are to the model: a frame of named columns, or of columns by position; one tensor, or several by name; or the body of an
 * MLflow scoring request, where rows of this model have no types.
 */
export type PythonRows = 'columns' | 'positions' | 'tensor' | 'tensors' | 'body'

/** A `python_function` model as a worker runs it, read from its files without running any of it. */
export interface PythonModel {
  /** Folder of the `MLmodel` file; empty for the root. */
  folder: string
  kind: PythonRows
  inputs: PythonInput[]
  /** Whether rows that have the signature's types may go to the model without MLflow's checking them again. */
  direct: boolean
  environment: PythonEnvironment
}

/** The inputs and the outputs of a model whose rows have no types. */
export const BODY = { input: 'body', type: 'type', answer: 'answer', status: 'status' } as const
