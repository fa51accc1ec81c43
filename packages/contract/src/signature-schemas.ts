import { z } from 'zod'
import { DATA_TYPES } from './data-type.ts'

export const dataType = z.enum(DATA_TYPES)
const scalar = z.union([z.string(), z.number(), z.boolean()])

/** A tensor as the model file declares it. A dimension of -1 varies; the first -1 is the rows. */
export const tensorSpec = z.object({
  name: z.string(),
  type: dataType,
  /** Sizes of the dimensions, -1 where variable. */
  shape: z.array(z.number().int()),
  /** Symbolic names of the variable dimensions, where the file has them; same length as `shape`. */
  dimensions: z.array(z.string().nullable()).optional(),
  /** Set where the file's own output is a map for each row: its keys, in the order of the tensor's columns that stand for it. */
  keys: z.array(z.string()).optional(),
})

/** One named input column of a row, and where its value goes in the model's tensors. */
export const inputColumn = z.object({
  name: z.string(),
  type: dataType,
  /** The tensor that takes the value. */
  tensor: z.string(),
  /** Position along the tensor's last axis when several columns share one wide tensor. */
  index: z.number().int().nonnegative().optional(),
  /** Shape of one row's value; absent or empty for a plain value. */
  shape: z.array(z.number().int()).optional(),
  optional: z.boolean().optional(),
  /** Whether it is no property of the row, but says how the model is to answer it. */
  parameter: z.boolean().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  values: z.array(scalar).optional(),
  unit: z.string().optional(),
  description: z.string().optional(),
})

/**
 * One named field of an answer.
 * - `label`: the predicted class; `classes`, when given, are shown in place of the class indices 0, 1, … of an integer label.
 * - `probabilities`: `[N, classes]`, keyed by `classes`; when `classes` is absent, by index.
 * - `value`: a plain number or text per row. `values`: an array per row.
 */
export const outputField = z.object({
  name: z.string(),
  kind: z.enum(['label', 'probabilities', 'value', 'values']),
  type: dataType,
  tensor: z.string(),
  /** Class labels, written as text. */
  classes: z.array(z.string()).optional(),
  /** Whether a row may have none. */
  optional: z.boolean().optional(),
  shape: z.array(z.number().int()).optional(),
  unit: z.string().optional(),
  description: z.string().optional(),
})

/** The typed, named inputs and outputs of a model: tensors as the file has them, columns and fields as people use them. */
export const signature = z.object({
  task: z.enum(['classification', 'regression', 'other']),
  inputs: z.array(tensorSpec),
  outputs: z.array(tensorSpec),
  columns: z.array(inputColumn),
  fields: z.array(outputField),
  /**
   * What MLflow's scoring answers for the model where its file type does not say: an array, a record a row, arrays by name, or what
   * the model's own scoring answers to the body of a request.
   */
  answer: z.enum(['array', 'records', 'columns', 'body']).optional(),
})

const signatureFileInput = z.union([
  z.strictObject({
    name: z.string().min(1),
    type: dataType.optional(),
    tensor: z.string().optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    values: z.array(scalar).optional(),
    unit: z.string().optional(),
    description: z.string().optional(),
    optional: z.boolean().optional(),
  }),
  z.strictObject({ tensor: z.string().min(1), columns: z.array(z.string().min(1)).min(1) }),
])

const signatureFileOutput = z.strictObject({
  tensor: z.string().min(1),
  name: z.string().min(1).optional(),
  classes: z.array(scalar).optional(),
  unit: z.string().optional(),
  description: z.string().optional(),
})

/** What a user may write in a signature file (YAML or JSON): names, ranges, units and class labels the model file lacks. */
export const signatureFile = z.strictObject({
  inputs: z.array(signatureFileInput).optional(),
  outputs: z.array(signatureFileOutput).optional(),
})
